"""A data contract of what a scan found, as a start for a person. Pure."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Set

from nuvyn_executor.contracts.keys import STRING_CHECKS
from nuvyn_executor.quality.declared import folded
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, Scan

_FORMATS: Mapping[str, str] = {
    check: name for name, check in STRING_CHECKS.items() if not name.startswith("ip")
}
_LOGICAL_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("timestamp", "timestamp_ntz"), "timestamp"),
    **dict.fromkeys(("array",), "array"),
    **dict.fromkeys(("struct", "map"), "object"),
    **{same: same for same in ("date", "boolean", "string")},
}


def suggested(title: str, place: str, scans: Sequence[Scan]) -> Dict[str, Any]:
    """Return a contract that the data of some scans meet, as plain values in the standard's order.

    Args:
        title: its name.
        place: the path of the data: the same path, the same id.
        scans: of whole tables, without a contract.
    """
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, place)),
        "name": title,
        "version": "1.0.0",
        "status": "draft",
        "schema": [_schema(scan) for scan in scans],
    }


def _schema(scan: Scan) -> Dict[str, Any]:
    properties: List[Dict[str, Any]] = []
    seen: Set[str] = set()
    for tally, facts in zip(scan.tally.columns, scan.columns):
        if folded(facts.name) not in seen and facts.name.strip():
            seen.add(folded(facts.name))
            properties.append(_property(tally, facts))
    return {"name": scan.name, "physicalType": "table", "properties": properties}


def _property(tally: ColumnTally, facts: ColumnFacts) -> Dict[str, Any]:
    found: Dict[str, Any] = {"name": facts.name}
    is_complete = tally.rows > 0 and tally.missing == 0
    distinct = facts.distinct
    is_unique = distinct is not None and distinct.rsd == 0 and distinct.count == tally.present
    if facts.is_key and is_complete and is_unique:
        found["primaryKey"] = True
    logical = _LOGICAL_TYPES.get(facts.data_type.split("(")[0].split("<")[0])
    if tally.invalid:
        found["description"] = (
            f"{tally.invalid} of {tally.checked} values are no {facts.expected}: "
            "correct them, and declare logicalType."
        )
    elif logical is not None and tally.present:
        found["logicalType"] = logical
        format_ = _format(tally, facts, logical)
        if format_:
            found["logicalTypeOptions"] = {"format": format_}
    found["physicalType"] = facts.data_type
    if is_complete:
        found["required"] = True
    return found


def _format(tally: ColumnTally, facts: ColumnFacts, logical: str) -> Optional[str]:
    if logical == "date" and set(tally.shapes) == {Shape.DATE_ISO}:
        return "yyyy-MM-dd"
    return _FORMATS.get(facts.expected) if logical == "string" else None
