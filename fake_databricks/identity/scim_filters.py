"""Which principals a list contains, in which order, and which attributes of them are shown. Pure.

A filter is ``attribute operator "value"``, several are joined by ``and`` or ``or``, as Databricks documents.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping, Sequence

from fake_databricks.errors import InvalidParameter

_TERM = re.compile(
    r"""([\w.$]+)\s+(eq|ne|co|sw|pr)(?:\s+(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)))?""", re.IGNORECASE
)
_JOINT = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
_ALWAYS = ("id", "schemas")
ORDERS = ("ascending", "descending")


def matches(document: Mapping[str, Any], text: str) -> bool:
    """Whether a filter admits a principal; ``and`` binds stronger than ``or``.

    Raises:
        InvalidParameter: the filter is none of this form.
    """
    at, alternatives, following = 0, [[True]], "and"
    stripped = text.strip()
    while at < len(stripped):
        term = _TERM.match(stripped, at)
        if term is None:
            raise _unknown(text)
        if following == "or":
            alternatives.append([True])
        alternatives[-1].append(_holds(document, term, text))
        at = term.end()
        joint = _JOINT.match(stripped, at)
        if joint is None and at < len(stripped):
            raise _unknown(text)
        if joint is not None:
            following, at = joint[1].lower(), joint.end()
            if at >= len(stripped):
                raise _unknown(text)
    return any(all(terms) for terms in alternatives)


def _holds(document: Mapping[str, Any], term: re.Match[str], text: str) -> bool:
    operator = term[2].lower()
    wanted = next((group for group in term.groups()[2:] if group is not None), None)
    found = [value.lower() for value in values_at(document, term[1])]
    if operator == "pr":
        return bool(found)
    if wanted is None:
        raise _unknown(text)
    wanted = re.sub(r"\\(.)", r"\1", wanted).lower()
    if operator == "eq":
        return wanted in found
    if operator == "ne":
        return wanted not in found
    if operator == "co":
        return any(wanted in value for value in found)
    return any(value.startswith(wanted) for value in found)


def _unknown(text: str) -> InvalidParameter:
    return InvalidParameter(
        f"The filter {text[:80]!r} is not understood: attribute, one of eq, ne, co, sw, pr, and a value in "
        "quotes; several are joined by 'and' or 'or', without brackets."
    )


def values_at(document: Any, path: str) -> list[str]:
    """Return the values at a path (``name.givenName``, ``emails.value``) as text."""
    found = [document]
    for step in path.split("."):
        found = [part for item in found for part in _parts(item, step)]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in _scalars(found)]


def _parts(item: Any, step: str) -> list[Any]:
    items = item if isinstance(item, list) else [item]
    return [
        value
        for each in items
        if isinstance(each, dict)
        for name, value in each.items()
        if name.lower() == step.lower()
    ]


def _scalars(items: Iterable[Any]) -> Iterable[Any]:
    for item in items:
        if isinstance(item, list):
            yield from _scalars(item)
        elif isinstance(item, dict):
            yield item.get("value", "")
        else:
            yield item


def ordered(documents: Sequence[dict[str, Any]], sort_by: str, sort_order: str) -> list[dict[str, Any]]:
    """Return principals by an attribute, or as they are if none is named.

    Raises:
        InvalidParameter: the order is none.
    """
    if sort_order and sort_order not in ORDERS:
        raise InvalidParameter(f"sortOrder must be one of {', '.join(ORDERS)}, got '{sort_order}'.")
    if not sort_by:
        return list(documents)
    return sorted(documents, key=lambda item: values_at(item, sort_by), reverse=sort_order == "descending")


def shown(document: Mapping[str, Any], attributes: str, excluded: str) -> dict[str, Any]:
    """Return a principal with the attributes that are asked for, names with commas between."""
    wanted = {name.strip().partition(".")[0].lower() for name in attributes.split(",") if name.strip()}
    unwanted = {name.strip().lower() for name in excluded.split(",") if name.strip()}
    return {
        name: value
        for name, value in document.items()
        if name in _ALWAYS or ((not wanted or name.lower() in wanted) and name.lower() not in unwanted)
    }
