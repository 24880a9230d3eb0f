"""Rows that Spark reads and Polars counts: the same counts as Spark's, from one read."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, List

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.polars import arrow_job
from nuvyn_executor.profiling.polars.parts import NotNative
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.polars_ways import EXAMPLES, NOW, assert_same, ugly_table
from tests.scans import NOW as NOW_UTC
from tests.scans import count_frame, rows_of, scan

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.model import Dataset
    from nuvyn_executor.reading.frame import Frame

types = pytest.importorskip("pyspark.sql.types")
pytest.importorskip("pyarrow")
pytest.importorskip("pandas")

pytestmark = pytest.mark.spark

KNOWS_YEARS = hasattr(types, "YearMonthIntervalType")  # PySpark before 3.5 does not
MANY = 130_000  # more than are counted exactly
TYPED = """
    CAST(id % 100 AS TINYINT) tiny, CAST(id AS SMALLINT) small, CAST(id AS INT) whole, id big,
    IF(id % 5 = 0, CAST('NaN' AS FLOAT), CAST(id AS FLOAT) / 3) single,
    CASE id % 7 WHEN 0 THEN DOUBLE('Infinity') WHEN 1 THEN -0.0D WHEN 2 THEN 0.0D ELSE id / 7 END double,
    CAST(id / 8 AS DECIMAL(9, 3)) price, CAST(id AS DECIMAL(38, 6)) + 12345678901234567890123456.5 large,
    id % 3 = 0 flag, IF(id % 4 = 0, NULL, concat('word ', id % 9)) word, CAST(concat('b', id) AS BINARY) blob,
    date_add(DATE'2024-01-01', CAST(id AS INT)) day, DATE'1900-01-01' first, DATE'9999-12-31' last,
    timestamp_micros(id * 1000000007) created_at,
    timestamp_micros(id * 1000000007 + 5) updated_at,
    CAST(timestamp_micros(id) AS TIMESTAMP_NTZ) plain_ts,
    array(id, NULL, id % 2) numbers, map('a', id % 2) pairs, array(named_struct('x', id % 3)) things,
    named_struct('part', id % 2, 'inner', named_struct('deep', id)) nest,
    IF(id % 10 = 0, NULL, array(1)) few
