"""Values that other scans fall over: of a great length, of far away days, in another time zone, odd types."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.profiler import DatasetProfile

pytest.importorskip("polars")
import polars as pl

pytestmark = pytest.mark.spark
ENGINES = pytest.mark.parametrize("engine", ["auto", "spark"])


def scan(spark: Any, folder: Path, engine: str = "auto") -> DatasetProfile:
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    return SparkScanner(spark, engine).scan(source, dataset, datetime(2026, 1, 1, tzinfo=timezone.utc))


class TestLongTexts:
    @ENGINES
    def test_an_address_of_very_many_parts_ends_no_process(
        self, spark: Any, tmp_path: Path, engine: str
    ) -> None:
        texts = [*(f"user{i}@example.org" for i in range(1000)), "a@b" + ".c" * 20_000]
        pl.DataFrame({"email": texts}).write_parquet(tmp_path / "a.parquet")
        (column,) = scan(spark, tmp_path, engine).scan.tally.columns
        assert column.shapes == {"email": 1001}

    @ENGINES
    def test_texts_of_a_megabyte(self, spark: Any, tmp_path: Path, engine: str) -> None:
        texts = [str(i) + "x" * 1_000_000 for i in range(20)]
        pl.DataFrame({"id": range(20), "text": texts}).write_parquet(tmp_path / "a.parquet")
        found = scan(spark, tmp_path, engine)
        assert (found.columns[1].length_min, found.columns[1].length_max) == (
            1_000_001,
            1_000_002,
        )
        assert [one.distinct.count for one in found.scan.columns if one.distinct] == [20, 20]


class TestDays:
    @ENGINES
    def test_farther_away_than_microseconds_reach(self, spark: Any, tmp_path: Path, engine: str) -> None:
        days = pl.Series("day", [0, 2**31 - 1, -(2**31) + 1, None], dtype=pl.Int32).cast(pl.Date)
        days.to_frame().write_parquet(tmp_path / "a.parquet")
        found = scan(spark, tmp_path, engine)
        (column,), (shown,) = found.scan.tally.columns, found.columns
        assert (column.rows, column.nulls) == (4, 1)
        assert (shown.minimum, shown.maximum) == (None, None)

    @pytest.mark.parametrize("kind", ["parquet", "csv"])
    def test_are_the_same_in_every_time_zone(self, spark: Any, tmp_path: Path, kind: str) -> None:
        frame = pl.DataFrame({"day": [date(2024, 1, 31), date(2024, 3, 31)]})
        getattr(frame, f"write_{kind}")(tmp_path / f"a.{kind}")
        session = spark.newSession()
        session.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
        (shown,) = scan(session, tmp_path, "spark").columns
        assert (shown.minimum, shown.maximum) == ("2024-01-31", "2024-03-31")


class TestNanoseconds:
    """What pandas writes; Spark reads such files in no other way than as whole numbers."""

    @ENGINES
    def test_are_moments(self, spark: Any, tmp_path: Path, engine: str) -> None:
        nanos = pl.Series([1_700_000_000_123_456_789, -1, None], dtype=pl.Int64)
        moments = nanos.cast(pl.Datetime("ns"))
        frame = pl.DataFrame(
            {
                "number": nanos,
                "created_at": moments,
                "updated_at": moments.dt.replace_time_zone("UTC"),
                "in": [{"A": 1, "a": one} for one in moments],
                "many": [[one] for one in moments],
            },
            schema_overrides={"in": pl.Struct({"A": pl.Int64, "a": pl.Datetime("ns")})},
        )
        frame.write_parquet(tmp_path / "a.parquet")
        found = scan(spark, tmp_path, engine)
        names = ["number", "created_at", "updated_at", "in.A", "in.a", "many"]
        assert [one.name for one in found.scan.columns] == names
        assert [one.nulls for one in found.scan.tally.columns] == [1, 1, 1, 0, 1, 0]
        for index in (1, 2, 4):
            shown = found.columns[index]
            assert found.scan.columns[index].data_type == "timestamp"
            assert (shown.minimum, shown.maximum) == ("1969-12-31T23:59:59Z", "2023-11-14T22:13:20Z")
        assert found.columns[0].minimum == -1


class TestOddTypes:
    @ENGINES
    def test_intervals(self, spark: Any, tmp_path: Path, engine: str) -> None:
        columns = ["MAKE_DT_INTERVAL(id) AS days", "ARRAY(MAKE_YM_INTERVAL(CAST(id AS INT))) AS months"]
        data = spark.range(10).selectExpr(*columns, "IF(id < 3, NULL, MAKE_YM_INTERVAL(1, 2)) AS one")
        data.coalesce(1).write.parquet(str(tmp_path / "t"))
        found = scan(spark, tmp_path, engine)
        assert [one.nulls for one in found.scan.tally.columns] == [0, 0, 3]
        assert [one.distinct.count for one in found.scan.columns if one.distinct] == [10, 10, 1]

    def test_decimals_beyond_a_double_do_not_look_exact(self, spark: Any, tmp_path: Path) -> None:
        data = spark.sql("SELECT CAST(12345678901234567890.5 AS DECIMAL(38,18)) AS price")
        data.coalesce(1).write.parquet(str(tmp_path / "t"))
        (shown,) = scan(spark, tmp_path).columns
        assert json.dumps(shown.maximum) == "1.2345678901234567e+19"

    @ENGINES
    def test_a_file_without_columns(self, spark: Any, tmp_path: Path, engine: str) -> None:
        pl.DataFrame().write_parquet(tmp_path / "a.parquet")
        found = scan(spark, tmp_path, engine)
        assert (found.rows, found.scan.columns) == (0, ())

    @ENGINES
    def test_five_hundred_columns(self, spark: Any, tmp_path: Path, engine: str) -> None:
        frame = pl.DataFrame({f"c{i}": [i, i + 1, None] if i % 2 else [str(i), "", "x"] for i in range(500)})
        frame.write_parquet(tmp_path / "a.parquet")
        tally = scan(spark, tmp_path, engine).scan.tally
        assert [one.missing for one in tally.columns] == [1] * 500
