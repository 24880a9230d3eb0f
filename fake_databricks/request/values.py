"""Read one value of a request: the forms in which clients send an integer, a boolean, a list. Pure.

Clients write ids as text (Airflow, the old command line) and booleans as ``True`` or ``true``; Databricks
accepts all of them.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, Callable, Mapping

from fake_databricks.errors import InvalidParameter, MalformedRequest

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_PLACE = re.compile(r"[0-9]{1,18}")
_BOOLEANS = {"true": True, "false": False}


def read_integer(name: str, value: Any) -> int:
    """Return an integer, which may be written as text."""
    read = value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        read = int(value)
    if isinstance(read, int) and not isinstance(read, bool):
        if _SMALLEST <= read <= _LARGEST:
            return read
        raise InvalidParameter(f"Field '{name}' must be an integer of 64 bits, got {_shown(value)}.")
    raise InvalidParameter(f"Field '{name}' must be an integer, got {_shown(value)}.")


def read_boolean(name: str, value: Any) -> bool:
    """Return a boolean, which may be written as text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _BOOLEANS:
        return _BOOLEANS[value.lower()]
    raise InvalidParameter(f"Field '{name}' must be true or false, got {_shown(value)}.")


def read_text(name: str, value: Any) -> str:
    """Return a text; a number becomes its text, as protobuf's JSON readers do."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise InvalidParameter(f"Field '{name}' must be a string, got {_shown(value)}.")


def read_scalar(name: str, value: Any) -> str:
    """Return a text, a number or a boolean as text; Spark's settings are written in all three ways."""
    return str(value).lower() if isinstance(value, bool) else read_text(name, value)


def read_string(name: str, value: Any) -> str:
    """Return a text, and refuse a number in its place."""
    if isinstance(value, str):
        return value
    raise InvalidParameter(f"Field '{name}' must be a string, got {_shown(value)}.")


def from_base64(text: str) -> bytes:
    """Return the bytes of a text in base64. As in Java, its padding may be left out, but not a part of it.

    Raises:
        ValueError: it is another text.
    """
    content = text.rstrip("=")
    given, needed = len(text) - len(content), -len(content) % 4
    if given not in (0, needed):
        raise ValueError("the padding is wrong")
    return base64.b64decode(content + "=" * needed, validate=True)


def read_bytes(name: str, value: Any) -> bytes:
    """Return the bytes of a field in base64.

    Raises:
        MalformedRequest: it is no base64.
    """
    try:
        return from_base64(read_text(name, value))
    except ValueError:  # also for a text that is not ASCII
        raise MalformedRequest(f"{name} is not base64.") from None


def read_page_token(token: str, prefix: str = "") -> int:
    """Return the number in a ``page_token``, which is a text that this server has made; 0 for none.

    Raises:
        InvalidParameter: it is another text.
    """
    if not token:
        return 0
    number = token.removeprefix(prefix)
    if not token.startswith(prefix) or not _PLACE.fullmatch(number):
        raise InvalidParameter(f"Invalid page token: {token[:60]}.")
    return int(number)


def read_list(name: str, value: Any) -> list[Any]:
    """Return a list."""
    if isinstance(value, list):
        return value
    raise InvalidParameter(f"Field '{name}' must be a list, got {_shown(value)}.")


def read_object(name: str, value: Any) -> dict[str, Any]:
    """Return a JSON object."""
    if isinstance(value, dict):
        return value
    raise InvalidParameter(f"Field '{name}' must be an object, got {_shown(value)}.")


def read_number(name: str, value: Any) -> float:
    """Return a number, which may be written as text."""
    try:
        if not isinstance(value, bool) and isinstance(value, (int, float, str)):
            read = float(value)
            if isfinite(read):
                return read
    except (OverflowError, ValueError):
        pass
    raise InvalidParameter(f"Field '{name}' must be a number, got {_shown(value)}.")


READERS: Mapping[str, Callable[[str, Any], Any]] = {
    "integer": read_integer,
    "number": read_number,
    "boolean": read_boolean,
    "text": read_text,
    "scalar": read_scalar,
    "list": read_list,
    "object": read_object,
}


def read_texts(name: str, value: Any) -> tuple[str, ...]:
    """Return a list of texts."""
    return tuple(read_text(f"{name}[{number}]", item) for number, item in enumerate(read_list(name, value)))


@dataclass(frozen=True)
class Field:
    """One field of a request: its type, and how it is treated.

    Attributes:
        kind: ``text``, ``scalar``, ``integer``, ``number``, ``boolean``, ``list`` or ``object``.
        fate: ``honoured``, ``recorded`` or ``refused``.
        why: for a refused field, the reason, as the caller reads it.
        each: what every element of a list is, or every value of an object.
        parts: the fields of an object.
        choices: the only values of a text; empty allows all.
    """

    kind: str
    fate: str = "honoured"
    why: str = ""
    each: Field | None = None
    parts: Mapping[str, Field] | None = None
    choices: tuple[str, ...] = ()

    def read(self, name: str, value: Any) -> Any:
        """Return a value in its type, with all that is in it."""
        read = READERS[self.kind](name, value)
        if self.choices and read not in self.choices:
            raise InvalidParameter(
                f"Field '{name}' must be one of {', '.join(self.choices)}, got {_shown(value)}."
            )
        if self.parts is not None:
            return read_fields(read, self.parts, f"{name}.")
        if self.each is None:
            return read
        if isinstance(read, dict):
            return {key: self.each.read(f"{name}.{key}", item) for key, item in read.items()}
        return [self.each.read(f"{name}[{number}]", item) for number, item in enumerate(read)]


def read_fields(document: Mapping[str, Any], fields: Mapping[str, Field], where: str = "") -> dict[str, Any]:
    """Return the document with each known value in its type; null counts as absent.

    Raises:
        InvalidParameter: a value has a wrong type, or a field is refused.
    """
    read: dict[str, Any] = {}
    for name, value in document.items():
        if value is None:
            continue
        field = fields.get(name)
        if field is None:
            read[name] = value
            continue
        if field.fate == "refused" and not _is_paused(value):
            raise InvalidParameter(f"Field '{where}{name}' is not supported: {field.why}.")
        read[name] = field.read(f"{where}{name}", value)
    return read


def unknown_fields(document: Mapping[str, Any], fields: Mapping[str, Field], where: str = "") -> list[str]:
    """Return a sentence for each field that is not known: it was ignored, and is probably a mistake."""
    notes = []
    for name in document:
        if name not in fields:
            close = get_close_matches(name, fields, 1)
            meant = f"; was '{where}{close[0]}' meant?" if close else "."
            notes.append(f"Field '{where}{name}' is not known{meant}")
    return notes


def all_unknown_fields(document: Any, fields: Mapping[str, Field], where: str = "") -> list[str]:
    """Return such a sentence also for what is in the objects and lists of a document."""
    if not isinstance(document, dict):
        return []
    notes = unknown_fields(document, fields, where)
    for name, value in document.items():
        field = fields.get(name)
        if field is not None and field.parts is not None:
            notes += all_unknown_fields(value, field.parts, f"{where}{name}.")
        elif field is not None and field.each is not None and field.each.parts is not None:
            for item in value if isinstance(value, list) else []:
                notes += all_unknown_fields(item, field.each.parts, f"{where}{name}.")
    return notes


def _is_paused(value: Any) -> bool:
    return isinstance(value, dict) and value.get("pause_status") == "PAUSED"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  what fits on one line
