"""The values that all parts of the executor use: job types, formats, files, datasets. Pure.

A Databricks *job* and *run* are integers of the Jobs API, and do not occur here. A :class:`Job` is one
execution of this package; its ``job_id`` is what the audit tables call ``run_id``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    ClassVar,
    FrozenSet,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Union,
)

if TYPE_CHECKING:
    from nuvyn_executor.quality.declared import Note, TableTerms

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_MICROS = 86_400_000_000
FARTHEST_DAY = 106_751_991  # from 1970, whose microseconds are still a bigint


def epoch_micros(moment: datetime) -> int:
    """Return a moment as whole microseconds since 1970 UTC, which no time zone and no rounding changes."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def number_of(count: Union[int, str], noun: str) -> str:
    """Return a number and what is counted: ``1 row``, ``2 rows``."""
    return f"{count} {noun}" if str(count) == "1" else f"{count} {noun}s"


class JobType(str, Enum):
    """The six jobs of the guide, in its order."""

    SCHEMA_VALIDATION = "schema_validation"
    METADATA_EXTRACTION = "metadata_extraction"
    DATA_READING = "data_reading"
    QUALITY_ASSESSMENT = "quality_assessment"
    API_TRANSMISSION = "api_transmission"
    FULL_PIPELINE = "full_pipeline"

    @property
    def needs_source(self) -> bool:
        """Whether the job needs a ``data_source_path``."""
        return self not in (JobType.SCHEMA_VALIDATION, JobType.API_TRANSMISSION)


def _any_end(head: bytes, tail: bytes) -> bool:
    """Accept any end: the format has no fixed last bytes."""
    del head, tail
    return True


@dataclass(frozen=True)
class FileFormat:
    """How a dataset is written. The formats that are read are the entries of ``discovery/formats.py``.

    Attributes:
        value: its name, as callers write it and as ``tables.file_format`` has it.
        noun: what a file of it is called in a sentence.
        extensions: how names of such files end, in lower case; the first is the usual one.
        magic: the bytes that such a file begins with; empty when its content or its folder decides.
        ends_well: whether a file of that beginning has the end that belongs to it. Takes its first 64 KB, and
            its last 16 bytes (or the whole file, if that is shorter).
        is_text: it is text, which may be gzip; what its values are is understood from them.
        has_dialect: delimiter, quotes, header and encoding have to be found out.
        may_be_document: a file is one document, or holds a document a line.
        has_sheets: a file is a workbook, and each sheet a table.
        has_log: a table is a folder with a log, which names the files of each of its versions.
        declares_types: a file declares the types of its columns.
        is_columnar: one column can be read without the others, and rows are counted without reading any.
        is_counted_by_polars: Polars reads it as Spark does.
        is_table: its rows come from a database or a catalog, not from files.
        spark_package: Maven's ``group:artifact`` of what Spark needs to read it, where that is not a part of
            Spark; Databricks has it built in.
    """

    value: str
    noun: str
    extensions: Tuple[str, ...] = ()
    magic: bytes = b""
    ends_well: Callable[[bytes, bytes], bool] = field(default=_any_end, compare=False)
    is_text: bool = False
    has_dialect: bool = False
    may_be_document: bool = False
    has_sheets: bool = False
    has_log: bool = False
    declares_types: bool = False
    is_columnar: bool = False
    is_counted_by_polars: bool = False
    is_table: bool = False
    spark_package: str = ""

    TABLE: ClassVar[FileFormat]


FileFormat.TABLE = FileFormat("table", noun="a table", declares_types=True, is_table=True)
"""A table of a database or of a catalog; no file has this format."""


@dataclass(frozen=True)
class SourceType:
    """What a path holds, as the caller names it.

    Attributes:
        value: the caller's word.
        format: the one format that is read, other files being reported; ``None``: whatever is there is read.
    """

    value: str
    format: Optional[FileFormat] = None

    AUTO: ClassVar[SourceType]


SourceType.AUTO = SourceType("auto")


class RunStatus(str, Enum):
    """``executor_runs.status``: the guide's query asks for ``Success``."""

    RUNNING = "Running"
    SUCCESS = "Success"
    PARTIAL = "Partial"
    FAILED = "Failed"


@dataclass(frozen=True)
class RequestedSource:
    """One of several sources that a request names.

    Attributes:
        path: its path, as in ``argv``.
        source_type: what it holds, as the caller names it.
        requested_id: the caller's own id of it, where it has one.
    """

    path: str
    source_type: SourceType = SourceType.AUTO
    requested_id: Optional[str] = None


