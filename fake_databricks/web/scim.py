"""``/api/2.0/preview/scim/v2/Me``: the user of a token."""

from __future__ import annotations

import json
from typing import Any

from fake_databricks.request.call import Call, Reply, Route


def me(call: Call) -> Reply:
    """Return the user of the token, with the workspace's number in a header."""
    user = call.workspace.user
    view: dict[str, Any] = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": call.workspace.workspace_id,
        "userName": user,
        "displayName": user.partition("@")[0],
        "name": {"givenName": "Fake", "familyName": "User"},
        "active": True,
        "emails": [{"type": "work", "value": user, "primary": True}],
        "groups": [{"display": "users", "type": "direct", "value": "1"}],
        "entitlements": [{"value": "workspace-access"}, {"value": "allow-cluster-create"}],
    }
    headers = {"Content-Type": "application/scim+json; charset=utf-8"}
    return Reply(200, json.dumps(view).encode(), headers)


ROUTES = (Route("GET", "/preview/scim/v2/Me", me),)
