"""What a task is given: pieces of files, and how to read them. Pure, and plain data that pickles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.discovery.partition_folders import Values
    from nuvyn_executor.model import CsvDialect, Dataset, FileFormat
    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.sources.base import Storage

PART_BYTES = 4 * 1024 * 1024  # less is not worth a task
OPENING_BYTES = 4 * 1024  # that are read in the time that a file takes to be opened
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
        path: as Python's ``open`` takes it, or as :attr:`Reading.storage` does.
        size_bytes: its size when it was listed; shares of text files are cut by it.
        index: which share, from 0.
        of: how many shares there are.
        constants: its values of the partition columns.
        etag: what :attr:`Reading.storage` knows its content by.
    """

    path: str
    size_bytes: int
    index: int = 0
    of: int = 1
    constants: Values = ()
    etag: str = ""


@dataclass(frozen=True)
class Reading:
    """How the files of a dataset are read.

    Attributes:
        format: Parquet or CSV.
        plan: what to count.
        constants: where in the plan the columns of the folders are, in the order of :attr:`Piece.constants`.
        storage: what reads the files; ``None`` where the machine sees them as files.
        dialect: for CSV.
        now_micros: the present, microseconds since 1970 UTC.
        keeps_states: different values are to be added to those of other parts; else their number is enough.
    """

    format: FileFormat
    plan: ScanPlan
    now_micros: int
    dialect: Optional[CsvDialect] = None
    keeps_states: bool = True
    constants: Tuple[int, ...] = ()
    storage: Optional[Storage] = None

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        plan: ScanPlan,
        now_micros: int,
        *,
        keeps_states: bool = True,
        storage: Optional[Storage] = None,
    ) -> Reading:
        """Return how a dataset's files are read."""
        # A name may be in the files, too: the folders' columns come after them.
        places = {one.name: index for index, one in enumerate(plan.columns)}
        constants = tuple(places[name] for name in dataset.partition_columns)
        return cls(dataset.format, plan, now_micros, dataset.dialect, keeps_states, constants, storage)

    @property
    def stored(self) -> Tuple[int, ...]:
        """Where in the plan the columns of the files are."""
        return tuple(index for index in range(len(self.plan.columns)) if index not in self.constants)


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
            parts.extend((replace(one, index=index, of=shares),) for index in range(shares))
            continue
        if gathered and cost + _cost(one) > wanted:
            parts.append(tuple(gathered))
            gathered, cost = [], 0
        gathered.append(one)
        cost += _cost(one)
    return [*parts, tuple(gathered)] if gathered else parts


def _cost(file: Piece) -> int:
    return file.size_bytes + OPENING_BYTES
