"""Reads the rows of Parquet files by row groups, some columns at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import polars as pl

from nuvyn_executor.profiling.polars.batch import Batch, gathered
from nuvyn_executor.profiling.polars.constants import constant_columns
from nuvyn_executor.profiling.polars.fetched import FetchedParquet
from nuvyn_executor.profiling.polars.nested import fingerprints, is_map, is_nested, stands_for
from nuvyn_executor.profiling.polars.parts import NotNative
from nuvyn_executor.profiling.polars.typed_column import polars_type
from nuvyn_executor.reading.deletion_vectors import read_deleted_rows
from nuvyn_executor.reading.parquet_footer import read_footer

if TYPE_CHECKING:
    from nuvyn_executor.profiling.polars.parts import Piece, Reading
    from nuvyn_executor.reading.deletion_vectors import DeletedRows

Path = Tuple[str, ...]

_CELLS = 4_000_000  # in memory at once
_BYTES = 64 * 1024 * 1024  # of these cells, uncompressed
_UNREAD_NANOS = "this version of Polars does not read timestamps of 96 bits as Spark"
_REBASED = frozenset(("org.apache.spark.legacyDateTime", "org.apache.spark.legacyINT96"))
# Other types that a file may have where Spark has this type.
_ALSO: Mapping[str, Tuple[Any, ...]] = {
    "smallint": (pl.UInt8,),
    "int": (pl.UInt16,),
    "bigint": (pl.UInt32,),
    "string": (pl.Categorical, pl.Enum),
}


def batches(pieces: Sequence[Piece], reading: Reading) -> Iterator[Batch]:
    """Read the pieces' shares of their files' row groups, small ones together.

    Raises:
        NotNative: Polars would not read the same as Spark.
        OSError: a file cannot be read.
        PolarsError: Polars cannot read the file; also raised while the columns of a batch are read.
    """
    yield from gathered(batch for piece in pieces for batch in _of_file(piece, reading))


def _of_file(piece: Piece, reading: Reading) -> Iterator[Batch]:
    fetched = None
    try:
        if reading.storage is not None:
            fetched = FetchedParquet(piece, reading.storage)
        footer = read_footer(piece.path) if fetched is None else fetched.footer
    except ValueError as error:
        raise NotNative(f"its footer was not understood ({error})") from error
    if footer.keys & _REBASED:
        raise NotNative("it has dates of the Julian calendar, which Spark turns")
    groups = footer.group_rows
    deleted = _deleted_rows(piece, reading, sum(groups))
    mine = [
        index for index, rows in enumerate(groups) if rows and index * piece.of // len(groups) == piece.index
    ]
    starts = [0, *accumulate(groups)]
    for path, some in [(piece.path, mine)] if fetched is None else fetched.files(mine):
        table = _Table(replace(piece, path=path), reading)
        for index in some:
            rows, size = groups[index], footer.group_bytes[index]
            for first, count in windows(starts[index], rows, size):
                window = None if count == sum(groups) else first
                batch = Batch(count, table.columns(window, count), size_bytes=size * count // rows)
                yield batch if deleted is None else _without(batch, deleted.among(first, count))


def _deleted_rows(piece: Piece, reading: Reading, rows: int) -> Optional[DeletedRows]:
    """Read which of the file's rows are deleted; ``None`` for none."""
    if piece.deleted is None:
        return None
    try:
        read = _local_bytes if reading.storage is None else reading.storage.read
        return read_deleted_rows(piece.deleted, rows, read)
    except ValueError as error:
        raise NotNative(f"a deletion vector was not understood ({error})") from error


def _local_bytes(path: str, offset: int, length: int) -> bytes:
    with FilePath(path).open("rb") as stream:
        stream.seek(offset)
        return stream.read(length)


def _without(batch: Batch, deleted: bytes) -> Batch:
    """Return the rows of a batch that are not deleted.

    Args:
        batch: read in its order.
        deleted: one byte for each row, 1 for a deleted one.
    """
    count = deleted.count(1)
    if not count:
        return batch
    stays: pl.Series = pl.Series(list(deleted), dtype=pl.UInt8) == 0
    columns = ((index, values.filter(stays)) for index, values in batch.columns)
    size = batch.size_bytes * (batch.rows - count) // batch.rows
    return Batch(batch.rows - count, columns, batch.is_corrupt, size)


