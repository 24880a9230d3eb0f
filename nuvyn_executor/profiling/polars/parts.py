"""The input of a task: pieces of files, and how to read them. Pure, and plain data that pickles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

from nuvyn_executor.bounds import Bounds
from nuvyn_executor.reading.columns_by_name import places_of

if TYPE_CHECKING:
    from nuvyn_executor.discovery.partition_folders import Values
    from nuvyn_executor.model import CsvDialect, Dataset, DeletionVector, FileFormat, SkippedLines
    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.sources.base import Storage

PART_BYTES = 4 * 1024 * 1024  # smaller parts are not worth a task
OPENING_BYTES = 4 * 1024  # opening a file takes as long as reading so many bytes
_BOUNDS = Bounds()
ADDING_BYTES = 16 * 1024  # the driver adds a column of a part while a task counts so many bytes
PARTS_A_SLOT = 3  # more than one, so that a slow part does not delay the others


class NotNative(Exception):  # noqa: N818  no error: there is another way
    """Polars cannot count a dataset as Spark would.

    Attributes:
        everywhere: Polars cannot count any other dataset either, because its tasks cannot run at all.
        of_source: nor any other dataset of the source, because the tasks cannot open its files.
    """

    def __init__(self, reason: str, *, everywhere: bool = False, of_source: bool = False) -> None:
        super().__init__(reason)
        self.everywhere = everywhere
        self.of_source = of_source


@dataclass(frozen=True)
class Piece:
    """A file, or one of some equal shares of it.

    Attributes:
        path: as Python's ``open`` takes it, or as :attr:`Reading.storage` does.
        size_bytes: its size when it was listed. Text files are divided by it.
        index: the position of the share, from 0.
        of: the number of shares.
        constants: the values of its partition columns.
        etag: the version of its content, as :attr:`Reading.storage` knows it.
        deleted: which of the file's rows a Delta table has deleted; ``None`` for none.
    """

    path: str
    size_bytes: int
    index: int = 0
    of: int = 1
    constants: Values = ()
    etag: str = ""
    deleted: Optional[DeletionVector] = None


@dataclass(frozen=True)
class Reading:
    """How the files of a dataset are read.

    Attributes:
        format: Parquet, CSV or JSON.
        plan: what to count.
        storage: what reads the files; ``None`` where the machine sees them as files.
        now_micros: the present, microseconds since 1970 UTC.
        dialect: of CSV.
        keeps_states: states of different values are needed, to add those of other parts; else their number is
            enough.
        constants: the positions of the partition columns in the plan, in the order of
            :attr:`Piece.constants`.
        order: the position in the plan of each field of a row of CSV, ``None`` for a field that is no column;
            without it, the fields are all columns that are no partition columns.
        skipped: the lines of CSV that are no rows; ``None`` where there are none.
        bounds: how large texts may be.
        keeps_numbers: Spark leaves numbers in JSON as they are written.
    """

    format: FileFormat
    plan: ScanPlan
    now_micros: int
    dialect: Optional[CsvDialect] = None
    keeps_states: bool = True
    constants: Tuple[int, ...] = ()
    storage: Optional[Storage] = None
    order: Optional[Tuple[Optional[int], ...]] = None
    skipped: Optional[SkippedLines] = None
    bounds: Bounds = _BOUNDS
    keeps_numbers: bool = False

    @classmethod
    def of(  # noqa: PLR0913  what a task is to know
        cls,
        dataset: Dataset,
        plan: ScanPlan,
        now_micros: int,
        *,
        keeps_states: bool = True,
        storage: Optional[Storage] = None,
        bounds: Bounds = _BOUNDS,
        keeps_numbers: bool = False,
    ) -> Reading:
        """Return how a dataset's files are read, which are all written alike.

        Raises:
            NotNative: they have columns that the plan has not.
        """
        # Files may have a column of the same name. The columns of the folders come after those of the files.
        places = {one.name: index for index, one in enumerate(plan.columns)}
        constants = tuple(places[name] for name in dataset.partition_columns)
        reading = cls(
            dataset.format,
            plan,
            now_micros,
            dataset.dialect,
            keeps_states,
            constants,
            storage,
            skipped=dataset.skipped,
            bounds=bounds,
            keeps_numbers=keeps_numbers,
        )
        if not (dataset.layouts and dataset.format.has_dialect):
            return reading
        own = reading.stored
        fields = dataset.layouts[0].columns
        held = places_of(fields, [plan.columns[index].name for index in own])
        if any(place is None and name for name, place in zip(fields, held)):
            raise NotNative("its files have other columns")
        return replace(reading, order=tuple(None if place is None else own[place] for place in held))

    @property
    def stored(self) -> Tuple[int, ...]:
        """The positions in the plan of the files' own columns, in their order."""
        if self.order is not None:
            return tuple(index for index in self.order if index is not None)
        return tuple(index for index in range(len(self.plan.columns)) if index not in self.constants)

    @property
    def fields(self) -> Tuple[Optional[int], ...]:
        """The position in the plan of each field of a row; ``None`` for a field that is no column."""
        return self.stored if self.order is None else self.order

    @property
    def missing(self) -> Tuple[int, ...]:
        """The positions in the plan of the columns that the files do not have."""
        held = {*self.stored, *self.constants}
        return tuple(index for index in range(len(self.plan.columns)) if index not in held)


def parts_of(files: Sequence[Piece], slots: int, columns: int = 1) -> List[Tuple[Piece, ...]]:
    """Divide large files and gather small ones, so that all parts are about the same work.

    Args:
        files: whole files. Those whose name ends in ``.gz`` are not divided.
        slots: tasks that run at the same time.
        columns: of the dataset. The driver adds what tasks return of each, one part after the other, so that
            more parts make it slower from where that takes as long as a task.
    """
    cost = sum(map(_cost, files))
    wanted = max(
        PART_BYTES,
        math.ceil(cost / max(1, slots * PARTS_A_SLOT)),
        math.isqrt(cost * columns * ADDING_BYTES),
    )
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
