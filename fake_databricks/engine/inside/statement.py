"""One statement of the SQL statements API: runs it in a context, and shows its rows as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import displays, names

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "statement error: "
"""What stands before the JSON of an error in the message of the exception."""
MAX_BYTES = 25 * 1024 * 1024
"""The most that the rows of a result may have as JSON, as on Databricks."""
TOO_LARGE = (
    f"Inline byte limit exceeded. Statements executed with disposition=INLINE can have a result size of at "
    f"most {MAX_BYTES} bytes. Please execute the statement with disposition=EXTERNAL_LINKS if you want to "
    "download the full result."
)
"""In Databricks' words; here there are inline results alone."""
NESTED = ("struct", "array", "map")


class StatementFailed(Exception):  # noqa: N818  the name is what happened
    """A statement has failed; the message is ``MARK`` and JSON with ``message`` and ``sql_state``."""

    def __init__(self, message: str, sql_state: str | None = None) -> None:
        super().__init__(MARK + json.dumps({"message": message, "sql_state": sql_state}))


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _decimal(text: str) -> Any:
    from decimal import Decimal  # noqa: PLC0415  only a statement with such a parameter needs it

    return Decimal(text)


def _date(text: str) -> Any:
    from datetime import date  # noqa: PLC0415  as above

    return date.fromisoformat(text)


def _timestamp(text: str) -> Any:
    from datetime import datetime  # noqa: PLC0415  as above

    return datetime.fromisoformat(text.replace("Z", "+00:00"))


READERS: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    "BOOLEAN": _boolean,
    "DATE": _date,
    "DECIMAL": _decimal,
    "TIMESTAMP": _timestamp,
    **dict.fromkeys(("BIGINT", "INT", "SMALLINT", "TINYINT", "LONG", "SHORT", "BYTE"), int),
    **dict.fromkeys(("DOUBLE", "FLOAT"), float),
}
"""From the text of a parameter to its value, by the type that the request names."""


def run(request: str) -> None:
    """Run a statement and show its result as a table.

    Args:
        request: JSON with ``statement``, ``parameters`` (name, value, type), ``schema`` and ``row_limit``.

    Raises:
        StatementFailed: Spark or this server refuses it.
    """
    order = json.loads(request)
    session = names.spark()
    try:
        if order["schema"]:
            session.sql(f"USE {order['schema']}")
        parameters = {item["name"]: _value(item) for item in order["parameters"]}
        text = order["statement"]
        frame = session.sql(text, parameters) if parameters else session.sql(text)
        shown = _table(frame, order["row_limit"]) if frame.columns else NO_TABLE
    except Exception as error:
        raise StatementFailed(_message(error), _sql_state(error)) from error
    if len(json.dumps(shown["data"], ensure_ascii=False).encode(errors="replace")) > MAX_BYTES:
        raise StatementFailed(TOO_LARGE)
    displays.SHOWN.shown.append(shown)


NO_TABLE: dict[str, Any] = {"kind": "table", "schema": [], "data": [], "truncated": False}
"""The result of a statement that has no columns, such as DROP TABLE."""


def _message(error: Exception) -> str:
    """Return what an error says, without the plan that Spark adds in lines of its own."""
    return str(error).partition(";\n")[0].strip() or type(error).__name__


def _sql_state(error: Exception) -> str | None:
    """Return the SQLSTATE of an error of Spark, if it has one."""
    state = getattr(error, "getSqlState", lambda: None)()
    return str(state) if state else None


def _value(item: dict[str, Any]) -> Any:
    text, kind = item.get("value"), item.get("type") or "STRING"
    if text is None:
        return None
    reader = READERS.get(kind.partition("(")[0].upper())
    if reader is None:
        raise ValueError(f"The type {kind} of parameter {item['name']} is not supported")
    try:
        return reader(text)
    except (ValueError, KeyError, ArithmeticError):
        raise ValueError(f"Parameter {item['name']} is no {kind}: {text}") from None


def _table(frame: Any, limit: int) -> dict[str, Any]:
    from pyspark.sql import functions  # noqa: PLC0415  imported when a statement has rows

    numbered = frame.toDF(*(str(number) for number in range(len(frame.columns))))
    texts = []
    for number, field in enumerate(frame.schema.fields):
        column, kind = functions.col(str(number)), field.dataType.typeName()
        if kind in NESTED:
            column = functions.to_json(column)
        elif kind == "timestamp":
            column = functions.date_format(column, "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
        elif kind == "binary":
            column = functions.base64(column)
        texts.append(column.cast("string"))
    rows = [list(row) for row in numbered.select(*texts).limit(limit + 1).collect()]
    return {
        "kind": "table",
        "schema": [[field.name, field.dataType.simpleString()] for field in frame.schema.fields],
        "data": rows[:limit],
        "truncated": len(rows) > limit,
    }
