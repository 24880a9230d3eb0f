"""The reads that Spark's way of counting makes: few, and of a shape that Spark compiles."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, List

import pytest

from nuvyn_executor.metadata.discovery import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling import expressions, frames, spark_counts
from nuvyn_executor.profiling.frame import Frame, sample_columns
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

NOW = 1_700_000_000_000_000
COLUMNS = 60
COMPILED_BUFFERS = 100  # spark.sql.codegen.maxFields


@pytest.fixture(name="frame", scope="module")
def _frame(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Frame:
    """Parquet of numbers, texts and moments, in which some of each are missing."""
    kinds = (
        "IF(id % 7 = {i} % 7, NULL, id * {i})",
        "IF(id % 5 = 0, ' n/a ', concat('Word ', id % 11))",
        "timestamp_seconds(id * {i})",
        "CAST(id % 13 AS STRING)",
        "IF(id % 3 = 0, DOUBLE('NaN'), id / 3)",
    )
    columns = [f"{kinds[i % len(kinds)].format(i=i)} AS c{i}" for i in range(COLUMNS)]
    path = str(tmp_path_factory.mktemp("wide") / "wide.parquet")
    spark.range(0, 500, 1, 2).selectExpr(*columns).write.parquet(path)
    data = spark.read.parquet(path)
    return Frame(
        opened=lambda: data,
        names=tuple(f"column {i}" for i in range(COLUMNS)),
        types=tuple(kind for _, kind in data.dtypes),
        sample=sample_columns([tuple(row) for row in data.limit(100).collect()], COLUMNS),
        sample_represents=True,
        is_small=False,
        is_columnar=True,
    )


def plan_of(frame: Frame, read: Any, plan: Any) -> str:
    data = expressions.prepared(frame.data, plan, read.wanted)
    asked = data.agg(*[column.alias(name) for name, column in read.aggregates.items()])
    return str(asked._jdf.queryExecution().executedPlan().toString())  # noqa: SLF001  Spark's own word for it


class TestTheReadsOfColumnarData:
    """Issue: "a light scan (<= 100 buffer fields a chunk, ...) and a separate distinct scan"."""

    def test_counters_and_sketches_are_apart_and_no_read_has_too_many(self, frame: Frame) -> None:
        reads = spark_counts._reads(frame, plan_scan(frame, "wide"), NOW)  # noqa: SLF001  what it would ask
        kinds: List[bool] = []
        for read in reads:
            distinct = [name for name in read.aggregates if name.endswith("distinct")]
            assert len(distinct) in (0, len(read.aggregates))
            assert len(read.aggregates) <= COMPILED_BUFFERS
            kinds.append(bool(distinct))
        assert True in kinds
        assert False in kinds

    def test_spark_compiles_the_light_reads_as_a_whole(self, spark: Any, frame: Frame) -> None:
        plan = replace(plan_scan(frame, "wide"), distinct=False)
        adaptive = spark.conf.get("spark.sql.adaptive.enabled")
        spark.conf.set("spark.sql.adaptive.enabled", "false")  # which hides what is compiled until it has run
        try:
            for read in spark_counts._reads(frame, plan, NOW):  # noqa: SLF001  as above
                shown = plan_of(frame, read, plan)
                assert "*(1) HashAggregate" in shown
                assert "SortAggregate" not in shown
                assert "ObjectHashAggregate" not in shown
        finally:
            spark.conf.set("spark.sql.adaptive.enabled", adaptive)

    def test_the_counts_are_those_of_a_single_read(self, frame: Frame) -> None:
        plan = plan_scan(frame, "wide")
        apart = spark_counts.count(frame, plan, NOW)
        single = spark_counts.count(replace(frame, is_columnar=False), plan, NOW)
        assert apart == single

    def test_without_different_values_everything_else_is_the_same(self, frame: Frame) -> None:
        plan = plan_scan(frame, "wide")
        light = spark_counts.count(frame, replace(plan, distinct=False), NOW)
        full = spark_counts.count(frame, plan, NOW)
        assert light.tally == full.tally
        assert [replace(span, distinct=None) for span in full.spans] == list(light.spans)
        assert light.distinct_rows is None


class TestManyFiles:
    """Issue: "Many small files of one shape are one job"; "with per-file failures still named"."""

    @pytest.mark.parametrize("other", ["", "notes.txt"])
    def test_a_folder_of_many_files_is_read_as_one_and_nothing_else_is(
        self, spark: Any, tmp_path: Path, other: str
    ) -> None:
        folder = tmp_path / "a folder, 100% odd"
        folder.mkdir()
        for i in range(frames.MANY_FILES + 1):
            (folder / f"part-{i:03d}.csv").write_text(f"id,word\n{i},one\n{i + 1000},two\n")
        if other:
            (folder / other).write_text("not,one\nof,them\n")
        source = FileSystemSource(str(folder), on_databricks=False)
        dataset = max(discover(source, SourceType.CSV, 1000).datasets, key=lambda one: len(one.files))
        surveyed = SparkScanner(spark, "spark").scan(source, dataset, datetime.now(timezone.utc))
        tally = surveyed.profile.scan.tally
        assert (tally.rows, tally.corrupt_rows) == (2 * (frames.MANY_FILES + 1), 0)
        assert surveyed.engine == "spark"
