"""Which files of a dataset cannot be read, where only the whole is known not to be."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import Skipped

if TYPE_CHECKING:
    from nuvyn_executor.errors import ExecutorError
    from nuvyn_executor.model import FileEntry

logger = logging.getLogger(__name__)

Files = Tuple["FileEntry", ...]
HOPELESS = 16
"""So many bad files and not a good one among them: it is not the files."""


def find_bad(files: Files, refused: Callable[[Files], Optional[ExecutorError]]) -> Dict[str, Skipped]:
    """Find the files that cannot be read by halving: few among thousands cost few reads.

    Args:
        files: some, of which at least one seems to be bad.
        refused: reads some of them, and gives what went wrong, or ``None``.

    Returns:
        Why each bad file cannot be read, by its path.

    Raises:
        DatasetUnreadable: the first of them cannot be read, whichever they are.
    """
    bad: Dict[str, Skipped] = {}
    is_any_good = False
    waiting: List[Files] = [part for part in _halves(files) if part]
    while waiting:
        part = waiting.pop()
        error = refused(part)
        if error is None:
            is_any_good = True
        elif len(part) > 1:
            waiting.extend(_halves(part))
        else:
            bad.update(_named(part, error))
        if len(bad) == HOPELESS and not is_any_good:
            first = next(iter(bad.values()))
            raise DatasetUnreadable(
                f"The first {HOPELESS} of its files that were tried could not be read, among them "
                f"{first.name}: {first.reason}",
                first.remedy or "Check the files, and that the cluster may read them.",
            )
    return bad


def still_bad(files: Files, refused: Callable[[Files], Optional[ExecutorError]]) -> Dict[str, Skipped]:
    """Try files that could not be read before, each by itself; as :func:`find_bad`."""
    bad: Dict[str, Skipped] = {}
    for entry in files:
        error = refused((entry,))
        if error is not None:
            bad.update(_named((entry,), error))
    return bad


def _named(one: Files, error: ExecutorError) -> Dict[str, Skipped]:
    (entry,) = one
    logger.warning("Could not read %s: %s", entry.name, error.message)
    logger.debug("%s", entry.name, exc_info=error)
    return {entry.path: Skipped(entry.name, error.message, error.remedy, is_failure=True)}


def _halves(files: Files) -> Tuple[Files, Files]:
    """Cut files in two, the first half last: it is the next to be taken."""
    half = len(files) // 2
    return files[half:], files[:half]
