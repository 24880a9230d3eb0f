"""The workspaces whose tokens this browser has signed in with: which is current, switch, sign out of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.errors import DoesNotExist, InvalidParameter
from fake_databricks.ui.page import Elsewhere

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit
    from fake_databricks.workspace import Workspace

ADDRESS = "/workspaces"


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page."""
    current = visit.workspace.workspace_id
    workspaces = visit.signed_in.workspaces()
    return {
        "workspaces": [
            {"id": name, "is_current": name == current, **_counts(workspaces[name])}
            for name in sorted(workspaces)
        ]
    }


def _counts(workspace: Workspace) -> dict[str, int]:
    active, ended = workspace.runs.counts()
    return {
        "jobs": len(workspace.jobs.list()),
        "active": active,
        "ended": ended,
        "clusters": len(workspace.clusters.list()),
    }


def change(visit: Visit) -> dict[str, Any]:
    """Do what the form says, and go to the page of what is current then.

    Raises:
        DoesNotExist: the form names a workspace that this browser has not signed in to.
        InvalidParameter: the form says something else.
        Elsewhere: it has been done.
    """
    action, name = visit.form.get("action", ""), visit.form.get("workspace", "")
    if name not in visit.signed_in.workspaces():
        raise DoesNotExist(f"This browser has not signed in to a workspace {name[:60]!r}.")
    if action == "switch":
        visit.signed_in.choose(name)
        raise Elsewhere("/")
    if action == "sign-out":
        visit.signed_in.leave(name)
        raise Elsewhere(ADDRESS)
    raise InvalidParameter("The form must say switch or sign-out.")
