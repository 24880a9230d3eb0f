"""How much of a dataset is read: all, or a sample that is the same on every run. Pure.

Files are taken in the order of a hash of their names, which neither dates nor numbers in them can touch, so
the first of them stand for all; where these are still too many rows, rows are chosen by a hash of theirs.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry
    from nuvyn_executor.profiling.counts import Counts

WAVE_BYTES = 64 * 1024 * 1024
"""What is read before the clock is looked at for the first time."""
ENOUGH = 1.5
"""Up to so many times the rows that are wanted are taken as they come."""
WIDER = 4
"""So many times the share is tried where too few rows were chosen."""

Files = Optional[Tuple["FileEntry", ...]]
"""Some files of a dataset; ``None`` is a dataset that cannot be read file by file."""


@dataclass(frozen=True)
class Sample:
    """What of a table was counted, where that is not all.

    Attributes:
        table_rows: rows of the table.
        is_estimate: they were estimated, from bytes.
        files: how many of its files were read.
        share: how large a share of their rows was counted.
    """

    table_rows: int
    is_estimate: bool
    files: int
    share: float = 1.0

    def to_json(self) -> Dict[str, Any]:
        """Return it as JSON takes it."""
        return dict(self.__dict__)

    @classmethod
    def from_json(cls, value: Optional[Mapping[str, Any]]) -> Optional[Sample]:
        """Read what :meth:`to_json` wrote."""
        return None if value is None else cls(**value)


def in_hash_order(files: Sequence[FileEntry]) -> Tuple[FileEntry, ...]:
    """Order files so that the first of them stand for all, on every run."""
    return tuple(sorted(files, key=lambda entry: (_hash(entry.name), entry.name)))


def chosen(files: Files, rows: int, wanted: Optional[int]) -> Tuple[Files, float]:
    """Choose files that hold about as many rows as are wanted, and the share of their rows to count.

    Args:
        files: all files of a dataset.
        rows: how many rows they hold, or about.
        wanted: rows that are enough, at least 1; ``None`` for all.
    """
    if wanted is None or rows <= wanted * ENOUGH:
        return files, 1.0
    if files is None:
        return None, wanted / rows
    size = sum(entry.size_bytes for entry in files)
    taken: List[FileEntry] = []
    held = 0.0
    for entry in in_hash_order(files):
        if held >= wanted:
            break
        taken.append(entry)
        held += rows * entry.size_bytes / max(1, size)
    return tuple(taken), 1.0 if held <= wanted * ENOUGH else wanted / held


def are_too_few(rows: int, wanted: Optional[int]) -> bool:
    """Whether rows that were chosen are far fewer than were wanted."""
    return wanted is not None and rows * ENOUGH < wanted


def waves(files: Sequence[FileEntry]) -> List[Tuple[FileEntry, ...]]:
    """Cut files into groups to read one after the other, each as large as all before it together."""
    cut: List[List[FileEntry]] = []
    before = held = 0
    for entry in in_hash_order(files):
        if not cut or held + entry.size_bytes > max(WAVE_BYTES, before):
            before, held = before + held, 0
            cut.append([])
        cut[-1].append(entry)
        held += entry.size_bytes
    return [tuple(wave) for wave in cut]


def in_time(
    files: Files,
    seconds: Optional[float],
    count: Callable[[Files], Counts],
    clock: Callable[[], float] = time.monotonic,
) -> Tuple[Counts, Files]:
    """Count files until all are counted, or as many as seem to fit into the time; never none of them.

    Args:
        files: what to count.
        seconds: for how long; ``None`` is as long as it takes.
        count: counts some of the files. Where such counts do not add, all before are counted once more.
        clock: seconds since some moment.

    Returns:
        The counts, and of which files they are.
    """
    if files is None or seconds is None:
        return count(files), files
    end = clock() + seconds
    counts: Optional[Counts] = None
    done: Tuple[FileEntry, ...] = ()
    seconds_a_byte = 0.0
    for wave in waves(files) or [()]:
        adds = counts is not None and counts.adds
        due = wave if adds else (*done, *wave)
        size = sum(entry.size_bytes for entry in due)
        begin = clock()
        if counts is not None and begin + size * seconds_a_byte > end:
            break
        found = count(due)
        seconds_a_byte = (clock() - begin) / max(1, size)
        done = (*done, *wave)
        try:
            counts = counts + found if adds and counts is not None else found
        except ValueError:  # another engine had to count these
            counts = count(done)
    assert counts is not None
    return counts, done


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
