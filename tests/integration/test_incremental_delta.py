"""What was counted of a Delta table is not counted again, whatever its log says meanwhile."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from nuvyn_executor.reading.readers import open_frame
from tests.scans import ROWS, counted, data_files, rows_of, scan
from tests.spoiling import spoil

if TYPE_CHECKING:
    from pathlib import Path


pytest.importorskip("polars")
pytestmark = pytest.mark.spark


def append(spark: Any, path: str, start: int, rows: int) -> None:
    data = spark.range(start, start + rows, 1, 1).selectExpr("id", "id % 5 AS five")
    data.write.format("delta").mode("append").save(path)


def append_in_folders(spark: Any, path: str, start: int, rows: int) -> None:
    columns = [
        "DATE_ADD(DATE'2024-02-28', CAST(id % 3 AS INT)) AS day",
        "id",
        "NULLIF(CONCAT('a/b = ', id % 5), 'a/b = 4') AS `shop-nr`",
        "id % 5 AS five",
    ]
    data = spark.range(start, start + rows, 1, 1).selectExpr(*columns)
    data.write.format("delta").mode("append").partitionBy("shop-nr", "day").save(path)


@pytest.fixture(name="plain", scope="module")
def _plain(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table that each test has a copy of: to copy a folder costs less than to let Spark write it."""
    folder = tmp_path_factory.mktemp("plain") / "things"
    append(spark, str(folder), 0, ROWS)
    return folder


