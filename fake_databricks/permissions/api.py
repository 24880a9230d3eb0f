"""``/api/2.0/permissions/{type}/{id}`` of every object but jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping

from fake_databricks.errors import DoesNotExist
from fake_databricks.permissions import access_lists
from fake_databricks.permissions.objects import split
from fake_databricks.request.call import Call, Route

if TYPE_CHECKING:
    from fake_databricks.permissions.objects import ObjectType
    from fake_databricks.workspace import Workspace

LEVELS = "/permissionLevels"
MANAGE = "CAN_MANAGE"


def get(call: Call) -> dict[str, Any]:
    """Return who may do what with an object, or the levels that it can have."""
    if call.rest.endswith(LEVELS):
        kind, object_id = split(call.rest[: -len(LEVELS)])
        _owner(call, kind, object_id)
        return access_lists.levels_view(kind.levels)
    kind, object_id = split(call.rest)
    return _view(call, kind, object_id)


def replace(call: Call) -> dict[str, Any]:
    """Replace the permissions of an object."""
    kind, object_id = split(call.rest)
    _owner(call, kind, object_id)
    listed = access_lists.read_access_list(call.parameters.list(access_lists.NAME), kind.levels)
    call.workspace.permissions.set(_path(kind, object_id), listed)
    return _view(call, kind, object_id)


def change(call: Call) -> dict[str, Any]:
    """Replace the permissions of the named principals only."""
    kind, object_id = split(call.rest)
    before = _own_list(call, kind, object_id)
    listed = access_lists.read_access_list(call.parameters.list(access_lists.NAME), kind.levels)
    call.workspace.permissions.set(_path(kind, object_id), access_lists.merged(before, listed))
    return _view(call, kind, object_id)


def _path(kind: ObjectType, object_id: str) -> str:
    return f"/{kind.name}/{object_id}"


def _view(call: Call, kind: ObjectType, object_id: str) -> dict[str, Any]:
    shown = [access_lists.entry_view(item) for item in _own_list(call, kind, object_id)]
    if MANAGE in kind.levels:
        shown.append(access_lists.inherited_view("admins", MANAGE, f"/{kind.name}/"))
    return access_lists.view(_path(kind, object_id), kind.object_type, shown)


def _own_list(call: Call, kind: ObjectType, object_id: str) -> list[Mapping[str, Any]]:
    """Return what was set, or that its owner may manage the object."""
    owner = _owner(call, kind, object_id)
    stored = call.workspace.permissions.get(_path(kind, object_id))
    if stored is not None:
        return stored
    return [{"user_name": owner, "permission_level": MANAGE}] if MANAGE in kind.levels else []


def _owner(call: Call, kind: ObjectType, object_id: str) -> str:
    """Return who owns an object.

    Raises:
        ApiError: it does not exist.
    """
    return _OWNERS[kind.name](call.workspace, object_id, kind.object_type)


def _of_cluster(workspace: Workspace, object_id: str, _: str) -> str:
    return workspace.clusters.get(object_id).owner or workspace.user


def _of_policy(workspace: Workspace, object_id: str, _: str) -> str:
    return workspace.policies.get(object_id).creator_user_name


def _of_pool(workspace: Workspace, object_id: str, _: str) -> str:
    workspace.pools.get(object_id)
    return workspace.user


def _of_workspace_object(workspace: Workspace, object_id: str, kind: str) -> str:
    info = workspace.objects.find(object_id)
    if info is None or info.object_type != kind.upper():
        raise DoesNotExist(f"Path for ID {object_id[:60]} does not exist: there is no {kind} with this id.")
    return workspace.user


def _of_tokens(workspace: Workspace, object_id: str, _: str) -> str:
    if object_id != "tokens":
        raise DoesNotExist(f"authorization/{object_id[:60]} does not exist: only authorization/tokens does.")
    return workspace.user


_OWNERS: Mapping[str, Callable[[Workspace, str, str], str]] = {
    "clusters": _of_cluster,
    "cluster-policies": _of_policy,
    "instance-pools": _of_pool,
    "directories": _of_workspace_object,
    "notebooks": _of_workspace_object,
    "files": _of_workspace_object,
    "authorization": _of_tokens,
}

ROUTES = (
    Route("GET", "/permissions/*", get),
    Route("PUT", "/permissions/*", replace),
    Route("PATCH", "/permissions/*", change),
)
