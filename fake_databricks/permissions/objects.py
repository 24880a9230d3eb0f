"""The kinds of objects that have permissions, and their levels. Data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from fake_databricks.errors import InvalidParameter


@dataclass(frozen=True)
class ObjectType:
    """One kind of object.

    Attributes:
        name: its name in a path: ``request_object_type``.
        object_type: its name in an answer.
        levels: from each permission level to what it is called.
    """

    name: str
    object_type: str
    levels: Mapping[str, str]


_WORKSPACE_LEVELS = {
    "CAN_READ": "Can Read",
    "CAN_RUN": "Can Run",
    "CAN_EDIT": "Can Edit",
    "CAN_MANAGE": "Can Manage",
}
OBJECT_TYPES: Mapping[str, ObjectType] = {
    item.name: item
    for item in (
        ObjectType(
            "clusters",
            "cluster",
            {"CAN_ATTACH_TO": "Can Attach To", "CAN_RESTART": "Can Restart", "CAN_MANAGE": "Can Manage"},
        ),
        ObjectType("cluster-policies", "cluster-policy", {"CAN_USE": "Can Use"}),
        ObjectType(
            "instance-pools",
            "instance-pool",
            {"CAN_ATTACH_TO": "Can Attach To", "CAN_MANAGE": "Can Manage"},
        ),
        ObjectType("directories", "directory", _WORKSPACE_LEVELS),
        ObjectType("notebooks", "notebook", _WORKSPACE_LEVELS),
        ObjectType("files", "file", _WORKSPACE_LEVELS),
        ObjectType("authorization", "tokens", {"CAN_USE": "Can Use"}),
    )
}
"""Besides jobs, whose permissions are theirs."""

NOT_HERE = (
    "alertsv2",
    "apps",
    "dashboards",
    "database-instances",
    "database-projects",
    "dbsql-dashboards",
    "experiments",
    "genie",
    "pipelines",
    "queries",
    "registered-models",
    "repos",
    "serving-endpoints",
    "sql/alerts",
    "sql/dashboards",
    "sql/queries",
    "sql/warehouses",
    "vector-search-endpoints",
    "warehouses",
)
"""What Databricks has besides, and this server has none of."""


def split(path: str) -> tuple[ObjectType, str]:
    """Return the kind and the id in the path of a call.

    Raises:
        InvalidParameter: there are no such objects here, or nowhere.
    """
    kind, _, object_id = path.partition("/")
    if kind in OBJECT_TYPES and object_id:
        return OBJECT_TYPES[kind], object_id
    for name in NOT_HERE:
        if path.startswith(f"{name}/"):
            raise InvalidParameter(f"Permissions of '{name}' are not supported: there are none of them here.")
    known = ", ".join(("jobs", *OBJECT_TYPES))
    raise InvalidParameter(f"'{path[:60]}' names no object with permissions: TYPE/ID with one of {known}.")
