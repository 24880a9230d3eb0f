"""``/api/2.0/policies/clusters``: the cluster policies of a workspace."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Call, Route

if TYPE_CHECKING:
    from fake_databricks.clusters.policies import Policy

COLUMNS = {
    "POLICY_CREATION_TIME": lambda policy: policy.created_at_timestamp,
    "POLICY_NAME": lambda policy: policy.name,
}
ORDERS = ("ASC", "DESC")


def create(call: Call) -> dict[str, Any]:
    """Create a policy."""
    return {"policy_id": call.workspace.policies.create(call.document, call.workspace.user).policy_id}


def get(call: Call) -> dict[str, Any]:
    """Return one policy."""
    return policy_view(call.workspace.policies.get(call.parameters.text("policy_id")))


def edit(call: Call) -> dict[str, Any]:
    """Replace a policy."""
    call.workspace.policies.edit(call.parameters.text("policy_id"), call.document)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete a policy."""
    policy_id = call.parameters.text("policy_id")
    call.workspace.policies.delete(policy_id)
    call.workspace.permissions.forget(f"/cluster-policies/{policy_id}")
    return {}


def list_(call: Call) -> dict[str, Any]:
    """Return all policies."""
    parameters = call.parameters
    column = parameters.text("sort_column", "POLICY_CREATION_TIME")
    order = parameters.text("sort_order", "DESC" if column == "POLICY_CREATION_TIME" else "ASC")
    if column not in COLUMNS or order not in ORDERS:
        raise InvalidParameter(
            f"sort_column must be one of {', '.join(COLUMNS)}, sort_order one of {', '.join(ORDERS)}."
        )
    found = sorted(call.workspace.policies.list(), key=COLUMNS[column], reverse=order == "DESC")
    return {"policies": [policy_view(policy) for policy in found]}


def policy_view(policy: Policy) -> dict[str, Any]:
    """Return a policy as policies/clusters/get shows it."""
    view = {name: value for name, value in dataclasses.asdict(policy).items() if value not in (None, "", [])}
    return {**view, "is_default": False}


ROUTES = (
    Route("POST", "/policies/clusters/create", create),
    Route("GET", "/policies/clusters/get", get),
    Route("POST", "/policies/clusters/edit", edit),
    Route("POST", "/policies/clusters/delete", delete),
    Route("GET", "/policies/clusters/list", list_),
)
