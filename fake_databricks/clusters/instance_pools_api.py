"""``/api/2.0/instance-pools``: the instance pools of a workspace."""

from __future__ import annotations

from typing import Any, Mapping

from fake_databricks.clusters.fields import POOL_FIELDS
from fake_databricks.clusters.instance_pools import STATS
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import all_unknown_fields


def create(call: Call) -> dict[str, Any]:
    """Create a pool."""
    call.notes.extend(all_unknown_fields(call.document, POOL_FIELDS))
    return {"instance_pool_id": call.workspace.pools.create(call.document)}


def get(call: Call) -> dict[str, Any]:
    """Return one pool."""
    pool_id = call.parameters.text("instance_pool_id")
    return pool_view(pool_id, call.workspace.pools.get(pool_id), call.workspace.user)


def edit(call: Call) -> dict[str, Any]:
    """Change a pool."""
    known = {**POOL_FIELDS, "instance_pool_id": POOL_FIELDS["instance_pool_name"]}
    call.notes.extend(all_unknown_fields(call.document, known))
    call.workspace.pools.edit(call.parameters.text("instance_pool_id"), call.document)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete a pool."""
    pool_id = call.parameters.text("instance_pool_id")
    call.workspace.pools.delete(pool_id)
    call.workspace.permissions.forget(f"/instance-pools/{pool_id}")
    return {}


def list_(call: Call) -> dict[str, Any]:
    """Return all pools."""
    found = [pool_view(key, settings, call.workspace.user) for key, settings in call.workspace.pools.list()]
    return {"instance_pools": found} if found else {}


def pool_view(pool_id: str, settings: Mapping[str, Any], user: str) -> dict[str, Any]:
    """Return a pool as instance-pools/get shows it: no machine is in it."""
    return {
        "instance_pool_id": pool_id,
        **settings,
        "state": "ACTIVE",
        "stats": STATS,
        "status": {},
        "default_tags": {
            "Vendor": "Databricks",
            "DatabricksInstancePoolCreatorId": user,
            "DatabricksInstancePoolId": pool_id,
        },
    }


ROUTES = (
    Route("POST", "/instance-pools/create", create),
    Route("GET", "/instance-pools/get", get),
    Route("POST", "/instance-pools/edit", edit),
    Route("POST", "/instance-pools/delete", delete),
    Route("GET", "/instance-pools/list", list_),
)
