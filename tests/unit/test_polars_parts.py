"""How a dataset's files are cut into parts, and what is read of them before Polars reads."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.partition_folders import values_of
from nuvyn_executor.model import CsvDialect, Dataset, FileEntry
from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
from nuvyn_executor.profiling.polars.job import answer, count, supports
from nuvyn_executor.profiling.polars.parts import (
    PART_BYTES,
    NotNative,
    Piece,
    Reading,
    parts_of,
)
from nuvyn_executor.profiling.polars.text_blocks import blocks
from nuvyn_executor.profiling.value_patterns import Expected
from nuvyn_executor.reading.parquet_footer import read_footer
from nuvyn_executor.sources.base import OnlySpark

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"


class TestParts:
    @given(st.lists(st.integers(0, 20 * PART_BYTES), max_size=30), st.integers(1, 64))
    def test_every_share_of_every_file_is_in_one_part(self, sizes: List[int], slots: int) -> None:
        files = [Piece(f"{index}.csv", size) for index, size in enumerate(sizes)]
        pieces = [piece for part in parts_of(files, slots) for piece in part]
        shares = {file.path: [one for one in pieces if one.path == file.path] for file in files}
        for of_one in shares.values():
            assert [(one.index, one.of) for one in of_one] == [(i, len(of_one)) for i in range(len(of_one))]

    def test_large_files_are_cut_and_small_ones_gathered(self) -> None:
        large, small = Piece("large.csv", 60 * PART_BYTES), [Piece(f"{i}.csv", 1000) for i in range(50)]
        parts = parts_of([large, *small], slots=2)
        assert len(parts) == 6 + 1
        assert all(len(part) == 1 for part in parts[:6])
        assert len(parts[6]) == 50

    def test_gzip_stays_whole(self) -> None:
        packed = Piece("a.csv.gz", 60 * PART_BYTES)
        assert parts_of([packed], slots=8) == [(packed,)]

    @pytest.mark.parametrize(("columns", "parts"), [(1, 239), (20, 56), (500, 12)])
    def test_as_long_as_tasks_count_the_driver_adds(self, columns: int, parts: int) -> None:
        """Issue: "Costs at scale": adding 256 parts of a gigabyte took longer than counting them."""
        found = parts_of([Piece("large.csv", 10**9)], slots=512, columns=columns)
        assert len(found) == parts

    @pytest.mark.parametrize(("columns", "parts"), [(1, 3), (20, 3), (500, 2)])
    def test_a_dataset_of_few_bytes_is_divided_as_before(self, columns: int, parts: int) -> None:
        assert len(parts_of([Piece("small.csv", 10**7)], slots=512, columns=columns)) == parts

    def test_what_opening_costs_is_shared_out_too(self) -> None:
        parts = parts_of([Piece(f"{i}.csv", 10) for i in range(12_000)], slots=2)
        assert [len(part) for part in parts] == 6 * [2000]

    def test_nothing_has_no_parts(self) -> None:
        assert parts_of([], slots=2) == []


ENTRY = FileEntry("/data/t", "t", 1, datetime(2024, 1, 1, tzinfo=timezone.utc))
DATASET = Dataset("t", "", "/data/t", formats.PARQUET, (ENTRY,))


class TestWhatIsRefused:
    def test_reasons(self) -> None:
        number, array = ColumnPlan("n", "int"), ColumnPlan("a", "array<int>", Expected.OPAQUE)
        interval = ColumnPlan("i", "interval day", Expected.OPAQUE)
        day = ColumnPlan("d", "date")
        assert supports(DATASET, ScanPlan((number, day))) is None
        assert supports(DATASET, ScanPlan((number, array))) is None
        assert supports(DATASET, ScanPlan((number, interval))) == "column i is of type interval day"
        assert supports(DATASET, ScanPlan(())) == "it has no columns"
        assert supports(replace(DATASET, format=formats.DELTA), ScanPlan((number,))) == "its format is delta"
        assert supports(DATASET, ScanPlan((number,)), "Europe/Berlin") is None
        reason = supports(DATASET, ScanPlan((number, day)), "Europe/Berlin")
        assert reason == "the session's time zone is Europe/Berlin"

    def test_a_task_says_why_not(self, tmp_path: Path) -> None:
        pytest.importorskip("polars")
        reading = Reading(formats.PARQUET, ScanPlan((ColumnPlan("n", "int"),)), 0)
        assert "a task cannot read a file" in answer([Piece(str(tmp_path / "gone"), 1)], reading)
        (tmp_path / "none").write_bytes(b"no Parquet at all, and long enough")
        assert "its footer was not understood" in answer([Piece(str(tmp_path / "none"), 1)], reading)

    def test_pages_that_are_damaged(self, tmp_path: Path) -> None:
        pl = pytest.importorskip("polars")
        path = tmp_path / "a.parquet"
        pl.DataFrame({"n": [f"word {i}" for i in range(1000)]}).write_parquet(path)
        whole = path.read_bytes()
        reading = Reading(formats.PARQUET, ScanPlan((ColumnPlan("n", "string"),)), 0)
        said = set()
        for at in range(4, 200):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            said.add(json.loads(answer([Piece(str(path), len(whole))], reading)).get("reason", "")[:24])
        assert "Polars does not read it " in said

    def test_no_polars_is_no_polars_for_any_dataset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "nuvyn_executor.profiling.polars.kernel", None)
        said = json.loads(answer([], Reading(formats.PARQUET, ScanPlan(()), 0)))
        assert said["everywhere"]
        assert said["reason"].startswith("Polars is not there in the tasks")

    def test_a_storage_that_spark_alone_reads(self) -> None:
        with pytest.raises(NotNative, match="the cluster alone has access"):
            count(None, DATASET, ScanPlan(()), 0, storage=OnlySpark("the cluster alone has access"))

    def test_folders_say_constants(self) -> None:
        path = "/d/t/year=2024/city=K\u00f6ln%20a%3D%F6/day=__HIVE_DEFAULT_PARTITION__/f.csv"
        parted = replace(DATASET, path="/d/t", partition_columns=("year", "city", "day"))
        assert values_of(parted, path) == ("2024", "K\u00f6ln a=\u00f6", None)
        assert values_of(DATASET, path) == ()
        with pytest.raises(KeyError, match="month"):
            values_of(replace(parted, partition_columns=("year", "month")), path)

    def test_folders_above_the_table_say_nothing_of_it(self) -> None:
        below = replace(DATASET, path="/d/year=2024/t", partition_columns=("year",))
        assert values_of(below, "/d/year=2024/t/year=2023/f.parquet") == ("2023",)
        with pytest.raises(KeyError, match="year"):
            values_of(below, "/d/year=2024/t/ab/f.parquet")


class TestLongValues:
    """What is in memory at once does not grow with what a row group holds."""

    @given(st.integers(0, 10**6), st.integers(1, 300), st.integers(0, 10**11))
    def test_windows_are_all_rows_once_and_no_more_than_fits(self, start: int, rows: int, size: int) -> None:
        pytest.importorskip("polars")
        from nuvyn_executor.profiling.polars.parquet_batches import _BYTES, windows  # noqa: PLC0415  as below

        cut = [*windows(start, rows, size)]
        assert [first for first, _ in cut] == [start + sum(n for _, n in cut[:i]) for i in range(len(cut))]
        assert sum(count for _, count in cut) == rows
        assert all(count == 1 or count * size <= rows * _BYTES for _, count in cut)

    def test_windows_change_no_count(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pl = pytest.importorskip("polars")
        from nuvyn_executor.profiling.polars import batch, kernel, parquet_batches  # noqa: PLC0415  as above

        path = tmp_path / "a.parquet"
        frame = pl.DataFrame({"id": range(1000), "text": [f"{i % 7}-{i * 'x'}" for i in range(1000)]})
        frame.write_parquet(path, row_group_size=400)
        plan = ScanPlan((ColumnPlan("id", "bigint"), ColumnPlan("text", "string")))
        reading, pieces = Reading(formats.PARQUET, plan, 0), [Piece(str(path), path.stat().st_size)]
        whole = kernel.count_part(pieces, reading)
        monkeypatch.setattr(parquet_batches, "_BYTES", 5000)
        monkeypatch.setattr(batch, "_SMALL_BYTES", 1000)
        assert len([*parquet_batches.batches(pieces, reading)]) > 50
        assert kernel.count_part(pieces, reading) == whole


class TestFooter:
    def test_row_groups_and_keys(self, tmp_path: Path) -> None:
        pl = pytest.importorskip("polars")
        path = tmp_path / "a.parquet"
        columns = {f"c{i}": [i * j for j in range(1000)] for i in range(40)}
        pl.DataFrame({**columns, "words": ["x"] * 1000}).write_parquet(path, row_group_size=300)
        footer = read_footer(str(path))
        assert sum(footer.group_rows) == 1000
        assert max(footer.group_rows) <= 500
        assert all(size > 40 * 8 * rows / 3 for rows, size in zip(footer.group_rows, footer.group_bytes))

    def test_files_of_spark(self) -> None:
        for path in sorted(EXAMPLES.glob("orders/**/*.parquet")):
            assert sum(read_footer(str(path)).group_rows) > 0

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"PAR1", "too short"),
            (b"PAR1" + bytes(30) + b"PARE", "does not end like"),
            (b"PAR1" + bytes(20) + b"\x15\x02\x19" + b"\x03\0\0\0PAR1", "ends too early"),
        ],
    )
    def test_what_is_no_footer(self, tmp_path: Path, data: bytes, reason: str) -> None:
        (tmp_path / "a").write_bytes(data)
        with pytest.raises(ValueError, match=reason):
            read_footer(str(tmp_path / "a"))


class TestGathering:
    """Small files are read together, as far as memory goes."""

    def reading(self, *columns: ColumnPlan) -> Reading:
        return Reading(formats.CSV, ScanPlan(columns), 0, CsvDialect())

    def test_files_of_one_folder_and_of_several(self, tmp_path: Path) -> None:
        pytest.importorskip("polars")
        from nuvyn_executor.profiling.polars.csv_batches import batches  # noqa: PLC0415  Polars may not be there

        pieces = []
        for number in range(100):
            path = tmp_path / f"{number}.csv"
            path.write_text(f"a,b\n{number},x\n{number},y", encoding="utf-8")
            pieces.append(Piece(str(path), path.stat().st_size))
        plan = ColumnPlan("a"), ColumnPlan("b")
        (batch,) = batches(pieces, self.reading(*plan))
        columns = dict(batch.columns)
        assert columns[0].to_list() == [str(i // 2) for i in range(200)]
        assert columns[1].to_list() == 100 * ["x", "y"]

        parted = [replace(piece, constants=(str(i // 50),)) for i, piece in enumerate(pieces)]
        reading = replace(self.reading(*plan, ColumnPlan("year", "int")), constants=(2,))
        (batch,) = batches(parted, reading)
        assert dict(batch.columns)[2].to_list() == [0] * 100 + [1] * 100

    def test_large_ones_stay_apart(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("polars")
        from nuvyn_executor.profiling.polars import csv_batches, joined_files  # noqa: PLC0415  Polars may not be there

        monkeypatch.setattr(joined_files, "BLOCK_BYTES", 25)
        pieces = []
        for number, rows in enumerate((2, 2, 20, 2, 2, 2)):
            path = tmp_path / f"{number}.csv"
            path.write_text("a,b\n" + rows * "1,22\n", encoding="utf-8")
            pieces.append(Piece(str(path), path.stat().st_size))
        read = csv_batches.batches(pieces, self.reading(ColumnPlan("a"), ColumnPlan("b")))
        assert [batch.rows for batch in read] == [4, 20, 4, 2]


class TestBlocks:
    @given(
        st.binary(max_size=80).map(lambda data: bytes(b"a,\n\r"[byte % 4] for byte in data)),
        st.integers(1, 6),
        st.integers(1, 9),
    )
    def test_shares_hold_every_line_once(
        self, tmp_path_factory: pytest.TempPathFactory, data: bytes, of: int, block_bytes: int
    ) -> None:
        path = tmp_path_factory.getbasetemp() / "blocks.csv"
        path.write_bytes(data)
        pieces = [Piece(str(path), len(data), index, of) for index in range(of)]
        read = [block for piece in pieces for block in blocks(piece, "UTF-8", block_bytes)]
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        assert b"".join(read).replace(b"\r", b"\n") == lines
        assert all(block.endswith(b"\n") for block in read[:-1])

    def test_marks_encodings_and_gzip(self, tmp_path: Path) -> None:
        for name, data, encoding, text in (
            ("mark.csv", b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", "UTF-8", "a\n\ufeffb\n"),
            ("latin.csv", b"gr\xfc\xdfe\n", "ISO-8859-1", "grüße\n"),
            ("windows.csv", b"5 \x80\n", "windows-1252", "5 €\n"),
            (
                "packed.csv.gz",
                gzip.compress(b"a\n", mtime=0) + gzip.compress(b"b\n", mtime=0),
                "UTF-8",
                "a\nb\n",
            ),
        ):
            (tmp_path / name).write_bytes(data)
            piece = Piece(str(tmp_path / name), len(data))
            assert b"".join(blocks(piece, encoding)).decode("utf-8") == text

    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("a.csv", b"a\0b\n", "zero bytes"),
            ("a.csv", b"\xff\n", "not in UTF-8"),
            ("a.csv.bz2", b"BZh", "something else than gzip"),
            ("a.csv", gzip.compress(b"a", mtime=0), "do not agree"),
            ("a.csv.gz", b"a\n", "do not agree"),
            ("a.csv.gz", gzip.compress(b"a" * 1000, mtime=0)[:-9], "does not inflate"),
        ],
    )
    def test_what_is_refused(self, tmp_path: Path, name: str, data: bytes, reason: str) -> None:
        (tmp_path / name).write_bytes(data)
        with pytest.raises(NotNative, match=reason):
            list(blocks(Piece(str(tmp_path / name), len(data)), "UTF-8"))
