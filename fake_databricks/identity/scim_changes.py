"""The operations of a SCIM patch: add, replace and remove attributes and values of lists. Pure."""

from __future__ import annotations

import copy
import re
from typing import Any, Mapping, Sequence

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.values import read_object, read_text

OPERATIONS = ("add", "replace", "remove")
_PATH = re.compile(r"""(\w+)(?:\.(\w+))?(?:\[value eq ["']([^"']*)["']\])?""")


def changed(document: Mapping[str, Any], operations: Sequence[Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a principal after the operations of a patch.

    Raises:
        InvalidParameter: an operation or its path is not understood.
    """
    made = copy.deepcopy(dict(document))
    for item in operations:
        operation = read_object("Operations", item)
        kind = read_text("Operations.op", operation.get("op")).lower()
        if kind not in OPERATIONS:
            raise InvalidParameter(
                f"Operations.op must be one of {', '.join(OPERATIONS)}, got '{kind[:40]}'."
            )
        path, value = operation.get("path") or "", operation.get("value")
        if not path:
            for name, part in read_object("Operations.value", value).items():
                _apply(made, kind, name, part, names)
        else:
            _apply(made, kind, read_text("Operations.path", path), value, names)
    return made


def _apply(document: dict[str, Any], kind: str, path: str, value: Any, names: Sequence[str]) -> None:
    match = _PATH.fullmatch(path)
    if match is None or match[1] not in names:
        raise InvalidParameter(
            f'The path {path[:80]!r} of a patch is not understood: an attribute, or attribute[value eq "x"].'
        )
    name, part, wanted = match.groups()
    if part is not None:
        inner = document.get(name)
        document[name] = {**(inner if isinstance(inner, dict) else {}), part: value}
        if kind == "remove":
            del document[name][part]
        return
    before = document.get(name)
    if kind == "remove":
        gone = [wanted] if wanted is not None else _values_of(value)
        if isinstance(before, list) and gone:
            document[name] = [item for item in before if _value_of(item) not in gone]
        else:
            document.pop(name, None)
    elif kind == "add" and isinstance(before, list):
        new = value if isinstance(value, list) else [value]
        known = [_value_of(item) for item in new]
        document[name] = [*(item for item in before if _value_of(item) not in known), *new]
    else:
        document[name] = value


def _values_of(value: Any) -> list[Any]:
    return [_value_of(item) for item in value] if isinstance(value, list) else []


def _value_of(item: Any) -> Any:
    return item.get("value") if isinstance(item, dict) else item
