"""Somebody else's profiler, measured in the environment that :mod:`benchmarks.others` makes for it.

The same data, the same two cores and memory, and Spark's own read in the same rounds; a first turn over few
rows warms up. This module runs without the executor and what it needs; what it measures is there only.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Tuple
from unittest.mock import MagicMock, create_autospec

from benchmarks import children
from benchmarks.rounds import BASE, Way, noop, timed

DEEQU = "com.amazon.deequ:deequ:2.0.7-spark-3.5"
"""Its jar for Spark 3.5: the one that pydeequ 1.7.0 asks for, 2.0.21, is not in Maven Central."""
Profile = Callable[[Any, Path], Any]
"""Profiles the Parquet files of a folder, with a session."""


def session(more: Mapping[str, str]) -> Any:
    """Start Spark as the executor's own local session does, with some settings more."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  as elsewhere: imported only to scan

    settings = {
        "spark.driver.memory": os.environ["BENCHMARK_MEMORY"],
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:-DontCompileHugeMethods",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **more,
    }
    builder = SparkSession.builder.master("local[*]").appName("benchmarks")
    for key, value in settings.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def dqx() -> Tuple[Mapping[str, str], Dict[str, Profile]]:
    """Return DQX, with a client for a workspace that is none: it asks one only who it is."""
    dqx_profiler = import_module("databricks.labs.dqx.profiler.profiler")
    workspace = create_autospec(import_module("databricks.sdk").WorkspaceClient)
    workspace.config = MagicMock()

    def profile(spark: Any, folder: Path, **options: Any) -> Any:
        frame = spark.read.parquet(str(folder))
        return dqx_profiler.DQProfiler(workspace, spark=spark).profile(frame, options=options)

    return {}, {
        "DQX, all rows": lambda spark, folder: profile(spark, folder, sample_fraction=1.0, limit=None),
        "DQX as it comes (of 30 % the first 1,000 rows)": profile,
    }


def _deequ_settings() -> Mapping[str, str]:
    pydeequ = import_module("pydeequ")
    return {
        "spark.jars.packages": DEEQU,
        "spark.jars.excludes": pydeequ.f2j_maven_coord,
        "spark.jars.ivy": os.environ["BENCHMARK_IVY"],
    }


def deequ() -> Tuple[Mapping[str, str], Dict[str, Profile]]:
    """Return the one pass of deequ: its analyzers for what every profile has."""
    a = import_module("pydeequ.analyzers")

    def analyse(spark: Any, folder: Path) -> Any:
        frame = spark.read.parquet(str(folder))
        runner = a.AnalysisRunner(spark).onData(frame).addAnalyzer(a.Size())
        for name, kind in frame.dtypes:
            is_number = kind.startswith(("int", "bigint", "decimal", "double", "float"))
            numeric = (a.Minimum, a.Maximum, a.Mean, a.StandardDeviation) if is_number else ()
            for analyzer in (a.Completeness, a.ApproxCountDistinct, *numeric):
                runner = runner.addAnalyzer(analyzer(name))
        return runner.run()

    return _deequ_settings(), {"deequ, nulls, different values, numbers in one pass": analyse}


def deequ_profiler() -> Tuple[Mapping[str, str], Dict[str, Profile]]:
    """Return the profiler of deequ."""
    profiles = import_module("pydeequ.profiles")

    def profile(spark: Any, folder: Path) -> Any:
        return profiles.ColumnProfilerRunner(spark).onData(spark.read.parquet(str(folder))).run()

    return _deequ_settings(), {"deequ, ColumnProfiler": profile}


def ydata() -> Tuple[Mapping[str, str], Dict[str, Profile]]:
    """Return what ydata-profiling says of a table in memory, without its pictures."""
    os.environ["YDATA_PROFILING_NO_ANALYTICS"] = "True"  # there is nobody to tell
    pandas, profiling = import_module("pandas"), import_module("ydata_profiling")

    def profile(_spark: Any, folder: Path) -> Any:
        frame = pandas.read_parquet(folder)
        return profiling.ProfileReport(frame, minimal=True, progress_bar=False).get_description()

    return {}, {"ydata-profiling, minimal, read and profiled by pandas": profile}


TOOLS: Mapping[str, Callable[[], Tuple[Mapping[str, str], Dict[str, Profile]]]] = {
    "dqx": dqx,
    "deequ": deequ,
    "deequ-profiler": deequ_profiler,
    "ydata": ydata,
}


def child(arguments: List[str]) -> None:
    """Measure one tool: it, the folder, that of few rows and the rounds are named."""
    tool, folder, few, rounds = arguments[0], Path(arguments[1]), Path(arguments[2]), int(arguments[3])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(os.environ["BENCHMARK_CORES"])])
    settings, profiles = TOOLS[tool]()
    spark = session(settings)
    try:
        for profile in profiles.values():
            profile(spark, few)
        ways: Dict[str, Way] = {BASE: lambda: noop(spark.read.parquet(str(folder)))}
        ways[BASE]()
        for name, profile in profiles.items():
            ways[name] = partial(profile, spark, folder)
        children.tell({"seconds": timed(ways, rounds, warm=0)})
    finally:
        spark.stop()


if __name__ == "__main__":
    child(sys.argv[1:])
