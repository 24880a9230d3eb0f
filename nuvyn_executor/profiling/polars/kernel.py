"""Counts one part of a dataset. Runs in a task, without Spark."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, Optional, Sequence, Tuple, Union

import polars as pl

from nuvyn_executor.discovery import formats
from nuvyn_executor.profiling.counts import Counts
from nuvyn_executor.profiling.polars import csv_batches, json_batches, parquet_batches
from nuvyn_executor.profiling.polars.batch import Batch
from nuvyn_executor.profiling.polars.fetched import SmallFilesAhead
from nuvyn_executor.profiling.polars.hashes import Sink, hash_name, multiplier, without
from nuvyn_executor.profiling.polars.parts import NotNative
from nuvyn_executor.profiling.polars.text_column import TextColumn
from nuvyn_executor.profiling.polars.typed_column import TypedColumn
from nuvyn_executor.quality.tallies import DatasetTally

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
    from nuvyn_executor.profiling.polars.parts import Piece, Reading
    from nuvyn_executor.profiling.sketch import State

_CELLS = 1_000_000  # of rows that are given: in memory at once
BATCHES = {
    formats.PARQUET: parquet_batches.batches,
    formats.CSV: csv_batches.batches,
    formats.JSON: json_batches.batches,
}


def count_part(pieces: Sequence[Piece], reading: Reading) -> Counts:
    """Read some pieces of a dataset's files once and count.

    Raises:
        NotNative: Spark would count something else, or might.
        OSError: a file cannot be read from here.
        DatasetUnreadable: a storage cannot read a file.
    """
    if reading.storage is not None and len(pieces) > 1:
        with SmallFilesAhead(pieces, reading.storage) as storage:
            return _count(pieces, replace(reading, storage=storage))
    return _count(pieces, reading)


def count_texts(rows: Iterator[Sequence[Optional[str]]], plan: ScanPlan, now_micros: int) -> Counts:
    """Count rows that this process has read, a text or ``None`` for each column of the plan.

    Raises:
        NotNative: Polars does not take them.
    """
    most = max(1, _CELLS // len(plan.columns))
    blocks = iter(lambda: [*islice(rows, most)], [])
    return count_batches(map(_of_texts, blocks), plan, now_micros, keeps_states=False)


def count_batches(
    batches: Iterable[Batch],
    plan: ScanPlan,
    now_micros: int,
    *,
    keeps_states: bool,
    hashed_as: Optional[str] = None,
) -> Counts:
    """Count batches of rows.

    Args:
        batches: the rows.
        plan: what to count in them.
        now_micros: the present, microseconds since 1970 UTC.
        keeps_states: states of different values are needed, to add those of other parts; else their number is
            enough.
        hashed_as: what is hashed, if that is not the values of the files; states of other values do not add.

    Raises:
        NotNative: Polars does not take them.
    """
    counting = _Counting(plan, now_micros)
    try:
        for batch in batches:
            counting.add(batch)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise NotNative(f"Polars does not read it ({error})") from error
    name = hash_name() if hashed_as is None else f"{hash_name()}-{hashed_as}"
    return counting.counts(name, keeps_states=keeps_states)


def _count(pieces: Sequence[Piece], reading: Reading) -> Counts:
    batches = BATCHES[reading.format](pieces, reading)
    return count_batches(batches, reading.plan, reading.now_micros, keeps_states=reading.keeps_states)


def _of_texts(block: Sequence[Sequence[Optional[str]]]) -> Batch:
    columns = [(index, pl.Series(cells, dtype=pl.String)) for index, cells in enumerate(zip(*block))]
    return Batch(len(block), columns)


class _Column:
    """One column: its counters and its different values."""

    def __init__(self, plan: ColumnPlan, now_micros: int, different: Optional[Sink]) -> None:
        is_text = plan.declared_type in (None, "string")
        self.counters: Union[TextColumn, TypedColumn] = (
            TextColumn(plan, now_micros) if is_text else TypedColumn(plan, now_micros)
        )
        self.different = different

    def add(self, values: pl.Series) -> Optional[pl.Series]:
        """Count a batch. Return the hash of each value, if different values are to be counted."""
        found = self.counters.add(values)
        if self.different is None:
            return None
        hashes = values.hash()
        if found.different is None:
            present = hashes.filter(values.is_not_null()) if values.null_count() else hashes
            self._add_different(present, found.missing)
        else:
            self._add_different(found.different.hash(), found.missing)
        return hashes

    def finish(self) -> None:
        """Count what was postponed."""
        found = self.counters.finish()
        if found.different is not None:
            self._add_different(found.different.hash(), found.missing)

    def _add_different(self, hashes: pl.Series, missing: Optional[pl.Series]) -> None:
        if self.different is None or not len(hashes):
            return
        if missing is not None and len(missing):
            hashes = without(hashes, missing.unique().hash())
        self.different.add(hashes)


class _Key:
    """The different values of several columns together; of rows that lack one of them, nothing is counted."""

    def __init__(self, places: Tuple[int, ...], different: Optional[Sink]) -> None:
        self._places = places
        self.different = different
        self.rows = 0
        self.begin()

    def begin(self) -> None:
        """Begin a batch."""
        self._hashes: Optional[pl.Series] = None
        self._lacks: Optional[pl.Series] = None

    def take(self, index: int, values: pl.Series, hashes: pl.Series) -> None:
        """Add the values of a column and their hashes, if it is one of the key's."""
        if index in self._places:
            self._hashes = hashes if self._hashes is None else self._hashes + hashes
            null = values.is_null()
            self._lacks = null if self._lacks is None else self._lacks | null

    def end(self) -> None:
        """Count the batch."""
        if self._hashes is None or self._lacks is None or self.different is None:
            return
        whole = self._hashes.filter(~self._lacks)
        self.rows += len(whole)
        if len(whole):
            self.different.add(whole)