@pytest.fixture(name="may_have_vectors", scope="module")
def _may_have_vectors(spark: Any, plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors") / "things"
    shutil.copytree(plain, folder)
    spark.sql(f"ALTER TABLE delta.`{folder}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)")
    return folder


@pytest.fixture(name="in_folders", scope="module")
def _in_folders(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts") / "things"
    append_in_folders(spark, str(folder), 0, ROWS)
    return folder


class TestDelta:
    """ "the same Delta version" """

    @pytest.fixture(name="table")
    def _table(self, plain: Path, folder: Path) -> str:
        shutil.copytree(plain, folder, dirs_exist_ok=True)
        return f"delta.`{folder}`"

    @pytest.fixture(name="table_with_vectors")
    def _table_with_vectors(self, may_have_vectors: Path, folder: Path) -> str:
        shutil.copytree(may_have_vectors, folder, dirs_exist_ok=True)
        return f"delta.`{folder}`"

    @pytest.mark.usefixtures("table")
    def test_its_files_are_counted_as_parquet_and_only_once(self, spark: Any, folder: Path) -> None:
        first = scan(spark, folder)
        assert (first.state.engine, first.rows_read, rows_of(first)) == ("polars", ROWS, ROWS)
        old = data_files(folder)
        append(spark, str(folder), ROWS, 100)
        whole = scan(spark, folder)
        for path in old:
            spoil(path)
        more = scan(spark, folder, first)
        assert (more.rows_read, rows_of(more), more.file_count) == (100, ROWS + 100, 2)
        assert more.scan.columns == whole.scan.columns
        for path in data_files(folder):
            spoil(path)
        assert scan(spark, folder, more).rows_read == 0

    def test_an_update_and_an_old_version_are_noticed(self, spark: Any, folder: Path, table: str) -> None:
        first = scan(spark, folder)
        spark.sql(f"UPDATE {table} SET five = 99 WHERE id = 3")  # noqa: S608  a folder of the test
        again = scan(spark, folder, first)
        assert (again.rows_read, rows_of(again)) == (ROWS, ROWS)
        assert again.columns[1].maximum == 99
        spark.sql(f"RESTORE TABLE {table} TO VERSION AS OF 0")
        assert scan(spark, folder, again).columns[1].maximum == 4

    def test_a_new_column_is_noticed_without_a_new_file(self, spark: Any, folder: Path, table: str) -> None:
        first = scan(spark, folder)
        spark.sql(f"ALTER TABLE {table} ADD COLUMNS (more STRING)")
        again = scan(spark, folder, first)
        assert [one.name for one in again.scan.columns] == ["id", "five", "more"]
        assert again.scan.tally.columns[2].nulls == ROWS

    def test_rows_under_a_deletion_vector_are_not_counted(
        self, spark: Any, folder: Path, table_with_vectors: str
    ) -> None:
        first = scan(spark, folder)
        assert (first.state.engine, rows_of(first)) == ("polars", ROWS)
        spark.sql(f"DELETE FROM {table_with_vectors} WHERE id < 10")  # noqa: S608  as above
        again = scan(spark, folder, first)
        assert (again.state.engine, rows_of(again)) == ("polars", ROWS - 10)
        assert scan(spark, folder, again).rows_read == 0
        append(spark, str(folder), ROWS, 100)
        assert rows_of(scan(spark, folder, again)) == ROWS + 90

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_where_vectors_may_be_but_are_not_only_new_files_are_read(
        self, spark: Any, folder: Path, table_with_vectors: str, engine: str
    ) -> None:
        first = scan(spark, folder, engine=engine)
        append(spark, str(folder), ROWS, 100)
        more = scan(spark, folder, first, engine=engine)
        assert (more.rows_read, rows_of(more)) == (100, ROWS + 100)
        assert scan(spark, folder, more, engine=engine).rows_read == 0
        spark.sql(f"ALTER TABLE {table_with_vectors} SET TBLPROPERTIES ('a' = 'b')")
        assert scan(spark, folder, more, engine=engine).rows_read == 0

    @pytest.mark.usefixtures("table_with_vectors")
    def test_where_vectors_may_be_a_bound_on_time_is_gone_on_from(
        self, spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.sampling_limits.WAVE_BYTES", 1)
        append(spark, str(folder), ROWS, 100)
        first = scan(spark, folder, seconds=1e-9)
        assert first.state.coverage is not None
        second = scan(spark, folder, first)
        assert (second.state.coverage, rows_of(second)) == (None, ROWS + 100)
        assert second.rows_read == ROWS + 100 - rows_of(first)

    @pytest.mark.usefixtures("table")
    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_what_is_written_meanwhile_is_the_next_runs(
        self, spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, engine: str
    ) -> None:
        def opened_and_appended(*given: Any) -> Any:
            frame = open_frame(*given)
            append(spark, str(folder), ROWS, 100)
            return frame

        with monkeypatch.context() as patched:
            patched.setattr("nuvyn_executor.profiling.scanner.open_frame", opened_and_appended)
            first = scan(spark, folder, engine=engine)
        assert (first.rows_read, rows_of(first), first.file_count) == (ROWS, ROWS, 1)
        second = scan(spark, folder, first, engine=engine)
        assert (second.rows_read, rows_of(second)) == (100, ROWS + 100)
        assert second.scan.columns == scan(spark, folder, engine=engine).scan.columns

    def test_mapped_columns_are_read_by_spark(self, spark: Any, folder: Path, table: str) -> None:
        mapping = "'delta.columnMapping.mode' = 'name'"
        protocol = "'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'"
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ({mapping}, {protocol})")
        spark.sql(f"ALTER TABLE {table} RENAME COLUMN five TO fifth")
        first = scan(spark, folder)
        assert (first.state.read_by, rows_of(first)) == ("spark", ROWS)
        assert first.columns[1].maximum == 4
        assert scan(spark, folder, first).rows_read == 0

    @pytest.mark.parametrize("engine", ["polars", "spark"])
    def test_of_partitions_only_the_new_files_are_read(
        self, spark: Any, in_folders: Path, folder: Path, engine: str
    ) -> None:
        asked = "auto" if engine == "polars" else engine
        shutil.copytree(in_folders, folder, dirs_exist_ok=True)
        first = scan(spark, folder, engine=asked)
        assert (first.state.engine, rows_of(first)) == (engine, ROWS)
        names = [one.name for one in first.scan.columns]
        assert names == ["day", "id", "shop-nr", "five"]
        assert first.scan.tally.columns[2].nulls == ROWS // 5
        old = sorted(folder.rglob("*.parquet"))
        append_in_folders(spark, str(folder), ROWS, 100)
        whole = scan(spark, folder, engine=asked)
        for path in old:
            spoil(path)
        more = scan(spark, folder, first, engine=asked)
        assert (more.state.engine, more.rows_read, rows_of(more)) == (engine, 100, ROWS + 100)
        assert more.scan.tally == whole.scan.tally
        assert [one.distinct for one in counted(more).spans] == [one.distinct for one in counted(whole).spans]

    def test_partitions_are_the_same_to_both_engines(self, spark: Any, folder: Path) -> None:
        append_in_folders(spark, str(folder), 0, 1000)
        assert scan(spark, folder).scan == scan(spark, folder, engine="spark").scan

    def test_partitions_of_moments_are_read_by_spark(self, spark: Any, folder: Path) -> None:
        data = spark.range(100).selectExpr("id", "TIMESTAMP'2024-01-01 10:00:00' AS at")
        data.write.format("delta").partitionBy("at").save(str(folder))
        first = scan(spark, folder)
        assert (first.state.read_by, rows_of(first)) == ("spark", 100)
        assert scan(spark, folder, first).rows_read == 0

    def test_of_partitions_without_folders_only_the_log_tells(self, spark: Any, folder: Path) -> None:
        writer = spark.range(100).selectExpr("id", "id % 2 AS half").write.format("delta").partitionBy("half")
        writer.option("delta.randomizeFilePrefixes", "true").save(str(folder))
        assert not list(folder.glob("half=*"))
        first = scan(spark, folder)
        assert (first.state.read_by, rows_of(first)) == ("spark", 100)
        assert first.columns[1].maximum == 1
