"""The runs of the workspace, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.runs import RunFilter
from fake_databricks.web.pages.rows import run_row

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit

PAGE = 50


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the list."""
    only = visit.query.get("active", "") == "1"
    return {"active": only, **page_of(visit, RunFilter(active_only=only, before=visit.before()))}


def page_of(visit: Visit, wanted: RunFilter) -> dict[str, Any]:
    """Return one part of a list of runs, and where it goes on; 0 is nowhere."""
    found = visit.workspace.runs.list(wanted, 0, PAGE + 1)
    runs = [run_row(visit, run) for run in found[:PAGE]]
    return {
        "runs": runs,
        "next": runs[-1]["run_id"] if len(found) > PAGE else 0,
        "is_live": any(run["is_active"] for run in runs),
    }
