"""Every call that is answered, and its handler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_databricks.clusters import api as clusters
from fake_databricks.clusters import instance_pools_api as instance_pools
from fake_databricks.clusters import policies_api as policies
from fake_databricks.commands import api as commands
from fake_databricks.files import api as files
from fake_databricks.files import dbfs_api as dbfs
from fake_databricks.files import mounts_api as mounts
from fake_databricks.files import repos_api as repos
from fake_databricks.files import workspace_api as workspace
from fake_databricks.identity import scim_api as scim
from fake_databricks.identity import tokens_api as tokens
from fake_databricks.jobs import api as jobs
from fake_databricks.jobs import runs_api as runs
from fake_databricks.permissions import api as permissions
from fake_databricks.secrets import api as secrets
from fake_databricks.sql import api as sql
from fake_databricks.web import control

if TYPE_CHECKING:
    from fake_databricks.request.call import Route

ROUTES: tuple[Route, ...] = (
    *jobs.ROUTES,
    *runs.ROUTES,
    *commands.ROUTES,
    *secrets.ROUTES,
    *dbfs.ROUTES,
    *files.ROUTES,
    *workspace.ROUTES,
    *repos.ROUTES,
    *clusters.ROUTES,
    *policies.ROUTES,
    *instance_pools.ROUTES,
    *permissions.ROUTES,
    *sql.ROUTES,
    *scim.ROUTES,
    *tokens.ROUTES,
)
CONTROL: tuple[Route, ...] = (*control.ROUTES, *mounts.ROUTES)
_EXACT = {
    (route.method, version, route.path): route
    for route in ROUTES
    for version in route.versions
    if not route.path.endswith("*")
}
_PREFIXES = tuple(
    (route.method, version, route.path[:-1], route)
    for route in ROUTES
    for version in route.versions
    if route.path.endswith("*")
)
_CONTROL = {(route.method, route.path): route for route in CONTROL}


def find(method: str, version: str, path: str) -> tuple[Route, str] | None:
    """Return the route of a call and what its ``*`` stands for; ``path`` is without ``/api/<version>``."""
    route = _EXACT.get((method, version, path))
    if route is not None:
        return route, ""
    for wanted, of_version, prefix, route in _PREFIXES:
        if (method, version) == (wanted, of_version) and path.startswith(prefix):
            return route, path[len(prefix) :]
    return None


def find_control(method: str, path: str) -> Route | None:
    """Return the route of a call of ``/_fake``."""
    return _CONTROL.get((method, path))
