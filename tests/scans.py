"""Scans one after the other, each with the state of the one before, and the data for them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Tuple

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.profiler import interpret_counts, plan_scan
from nuvyn_executor.profiling.scan_state import pack_state, unpack_state
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.profiling.profiler import ColumnProfile, DatasetProfile
    from nuvyn_executor.quality.tallies import Scan
    from nuvyn_executor.reading.frame import Frame


NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
ROWS = 120_000  # more than are counted exactly: states that add


def scan(
    spark: Any, folder: Path, before: Optional[DatasetProfile] = None, engine: str = "auto", **more: Any
) -> DatasetProfile:
    """Scan the one dataset of a folder, with the state of the scan before as the tables hold it."""
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    state = None if before is None else unpack_state(pack_state(before.state))
    scanner = SparkScanner(
        spark, engine, more.pop("wanted_rows", None), null_markers=more.pop("null_markers", None)
    )
    return scanner.scan(source, dataset, more.pop("now", NOW), state, **more)


class Counted(NamedTuple):
    """A frame that Spark counted, with what the counts mean."""

    plan: ScanPlan
    scan: Scan
    columns: Tuple[ColumnProfile, ...]


def count_frame(frame: Frame, dataset_name: str, now_micros: int) -> Counted:
    """Count a frame with Spark, without a dataset behind it."""
    plan = plan_scan(frame, dataset_name)
    return Counted(
        plan, *interpret_counts(plan, spark_engine.count(frame, plan, now_micros), dataset_name, None)
    )


def rows_of(profile: DatasetProfile) -> int:
    return profile.scan.tally.rows


def counted(profile: DatasetProfile) -> Counts:
    return profile.state.counts


def write_csv(path: Path, start: int, rows: int) -> None:
    lines = (f"{i},word {i % 7},2024-01-{1 + i % 28:02},{'x' * 60}\n" for i in range(start, start + rows))
    path.write_text("id,word,day,filler\n" + "".join(lines))


def write_parquet(spark: Any, folder: Path, start: int, rows: int) -> None:
    columns = ["id", "CONCAT('word ', id % 7) AS word", "CAST(id AS DOUBLE) / 3 AS price"]
    data = spark.range(start, start + rows, 1, 1).selectExpr(*columns)
    data.write.mode("append").parquet(str(folder))


def data_files(folder: Path) -> List[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".parquet"))
