"""What a task is given: pieces of files, and how to read them. Pure, and plain data that pickles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from nuvyn_executor.model import CsvDialect, Dataset, FileFormat
    from nuvyn_executor.profiling.plan import ScanPlan

PART_BYTES = 4 * 1024 * 1024  # less is not worth a task
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
PARTS_A_SLOT = 3  # so that a slow part does not keep the others waiting


class NotNative(Exception):  # noqa: N818  no error: the dataset goes the other way
    """The native engine cannot count a dataset as Spark would.

    Attributes:
        everywhere: it cannot count any other either, because its tasks cannot run at all.
    """

    def __init__(self, reason: str, *, everywhere: bool = False) -> None:
        super().__init__(reason)
        self.everywhere = everywhere


@dataclass(frozen=True)
class Piece:
    """A file, or one of some equal shares of it.

    Attributes:
        path: as Python's ``open`` takes it.
        size_bytes: its size when it was listed; shares of text files are cut by it.
        index: which share, from 0.
        of: how many shares there are.
        constants: the text of each partition column in its folders' names, ``None`` for NULL.
    """

    path: str
    size_bytes: int
    index: int = 0
    of: int = 1
    constants: Tuple[Optional[str], ...] = ()


@dataclass(frozen=True)
class Reading:
    """How the files of a dataset are read.

    Attributes:
        format: Parquet or CSV.
        plan: what to count; the last columns are those of the folders' names, as many as
            :attr:`Piece.constants` has.
        dialect: for CSV.
        now_micros: the present, microseconds since 1970 UTC.
        keeps_states: different values are to be added to those of other parts; else their number is enough.
    """

    format: FileFormat
    plan: ScanPlan
    now_micros: int
    dialect: Optional[CsvDialect] = None
    keeps_states: bool = True


def parts_of(files: Sequence[Piece], slots: int) -> List[Tuple[Piece, ...]]:
    """Cut large files and gather small ones, so that each part is about as much work as the others.

    Args:
        files: whole files; those whose name ends in ``.gz`` stay whole.
        slots: tasks that run at the same time.
    """
    wanted = max(PART_BYTES, sum(one.size_bytes for one in files) // max(1, slots * PARTS_A_SLOT))
    parts: List[Tuple[Piece, ...]] = []
    gathered: List[Piece] = []
    for one in files:
        shares = 1 if one.path.endswith(".gz") else max(1, math.ceil(one.size_bytes / wanted))
        if shares > 1:
            parts.extend(
                (Piece(one.path, one.size_bytes, index, shares, one.constants),) for index in range(shares)
            )
            continue
        if gathered and sum(other.size_bytes for other in gathered) + one.size_bytes > wanted:
            parts.append(tuple(gathered))
            gathered = []
        gathered.append(one)
    return [*parts, tuple(gathered)] if gathered else parts


def constants_of(dataset: Dataset, path: str) -> Tuple[Optional[str], ...]:
    """Read the values of the partition columns from a file's folders: texts, ``None`` for NULL."""
    if not dataset.partition_columns:
        return ()
    named = [folder.partition("=") for folder in path.replace("\\", "/").split("/")[:-1] if "=" in folder]
    values = {unquote(name): unquote(value) for name, _, value in named}
    texts = (values[name] for name in dataset.partition_columns)
    return tuple(None if text == _NULL_PARTITION else text for text in texts)
