"""``python -m benchmarks profiler``: what a scan costs, against Spark's own read of the same data.

Every way takes its turn (:mod:`benchmarks.rounds`) and is set against ``write.format("noop")`` of the same
data in the same round: typed columns, read and thrown away. One process, one local session.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterator, Mapping, Tuple

from benchmarks import data, machine, others
from benchmarks.local import CORES, MEMORY, NOW, session
from benchmarks.rounds import BASE, Subject, Way, measured, noop, show, show_head
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.polars import arrow_job
from nuvyn_executor.profiling.polars import job as native
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    import argparse

    from nuvyn_executor.model import Dataset
    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.reading.frame import Frame

HELP = "scans of Parquet, CSV and JSON, against Spark's own read"
ROWS = 500_000
ROUNDS = 3
MOST_ROWS_OF_USUAL = 500_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument("--rows", type=int, default=ROWS, help="rows of all but the wide table (%(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that count (%(default)s)")
    parser.add_argument(
        "--others",
        dest="with_others",
        action="store_true",
        help="other people's profilers too, of which some are installed the first time",
    )


def main(rows: int = ROWS, rounds: int = ROUNDS, *, with_others: bool = False) -> None:
    """Make the data that are not there yet, measure, and print a table."""
    folders = {
        "parquet": data.parquet(rows),
        "csv": data.csv(rows),
        "json": data.json_lines(rows),
        "nested": data.nested_parquet(rows),
        "wide": data.wide_parquet(),
    }
    print(machine.describe())
    print(f"{CORES} cores, {MEMORY} for Java; medians of {rounds} rounds, after one that warms up\n")
    show_head()
    with tempfile.TemporaryDirectory() as warehouse:
        spark = session(Path(warehouse))
        try:
            for subject in subjects(spark, folders, rows, usual=with_others or rows <= MOST_ROWS_OF_USUAL):
                show(subject.title, measured(subject.ways, rounds))
        finally:
            spark.stop()
    if with_others:
        others.measure_all(rows, rounds)


def subjects(spark: Any, folders: Mapping[str, Path], rows: int, *, usual: bool) -> Iterator[Subject]:
    """Open what is measured, one after the other."""
    parquet, csv, wide = folders["parquet"], folders["csv"], folders["wide"]
    frame = spark.read.parquet(str(parquet))
    size = f"{rows:,} x {len(frame.columns)}"
    yield Subject(f"Parquet, {size}", {BASE: lambda: noop(frame), **counting(spark, parquet, metadata=True)})
    typed = spark.read.schema(frame.schema).csv(str(csv), header=True)
    yield Subject(f"CSV, {size}", {BASE: lambda: noop(typed), **counting(spark, csv)})
    lines = spark.read.schema(frame.schema).json(str(folders["json"]))
    yield Subject(f"JSON, {size}", {BASE: lambda: noop(lines), **counting(spark, folders["json"])})
    nested = spark.read.parquet(str(folders["nested"]))
    yield Subject(
        f"Parquet with arrays, {rows:,} x {len(nested.columns)}",
        {BASE: lambda: noop(nested), **counting(spark, folders["nested"])},
    )
    many = spark.read.parquet(str(wide))
    yield Subject(
        f"Parquet, {data.WIDE_ROWS:,} x {data.WIDE_COLUMNS}",
        {BASE: lambda: noop(many), **counting(spark, wide)},
    )
    if usual:
        yield Subject(f"Parquet, {size}: what Spark offers", {BASE: lambda: noop(frame), **usual_ways(frame)})


def counting(spark: Any, folder: Path, *, metadata: bool = False) -> Dict[str, Way]:
    """Return the executor's ways through a dataset: to its plan, and from there by either engine.

    Args:
        spark: the session.
        folder: where the dataset lies.
        metadata: also without different values, which are the dearest part of the scores.
    """
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets

    def opened() -> Tuple[Frame, ScanPlan]:
        frame = open_frame(spark, source, dataset)
        return frame, plan_scan(frame, dataset.name)

    frame, plan = opened()
    ways: Dict[str, Way] = {"open and plan": opened}
    if metadata:
        ways.update(engines(spark, dataset, frame, replace(plan, distinct=False), "metadata"))
    bare = replace(plan, columns=tuple(replace(one, dropped_bits=None) for one in plan.columns))
    return {
        **ways,
        **engines(spark, dataset, frame, plan, "all six scores"),
        "the same without distributions, by Polars": lambda: native.count(spark, dataset, bare, NOW),
    }


def engines(spark: Any, dataset: Dataset, frame: Frame, plan: ScanPlan, what: str) -> Dict[str, Way]:
    """Return the ways to count what a plan says."""
    return {
        f"{what}, counted by Spark": lambda: spark_engine.count(frame, plan, NOW),
        f"{what}, read by Spark, counted by Polars": lambda: arrow_job.count(spark, frame, plan, NOW),
        f"{what}, counted by Polars": lambda: native.count(spark, dataset, plan, NOW),
    }


def usual_ways(frame: Any) -> Dict[str, Way]:
    """Return the ways that Spark's users know, which say less."""
    return {
        "nulls, different values, least, greatest in one aggregate": lambda: naive(frame),
        "df.describe()": lambda: frame.describe().collect(),
        "df.summary()": lambda: frame.summary().collect(),
    }


def naive(frame: Any) -> Any:
    """Count the most obvious way: four aggregates a column, all in one."""
    from pyspark.sql import functions as f  # noqa: PLC0415  as the executor: imported only to scan

    wanted = [
        one
        for name in frame.columns
        for one in (
            f.count(f.when(f.col(name).isNull(), 1)),
            f.approx_count_distinct(name),
            f.min(name),
            f.max(name),
        )
    ]
    return frame.agg(*wanted).collect()
