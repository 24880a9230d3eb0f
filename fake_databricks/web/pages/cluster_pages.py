"""The clusters of the workspace, and one cluster with its packages and events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fake_databricks.clusters.api import cluster_view
from fake_databricks.clusters.lifecycle import Life
from fake_databricks.web.pages.rows import cluster_row

if TYPE_CHECKING:
    from fake_databricks.clusters.record import ClusterRecord
    from fake_databricks.web.pages.visit import Visit

EVENTS = 50
LIST_PACKAGES = ("list", "--format", "json", "--disable-pip-version-check")


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the list."""
    clusters = [cluster_row(record) for record in visit.workspace.clusters.list()]
    return {"clusters": clusters, "is_live": any(row["is_active"] for row in clusters)}


def view_one(visit: Visit) -> dict[str, Any]:
    """Return the values of one cluster; pip is asked for all packages if the request says so."""
    record = visit.workspace.clusters.get(visit.names[0])
    row = cluster_row(record)
    return {
        "title": row["name"] or record.cluster_id,
        "cluster": row,
        "settings": cluster_view(record, visit.workspace.user),
        "libraries": [
            {"library": item["library"], "status": item["status"], "messages": list(item.get("messages", ()))}
            for item in record.libraries.values()
        ],
        "events": [
            {"time": item["timestamp"], "type": item["type"], "details": item["details"]}
            for item in reversed(record.events[-EVENTS:])
        ],
        "is_running": record.state is Life.RUNNING,
        "is_asked": visit.query.get("packages") == "1",
        **_packages(visit, record),
    }


def _packages(visit: Visit, record: ClusterRecord) -> dict[str, Any]:
    if visit.query.get("packages") != "1" or record.state is not Life.RUNNING:
        return {"packages": [], "pip_said": ""}
    answer = visit.workspace.clusters.pip(record.cluster_id, LIST_PACKAGES)
    lines = [line for line in answer.output.splitlines() if line.startswith("[")]
    if not answer.ok or not lines:
        return {"packages": [], "pip_said": answer.output}
    return {"packages": json.loads(lines[0]), "pip_said": ""}
