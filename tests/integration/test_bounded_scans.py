"""A bound on rows and one on time: what is read is a part, and is called one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.scans import ROWS, rows_of, scan, write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path


pytest.importorskip("polars")
pytestmark = pytest.mark.spark


class TestASampleOfRows:
    """ "EXECUTOR_SAMPLE_ROWS, deterministic by hash ... table rows and sample rows apart" """

    def test_of_one_file_a_share_of_its_rows(self, spark: Any, folder: Path) -> None:
        write_parquet(spark, folder, 0, 20_000)
        first = scan(spark, folder, wanted_rows=1000)
        assert first.state.coverage is not None
        assert 900 <= rows_of(first) <= 1100
        assert (first.rows, first.state.coverage.is_estimate) == (20_000, False)
        other = folder.parent / "other"
        spark.read.parquet(str(folder)).repartition(3).orderBy("price").write.parquet(str(other))
        again = scan(spark, other, wanted_rows=1000)
        assert again.scan.tally == first.scan.tally
        assert scan(spark, folder, first, wanted_rows=1000).rows_read == 0
        assert scan(spark, folder, first, wanted_rows=2000).rows_read > 1500
        assert scan(spark, folder, first).rows_read == 20_000

    def test_of_many_files_some(self, spark: Any, folder: Path) -> None:
        for i in range(20):
            write_csv(folder / f"part-{i:02}.csv", 100 * i, 100)
        first = scan(spark, folder, wanted_rows=300)
        assert first.state.coverage is not None
        assert first.state.coverage.files in (3, 4)
        assert rows_of(first) == 100 * first.state.coverage.files
        assert (first.state.engine, first.state.coverage.share, first.state.coverage.is_estimate) == (
            "polars",
            1.0,
            True,
        )
        assert 1800 <= first.rows <= 2200
        assert scan(spark, folder, first, wanted_rows=300).rows_read == 0
        write_csv(folder / "part-99.csv", 0, 100)
        assert scan(spark, folder, first, wanted_rows=300).rows_read >= 300

    def test_of_rows_that_repeat_more_than_none(self, spark: Any, folder: Path) -> None:
        spark.range(20_000).selectExpr("id % 5 AS five").coalesce(1).write.parquet(str(folder / "t"))
        first = scan(spark, folder, wanted_rows=1000)
        assert rows_of(first) in range(4000, 20_001, 4000)
        assert (first.rows, first.state.coverage is None) == (20_000, rows_of(first) == 20_000)

    def test_of_a_table_of_maps(self, spark: Any, folder: Path) -> None:
        data = spark.range(20_000).selectExpr("MAP('a', id) AS m")
        data.coalesce(1).write.parquet(str(folder / "t"))
        assert 900 <= rows_of(scan(spark, folder, wanted_rows=1000)) <= 1100

    def test_what_is_small_is_counted_whole(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "a.csv", 0, 100)
        first = scan(spark, folder, wanted_rows=80)
        assert (first.state.coverage, rows_of(first)) == (None, 100)

    def test_of_a_delta_table_with_hidden_rows(self, spark: Any, folder: Path) -> None:
        spark.range(20_000).write.format("delta").option("delta.enableDeletionVectors", "true").save(
            str(folder)
        )
        spark.sql(f"DELETE FROM delta.`{folder}` WHERE id < 10000")  # noqa: S608  as above
        first = scan(spark, folder, wanted_rows=1000)
        assert first.columns[0].minimum >= 10_000
        assert 900 <= rows_of(first) <= 1100
        assert first.rows == 10_000


class TestABoundOnTime:
    """ "EXECUTOR_TIME_BUDGET_SECONDS ... ends early and truthfully" """

    @pytest.fixture(autouse=True)
    def _small_waves(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.sampling_limits.WAVE_BYTES", 1)

    def test_the_next_run_goes_on(self, spark: Any, folder: Path) -> None:
        for i in range(4):
            write_csv(folder / f"part-{i}.csv", ROWS * i // 4, ROWS // 4)
        first = scan(spark, folder, seconds=1e-9)
        assert first.state.coverage is not None
        assert (rows_of(first), first.state.coverage.files) == (ROWS // 4, 1)
        assert ROWS * 0.9 < first.rows < ROWS * 1.1
        second = scan(spark, folder, first, seconds=1e-9)
        assert (second.rows_read, rows_of(second)) == (ROWS // 4, ROWS // 2)
        third = scan(spark, folder, second)
        assert (third.rows_read, third.state.coverage, rows_of(third)) == (ROWS // 2, None, ROWS)
        assert third.scan == replace(scan(spark, folder).scan)

    def test_of_chosen_files_those_that_were_not_read_are_not_taken_as_read(
        self, spark: Any, folder: Path
    ) -> None:
        for i in range(10):
            write_csv(folder / f"part-{i}.csv", 100 * i, 100)
        first = scan(spark, folder, wanted_rows=300, seconds=1e-9)
        assert rows_of(first) == 100
        again = scan(spark, folder, first, wanted_rows=300)
        assert again.rows_read == rows_of(again) == 300
        assert scan(spark, folder, again, wanted_rows=300).rows_read == 0

    def test_spark_stops_as_well(self, spark: Any, folder: Path) -> None:
        for i in range(4):
            write_parquet(spark, folder, 100 * i, 100)
        first = scan(spark, folder, engine="spark", seconds=1e-9)
        assert first.state.coverage is not None
        assert (rows_of(first), first.rows, first.state.coverage.is_estimate) == (100, 400, False)
        assert scan(spark, folder, engine="spark", seconds=1000).state.coverage is None
