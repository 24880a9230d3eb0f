"""Read a JSON text of a request, and refuse what could not be stored or answered again. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from fake_databricks.errors import MalformedRequest

INVALID_JSON = "Invalid JSON given in the body of the request - expected a map"
MAX_DEPTH = 100
"""How deep lists and objects may lie in each other; the limit of protobuf's readers."""


def read_document(text: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises:
        MalformedRequest: it is no JSON, lies too deep, or holds a value that JSON cannot have.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:  # no JSON, no UTF-8, or an integer with thousands of digits
        raise MalformedRequest(INVALID_JSON) from None
    check_document(value)
    return value


def check_document(value: Any) -> None:
    """Refuse a value that could not be stored or answered again.

    Raises:
        MalformedRequest: it lies too deep, or holds half of a surrogate pair or an infinite number.
    """
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        for item in level:
            _check_scalar(item)
        level = [part for item in level for part in _parts(item)]


def _parts(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return [*item, *item.values()]
    return item if isinstance(item, list) else []


def _check_scalar(item: Any) -> None:
    if (
        isinstance(item, str)
        and not item.isascii()
        and any("\ud800" <= letter <= "\udfff" for letter in item)
    ):
        raise MalformedRequest(
            "The body of the request holds half of a surrogate pair (\\ud800 to \\udfff), which is no "
            "character; send whole characters in UTF-8."
        )
    if isinstance(item, float) and not math.isfinite(item):
        raise MalformedRequest("The body of the request holds a number that is too large.")


def _too_deep() -> MalformedRequest:
    return MalformedRequest(
        f"The body of the request is nested too deeply: at most {MAX_DEPTH} levels are read."
    )


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
