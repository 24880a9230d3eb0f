"""Arrays, maps and structs in them: Polars counts what Spark counts."""

from __future__ import annotations

import random
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Callable, Dict, List

import pytest

from nuvyn_executor.profiling.polars.parts import NotNative

pytest.importorskip("polars")
import polars as pl

from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.polars_ways import (
    NOW,
    assert_both_ways_agree,
    datasets_of,
    moments_written_as,
    read_by_polars_since,
)
from tests.scans import count_frame

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

CHANCE = random.Random(11)  # noqa: S311  data, no secret
MOMENT = datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=timezone.utc)


def one_of(*values: Any) -> Callable[[], Any]:
    return lambda: CHANCE.choice([*values, None])


def list_of(make: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: None if CHANCE.random() < 0.1 else [make() for _ in range(CHANCE.randrange(4))]


def map_of(keys: List[Any], make: Callable[[], Any]) -> Callable[[], Any]:
    def made() -> Any:
        some = CHANCE.sample(keys, CHANCE.randrange(len(keys) + 1))
        return None if CHANCE.random() < 0.1 else {key: make() for key in some}

    return made


def row_of(*makes: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: None if CHANCE.random() < 0.1 else tuple(make() for make in makes)


COLUMNS: Dict[str, Callable[[], Any]] = {
    "wholes ARRAY<INT>": list_of(one_of(0, 1, -1)),
    "tiny ARRAY<TINYINT>": list_of(one_of(0, 1)),
    "small ARRAY<SMALLINT>": list_of(one_of(0, 1)),
    "long ARRAY<BIGINT>": list_of(one_of(2**62, -(2**62))),
    "texts ARRAY<STRING>": list_of(one_of("", "a", "ab", "a,b", '"', "null", "é")),
    "doubles ARRAY<DOUBLE>": list_of(one_of(0.0, -0.0, 1.5, float("nan"), float("inf"), float("-inf"))),
    "floats ARRAY<FLOAT>": list_of(one_of(0.0, -0.0, 1.5, float("nan"))),
    "flags ARRAY<BOOLEAN>": list_of(lambda: CHANCE.choice((True, False, None))),
    "prices ARRAY<DECIMAL(9,2)>": list_of(one_of(Decimal("1.10"), Decimal("1.11"), Decimal(0))),
    "wide ARRAY<DECIMAL(38,10)>": list_of(one_of(Decimal("1.10"), Decimal("1.1000000001"))),
    "days ARRAY<DATE>": list_of(one_of(date(2024, 1, 2), date(1900, 1, 1))),
    "blobs ARRAY<BINARY>": list_of(one_of(b"", b"\xff", b"\x00")),
    "moments ARRAY<TIMESTAMP>": list_of(one_of(MOMENT, MOMENT.replace(microsecond=7))),
    "local ARRAY<TIMESTAMP_NTZ>": list_of(one_of(MOMENT.replace(tzinfo=None))),
    "deep ARRAY<ARRAY<INT>>": list_of(list_of(one_of(1, 2))),
    "rows ARRAY<STRUCT<a: INT, `b c`: STRING, d: ARRAY<INT>>>": list_of(
        row_of(one_of(1, 2), one_of("x", "y"), list_of(one_of(1)))
    ),
    "words MAP<STRING, INT>": map_of(["a", "b", "c"], one_of(1, 2)),
    "numbers MAP<INT, STRUCT<v: DOUBLE>>": map_of([1, 2], row_of(one_of(0.5, 1.5))),
    "maps ARRAY<MAP<STRING, STRING>>": list_of(map_of(["k", "l"], one_of("v"))),
    "inner STRUCT<list: ARRAY<INT>, deeper: STRUCT<map: MAP<STRING, INT>, n: INT>>": row_of(
        list_of(one_of(1, 2)), row_of(map_of(["a"], one_of(1, 2)), one_of(1, 2))
    ),
}


class TestNested:
    """Arrays, maps and nested fields [...] counted by the fast engine, too"""

    @pytest.mark.parametrize("kind", ["TIMESTAMP_MICROS", "TIMESTAMP_MILLIS", "INT96"])
    def test_every_type(self, spark: Any, tmp_path: Path, kind: str) -> None:
        rows = [(i, *(make() for make in COLUMNS.values())) for i in range(600)]
        with moments_written_as(spark, kind):
            frame = spark.createDataFrame(rows, ", ".join(["id INT", *COLUMNS]))
            frame.repartition(2).write.option("parquet.block.size", 8192).parquet(str(tmp_path / "nested"))
        (dataset,) = datasets_of(tmp_path)

        with read_by_polars_since((2, 1), kind):
            assert_both_ways_agree(spark, tmp_path, dataset)

    def test_few_rows_with_nothing_in_them(self, spark: Any, tmp_path: Path) -> None:
        frame = spark.sql(
            "SELECT * FROM VALUES (array(), map(), 1), (NULL, NULL, 2) AS t(a, b, c)"
        ).selectExpr("CAST(a AS ARRAY<INT>) AS a", "CAST(b AS MAP<STRING, INT>) AS b", "c")
        frame.coalesce(1).write.parquet(str(tmp_path / "nothing"))
        (dataset,) = datasets_of(tmp_path)

        assert_both_ways_agree(spark, tmp_path, dataset)

    def test_a_column_that_came_later(self, spark: Any, tmp_path: Path) -> None:
        root = str(tmp_path / "later")
        spark.range(5).write.parquet(root)
        spark.range(5, 9).selectExpr("id", "array(id, 1L) AS list").write.mode("append").parquet(root)
        (dataset,) = datasets_of(tmp_path)

        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1,))

    def test_moments_in_milliseconds_in_one_file(self, spark: Any, tmp_path: Path) -> None:
        (tmp_path / "units").mkdir()
        kinds = pl.List(pl.Datetime("ms", "UTC")), pl.List(pl.Datetime("us", "UTC"))
        for number, kind in enumerate(kinds):
            moments = pl.DataFrame({"list": [[MOMENT.replace(microsecond=0)], [MOMENT.replace(second=7)]]})
            moments.cast({"list": kind}).write_parquet(tmp_path / "units" / f"part-{number}.parquet")
        (dataset,) = datasets_of(tmp_path)

        assert_both_ways_agree(spark, tmp_path, dataset, slices=(1,))

    def test_a_column_of_other_elements_in_one_file_is_for_spark(self, spark: Any, tmp_path: Path) -> None:
        spark.sql("SELECT array(1, 2) AS list").write.parquet(str(tmp_path / "other"))
        (own,) = (tmp_path / "other").glob("*.parquet")
        unsigned = pl.DataFrame({"list": [[1], [2]]}, schema={"list": pl.List(pl.UInt16)})
        unsigned.write_parquet(own.with_name("part-99999.snappy.parquet"))
        (dataset,) = datasets_of(tmp_path)

        with pytest.raises(NotNative, match="column list is List"):
            assert_both_ways_agree(spark, tmp_path, dataset)

    def test_the_command_counts_them_with_polars(self, spark: Any, tmp_path: Path) -> None:
        spark.sql("SELECT array(1, 2) AS many, map('a', 1) AS named, 1 AS one").write.parquet(
            str(tmp_path / "arrays")
        )
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)

        found = SparkScanner(spark, "auto").scan(source, dataset, datetime(2026, 1, 1, tzinfo=timezone.utc))

        assert found.state.engine == "polars"
        assert [one.name for one in found.scan.columns] == ["many", "named", "one"]


