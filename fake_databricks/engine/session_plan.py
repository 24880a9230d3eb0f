"""What a process of a cluster must know to open a Spark session of its workspace; written as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fake_databricks.engine.catalog import WAREHOUSE
from fake_databricks.engine.inside.path_table import SCHEME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fake_databricks.engine.ports import Places

SEPARATOR = "\u0001"
"""Between the elements of a list that goes to the JVM as one text."""


@dataclass(frozen=True)
class SessionPlan:
    """How a process reaches the JVM, and what its session begins with.

    Attributes:
        gateway_file: the file with the port and the secret of the JVM; empty where the server has none.
        workspace: the workspace whose catalog the session uses.
        options: the conf of all sessions of the workspace.
        statements: SQL that registers the tables of an earlier server.
        conf: the conf of this session.
        properties: the local properties of its threads in the JVM.
    """

    gateway_file: str
    workspace: str
    options: Mapping[str, str]
    statements: tuple[str, ...]
    conf: Mapping[str, str]
    properties: Mapping[str, str]

    def texts(self) -> tuple[str, str, str, str]:
        """Return options, statements, conf and properties as the JVM reads them (``Warm.attach``)."""

        def pairs(mapping: Mapping[str, str]) -> str:
            return SEPARATOR.join(text for pair in mapping.items() for text in pair)

        return pairs(self.options), SEPARATOR.join(self.statements), pairs(self.conf), pairs(self.properties)


WITHOUT_SPARK = SessionPlan("", "", {}, (), {}, {})
"""The plan on a server that has no JVM."""


def session_plan(gateway_file: Path, workspace: str, places: Places) -> SessionPlan:
    """Build the plan of a workspace's sessions, with the folders of its file trees and no more.

    The Java file system reads ``fake.places``: a line with the name of a tree, a line with its folder, and so
    on; DBFS is the first.
    """
    lines = (line for pair in places.by_tree().items() for line in pair)
    own = {"fake.name": workspace, "fake.places": "\n".join(lines)}
    options = {**own, "spark.sql.warehouse.dir": f"{SCHEME}{WAREHOUSE}"}
    return SessionPlan(str(gateway_file), workspace, options, (), own, own)