class _Counting:
    def __init__(self, plan: ScanPlan, now_micros: int) -> None:
        self._plan = plan
        self._columns = [_Column(one, now_micros, self._sink()) for one in plan.columns]
        self._paired = {index for pair in plan.pairs for index in pair}
        self._different_rows = self._sink()
        self._keys = [_Key(key, self._sink()) for key in plan.keys] if plan.distinct else []
        self._rows = self._corrupt = self._pairs = self._violations = 0

    def add(self, batch: Batch) -> None:
        self._rows += batch.rows
        self._corrupt += batch.rows if batch.is_corrupt else 0
        row_hashes: Optional[pl.Series] = None
        moments: Dict[int, pl.Series] = {}
        for key in self._keys:
            key.begin()
        for index, values in batch.columns:
            column = self._columns[index]
            hashes = column.add(values)
            if hashes is not None:
                hashes = hashes * multiplier(index)
                for key in self._keys:
                    key.take(index, values, hashes)
                row_hashes = hashes if row_hashes is None else row_hashes + hashes
            if index in self._paired:
                moments[index] = column.counters.micros(values)
        for earlier, later in self._plan.pairs:
            violated = moments[earlier] > moments[later]
            self._pairs += len(violated) - violated.null_count()
            self._violations += int(violated.sum() or 0)
        for key in self._keys:
            key.end()
        if row_hashes is not None and self._different_rows is not None and not batch.is_corrupt:
            self._different_rows.add(row_hashes)

    def _sink(self) -> Optional[Sink]:
        plan = self._plan
        return Sink(exact=plan.exact_distinct) if plan.distinct else None

    def counts(self, name: str, *, keeps_states: bool) -> Counts:
        for column in self._columns:
            column.finish()

        def state(sink: Optional[Sink]) -> Optional[State]:
            return None if sink is None else sink.state(name, keeps=keeps_states)

        tally = DatasetTally(
            rows=self._rows,
            columns=tuple(one.counters.tally() for one in self._columns),
            corrupt_rows=self._corrupt,
            pairs=self._pairs,
            pair_violations=self._violations,
            key_rows=tuple(one.rows for one in self._keys),
        )
        spans = (replace(one.counters.span(), distinct=state(one.different)) for one in self._columns)
        keys = tuple(state(one.different) for one in self._keys)
        return Counts(tally, tuple(spans), state(self._different_rows), keys)