def windows(start: int, rows: int, size: int) -> Iterator[Tuple[int, int]]:
    """Cut a row group into runs of rows that fit into memory: the first row and the number of each."""
    step = max(1, min(rows, rows * _BYTES // max(1, size)))
    for first in range(start, start + rows, step):
        yield first, min(step, start + rows - first)


class _Table:
    """One file, and where the plan's columns are in it."""

    def __init__(self, piece: Piece, reading: Reading) -> None:
        self._piece = piece
        self._reading = reading
        schema = dict(pl.read_parquet_schema(piece.path))
        options: Dict[str, Any] = {}
        self._reads_nanos_as_micros = any(map(_has_nanos, schema.values()))
        if self._reads_nanos_as_micros:
            schema = {name: _in_micros(kind) for name, kind in schema.items()}
            options["schema"] = schema
        try:
            self._frame = pl.scan_parquet(piece.path, hive_partitioning=False, glob=False, **options)
        except TypeError as error:
            raise NotNative(_UNREAD_NANOS) from error
        leaves: Dict[str, List[Tuple[Path, Any]]] = {}
        for path, kind in _leaves(schema):
            leaves.setdefault(".".join(path), []).append((path, kind))
        self._lower = {name.lower() for name in leaves}
        self._exprs = [
            (index, self._expression(index, name, self._declared(index), leaves.get(name, [])))
            for index, name in ((index, reading.plan.columns[index].name) for index in reading.stored)
        ]

    def columns(self, start: Optional[int], rows: int) -> Iterator[Tuple[int, pl.Series]]:
        """Read some rows (``start`` None: all rows), as many columns at once as fit into memory."""
        many = max(1, _CELLS // rows)
        window = self._frame if start is None else self._frame.slice(start, rows)
        for first in range(0, len(self._exprs), many):
            some = self._exprs[first : first + many]
            chosen = [one for _, one in some if one is not None]
            read = {one.name: one for one in self._collected(window.select(chosen))} if chosen else {}
            for index, _ in some:
                values = read.pop(f"c{index}", None)
                if values is None:
                    values = self._empty(index, rows)
                elif is_nested(self._declared(index)):
                    values = fingerprints(values)
                yield index, values
        for index, value in constant_columns([self._piece.constants], self._reading):
            yield index, value.new_from_index(0, rows)

    def _collected(self, window: pl.LazyFrame) -> List[pl.Series]:
        try:
            return window.collect().get_columns()
        except pl.exceptions.SchemaError as error:
            if not self._reads_nanos_as_micros:
                raise
            raise NotNative(_UNREAD_NANOS) from error

    def _declared(self, index: int) -> str:
        return str(self._reading.plan.columns[index].declared_type)

    def _empty(self, index: int, rows: int) -> pl.Series:
        declared = self._declared(index)
        kind = pl.UInt64() if is_nested(declared) else polars_type(declared)
        nulls: pl.Series = pl.Series([None], dtype=kind).new_from_index(0, rows)
        return nulls

    def _expression(
        self, index: int, name: str, declared: str, found: List[Tuple[Path, Any]]
    ) -> Optional[pl.Expr]:
        """Return the expression that reads a column; ``None`` if the file does not have the column."""
        if polars_type(declared) is None and not is_nested(declared):
            raise NotNative(f"column {name} is of type {declared}")
        if len(found) > 1 or (not found and name.lower() in self._lower):
            raise NotNative(f"several fields could be column {name}")
        if not found:
            return None
        path, kind = found[0]
        column = pl.col(path[0])
        for part in path[1:]:
            column = column.struct.field(part)
        refusal = f"column {name} is {kind} in one of its files, not {declared}"
        return _as_declared(column, kind, declared, refusal).alias(f"c{index}")


def _as_declared(column: pl.Expr, kind: Any, declared: str, refusal: str) -> pl.Expr:
    """Return the expression that turns a column of a file into one of the declared type.

    Raises:
        NotNative: with the refusal, where Spark could read it otherwise.
    """
    wanted = polars_type(declared)
    if wanted is None:
        if not stands_for(kind, declared):
            raise NotNative(refusal)
        return column
    if isinstance(kind, pl.Datetime):
        if declared not in ("timestamp", "timestamp_ntz"):
            raise NotNative(refusal)
        return column if kind.time_unit != "ms" else column.dt.cast_time_unit("us")
    if kind == wanted:
        return column
    if not any(kind == one for one in _ALSO.get(declared, ())):
        raise NotNative(refusal)
    return column.cast(wanted)


def _leaves(schema: Mapping[str, Any], parents: Path = ()) -> Iterator[Tuple[Path, Any]]:
    for name, kind in schema.items():
        path = (*parents, name)
        if isinstance(kind, pl.Struct):
            yield from _leaves({field.name: field.dtype for field in kind.fields}, path)
        else:
            yield path, kind


def _has_nanos(kind: Any) -> bool:
    if is_map(kind):
        return _has_nanos(kind.key) or _has_nanos(kind.value)
    if isinstance(kind, pl.Struct):
        return any(_has_nanos(field.dtype) for field in kind.fields)
    if isinstance(kind, pl.List):
        return _has_nanos(kind.inner)
    return isinstance(kind, pl.Datetime) and kind.time_unit == "ns"


def _in_micros(kind: Any) -> Any:
    if is_map(kind):
        return type(kind)(_in_micros(kind.key), _in_micros(kind.value))
    if isinstance(kind, pl.Struct):
        return pl.Struct([pl.Field(field.name, _in_micros(field.dtype)) for field in kind.fields])
    if isinstance(kind, pl.List):
        return pl.List(_in_micros(kind.inner))
    return pl.Datetime("us", kind.time_zone) if _has_nanos(kind) else kind
