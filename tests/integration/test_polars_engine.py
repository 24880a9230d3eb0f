"""The native engine counts what Spark counts, to the last count, on every dataset that the suite has."""

from __future__ import annotations

import random
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, List

import pytest

from nuvyn_executor.profiling.polars.parts import NotNative

pytest.importorskip("polars")
import polars as pl

from nuvyn_executor.profiling.profiler import plan_scan
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.polars_ways import (
    EXAMPLES,
    assert_both_ways_agree,
    datasets_of,
    moments_written_as,
    read_by_polars_since,
    ugly_table,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark


class TestExamples:
    def test_every_dataset_of_the_examples(self, spark: Any) -> None:
        refused = {}
        for dataset in datasets_of(EXAMPLES):
            if dataset.name == "broken":
                continue
            try:
                assert_both_ways_agree(spark, EXAMPLES, dataset)
            except NotNative as reason:
                refused[dataset.name] = str(reason)
        assert refused == {
            "suppliers_utf16": "a value of it may be several lines",
            "order_items": "it has a line that is no JSON object by itself",
            "returns": "its documents are not a line each",
        }


class TestTexts:
    """Texts in Parquet may hold anything; each shape, expected and not."""

    @pytest.mark.parametrize(("repeats", "varied"), [(15, False), (30, True)])
    def test_parquet(self, spark: Any, tmp_path: Path, repeats: int, varied: bool) -> None:  # noqa: FBT001
        table = ugly_table(repeats, varied=varied)
        rows = [*zip(*table.values())]
        schema = ", ".join(f"{name} STRING" for name in table)
        spark.createDataFrame(rows, schema).coalesce(1).write.parquet(str(tmp_path / "ugly"))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset)


class TestWholeNumbers:
    """Doubles know no whole number beyond 2^53, and ids are often longer."""

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    @pytest.mark.parametrize("kind", ["parquet", "csv"])
    def test_least_and_greatest_are_exact(self, spark: Any, tmp_path: Path, engine: str, kind: str) -> None:
        ids, numbers = [123456789012345679, 2, -987654321098765433], ["1", "25", "9007199254740993"]
        getattr(pl.DataFrame({"id": ids, "number": numbers}), f"write_{kind}")(tmp_path / f"a.{kind}")
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        found = SparkScanner(spark, engine).scan(source, dataset, datetime(2026, 1, 1, tzinfo=timezone.utc))
        assert found.state.engine == {"auto": "polars"}.get(engine, engine)
        spans = [(one.minimum, one.maximum) for one in found.columns]
        assert spans == [(-987654321098765433, 123456789012345679), (1, 9007199254740993)]


