"""Frames of the formats whose values are text: CSV, JSON and Excel.

Parsing text as text is 2.3 times cheaper than parsing it as typed values, and what the texts are comes out of
the same scan.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from itertools import islice
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, Mapping, Optional, Sequence

from nuvyn_executor.bounds import VALUE_CHARACTERS
from nuvyn_executor.discovery import workbook
from nuvyn_executor.discovery.partition_folders import values_of
from nuvyn_executor.reading import sampling
from nuvyn_executor.reading.frame import DOUBTS, SMALL_ROWS, Frame, sample_columns
from nuvyn_executor.reading.json_documents import documents_in
from nuvyn_executor.reading.json_doubts import key_doubts
from nuvyn_executor.reading.merged_frames import merged
from nuvyn_executor.reading.sampling import SAMPLE_ROWS
from nuvyn_executor.reading.skipped_lines import rows_only
from nuvyn_executor.reading.spark_files import Path, leaves, load, quoted, reader_of
from nuvyn_executor.reading.text_bounds import may_exceed
from nuvyn_executor.spark.python_functions import python_function

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry, SkippedLines
    from nuvyn_executor.sources.base import DataSource

CORRUPT = "__corrupt_record"  # lengthened where a column of the dataset has this name
NOTHING = "__nothing"  # as above: a field that no document has
SMALL_TEXT_BYTES = 8 * 1024 * 1024
SHEET_CELLS = 1_000_000  # that Python has in memory at once
GZIP_FACTOR = 5  # about how much smaller gzip makes a text


def open_csv(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    """Open a CSV dataset: a text for each field, and the records that have too many or too few."""
    parts = dataset.by_layout()
    if len(parts) > 1 or dataset.columns:
        frames = [(part, open_csv(spark, source, replace(part, columns=()))) for part in parts]
        return merged(dataset, frames, is_small=dataset.size_bytes <= SMALL_TEXT_BYTES)
    (dataset,) = parts
    sample = sampling.sample_csv(source, dataset)
    dialect, skipped = dataset.dialect, dataset.skipped
    assert dialect is not None
    names = dataset.layouts[0].columns if dataset.layouts else sample.column_names
    width = len(names)
    # Not the file's own names, which may be anything and may repeat; and no name of a partition column.
    *fields, corrupt = (
        _free_name(name, dataset.partition_columns) for name in (*(f"__c{i}" for i in range(width)), CORRUPT)
    )
    texts = (*fields, corrupt, *(quoted((name,)) for name in dataset.partition_columns))
    reader = reader_of(spark, source, dataset, "csv").schema(", ".join(f"{name} STRING" for name in texts))
    reader = reader.options(
        sep=dialect.separator,
        quote=dialect.quote,
        escape=dialect.escape or dialect.quote,
        ignoreLeadingWhiteSpace=str(dialect.trims).lower(),
        ignoreTrailingWhiteSpace=str(dialect.trims).lower(),
        header=str(dialect.header).lower(),
        encoding=dialect.encoding,
        multiLine=str(dialect.multiline or dialect.encoding.startswith("UTF-16")).lower(),
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=corrupt,
        enforceSchema="true",
        # Without a bound a quote that is not closed takes the rest of the file into memory. Java takes the
        # memory for a bound at once, so there is none where the file is too short for it.
        maxCharsPerColumn=str(VALUE_CHARACTERS if any(map(_may_hold_long_value, dataset.files)) else -1),
        maxColumns=str(max(20480, width + 1)),
    )

    def opened(files: Sequence[FileEntry] = dataset.files) -> Any:
        data = load(spark, reader, source, dataset, files)
        return data if skipped is None else rows_only(data, fields, corrupt, dialect, skipped)

    frame = Frame(
        opened=opened,
        names=tuple(names),
        types=(None,) * width,
        sample=sample_columns(sample.rows, width),
        sample_represents=sample.whole or _is_seekable(dataset),
        is_small=dataset.size_bytes <= SMALL_TEXT_BYTES,
        rows=_about_rows(dataset, sample.mean_length),
        corrupt=corrupt,
        details={
            "delimiter": dialect.delimiter or None,
            "quote": dialect.quote,
            "header": dialect.header,
            "encoding": dialect.encoding,
            **({"escape": dialect.escape} if dialect.escape else {}),
            **({} if skipped is None else _skipped(skipped)),
        },
    )
    return _positional(frame, [(name,) for name in fields], dataset)


def _skipped(skipped: SkippedLines) -> Mapping[str, Any]:
    """Return how many lines are no rows, and what comments begin with, for ``tables.details``."""
    rows = {"skipped_rows": {"top": skipped.top, "end": skipped.end}}
    return {**rows, **({"comment": skipped.comment} if skipped.comment else {})}


def open_json(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    """Open a JSON dataset: a text for each value that is no object, and the documents that do not parse."""
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan
    from pyspark.sql.types import StringType, StructField  # noqa: PLC0415  as above

    parts = dataset.by_layout()
    if len(parts) > 1:
        frames = [(part, open_json(spark, source, part)) for part in parts]
        return merged(dataset, frames, is_small=dataset.size_bytes <= SMALL_TEXT_BYTES)
    (dataset,) = parts
    sample = sampling.sample_json(source, dataset)
    schema = _json_struct(sample.schema)
    paths = [path for path, _ in leaves(schema)]
    taken = [*(one.name for one in sample.schema), *dataset.partition_columns]
    corrupt, nothing = _free_name(CORRUPT, taken), _free_name(NOTHING, taken)
    held = {one.name.lower() for one in sample.schema}
    folders = (name for name in dataset.partition_columns if name.lower() not in held)
    for name in (*(() if paths else (nothing,)), corrupt, *folders):
        schema = schema.add(StructField(name, StringType()))
    options = {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": corrupt}

    def read(files: Sequence[FileEntry]) -> Any:
        if dataset.records_at is None:
            reader = reader_of(spark, source, dataset, "json").schema(schema)
            reader = reader.options(multiLine=str(dataset.multiline).lower(), **options)
            return load(spark, reader, source, dataset, files)
        return _documents(spark, source, dataset, files, schema, options)

    def opened(files: Sequence[FileEntry] = dataset.files) -> Any:
        data = read(files)
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
        details={
            "multiline": dataset.multiline,
            **({"records_at": dataset.records_at} if dataset.records_at else {}),
            **({"duplicate_keys": dict(sample.repeated)} if sample.repeated else {}),
            **_doubts(key_doubts(sample, [".".join(path) for path in paths])),
        },
    )
    return _positional(frame, paths, dataset, _json_value)


def _documents(  # noqa: PLR0913, PLR0917  what a read needs
    spark: Any,
    source: DataSource,
    dataset: Dataset,
    files: Sequence[FileEntry],
    schema: Any,
    options: Mapping[str, str],
) -> Any:
    """Read files whose documents Spark does not see: each file is taken apart in a task, as a whole."""
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    records_at = str(dataset.records_at)
    folders = [quoted((name,)) for name in dataset.partition_columns]
    text = _free_name("__text", dataset.partition_columns)
    columns = ", ".join(f"{name} STRING" for name in (text, *folders))
    reader = reader_of(spark, source, dataset, "text").schema(columns).option("wholetext", "true")
    apart = python_function(lambda whole: documents_in(whole, records_at), "array<string>")
    data = load(spark, reader, source, dataset, files).select(
        f.explode(apart(text)).alias("document"), *folders
    )
    held = [one for one in schema.fields if one.name not in dataset.partition_columns]
    parsed = f.from_json("document", type(schema)(held), dict(options)).alias("parsed")
    return data.select(parsed, *folders).select("parsed.*", *folders)


def open_workbook(spark: Any, source: DataSource, dataset: Dataset) -> Frame:
    """Open a sheet of a workbook. Its rows go to Spark in blocks."""
    rows = workbook.read_rows(source.local_path(dataset.files[0]), str(dataset.sheet))
    names = tuple(name or f"_c{i}" for i, name in enumerate(next(iter(rows), [])))
    width, count = len(names), max(0, len(rows) - 1)
    schema = ", ".join(f"c{i} STRING" for i in range(width))

    def texts() -> Iterator[List[Optional[str]]]:
        return islice(rows, 1, None)

    def opened() -> Any:
        records = texts()
        blocks = iter(lambda: list(islice(records, max(1, SHEET_CELLS // width))), [])
        frames = [spark.createDataFrame(block, schema) for block in blocks]
        return (
            reduce(lambda one, other: one.union(other), frames)
            if frames
            else spark.createDataFrame([], schema)
        )

    return Frame(
        opened=opened if width else lambda: spark.range(0).select(),
        names=names,
        types=(None,) * width,
        sample=sample_columns(list(islice(rows, 1, SAMPLE_ROWS + 1)), width),
        sample_represents=True,
        is_small=count <= SMALL_ROWS,
        rows=count,
        rows_known=True,
        details={
            "sheet": dataset.sheet,
            **({"hidden": True} if rows.is_hidden else {}),
            **_doubts([rows.doubt] if rows.doubt else []),
            **({"skipped_rows": {"top": rows.top, "end": rows.end}} if rows.top or rows.end else {}),
        },
        texts=texts,
    )


def _doubts(doubts: Sequence[str]) -> Mapping[str, Any]:
    return {DOUBTS: [*doubts]} if doubts else {}


def _may_hold_long_value(entry: FileEntry) -> bool:
    return may_exceed(entry, VALUE_CHARACTERS)


def _about_rows(dataset: Dataset, mean_length: float) -> int:
    """Estimate the rows of text files from their bytes and the length of sampled rows; 0 without any."""
    if not mean_length:
        return 0
    unpacked = sum(
        entry.size_bytes * (GZIP_FACTOR if entry.name.endswith(".gz") else 1) for entry in dataset.files
    )
    return round(unpacked / max(1.0, mean_length))


def _free_name(name: str, taken: Sequence[str]) -> str:
    """Lengthen a name until no column has it. Spark does not distinguish upper and lower case."""
    others = {one.lower() for one in taken}
    while name.lower() in others:
        name += "_"
    return name


def _json_value(path: Path) -> str:
    """Return the SQL of a path; of ``NaN`` and infinities without the quotes that Spark adds."""
    name = quoted(path)
    is_quoted = f"{name} LIKE '\"%' AND {name} IN ('\"NaN\"', '\"Infinity\"', '\"-Infinity\"')"
    return f"IF({is_quoted}, trim(BOTH '\"' FROM {name}), {name})"


def _positional(
    frame: Frame, paths: List[Path], dataset: Dataset, value_of: Callable[[Path], str] = quoted
) -> Frame:
    """Name columns by their positions, and add what folders' names hold (``year=2024``), as text.

    The columns are written as SQL: a Column of Spark costs four calls of Java, and there may be 100,000.
    """
    added = [(name,) for name in dataset.partition_columns]
    values = [*map(value_of, paths), *map(quoted, added)]
    assert frame.corrupt is not None
    columns = [*(f"{value} AS c{i}" for i, value in enumerate(values)), quoted((frame.corrupt,))]
    sampled = [values_of(dataset, entry.path) for entry in dataset.files[:SAMPLE_ROWS]] if added else []
    return replace(
        frame,
        opened=lambda files=dataset.files: frame.opened(files).selectExpr(*columns),
        names=(*frame.names, *dataset.partition_columns),
        types=(*frame.types, *(None for _ in added)),
        sample=[*frame.sample, *sample_columns(sampled, len(added))],
    )


def _json_struct(fields: Any) -> Any:
    """Return the schema of documents: objects are structs, all other values the text of their JSON."""
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
