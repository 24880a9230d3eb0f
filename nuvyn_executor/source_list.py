"""Reads which sources a run has: a list of paths with commas, or ``NUVYN_JOB_PAYLOAD``. Pure.

No error repeats a path: it may hold a password or a SAS token.
"""

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import UsageError
from nuvyn_executor.model import RequestedSource, SourceType

VARIABLE = "NUVYN_JOB_PAYLOAD"
SOURCE_TYPES = tuple(source_type.value for source_type in formats.SOURCE_TYPES)

# A path form of its own. `host:3306` is none: it is the second host of `jdbc:mysql://a:3306,b:3306/shop`.
_PATH_FORM = re.compile(r"/|\.{1,2}/|jdbc:|[A-Za-z][A-Za-z0-9+.-]*:/")
_FIELDS = ("workflow_id", "sources")
_SOURCE_FIELDS = ("source_id", "data_source_path", "data_source_type")
_FORM = (
    '{"workflow_id": "...", "sources": '
    '[{"source_id": "...", "data_source_path": "...", "data_source_type": "auto"}]}'
)


def split_paths(text: str, exists: Callable[[str], bool]) -> Tuple[str, ...]:
    """Split a comma-separated list of paths; what is no such list is returned as one path.

    A text is a list when it has a comma, nothing exists at the whole text, and each part is a path form of
    its own: it begins with ``/``, ``./``, ``../`` or a scheme, or it is a plain path that exists.

    Args:
        text: the parameter, without blanks around it.
        exists: whether a file or folder exists at a path.
    """
    parts = tuple(part.strip() for part in text.split(","))
    if len(parts) == 1 or exists(text):
        return (text,)
    if all(part and (_PATH_FORM.match(part) or exists(part)) for part in parts):
        return parts
    return (text,)


def is_unicode(text: str) -> bool:
    """Whether a text can be written in UTF-8; bytes of a command line that are not are lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_payload(
    text: str, default_type: SourceType = SourceType.AUTO
) -> Tuple[Optional[str], Tuple[RequestedSource, ...]]:
    """Read ``NUVYN_JOB_PAYLOAD``.

    Args:
        text: the variable's value.
        default_type: the type of a source that names none.

    Returns:
        The workflow's id, where there is one, and the sources, in order.

    Raises:
        UsageError: it is no JSON, or a field is wrong; the sentence names the field.
    """
    try:
        payload = json.loads(text)
    except json.JSONDecodeError as error:
        raise _error(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except (ValueError, RecursionError):
        raise _error("is not JSON that can be read") from None
    fields = _fields(payload, "", _FIELDS)
    workflow_id = _text_of(fields, "", "workflow_id")
    entries = fields.get("sources")
    if not isinstance(entries, list) or not entries:
        raise _error("field sources must be a list with at least one source")
    return workflow_id, tuple(
        _source(entry, f"sources[{number}]", default_type) for number, entry in enumerate(entries)
    )


def _source(entry: object, name: str, default_type: SourceType) -> RequestedSource:
    fields = _fields(entry, name, _SOURCE_FIELDS)
    requested_id = _text_of(fields, name, "source_id")
    path = _text_of(fields, name, "data_source_path")
    if path is None:
        raise _error(f"field {name}.data_source_path is missing")
    source_type = _text_of(fields, name, "data_source_type")
    if source_type is None:
        return RequestedSource(path, default_type, requested_id)
    if source_type.lower() not in SOURCE_TYPES:
        raise _error(f"field {name}.data_source_type must be one of {', '.join(SOURCE_TYPES)}")
    return RequestedSource(path, formats.source_type_named(source_type.lower()), requested_id)


def _fields(value: object, name: str, known: Sequence[str]) -> Mapping[str, Any]:
    what = f"field {name}" if name else ""
    if not isinstance(value, dict):
        raise _error(f"{what} must be a JSON object".lstrip())
    fields: Dict[str, Any] = value
    unknown = next((key for key in fields if key not in known), None)
    if unknown is not None:
        # A text that is not a word may be a value in the wrong place.
        shown = unknown if re.fullmatch(r"\w{1,40}", unknown) else "..."
        raise _error(f"field {_joined(name, shown)} is not known: known are {', '.join(known)}")
    return fields


def _text_of(fields: Mapping[str, Any], name: str, key: str) -> Optional[str]:
    """Return a text without blanks around it; ``None`` where the field is missing or ``null``."""
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _error(f"field {_joined(name, key)} must be a text that is not empty")
    if not is_unicode(value):
        raise _error(f"field {_joined(name, key)} must be a text of Unicode: it has half of a surrogate pair")
    return value.strip()


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _error(what: str) -> UsageError:
    return UsageError(
        f"{VARIABLE}: {what}." if what.startswith("field") else f"{VARIABLE} {what}.", f"Its form: {_FORM}."
    )
