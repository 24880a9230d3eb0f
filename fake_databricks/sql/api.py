"""``/api/2.0/sql``: the one warehouse, and statements with inline results."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.errors import DoesNotExist, EndpointNotFound, InvalidParameter
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import Field, read_fields, read_object
from fake_databricks.sql.lifecycle import State

if TYPE_CHECKING:
    from fake_databricks.sql.statements import Statement

FIELDS: Mapping[str, Field] = {
    "statement": Field("text"),
    "warehouse_id": Field("text"),
    "parameters": Field("list"),
    "schema": Field("text"),
    "catalog": Field("text"),
    "row_limit": Field("integer"),
    "wait_timeout": Field("text"),
    "on_wait_timeout": Field("text"),
    "disposition": Field("text"),
    "format": Field("text"),
    "query_tags": Field("list", "recorded"),
    "byte_limit": Field("integer", "refused", "give row_limit"),
}
CHOICES: Mapping[str, tuple[str, ...]] = {
    "on_wait_timeout": ("CONTINUE", "CANCEL"),
    "disposition": ("INLINE",),
    "format": ("JSON_ARRAY",),
    "catalog": ("spark_catalog", "hive_metastore"),
}
"""The values that are honoured here; others are refused by name."""
MAX_ROWS = 100_000
DEFAULT_ROWS = 10_000
DEFAULT_WAIT, SHORTEST_WAIT, LONGEST_WAIT = 10, 5, 50
_SECONDS = re.compile(r"([0-9]{1,3})s")
TYPES: Mapping[str, str] = {
    "bigint": "LONG",
    "smallint": "SHORT",
    "tinyint": "BYTE",
    "void": "NULL",
    "varchar": "STRING",
    "timestamp_ntz": "TIMESTAMP",
}
"""The names of Spark's types in the API where they are not the same word."""


def list_warehouses(call: Call) -> dict[str, Any]:
    """Return the one warehouse."""
    return {"warehouses": [_warehouse(call)]}


def get_warehouse(call: Call) -> dict[str, Any]:
    """Return the one warehouse."""
    _check_warehouse(call.rest)
    return _warehouse(call)


def execute(call: Call) -> dict[str, Any]:
    """Run a statement, and wait some time for it."""
    read = read_fields(call.document, FIELDS)
    for name in ("statement", "warehouse_id"):
        if not read.get(name):
            raise InvalidParameter(f"Missing required field: {name}")
    _check_warehouse(read["warehouse_id"])
    for name, allowed in CHOICES.items():
        if read.get(name, allowed[0]) not in allowed:
            raise InvalidParameter(
                f"Field '{name}' {read[name]!r} is not supported: {', '.join(allowed)} is honoured here."
            )
    limit = read.get("row_limit", DEFAULT_ROWS)
    if not 1 <= limit <= MAX_ROWS:
        raise InvalidParameter(f"row_limit must be between 1 and {MAX_ROWS}.")
    seconds = _wait_seconds(read.get("wait_timeout", f"{DEFAULT_WAIT}s"))
    statements = call.workspace.statements
    statement = statements.execute(
        {
            "statement": read["statement"],
            "parameters": [_parameter(item) for item in read.get("parameters", [])],
            "schema": _schema(read.get("schema", "")),
            "row_limit": limit,
        }
    )
    if seconds:
        statements.wait(statement, seconds)
        if not statement.is_over and read.get("on_wait_timeout") == "CANCEL":
            statements.cancel(statement)
    return statement_view(statement)


def get(call: Call) -> dict[str, Any]:
    """Return a statement, or a chunk of its result."""
    number, _, rest = call.rest.partition("/")
    statement = call.workspace.statements.get(number)
    if not rest:
        return statement_view(statement)
    if rest != "result/chunks/0" or statement.state is not State.SUCCEEDED:
        raise DoesNotExist(f"The statement {number} has no {rest}; a result has the chunk 0 alone.")
    return _data(statement)


def cancel(call: Call) -> dict[str, Any]:
    """Cancel a statement."""
    number, _, rest = call.rest.partition("/")
    if rest != "cancel":
        raise EndpointNotFound(f"No API found for 'POST /sql/statements/{call.rest}'")
    call.workspace.statements.cancel(call.workspace.statements.get(number))
    return {}


def statement_view(statement: Statement) -> dict[str, Any]:
    """Return a statement with its result, once it has one."""
    status: dict[str, Any] = {"state": statement.state.value}
    if statement.state is State.FAILED:
        status["error"] = {"error_code": "BAD_REQUEST", "message": statement.error}
        if statement.sql_state:
            status["sql_state"] = statement.sql_state
    view = {"statement_id": statement.statement_id, "status": status}
    if statement.state is not State.SUCCEEDED:
        return view
    columns = [
        {
            "name": name,
            "position": position,
            "type_name": TYPES.get(word := re.split(r"[(<]", kind)[0], word.upper()),
            "type_text": kind.upper(),
        }
        for position, (name, kind) in enumerate(statement.columns)
    ]
    count = len(statement.rows)
    manifest = {
        "format": "JSON_ARRAY",
        "schema": {"column_count": len(columns), "columns": columns},
        "total_chunk_count": 1,
        "chunks": [{"chunk_index": 0, "row_offset": 0, "row_count": count}],
        "total_row_count": count,
        "truncated": statement.truncated,
    }
    return {**view, "manifest": manifest, "result": _data(statement)}


def _data(statement: Statement) -> dict[str, Any]:
    return {
        "chunk_index": 0,
        "row_offset": 0,
        "row_count": len(statement.rows),
        "data_array": statement.rows,
    }


def _check_warehouse(warehouse_id: str) -> None:
    if warehouse_id != WAREHOUSE_ID:
        raise DoesNotExist(f"SQL warehouse {warehouse_id} does not exist: the one here is {WAREHOUSE_ID}.")


def _warehouse(call: Call) -> dict[str, Any]:
    return {
        "id": WAREHOUSE_ID,
        "name": "fake warehouse",
        "state": "RUNNING",
        "cluster_size": "2X-Small",
        "warehouse_type": "PRO",
        "enable_serverless_compute": True,
        "creator_name": call.workspace.user,
        "num_clusters": 1,
    }


def _wait_seconds(text: str) -> int:
    found = _SECONDS.fullmatch(text)
    seconds = int(found[1]) if found else -1
    if seconds != 0 and not SHORTEST_WAIT <= seconds <= LONGEST_WAIT:
        raise InvalidParameter(f"wait_timeout must be 0s, or between {SHORTEST_WAIT}s and {LONGEST_WAIT}s.")
    return seconds


def _schema(text: str) -> str:
    if text and not re.fullmatch(r"\w{1,255}", text):
        raise InvalidParameter(f"Invalid schema {text!r}: letters, digits and '_'.")
    return f"`{text}`" if text else ""


def _parameter(item: Any) -> dict[str, Any]:
    read = read_fields(
        read_object("parameters", item),
        {name: Field("text") for name in ("name", "value", "type")},
        "parameters.",
    )
    if not read.get("name"):
        raise InvalidParameter("Missing required field: parameters.name")
    return read


ROUTES = (
    Route("GET", "/sql/warehouses", list_warehouses),
    Route("GET", "/sql/warehouses/*", get_warehouse),
    Route("POST", "/sql/statements", execute, is_waiting=True),
    Route("GET", "/sql/statements/*", get),
    Route("POST", "/sql/statements/*", cancel, is_waiting=True),
)
