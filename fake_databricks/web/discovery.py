"""What clients ask before they have a token: what this host is, and where OAuth tokens are had. Pure."""

from __future__ import annotations

import uuid
from typing import Any

CONFIG = "/.well-known/databricks-config"
AUTHORIZATION_SERVER = "/oidc/.well-known/oauth-authorization-server"
TOKEN = "/oidc/v1/token"  # noqa: S105  a path
AUTHORIZE = "/oidc/v1/authorize"


def databricks_config(url: str, workspace_id: str = "") -> dict[str, Any]:
    """Return what the SDKs read before their first call.

    A server with many workspaces names none: an SDK would send its number with every call, whatever the
    token.

    Args:
        url: the server, as the client asks it.
        workspace_id: the workspace of every client, if there is only one.
    """
    said: dict[str, Any] = {
        "oidc_endpoint": f"{url}/oidc",
        "cloud": "AWS",
        "host_type": "WORKSPACE_HOST",
        "token_federation_default_oidc_audiences": [url + TOKEN],
    }
    if workspace_id:
        said["workspace_id"] = workspace_id
        said["account_id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, workspace_id))
    return said


def authorization_server(url: str) -> dict[str, Any]:
    """Return the metadata of RFC 8414."""
    return {
        "issuer": f"{url}/oidc",
        "authorization_endpoint": url + AUTHORIZE,  # the SDKs want one; it refuses
        "token_endpoint": url + TOKEN,
        "response_types_supported": ["code"],
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["all-apis"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