class TestBinaryKeys:
    """Spark's JSON has for a binary key where Java keeps it, which is another place for each row."""

    def test_the_same_key_is_the_same_value(self, spark: Any, tmp_path: Path) -> None:
        spark.range(20).selectExpr("map(CAST(CAST(id % 2 AS STRING) AS BINARY), 1) AS named").coalesce(
            1
        ).write.parquet(str(tmp_path / "keys"))
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)

        found = count_frame(open_frame(spark, source, dataset), dataset.name, NOW)

        assert [one.distinct and one.distinct.count for one in found.scan.columns] == [2]
        assert_both_ways_agree(spark, tmp_path, dataset)


class TestMomentsInArrays:
    """Spark writes them as JSON to compare them, and cuts them to milliseconds if nobody says otherwise."""

    def test_a_microsecond_makes_two_different(self, spark: Any, tmp_path: Path) -> None:
        frame = spark.sql(
            "SELECT array(zoned) AS zoned, array(CAST(zoned AS TIMESTAMP_NTZ)) AS local FROM VALUES "
            "(timestamp'2024-01-01 00:00:00.000001'), (timestamp'2024-01-01 00:00:00.000002') AS t(zoned)"
        )
        frame.coalesce(1).write.parquet(str(tmp_path / "moments"))
        (dataset,) = datasets_of(tmp_path)
        source = FileSystemSource(str(tmp_path), on_databricks=False)

        found = count_frame(open_frame(spark, source, dataset), dataset.name, NOW)

        assert [one.distinct and one.distinct.count for one in found.scan.columns] == [2, 2]
