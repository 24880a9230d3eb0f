"""Rows of the five tables for tests of the quality report: what runs leave, made without Spark."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List, Optional, Sequence

from nuvyn_executor.reports.build import build_report
from nuvyn_executor.reports.stored_rows import StoredRows
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, SOURCES, TABLES
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.store.memory import MemoryMetadataStore

Row = Dict[str, Any]

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
DIMENSIONS = ("completeness", "accuracy", "consistency", "timeliness", "validity", "uniqueness")
LEVELS = {"Excellent": 90.0, "Good": 75.0, "Fair": 50.0, "Poor": 0.0}
PROVENANCE = {
    "formula_version": "2",
    "weights": {name: 2.0 if name == "accuracy" else 1.0 for name in DIMENSIONS},
    "levels": LEVELS,
    "thresholds": {"dimension": 75.0},
    "grace_hours": 24.0,
    "half_life_days": 90.0,
    "assessed_at_micros": 1,
}
TYPES = (
    "bigint",
    "string",
    "double",
    "date",
    "boolean",
    "timestamp",
    "string",
    "decimal(10,2)",
    "string",
    "int",
)
SECRET_CELL = "cell-value-of-a-client"


def level_of(score: Optional[float]) -> str:
    if score is None:
        return "Unknown"
    return next(name for name, cut in LEVELS.items() if score >= cut)


def scores(overall: Optional[float]) -> Dict[str, Optional[float]]:
    """Six scores around one."""
    return {
        name: None if overall is None else round(min(100.0, max(0.0, overall + 3 * (index - 3))), 2)
        for index, name in enumerate(DIMENSIONS)
    }


def source_row(path: str = "/Volumes/main/raw/shop", tenant: str = "shop", **more: Any) -> Row:
    return {
        "source_id": f"id of {tenant} {path}",
        "tenant_id": tenant,
        "source_name": path.rstrip("/").rsplit("/", 1)[-1],
        "source_path": path,
        "source_type": "csv",
        "files_found": 3,
        "total_size_bytes": 123_456,
        "connection_details": "{}",
        "last_run_id": "job_0",
        "created_at": NOW,
        "updated_at": NOW,
        **more,
    }


def table_row(source: Row, name: str, overall: Optional[float] = 90.0, rows: int = 1000, **more: Any) -> Row:
    details = {
        "read_as": {"delimiter": ",", "header": True, "encoding": "UTF-8"},
        "engine": "polars",
        "rows_scanned": rows,
        "rows_read": rows,
        "corrupt_rows": 2,
        "duplicate_rows": 1,
        "approximate": False,
        "rsd": 0.0,
        "sampled": False,
        "truncated": False,
        "timeliness_source": "column: updated_at",
        "checked": dict.fromkeys(DIMENSIONS, rows),
        "recommendations": [f"{name}: 2 of {rows} rows could not be read as records - repair these lines"],
        "provenance": PROVENANCE,
        **more.pop("details", {}),
    }
    return {
        "table_id": f"{source['source_id']} {name}",
        "source_id": source["source_id"],
        "tenant_id": source["tenant_id"],
        "table_name": name,
        "schema_name": "",
        "file_path": f"{source['source_path']}/{name}.csv",
        "file_format": "csv",
        "file_count": 1,
        "size_bytes": 50 * rows,
        "row_count": rows,
        "column_count": 0,
        "overall_score": overall,
        "quality_level": level_of(overall),
        **scores(overall),
        "details": json.dumps(details),
        "last_modified": NOW - timedelta(days=2),
        "last_refreshed": NOW,
        "removed_at": None,
        "last_run_id": "job_0",
        **more,
    }


def column_row(table: Row, name: str, position: int = 1, data_type: str = "string", **more: Any) -> Row:
    rows = table["row_count"]
    missing = min(rows, 7 * (position % 4))
    details = {
        "expected": "text",
        "semantic_type": None,
        "nulls": missing,
        "nans": 0,
        "blanks": 0,
        "placeholders": 0,
        "suspects": 3,
        "suspect_reasons": {"stand_in": 3},
        "suspect_examples": {"stand_in": SECRET_CELL},
        "checked": rows - missing,
        "invalid": position % 3,
        "shapes": {"text": rows - missing}
        if position % 2
        else {"date_iso": rows - missing - 9, "date_dot": 9},
        "future": 0,
        "minimum": SECRET_CELL,
        "maximum": SECRET_CELL,
        "length_min": 3,
        "length_max": 40,
        "distinct_rsd": 0.0,
        **distribution(data_type, position),
        **more.pop("details", {}),
    }
    return {
        "column_id": f"{table['table_id']} {name}",
        "table_id": table["table_id"],
        "source_id": table["source_id"],
        "tenant_id": table["tenant_id"],
        "column_name": name,
        "ordinal_position": position,
        "data_type": data_type,
        "is_nullable": True,
        "is_primary_key": position == 1,
        "null_count": missing,
        "distinct_count": 17 * position,
        "distinct_is_approximate": False,
        "completeness": 99.1,
        "validity": 98.2,
        "uniqueness": 12.3,
        "sample_value": SECRET_CELL,
        "details": json.dumps(details),
        "removed_at": None,
        **more,
    }


def distribution(data_type: str, position: int) -> Row:
    """What ``columns.details`` says of a distribution: of lengths, of numbers, or nothing of booleans."""
    if data_type == "boolean":
        return {"distribution": None, "quantiles": None, "commonest": [[SECRET_CELL, 7]]}
    bins = [(index * index * position) % 90 for index in range(16)]
    of = (
        "lengths" if data_type == "string" else "moments" if data_type in ("date", "timestamp") else "numbers"
    )
    shape: Row = {"of": of, "count": sum(bins), "bins": bins, "error": 0.0625}
    if of == "lengths":
        return {
            "distribution": {**shape, "quantiles": [3, 8, 12, 20, 40]},
            "quantiles": None,
            "commonest": None,
        }
    return {"distribution": shape, "quantiles": [SECRET_CELL] * 5, "commonest": None}


def finding(table: str, column: Optional[str], points: float = 1.5, **more: Any) -> Row:
    place = table if column is None else f"{table}.{column}"
    return {
        "table": table,
        "column": column,
        "dimension": "validity",
        "count": 20,
        "of": 1000,
        "points_lost": points,
        "text": f"{place}: 20 of 1000 values are not valid e-mail addresses - correct them at the source",
        **more,
    }


def assessment(
    tables: Sequence[Row],
    columns: Sequence[Row] = (),
    findings: Sequence[Row] = (),
    overall: Optional[float] = 88.5,
    **details: Any,
) -> Row:
    """The result of ``quality_assessment`` over some tables."""
    shown: Dict[Any, List[Row]] = {}
    for one in columns:
        of_table = shown.setdefault(one["table_id"], [])
        of_table.append({"name": one["column_name"], "data_type": one["data_type"]})
    return {
        "source_path": "/data",
        "overall_score": overall,
        "quality_level": level_of(overall),
        "quality_metrics": scores(overall),
        "recommendations": [],
        "details": {
            "checked": dict.fromkeys(DIMENSIONS, 12_345),
            "datasets": [
                {
                    "name": table["table_name"],
                    "rows": table["row_count"],
                    "overall_score": table["overall_score"],
                    "columns": shown.get(table["table_id"], []),
                }
                for table in tables
            ],
            "findings": list(findings),
            "provenance": PROVENANCE,
            "unreadable": [],
            "skipped": [],
            "truncated": False,
            **details,
        },
    }


def run_row(source: Optional[Row], result: Row, number: int = 0, **more: Any) -> Row:
    """A run; number 0 is the newest, each further one is a day older."""
    at = NOW - timedelta(days=number)
    return {
        "run_id": f"job_{number}",
        "executor_version": "1.0.0",
        "source_id": None if source is None else source["source_id"],
        "tenant_id": "shop" if source is None else source["tenant_id"],
        "run_mode": "quality_assessment",
        "source_path": "",
        "status": "Success",
        "error_message": None,
        "started_at": at,
        "finished_at": at,
        "result": json.dumps(result),
        "driver": "",
        "heartbeat_at": at,
        **more,
    }


class Stored:
    """Rows of one source or several, as the tables have them."""

    def __init__(self, *sources: Row) -> None:
        self.sources = list(sources)
        self.tables: List[Row] = []
        self.columns: List[Row] = []
        self.runs: List[Row] = []

    def report(self, *, shows_values: bool = False) -> Any:
        rows = StoredRows(self.sources, self.tables, self.columns, self.runs, shows_values)
        return build_report(rows, NOW)

    def store(self) -> MemoryMetadataStore:
        store = MemoryMetadataStore()
        SchemaValidator(store).validate()
        pairs = ((SOURCES, self.sources), (TABLES, self.tables), (COLUMNS, self.columns))
        for table, rows in (*pairs, (EXECUTOR_RUNS, self.runs)):
            store.append(table, rows)
        return store


def one_table(table_name: str = "customers", column: str = "email", **more: Any) -> Stored:
    """A source with one table of one column, and a run that scored it."""
    stored = Stored(source_row())
    table = table_row(stored.sources[0], table_name)
    stored.tables.append(table)
    stored.columns.append(column_row(table, column))
    stored.runs.append(run_row(stored.sources[0], assessment(stored.tables, stored.columns, **more)))
    return stored


def large(tables: int = 500, columns: int = 10, runs: int = 6) -> Stored:
    """A source of many tables, each with its findings, and a history of runs."""
    source = source_row("/Volumes/main/raw/warehouse", files_found=tables, total_size_bytes=9_876_543_210)
    stored = Stored(source)
    for index in range(tables):
        overall = 40.0 + (index * 7) % 60 + 0.37
        table = table_row(source, f"table_{index:03}_of_orders", overall, 1000 + 37 * index)
        stored.tables.append(table)
        for position in range(1, columns + 1):
            data_type = TYPES[position % len(TYPES)]
            stored.columns.append(column_row(table, f"column_{position}_amount", position, data_type))
    findings = [
        finding(table["table_name"], f"column_{position}_amount", 5.0 / (1 + index + position))
        for index, table in enumerate(stored.tables)
        for position in (2, 5)
    ]
    for number in range(runs):
        result = assessment(stored.tables, stored.columns, findings, 88.5 - 2.5 * number)
        stored.runs.append(run_row(source, result, number))
    return stored


def shop() -> Stored:
    """A small source with a history in which tables and columns came, went and changed."""
    source = source_row(files_found=5, total_size_bytes=4_321_000)
    stored = Stored(source)
    kinds = {"email": "email", "iban": "iban"}
    layout = {
        "customers": (85.37, 1012, ("customer_id", "email", "birth_date", "country", "updated_at")),
        "orders": (99.85, 1200, ("order_id", "customer_id", "amount", "iban", "ordered_at")),
        "returns": (61.2, 60, ("return_id", "reason")),
    }
    for name, (overall, rows, columns) in layout.items():
        table = table_row(source, name, overall, rows)
        stored.tables.append(table)
        for position, column in enumerate(columns, 1):
            more = {"details": {"semantic_type": kinds.get(column)}}
            stored.columns.append(column_row(table, column, position, TYPES[position], **more))
    old = "customers.updated_at: the newest of 1012 moments is 200 days ago - load newer data"
    findings = [
        finding("customers", "updated_at", 3.86, dimension="timeliness", count=1012, of=1012, text=old),
        finding("customers", "email", 0.42),
        finding("orders", None, 0.11, text="orders: 12 of 1200 rows are copies of another row - remove them"),
    ]
    for number, overall in enumerate((88.5, 86.1, 79.9, 71.25)):
        result = assessment(stored.tables, stored.columns, findings, overall)
        if number:  # as it was before: without returns, without one column, with another type
            del result["details"]["datasets"][2]
            customers, orders = result["details"]["datasets"]
            customers["columns"] = [one for one in customers["columns"] if one["name"] != "country"]
            customers["columns"].append({"name": "fax", "data_type": "string"})
            orders["columns"][2]["data_type"] = "string"
            orders["rows"], orders["overall_score"] = 1100, 97.0 - number
        stored.runs.append(run_row(source, result, number))
    return stored
