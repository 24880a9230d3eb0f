"""The module by which databricks.sdk.runtime knows that it is on a cluster (it lies on a cluster's path only)."""

from __future__ import annotations

from typing import Any


class UserNamespaceInitializer:
    """Gives the names that need no Spark; the others come when they are asked for."""

    @classmethod
    def getOrCreate(cls) -> UserNamespaceInitializer:  # noqa: N802  Databricks' name
        """The one there is."""
        return cls()

    def get_namespace_globals(self) -> dict[str, Any]:
        """The names that are made without Spark."""
        from _fakebricks import names  # noqa: PLC0415  there on a cluster only

        return {name: names.NAMES[name]() for name in ("dbutils", "display", "displayHTML", "getArgument")}
