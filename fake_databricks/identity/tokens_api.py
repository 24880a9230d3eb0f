"""``/api/2.0/token``: the tokens of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Call, Parameters, Route

if TYPE_CHECKING:
    from fake_databricks.identity.tokens import Token


def create(call: Call) -> dict[str, Any]:
    """Make a token."""
    parameters = call.parameters
    if parameters.boolean("autoscope_enabled"):
        raise InvalidParameter(
            "Field 'autoscope_enabled' is not supported: tokens may do everything here; leave it out."
        )
    value, token = call.workspace.tokens.create(
        parameters.text("comment", ""),
        parameters.optional_integer("lifetime_seconds"),
        parameters.texts("scopes"),
    )
    return {"token_value": value, "token_info": token_view(token)}


def list_(call: Call) -> dict[str, Any]:
    """Return the tokens that work; never their values."""
    found = [token_view(token) for token in call.workspace.tokens.list()]
    return {"token_infos": found} if found else {}


def update(call: Call) -> dict[str, Any]:
    """Change what a mask names of a token."""
    parameters = call.parameters
    given = Parameters(parameters.object("token"))
    changes: dict[str, Any] = {}
    for name in parameters.text("update_mask").split(","):
        if name == "comment":
            changes[name] = given.text("comment", "")
        elif name == "scopes":
            changes[name] = given.texts("scopes")
        else:
            raise InvalidParameter(
                f"The update_mask names '{name[:40]}'; only comment and scopes can be changed."
            )
    return token_view(call.workspace.tokens.update(call.rest, changes))


def delete(call: Call) -> dict[str, Any]:
    """Let a token work no more."""
    call.workspace.tokens.delete(call.parameters.text("token_id"))
    return {}


def token_view(token: Token) -> dict[str, Any]:
    """Return a token as token/list shows it."""
    return {
        "token_id": token.token_id,
        "creation_time": token.creation_time,
        "expiry_time": token.expiry_time,
        "comment": token.comment,
        **({"scopes": list(token.scopes)} if token.scopes else {}),
    }


ROUTES = (
    Route("POST", "/token/create", create),
    Route("GET", "/token/list", list_),
    Route("POST", "/token/delete", delete),
    Route("PATCH", "/token/*", update),
)
