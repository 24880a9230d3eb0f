"""The runs of the workspace, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.runs import RunFilter
from fake_databricks.web.pages.attempts import FINE
from fake_databricks.web.pages.rows import run_row

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit

PAGE = 50
KINDS = {"": "all", "active": "active", "failed": "that did not succeed"}
"""Which runs the list shows."""


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the list."""
    name, show = visit.query.get("name", ""), visit.query.get("show", "")
    wanted = RunFilter(
        active_only=show == "active",
        before=visit.before(),
        name=name,
        without=FINE if show == "failed" else (),
    )
    return {"name": name, "show": show, "kinds": KINDS, **page_of(visit, wanted)}


def page_of(visit: Visit, wanted: RunFilter) -> dict[str, Any]:
    """Return one part of a list of runs, and where it goes on; 0 is nowhere."""
    found = visit.workspace.runs.list(wanted, 0, PAGE + 1)
    runs = [run_row(visit, run) for run in found[:PAGE]]
    return {
        "runs": runs,
        "next": runs[-1]["run_id"] if len(found) > PAGE else 0,
        "is_live": any(run["is_active"] for run in runs),
    }
