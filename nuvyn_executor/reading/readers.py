"""A dataset as a Spark DataFrame of positional columns ``c0``, ``c1``, ..., with a sample of its values.

CSV, JSON and Excel arrive as text: parsing text as text is 2.3 times cheaper than parsing it as typed values,
and what the texts are comes out of the same scan. Parquet and Delta declare their types.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, List, Optional, Sequence, Tuple
from urllib.parse import unquote

from nuvyn_executor.discovery import formats, workbook
from nuvyn_executor.discovery.partition_folders import values_of
from nuvyn_executor.reading import sampling
from nuvyn_executor.reading.delta_table import of_version
from nuvyn_executor.reading.frame import SAMPLE_CHARACTERS, Frame, family, sample_columns
from nuvyn_executor.reading.parquet_footer import footer_of
from nuvyn_executor.spark.derived_sessions import NANOS_AS_LONG, is_set

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry, FileFormat
    from nuvyn_executor.sources.base import DataSource

Path = Tuple[str, ...]
Files = Optional[Sequence["FileEntry"]]

CORRUPT = "__corrupt_record"  # where no column of the dataset is called so
NOTHING = "__nothing"  # as above; a field that no document has
SAMPLE_ROWS = sampling.SAMPLE_ROWS
SAMPLE_TEXT = 128 * 1024 * 1024  # characters of all sampled texts: the driver takes them at once
SAMPLE_CELLS = 400_000  # of a wide table fewer rows: 10,000 would cost more than the scan
MANY_FILES = 64
SMALL_ROWS = 100_000  # up to here different values are counted exactly
SMALL_TEXT_BYTES = 8 * 1024 * 1024
GZIP_FACTOR = 5  # what text usually shrinks by


def open_frame(spark: Any, source: DataSource, dataset: Dataset, files: Files = None) -> Frame:
    """Open a dataset. Reads a sample; the dataset itself is read when the frame is counted.

    Args:
        spark: the session.
        source: where it lies.
        dataset: what to open.
        files: only these of its files; a Delta table's must be its rows.

    Raises:
        DatasetUnreadable: the dataset cannot be opened.
        Exception: what Spark raises for one that it cannot open.
    """
    if dataset.format.has_log:  # whose columns are the table's, whatever files hold
        return _open_typed(spark, source, dataset, files)
    return _OPENERS[dataset.format](
        spark, source, dataset if files is None else replace(dataset, files=tuple(files))
    )


def _open_csv(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    sample = sampling.sample_csv(source, dataset)
    dialect = dataset.dialect
    assert dialect is not None
    width = len(sample.column_names)
    # No names of the file's own, which may be anything, twice; and none that its folders bear.
    *fields, corrupt = (
        _free_name(name, dataset.partition_columns) for name in (*(f"__c{i}" for i in range(width)), CORRUPT)
    )
    texts = (*fields, corrupt, *(_quoted((name,)) for name in dataset.partition_columns))
    reader = _reader(spark, source, dataset).schema(", ".join(f"{name} STRING" for name in texts))
    reader = reader.options(
        sep=dialect.delimiter,
        quote=dialect.quote,
        escape=dialect.quote,
        header=str(dialect.header).lower(),
        encoding=dialect.encoding,
        multiLine=str(dialect.multiline or dialect.encoding.startswith("UTF-16")).lower(),
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=corrupt,
        enforceSchema="true",
        maxCharsPerColumn="-1",
        maxColumns=str(max(20480, width + 1)),
    )
    frame = Frame(
        opened=lambda files=None: _load(reader.format("csv"), source, dataset, files),
        names=tuple(sample.column_names),
        types=(None,) * width,
        sample=sample_columns(sample.rows, width),
        sample_represents=sample.whole or _is_seekable(dataset),
        is_small=dataset.size_bytes <= SMALL_TEXT_BYTES,
        rows=_about_rows(dataset, sample.mean_length),
        corrupt=corrupt,
        details={
            "delimiter": dialect.delimiter,
            "quote": dialect.quote,
            "header": dialect.header,
            "encoding": dialect.encoding,
        },
    )
    return _positional(frame, [(name,) for name in fields], dataset)


def _open_json(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan
    from pyspark.sql.types import StringType, StructField  # noqa: PLC0415  as above

    sample = sampling.sample_json(source, dataset)
    schema = _json_struct(sample.schema)
    paths = [path for path, _ in _leaves(schema)]
    taken = [*(one.name for one in sample.schema), *dataset.partition_columns]
    corrupt, nothing = _free_name(CORRUPT, taken), _free_name(NOTHING, taken)
    held = {one.name.lower() for one in sample.schema}
    folders = (name for name in dataset.partition_columns if name.lower() not in held)
    for name in (*(() if paths else (nothing,)), corrupt, *folders):
        schema = schema.add(StructField(name, StringType()))
    reader = (
        _reader(spark, source, dataset)
        .schema(schema)
        .options(
            multiLine=str(dataset.multiline).lower(), mode="PERMISSIVE", columnNameOfCorruptRecord=corrupt
        )
    )

    def opened(files: Files = None) -> Any:
        data = _load(reader.format("json"), source, dataset, files)
        # Spark refuses to read that column alone.
        return data if paths else data.withColumn(corrupt, f.coalesce(corrupt, nothing))

    frame = Frame(
        opened=opened,
        names=tuple(".".join(path) for path in paths),
        types=(None,) * len(paths),
        sample=[[_json_text(_at(row, path)) for row in sample.rows] for path in paths],
        sample_represents=sample.whole or _is_seekable(dataset),
        is_small=dataset.size_bytes <= SMALL_TEXT_BYTES,
        rows=_about_rows(dataset, sample.mean_length),
        corrupt=corrupt,
        details={"multiline": dataset.multiline},
    )
    return _positional(frame, paths, dataset)


def _open_excel(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    del source  # a workbook is opened where it lies
    rows = workbook.read_rows(dataset.path, str(dataset.sheet))
    names = tuple(name or f"_c{i}" for i, name in enumerate(next(rows, [])))
    width = len(names)
    records = [tuple((list(row) + [None] * width)[:width]) for row in rows]
    schema = ", ".join(f"c{i} STRING" for i in range(width))
    return Frame(
        opened=lambda: spark.createDataFrame(records, schema) if width else spark.range(0).select(),
        names=names,
        types=(None,) * width,
        sample=sample_columns(records[:SAMPLE_ROWS], width),
        sample_represents=True,
        is_small=len(records) <= SMALL_ROWS,
        rows=len(records),
        rows_known=True,
        details={"sheet": dataset.sheet},
    )


def _open_typed(spark: Any, source: DataSource, dataset: Dataset, files: Files = None) -> Frame:
    reader, table = _typed(spark, source, dataset)
    cells = _cells(spark, source, dataset, table)
    leaves = [(path, data_type) for path, data_type, _ in cells]
    columns = [cell.alias(f"c{i}") for i, (_, _, cell) in enumerate(cells)]

    def opened(some: Files = None) -> Any:
        data = table if some is None else _load(reader.schema(table.schema), source, dataset, some)
        return data.select(*columns)

    data = opened(files)
    limit = max(100, min(SAMPLE_ROWS, SAMPLE_CELLS // max(1, len(leaves))))
    texts = sum(family(data_type) == "string" for _, data_type in leaves)
    length = min(SAMPLE_CHARACTERS, SAMPLE_TEXT // (limit * max(1, texts)))
    shown = [_sampled(f"c{i}", data_type, length) for i, (_, data_type) in enumerate(leaves)]
    rows = [tuple(row) for row in data.select(*shown).limit(limit).collect()] if leaves else []
    is_whole = len(rows) < limit and bool(leaves)
    # A count of Parquet reads footers only; Connect counts in numbers of NumPy.
    count = len(rows) if is_whole else int(data.count())
    return Frame(
        opened=opened,
        names=tuple(".".join(path) for path, _ in leaves),
        types=tuple(data_type for _, data_type in leaves),
        sample=sample_columns(rows, len(leaves)),
        sample_represents=is_whole,
        is_small=count <= SMALL_ROWS,
        rows=count,
        rows_known=True,
        is_columnar=True,
    )


def columns_of(
    spark: Any, source: DataSource, dataset: Dataset
) -> Tuple[Tuple[str, ...], Tuple[Optional[str], ...]]:
    """Return the names and the types that :func:`open_frame` would; of declared ones without a sample.

    Raises:
        DatasetUnreadable: the dataset cannot be opened.
        Exception: what Spark raises for one that it cannot open.
    """
    if dataset.format.declares_types:
        cells = _cells(spark, source, dataset, _typed(spark, source, dataset)[1])
        return tuple(".".join(path) for path, _, _ in cells), tuple(data_type for _, data_type, _ in cells)
    frame = open_frame(spark, source, dataset)
    return frame.names, frame.types


def hides_rows(spark: Any, source: DataSource, dataset: Dataset) -> bool:
    """Whether the files of a Delta table hold rows that are none of the table. Reads footers and the log."""
    reader, table = _typed(spark, source, dataset)
    held = _load(reader.schema(table.schema), source, dataset, None).count()
    return bool(held != table.count())


def _typed(spark: Any, source: DataSource, dataset: Dataset) -> Tuple[Any, Any]:
    """Return a reader of the dataset's Parquet files, and its table."""
    # Who wrote a file without a word on its calendar was not Spark 2: days before 1582 are as they stand.
    reader = _reader(spark, source, dataset).format("parquet").option("datetimeRebaseMode", "CORRECTED")
    reader = reader.option("int96RebaseMode", "CORRECTED")
    if dataset.format.has_log:
        return reader, of_version(spark, source.spark_path(dataset.path), dataset.version)
    if len(dataset.files) > 1:  # a column that came later is not in every file
        reader = reader.option("mergeSchema", "true")
    return reader, _load(reader, source, dataset, None)


