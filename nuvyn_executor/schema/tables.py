"""The five tables as data: their columns, and which of them are sent to the platform.

Nothing is sent that is not marked: an unmarked column stays in the workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Tuple, Union

from nuvyn_executor.schema.details import (
    CELLS,
    COLUMN_DETAILS,
    CONNECTION_DETAILS,
    NO,
    TABLE_DETAILS,
    YES,
    Key,
    Sent,
)


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: its name.
        data_type: its Spark SQL type.
        comment: its meaning.
        sent: whether it is sent to the platform.
        keys: of a column that holds a JSON object, its keys.
    """

    name: str
    data_type: str
    comment: str
    sent: Sent = NO
    keys: Tuple[Key, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table: its name, its key (one column that identifies a row), its columns."""

    name: str
    key: str
    columns: Tuple[Column, ...]
    comment: str

    def column_types(self) -> Dict[str, str]:
        """Name and type of each column, in order."""
        return {column.name: column.data_type for column in self.columns}

    def sent_columns(self, *, send_samples: bool) -> List[Column]:
        """Return the columns that are sent to the platform, in order; ``send_samples`` allows cell values."""
        return [column for column in self.columns if column.sent.is_allowed(send_samples=send_samples)]


_Row = Union[Tuple[str, str, str], Tuple[str, str, str, Sent], Tuple[str, str, str, Sent, Tuple[Key, ...]]]


def _columns(*rows: _Row) -> Tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


_SCORES = (
    ("overall_score", "double", "0 to 100; NULL when there was nothing to assess", YES),
    ("quality_level", "string", "Excellent, Good, Fair, Poor or Unknown", YES),
    ("completeness", "double", "0 to 100", YES),
    ("accuracy", "double", "0 to 100: plausible values", YES),
    ("consistency", "double", "0 to 100: written like their neighbours", YES),
    ("timeliness", "double", "0 to 100", YES),
    ("validity", "double", "0 to 100: parse as what they should be", YES),
    ("uniqueness", "double", "0 to 100", YES),
)

SOURCES = Table(
    "sources",
    "source_id",
    _columns(
        ("source_id", "string", "hash of tenant and path", YES),
        ("tenant_id", "string", "whose source", YES),
        ("source_name", "string", "last part of the path", YES),
        ("source_path", "string", "as the caller named it, secrets masked", YES),
        ("source_type", "string", "what the caller named, or what was found", YES),
        ("files_found", "bigint", "visible files, those of unknown formats included", YES),
        ("total_size_bytes", "bigint", "bytes of those files", YES),
        ("connection_details", "string", "JSON: how it was reached, secrets masked", YES, CONNECTION_DETAILS),
        ("metadata_version", "bigint", "one more with each extraction", YES),
        ("transmitted_version", "bigint", "the last version that the platform confirmed"),
        ("transmitted_at", "timestamp", "when it did"),
        ("confirmation", "string", "its answer, JSON"),
        ("transmitted_tables", "string", "compressed hashes of the tables that it confirmed"),
        ("last_run_id", "string", "the run that wrote this row"),
        ("created_at", "timestamp", "first seen", YES),
        ("updated_at", "timestamp", "last extraction", YES),
    ),
    "data source registry",
)

TABLES = Table(
    "tables",
    "table_id",
    _columns(
        ("table_id", "string", "hash of source, path and sheet", YES),
        ("source_id", "string", "sources.source_id", YES),
        ("tenant_id", "string", "whose table", YES),
        ("table_name", "string", "file stem, folder or workbook.sheet", YES),
        ("schema_name", "string", "folder inside the source", YES),
        ("file_path", "string", "file or folder", YES),
        ("file_format", "string", "the format, in the words of `source_type`", YES),
        ("file_count", "bigint", "files that make it up", YES),
        ("size_bytes", "bigint", "bytes of those files", YES),
        ("row_count", "bigint", "rows", YES),
        ("column_count", "bigint", "columns, leaf fields of structs counted", YES),
        *_SCORES,
        ("details", "string", "JSON: how it was read, what was counted", YES, TABLE_DETAILS),
        (
            "scan_state",
            "string",
            "compressed counts: the next run does not read again what has not changed",
        ),
        ("last_modified", "timestamp", "newest file", YES),
        ("last_refreshed", "timestamp", "last extraction", YES),
        ("removed_at", "timestamp", "when it was first found gone; NULL while it is there", YES),
        ("last_run_id", "string", "the run that wrote this row"),
    ),
    "table metadata",
)

COLUMNS = Table(
    "columns",
    "column_id",
    _columns(
        ("column_id", "string", "hash of table and column name", YES),
        ("table_id", "string", "tables.table_id", YES),
        ("source_id", "string", "sources.source_id", YES),
        ("tenant_id", "string", "whose column", YES),
        ("column_name", "string", "dotted path for a leaf of a struct", YES),
        ("ordinal_position", "bigint", "from 1", YES),
        ("data_type", "string", "Spark SQL type, declared or inferred", YES),
        ("is_nullable", "boolean", "whether a missing value was seen or may occur", YES),
        ("is_primary_key", "boolean", "named as a key, complete and unique", YES),
        ("null_count", "bigint", "missing values: NULL, NaN, blank, placeholder", YES),
        ("distinct_count", "bigint", "different values", YES),
        ("distinct_is_approximate", "boolean", "whether that is an estimate", YES),
        ("completeness", "double", "0 to 100", YES),
        ("validity", "double", "0 to 100", YES),
        ("uniqueness", "double", "0 to 100", YES),
        ("sample_value", "string", "one value; sent only with EXECUTOR_SEND_SAMPLES=true", CELLS),
        ("details", "string", "JSON: counters, minimum, maximum, lengths", YES, COLUMN_DETAILS),
        ("removed_at", "timestamp", "when it was first found gone", YES),
    ),
    "column metadata",
)

EXECUTOR_RUNS = Table(
    "executor_runs",
    "run_id",
    _columns(
        ("run_id", "string", "job_ and 12 hex digits"),
        ("executor_version", "string", "version of this package"),
        ("source_id", "string", "sources.source_id, where the job has one source"),
        ("tenant_id", "string", "for whom"),
        ("run_mode", "string", "the job type"),
        ("source_path", "string", "as the caller named it, secrets masked"),
        ("status", "string", "Running, Success, Partial or Failed"),
        ("error_message", "string", "one sentence"),
        ("started_at", "timestamp", "UTC"),
        ("finished_at", "timestamp", "UTC"),
        ("result", "string", "the JSON that went to stdout"),
        ("driver", "string", "host, process and its start: who runs it"),
        ("heartbeat_at", "timestamp", "when that process was last known to be alive"),
    ),
    "execution audit trail",
)

LOGS = Table(
    "logs",
    "log_id",
    _columns(
        ("log_id", "string", "run and line number"),
        ("run_id", "string", "executor_runs.run_id"),
        ("log_level", "string", "INFO, WARNING, ERROR or DEBUG"),
        ("logger", "string", "nuvyn_executor.job_manager, ..."),
        ("log_message", "string", "without time, logger and level"),
        ("log_timestamp", "timestamp", "UTC"),
    ),
    "detailed logs",
)

OF_EACH_RUN: Tuple[Tuple[str, ...], ...] = (
    ("last_refreshed",),
    ("details", "rows_read"),
    ("details", "fetched"),
    ("details", "provenance", "assessed_at_micros"),
)
"""What a row of ``tables`` says of the last run, not of the table: a change of it alone is not sent."""

REQUIRED_TABLES: Tuple[Table, ...] = (SOURCES, TABLES, COLUMNS, EXECUTOR_RUNS, LOGS)
