"""The session that scans are measured in: the executor's own local one, with its cores and memory."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from nuvyn_executor.model import epoch_micros
from nuvyn_executor.spark.session import build_local_session

if TYPE_CHECKING:
    from pathlib import Path

CORES = 2
MEMORY = "4g"
NOW = epoch_micros(datetime(2026, 1, 1, tzinfo=timezone.utc))


def session(warehouse: Path) -> Any:
    """Start the executor's own local session, with the cores and the memory of the measurement."""
    if hasattr(os, "sched_setaffinity"):  # Java and Polars count what they may use
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    spark = build_local_session(
        warehouse,
        app_name="benchmarks",
        driver_memory=MEMORY,
        java_options=os.environ.get("EXECUTOR_JAVA_OPTIONS"),
        delta_jars=os.environ.get("EXECUTOR_DELTA_JARS"),
    )
    spark.sparkContext.setLogLevel("ERROR")
    return spark
