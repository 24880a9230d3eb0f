"""Read a deterministic sample of a text dataset, which decides its columns and types before the one scan."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple, TypeVar

from nuvyn_executor.discovery.json_layout import array_at
from nuvyn_executor.discovery.text_encoding import UTF_8, encoding_named
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import CsvDialect, column_names
from nuvyn_executor.reading import chunks
from nuvyn_executor.reading.chunks import Excerpt, excerpts, sampled_files
from nuvyn_executor.reading.csv_records import Record, parse_values
from nuvyn_executor.reading.frame import SAMPLE_CHARACTERS
from nuvyn_executor.reading.json_sample import (
    JsonField,
    Seen,
    parse_documents,
    parse_lines,
    shortened,
    text_of,
)
from nuvyn_executor.reading.skipped_lines import without_skipped

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry, SkippedLines
    from nuvyn_executor.reading.chunks import Chunk
    from nuvyn_executor.sources.base import DataSource

SAMPLE_ROWS = 10_000
FEW_ROWS = 10
"""Where fewer rows of a file were read, more of its beginning is read ..."""
FEW_ROWS_BYTES = 4 * 1024 * 1024
"""... up to so many bytes; to find a first row, up to :data:`~nuvyn_executor.reading.chunks.MOST_BYTES`."""


@dataclass(frozen=True)
class CsvSample:
    """Rows of a CSV dataset, as text.

    Attributes:
        column_names: as the file has them, repeated ones too; ``_c0``, ``_c1``, ... where it has none.
        rows: each as long as it is in the file, its values cut to 4,096 characters; ``None`` for an empty
            field, ``""`` for a quoted empty one.
        whole: these are all rows of the dataset.
        mean_length: about how many characters a row has in the file; 0 without rows.
    """

    column_names: Tuple[str, ...]
    rows: List[Record]
    whole: bool
    mean_length: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class JsonSample:
    """Documents of a JSON dataset.

    Attributes:
        schema: fields of all documents together, in order of first appearance.
        rows: the documents that are objects. Texts are cut to 4,096 characters; an array is its JSON as
            text, cut as well.
        failed: lines or documents that do not parse, or are no objects.
        whole: these are all documents of the dataset.
        repeated: keys that stand in one object more than once, and in how many objects.
        mean_length: about how many characters a document has on one line; 0 without documents.
    """

    schema: Tuple[JsonField, ...]
    rows: List[Dict[str, Any]]
    failed: int
    whole: bool
    repeated: Mapping[str, int] = field(default_factory=dict)
    mean_length: float = field(default=0.0, compare=False)


def sample_csv(source: DataSource, dataset: Dataset) -> CsvSample:
    """Read at most 10,000 rows from beginning, middle and end of at most five files.

    The header comes from the first file, and is left out of the rows of each file that has it. Of files whose
    records may be several lines, of gzip and of UTF-16, only the beginning is read. Where the beginning
    holds no row, or not the whole header, more is read.

    Raises:
        DatasetUnreadable: a file cannot be read, or the first 64 MiB of none hold a whole record.
    """
    dialect = dataset.dialect or CsvDialect()
    encoding = encoding_named(dialect.encoding)
    header: Optional[Record] = None
    rows: List[Record] = []
    length = 0
    files = sampled_files(dataset.files)
    whole = len(files) == len(dataset.files)
    for entry in files:
        part = _CsvPart(None, [], 0, 0, whole=False)
        for excerpt in excerpts(source, entry, encoding, head_only=dialect.multiline):
            part = _better(part, _csv_part(excerpt, dialect, dataset.skipped, SAMPLE_ROWS // len(files)))
            if part.is_enough(excerpt.size):
                break
        header = header if header is not None else part.first
        if part.first is not None and _plain(part.first) != _plain(header or []):
            rows.append(_shortened(part.first))  # a part that has no header
            length += _length(part.first)
        rows.extend(part.rows)
        length += part.length
        whole = whole and part.whole
    if not whole and header is None and (dialect.header or not rows):
        raise DatasetUnreadable(
            f"The first line of {files[0].name} does not end in its {_most_read()}.",
            "Check that its lines end, and that delimiter and quotes are those of a CSV file.",
        )
    if header is None:
        names = column_names(rows[0] if rows else (), header=False)
    else:
        names = column_names(header, header=True)
    return CsvSample(names, rows, whole, length / max(1, len(rows)))


def sample_json(source: DataSource, dataset: Dataset) -> JsonSample:
    """Read at most 10,000 documents from beginning, middle and end of at most five files.

    Of a file that is one document the beginning is read: the first elements of its array. Where the beginning
    holds no whole document, more is read.

    Raises:
        DatasetUnreadable: a file cannot be read, or there are documents, but no whole object among them.
    """
    seen = Seen()
    rows: List[Dict[str, Any]] = []
    failed = length = 0
    files = sampled_files(dataset.files)
    whole = len(files) == len(dataset.files)
    refusals: List[DatasetUnreadable] = []
    for entry in files:
        part = _JsonPart([], 0, 0, is_cut=True, whole=False)
        for excerpt in excerpts(source, entry, UTF_8, head_only=dataset.multiline):
            part = _better(part, _json_part(excerpt, SAMPLE_ROWS // len(files), dataset))
            if part.is_enough(excerpt.size):
                break
        refusals.extend(part.refusals(entry))
        failed += part.failed
        whole = whole and part.whole
        for document in part.rows:
            seen.see(document)
            length += len(text_of(document)) + 1
            rows.append(shortened(document, SAMPLE_CHARACTERS))
    if refusals and not rows:
        raise refusals[0]
    return JsonSample(seen.children(), rows, failed, whole, seen.repeated(), length / max(1, len(rows)))


class _CsvPart(NamedTuple):
    """Rows of one file.

    Attributes:
        first: its first record, where the dataset has a header; ``None`` where that was not seen whole.
        head_rows: how many of the rows are from its beginning.
        length: characters of the rows.
        whole: these are all rows of the file.
    """

    first: Optional[Record]
    rows: List[Record]
    head_rows: int
    length: int
    whole: bool

    @property
    def knowledge(self) -> Tuple[bool, bool]:
        """What is known of the file; the greater, the more."""
        return self.first is not None, bool(self.rows)

    def is_enough(self, size: int) -> bool:
        """Whether to read no more than the first ``size`` bytes."""
        return self.head_rows > 0 and (len(self.rows) >= FEW_ROWS or size >= FEW_ROWS_BYTES)


class _JsonPart(NamedTuple):
    """Objects of one file.

    Attributes:
        failed: documents that do not parse, or are no objects.
        head_documents: how many documents are from the file's beginning, failed ones too.
        is_cut: there is more in the file.
        whole: these are all documents of the file.
    """

    rows: List[Dict[str, Any]]
    failed: int
    head_documents: int
    is_cut: bool
    whole: bool

    @property
    def knowledge(self) -> bool:
        """What is known of the file; the greater, the more."""
        return bool(self.rows)

    def is_enough(self, size: int) -> bool:
        """Whether to read no more than the first ``size`` bytes."""
        is_known = self.head_documents > 0 and bool(self.rows)
        return is_known and (len(self.rows) >= FEW_ROWS or size >= FEW_ROWS_BYTES)

    def refusals(self, entry: FileEntry) -> Iterator[DatasetUnreadable]:
        """Return why the file could not be read if it were the whole dataset."""
        if self.is_cut and not self.rows:
            yield DatasetUnreadable(
                f"{entry.name} has no whole JSON object in its {_most_read()}.",
                "Write it as smaller objects, one a line.",
            )
        elif self.failed and not self.rows:
            yield DatasetUnreadable(
                f"{entry.name} holds no JSON object that can be parsed.",
                "Write it again: one object a line, or an array of objects.",
            )


_Part = TypeVar("_Part", _CsvPart, _JsonPart)


def _better(before: _Part, after: _Part) -> _Part:
    """Choose the part that was read from more of a file, unless it holds less."""
    return after if after.knowledge >= before.knowledge else before


def _most_read() -> str:
    return f"first {chunks.MOST_BYTES >> 20} MiB"


def _csv_part(excerpt: Excerpt, dialect: CsvDialect, skipped: Optional[SkippedLines], most: int) -> _CsvPart:
    first: Optional[Record] = None
    rows: List[Record] = []
    head_rows = length = 0
    whole = excerpt.is_whole
    for chunk in excerpt.chunks:
        records = _records(chunk._replace(text=without_skipped(chunk.text, skipped)), dialect)
        if dialect.header and chunk.is_first:
            first = next(records, None)
        for record in islice(records, most // len(excerpt.chunks)):
            rows.append(_shortened(record))
            length += _length(record)
        head_rows = len(rows) if chunk.is_first else head_rows
        whole = whole and next(records, None) is None
    return _CsvPart(first, rows, head_rows, length, whole)


def _json_part(excerpt: Excerpt, most: int, dataset: Dataset) -> _JsonPart:
    rows: List[Dict[str, Any]] = []
    failed = head_documents = 0
    whole = excerpt.is_whole
    for chunk in excerpt.chunks:
        values, broken = _documents(chunk, dataset)
        objects = [value for value in values if isinstance(value, dict)]
        failed += broken + len(values) - len(objects)
        share = most // len(excerpt.chunks)
        rows.extend(objects[:share])
        head_documents = len(values) + broken if chunk.is_first else head_documents
        whole = whole and len(objects) <= share
    return _JsonPart(rows, failed, head_documents, not excerpt.is_whole, whole)


def _plain(header: Record) -> List[str]:
    return [(name or "").strip().casefold() for name in header]


def _shortened(record: Record) -> Record:
    return [value[:SAMPLE_CHARACTERS] if value else value for value in record]


def _length(record: Record) -> int:
    return sum(len(value or "") + 1 for value in record)


def _records(chunk: Chunk, dialect: CsvDialect) -> Iterator[Record]:
    written = dialect.separator, dialect.quote, dialect.escape
    if dialect.multiline:
        yield from parse_values(chunk.text, *written, is_cut=chunk.is_cut)
        return
    text = chunk.whole_lines()
    # Line by line, as Spark does it: a stray quote then spoils one line and not the rest.
    for line in text.split("\n" if "\n" in text else "\r"):
        for record in islice(parse_values(line.rstrip("\r"), *written), 1):
            yield [(value or "").strip(" ") or None for value in record] if dialect.trims else record


def _documents(chunk: Chunk, dataset: Dataset) -> Tuple[List[Any], int]:
    """Return the documents of a chunk, and how many could not be parsed."""
    if dataset.multiline:
        start = array_at(chunk.text, dataset.records_at) if dataset.records_at else None
        values, ended = parse_documents(chunk.text if start is None else chunk.text[start - 1 :])
        ended = ended or start is not None  # more of the document may follow its array
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
