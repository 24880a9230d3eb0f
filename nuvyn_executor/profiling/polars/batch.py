"""Rows of a dataset, the input of the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, NamedTuple, Tuple

import polars as pl

if TYPE_CHECKING:
    from typing import Any

_SMALL_ROWS = 10_000
_GATHERED_CELLS = 1_000_000
_SMALL_BYTES = 16 * 1024 * 1024


class Batch(NamedTuple):
    """Some rows.

    Attributes:
        rows: how many.
        columns: the position in the plan and the values of each column, in any order. May be an iterator that
            reads while it is used.
        is_corrupt: all of these rows are records that did not parse. Their cells are counted all the same.
        size_bytes: their approximate size in memory, if it is known before they are read; else 0.
    """

    rows: int
    columns: Iterable[Tuple[int, pl.Series]]
    is_corrupt: bool = False
    size_bytes: int = 0


def gathered(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Join small batches: counting one costs some milliseconds, however few rows it has."""
    waiting: List[Dict[int, pl.Series]] = []
    rows = size = 0
    of_what: Any = None
    for batch in batches:
        if batch.rows >= _SMALL_ROWS or batch.size_bytes >= _SMALL_BYTES:
            yield batch
            continue
        columns = dict(batch.columns)
        what = (batch.is_corrupt, {index: values.dtype for index, values in columns.items()})
        is_enough = rows * len(columns) >= _GATHERED_CELLS or size >= _SMALL_BYTES
        if waiting and (what != of_what or is_enough):
            yield _together(waiting, rows, is_corrupt=of_what[0])
            waiting, rows, size = [], 0, 0
        of_what = what
        waiting.append(columns)
        rows += batch.rows
        size += batch.size_bytes
    if waiting:
        yield _together(waiting, rows, is_corrupt=of_what[0])


def _together(some: List[Dict[int, pl.Series]], rows: int, *, is_corrupt: bool) -> Batch:
    columns = [(index, pl.concat([one[index] for one in some])) for index in some[0]]
    return Batch(rows, columns, is_corrupt)