@dataclass(frozen=True)
class JobRequest:
    """What the caller asks for: the parsed ``argv``, or the sources of ``NUVYN_JOB_PAYLOAD``.

    Attributes:
        data_source_path: the path; of several sources their paths, joined by commas.
        source_type: what the path holds; each of several sources has its own.
        sources: the sources, where there are several; empty where there is one, or none.
        notes: sentences for the log: how the parameters were understood.
    """

    job_type: JobType
    data_source_path: Optional[str] = None
    source_type: SourceType = SourceType.AUTO
    tenant_id: str = "default"
    sources: Tuple[RequestedSource, ...] = ()
    notes: Tuple[str, ...] = ()

    def of_each_source(self) -> Tuple[JobRequest, ...]:
        """Return one request for each source; of a request with one source or none, the request itself."""
        if not self.sources:
            return (self,)
        return tuple(
            replace(self, data_source_path=one.path, source_type=one.source_type, sources=())
            for one in self.sources
        )


@dataclass(frozen=True)
class DeletionVector:
    """Where it is written which rows of a data file a Delta table has deleted.

    Attributes:
        rows: how many rows are deleted.
        size_bytes: of the vector.
        path: of the file that it is in, as that of a :class:`FileEntry`; ``""`` of one that is ``inline``.
        offset: where it begins in that file.
        inline: the vector itself as text; ``""`` of one in a file.
    """

    rows: int
    size_bytes: int
    path: str = ""
    offset: int = 0
    inline: str = ""


@dataclass(frozen=True)
class FileEntry:
    """One file of a source.

    Attributes:
        path: absolute path, as Python's ``open`` takes it on this machine; of an object in a store, its URL.
        name: path relative to the source, with ``/``; for a source that is one file, the file's name.
        size_bytes: size in bytes.
        modified_at: last modification, UTC.
        etag: the version of an object's content in a store, or the checksum of a member of an archive; ``""``
            for other files.
        content_name: of a file that is compressed or in an archive, its name when it is unpacked; ``""`` for
            all others. ``size_bytes`` is what such a file takes where it lies.
        deleted: of a Delta table's data file, which of its rows are no rows of the table; ``None`` where all
            are, or where that was not asked for.
    """

    path: str
    name: str
    size_bytes: int
    modified_at: datetime
    etag: str = ""
    content_name: str = ""
    deleted: Optional[DeletionVector] = None

    @property
    def is_packed(self) -> bool:
        """Whether its content is longer than ``size_bytes``, and is read by unpacking it."""
        return bool(self.content_name)

    @property
    def plain_name(self) -> str:
        """Its name, without what says how it is compressed; of gzip that is read as it is, the name."""
        return self.content_name or self.name


@dataclass(frozen=True)
class CsvDialect:
    """How a CSV file is written.

    Attributes:
        delimiter: what separates fields, one character or several; ``""`` where a line is one field.
        encoding: a Java charset name (``UTF-8``, ``UTF-16``, ``ISO-8859-1``).
        multiline: a quoted value holds a line break, so a line is not a record.
        escape: what stands before a quote inside a quoted value; ``""`` where such a quote is doubled.
        trims: blanks around a value do not belong to it.
    """

    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    encoding: str = "UTF-8"
    multiline: bool = False
    escape: str = ""
    trims: bool = False

    @property
    def separator(self) -> str:
        """The delimiter for readers that need one; where nothing separates, a character that no text has."""
        return self.delimiter or "\x1f"


def column_names(record: Sequence[Optional[str]], *, header: bool) -> Tuple[str, ...]:
    """Return the names of the columns of a CSV file: ``_c0``, ``_c1``, ... where it does not name them.

    Args:
        record: its first record.
        header: whether that names the columns.
    """
    # Files that were joined or encoded twice have a second byte order mark.
    names = [(name or "").lstrip("\ufeff") if header else "" for name in record]
    return tuple(name if name.strip() else f"_c{index}" for index, name in enumerate(names))


@dataclass(frozen=True)
class FileLayout:
    """How some of the files of a dataset of CSV or JSON are written, where not all are written alike.

    Attributes:
        dialect: of CSV, their dialect.
        columns: of CSV, the column of each field of a row; ``""`` for a field that is no column.
        files: their names.
        multiline: of JSON, as in :class:`Dataset`.
        records_at: of JSON, as in :class:`Dataset`.
    """

    dialect: Optional[CsvDialect]
    columns: Tuple[str, ...]
    files: FrozenSet[str]
    multiline: bool = False
    records_at: Optional[str] = None


