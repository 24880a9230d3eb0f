"""What programs have shown: tables as tables, HTML at an address of its own, for a frame of a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Sequence

from fake_databricks.errors import DoesNotExist

if TYPE_CHECKING:
    from fake_databricks.engine.ports import Display
    from fake_databricks.web.pages.visit import Visit

COMMAND, ATTEMPT = "command", "attempt"
MOST_ROWS = 100
"""How many rows of a table a page shows: the first ones."""


def display_views(displays: Sequence[Display], kind: str, owner: object) -> list[dict[str, Any]]:
    """Return the values of all that a command or an attempt has shown.

    Args:
        displays: what it has shown.
        kind: whose they are: ``COMMAND`` or ``ATTEMPT``.
        owner: its id.
    """
    return [
        _html_view(item, number, f"/displays/{kind}/{owner}/{number}")
        if item["kind"] == "html"
        else _table_view(item, number)
        for number, item in enumerate(displays, 1)
    ]


def _html_view(display: Display, number: int, address: str) -> dict[str, Any]:
    return {"kind": "html", "number": number, "address": address, "length": len(display["data"])}


def _table_view(display: Display, number: int) -> dict[str, Any]:
    return {
        "kind": "table",
        "number": number,
        "columns": [{"name": name, "type": kind} for name, kind in display["schema"]],
        "rows": [[_cell(value) for value in row] for row in display["data"][:MOST_ROWS]],
        "length": len(display["data"]),
        "is_cut": display["truncated"],
    }


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def view(visit: Visit) -> dict[str, Any]:
    """Return the HTML that a command or an attempt has shown.

    Raises:
        DoesNotExist: there is none of this number.
    """
    kind, owner, number = visit.names
    shown: Sequence[Display] = ()
    if kind == COMMAND:
        shown = visit.workspace.commands.find(owner).displays
    elif kind == ATTEMPT:
        shown = visit.workspace.runs.output(visit.number(1)).displays
    found = [item for place, item in enumerate(shown, 1) if str(place) == number and item["kind"] == "html"]
    if not found:
        raise DoesNotExist(f"There is no HTML of the number {number[:60]!r} here.")
    return {"html": found[0]["data"]}
