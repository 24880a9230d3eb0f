"""The secrets of the workspace by scope and name, never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page."""
    secrets = visit.workspace.secrets
    return {
        "scopes": [
            {
                "name": scope,
                "keys": [{"name": key, "changed": when} for key, when in secrets.keys(scope)],
                "acl": [{"principal": who, "permission": what} for who, what in secrets.acl(scope).items()],
            }
            for scope in secrets.scopes()
        ]
    }
