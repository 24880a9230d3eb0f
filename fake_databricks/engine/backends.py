"""The clusters of one server: on warm JVMs, or without Spark."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine.environment import GUIDE_URL, PipSource, guide_source
from fake_databricks.engine.local import LocalCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fake_databricks.engine.drivers import Drivers
    from fake_databricks.engine.idle_archive import IdleArchive
    from fake_databricks.engine.ports import ClusterPlan

LOGGER = logging.getLogger("fake_databricks")
PLACEHOLDER = "/path/to/executor"  # the guide's examples of jobs/create name the program here
NO_CHECKOUT = (
    f"No checkout of the executor lies beside fake_databricks, so pip would fetch {GUIDE_URL} from GitHub;"
    f" --source {GUIDE_URL}=FOLDER names a checkout."
)


def find_checkout() -> Path | None:
    """Return the checkout of the executor that this file lies in; ``None`` where a wheel brought it."""
    folder = Path(__file__).resolve().parents[2]
    is_checkout = (folder / "pyproject.toml").is_file() and (folder / "nuvyn_executor").is_dir()
    return folder if is_checkout else None


CHECKOUT = find_checkout()


def sources(
    extra: Sequence[tuple[str, Path]] = (), checkout: Path | None = CHECKOUT
) -> tuple[PipSource, ...]:
    """Return the git URLs that pip installs from folders: the guide's from this checkout, and ``extra``.

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
class Backend:
    """Makes the clusters of one server.

    Attributes:
        drivers: the JVMs; None on a server without Spark.
        home: the folder for the files of its clusters.
        sources: the git URLs that pip installs from folders.
        archive: makes the archive of Java's classes when the machine is idle; None on a server without Spark.
    """

    drivers: Drivers | None
    home: Path
    sources: tuple[PipSource, ...]
    archive: IdleArchive | None = None

    def start(self) -> None:
        """Start the JVM of the server's own Spark in the background."""
        if self.drivers:
            self.drivers.own.start()
        if self.archive:
            self.archive.start()

    def can_run(self, spark: str) -> bool:
        """Whether clusters can have a Spark, ``4.0``; on a server without Spark a version is a name alone."""
        return self.drivers is None or self.drivers.has(spark)

    def make(self, plan: ClusterPlan) -> LocalCluster:
        """Return a new cluster; raise JvmFailed where its Spark is not installed."""
        driver = None if self.drivers is None else self.drivers.of(plan)
        return LocalCluster(plan, driver, self.home / "clusters", self.sources)

    def forget(self, workspace_id: str) -> None:
        """Forget the catalog of a workspace."""
        if self.drivers:
            self.drivers.forget(workspace_id)

    def close(self) -> None:
        """End the JVMs."""
        if self.archive:
            self.archive.close()
        if self.drivers:
            self.drivers.close()


def open_backend(
    home: Path, state: Path | None, sources: tuple[PipSource, ...], runtimes: Path, *, has_spark: bool
) -> Backend:
    """Return the backend of a server.

    Args:
        home: its scratch folder.
        state: the folder for what a later server finds again; None for nothing.
        sources: the git URLs that pip installs from folders.
        runtimes: the folder of the installed runtimes.
        has_spark: whether it has JVMs.
    """
    if not has_spark:
        return Backend(None, home, sources)
    from fake_databricks.engine.drivers import Drivers  # noqa: PLC0415  a server without Spark needs no py4j
    from fake_databricks.engine.idle_archive import IdleArchive  # noqa: PLC0415  as above

    drivers = Drivers(home, None if state is None else state / "catalogs", runtimes)
    return Backend(drivers, home, sources, IdleArchive())
