"""``/_fake``: faults, journal, clock and reset, each for the caller's workspace alone."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from fake_databricks.clock import TooManyTimers
from fake_databricks.errors import InvalidParameter, MalformedRequest
from fake_databricks.redaction import mask_urls
from fake_databricks.request.call import Call, Route
from fake_databricks.request.documents import read_document
from fake_databricks.web.usage import folder_bytes, memory_bytes

if TYPE_CHECKING:
    from fake_databricks.web.faults import Fault

LATEST_TIME = 4_102_444_799_000
"""The end of the year 2099, in milliseconds since 1970: the last year of a Quartz cron expression."""


def add_fault(call: Call) -> dict[str, Any]:
    """Add a fault."""
    return _fault_view(call.controls.faults.add(call.document), 0)


def list_faults(call: Call) -> dict[str, Any]:
    """Return all faults, each with the number of requests that matched it."""
    return {"faults": [_fault_view(fault, seen) for fault, seen in call.controls.faults.counts()]}


def clear_faults(call: Call) -> dict[str, Any]:
    """Remove one fault by its name, or all."""
    call.controls.faults.clear(call.parameters.text("name", ""))
    return {}


def read_journal(call: Call) -> dict[str, Any]:
    """Return the exchanges of this workspace, the oldest first."""
    parameters = call.parameters
    entries = call.controls.journal.entries(parameters.text("method", ""), parameters.text("path", ""))
    views = [
        {
            **dataclasses.asdict(entry),
            "request": read_body(entry.request),
            "response": read_body(entry.response),
        }
        for entry in entries
    ]
    return {"entries": mask_urls(call.workspace.secrets.redact(views))}


def clear_journal(call: Call) -> dict[str, Any]:
    """Delete the exchanges."""
    call.controls.journal.clear()
    return {}


def read_clock(call: Call) -> dict[str, Any]:
    """Return the time of this workspace, and how far it is ahead of the true time."""
    clock = call.workspace.clock
    return {"now": clock.now(), "offset_ms": clock.offset}


def move_clock(call: Call) -> dict[str, Any]:
    """Move the clock to a time, or by some seconds; runs whose time comes on the way start."""
    parameters = call.parameters
    given = [name for name in ("now", "advance_seconds") if parameters.has(name)]
    if len(given) != 1:
        raise InvalidParameter("Give exactly one of now (milliseconds since 1970) and advance_seconds.")
    moment = parameters.integer(given[0])
    if given[0] == "advance_seconds":
        moment = call.workspace.clock.now() + moment * 1000
    if not 0 <= moment <= LATEST_TIME:
        raise InvalidParameter(f"{given[0]} leads out of the years 1970 to 2099.")
    try:
        call.workspace.set_time(moment)
    except TooManyTimers:
        raise InvalidParameter(
            f"The clock stands at {call.workspace.clock.now()}: too much was due on the way. "
            "Move it on in smaller steps."
        ) from None
    return read_clock(call)


def reset_clock(call: Call) -> dict[str, Any]:
    """Show the true time again."""
    call.workspace.set_time(None)
    return read_clock(call)


def reset(call: Call) -> dict[str, Any]:
    """Erase the whole workspace; the next request finds a new one."""
    call.controls.reset()
    return {}


def describe(call: Call) -> dict[str, Any]:
    """Return the name of this server, the clusters of the workspace, and what both use of this machine."""
    workspace = call.workspace
    active, ended = workspace.runs.counts()
    return {
        "server": "fake_databricks",
        "workspace_id": workspace.workspace_id,
        "clusters": [record.cluster_id for record in workspace.clusters.list()],
        "jobs": len(workspace.jobs.list()),
        "runs": {"active": active, "ended": ended, "kept_at_most": workspace.runs.keep},
        "journal_entries": call.controls.journal.count(),
        "bytes": {
            "server_memory": memory_bytes(),
            "state_of_all_workspaces": workspace.state_bytes(),
            "files_of_this_workspace": folder_bytes(workspace.folder),
        },
    }


def read_body(noted: Any) -> Any:
    """Return a body of the journal as the JSON that it is, or as text."""
    if not isinstance(noted, bytes):
        return noted
    try:
        return read_document(noted) if noted else None
    except MalformedRequest:
        return noted.decode("utf-8", "replace")


def _fault_view(fault: Fault, seen: int) -> dict[str, Any]:
    return {
        "name": fault.name,
        "pattern": f"{fault.method} {fault.path}",
        "status_code": fault.status,
        "body": dict(fault.body),
        "headers": dict(fault.headers),
        "offset": fault.offset,
        "times": fault.times,
        "after_handler": fault.is_after,
        "delay_ms": fault.delay_ms,
        "reset_connection": fault.is_reset,
        "seen": seen,
    }


ROUTES = (
    Route("GET", "/_fake", describe, is_slow=True),
    Route("POST", "/_fake/faults", add_fault),
    Route("GET", "/_fake/faults", list_faults),
    Route("DELETE", "/_fake/faults", clear_faults),
    Route("GET", "/_fake/journal", read_journal),
    Route("DELETE", "/_fake/journal", clear_journal),
    Route("GET", "/_fake/clock", read_clock),
    Route("POST", "/_fake/clock", move_clock, is_slow=True),
    Route("DELETE", "/_fake/clock", reset_clock),
    Route("POST", "/_fake/reset", reset, is_slow=True),
)
