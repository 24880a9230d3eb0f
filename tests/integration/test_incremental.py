"""What was counted is not counted again: unchanged, appended, deleted, rewritten; in files.

That a file was not read is shown by spoiling it: it holds something else, of the same size and time.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nuvyn_executor.errors import DatasetUnreadable
from tests.scans import NOW, ROWS, counted, data_files, rows_of, scan, write_csv, write_parquet
from tests.spoiling import spoil

if TYPE_CHECKING:
    from pathlib import Path


pytest.importorskip("polars")
pytestmark = pytest.mark.spark


class TestUnchanged:
    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_it_is_not_read(self, spark: Any, folder: Path, engine: str) -> None:
        write_csv(folder / "a.csv", 0, 50)
        first = scan(spark, folder, engine=engine)
        assert (first.rows_read, rows_of(first)) == (50, 50)
        spoil(folder / "a.csv")
        again = scan(spark, folder, first, engine=engine)
        assert again.rows_read == 0
        assert again.state.engine == first.state.engine
        assert (again.scan, again.columns) == (first.scan, first.columns)

    def test_a_file_of_another_time_is_read(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "a.csv", 0, 50)
        first = scan(spark, folder)
        os.utime(folder / "a.csv", ns=(0, 1))
        assert scan(spark, folder, first).rows_read == 50

    def test_who_asks_for_spark_does_not_get_what_polars_counted(self, spark: Any, folder: Path) -> None:
        write_csv(folder / "a.csv", 0, 50)
        first = scan(spark, folder)
        again = scan(spark, folder, first, engine="spark")
        assert (first.state.engine, again.state.engine, again.rows_read) == ("polars", "spark", 50)

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_until_a_moment_of_the_future_has_come(self, spark: Any, folder: Path, engine: str) -> None:
        (folder / "a.csv").write_text("id,updated_at\n1,9999-12-31\n2,2024-01-01\n3,2026-01-05\n")
        first = scan(spark, folder, engine=engine)
        assert first.scan.tally.columns[1].future == 1
        again = scan(spark, folder, first, engine=engine, now=NOW + timedelta(days=2))
        assert again.rows_read == 0
        later = scan(spark, folder, first, engine=engine, now=NOW + timedelta(days=3))
        assert (later.rows_read, later.scan.tally.columns[1].future) == (3, 0)


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
        assert again.scan.columns == whole.scan.columns
        assert again.scan.distinct_rows == whole.scan.distinct_rows

    def test_of_parquet_only_the_new_file_is_read(self, spark: Any, folder: Path) -> None:
        write_parquet(spark, folder, 0, ROWS)
        (old,) = data_files(folder)
        first = scan(spark, folder)
        write_parquet(spark, folder, ROWS, 1000)
        whole = scan(spark, folder)
        spoil(old)
        again = scan(spark, folder, first)
        assert (again.rows_read, rows_of(again)) == (1000, ROWS + 1000)
        assert again.scan == whole.scan

    def test_spark_reads_only_the_new_file_too(self, spark: Any, folder: Path) -> None:
        for i, rows in enumerate((ROWS, 10, 1000)):
            records = (
                {"id": i * 100_000 + k, "word": f"word {k % 7}", "filler": "x" * 60} for k in range(rows)
            )
            lines = map(json.dumps, records)
            (folder / f"part-{i}.json").write_text("\n".join(lines) + "\n")
        whole = scan(spark, folder, engine="spark")
        new = (folder / "part-2.json").rename(folder.parent / "part-2.json")
        first = scan(spark, folder, engine="spark")
        new.rename(folder / "part-2.json")
        spoil(folder / "part-0.json")
        again = scan(spark, folder, first, engine="spark")
        assert (again.state.engine, again.rows_read, rows_of(again)) == ("spark", 1000, ROWS + 1010)
        assert again.scan == whole.scan

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
        assert again.scan.columns[0].distinct is not None
        assert again.scan.columns[0].distinct.count == 110


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
