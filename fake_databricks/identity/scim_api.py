"""``/api/2.0/preview/scim/v2``: the user of a token; users, groups and service principals."""

from __future__ import annotations

import json
from typing import Any, Callable

from fake_databricks.errors import InvalidParameter, MalformedRequest, PrincipalInvalid
from fake_databricks.identity import scim_filters
from fake_databricks.identity.principals import KINDS, OF_LISTS
from fake_databricks.request.call import Call, Handler, Reply, Route
from fake_databricks.request.values import all_unknown_fields

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ROOT = "/preview/scim/v2"


def me(call: Call) -> Reply:
    """Return the user of the token."""
    return _reply(_shown(call, call.workspace.directory.own()))


def list_(kind: str, call: Call) -> Reply:
    """Return the principals of a kind that a filter admits, a page of them."""
    parameters = call.parameters
    wanted = parameters.text("filter", "")
    found = [item for item in call.workspace.directory.list(kind) if scim_filters.matches(item, wanted)]
    found = scim_filters.ordered(found, parameters.text("sortBy", ""), parameters.text("sortOrder", ""))
    start, count = parameters.integer("startIndex", 1), parameters.integer("count", len(found))
    if start < 1 or count < 0:
        raise InvalidParameter(f"startIndex must be at least 1 and count not negative, got {start}, {count}.")
    page = [_shown(call, item) for item in found[start - 1 : start - 1 + count]]
    view = {"schemas": [LIST], "totalResults": len(found), "startIndex": start, "itemsPerPage": len(page)}
    return _reply({**view, **({"Resources": page} if page else {})})


def get(kind: str, call: Call) -> Reply:
    """Return one principal."""
    for name in OF_LISTS:
        if call.parameters.has(name):
            raise InvalidParameter(f"Field '{name}' is for lists: leave out the id, or the field.")
    return _reply(_shown(call, call.workspace.directory.get(kind, call.rest)))


def create(kind: str, call: Call) -> Reply:
    """Add a principal."""
    call.notes.extend(all_unknown_fields(call.document, KINDS[kind].fields))
    return _reply(call.workspace.directory.create(kind, call.document), 201)


def replace(kind: str, call: Call) -> Reply:
    """Replace a principal."""
    call.notes.extend(all_unknown_fields(call.document, KINDS[kind].fields))
    return _reply(call.workspace.directory.replace(kind, call.rest, call.document))


def patch(kind: str, call: Call) -> Reply:
    """Change some attributes of a principal."""
    operations = call.parameters.list("Operations")
    return _reply(call.workspace.directory.patch(kind, call.rest, operations))


def delete(kind: str, call: Call) -> Reply:
    """Remove a principal."""
    call.workspace.directory.delete(kind, call.rest)
    return Reply(204)


def _in_scim(handler: Callable[..., Reply], *first: str) -> Handler:
    """Return a handler whose refusals have SCIM's own envelope, whatever is wrong."""

    def answered(call: Call) -> Reply:
        try:
            return handler(*first, call)
        except (InvalidParameter, MalformedRequest) as error:
            raise PrincipalInvalid(error) from None

    return answered


def _shown(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    parameters = call.parameters
    return scim_filters.shown(
        document, parameters.text("attributes", ""), parameters.text("excludedAttributes", "")
    )


def _reply(document: dict[str, Any], status: int = 200) -> Reply:
    headers = {"Content-Type": "application/scim+json; charset=utf-8"}
    return Reply(status, json.dumps(document).encode(), headers)


ROUTES = (
    Route("GET", f"{ROOT}/Me", _in_scim(me)),
    *(
        route
        for kind in KINDS
        for route in (
            Route("GET", f"{ROOT}/{kind}", _in_scim(list_, kind)),
            Route("POST", f"{ROOT}/{kind}", _in_scim(create, kind)),
            Route("GET", f"{ROOT}/{kind}/*", _in_scim(get, kind)),
            Route("PUT", f"{ROOT}/{kind}/*", _in_scim(replace, kind)),
            Route("PATCH", f"{ROOT}/{kind}/*", _in_scim(patch, kind)),
            Route("DELETE", f"{ROOT}/{kind}/*", _in_scim(delete, kind)),
        )
    ),
)
