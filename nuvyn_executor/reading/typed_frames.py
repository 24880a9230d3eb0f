"""Frames of the formats that declare the types of their columns: Parquet, Delta, ORC and Avro."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.avro_header import AvroHeader, parse_header
from nuvyn_executor.discovery.file_head import read_head
from nuvyn_executor.reading.columns_by_name import missing_columns
from nuvyn_executor.reading.delta_table import of_version
from nuvyn_executor.reading.frame import SAMPLE_CHARACTERS, SMALL_ROWS, Frame, family, sample_columns
from nuvyn_executor.reading.orc_footer import rows_of
from nuvyn_executor.reading.parquet_footer import footer_of
from nuvyn_executor.reading.sampling import SAMPLE_ROWS
from nuvyn_executor.reading.spark_files import Path, leaves, load, quoted, reader_of
from nuvyn_executor.sources.base import TableSource
from nuvyn_executor.spark.derived_sessions import NANOS_AS_LONG, is_set

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry, FileFormat
    from nuvyn_executor.sources.base import DataSource

SAMPLE_TEXT = 128 * 1024 * 1024  # characters of all sampled texts: the driver takes them at once
SAMPLE_CELLS = 400_000  # of a wide table fewer rows: 10,000 would cost more than the scan
MOST_COMPARED = 1_000
"""Of so many files the columns are compared, to name those that some do not have."""
_READERS = 8


class TypedTable(NamedTuple):
    """A dataset as Spark sees it.

    Attributes:
        reader: reads some of its files, with the columns of the table where it gets its schema.
        data: all of its rows.
        rows: how many rows it has, or about how many, and whether that is exact; ``None``: to be counted.
    """

    reader: Any
    data: Any
    rows: Optional[Tuple[int, bool]] = None


def open_typed(
    spark: Any, source: DataSource, dataset: Dataset, files: Optional[Sequence[FileEntry]] = None
) -> Frame:
    """Open a dataset of declared types.

    Args:
        spark: the session.
        source: where it lies.
        dataset: what to open.
        files: read these files alone, with the columns of the whole dataset; ``None``: all rows of it.
    """
    table = table_of(spark, source, dataset)
    cells = cells_of(spark, source, dataset, table.data)
    types = [data_type for _, data_type, _ in cells]
    columns = [f"{cell} AS c{i}" for i, (_, _, cell) in enumerate(cells)]

    def opened(some: Optional[Sequence[FileEntry]] = None) -> Any:
        if some is None:
            return table.data.selectExpr(*columns)
        return load(spark, table.reader.schema(table.data.schema), source, dataset, some).selectExpr(*columns)

    data = opened(files)
    limit = max(100, min(SAMPLE_ROWS, SAMPLE_CELLS // max(1, len(types))))
    texts = sum(family(data_type) == "string" for data_type in types)
    length = min(SAMPLE_CHARACTERS, SAMPLE_TEXT // (limit * max(1, texts)))
    shown = [_sampled(f"c{i}", data_type, length) for i, data_type in enumerate(types)]
    sample = [tuple(row) for row in data.selectExpr(*shown).limit(limit).collect()] if types else []
    is_whole = len(sample) < limit and bool(types)
    if is_whole:
        rows, rows_known = len(sample), True
    else:  # a count reads footers only; Connect counts in numbers of NumPy
        rows, rows_known = table.rows or (int(data.count()), True)
    declared = _declared(source, dataset) if files is None else []
    return Frame(
        opened=opened,
        names=tuple(".".join(path) for path, _, _ in cells),
        types=tuple(types),
        sample=sample_columns(sample, len(types)),
        sample_represents=is_whole,
        is_small=rows <= SMALL_ROWS,
        rows=rows,
        rows_known=rows_known,
        is_columnar=dataset.format.is_columnar,
        details=_unlike(declared),
        declared_rows=_rows_of(declared, dataset),
    )


def table_of(spark: Any, source: DataSource, dataset: Dataset) -> TypedTable:
    """Return a dataset of declared types as Spark sees it; reads no rows."""
    return TABLES[dataset.format](spark, source, dataset)


def hidden_rows(spark: Any, source: DataSource, dataset: Dataset) -> int:
    """Return how many rows the files of a Delta table hold that the table has not.

    Reads footers and the log.
    """
    table = table_of(spark, source, dataset)
    held = load(spark, table.reader.schema(table.data.schema), source, dataset, dataset.files).count()
    return int(held) - int(table.data.count())


def cells_of(spark: Any, source: DataSource, dataset: Dataset, data: Any) -> List[Tuple[Path, str, str]]:
    """Return path, type and SQL of each leaf of a table. Moments in nanoseconds are rounded down."""
    nanos: FrozenSet[Path] = frozenset()
    if dataset.format == formats.PARQUET and is_set(spark, NANOS_AS_LONG):
        nanos = frozenset(path for entry in dataset.files for path in _nanos(source, entry))
    cells: List[Tuple[Path, str, str]] = []
    for path, data_type in leaves(data.schema):
        name = quoted(path)
        if path in nanos and data_type == "bigint":
            cells.append((path, "timestamp", f"timestamp_micros(({name} - pmod({name}, 1000)) div 1000)"))
        else:
            cells.append((path, data_type, name))
    return cells


def _parquet(spark: Any, source: DataSource, dataset: Dataset) -> TypedTable:
    reader = _merging(_parquet_reader(spark, source, dataset), dataset)
    return TypedTable(reader, load(spark, reader, source, dataset, dataset.files))


def _delta(spark: Any, source: DataSource, dataset: Dataset) -> TypedTable:
    data = of_version(spark, source.spark_path(dataset.path), dataset.version)
    return TypedTable(_parquet_reader(spark, source, dataset), data)


def _orc(spark: Any, source: DataSource, dataset: Dataset) -> TypedTable:
    reader = _merging(reader_of(spark, source, dataset, "orc"), dataset)
    return TypedTable(reader, load(spark, reader, source, dataset, dataset.files))


def _avro(spark: Any, source: DataSource, dataset: Dataset) -> TypedTable:
    """Read Avro. Spark takes the columns of one file for those of all, so they are merged here."""
    reader = reader_of(spark, source, dataset, "avro").option("datetimeRebaseMode", "CORRECTED")
    with ThreadPoolExecutor(_READERS) as pool:
        headers = list(pool.map(lambda entry: _avro_header(source, entry), dataset.files))
    first_of = {header.schema: entry for header, entry in zip(headers, dataset.files) if header is not None}
    if len(first_of) > 1:
        one_file = spark.read.format("avro")  # without basePath: folders' columns come with the table
        found = [load(spark, one_file, source, dataset, [entry]).schema for entry in first_of.values()]
        reader = reader.schema(_merged(found))
    counts = [
        (0, False) if header is None else header.rows_of(entry.size_bytes)
        for header, entry in zip(headers, dataset.files)
    ]
    rows = sum(count for count, _ in counts), all(is_exact for _, is_exact in counts)
    return TypedTable(reader, load(spark, reader, source, dataset, dataset.files), rows)


def _table(spark: Any, source: DataSource, dataset: Dataset) -> TypedTable:
    """Return a table of a database or a catalog; it has no files that could be read one by one."""
    assert isinstance(source, TableSource)
    return TypedTable(None, source.read_table(spark, dataset))


TABLES: Dict[FileFormat, Callable[[Any, DataSource, Dataset], TypedTable]] = {
    formats.PARQUET: _parquet,
    formats.DELTA: _delta,
    formats.ORC: _orc,
    formats.AVRO: _avro,
    formats.TABLE: _table,
}
"""How each format of declared types becomes a table."""


def _parquet_reader(spark: Any, source: DataSource, dataset: Dataset) -> Any:
    # Spark 2 names its calendar in a file. Where none is named, days before 1582 are taken as they are.
    reader = reader_of(spark, source, dataset, "parquet").option("datetimeRebaseMode", "CORRECTED")
    return reader.option("int96RebaseMode", "CORRECTED")


def _merging(reader: Any, dataset: Dataset) -> Any:
    """Let a reader look at all files for their columns: a column that came later is not in every file."""
    return reader.option("mergeSchema", "true") if len(dataset.files) > 1 else reader


class _Declared(NamedTuple):
    """What a file says of itself.

    Attributes:
        columns: the names of its columns; empty where that is not understood.
        rows: how many rows it has; ``None`` where it does not say.
    """

    columns: Tuple[str, ...] = ()
    rows: Optional[int] = None


def _declared(source: DataSource, dataset: Dataset) -> List[Tuple[str, _Declared]]:
    """Read what the files of a dataset say of themselves: at most 1,000 files, with their names."""
    read = _DECLARED.get(dataset.format)
    if read is None:
        return []
    files = dataset.files[:MOST_COMPARED]
    with ThreadPoolExecutor(_READERS) as pool:
        return list(zip((entry.name for entry in files), pool.map(lambda entry: read(source, entry), files)))


def _unlike(declared: Sequence[Tuple[str, _Declared]]) -> Dict[str, Any]:
    """Return which columns some files do not have, for ``tables.details``."""
    missing = missing_columns([(name, one.columns) for name, one in declared if one.columns])
    return {"missing_columns": missing} if missing else {}


def _rows_of(declared: Sequence[Tuple[str, _Declared]], dataset: Dataset) -> Optional[int]:
    """Return how many rows all files say that they have; ``None`` where one does not say."""
    rows = [one.rows for _, one in declared if one.rows is not None]
    return sum(rows) if rows and len(rows) == len(dataset.files) else None


def _in_footer(source: DataSource, entry: FileEntry) -> _Declared:
    try:
        footer = footer_of(lambda at, length: source.read_range(entry, at, length), entry.size_bytes)
    except ValueError:  # Spark may read what this does not
        return _Declared()
    # A column of fewer values than its row groups have rows would be filled up with nulls.
    held = (one.values for one in footer.leaves if one.is_flat and one.values is not None)
    rows = next((values for values in held if values != sum(footer.group_rows)), footer.rows)
    return _Declared(footer.columns, rows)


def _in_avro_header(source: DataSource, entry: FileEntry) -> _Declared:
    header = _avro_header(source, entry)
    try:
        fields = json.loads("{}" if header is None else header.schema).get("fields", [])
    except (ValueError, AttributeError):  # a schema that is no record
        return _Declared()
    return _Declared(tuple(str(field["name"]) for field in fields))


def _in_orc_footer(source: DataSource, entry: FileEntry) -> _Declared:
    try:
        return _Declared(
            rows=rows_of(lambda at, length: source.read_range(entry, at, length), entry.size_bytes)
        )
    except ValueError:  # as above
        return _Declared()


_DECLARED: Dict[FileFormat, Callable[[DataSource, FileEntry], _Declared]] = {
    formats.PARQUET: _in_footer,
    formats.AVRO: _in_avro_header,
    formats.ORC: _in_orc_footer,
}


def _nanos(source: DataSource, entry: FileEntry) -> FrozenSet[Path]:
    try:
        footer = footer_of(lambda offset, length: source.read_range(entry, offset, length), entry.size_bytes)
    except ValueError:  # Spark may read what this does not
        return frozenset()
    return footer.nanos


def _avro_header(source: DataSource, entry: FileEntry) -> Optional[AvroHeader]:
    try:
        return parse_header(read_head(source, entry).raw)
    except ValueError:  # where it is damaged, Spark's error is reported
        return None


def _merged(schemas: Sequence[Any]) -> Any:
    merged = schemas[0]
    for schema in schemas[1:]:
        merged = _merged_types(merged, schema, ())
    return merged


def _merged_types(one: Any, other: Any, path: Path) -> Any:
    """Return a type that holds the values of two; structs have the fields of both.

    Raises:
        ValueError: there is no such type; the sentence begins like Spark's own.
    """
    from pyspark.sql.types import StructField, StructType  # noqa: PLC0415  imported only to scan

    if isinstance(one, StructType) and isinstance(other, StructType):
        types = {field.name: field.dataType for field in one.fields}
        for field in other.fields:
            there = types.get(field.name)
            types[field.name] = (
                field.dataType if there is None else _merged_types(there, field.dataType, (*path, field.name))
            )
        return StructType([StructField(name, data_type) for name, data_type in types.items()])
    if one.simpleString() == other.simpleString():
        return one
    raise ValueError(
        f"CANNOT_MERGE_SCHEMAS: {'.'.join(path)} is {one.simpleString()} and {other.simpleString()}"
    )


def _sampled(name: str, data_type: str, length: int) -> str:
    """Return the SQL of the part of a value that planning needs: of texts the beginning, of blobs nothing."""
    kind = family(data_type)
    if kind == "opaque":
        return f"NULL AS {name}"
    if kind == "moment":
        return f"CAST({name} AS STRING) AS {name}"
    return f"substring({name}, 1, {length}) AS {name}" if kind == "string" else name
