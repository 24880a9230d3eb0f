"""What the platform knows of a tenant, and what the tables hold: two values to compare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Mapping
from urllib.parse import quote
from urllib.request import Request, urlopen

from nuvyn_executor.schema.tables import COLUMNS, OF_EACH_RUN, SOURCES, TABLES
from nuvyn_executor.transport.payload import RowCleaner, encode
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from contract.receiver import Receiver
    from tests.installation import Installation

Rows = Dict[Any, Any]
KEYS = {table.name: table.key for table in (SOURCES, TABLES, COLUMNS)}


def at_the_platform(receiver: Receiver, key: str, tenant: str = "default") -> Rows:
    """Return what the receiver says it knows, by section and key, without what is of a run."""
    request = Request(
        f"{receiver.url}/api/metadata?tenant_id={quote(tenant)}", headers={"Authorization": f"Bearer {key}"}
    )
    with urlopen(request, timeout=LONGEST) as answer:
        return by_key(json.load(answer)["metadata"])


def in_the_tables(site: Installation, tenant: str = "default") -> Rows:
    """Return the same of the tables."""
    clean = RowCleaner()
    return by_key(
        {
            table.name: [
                json.loads(encode(clean.row(table, row))) for row in site.rows(table, tenant_id=tenant)
            ]
            for table in (SOURCES, TABLES, COLUMNS)
        }
    )


def by_key(metadata: Mapping[str, Any]) -> Rows:
    """Return rows by section and key, without what is of a run."""
    found: Rows = {}
    for section, key in KEYS.items():
        for row in metadata[section]:
            row.pop("base_version", None)
            if section == TABLES.name:
                for path in OF_EACH_RUN:
                    _remove(row, *path)
            found[section, row[key]] = row
    return found


def _remove(value: Any, first: str, *rest: str) -> None:
    if not rest:
        value.pop(first, None)
    elif isinstance(value.get(first), dict):
        _remove(value[first], *rest)