def _cells(spark: Any, source: DataSource, dataset: Dataset, table: Any) -> List[Tuple[Path, str, Any]]:
    """Return path, type and expression of each leaf of a table. Moments in nanoseconds are rounded down."""
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    nanos: FrozenSet[Path] = frozenset()
    if dataset.format == formats.PARQUET and is_set(spark, NANOS_AS_LONG):
        nanos = frozenset(path for entry in dataset.files for path in _nanos(source, entry))
    cells: List[Tuple[Path, str, Any]] = []
    for path, data_type in _leaves(table.schema):
        if path in nanos and data_type == "bigint":
            name = _quoted(path)
            micros = f.expr(f"timestamp_micros(({name} - pmod({name}, 1000)) div 1000)")
            cells.append((path, "timestamp", micros))
        else:
            cells.append((path, data_type, _column(path)))
    return cells


def _nanos(source: DataSource, entry: FileEntry) -> FrozenSet[Path]:
    try:
        footer = footer_of(lambda offset, length: source.read_range(entry, offset, length), entry.size_bytes)
    except ValueError:  # what Spark reads and this does not
        return frozenset()
    return footer.nanos


def _about_rows(dataset: Dataset, mean_length: float) -> int:
    """Estimate the rows of text files from their bytes and the length of sampled rows; 0 without any."""
    if not mean_length:
        return 0
    unpacked = sum(
        entry.size_bytes * (GZIP_FACTOR if entry.name.endswith(".gz") else 1) for entry in dataset.files
    )
    return round(unpacked / max(1.0, mean_length))