@dataclass(frozen=True)
class SkippedLines:
    """Lines of CSV files that are no rows: titles, comments, borders, units, totals, notes.

    Attributes:
        lines: their texts; a line of the same text is no row in any of the files.
        headers: the records that name columns, in files with lines before them.
        comment: what a comment begins with, in any line that has not as many fields as a row; or ``""``.
        top: how many come before the first row, all files together, without headers.
        end: how many come after the last row.
    """

    lines: FrozenSet[str] = frozenset()
    headers: FrozenSet[str] = frozenset()
    comment: str = ""
    top: int = 0
    end: int = 0

    def __add__(self, other: SkippedLines) -> SkippedLines:
        """Return those of the files of both."""
        return SkippedLines(
            self.lines | other.lines,
            self.headers | other.headers,
            self.comment or other.comment,
            self.top + other.top,
            self.end + other.end,
        )


@dataclass(frozen=True)
class DeclaredColumn:
    """What a catalogue says about a column.

    Attributes:
        name: its name.
        data_type: its type in the words of the database; ``""`` where it says none.
        comment: the comment on it; ``""`` where there is none.
    """

    name: str
    data_type: str = ""
    comment: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values are those of a key of another table.

    Attributes:
        columns: the columns of this table.
        table: the other table, with its schema where there are schemas.
        references: the columns there, in the same order.
    """

    columns: Tuple[str, ...]
    table: str
    references: Tuple[str, ...]


@dataclass(frozen=True)
class DeclaredTable:
    """What a catalogue says about a table.

    Attributes:
        kind: ``table`` or ``view``.
        comment: the comment on it; ``""`` where there is none.
        rows: about how many rows it has; ``None`` where the catalogue does not know.
        size_bytes: bytes that it takes; ``None`` where the catalogue does not know.
        columns: its columns, in no certain order.
        foreign_keys: its foreign keys, ordered by name.
        stamp: while it is the same, the rows are the same; ``""`` where nothing says so.
        modified_at: when its rows last changed, UTC; ``None`` where the catalogue does not know.
    """

    kind: str = "table"
    comment: str = ""
    rows: Optional[int] = None
    size_bytes: Optional[int] = None
    columns: Tuple[DeclaredColumn, ...] = ()
    foreign_keys: Tuple[ForeignKey, ...] = ()
    stamp: str = ""
    modified_at: Optional[datetime] = None

    def column(self, name: str) -> DeclaredColumn:
        """Return what is declared of a column; of an unknown one, its name alone."""
        return next((one for one in self.columns if one.name == name), DeclaredColumn(name))


@dataclass(frozen=True)
class Dataset:
    """One logical table of a source: a row of ``_executor_metadata.tables``.

    Attributes:
        name: ``tables.table_name``: the file's stem, the folder's name, or ``workbook.sheet``.
        folder: where it lies inside the source (``""`` at its top): ``tables.schema_name``.
        path: the file, or the folder that is the dataset as a whole, as ``open`` takes it.
        files: its files, ordered by name.
        sheet: the worksheet, for Excel.
        dialect: for CSV.
        multiline: for JSON: the file is one document, not one document a line.
        records_at: for JSON: the key of the one document whose array has the rows; ``""`` where documents
            follow each other; ``None`` where Spark reads a document a line, or an array.
        partition_columns: names of Hive partition columns (``year`` of ``year=2024/``), outermost first.
        version: of a Delta table, the one that is read; ``None`` before its log was read.
        key_columns: the primary key that a catalogue declares, in its order; empty where it declares none.
        declared: what else a catalogue says about it; ``None`` for files.
        as_of: of a Delta table, the version that the caller named: ``v3``, or the digits of a moment.
        layouts: of CSV and JSON, how its files are written, where they differ; the layout of the first file
            is the first. Empty where all are written alike.
        columns: of CSV whose header has not as many fields as its rows, the columns; else empty.
        doubts: what speaks against the way in which it is read: clauses with a remedy.
        skipped: of CSV, the lines that are no rows; ``None`` where there are none.
        terms: what a data contract declares of it; ``None`` without one.
    """

    name: str
    folder: str
    path: str
    format: FileFormat
    files: Tuple[FileEntry, ...]
    sheet: Optional[str] = None
    dialect: Optional[CsvDialect] = None
    multiline: bool = False
    records_at: Optional[str] = None
    partition_columns: Tuple[str, ...] = ()
    version: Optional[int] = None
    key_columns: Tuple[str, ...] = ()
    declared: Optional[DeclaredTable] = None
    as_of: str = ""
    layouts: Tuple[FileLayout, ...] = ()
    columns: Tuple[str, ...] = ()
    doubts: Tuple[str, ...] = ()
    skipped: Optional[SkippedLines] = None
    terms: Optional[TableTerms] = None

    def by_layout(self) -> Tuple[Dataset, ...]:
        """Return its parts whose files are written alike; itself, where all are."""
        if len(self.layouts) <= 1:
            return (self,)
        parts = (
            replace(
                self,
                files=tuple(entry for entry in self.files if entry.name in layout.files),
                dialect=layout.dialect,
                multiline=layout.multiline,
                records_at=layout.records_at,
                layouts=(layout,),
            )
            for layout in self.layouts
        )
        return tuple(part for part in parts if part.files)

    @property
    def size_bytes(self) -> int:
        """Bytes of all its files; of a table of a database, those that its catalogue names."""
        if self.declared is not None and self.declared.size_bytes is not None:
            return self.declared.size_bytes
        return sum(entry.size_bytes for entry in self.files)

    @property
    def modified_at(self) -> Optional[datetime]:
        """When it last changed, UTC; ``None`` where nothing says so."""
        declared = None if self.declared is None else self.declared.modified_at
        return max((entry.modified_at for entry in self.files), default=declared)

    @property
    def label(self) -> str:
        """The name to report when it cannot be read: that of its file, where it is one file; else its own."""
        is_file = len(self.files) == 1 and self.sheet is None and not self.format.has_log
        return self.files[0].name if is_file else self.name


@dataclass(frozen=True)
class Skipped:
    """A file (or dataset) that was not read, and why: one entry of ``details``.

    Attributes:
        is_failure: it should have been read and could not be (damaged, forbidden, vanished), which makes a
            run ``Partial``. Otherwise its format is unknown, or not the one that was asked for.
    """

    name: str
    reason: str
    remedy: str = ""
    is_failure: bool = False


@dataclass(frozen=True)
class Listing:
    """The names of all that a source holds. No file was opened.

    Attributes:
        root: the folder that names are relative to, as ``open`` takes it; of a single file, its folder.
        files: visible files, ordered by name.
        is_single_file: the source is one file, not a folder that holds one.
        delta_folders: folders (relative to the source, ``""`` for its top) that are Delta tables.
        problems: what could not be listed: an unreadable folder, a file that vanished, an odd name.
        truncated: there are more files than the limit allows.
        as_of: the version of the Delta table that is meant; ``""``: the newest.
    """

    root: str
    files: Tuple[FileEntry, ...]
    is_single_file: bool = False
    delta_folders: Tuple[str, ...] = ()
    problems: Tuple[Skipped, ...] = ()
    truncated: bool = False
    as_of: str = ""


@dataclass(frozen=True)
class Discovery:
    """The datasets and other files at a path, before any dataset is read in full.

    Attributes:
        files: every visible file found, unknown formats included, up to the limit.
        datasets: the logical tables they make up.
        skipped: files that belong to no dataset: unknown format, wrong format, empty, unreadable.
        truncated: there are more files than ``EXECUTOR_MAX_FILES_PER_JOB`` allows; the rest is not read.
        wanted: the only format that was looked for; ``None``: all of them.
        root: the folder that names are relative to; ``""`` in a database.
        contract_files: those of ``files`` that are data contracts.
        notes: what is to be said about the data contracts.
    """

    files: Tuple[FileEntry, ...]
    datasets: Tuple[Dataset, ...]
    skipped: Tuple[Skipped, ...] = ()
    truncated: bool = False
    wanted: Optional[FileFormat] = None
    root: str = field(default="", compare=False)
    contract_files: Tuple[FileEntry, ...] = ()
    notes: Tuple[Note, ...] = ()

    @property
    def found(self) -> int:
        """How many files were found; in a database or catalog, how many tables."""
        tables = sum(dataset.format.is_table for dataset in self.datasets)
        return len(self.files) + tables + (len(self.skipped) if tables else 0)

    @property
    def size_bytes(self) -> int:
        """Bytes of all files that were found; of a database or catalog, those of its tables."""
        tables = (dataset.size_bytes for dataset in self.datasets if dataset.format.is_table)
        return sum(entry.size_bytes for entry in self.files) + sum(tables)

    @property
    def unreadable(self) -> Tuple[Skipped, ...]:
        """Those of ``skipped`` that should have been read."""
        return tuple(one for one in self.skipped if one.is_failure)


@dataclass(frozen=True)
class JobOutcome:
    """What a job returns: its documented result and its status."""

    result: Mapping[str, Any]
    status: RunStatus = RunStatus.SUCCESS
    error_message: Optional[str] = None
