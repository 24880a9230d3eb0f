"""Partition columns: their values are in the names of folders (``year=2024``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Sequence, Tuple

import polars as pl

from nuvyn_executor.profiling.polars.parts import NotNative
from nuvyn_executor.profiling.polars.typed_column import polars_type

if TYPE_CHECKING:
    from nuvyn_executor.discovery.partition_folders import Values
    from nuvyn_executor.profiling.polars.parts import Reading

_READ = {"int": int, "bigint": int, "double": float, "string": str}


def constant_columns(folders: Sequence[Values], reading: Reading) -> Iterator[Tuple[int, pl.Series]]:
    """Return the position in the plan of each partition column, and its values in some folders.

    Raises:
        NotNative: a column is of a type that is not read here, or a value is not of its column's type.
    """
    for index, texts in zip(reading.constants, zip(*folders)):
        yield index, _read(texts, reading.plan.columns[index].declared_type or "string")


def constants_of_rows(
    folders: Sequence[Values], folder: Optional[pl.Series], rows: int, reading: Reading
) -> Iterator[Tuple[int, pl.Series]]:
    """Return the partition columns of rows.

    Args:
        folders: the values of one folder or of several.
        folder: the position in ``folders`` of each row; ``None`` if there is one folder.
        rows: how many.
        reading: how the files are read.

    Raises:
        NotNative: as :func:`constant_columns`.
    """
    for index, values in constant_columns(folders, reading):
        yield index, values.new_from_index(0, rows) if folder is None else values.gather(folder)


def no_texts(rows: int) -> pl.Series:
    """Return a column of texts that has no value in any row."""
    nulls: pl.Series = pl.Series([None], dtype=pl.String).new_from_index(0, rows)
    return nulls


def _read(texts: Sequence[Optional[str]], declared: str) -> pl.Series:
    kind = polars_type(declared)
    if kind is None or declared not in {*_READ, "date"}:
        raise NotNative(f"a partition column is of type {declared}")
    if declared == "date":
        written = pl.Series(texts, dtype=pl.String)
        days = written.str.to_date("%Y-%m-%d", strict=False)
        if days.null_count() > written.null_count():
            raise NotNative("a partition value is no date")
        return days
    try:
        values: List[Any] = [text if text is None else _READ[declared](text) for text in texts]
    except ValueError as error:
        raise NotNative(f"a partition value is no {declared} ({error})") from error
    return pl.Series(values, dtype=kind)