def _free_name(name: str, taken: Sequence[str]) -> str:
    """Lengthen a name until no column is called so; to Spark capitals are no difference."""
    others = {one.lower() for one in taken}
    while name.lower() in others:
        name += "_"
    return name


def _sampled(name: str, data_type: str, length: int) -> Any:
    """Take of a value what planning needs: of blobs nothing, of texts the beginning, of moments the text."""
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    kind = family(data_type)
    if kind == "opaque":
        return f.lit(None).alias(name)
    if kind == "moment":
        return f.col(name).cast("string").alias(name)
    return f.substring(name, 1, length).alias(name) if kind == "string" else f.col(name)


def _reader(spark: Any, source: DataSource, dataset: Dataset) -> Any:
    """Return a reader that knows where the partition folders begin."""
    return (
        spark.read.option("basePath", source.spark_path(dataset.path))
        if dataset.partition_columns
        else spark.read
    )


def _load(reader: Any, source: DataSource, dataset: Dataset, files: Files) -> Any:
    """Load some of a dataset's files, or all of them.

    Spark looks at each path that it is given, one by one. Of many files it is given their folder instead,
    where that holds nothing else.
    """
    chosen = dataset.files if files is None else files
    paths = [source.spark_path(entry.path) for entry in chosen]
    if len(paths) > MANY_FILES:
        is_tree = bool(dataset.partition_columns)
        folders = [dataset.path] if is_tree else sorted({entry.path.rpartition("/")[0] for entry in chosen})
        table = reader.load([source.spark_path(folder) for folder in folders])
        found = sorted(unquote(path).rpartition("/")[2] for path in table.inputFiles())
        if found == sorted(entry.path.rpartition("/")[2] for entry in chosen):
            return table
    return reader.load(paths)


