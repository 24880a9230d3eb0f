"""One statement of the SQL statements API: runs it in a context, and returns its rows as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import names

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "statement result: "
"""What stands before the result in the output of the context."""
NESTED = ("struct", "array", "map")


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
    """Run a statement and print its result.

    Args:
        request: JSON with ``statement``, ``parameters`` (name, value, type), ``schema`` and ``row_limit``.
    """
    order = json.loads(request)
    session = names.spark()
    if order["schema"]:
        session.sql(f"USE {order['schema']}")
    parameters = {item["name"]: _value(item) for item in order["parameters"]}
    frame = session.sql(order["statement"], parameters) if parameters else session.sql(order["statement"])
    result = {"columns": [], "rows": [], "truncated": False}
    if frame.columns:
        result = _table(frame, order["row_limit"])
    print(MARK + json.dumps(result))  # noqa: T201  the answer of this process


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
        "columns": [[field.name, field.dataType.simpleString()] for field in frame.schema.fields],
        "rows": rows[:limit],
        "truncated": len(rows) > limit,
    }
