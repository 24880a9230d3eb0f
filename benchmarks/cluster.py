"""``python -m benchmarks cluster``: the same scan on one worker and on two, as a cluster has them.

Spark's ``local-cluster[n,1,1024]`` is a real standalone cluster on one machine: a master, n workers, each
with an executor in a JVM of its own (one core, 1 GiB), Python processes, and all that is sent to and fro.
Each cluster is measured in a process of its own, which tells what it counted: it must be the same everywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List

import nuvyn_executor
from benchmarks import children, data, machine
from benchmarks.local import NOW
from benchmarks.rounds import BASE, Way, figures, noop, show, show_head, timed
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.polars import job as native
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.spark.local_spark.java import find_java

if TYPE_CHECKING:
    import argparse

    from nuvyn_executor.profiling.counts import Counts

HELP = "the same scan on one worker and on two"
MASTERS = ("local[1]", "local-cluster[1,1,1024]", "local[2]", "local-cluster[2,1,1024]")
ROWS, ROUNDS = 500_000, 2
MEMORY = "2g"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of Parquet and CSV (%(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that count (%(default)s)")


def main(rows: int = ROWS, rounds: int = ROUNDS) -> None:
    """Measure each cluster, print a table, and say whether all counted the same."""
    folders = {"Parquet": data.parquet(rows), "CSV": data.csv(rows)}
    print(machine.describe())
    print(f"medians of {rounds} rounds, after one that warms up; {MEMORY} for the driver\n")
    show_head()
    counted: Dict[str, Dict[str, str]] = {}
    for kind, folder in folders.items():
        for master in MASTERS:
            answer = children.run(["-m", "benchmarks.cluster", master, str(folder), str(rounds)])
            spread = ", ".join(str(tasks) for tasks in answer["tasks"].values())
            show(
                f"{kind}, {rows:,} x {answer['columns']}, {master} (tasks: {spread})",
                figures(answer["seconds"]),
            )
            for engine, digest in answer["counts"].items():
                counted.setdefault(f"{kind}, {engine}", {})[master] = digest
    print()
    for what, digests in counted.items():
        print(
            f"{what}: " + ("the same counts everywhere" if len(set(digests.values())) == 1 else str(digests))
        )


# -- in the process of one cluster -----------------------------------------------------------------------


def session(master: str, scratch: Path) -> Any:
    """Start a session of a master's; what its workers write goes to ``scratch``."""
    import pyspark  # noqa: PLC0415  as the executor: imported only to scan
    from pyspark.sql import SparkSession  # noqa: PLC0415  as above

    home = scratch / "spark"  # a worker writes into Spark's home
    home.mkdir()
    for name in ("bin", "jars"):
        (home / name).symlink_to(Path(pyspark.__file__).parent / name)
    os.environ.update(
        SPARK_HOME=str(home),
        JAVA_HOME=str(find_java()),
        PYSPARK_PYTHON=sys.executable,
        PYSPARK_DRIVER_PYTHON=sys.executable,
    )
    logging = Path(nuvyn_executor.__file__).parent / "spark" / "log4j2-quiet.properties"
    options = (
        "-XX:+UseSerialGC -XX:-DontCompileHugeMethods "
        f"-Dlog4j2.configurationFile={logging.as_uri()} {os.environ.get('EXECUTOR_JAVA_OPTIONS', '')}".strip()
    )
    settings = {
        "spark.driver.memory": MEMORY,
        "spark.driver.extraJavaOptions": options,
        "spark.executor.extraJavaOptions": options,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",  # no scan begins before all workers are there
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(master).appName("benchmarks")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def comparable(counts: Counts) -> str:
    """Return counts as text that is the same when they are, whether or not they keep states."""
    found = counts.to_json()
    found["distinct_rows"] = counts.distinct_rows and counts.distinct_rows.estimate().count
    for column, span in zip(found["columns"], counts.spans):
        column["span"]["distinct"] = span.distinct and span.distinct.estimate().count
    return json.dumps(found, sort_keys=True, default=str)


def tasks_of(spark: Any) -> Dict[str, int]:
    """Return how many tasks each executor has run; the driver is one where there is no other."""
    found = spark.sparkContext._jsc.sc().statusStore().executorList(True).iterator()  # noqa: FBT003, SLF001  Java's
    tasks = {}
    while found.hasNext():
        one = found.next()
        tasks[one.id()] = one.totalTasks()
    return {name: count for name, count in tasks.items() if name != "driver" or len(tasks) == 1}


def measure(spark: Any, folder: Path, rounds: int) -> Dict[str, Any]:
    """Count the dataset of a folder with both engines, so many rounds and one before.

    Returns:
        ``seconds`` of each way, ``counts`` of each engine as a digest and ``tasks`` of each executor.
    """
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    frame = open_frame(spark, source, dataset)
    plan = plan_scan(frame, dataset.name)
    counted: Dict[str, str] = {}

    def by_spark() -> None:
        counted["spark"] = comparable(spark_engine.count(frame, plan, NOW))

    def by_polars() -> None:
        counted["polars"] = comparable(native.count(spark, dataset, plan, NOW))

    ways: Dict[str, Way] = {
        BASE: lambda: noop(frame.data),
        "all six scores, counted by Spark": by_spark,
        "all six scores, counted by Polars": by_polars,
    }
    seconds = timed(ways, rounds)
    return {
        "columns": len(plan.columns),
        "seconds": seconds,
        "counts": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in counted.items()},
        "tasks": tasks_of(spark),
    }


def child(arguments: List[str]) -> None:
    """Measure one cluster: its master, the folder and the rounds are named."""
    master, folder, rounds = arguments
    with tempfile.TemporaryDirectory() as scratch:
        spark = session(master, Path(scratch))
        try:
            children.tell(measure(spark, Path(folder), int(rounds)))
        finally:
            spark.stop()


if __name__ == "__main__":
    child(sys.argv[1:])
