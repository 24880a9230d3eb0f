"""The journal: each exchange of the workspace, and the command that repeats it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.errors import DoesNotExist
from fake_databricks.redaction import mask_urls
from fake_databricks.web.control import read_body
from fake_databricks.web.pages.curl import command

if TYPE_CHECKING:
    from fake_databricks.web.journal import Entry
    from fake_databricks.web.pages.visit import Visit

PAGE = 100
ERROR = 400


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the list."""
    method, path, before = visit.query.get("method", ""), visit.query.get("path", ""), visit.before()
    found = visit.controls.journal.entries(method, path)
    wanted = [entry for entry in reversed(found) if not before or entry.number < before]
    return {
        "method": method,
        "path": path,
        "methods": sorted({entry.method for entry in visit.controls.journal.entries()}),
        "entries": [_row(entry) for entry in wanted[:PAGE]],
        "next": wanted[PAGE - 1].number if len(wanted) > PAGE else 0,
        "count": len(found),
    }


def view_one(visit: Visit) -> dict[str, Any]:
    """Return the values of one exchange.

    Raises:
        DoesNotExist: the journal does not hold it.
    """
    number = visit.number(0)
    entry = next((item for item in visit.controls.journal.entries() if item.number == number), None)
    if entry is None:
        raise DoesNotExist(f"The journal does not hold the exchange {number}.")
    redact = visit.workspace.secrets.redact
    return {
        **_row(entry),
        "title": f"Exchange {number}",
        "headers": [{"name": name, "value": value} for name, value in sorted(entry.headers.items())],
        "request": read_body(entry.request),
        "response": read_body(entry.response),
        "notes": list(entry.notes),
        "curl": command(
            entry.method, entry.path, entry.headers, entry.request, lambda item: mask_urls(redact(item))
        ),
    }


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "time": entry.time,
        "method": entry.method,
        "path": entry.path,
        "status": entry.status,
        "tone": "bad" if entry.status >= ERROR or not entry.status else "good",
        "fault": entry.fault,
        "is_known": entry.is_known,
        "notes": list(entry.notes),
    }
