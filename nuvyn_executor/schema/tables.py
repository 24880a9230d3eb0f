"""The five tables as data. The design's section 9 says what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Tuple


@dataclass(frozen=True)
class Column:
    """A column: its name, its Spark SQL type, what it means."""

    name: str
    data_type: str
    comment: str


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


def _columns(*rows: Tuple[str, str, str]) -> Tuple[Column, ...]:
    return tuple(Column(*row) for row in rows)


_SCORES = (
    ("overall_score", "double", "0 to 100; NULL when there was nothing to assess"),
    ("quality_level", "string", "Excellent, Good, Fair, Poor or Unknown"),
    ("completeness", "double", "0 to 100"),
    ("accuracy", "double", "0 to 100: plausible values"),
    ("consistency", "double", "0 to 100: written like their neighbours"),
    ("timeliness", "double", "0 to 100"),
    ("validity", "double", "0 to 100: parse as what they should be"),
    ("uniqueness", "double", "0 to 100"),
)

SOURCES = Table(
    "sources",
    "source_id",
    _columns(
        ("source_id", "string", "hash of tenant and path"),
        ("tenant_id", "string", "whose source"),
        ("source_name", "string", "last part of the path"),
        ("source_path", "string", "as the caller named it, secrets masked"),
        ("source_type", "string", "what the caller named, or what was found"),
        ("files_found", "bigint", "visible files, those of unknown formats included"),
        ("total_size_bytes", "bigint", "bytes of those files"),
        ("connection_details", "string", "how it was reached, JSON, secrets masked"),
        ("metadata_version", "bigint", "one more with each extraction"),
        ("transmitted_version", "bigint", "the last version that the platform confirmed"),
        ("transmitted_at", "timestamp", "when it did"),
        ("confirmation", "string", "its answer, JSON"),
        ("last_run_id", "string", "the run that wrote this row"),
        ("created_at", "timestamp", "first seen"),
        ("updated_at", "timestamp", "last extraction"),
    ),
    "data source registry",
)

TABLES = Table(
    "tables",
    "table_id",
    _columns(
        ("table_id", "string", "hash of source, path and sheet"),
        ("source_id", "string", "sources.source_id"),
        ("tenant_id", "string", "whose table"),
        ("table_name", "string", "file stem, folder or workbook.sheet"),
        ("schema_name", "string", "folder inside the source"),
        ("file_path", "string", "file or folder"),
        ("file_format", "string", "the format, in the words of `source_type`"),
        ("file_count", "bigint", "files that make it up"),
        ("size_bytes", "bigint", "bytes of those files"),
        ("row_count", "bigint", "rows"),
        ("column_count", "bigint", "columns, leaf fields of structs counted"),
        *_SCORES,
        ("details", "string", "JSON: how it was read, what was counted"),
        ("scan_state", "string", "counts for the next run, compressed; what is as it was is not read again"),
        ("last_modified", "timestamp", "newest file"),
        ("last_refreshed", "timestamp", "last extraction"),
        ("removed_at", "timestamp", "when it was first found gone; NULL while it is there"),
        ("last_run_id", "string", "the run that wrote this row"),
    ),
    "table metadata",
)

COLUMNS = Table(
    "columns",
    "column_id",
    _columns(
        ("column_id", "string", "hash of table and column name"),
        ("table_id", "string", "tables.table_id"),
        ("source_id", "string", "sources.source_id"),
        ("tenant_id", "string", "whose column"),
        ("column_name", "string", "dotted path for a leaf of a struct"),
        ("ordinal_position", "bigint", "from 1"),
        ("data_type", "string", "Spark SQL type, declared or inferred"),
        ("is_nullable", "boolean", "whether a missing value was seen or may occur"),
        ("is_primary_key", "boolean", "named as a key, complete and unique"),
        ("null_count", "bigint", "missing values: NULL, NaN, blank, placeholder"),
        ("distinct_count", "bigint", "different values"),
        ("distinct_is_approximate", "boolean", "whether that is an estimate"),
        ("completeness", "double", "0 to 100"),
        ("validity", "double", "0 to 100"),
        ("uniqueness", "double", "0 to 100"),
        ("sample_value", "string", "one value; stays in the workspace unless EXECUTOR_SEND_SAMPLES=true"),
        ("details", "string", "JSON: counters, minimum, maximum, lengths"),
        ("removed_at", "timestamp", "when it was first found gone"),
    ),
    "column metadata",
)

EXECUTOR_RUNS = Table(
    "executor_runs",
    "run_id",
    _columns(
        ("run_id", "string", "job_ and 12 hex digits"),
        ("executor_version", "string", "version of this package"),
        ("source_id", "string", "sources.source_id, where the job has a source"),
        ("tenant_id", "string", "for whom"),
        ("run_mode", "string", "the job type"),
        ("source_path", "string", "as the caller named it, secrets masked"),
        ("status", "string", "Running, Success, Partial or Failed"),
        ("error_message", "string", "one sentence"),
        ("started_at", "timestamp", "UTC"),
        ("finished_at", "timestamp", "UTC"),
        ("result", "string", "the JSON that went to stdout"),
        ("driver", "string", "host, process and its start: who runs it"),
        ("heartbeat_at", "timestamp", "when that process last said it was alive"),
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

REQUIRED_TABLES: Tuple[Table, ...] = (SOURCES, TABLES, COLUMNS, EXECUTOR_RUNS, LOGS)
