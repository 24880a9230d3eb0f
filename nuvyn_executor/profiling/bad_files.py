"""Which files of a dataset cannot be read, where Spark reports only that the dataset cannot."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, Dict, List, Optional, Tuple

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import Skipped

if TYPE_CHECKING:
    from nuvyn_executor.errors import ExecutorError
    from nuvyn_executor.model import FileEntry

    Files = Tuple[FileEntry, ...]

logger = logging.getLogger(__name__)

MOST_BAD_FILES = 16
"""After so many bad files without one good file the search ends: the cause is not single files."""


def find_bad(files: Files, error_of: Callable[[Files], Optional[ExecutorError]]) -> Dict[str, Skipped]:
    """Find the files that cannot be read by halving: a few bad files among thousands cost few reads.

    Args:
        files: files of which at least one seems to be bad.
        error_of: reads some of the files and returns what went wrong, or ``None``.

    Returns:
        Why each bad file cannot be read, by its path.

    Raises:
        DatasetUnreadable: the first :data:`MOST_BAD_FILES` that were tried are all bad.
    """
    bad: Dict[str, Skipped] = {}
    is_any_good = False
    waiting: List[Files] = [part for part in _halves(files) if part]
    while waiting:
        part = waiting.pop()
        error = error_of(part)
        if error is None:
            is_any_good = True
        elif len(part) > 1:
            waiting.extend(_halves(part))
        else:
            bad.update(_reported(part, error))
        if len(bad) == MOST_BAD_FILES and not is_any_good:
            first = next(iter(bad.values()))
            raise DatasetUnreadable(
                f"The first {MOST_BAD_FILES} of its files that were tried could not be read, among them "
                f"{first.name}: {first.reason}",
                first.remedy or "Check the files, and that the cluster may read them.",
            )
    return bad


def still_bad(files: Files, error_of: Callable[[Files], Optional[ExecutorError]]) -> Dict[str, Skipped]:
    """Read each of the files that were bad before by itself. Arguments and result as in :func:`find_bad`."""
    bad: Dict[str, Skipped] = {}
    for entry in files:
        error = error_of((entry,))
        if error is not None:
            bad.update(_reported((entry,), error))
    return bad


def _reported(one: Files, error: ExecutorError) -> Dict[str, Skipped]:
    (entry,) = one
    logger.warning("Could not read %s: %s", entry.name, error.message)
    logger.debug("%s", entry.name, exc_info=error)
    return {entry.path: Skipped(entry.name, error.message, error.remedy, is_failure=True)}


def _halves(files: Files) -> Tuple[Files, Files]:
    """Cut files in two. The first half comes last, because the next part is taken from the end."""
    half = len(files) // 2
    return files[half:], files[:half]
