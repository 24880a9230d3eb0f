"""``/api/2.0/libraries``: packages of a cluster."""

from __future__ import annotations

import json
from typing import Any

from fake_databricks.clusters.libraries import check_library
from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import read_object


def install(call: Call) -> dict[str, Any]:
    """Install packages, in the background."""
    cluster_id, libraries = _asked(call)
    for library in libraries:
        call.workspace.install_library(cluster_id, library)
    return {}


def uninstall(call: Call) -> dict[str, Any]:
    """Mark packages; they are gone after the next restart, as on Databricks."""
    cluster_id, libraries = _asked(call)
    known = call.workspace.clusters.get(cluster_id).libraries
    for library in libraries:
        if json.dumps(library, sort_keys=True) in known:
            call.workspace.clusters.set_library(cluster_id, library, "UNINSTALL_ON_RESTART")
    return {}


def cluster_status(call: Call) -> dict[str, Any]:
    """Return the packages of one cluster."""
    return _statuses(call, call.parameters.text("cluster_id"))


def all_statuses(call: Call) -> dict[str, Any]:
    """Return the packages of all clusters."""
    records = call.workspace.clusters.list()
    return {"statuses": [_statuses(call, record.cluster_id) for record in records]}


def _statuses(call: Call, cluster_id: str) -> dict[str, Any]:
    libraries = list(call.workspace.clusters.get(cluster_id).libraries.values())
    return {"cluster_id": cluster_id, **({"library_statuses": libraries} if libraries else {})}


def _asked(call: Call) -> tuple[str, list[dict[str, Any]]]:
    asked = call.parameters
    cluster_id = asked.text("cluster_id")
    call.workspace.clusters.get(cluster_id)
    libraries = [read_object("libraries", item) for item in asked.list("libraries")]
    if not libraries:
        raise InvalidParameter("Missing required field: libraries")
    for library in libraries:
        check_library(library)
    return cluster_id, libraries


ROUTES = (
    Route("POST", "/libraries/install", install),
    Route("POST", "/libraries/uninstall", uninstall),
    Route("GET", "/libraries/cluster-status", cluster_status),
    Route("GET", "/libraries/all-cluster-statuses", all_statuses),
)