def _positional(frame: Frame, paths: List[Path], dataset: Dataset) -> Frame:
    """Return columns positions for names, and add what folders say (``year=2024``), as text among texts."""
    added = [(name,) for name in dataset.partition_columns]
    columns = [_column(path).alias(f"c{i}") for i, path in enumerate([*paths, *added])]
    values = [values_of(dataset, entry.path) for entry in dataset.files[:SAMPLE_ROWS]] if added else []
    return replace(
        frame,
        opened=lambda files=None: frame.opened(files).select(*columns, frame.corrupt),
        names=(*frame.names, *dataset.partition_columns),
        types=(*frame.types, *(None for _ in added)),
        sample=[*frame.sample, *sample_columns(values, len(added))],
    )


def _leaves(schema: Any, parents: Path = ()) -> List[Tuple[Path, str]]:
    """Flatten structs: the path and the Spark SQL type of each leaf. Arrays and maps are leaves."""
    leaves: List[Tuple[Path, str]] = []
    for one in schema.fields:
        path = (*parents, one.name)
        nested = hasattr(one.dataType, "fields")
        leaves.extend(_leaves(one.dataType, path) if nested else [(path, one.dataType.simpleString())])
    return leaves


def _column(path: Path) -> Any:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    return f.col(_quoted(path))


def _quoted(path: Path) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in path)


def _json_struct(fields: Any) -> Any:
    """Scalars and arrays as the text that stands in the document; objects as structs."""
    from pyspark.sql.types import StringType, StructField, StructType  # noqa: PLC0415  imported only to scan

    return StructType(
        [
            StructField(
                one.name,
                _json_struct(one.children) if one.kind == "object" and one.children else StringType(),
            )
            for one in fields
        ]
    )


def _at(row: Any, path: Path) -> Any:
    for name in path:
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _json_text(value: Any) -> Optional[str]:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _is_seekable(dataset: Dataset) -> bool:
    """Whether a sample may come from head, middle and tail: lines are records, and not compressed."""
    dialect = dataset.dialect
    as_lines = dialect is None or not (dialect.multiline or dialect.encoding.startswith("UTF-16"))
    return (
        as_lines and not dataset.multiline and not any(entry.name.endswith(".gz") for entry in dataset.files)
    )


_OPENERS: Dict[FileFormat, Callable[[Any, Any, Any], Frame]] = {
    formats.CSV: _open_csv,
    formats.JSON: _open_json,
    formats.EXCEL: _open_excel,
    formats.PARQUET: _open_typed,
}
