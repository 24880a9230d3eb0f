"""What a task is given: pieces of files, and how to read them. Pure, and plain data that pickles."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.model import CsvDialect, Dataset, FileFormat
    from nuvyn_executor.profiling.plan import ScanPlan

PART_BYTES = 4 * 1024 * 1024  # less is not worth a task
OPENING_BYTES = 4 * 1024  # that are read in the time that a file takes to be opened
Constants = Tuple[Optional[str], ...]
"""The text of each partition column in a file's folders' names, ``None`` for NULL."""

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
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
        constants: its values of the partition columns.
    """

    path: str
    size_bytes: int
    index: int = 0
    of: int = 1
    constants: Constants = ()


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
    wanted = max(PART_BYTES, math.ceil(sum(map(_cost, files)) / max(1, slots * PARTS_A_SLOT)))
    parts: List[Tuple[Piece, ...]] = []
    gathered: List[Piece] = []
    cost = 0
    for one in files:
        shares = 1 if one.path.endswith(".gz") else max(1, math.ceil(one.size_bytes / wanted))
        if shares > 1:
            parts.extend(
                (Piece(one.path, one.size_bytes, index, shares, one.constants),) for index in range(shares)
            )
            continue
        if gathered and cost + _cost(one) > wanted:
            parts.append(tuple(gathered))
            gathered, cost = [], 0
        gathered.append(one)
        cost += _cost(one)
    return [*parts, tuple(gathered)] if gathered else parts


def _cost(file: Piece) -> int:
    return file.size_bytes + OPENING_BYTES


def constants_of(dataset: Dataset, path: str) -> Constants:
    """Read the values of the partition columns from a file's folders, as Spark does."""
    if not dataset.partition_columns:
        return ()
    named = [folder.partition("=") for folder in path.replace("\\", "/").split("/")[:-1] if "=" in folder]
    values = {_unescaped(name): _unescaped(value) for name, _, value in named}
    texts = (values[name] for name in dataset.partition_columns)
    return tuple(None if text == _NULL_PARTITION else text for text in texts)


def _unescaped(text: str) -> str:
    """Decode as Spark does: each escape is a character, not a byte of one."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
