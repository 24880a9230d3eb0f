"""The shape of the body of ``POST /api/metadata``, and where a given body departs from it. Pure."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Tuple

# What a row must have, and of which type; "?" allows null. More keys are welcome.
ROW_SHAPES: Mapping[str, Mapping[str, str]] = {
    "sources": {
        "source_id": "string",
        "tenant_id": "string",
        "source_name": "string",
        "source_path": "string",
        "source_type": "string",
        "files_found": "integer",
        "total_size_bytes": "integer",
        "metadata_version": "integer",
    },
    "tables": {
        "table_id": "string",
        "source_id": "string",
        "tenant_id": "string",
        "table_name": "string",
        "file_format": "string",
        "row_count": "integer?",
        "column_count": "integer?",
        "overall_score": "number?",
        "details": "object?",
        "removed_at": "string?",
    },
    "columns": {
        "column_id": "string",
        "table_id": "string",
        "source_id": "string",
        "tenant_id": "string",
        "column_name": "string",
        "ordinal_position": "integer",
        "data_type": "string",
        "details": "object?",
        "removed_at": "string?",
    },
}
# What a row may have besides; where it has it, it is of this type.
OPTIONAL: Mapping[str, Mapping[str, str]] = {
    "sources": {"base_version": "integer?"},
    "tables": {},
    "columns": {},
}
_TOP: Mapping[str, str] = {
    "job_id": "non-empty string",
    "tenant_id": "non-empty string",
    "metadata": "object",
    "quality_metrics": "object",
}
_PAGE: Mapping[str, str] = {"number": "integer", "of": "integer"}
MOST_SHOWN = 200
"""How many characters a problem shows of a value."""
_INTEGERS = range(-(2**63), 2**63)  # what databases hold
_TYPES: Mapping[str, Tuple[type, ...]] = {
    "string": (str,),
    "non-empty string": (str,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
}


def find_problems(body: Any) -> Iterator[Dict[str, str]]:
    """Return where a body does not have the documented shape: ``path``, ``wanted``, ``got``.

    Keys that are not known are welcome everywhere: a later executor may send more.
    """
    yield from _mismatches("", body, {**_TOP, **({"page": "object"} if _has(body, "page") else {})})
    if not isinstance(body, dict):
        return
    page = body.get("page")
    if isinstance(page, dict):
        yield from _mismatches("page", page, _PAGE)
        number, of = page.get("number"), page.get("of")
        if isinstance(number, int) and isinstance(of, int) and not 1 <= number <= of:
            yield {"path": "page", "wanted": "number from 1 to of", "got": f"{number} of {of}"}
    metadata = body.get("metadata")
    if not isinstance(metadata, dict):
        return
    yield from _mismatches("metadata", metadata, dict.fromkeys(ROW_SHAPES, "array"))
    for section, shape in ROW_SHAPES.items():
        rows = metadata.get(section)
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            path = f"metadata.{section}[{index}]"
            present = {key: wanted for key, wanted in OPTIONAL[section].items() if _has(row, key)}
            yield from _mismatches(path, row, {**shape, **present})
            if _has(row, "tenant_id") and row["tenant_id"] != body.get("tenant_id"):
                yield {
                    "path": f"{path}.tenant_id",
                    "wanted": "the body's tenant_id",
                    "got": repr(row["tenant_id"])[:MOST_SHOWN],
                }


def _has(value: Any, key: str) -> bool:
    return isinstance(value, dict) and key in value


def _mismatches(path: str, value: Any, shape: Mapping[str, str]) -> Iterator[Dict[str, str]]:
    if not isinstance(value, dict):
        yield {"path": path or "the body", "wanted": "object", "got": _name(value)}
        return
    for key, wanted in shape.items():
        where = f"{path}.{key}" if path else key
        if key not in value:
            yield {"path": where, "wanted": wanted, "got": "nothing"}
        elif not _is(value[key], wanted):
            yield {"path": where, "wanted": wanted, "got": _name(value[key])}


def _is(value: Any, wanted: str) -> bool:
    if value is None:
        return wanted.endswith("?")
    if value == "" and wanted == "non-empty string":
        return False
    if wanted.startswith("integer") and isinstance(value, int) and value not in _INTEGERS:
        return False
    return isinstance(value, _TYPES[wanted.rstrip("?")]) and not isinstance(value, bool)


def _name(value: Any) -> str:
    """Name a value's JSON type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if value == "":
        return "empty string"
    if isinstance(value, int) and value not in _INTEGERS:
        return "integer of more than 64 bits"
    return next((name for name, types in _TYPES.items() if isinstance(value, types)), type(value).__name__)