"""


def opened(spark: Any, folder: Path) -> List[tuple[Dataset, Frame]]:
    source = FileSystemSource(str(folder), on_databricks=False)
    found = discover(source, SourceType.AUTO, 1000).datasets
    return [(one, open_frame(spark, source, one)) for one in found]


def assert_ways_agree(spark: Any, frame: Frame, name: str) -> None:
    profile = count_frame(frame, name, NOW)
    assert_same(profile, arrow_job.count(spark, frame, profile.plan, NOW))
    assert_same(profile, arrow_job.count(spark, frame, profile.plan, NOW, keeps_states=True))
    metadata = replace(profile.plan, distinct=False)
    assert arrow_job.count(spark, frame, metadata, NOW).tally == profile.scan.tally


class TestTheSameCounts:
    """Issue: "a vectorised pandas/Arrow UDF in place of SQL expressions"; both engines count the same."""

    def test_texts_that_look_like_something(self, spark: Any, tmp_path: Path) -> None:
        table = ugly_table(3, varied=True)
        schema = ", ".join(f"{name} STRING" for name in table)
        rows = spark.createDataFrame([*zip(*table.values())], schema)
        rows.repartition(3).write.orc(str(tmp_path / "ugly"))
        ((dataset, frame),) = opened(spark, tmp_path)
        assert_ways_agree(spark, frame, dataset.name)

    @pytest.mark.parametrize("kind", ["orc", "parquet"])
    def test_each_type(self, spark: Any, tmp_path: Path, kind: str) -> None:

        rows = spark.range(0, 300, 1, 3).selectExpr(*_split(TYPED))
        rows.union(rows.limit(7)).write.format(kind).save(str(tmp_path / "typed"))
        ((dataset, frame),) = opened(spark, tmp_path)
        assert_ways_agree(spark, frame, dataset.name)

    def test_types_that_no_file_holds(self, spark: Any) -> None:
        """Tables and views have them, too: what Spark can write as text is compared as text."""
        kinds = ["INTERVAL '3' DAY", "NULL", *(["INTERVAL '2' YEAR"] if KNOWS_YEARS else [])]
        cells = (f"IF(id % 3 = 0, NULL, {one}) c{i}" for i, one in enumerate(kinds, 1))
        rows = spark.range(40).selectExpr("id c0", *cells)
        texts = rows.selectExpr(*(f"CAST({name} AS STRING)" for name in rows.columns)).collect()
        numbers, *others = [[row[i] for row in texts] for i in range(len(rows.columns))]
        ((_, frame),) = [one for one in opened(spark, EXAMPLES) if one[0].name == "customers"]
        frame = replace(
            frame,
            opened=lambda: rows,
            names=tuple(rows.columns),
            types=tuple(data_type for _, data_type in rows.dtypes),
            sample=[[int(one) for one in numbers], *others],
            corrupt=None,
        )
        assert_ways_agree(spark, frame, "odd")

    def test_examples(self, spark: Any) -> None:
        """CSV and JSON, with records that did not parse."""
        for dataset, frame in opened(spark, EXAMPLES):
            assert_ways_agree(spark, frame, dataset.name)

    def test_records_that_did_not_parse(self, spark: Any, tmp_path: Path) -> None:
        lines = ["id,text", '1,"two', 'lines"', "2,b", "3,c,d,e", "4", "2,b"]
        (tmp_path / "multiline.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (tmp_path / "broken.json").write_text('{"a": 1}\n{"a": \n{"a": 2}\nno\n', encoding="utf-8")
        for dataset, frame in opened(spark, tmp_path):
            profile = count_frame(frame, dataset.name, NOW)
            assert profile.scan.tally.corrupt_rows
            assert_ways_agree(spark, frame, dataset.name)

    def test_parts_of_a_large_table_add(self, spark: Any, tmp_path: Path) -> None:
        rows = spark.range(0, MANY, 1, 5)
        rows = rows.selectExpr("id", "concat('user', id % 50000, '@example.org') email", "id / 3 share")
        rows.write.orc(str(tmp_path / "large"))
        ((dataset, frame),) = opened(spark, tmp_path)
        profile = count_frame(frame, dataset.name, NOW)
        assert not profile.plan.exact_distinct
        assert_ways_agree(spark, frame, dataset.name)

    def test_a_share_of_the_rows(self, spark: Any, tmp_path: Path) -> None:
        spark.range(0, 5000, 1, 3).selectExpr("id", "id % 7 AS seven").write.orc(str(tmp_path / "things"))
        ((dataset, frame),) = opened(spark, tmp_path)
        assert_ways_agree(spark, frame.of(None, 0.2), dataset.name)

    def test_no_rows(self, spark: Any, tmp_path: Path) -> None:
        spark.range(0).selectExpr("id", "'' AS text").write.orc(str(tmp_path / "things"))
        found = scan(spark, tmp_path)
        assert (rows_of(found), len(found.columns)) == (0, 2)


class TestWhatSparkCountsItself:
    """Where Polars would count something else, Spark counts."""

    def test_texts_that_are_not_utf_8(self, spark: Any, tmp_path: Path) -> None:
        """Polars takes the bytes of Arrow's texts as they are; Spark takes any bytes for a text."""
        if os.environ.get("SPARK_REMOTE"):
            pytest.skip("Connect's client itself takes no such text")
        rows = spark.range(0, 50, 1, 2).selectExpr(
            "id", "CAST(IF(id = 20, X'61FF', X'62') AS STRING) AS text"
        )
        rows.write.orc(str(tmp_path / "things"))
        ((dataset, frame),) = opened(spark, tmp_path)
        plan = count_frame(frame, dataset.name, NOW).plan
        with pytest.raises(NotNative, match="a text is not UTF-8") as raised:
            arrow_job.count(spark, frame, plan, NOW)
        assert not raised.value.everywhere
        found = scan(spark, tmp_path)
        assert (found.state.engine, rows_of(found)) == ("spark", 50)

    def test_long_texts(self, spark: Any, tmp_path: Path) -> None:
        """Spark hands over 10,000 rows at once, however long they are."""
        rows = spark.range(0, 40, 1, 1).selectExpr("id", "concat(id, repeat('x', 5000)) AS letter")
        rows.write.orc(str(tmp_path / "letters"))
        ((dataset, frame),) = opened(spark, tmp_path)
        plan = count_frame(frame, dataset.name, NOW).plan
        assert arrow_job.supports(frame, plan, "UTC") == "the texts of column letter are long"

    def test_moments_in_texts_of_another_time_zone(self, spark: Any, tmp_path: Path) -> None:
        rows = spark.range(0, 40, 1, 1).selectExpr(
            "'2024-05-06 07:08:09' AS created_at", "current_date() AS day"
        )
        rows.write.orc(str(tmp_path / "things"))
        ((dataset, frame),) = opened(spark, tmp_path)
        plan = count_frame(frame, dataset.name, NOW).plan
        assert arrow_job.supports(frame, plan, "Europe/Berlin") == "the session's time zone is Europe/Berlin"
        assert arrow_job.supports(frame, plan, "Etc/UTC") is None


