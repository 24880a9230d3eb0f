"""The clusters of one server: on a warm JVM, or without Spark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine.environment import PipSource, guide_source
from fake_databricks.engine.local import LocalCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fake_databricks.engine.driver import Driver
    from fake_databricks.engine.ports import ClusterPlan

CHECKOUT = Path(__file__).resolve().parents[2]
PLACEHOLDER = "/path/to/executor"  # the guide's examples of jobs/create name the program here


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
class Backend:
    """Makes the clusters of one server.

    Attributes:
        driver: the JVM; None on a server without Spark.
        home: the folder for the files of its clusters.
        sources: the git URLs that pip installs from folders.
    """

    driver: Driver | None
    home: Path
    sources: tuple[PipSource, ...]

    def start(self) -> None:
        """Start the JVM in the background."""
        if self.driver:
            self.driver.start()

    def make(self, plan: ClusterPlan) -> LocalCluster:
        """Return a new cluster."""
        return LocalCluster(plan, self.driver, self.home / "clusters", self.sources)

    def forget(self, workspace_id: str) -> None:
        """Forget the catalog of a workspace."""
        if self.driver:
            self.driver.forget_workspace(workspace_id)

    def close(self) -> None:
        """End the JVM."""
        if self.driver:
            self.driver.close()


def open_backend(
    home: Path, state: Path | None, sources: tuple[PipSource, ...], *, has_spark: bool
) -> Backend:
    """Return the backend of a server.

    Args:
        home: its scratch folder.
        state: the folder for what a later server finds again; None for nothing.
        sources: the git URLs that pip installs from folders.
        has_spark: whether it has a JVM.
    """
    if not has_spark:
        return Backend(None, home, sources)
    from fake_databricks.engine.driver import Driver  # noqa: PLC0415  a server without Spark needs no py4j

    catalogs = None if state is None else state / "catalogs"
    return Backend(Driver(home / "driver", catalogs=catalogs), home, sources)
