"""Rows of a dataset as the kernel takes them."""

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
        columns: each column's position in the plan and its values, every column once, in any order. May be
            an iterator that reads as it goes.
        is_corrupt: all of these rows are records that did not parse; their cells count.
        size_bytes: what they take in memory, or about, where that is known before.
    """

    rows: int
    columns: Iterable[Tuple[int, pl.Series]]
    is_corrupt: bool = False
    size_bytes: int = 0


def gathered(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Put small batches together: counting one costs some milliseconds, however little it holds."""
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
