"""A deterministic sample of a text dataset, to decide its columns and types before the one scan of it all."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from nuvyn_executor.metadata.chunks import Chunk, read_chunks, sampled_files
from nuvyn_executor.metadata.csv_records import Record, parse_values
from nuvyn_executor.metadata.json_sample import JsonField, parse_documents, parse_lines, schema_of
from nuvyn_executor.metadata.text_encoding import UTF_8, encoding_named
from nuvyn_executor.model import CsvDialect

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset
    from nuvyn_executor.sources.base import DataSource

SAMPLE_ROWS = 10_000


@dataclass(frozen=True)
class CsvSample:
    """Rows of a CSV dataset, as text.

    Attributes:
        column_names: as the file has them, repeated ones too; ``_c0``, ``_c1``, ... where it has none.
        rows: as long as they are in the file; ``None`` for an empty field, ``""`` for a quoted empty one.
        whole: these are all rows of the dataset.
    """

    column_names: Tuple[str, ...]
    rows: List[Record]
    whole: bool


@dataclass(frozen=True)
class JsonSample:
    """Documents of a JSON dataset.

    Attributes:
        schema: fields of all documents together, in order of first appearance.
        rows: the documents that are objects.
        failed: lines or documents that do not parse, or are no objects.
        whole: these are all documents of the dataset.
    """

    schema: Tuple[JsonField, ...]
    rows: List[Dict[str, Any]]
    failed: int
    whole: bool


def sample_csv(source: DataSource, dataset: Dataset) -> CsvSample:
    """Read at most 10,000 rows from beginning, middle and end of at most five files.

    The header comes from the first file; in each file it is left out where it stands. Of files whose records
    may be several lines, of gzip and of UTF-16, only the beginning is read.

    Raises:
        DatasetUnreadable: a file cannot be read.
    """
    dialect = dataset.dialect or CsvDialect()
    header: Optional[Record] = None
    rows: List[Record] = []
    files = sampled_files(dataset.files)
    whole = len(files) == len(dataset.files)
    for entry in files:
        head_only = dialect.multiline
        chunks = read_chunks(source, entry, encoding_named(dialect.encoding), head_only=head_only)
        whole = whole and len(chunks) == 1 and not chunks[0].is_cut
        share = SAMPLE_ROWS // (len(files) * len(chunks))
        for chunk in chunks:
            records = _records(chunk, dialect)
            if dialect.header and chunk.is_first:
                first = next(records, None)
                header = header if header is not None else first
                if first is not None and first != header:
                    rows.append(first)  # a part that was written without a header
            rows.extend(islice(records, share))
            whole = whole and next(records, None) is None
    return CsvSample(_column_names(header, rows), rows, whole)


def sample_json(source: DataSource, dataset: Dataset) -> JsonSample:
    """Read at most 10,000 documents from beginning, middle and end of at most five files.

    Of a file that is one document, the beginning is read: the elements of its array, as far as they go.

    Raises:
        DatasetUnreadable: a file cannot be read.
    """
    rows: List[Dict[str, Any]] = []
    failed = 0
    files = sampled_files(dataset.files)
    whole = len(files) == len(dataset.files)
    for entry in files:
        chunks = read_chunks(source, entry, UTF_8, head_only=dataset.multiline)
        whole = whole and len(chunks) == 1 and not chunks[0].is_cut
        share = SAMPLE_ROWS // (len(files) * len(chunks))
        for chunk in chunks:
            values, broken = _documents(chunk, multiline=dataset.multiline)
            objects = [value for value in values if isinstance(value, dict)]
            failed += broken + len(values) - len(objects)
            rows.extend(objects[:share])
            whole = whole and len(objects) <= share
    return JsonSample(schema_of(rows), rows, failed, whole)


def _records(chunk: Chunk, dialect: CsvDialect) -> Iterator[Record]:
    delimiter, quote = dialect.delimiter, dialect.quote
    text = chunk.whole_lines()
    if not dialect.multiline:
        # Line by line, as Spark does it: a stray quote then spoils one line and not the rest.
        for line in text.split("\n" if "\n" in text else "\r"):
            yield from islice(parse_values(line.rstrip("\r"), delimiter, quote), 1)
        return
    records = parse_values(text, delimiter, quote)
    previous = next(records, None)
    for record in records:
        if previous is not None:
            yield previous
        previous = record
    if previous is not None and not chunk.is_cut:  # a cut may fall between two quotes
        yield previous


def _documents(chunk: Chunk, *, multiline: bool) -> Tuple[List[Any], int]:
    """Give the documents of a chunk, and how many could not be parsed."""
    if multiline:
        values, ended = parse_documents(chunk.text)
        return values, int(not ended and not chunk.is_cut)
    values = []
    failed = 0
    for value in parse_lines(chunk.whole_lines()):
        if isinstance(value, list):
            values.extend(value)  # Spark takes the elements of such a line for documents too
        elif value is None:
            failed += 1
        else:
            values.append(value)
    return values, failed


def _column_names(header: Optional[Record], rows: List[Record]) -> Tuple[str, ...]:
    if header is None:
        return tuple(f"_c{index}" for index in range(len(rows[0]) if rows else 0))
    # A second byte order mark stands in files that were pasted together or written twice.
    names = [(name or "").lstrip("\ufeff") for name in header]
    return tuple(name if name.strip() else f"_c{index}" for index, name in enumerate(names))
