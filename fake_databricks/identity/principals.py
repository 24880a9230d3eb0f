"""The kinds of principals that SCIM knows, and their attributes. Data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from fake_databricks.request.values import Field

CORE = "urn:ietf:params:scim:schemas:core:2.0"
USERS, ADMINS = "users", "admins"
GROUP_IDS = {USERS: "1", ADMINS: "2"}
"""The groups that every workspace has."""

OF_LISTS = ("filter", "sortBy", "sortOrder", "startIndex", "count")
"""Parameters that only a list has."""

_TEXT = Field("text")
_VALUE = Field(
    "object",
    parts={
        "value": _TEXT,
        "display": _TEXT,
        "type": _TEXT,
        "primary": Field("boolean"),
        "$ref": _TEXT,
    },
)
_VALUES = Field("list", each=_VALUE)
_RECORDED = Field("list", "recorded", each=_VALUE)
_COMMON = {
    "schemas": Field("list", each=_TEXT),
    "id": Field("text", "recorded"),
    "externalId": Field("text", "recorded"),
    "displayName": _TEXT,
    "groups": _VALUES,
    "entitlements": _RECORDED,
    "roles": _RECORDED,
}


@dataclass(frozen=True)
class PrincipalKind:
    """One kind of principal.

    Attributes:
        name: its name in a path.
        schema: the last part of the name of its schema.
        key: the attribute that no two of a kind have alike.
        fields: what a request may set.
    """

    name: str
    schema: str
    key: str
    fields: Mapping[str, Field]


KINDS: Mapping[str, PrincipalKind] = {
    kind.name: kind
    for kind in (
        PrincipalKind(
            "Users",
            "User",
            "userName",
            {
                **_COMMON,
                "userName": _TEXT,
                "name": Field("object", "recorded", parts={"givenName": _TEXT, "familyName": _TEXT}),
                "emails": _RECORDED,
                "active": Field("boolean", "recorded"),
            },
        ),
        PrincipalKind(
            "Groups",
            "Group",
            "displayName",
            {
                **_COMMON,
                "members": _VALUES,
                "meta": Field("object", "recorded", parts={"resourceType": _TEXT}),
            },
        ),
        PrincipalKind(
            "ServicePrincipals",
            "ServicePrincipal",
            "applicationId",
            {**_COMMON, "applicationId": _TEXT, "active": Field("boolean", "recorded")},
        ),
    )
}
