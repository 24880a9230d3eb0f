"""Which engine stands behind the clusters: Spark on a warm JVM, or plain Python."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Protocol, Sequence

from fake_databricks.engine import ClusterSettings, Driver, LocalCluster, PipSource, guide_source
from fake_databricks.engine.environment import GUIDE_URL
from fake_databricks.engine.plain import PlainCluster

if TYPE_CHECKING:
    from fake_databricks.clusters.clusters import ClusterPlan
    from fake_databricks.engine.ports import Cluster

LOGGER = logging.getLogger("fake_databricks")
PLACEHOLDER = "/path/to/executor"  # the guide's examples of jobs/create name the program here
NO_CHECKOUT = (
    f"No checkout of the executor lies beside fake_databricks, so pip would fetch {GUIDE_URL} from GitHub;"
    f" --source {GUIDE_URL}=FOLDER names a checkout."
)


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


def find_checkout() -> Path | None:
    """Return the checkout of the executor that this file lies in; ``None`` where a wheel brought it."""
    folder = Path(__file__).resolve().parents[2]
    is_checkout = (folder / "pyproject.toml").is_file() and (folder / "nuvyn_executor").is_dir()
    return folder if is_checkout else None


CHECKOUT = find_checkout()


def sources(
    extra: Sequence[tuple[str, Path]] = (), checkout: Path | None = CHECKOUT
) -> tuple[PipSource, ...]:
    """Return the table of the git URLs that pip installs from folders of this machine.

    Where no folder stands for the guide's URL, a warning says so.

    Args:
        extra: pairs of a URL (as pip gets it, ``git+https://...``) and a folder; one may replace the guide's.
        checkout: the folder for the guide's URL.
    """
    guide = guide_source(Path() if checkout is None else checkout)
    files = {
        **guide.dbfs_files,
        **{PLACEHOLDER + path[len("/executor") :]: file for path, file in guide.dbfs_files.items()},
    }
    named = tuple(PipSource(url, folder, files) for url, folder in extra)
    if checkout is not None:
        return (*named, PipSource(guide.url, checkout, files))
    if not any(source.matches(guide.url) for source in named):
        LOGGER.warning(NO_CHECKOUT)
    return named


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
