"""Clusters on which runs are real: one warm JVM, an environment a cluster, a process a run.

``ports`` is the seam to the workspace; everything else is one implementation of it.
"""

from __future__ import annotations

from fake_databricks.engine.driver import Driver
from fake_databricks.engine.environment import PipSource, guide_source
from fake_databricks.engine.local import ClusterSettings, LocalCluster
from fake_databricks.engine.ports import (
    LOG_LIMIT,
    Cluster,
    CommandResult,
    Context,
    PipResult,
    Places,
    TaskExit,
    TaskHandle,
    TaskSpec,
)
from fake_databricks.engine.warm_jvm import JvmFailed

__all__ = [
    "LOG_LIMIT",
    "Cluster",
    "ClusterSettings",
    "CommandResult",
    "Context",
    "Driver",
    "JvmFailed",
    "LocalCluster",
    "PipResult",
    "PipSource",
    "Places",
    "TaskExit",
    "TaskHandle",
    "TaskSpec",
    "guide_source",
]
