"""Turns the rows that Spark hands to a task, as batches of Arrow, into batches of Polars."""

from __future__ import annotations

from typing import Iterable, Iterator, List

import polars as pl
import pyarrow as pa

from nuvyn_executor.profiling.polars.batch import Batch
from nuvyn_executor.profiling.polars.parts import NotNative

_CELLS = 1_000_000  # in memory at once
_BYTES = 64 * 1024 * 1024  # of these cells

CORRUPT = "corrupt"
"""The column that says of a row that it is a record that did not parse."""


def batches(handed: Iterable[pa.RecordBatch]) -> Iterator[Batch]:
    """Join what Spark hands over: it comes in few rows, and counting costs some milliseconds a batch.

    Args:
        handed: rows; the columns of the plan in its order, and perhaps :data:`CORRUPT`.

    Raises:
        NotNative: a text is not UTF-8.
    """
    waiting: List[pa.RecordBatch] = []
    cells = size = 0
    for one in handed:
        if waiting and (cells >= _CELLS or size >= _BYTES):
            yield from _together(waiting)
            waiting, cells, size = [], 0, 0
        waiting.append(one)
        cells += one.num_rows * one.num_columns
        size += one.nbytes
    if waiting:
        yield from _together(waiting)


def _together(some: List[pa.RecordBatch]) -> Iterator[Batch]:
    table = pa.Table.from_batches(some)
    for column in table.columns:
        _require_unicode(column)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    if CORRUPT not in frame.columns:
        yield _batch(frame, is_corrupt=False)
        return
    is_corrupt = frame.get_column(CORRUPT)
    rows = frame.drop(CORRUPT)
    for kept, are_corrupt in ((rows.filter(~is_corrupt), False), (rows.filter(is_corrupt), True)):
        if len(kept):
            yield _batch(kept, is_corrupt=are_corrupt)


def _batch(frame: pl.DataFrame, *, is_corrupt: bool) -> Batch:
    return Batch(len(frame), enumerate(frame.rechunk().get_columns()), is_corrupt)


def _require_unicode(column: pa.ChunkedArray) -> None:
    """Check texts, which Polars takes as they are. Spark takes any bytes for a text."""
    if not pa.types.is_string(column.type):
        return
    try:
        column.validate(full=True)
    except pa.ArrowInvalid as error:
        raise NotNative(f"a text is not UTF-8 ({error})") from error