class TestTypes:
    """What Parquet declares, in every width, with the values that are odd in it."""

    SCHEMA = (
        "id BIGINT, tiny TINYINT, small SMALLINT, whole INT, single FLOAT, price DOUBLE, narrow "
        "DECIMAL(9,2), wide DECIMAL(38,10), flag BOOLEAN, born DATE, created_at TIMESTAMP, "
        "updated_at TIMESTAMP, local TIMESTAMP_NTZ, blob BINARY, word STRING, "
        "inner STRUCT<a: INT, deep: STRUCT<b: STRING, `c.d`: DOUBLE>>"
    )

    def rows(self) -> List[Any]:
        chance = random.Random(7)  # noqa: S311  data, no secret
        odd_numbers = (0.0, -0.0, float("nan"), float("inf"), float("-inf"), -999.0, 999999.0, 1e300)
        rows: List[Any] = []
        for i in range(400):
            moment = datetime(2020 + i % 8, 1 + i % 12, 1 + i % 28, i % 24, i % 60, 5, i, tzinfo=timezone.utc)
            earlier = moment if i % 5 else datetime(1999, 1, 1, tzinfo=timezone.utc)
            number = odd_numbers[i % 40] if i % 40 < len(odd_numbers) else chance.random() * 100
            row = [
                i // 2, i % 100, i % 300, chance.choice([-999, 5, 7, 999999]), number, number,
                Decimal(i) / 100, Decimal("999999.0000000001") if i % 90 == 0 else Decimal(i) / 7,
                i % 3 == 0, date(1900, 1, 1) if i % 50 == 0 else date(2000 + i % 20, 2, 3),
                moment, earlier, moment.replace(tzinfo=None), bytes([i % 5, 255]),
                chance.choice(["a", " b", "", "n/a", "c\x01"]),
                None if i % 9 == 0 else (i, None if i % 4 == 0 else (f"t{i}", i / 2)),
            ]  # fmt: skip
            rows.append(tuple(None if chance.random() < 0.05 else value for value in row))
        rows.append((None,) * 16)
        return rows

    @pytest.mark.parametrize("kind", ["INT96", "TIMESTAMP_MICROS", "TIMESTAMP_MILLIS"])
    def test_every_type(self, spark: Any, tmp_path: Path, kind: str) -> None:
        with moments_written_as(spark, kind):
            frame = spark.createDataFrame(self.rows(), self.SCHEMA)
            frame.repartition(3).write.parquet(str(tmp_path / "typed"))
        (dataset,) = datasets_of(tmp_path)
        with read_by_polars_since((2, 0), kind):
            assert_both_ways_agree(spark, tmp_path, dataset)

    def test_moments_beyond_nanoseconds(self, spark: Any, tmp_path: Path) -> None:
        far = spark.sql(
            "SELECT timestamp'9999-12-31 23:59:59.999999' AS event_ts, date'9999-12-31' AS day "
            "UNION ALL SELECT timestamp'2262-04-12 00:00:00', date'1700-01-01'"
        )
        far.coalesce(1).write.parquet(str(tmp_path / "far"))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset)

    def test_a_sample_of_moments_makes_the_plan(self, spark: Any, tmp_path: Path) -> None:
        moments = "timestamp_seconds(IF(id = 7, -2208988800, 1600000000 + id * 7919)) AS at"
        made = spark.range(5000).selectExpr(
            moments, "CAST(at AS DATE) AS day", "CAST(at AS TIMESTAMP_NTZ) AS local"
        )
        made.coalesce(1).write.parquet(str(tmp_path / "moments"))
        (dataset,) = datasets_of(tmp_path)
        frame = open_frame(spark, FileSystemSource(str(tmp_path), on_databricks=False), dataset)
        for one in plan_scan(frame, dataset.name).columns:
            assert one.suspect_examples["stand_in"].startswith("9999-99-99"), one
            assert one.dropped_bits, one

    def test_a_column_that_came_later_and_partitions(self, spark: Any, tmp_path: Path) -> None:
        root = tmp_path / "parted"
        first = spark.range(50).selectExpr("id", "id % 3 AS year", "'x y' AS word", "date'2024-01-02' AS day")
        first.write.partitionBy("year", "word", "day").parquet(str(root))
        later = spark.range(20).selectExpr(
            "id", "id * 1.5D AS more", "9 AS year", "CAST(null AS STRING) AS word"
        )
        later = later.selectExpr("*", "date'2024-01-03' AS day")
        later.write.mode("append").partitionBy("year", "word", "day").parquet(str(root))
        (dataset,) = datasets_of(tmp_path)
        assert dataset.partition_columns == ("year", "word", "day")
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1,))

    def test_many_rows_in_many_row_groups(self, spark: Any, tmp_path: Path) -> None:
        made = spark.range(0, 150_000, 1, 2).selectExpr(
            "id", "id % 1000 AS few", "concat('user', id % 70000, '@x.org') AS email", "uuid() AS token",
            "CASE WHEN id % 10 = 0 THEN NULL WHEN id % 77 = 0 THEN 'n/a' "
            "ELSE concat('w', id % 4) END AS word",
        )  # fmt: skip
        made.write.option("parquet.block.size", 512 * 1024).parquet(str(tmp_path / "many"))
        (dataset,) = datasets_of(tmp_path)
        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1, 4))
