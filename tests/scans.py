"""Scans one after the other, each with what the one before kept, and the data for them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, List, Optional

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.scan_state import packed, unpacked
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.metadata.table_rows import Surveyed
    from nuvyn_executor.profiling.counts import Counts


NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
ROWS = 120_000  # more than are counted exactly: states that add


def scan(
    spark: Any, folder: Path, before: Optional[Surveyed] = None, engine: str = "auto", **more: Any
) -> Surveyed:
    """Scan the one dataset of a folder, with what the scan before kept, as it comes out of the table."""
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    kept = None if before is None or before.kept is None else unpacked(packed(before.kept))
    scanner = SparkScanner(spark, engine, more.pop("wanted_rows", None))
    return scanner.scan(source, dataset, more.pop("now", NOW), kept, **more)


def rows_of(surveyed: Surveyed) -> int:
    return surveyed.profile.scan.tally.rows


def counted(surveyed: Surveyed) -> Counts:
    assert surveyed.kept is not None
    return surveyed.kept.counts


def write_csv(path: Path, start: int, rows: int) -> None:
    lines = (f"{i},word {i % 7},2024-01-{1 + i % 28:02},{'x' * 60}\n" for i in range(start, start + rows))
    path.write_text("id,word,day,filler\n" + "".join(lines))


def write_parquet(spark: Any, folder: Path, start: int, rows: int) -> None:
    columns = ["id", "CONCAT('word ', id % 7) AS word", "CAST(id AS DOUBLE) / 3 AS price"]
    data = spark.range(start, start + rows, 1, 1).selectExpr(*columns)
    data.write.mode("append").parquet(str(folder))


def data_files(folder: Path) -> List[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".parquet"))
