"""The first page: what the workspace has, its newest runs, its clusters, and how a client asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.runs import RunFilter
from fake_databricks.web.pages.rows import cluster_row, run_row

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit

NEWEST = 20


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page."""
    workspace = visit.workspace
    active, ended = workspace.runs.counts()
    clusters = workspace.clusters.list()
    runs = [run_row(visit, run) for run in workspace.runs.list(RunFilter(), 0, NEWEST)]
    return {
        "host": workspace.url,
        "user": workspace.user,
        "now": workspace.clock.now(),
        "offset": workspace.clock.offset,
        "counts": [
            {"name": "jobs", "count": len(workspace.jobs.list()), "target": "/jobs"},
            {"name": "active runs", "count": active, "target": "/runs?show=active"},
            {"name": "ended runs", "count": ended, "target": "/runs"},
            {"name": "clusters", "count": len(clusters), "target": "/clusters"},
            {"name": "exchanges", "count": visit.controls.journal.count(), "target": "/journal"},
            {"name": "faults", "count": len(visit.controls.faults.counts()), "target": "/faults"},
        ],
        "runs": runs,
        "clusters": [cluster_row(record) for record in clusters],
        "is_live": any(run["is_active"] for run in runs),
    }
