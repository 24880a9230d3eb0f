"""Who owns a job: one user or service principal, its creator unless another is named. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from fake_databricks.errors import InvalidParameter

OWNER = "IS_OWNER"


def with_owner(acl: Sequence[Mapping[str, Any]], creator: str) -> list[Mapping[str, Any]]:
    """Return the access list of a job, with its creator as owner where it names none."""
    if any(item.get("permission_level") == OWNER for item in acl):
        return list(acl)
    return [{"user_name": creator, "permission_level": OWNER}, *acl]


def check_owner(acl: Sequence[Mapping[str, Any]]) -> None:
    """Refuse an access list that does not name exactly one owner.

    Raises:
        InvalidParameter: it names none or several, or a group.
    """
    owners = [item for item in acl if item.get("permission_level") == OWNER]
    if any(item.get("group_name") for item in owners):
        raise InvalidParameter("A group cannot own a job.")
    if len(owners) != 1:
        raise InvalidParameter("The job must have exactly one owner.")
