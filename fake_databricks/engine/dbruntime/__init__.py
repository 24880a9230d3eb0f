"""By this module databricks.sdk.runtime knows that it is on a cluster; elsewhere it is not found."""

from __future__ import annotations

import importlib
from typing import Any


class UserNamespaceInitializer:
    """Return the names that need no Spark; the others come when they are asked for."""

    @classmethod
    def getOrCreate(cls) -> UserNamespaceInitializer:  # noqa: N802  Databricks' name
        """The one there is."""
        return cls()

    def get_namespace_globals(self) -> dict[str, Any]:
        """The names that are made without Spark."""
        names = importlib.import_module("_fakebricks.names")

        return {name: names.NAMES[name]() for name in ("dbutils", "display", "displayHTML", "getArgument")}
