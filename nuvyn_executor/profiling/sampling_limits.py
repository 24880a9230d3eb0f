"""How much of a dataset is read: all of it, or a sample that is the same on every run. Pure.

Files are read in the order of a hash of their names. Dates and numbers in the names do not influence that
order, so the first files represent all. Where these hold too many rows, rows are chosen by a hash of their
values.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry
    from nuvyn_executor.profiling.counts import Counts

    Files = Tuple[FileEntry, ...]

WAVE_BYTES = 64 * 1024 * 1024
"""Bytes that are read before the clock is looked at for the first time."""
ENOUGH = 1.5
"""A dataset with up to so many times the wanted rows is counted whole."""
WIDER = 4
"""The factor by which the share of rows grows where too few rows were chosen."""


@dataclass(frozen=True)
class Coverage:
    """How much of a table was counted, where that is not all of it.

    Attributes:
        table_rows: rows of the table.
        is_estimate: ``table_rows`` was estimated from bytes.
        files: how many of its files were read.
        share: the share of their rows that was counted.
    """

    table_rows: int
    is_estimate: bool
    files: int
    share: float = 1.0

    def to_json(self) -> Dict[str, Any]:
        """Return it as a JSON object."""
        return dict(self.__dict__)

    @classmethod
    def from_json(cls, value: Optional[Mapping[str, Any]]) -> Optional[Coverage]:
        """Read what :meth:`to_json` returned."""
        return None if value is None else cls(**value)


def in_hash_order(files: Sequence[FileEntry]) -> Files:
    """Order files by a hash of their names, so that the first ones represent all, on every run."""
    return tuple(sorted(files, key=lambda entry: (_hash(entry.name), entry.name)))


def choose_files(
    files: Files, rows: int, wanted: Optional[int], *, are_divisible: bool = True
) -> Tuple[Files, float]:
    """Choose files that hold about as many rows as are wanted, and the share of their rows to count.

    Args:
        files: all files of a dataset.
        rows: how many rows they hold, exactly or about.
        wanted: rows that are enough, at least 1; ``None`` for all.
        are_divisible: the files can be read one by one; else all of them are chosen.
    """
    if wanted is None or rows <= wanted * ENOUGH:
        return files, 1.0
    if not are_divisible:
        return files, wanted / rows
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
    """Whether the chosen rows are far fewer than the wanted ones."""
    return wanted is not None and rows * ENOUGH < wanted


def waves(files: Sequence[FileEntry]) -> List[Files]:
    """Cut files into groups to read one after the other, each as large as all groups before it together."""
    cut: List[List[FileEntry]] = []
    before = held = 0
    for entry in in_hash_order(files):
        if not cut or held + entry.size_bytes > max(WAVE_BYTES, before):
            before, held = before + held, 0
            cut.append([])
        cut[-1].append(entry)
        held += entry.size_bytes
    return [tuple(wave) for wave in cut]


def count_in_time(
    files: Files,
    seconds: Optional[float],
    count: Callable[[Files], Counts],
    clock: Callable[[], float],
) -> Tuple[Counts, Files]:
    """Count all files, or as many of them as are expected to fit into the time, and at least the first wave.

    Args:
        files: the files to count.
        seconds: the time for them; ``None`` is no limit, then all are counted in one call.
        count: counts some of the files. Where such counts do not add, all files before are counted again.
        clock: seconds, rising.

    Returns:
        The counts, and the files that they cover.
    """
    if seconds is None:
        return count(files), files
    end = clock() + seconds
    counts: Optional[Counts] = None
    done: Files = ()
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
        except ValueError:  # this wave was counted by another engine
            counts = count(done)
    assert counts is not None
    return counts, done


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
