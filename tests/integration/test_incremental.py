"""What was counted is not counted again: unchanged, appended, deleted, rewritten; in files and in Delta.

That a file was not read is shown by spoiling it: it holds something else, of the same size and time.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, List, Optional

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.metadata.discovery import discover
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.frames import open_frame
from nuvyn_executor.profiling.kept import packed, unpacked
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.spoiling import spoil

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.metadata.records import Surveyed
    from nuvyn_executor.profiling.counts import Counts

pytest.importorskip("polars")
pytestmark = pytest.mark.spark

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


class TestUnchanged:
    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_it_is_not_read(self, spark: Any, folder: Path, engine: str) -> None:
        write_csv(folder / "a.csv", 0, 50)
        first = scan(spark, folder, engine=engine)
        assert (first.rows_read, rows_of(first)) == (50, 50)
        spoil(folder / "a.csv")
        again = scan(spark, folder, first, engine=engine)
        assert again.rows_read == 0
        assert again.engine == first.engine
        assert again.profile == first.profile

    def test_a_file_of_another_time_is_read(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "a.csv", 0, 50)
        first = scan(spark, folder)
        os.utime(folder / "a.csv", ns=(0, 1))
        assert scan(spark, folder, first).rows_read == 50

    def test_who_asks_for_spark_does_not_get_what_polars_counted(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "a.csv", 0, 50)
        first = scan(spark, folder)
        again = scan(spark, folder, first, engine="spark")
        assert (first.engine, again.engine, again.rows_read) == ("polars", "spark", 50)

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_until_a_moment_of_the_future_has_come(self, spark: Any, folder: Path, engine: str) -> None:
        (folder / "a.csv").write_text("id,updated_at\n1,9999-12-31\n2,2024-01-01\n3,2026-01-05\n")
        first = scan(spark, folder, engine=engine)
        assert first.profile.scan.tally.columns[1].future == 2
        again = scan(spark, folder, first, engine=engine, now=NOW + timedelta(days=2))
        assert again.rows_read == 0
        later = scan(spark, folder, first, engine=engine, now=NOW + timedelta(days=3))
        assert (later.rows_read, later.profile.scan.tally.columns[1].future) == (3, 1)


class TestAppended:
    def test_of_csv_only_the_new_file_is_read(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "part-1.csv", 0, ROWS)
        write_csv(folder / "part-2.csv", ROWS, 10)
        first = scan(spark, folder)
        write_csv(folder / "part-3.csv", ROWS - 5, 1000)
        whole = scan(spark, folder)
        spoil(folder / "part-1.csv")
        again = scan(spark, folder, first)
        assert (again.rows_read, rows_of(again)) == (1000, ROWS + 1010)
        assert counted(again).tally == counted(whole).tally
        assert again.profile.scan.columns == whole.profile.scan.columns
        assert again.profile.scan.distinct_rows == whole.profile.scan.distinct_rows

    def test_of_parquet_only_the_new_file_is_read(self, spark: Any, folder: Path) -> None:
        write_parquet(spark, folder, 0, ROWS)
        (old,) = data_files(folder)
        first = scan(spark, folder)
        write_parquet(spark, folder, ROWS, 1000)
        whole = scan(spark, folder)
        spoil(old)
        again = scan(spark, folder, first)
        assert (again.rows_read, rows_of(again)) == (1000, ROWS + 1000)
        assert again.profile.scan == whole.profile.scan

    def test_spark_reads_only_the_new_file_too(self, spark: Any, folder: Path) -> None:
        for i, rows in enumerate((ROWS, 10, 1000)):
            records = (
                {"id": i * 100_000 + k, "word": f"word {k % 7}", "filler": "x" * 60} for k in range(rows)
            )
            lines = map(json.dumps, records)
            (folder / f"part-{i}.json").write_text("\n".join(lines) + "\n")
        whole = scan(spark, folder)
        new = (folder / "part-2.json").rename(folder.parent / "part-2.json")
        first = scan(spark, folder)
        new.rename(folder / "part-2.json")
        spoil(folder / "part-0.json")
        again = scan(spark, folder, first)
        assert (again.engine, again.rows_read, rows_of(again)) == ("spark", 1000, ROWS + 1010)
        assert again.profile.scan == whole.profile.scan

    def test_another_header_means_reading_all(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "part-1.csv", 0, ROWS)
        write_csv(folder / "part-2.csv", ROWS, 10)
        first = scan(spark, folder)
        (folder / "part-3.csv").write_text("id,word,day,filler,more\n1,2,2024-01-01,4,5\n")
        again = scan(spark, folder, first)
        assert again.rows_read == rows_of(again) == ROWS + 11

    def test_a_new_file_that_cannot_be_read_is_named(self, spark: Any, folder: Path) -> None:
        write_parquet(spark, folder, 0, ROWS)
        first = scan(spark, folder)
        (old,) = data_files(folder)
        bad = folder / old.name.replace("part-00000", "part-00001")
        bad.write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1")
        with pytest.raises(DatasetUnreadable):
            scan(spark, folder, first)

    def test_a_small_dataset_is_read_again(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "part-1.csv", 0, 50)
        write_csv(folder / "part-2.csv", 50, 50)
        first = scan(spark, folder)
        write_csv(folder / "part-3.csv", 100, 10)
        again = scan(spark, folder, first)
        assert (again.rows_read, rows_of(again)) == (110, 110)
        assert again.profile.scan.columns[0].distinct is not None
        assert again.profile.scan.columns[0].distinct.count == 110


class TestDeletedAndRewritten:
    """ "Deleted or rewritten files are noticed." """

    def test_of_parquet(self, spark: Any, folder: Path) -> None:
        write_parquet(spark, folder, 0, ROWS)
        write_parquet(spark, folder, ROWS, 1000)
        first = scan(spark, folder)
        small = min(data_files(folder), key=lambda path: path.stat().st_size)
        small.unlink()
        again = scan(spark, folder, first)
        assert again.rows_read == rows_of(again) == ROWS

    def test_of_csv(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "part-1.csv", 0, ROWS)
        write_csv(folder / "part-2.csv", ROWS, 10)
        first = scan(spark, folder)
        write_csv(folder / "part-2.csv", ROWS, 20)
        assert rows_of(scan(spark, folder, first)) == ROWS + 20


class TestDelta:
    """ "the same Delta version" """

    @pytest.fixture(name="table")
    def _table(self, spark: Any, folder: Path) -> str:
        self.append(spark, str(folder), 0, ROWS)
        return f"delta.`{folder}`"

    @staticmethod
    def append(spark: Any, path: str, start: int, rows: int) -> None:
        data = spark.range(start, start + rows, 1, 1).selectExpr("id", "id % 5 AS five")
        data.write.format("delta").mode("append").save(path)

    @pytest.mark.usefixtures("table")
    def test_its_files_are_counted_as_parquet_and_only_once(self, spark: Any, folder: Path) -> None:
        first = scan(spark, folder)
        assert (first.engine, first.rows_read, rows_of(first)) == ("polars", ROWS, ROWS)
        old = data_files(folder)
        self.append(spark, str(folder), ROWS, 100)
        whole = scan(spark, folder)
        for path in old:
            spoil(path)
        more = scan(spark, folder, first)
        assert (more.rows_read, rows_of(more), more.files) == (100, ROWS + 100, 2)
        assert more.profile.scan.columns == whole.profile.scan.columns
        for path in data_files(folder):
            spoil(path)
        assert scan(spark, folder, more).rows_read == 0

    def test_an_update_and_an_old_version_are_noticed(self, spark: Any, folder: Path, table: str) -> None:
        first = scan(spark, folder)
        spark.sql(f"UPDATE {table} SET five = 99 WHERE id = 3")  # noqa: S608  a folder of the test
        again = scan(spark, folder, first)
        assert (again.rows_read, rows_of(again)) == (ROWS, ROWS)
        assert again.profile.columns[1].maximum == 99
        spark.sql(f"RESTORE TABLE {table} TO VERSION AS OF 0")
        assert scan(spark, folder, again).profile.columns[1].maximum == 4

    def test_a_new_column_is_noticed_without_a_new_file(self, spark: Any, folder: Path, table: str) -> None:
        first = scan(spark, folder)
        spark.sql(f"ALTER TABLE {table} ADD COLUMNS (more STRING)")
        again = scan(spark, folder, first)
        assert [one.name for one in again.profile.scan.columns] == ["id", "five", "more"]
        assert again.profile.scan.tally.columns[2].nulls == ROWS

    def test_rows_under_a_deletion_vector_are_not_counted(self, spark: Any, folder: Path, table: str) -> None:
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)")
        first = scan(spark, folder)
        assert (first.engine, rows_of(first)) == ("polars", ROWS)
        spark.sql(f"DELETE FROM {table} WHERE id < 10")  # noqa: S608  as above
        again = scan(spark, folder, first)
        assert (again.engine, rows_of(again)) == ("spark", ROWS - 10)
        assert scan(spark, folder, again).rows_read == 0
        self.append(spark, str(folder), ROWS, 100)
        assert rows_of(scan(spark, folder, again)) == ROWS + 90

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_where_vectors_may_be_but_are_not_only_new_files_are_read(
        self, spark: Any, folder: Path, table: str, engine: str
    ) -> None:
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)")
        first = scan(spark, folder, engine=engine)
        self.append(spark, str(folder), ROWS, 100)
        more = scan(spark, folder, first, engine=engine)
        assert (more.rows_read, rows_of(more)) == (100, ROWS + 100)
        assert scan(spark, folder, more, engine=engine).rows_read == 0
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('a' = 'b')")
        assert scan(spark, folder, more, engine=engine).rows_read == 0

    def test_where_vectors_may_be_a_bound_on_time_is_gone_on_from(
        self, spark: Any, folder: Path, table: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.bounds.WAVE_BYTES", 1)
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)")
        self.append(spark, str(folder), ROWS, 100)
        first = scan(spark, folder, seconds=1e-9)
        assert first.sample is not None
        second = scan(spark, folder, first)
        assert (second.sample, rows_of(second)) == (None, ROWS + 100)
        assert second.rows_read == ROWS + 100 - rows_of(first)

    @pytest.mark.usefixtures("table")
    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_what_is_written_meanwhile_is_the_next_runs(
        self, spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, engine: str
    ) -> None:
        def opened_and_appended(*given: Any) -> Any:
            frame = open_frame(*given)
            self.append(spark, str(folder), ROWS, 100)
            return frame

        with monkeypatch.context() as patched:
            patched.setattr("nuvyn_executor.profiling.scanner.open_frame", opened_and_appended)
            first = scan(spark, folder, engine=engine)
        assert (first.rows_read, rows_of(first), first.files) == (ROWS, ROWS, 1)
        second = scan(spark, folder, first, engine=engine)
        assert (second.rows_read, rows_of(second)) == (100, ROWS + 100)
        assert second.profile.scan.columns == scan(spark, folder, engine=engine).profile.scan.columns

    def test_mapped_columns_are_counted_by_spark(self, spark: Any, folder: Path, table: str) -> None:
        mapping = "'delta.columnMapping.mode' = 'name'"
        protocol = "'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'"
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ({mapping}, {protocol})")
        spark.sql(f"ALTER TABLE {table} RENAME COLUMN five TO fifth")
        first = scan(spark, folder)
        assert (first.engine, rows_of(first)) == ("spark", ROWS)
        assert first.profile.columns[1].maximum == 4
        assert scan(spark, folder, first).rows_read == 0

    @pytest.mark.parametrize("engine", ["polars", "spark"])
    def test_of_partitions_only_the_new_files_are_read(self, spark: Any, folder: Path, engine: str) -> None:
        asked = "auto" if engine == "polars" else engine
        self.append_in_folders(spark, str(folder), 0, ROWS)
        first = scan(spark, folder, engine=asked)
        assert (first.engine, rows_of(first)) == (engine, ROWS)
        names = [one.name for one in first.profile.scan.columns]
        assert names == ["day", "id", "shop-nr", "five"]
        assert first.profile.scan.tally.columns[2].nulls == ROWS // 5
        old = sorted(folder.rglob("*.parquet"))
        self.append_in_folders(spark, str(folder), ROWS, 100)
        whole = scan(spark, folder, engine=asked)
        for path in old:
            spoil(path)
        more = scan(spark, folder, first, engine=asked)
        assert (more.engine, more.rows_read, rows_of(more)) == (engine, 100, ROWS + 100)
        assert more.profile.scan.tally == whole.profile.scan.tally
        assert [one.distinct for one in counted(more).spans] == [one.distinct for one in counted(whole).spans]

    def test_partitions_are_the_same_to_both_engines(self, spark: Any, folder: Path) -> None:
        self.append_in_folders(spark, str(folder), 0, 1000)
        assert scan(spark, folder).profile.scan == scan(spark, folder, engine="spark").profile.scan

    @staticmethod
    def append_in_folders(spark: Any, path: str, start: int, rows: int) -> None:
        columns = [
            "DATE_ADD(DATE'2024-02-28', CAST(id % 3 AS INT)) AS day",
            "id",
            "NULLIF(CONCAT('a/b = ', id % 5), 'a/b = 4') AS `shop-nr`",
            "id % 5 AS five",
        ]
        data = spark.range(start, start + rows, 1, 1).selectExpr(*columns)
        data.write.format("delta").mode("append").partitionBy("shop-nr", "day").save(path)

    def test_partitions_of_moments_are_counted_by_spark(self, spark: Any, folder: Path) -> None:
        data = spark.range(100).selectExpr("id", "TIMESTAMP'2024-01-01 10:00:00' AS at")
        data.write.format("delta").partitionBy("at").save(str(folder))
        first = scan(spark, folder)
        assert (first.engine, rows_of(first)) == ("spark", 100)
        assert scan(spark, folder, first).rows_read == 0

    def test_of_partitions_without_folders_only_the_log_tells(self, spark: Any, folder: Path) -> None:
        writer = spark.range(100).selectExpr("id", "id % 2 AS half").write.format("delta").partitionBy("half")
        writer.option("delta.randomizeFilePrefixes", "true").save(str(folder))
        assert not list(folder.glob("half=*"))
        first = scan(spark, folder)
        assert (first.engine, rows_of(first)) == ("spark", 100)
        assert first.profile.columns[1].maximum == 1


class TestASampleOfRows:
    """ "EXECUTOR_SAMPLE_ROWS, deterministic by hash ... table rows and sample rows apart" """

    def test_of_one_file_a_share_of_its_rows(self, spark: Any, folder: Path) -> None:
        write_parquet(spark, folder, 0, 20_000)
        first = scan(spark, folder, wanted_rows=1000)
        assert first.sample is not None
        assert 900 <= rows_of(first) <= 1100
        assert (first.rows, first.sample.is_estimate) == (20_000, False)
        other = folder.parent / "other"
        spark.read.parquet(str(folder)).repartition(3).orderBy("price").write.parquet(str(other))
        again = scan(spark, other, wanted_rows=1000)
        assert again.profile.scan.tally == first.profile.scan.tally
        assert scan(spark, folder, first, wanted_rows=1000).rows_read == 0
        assert scan(spark, folder, first, wanted_rows=2000).rows_read > 1500
        assert scan(spark, folder, first).rows_read == 20_000

    def test_of_many_files_some(self, spark: Any, folder: Path) -> None:
        for i in range(20):
            write_csv(folder / f"part-{i:02}.csv", 100 * i, 100)
        first = scan(spark, folder, wanted_rows=300)
        assert first.sample is not None
        assert first.sample.files in (3, 4)
        assert rows_of(first) == 100 * first.sample.files
        assert (first.engine, first.sample.share, first.sample.is_estimate) == ("polars", 1.0, True)
        assert 1800 <= first.rows <= 2200
        assert scan(spark, folder, first, wanted_rows=300).rows_read == 0
        write_csv(folder / "part-99.csv", 0, 100)
        assert scan(spark, folder, first, wanted_rows=300).rows_read >= 300

    def test_of_rows_that_repeat_more_than_none(self, spark: Any, folder: Path) -> None:
        spark.range(20_000).selectExpr("id % 5 AS five").coalesce(1).write.parquet(str(folder / "t"))
        first = scan(spark, folder, wanted_rows=1000)
        assert rows_of(first) in range(4000, 20_001, 4000)
        assert (first.rows, first.sample is None) == (20_000, rows_of(first) == 20_000)

    def test_of_a_table_of_maps(self, spark: Any, folder: Path) -> None:
        data = spark.range(20_000).selectExpr("MAP('a', id) AS m")
        data.coalesce(1).write.parquet(str(folder / "t"))
        assert 900 <= rows_of(scan(spark, folder, wanted_rows=1000)) <= 1100

    def test_what_is_small_is_counted_whole(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "a.csv", 0, 100)
        first = scan(spark, folder, wanted_rows=80)
        assert (first.sample, rows_of(first)) == (None, 100)

    def test_of_a_delta_table_with_hidden_rows(self, spark: Any, folder: Path) -> None:
        spark.range(20_000).write.format("delta").option("delta.enableDeletionVectors", "true").save(
            str(folder)
        )
        spark.sql(f"DELETE FROM delta.`{folder}` WHERE id < 10000")  # noqa: S608  as above
        first = scan(spark, folder, wanted_rows=1000)
        assert first.profile.columns[0].minimum >= 10_000
        assert 900 <= rows_of(first) <= 1100
        assert first.rows == 10_000


class TestABoundOnTime:
    """ "EXECUTOR_TIME_BUDGET_SECONDS ... ends early and truthfully" """

    @pytest.fixture(autouse=True)
    def _small_waves(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.bounds.WAVE_BYTES", 1)

    def test_the_next_run_goes_on(self, spark: Any, folder: Path) -> None:
        for i in range(4):
            write_csv(folder / f"part-{i}.csv", ROWS * i // 4, ROWS // 4)
        first = scan(spark, folder, seconds=1e-9)
        assert first.sample is not None
        assert (rows_of(first), first.sample.files) == (ROWS // 4, 1)
        assert ROWS * 0.9 < first.rows < ROWS * 1.1
        second = scan(spark, folder, first, seconds=1e-9)
        assert (second.rows_read, rows_of(second)) == (ROWS // 4, ROWS // 2)
        third = scan(spark, folder, second)
        assert (third.rows_read, third.sample, rows_of(third)) == (ROWS // 2, None, ROWS)
        assert third.profile.scan == replace(scan(spark, folder).profile.scan)

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
        assert first.sample is not None
        assert (rows_of(first), first.rows, first.sample.is_estimate) == (100, 400, False)
        assert scan(spark, folder, engine="spark", seconds=1000).sample is None
