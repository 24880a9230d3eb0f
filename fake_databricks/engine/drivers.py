"""The JVMs of one server: that of its own Spark, and one for each other that a cluster has asked for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fake_databricks.engine.driver import Driver, Peers
from fake_databricks.engine.runtime import JvmFailed, installed_runtime
from fake_databricks.engine.runtime_install import PINS

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.engine.ports import ClusterPlan


class Drivers:
    """The drivers of a server; every method may be called from any thread.

    Args:
        home: the server's scratch folder.
        catalogs: the folder for a list of each workspace's tables, for a later server; None: in ``home``.
        runtimes: the folder of the installed runtimes.

    Attributes:
        own: the driver of the server's own Spark.
    """

    def __init__(self, home: Path, catalogs: Path | None, runtimes: Path) -> None:
        self._home = home
        self._catalogs = catalogs or home / "driver" / "catalogs"
        self._runtimes = runtimes
        self._peers = Peers()
        self._lock = threading.Lock()
        self._is_closed = False
        self.own = Driver(home / "driver", catalogs=self._catalogs, peers=self._peers)
        self._by_spark = {self.own.runtime.minor: self.own}

    def has(self, spark: str) -> bool:
        """Whether a Spark, ``4.0``, is the server's own or installed beside it."""
        return spark in self._by_spark or installed_runtime(self._runtimes, spark) is not None

    def of(self, plan: ClusterPlan) -> Driver:
        """Return the driver of a cluster's Spark; the first cluster of a Spark starts its JVM.

        Raises:
            JvmFailed: the Spark is not installed, or the server ends.
        """
        if not plan.spark:
            return self.own
        with self._lock:
            driver = self._by_spark.get(plan.spark)
            if driver is None:
                if self._is_closed:
                    raise JvmFailed("The server ends")
                driver = self._by_spark[plan.spark] = self._start(plan)
            return driver

    def _start(self, plan: ClusterPlan) -> Driver:
        runtime = installed_runtime(self._runtimes, plan.spark)
        if runtime is None:
            raise JvmFailed(_not_installed(plan))
        home = self._home / f"driver-{runtime.name}"
        driver = Driver(home, catalogs=self._catalogs, runtime=runtime, peers=self._peers)
        driver.start()
        return driver

    def forget(self, workspace: str) -> None:
        """Forget a workspace's catalog in all JVMs."""
        for driver in self._peers.drivers:
            driver.forget_workspace(workspace)

    def close(self) -> None:
        """End all JVMs."""
        with self._lock:
            self._is_closed = True
        for driver in self._peers.drivers:
            driver.close()


def _not_installed(plan: ClusterPlan) -> str:
    """Return the sentence that a Spark is not installed, and what to do."""
    what = f"Databricks {plan.version} has Spark {plan.spark}, which is not installed beside this server."
    if plan.spark in PINS:
        return f"{what} Install it with: fake-databricks install-runtime {plan.version.partition('.')[0]}"
    return f"{what} fake-databricks can install Spark {', '.join(PINS)}; choose a version with one of these."
