"""The native engine over Spark's tasks."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, List

import pytest

from nuvyn_executor.profiling.polars import job
from nuvyn_executor.profiling.polars.parts import NotNative, Piece, parts_of
from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.profiling.sketch import RSD
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.spark.python_functions import python_function

pytest.importorskip("polars")
from nuvyn_executor.profiling.polars.kernel import count_part
from tests.polars_ways import EXAMPLES, NOW, assert_same, datasets_of, reading_of, ugly_table
from tests.scans import count_frame

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

NOW_UTC = datetime(2026, 3, 1, tzinfo=timezone.utc)
LINES = b"id,name\r\n1,a\r\n\r\n2,\r\n3,c\r\n"


class TestJob:
    """The same over Spark's tasks."""

    def test_tasks_count_what_spark_counts(self, spark: Any, tmp_path: Path) -> None:
        table = ugly_table(3, varied=True)
        schema = ", ".join(f"{name} STRING" for name in table)
        frame = spark.createDataFrame([*zip(*table.values())], schema)
        frame.repartition(3).write.parquet(str(tmp_path / "ugly"))
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        profile = count_frame(open_frame(spark, source, dataset), dataset.name, NOW)
        for small_here in (True, False):
            assert_same(profile, job.count(spark, dataset, profile.plan, NOW, small_here=small_here))

    def test_parts_of_a_large_dataset_add(self, spark: Any, tmp_path: Path) -> None:
        lines = "".join(
            f"{i},user{i % 50_000}@example.org,2024-01-{i % 28 + 1:02d}\n" for i in range(300_000)
        )
        (tmp_path / "large.csv").write_text("id,email,created_at\n" + lines, encoding="utf-8")
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        profile = count_frame(open_frame(spark, source, dataset), dataset.name, NOW)
        assert not profile.plan.exact_distinct
        assert len(parts_of([Piece("", dataset.size_bytes)], job.slots_of(spark))) > 1
        assert_same(profile, job.count(spark, dataset, profile.plan, NOW))

    def test_without_different_values(self, spark: Any) -> None:
        (dataset,) = [one for one in datasets_of(EXAMPLES) if one.name == "customers"]
        source = FileSystemSource(str(EXAMPLES), on_databricks=False)
        plan = plan_scan(open_frame(spark, source, dataset), dataset.name)
        counted = job.count(spark, dataset, plan, NOW)
        without = job.count(spark, dataset, replace(plan, distinct=False), NOW)
        assert without.tally == counted.tally
        assert without.spans == tuple(replace(span, distinct=None) for span in counted.spans)
        assert without.distinct_rows is None

    def test_a_file_that_tasks_do_not_see(self, spark: Any, tmp_path: Path) -> None:
        (tmp_path / "gone.csv").write_bytes(LINES)
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        plan = plan_scan(open_frame(spark, source, dataset), dataset.name)
        (tmp_path / "gone.csv").unlink()
        for small_here in (True, False):
            with pytest.raises(NotNative, match="a task cannot read a file"):
                job.count(spark, dataset, plan, NOW, small_here=small_here)

    def test_files_that_tasks_may_not_open_are_offered_once(
        self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Issue: "tasks that may not open the path fall back to Spark by one probe, not one failure a file;
        `details.engine` says why". The tasks of this test see the files under a path that is not there.
        """
        real = job._task  # noqa: SLF001  what tasks see is to differ
        begun: List[int] = []

        def elsewhere(parts: Any) -> Any:
            begun.append(len(parts))
            moved = [
                (tuple(replace(piece, path=f"/nowhere{piece.path}") for piece in pieces), reading)
                for pieces, reading in parts
            ]
            return real(moved)

        for name in "abc":
            (tmp_path / f"{name}.csv").write_bytes(LINES.replace(b"name", f"name_{name}".encode()))
        datasets = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        monkeypatch.setattr(job, "_task", elsewhere)
        no_polars_here = SimpleNamespace(util=SimpleNamespace(find_spec=lambda _: None))
        monkeypatch.setattr(job, "importlib", no_polars_here)
        scanner = SparkScanner(spark)
        profiles = [scanner.scan(source, one, NOW_UTC) for one in datasets]

        assert [one.rows_read for one in profiles] == [3, 3, 3]
        assert len(begun) == 1
        said = "the tasks cannot open files that the driver opens (FileNotFoundError)"
        for one in profiles:
            assert (one.state.read_by, one.state.read_as["engine_reason"]) == ("spark", said)
            assert one.state.engine == "polars"  # Spark hands it the rows

    def test_without_pandas_spark_does_not_warn(self, spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Spark 4.2 said: "Arrow optimization failed to enable because PyArrow or Pandas is not installed."

        That came from each Python function. Here a warning is an error.
        """
        with monkeypatch.context() as without:
            without.setitem(sys.modules, "pandas", None)
            as_text = python_function(str, "string")
        rows = spark.range(2).select(as_text("id").alias("text")).collect()
        assert [row["text"] for row in rows] == ["0", "1"]

    def test_tasks_without_polars(self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def failing(_index: int) -> str:
            raise ModuleNotFoundError("No module named 'nuvyn_executor'")

        (tmp_path / "a.csv").write_bytes(LINES)
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        plan = plan_scan(open_frame(spark, source, dataset), dataset.name)
        monkeypatch.setattr(job, "_task", lambda _parts: failing)
        with pytest.raises(NotNative, match="No module named 'nuvyn_executor'") as raised:
            job.count(spark, dataset, plan, NOW, small_here=False)
        assert raised.value.everywhere

    def test_tasks_that_hash_otherwise_are_left_to_spark(
        self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = job._task  # noqa: SLF001  what tasks do is to differ

        def unlike(parts: Any) -> Any:
            task = real(parts)
            return lambda index: task(index).replace("polars-", f"polars-{index}-")

        spark.range(0, 120_000, 1, 2).write.parquet(str(tmp_path / "ids"))
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        plan = plan_scan(open_frame(spark, source, dataset), dataset.name)
        monkeypatch.setattr(job, "_task", unlike)
        monkeypatch.setattr(job, "parts_of", lambda pieces, *_: [(piece,) for piece in pieces])
        with pytest.raises(NotNative, match="its tasks do not count alike") as raised:
            job.count(spark, dataset, plan, NOW)
        assert raised.value.everywhere

    def test_estimates_are_mergeable_states(self, spark: Any, tmp_path: Path) -> None:
        spark.range(0, 120_000, 1, 1).write.parquet(str(tmp_path / "ids"))
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        plan = plan_scan(open_frame(spark, source, dataset), dataset.name)
        assert not plan.exact_distinct
        (span,) = count_part([Piece(dataset.files[0].path, 1)], reading_of(dataset, plan)).spans
        assert span.distinct is not None
        assert span.distinct.estimate().rsd == RSD
        assert abs(span.distinct.estimate().count - 120_000) < 4 * RSD * 120_000