class TestScanner:
    """Who reads and who counts."""

    def test_orc_is_read_by_spark_and_counted_by_polars(self, spark: Any, tmp_path: Path) -> None:
        spark.range(0, 10, 1, 1).write.orc(str(tmp_path / "things"))
        found = scan(spark, tmp_path)
        assert (found.state.engine, found.state.read_by) == ("polars", "spark")
        assert scan(spark, tmp_path, engine="spark").state.engine == "spark"

    def test_only_new_files_are_read(self, spark: Any, tmp_path: Path) -> None:
        folder = tmp_path / "things"
        for start in (0, MANY):
            spark.range(start, start + MANY, 1, 1).write.mode("append").orc(str(folder))
            if not start:
                before = scan(spark, tmp_path)
        spark.range(7).write.mode("append").orc(str(folder))
        # Fewer bytes than were there before, so that these are not read again.
        some = scan(spark, tmp_path, before)
        assert rows_of(some) == 2 * MANY + 7
        again = scan(spark, tmp_path, some)
        assert (rows_of(again), again.rows_read) == (2 * MANY + 7, 0)
        spark.range(5).write.mode("append").orc(str(folder))
        last = scan(spark, tmp_path, again)
        assert (rows_of(last), last.rows_read, last.state.engine) == (2 * MANY + 12, 5, "polars")
        whole = scan(spark, tmp_path, engine="spark")
        assert last.scan.tally == whole.scan.tally

    def test_new_files_of_what_spark_counted_are_counted_by_spark(self, spark: Any, tmp_path: Path) -> None:
        """The first file has a text that Polars refuses, the second has none: their states have to add."""
        if os.environ.get("SPARK_REMOTE"):
            pytest.skip("Connect's client itself takes no such text")
        folder = tmp_path / "things"
        text = "CAST(IF(id = 20000, X'61FF', X'62') AS STRING) AS text"
        spark.range(0, MANY, 1, 1).selectExpr("id", text).write.orc(str(folder))
        first = scan(spark, tmp_path)
        assert first.state.engine == "spark"
        spark.range(MANY, MANY + 5, 1, 1).selectExpr("id", text).write.mode("append").orc(str(folder))
        more = scan(spark, tmp_path, first)
        assert (more.state.engine, more.rows_read, rows_of(more)) == ("spark", 5, MANY + 5)

    def test_rows_that_cannot_be_handed_over_are_offered_once(
        self, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As where PyArrow is not on the cluster: each dataset is then counted by Spark, without a trial."""
        begun: List[int] = []

        def failing(*_: Any, **__: Any) -> Any:
            begun.append(1)

            def task(_: Any) -> Any:
                raise ModuleNotFoundError("No module named 'pyarrow'")

            return task

        monkeypatch.setattr(arrow_job, "_task", failing)
        for name in "ab":
            spark.range(0, 10, 1, 1).selectExpr(f"id AS {name}").write.orc(str(tmp_path / name))
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        scanner = SparkScanner(spark)
        datasets = discover(source, SourceType.AUTO, 1000).datasets
        states = [scanner.scan(source, one, NOW_UTC).state for one in datasets]
        assert ([one.engine for one in states], len(begun)) == (["spark", "spark"], 1)
        said = "its tasks failed (ModuleNotFoundError: No module named 'pyarrow')"
        assert [one.read_as["engine_reason"] for one in states] == [said, said]
        assert scanner.tries_polars


def _split(columns: str) -> List[str]:
    """Split a list of SQL expressions at the commas that are in no brackets."""
    depth, parts = 0, [""]
    for character in columns:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
