"""Rows of a dataset as the kernel takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, NamedTuple, Tuple

if TYPE_CHECKING:
    import polars as pl


class Batch(NamedTuple):
    """Some rows.

    Attributes:
        columns: each column's position in the plan and its values, every column once, in any order. May be
            an iterator that reads as it goes.
        is_corrupt: all of these rows are records that did not parse; their cells count.
    """

    rows: int
    columns: Iterable[Tuple[int, pl.Series]]
    is_corrupt: bool = False
