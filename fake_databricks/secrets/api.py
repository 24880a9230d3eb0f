"""``/api/2.0/secrets``: scopes, secrets, access lists."""

from __future__ import annotations

import base64
from typing import Any

from fake_databricks.errors import DoesNotExist, InvalidParameter, MalformedRequest
from fake_databricks.redaction import MIN_LENGTH
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import read_bytes, read_text


def create_scope(call: Call) -> dict[str, Any]:
    """Create a scope."""
    parameters = call.parameters
    principal = parameters.text("initial_manage_principal", "")
    if principal not in ("", "users"):
        raise InvalidParameter('The only supported value of initial_manage_principal is "users".')
    backend = parameters.text("scope_backend_type", "DATABRICKS")
    if backend != "DATABRICKS":
        raise InvalidParameter(
            f"Field 'scope_backend_type' {backend!r} is not supported: there is no Azure Key Vault here."
        )
    if parameters.object("backend_azure_keyvault"):
        raise InvalidParameter(
            "Field 'backend_azure_keyvault' is not supported: there is no Azure Key Vault here."
        )
    call.workspace.secrets.create_scope(parameters.text("scope"), principal or call.workspace.user)
    return {}


def delete_scope(call: Call) -> dict[str, Any]:
    """Delete a scope."""
    call.workspace.secrets.delete_scope(call.parameters.text("scope"))
    return {}


def list_scopes(call: Call) -> dict[str, Any]:
    """Return all scopes."""
    names = call.workspace.secrets.scopes()
    return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in names]} if names else {}


def put(call: Call) -> dict[str, Any]:
    """Store a secret value."""
    parameters = call.parameters
    document = call.document
    fields = [name for name in ("string_value", "bytes_value") if document.get(name) is not None]
    if len(fields) != 1:
        raise MalformedRequest("Exactly one of string_value and bytes_value must be specified.")
    if fields[0] == "string_value":
        value = read_text("string_value", document["string_value"]).encode()
    else:
        value = read_bytes("bytes_value", document["bytes_value"])
    call.workspace.secrets.put(parameters.text("scope"), parameters.text("key"), value)
    _note_short(call, value)
    return {}


def get(call: Call) -> dict[str, Any]:
    """Return a secret value in base64."""
    parameters = call.parameters
    value = call.workspace.secrets.get(parameters.text("scope"), parameters.text("key"))
    _note_short(call, value)
    return {"key": parameters.text("key"), "value": base64.b64encode(value).decode()}


def _note_short(call: Call, value: bytes) -> None:
    """Note in the journal that a value is too short to be masked."""
    if len(value.decode(errors="ignore")) < MIN_LENGTH:
        name = f"{call.parameters.text('scope')}/{call.parameters.text('key')}"
        call.notes.append(
            f"The secret {name} is not masked in outputs: it has fewer than {MIN_LENGTH} characters."
        )


def delete(call: Call) -> dict[str, Any]:
    """Delete a secret."""
    call.workspace.secrets.delete(call.parameters.text("scope"), call.parameters.text("key"))
    return {}


def list_(call: Call) -> dict[str, Any]:
    """Return the keys of a scope, never the values."""
    keys = call.workspace.secrets.keys(call.parameters.text("scope"))
    return {"secrets": [{"key": key, "last_updated_timestamp": when} for key, when in keys]} if keys else {}


def put_acl(call: Call) -> dict[str, Any]:
    """Grant a permission."""
    parameters = call.parameters
    call.workspace.secrets.put_acl(
        parameters.text("scope"), parameters.text("principal"), parameters.text("permission")
    )
    return {}


def get_acl(call: Call) -> dict[str, Any]:
    """Return the permission of one principal."""
    parameters = call.parameters
    principal = parameters.text("principal")
    permission = call.workspace.secrets.acl(parameters.text("scope")).get(principal)
    if permission is None:
        raise DoesNotExist(
            f"ACL does not exist for principal {principal} on scope {parameters.text('scope')}"
        )
    return {"principal": principal, "permission": permission}


def list_acls(call: Call) -> dict[str, Any]:
    """Return all permissions of a scope."""
    acl = call.workspace.secrets.acl(call.parameters.text("scope"))
    items = [{"principal": name, "permission": permission} for name, permission in sorted(acl.items())]
    return {"items": items} if items else {}


def delete_acl(call: Call) -> dict[str, Any]:
    """Remove a permission."""
    parameters = call.parameters
    call.workspace.secrets.delete_acl(parameters.text("scope"), parameters.text("principal"))
    return {}


ROUTES = (
    Route("POST", "/secrets/scopes/create", create_scope),
    Route("POST", "/secrets/scopes/delete", delete_scope),
    Route("GET", "/secrets/scopes/list", list_scopes),
    Route("POST", "/secrets/put", put),
    Route("GET", "/secrets/get", get),
    Route("POST", "/secrets/delete", delete),
    Route("GET", "/secrets/list", list_),
    Route("POST", "/secrets/acls/put", put_acl),
    Route("GET", "/secrets/acls/get", get_acl),
    Route("GET", "/secrets/acls/list", list_acls),
    Route("POST", "/secrets/acls/delete", delete_acl),
)
