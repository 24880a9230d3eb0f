"""Which engine stands behind the clusters: Spark on a warm JVM, or plain Python."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Protocol, Sequence

from fake_databricks.engine import ClusterSettings, Driver, LocalCluster, PipSource, guide_source
from fake_databricks.engine.plain import PlainCluster

if TYPE_CHECKING:
    from fake_databricks.clusters.clusters import ClusterPlan
    from fake_databricks.engine.ports import Cluster

LOGGER = logging.getLogger("fake_databricks")
CHECKOUT = Path(__file__).resolve().parents[2]
PLACEHOLDER = "/path/to/executor"  # the guide's examples of jobs/create name the program here


class Engines(Protocol):
    """Makes the engines of one server's clusters."""

    def start(self) -> None:
        """Begin to warm up; returns at once."""

    def make(self, plan: ClusterPlan) -> Cluster:
        """Return an engine for one cluster."""

    def forget(self, workspace_id: str) -> None:
        """Let go of what is kept of a workspace."""

    def close(self) -> None:
        """End all that was started."""


def sources(extra: Sequence[tuple[str, Path]] = (), checkout: Path = CHECKOUT) -> tuple[PipSource, ...]:
    """Return the table of git URLs: the guide's, which is this checkout, and others that were given.

    Args:
        extra: pairs of URL (as pip is told, ``git+https://...``) and folder; one may replace the guide's.
        checkout: where this project lies.
    """
    guide = guide_source(checkout)
    files = {
        **guide.dbfs_files,
        **{PLACEHOLDER + path[len("/executor") :]: file for path, file in guide.dbfs_files.items()},
    }
    given = [PipSource(url, folder, files) for url, folder in extra]
    return (*given, PipSource(guide.url, guide.checkout, files))


@dataclass(frozen=True)
class SparkEngines:
    """Clusters on one warm JVM."""

    driver: Driver
    home: Path
    table: tuple[PipSource, ...]

    def start(self) -> None:
        """Start the JVM in the background."""
        self.driver.start()

    def make(self, plan: ClusterPlan) -> Cluster:
        """Return a Python environment on the JVM."""
        settings = ClusterSettings(
            plan.cluster_id,
            plan.workspace_id,
            plan.places,
            plan.spark_conf,
            plan.environment,
            self.table,
            plan.redact,
        )
        return LocalCluster(settings, self.driver, self.home / "clusters")

    def forget(self, workspace_id: str) -> None:
        """Let the workspace's catalog go."""
        self.driver.forget_workspace(workspace_id)

    def close(self) -> None:
        """End the JVM."""
        self.driver.close()


@dataclass(frozen=True)
class PlainEngines:
    """Clusters without Spark."""

    table: tuple[PipSource, ...]

    def start(self) -> None:
        """There is nothing to warm up."""

    def make(self, plan: ClusterPlan) -> Cluster:
        """Return a folder of packages."""
        return PlainCluster(plan, self.table)

    def forget(self, workspace_id: str) -> None:
        """There is nothing that is kept."""

    def close(self) -> None:
        """There is nothing that was started."""


MakeEngines = Callable[[Path, "Path | None"], Engines]


def spark_engines(table: tuple[PipSource, ...]) -> MakeEngines:
    """Engines with Spark, given a scratch folder and a folder for what is kept."""
    return lambda home, kept: SparkEngines(
        Driver(home / "driver", catalogs=None if kept is None else kept / "catalogs"), home, table
    )


def plain_engines(table: tuple[PipSource, ...]) -> MakeEngines:
    """Engines without Spark."""
    return lambda _home, _kept: PlainEngines(table)
