"""A dataset as a Spark DataFrame of positional columns ``c0``, ``c1``, ..., with a sample of its values.

CSV, JSON and Excel arrive as text: parsing text as text is 2.3 times cheaper than parsing it as typed values,
and what the texts are comes out of the same scan. Parquet and Delta declare their types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Sequence, Tuple

from nuvyn_executor.metadata import sampling, workbook
from nuvyn_executor.model import FileFormat
from nuvyn_executor.profiling.profiler import sample_columns

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset
    from nuvyn_executor.sources.base import DataSource

CORRUPT = "corrupt_record"
SAMPLE_ROWS = 10_000
SMALL_ROWS = 100_000  # up to here different values are counted exactly
SMALL_TEXT_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Frame:
    """A dataset, ready to be counted.

    Attributes:
        data: DataFrame with columns ``c0`` ... and perhaps :attr:`corrupt`.
        names: what metadata calls the columns; may repeat, may hold anything.
        types: declared Spark SQL type of each column, ``None`` for text to be understood.
        sample: some values of each column.
        sample_represents: the sample stands for the whole dataset, not for its head alone.
        is_small: different values can be counted exactly.
        corrupt: name of the column that holds records which did not parse.
        details: how it was read, for ``tables.details``.
    """

    data: Any
    names: Tuple[str, ...]
    types: Tuple[Optional[str], ...]
    sample: List[List[Any]]
    sample_represents: bool
    is_small: bool
    corrupt: Optional[str] = None
    details: Dict[str, Any] = field(default_factory=dict)


def open_frame(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    """Open a dataset. Reads a sample; the dataset itself is read when the frame is counted.

    Raises:
        DatasetUnreadable: the dataset cannot be opened.
        Exception: what Spark raises for one that it cannot open.
    """
    return _OPENERS[dataset.format](spark, source, dataset)


def _open_csv(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    sample = sampling.sample_csv(source, dataset)
    dialect = dataset.dialect
    assert dialect is not None
    schema = ", ".join([*[f"c{i} STRING" for i in range(len(sample.column_names))], f"{CORRUPT} STRING"])
    reader = (
        _reader(spark, source, dataset)
        .schema(schema)
        .options(
            sep=dialect.delimiter,
            quote=dialect.quote,
            escape=dialect.quote,
            header=str(dialect.header).lower(),
            encoding=dialect.encoding,
            multiLine=str(dialect.multiline or dialect.encoding.startswith("UTF-16")).lower(),
            mode="PERMISSIVE",
            columnNameOfCorruptRecord=CORRUPT,
            enforceSchema="true",
            maxCharsPerColumn="-1",
            maxColumns=str(max(20480, len(sample.column_names) + 1)),
        )
    )
    data = reader.csv(_paths(source, dataset))
    columns = sample_columns(sample.rows, len(sample.column_names))
    frame = Frame(
        data=data,
        names=tuple(sample.column_names),
        types=(None,) * len(sample.column_names),
        sample=columns,
        sample_represents=sample.whole or sample.spread,
        is_small=dataset.size_bytes <= SMALL_TEXT_BYTES,
        corrupt=CORRUPT,
        details={
            "delimiter": dialect.delimiter,
            "quote": dialect.quote,
            "header": dialect.header,
            "encoding": dialect.encoding,
        },
    )
    return _with_partitions(frame, dataset)


def _open_json(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    sample = sampling.sample_json(source, dataset)
    schema, leaves = _json_schema(sample.fields)
    reader = _reader(spark, source, dataset).schema(f"{schema}{', ' if schema else ''}{CORRUPT} STRING")
    data = reader.options(
        multiLine=str(dataset.multiline).lower(), mode="PERMISSIVE", columnNameOfCorruptRecord=CORRUPT
    ).json(_paths(source, dataset))
    raise NotImplementedError((data, leaves))


def _open_excel(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    del source  # a workbook is opened where it lies
    rows = workbook.read_rows(dataset.path, str(dataset.sheet))
    names = tuple(name if name else f"_c{i}" for i, name in enumerate(next(rows, [])))
    width = len(names)
    records = [tuple((list(row) + [None] * width)[:width]) for row in rows]
    schema = ", ".join(f"c{i} STRING" for i in range(width))
    return Frame(
        data=spark.createDataFrame(records, schema) if width else spark.range(0).select(),
        names=names,
        types=(None,) * width,
        sample=sample_columns(records[:SAMPLE_ROWS], width),
        sample_represents=True,
        is_small=len(records) <= SMALL_ROWS,
        details={"sheet": dataset.sheet},
    )


def _open_typed(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    if dataset.format is FileFormat.DELTA:
        table = spark.read.format("delta").load(source.spark_path(dataset.path))
    else:
        table = _reader(spark, source, dataset).parquet(*_paths(source, dataset))
    leaves = _leaves(table.schema)
    data = table.select(*[_column(path).alias(f"c{i}") for i, (path, _) in enumerate(leaves)])
    rows = [tuple(row) for row in data.limit(SAMPLE_ROWS).collect()] if leaves else []
    is_small = len(rows) < SAMPLE_ROWS or data.count() <= SMALL_ROWS  # a count of Parquet reads footers only
    return Frame(
        data=data,
        names=tuple(".".join(path) for path, _ in leaves),
        types=tuple(data_type for _, data_type in leaves),
        sample=sample_columns(rows, len(leaves)),
        sample_represents=len(rows) < SAMPLE_ROWS,
        is_small=is_small,
    )


_OPENERS: Dict[FileFormat, Callable[[Any, Any, Any], Frame]] = {
    FileFormat.CSV: _open_csv,
    FileFormat.JSON: _open_json,
    FileFormat.EXCEL: _open_excel,
    FileFormat.PARQUET: _open_typed,
    FileFormat.DELTA: _open_typed,
}
