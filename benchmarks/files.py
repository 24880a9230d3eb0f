"""``python -m benchmarks files``: what a scan of many small files costs, against one file of the same rows.

The base is one ``noop`` read of all rows in one file: what the rows cost. What is above it, the files cost.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict

from benchmarks import data, machine
from benchmarks.local import session
from benchmarks.rounds import BASE, Subject, Way, measured, noop, show, show_head
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.discovery.formats import source_type_named
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    import argparse

    from nuvyn_executor.model import Dataset
    from nuvyn_executor.profiling.profiler import DatasetProfile

HELP = "a scan of many small files"
FILES, ROUNDS = 20_000, 1
MOST_FILES = 100_000
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command line."""
    parser.add_argument(
        "--files", type=int, default=FILES, help="CSV files of 20 rows in one folder (%(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds that count (%(default)s)")


def main(files: int = FILES, rounds: int = ROUNDS) -> None:
    """Make the files that are not there yet, measure, and print a table."""
    many, one = data.small_csv(files), data.small_csv_in_one(files)
    print(machine.describe())
    print(f"medians of {rounds} rounds, after one that warms up\n")
    show_head()
    with tempfile.TemporaryDirectory() as warehouse:
        spark = session(Path(warehouse))
        try:
            subject = small_files(spark, many, one, files)
            show(subject.title, measured(subject.ways, rounds))
        finally:
            spark.stop()


def small_files(spark: Any, many: Path, one: Path, files: int) -> Subject:
    """Return the ways through the small files; the base goes through the one."""
    schema = spark.read.csv(str(one), header=True, inferSchema=True).schema
    source = FileSystemSource(str(many), on_databricks=False)

    def found() -> Dataset:
        (dataset,) = discover(source, source_type_named("csv"), MOST_FILES).datasets
        assert len(dataset.files) == files
        return dataset

    def opened(dataset: Dataset) -> None:
        plan_scan(open_frame(spark, source, dataset), dataset.name)

    def scanned(dataset: Dataset) -> DatasetProfile:
        return SparkScanner(spark).scan(source, dataset, NOW)

    dataset = found()
    engine = scanned(dataset).state.engine
    rows = files * data.ROWS_A_SMALL_FILE
    ways: Dict[str, Way] = {
        BASE: lambda: noop(spark.read.schema(schema).csv(str(one), header=True)),
        "Spark's own read of the small files": lambda: noop(
            spark.read.schema(schema).csv(str(many), header=True)
        ),
        "discover": found,
        "open and plan": lambda: opened(dataset),
        f"discover, open, plan and count (by {engine})": lambda: scanned(found()),
    }
    return Subject(f"{files:,} CSV files, {rows:,} rows x {len(schema)} in all", ways)
