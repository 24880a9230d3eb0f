"""Columns that a folder's name holds (``year=2024``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, Tuple

import polars as pl

from nuvyn_executor.profiling.native.parts import NotNative
from nuvyn_executor.profiling.native.typed_column import polars_type

if TYPE_CHECKING:
    from nuvyn_executor.profiling.native.parts import Piece, Reading

_READ = {"int": int, "bigint": int, "double": float, "string": str}


def constant_columns(piece: Piece, reading: Reading, rows: int) -> Iterator[Tuple[int, pl.Series]]:
    """Give the partition columns of some rows.

    Raises:
        NotNative: of a type that is not read here.
    """
    first = len(reading.plan.columns) - len(piece.constants)
    for index, text in enumerate(piece.constants, first):
        declared = reading.plan.columns[index].declared_type or "string"
        kind = polars_type(declared)
        if kind is None or declared not in {*_READ, "date"}:
            raise NotNative(f"a partition column is of type {declared}")
        try:
            value: Any = text if text is None or declared == "date" else _READ[declared](text)
        except ValueError as error:
            raise NotNative(f"the partition value {text!r} is no {declared}") from error
        if declared == "date":
            days = pl.Series([value], dtype=pl.String).str.to_date("%Y-%m-%d", strict=False)
            if text is not None and days.null_count():
                raise NotNative(f"the partition value {text!r} is no date")
            yield index, days.new_from_index(0, rows)
        else:
            yield index, pl.Series([value], dtype=kind).new_from_index(0, rows)
