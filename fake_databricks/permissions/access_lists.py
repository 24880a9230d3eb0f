"""Access lists: read from a request, merged, and shown. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.values import Field, read_fields, read_list, read_object

PRINCIPALS = ("user_name", "group_name", "service_principal_name")
ACCESS = {name: Field("text") for name in (*PRINCIPALS, "permission_level")}
NAME = "access_control_list"


def read_access_list(value: Any, levels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the entries of an access list.

    Raises:
        InvalidParameter: an entry has not exactly one principal, or a level that the object has not.
    """
    items = []
    for number, item in enumerate(read_list(NAME, value)):
        read = read_fields(read_object(f"{NAME}[{number}]", item), ACCESS, f"{NAME}[{number}].")
        named = [name for name in PRINCIPALS if read.get(name)]
        if len(named) != 1:
            raise InvalidParameter(f"{NAME}[{number}] must have exactly one of {', '.join(PRINCIPALS)}.")
        if read.get("permission_level") not in levels:
            raise InvalidParameter(f"permission_level must be one of {', '.join(levels)}.")
        items.append({named[0]: read[named[0]], "permission_level": read["permission_level"]})
    return items


def principal_of(item: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the kind and the name of whom an entry is for."""
    return next(((name, item[name]) for name in PRINCIPALS if name in item), ("", ""))


def merged(before: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return a list with the entries of the named principals replaced."""
    changed = [principal_of(item) for item in new]
    return [*(item for item in before if principal_of(item) not in changed), *new]


def view(object_id: str, object_type: str, shown: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the permissions of an object as the calls show them."""
    return {"object_id": object_id, "object_type": object_type, NAME: list(shown)}


def entry_view(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return one entry with its own permission."""
    kind, name = principal_of(item)
    permission = {"permission_level": item["permission_level"], "inherited": False}
    return {**({kind: name} if kind else {}), "all_permissions": [permission]}


def inherited_view(group: str, level: str, place: str) -> dict[str, Any]:
    """Return the entry of a group that has its permission from what lies above the object."""
    permission = {"permission_level": level, "inherited": True, "inherited_from_object": [place]}
    return {"group_name": group, "all_permissions": [permission]}


def levels_view(levels: Mapping[str, str]) -> dict[str, Any]:
    """Return the permission levels that an object can have."""
    shown = [{"permission_level": level, "description": text} for level, text in levels.items()]
    return {"permission_levels": shown}
