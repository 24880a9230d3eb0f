"""Pieces that are fetched by ranges count as the same files do where they lie."""

from __future__ import annotations

import gzip
import random
import tempfile
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, List, Tuple

import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import CsvDialect
from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
from nuvyn_executor.profiling.polars import job
from nuvyn_executor.profiling.polars.parts import Piece, Reading
from nuvyn_executor.profiling.value_patterns import Expected
from nuvyn_executor.reading.parquet_footer import read_footer

pytest.importorskip("polars")
import polars as pl

from nuvyn_executor.profiling.polars import fetched
from nuvyn_executor.profiling.polars.kernel import count_part
from nuvyn_executor.profiling.polars.text_blocks import blocks

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.sources.base import Storage

ROWS, GROUP = 20_000, 1_000
NOW = 1_767_225_600_000_000


class Folder:
    """A storage over a local folder that remembers what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: List[Tuple[str, int, int, str]] = []

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        self.asked.append((path, offset, length, etag))
        with (self.folder / path.partition("://")[2]).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    @property
    def read_bytes(self) -> int:
        return sum(length for _, _, length, _ in self.asked)


class Failing:
    """A storage whose objects have changed."""

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        del offset, length, etag
        raise DatasetUnreadable(f"{path} has changed since it was listed.", "Run the job again.")


@lru_cache(maxsize=None)
def table() -> Any:
    rng = random.Random(7)  # noqa: S311  data, no secret
    return pl.DataFrame(
        {
            "id": range(ROWS),
            "name": [None if number % 11 == 0 else f"user{rng.random()}" for number in range(ROWS)],
            "amount": [rng.random() * 1000 for _ in range(ROWS)],
        }
    )


def plan_of(*declared: Any) -> ScanPlan:
    names = ("id", "name", "amount")
    columns = tuple(
        ColumnPlan(name, kind, Expected.TEXT if kind in (None, "string") else Expected.NUMBER)
        for name, kind in zip(names, declared)
    )
    return ScanPlan(columns)


def counted(path: str, size: int, reading: Reading, shares: int) -> List[Any]:
    return [count_part([Piece(path, size, index, shares, etag="e")], reading) for index in range(shares)]


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))


def left_over(tmp_path: Path) -> List[Path]:
    return list((tmp_path / "temporary").iterdir())


class TestParquet:
    """Issue 13: "the fast engine works on every store"."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        table().write_parquet(tmp_path / "t.parquet", row_group_size=GROUP)
        return tmp_path / "t.parquet"

    @pytest.fixture
    def reading(self) -> Reading:
        return Reading(formats.PARQUET, plan_of("bigint", "string", "double"), NOW)

    @pytest.mark.parametrize("shares", [1, 3])
    @pytest.mark.parametrize("disk_bytes", [1, 100_000, 1 << 30])
    def test_it_counts_as_the_file_itself(
        self, file: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch, shares: int, disk_bytes: int
    ) -> None:
        monkeypatch.setattr(fetched, "DISK_BYTES", disk_bytes)
        monkeypatch.setattr(fetched, "BLOCK_BYTES", 5_000)
        monkeypatch.setattr(fetched, "_SMALL_BYTES", 0)
        size = file.stat().st_size
        storage = Folder(file.parent)
        local = counted(str(file), size, reading, shares)

        from_store = counted("s3://t.parquet", size, replace(reading, storage=storage), shares)

        assert from_store == local
        assert left_over(file.parent) == []
        assert storage.read_bytes < size + shares * 70_000, "each row group is fetched once"
        assert {etag for *_, etag in storage.asked} == {"e"}

    def test_a_share_fetches_its_row_groups_alone(
        self, file: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetched, "_SMALL_BYTES", 0)
        size = file.stat().st_size
        storage = Folder(file.parent)

        count_part([Piece("s3://t.parquet", size, 2, 10)], replace(reading, storage=storage))

        assert storage.read_bytes < size // 10 + 100_000

    def test_a_small_file_is_one_request(self, tmp_path: Path, reading: Reading) -> None:
        table().head(10).write_parquet(tmp_path / "t.parquet")
        storage = Folder(tmp_path)
        size = (tmp_path / "t.parquet").stat().st_size

        counts = count_part([Piece("s3://t.parquet", size)], replace(reading, storage=storage))

        assert counts.tally.rows == 10
        assert len(storage.asked) == 1

    def test_a_file_that_has_become_shorter_is_not_counted(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetched, "_SMALL_BYTES", 0)
        size = file.stat().st_size
        storage = Folder(file.parent)
        groups = fetched.FetchedParquet(Piece("s3://t.parquet", size), storage)
        file.write_bytes(b"")

        with pytest.raises(OSError, match="ended at byte"):
            next(groups.files([0]))
        assert left_over(file.parent) == []

    def test_the_spans_hold_all_pages(self, file: Path) -> None:
        footer = read_footer(str(file))

        ends = [start + length for start, length in footer.group_spans]
        assert footer.group_spans[0][0] == len("PAR1")
        assert all(end <= start for end, (start, _) in zip(ends, footer.group_spans[1:]))
        assert ends[-1] < file.stat().st_size
        assert len(footer.group_spans) == len(footer.group_rows) == ROWS // GROUP


class TestCsv:
    @pytest.fixture
    def reading(self) -> Reading:
        return Reading(formats.CSV, plan_of(None, None, None), NOW, CsvDialect())

    @pytest.mark.parametrize("shares", [1, 4])
    @pytest.mark.parametrize("block_bytes", [1000, 1 << 23])
    def test_it_counts_as_the_file_itself(
        self,
        tmp_path: Path,
        reading: Reading,
        monkeypatch: pytest.MonkeyPatch,
        shares: int,
        block_bytes: int,
    ) -> None:
        monkeypatch.setattr(fetched, "BLOCK_BYTES", block_bytes)
        monkeypatch.setattr(fetched, "_FIRST_BYTES", 500)
        table().write_csv(tmp_path / "t.csv")
        size = (tmp_path / "t.csv").stat().st_size
        storage = Folder(tmp_path)
        local = counted(str(tmp_path / "t.csv"), size, reading, shares)

        from_store = counted("s3://t.csv", size, replace(reading, storage=storage), shares)

        assert from_store == local
        assert storage.read_bytes < 2 * size

    def test_a_compressed_one_too(self, tmp_path: Path, reading: Reading) -> None:
        path = tmp_path / "t.csv.gz"
        path.write_bytes(gzip.compress(table().write_csv().encode()))
        size = path.stat().st_size
        local = counted(str(path), size, reading, 1)

        assert counted("s3://t.csv.gz", size, replace(reading, storage=Folder(tmp_path)), 1) == local

    @pytest.mark.parametrize("text", ["", "a", "a\n", "a\nb", "a\n\nb\n", "x" * 100 + "\n" + "y" * 100])
    @pytest.mark.parametrize("shares", [1, 2, 5])
    @pytest.mark.parametrize("block_bytes", [1, 7, 1 << 20])
    def test_the_blocks_are_those_of_the_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, shares: int, block_bytes: int
    ) -> None:
        monkeypatch.setattr(fetched, "BLOCK_BYTES", 3)
        monkeypatch.setattr(fetched, "_FIRST_BYTES", 2)
        (tmp_path / "t.csv").write_text(text)
        storage: Storage = Folder(tmp_path)

        read = [
            block
            for index in range(shares)
            for block in blocks(Piece("s3://t.csv", len(text), index, shares), "UTF-8", block_bytes, storage)
        ]

        assert b"".join(read).decode() == text

    def test_only_the_beginning_is_fetched_where_no_more_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "t.csv").write_bytes(b"a,b\n" * 1_000_000)
        storage = Folder(tmp_path)

        with fetched.open_stream(Piece("s3://t.csv", 4_000_000), storage) as stream:
            assert stream.peek(3)[:3] == b"a,b"

        assert storage.read_bytes <= 256 * 1024


class TestManySmallFiles:
    @pytest.mark.parametrize("kind", [formats.CSV, formats.PARQUET])
    def test_each_is_fetched_once_and_counted_as_it_is(self, tmp_path: Path, kind: Any) -> None:
        pieces = []
        for number in range(100):
            path = tmp_path / f"{number}.csv"
            some = table().slice(number * 100, number % 7)
            if kind is formats.CSV:
                some.write_csv(path)
            else:
                some.write_parquet(path)
            pieces.append(Piece(str(path), path.stat().st_size))
        declared = (None, None, None) if kind is formats.CSV else ("bigint", "string", "double")
        reading = Reading(kind, plan_of(*declared), NOW, CsvDialect())
        storage = Folder(tmp_path)
        fetched_pieces = [replace(one, path=f"s3://{number}.csv") for number, one in enumerate(pieces)]

        found = count_part(fetched_pieces, replace(reading, storage=storage))

        assert found == count_part(pieces, reading)
        assert len(storage.asked) == len({path for path, *_ in storage.asked}) == 100

    def test_one_that_cannot_be_read_is_said(self) -> None:
        reading = Reading(formats.CSV, plan_of(None), NOW, CsvDialect(), storage=Failing())
        pieces = [Piece(f"s3://{number}.csv", 10) for number in range(50)]

        with pytest.raises(DatasetUnreadable, match=r"0\.csv has changed"):
            count_part(pieces, reading)


class TestFailures:
    def test_a_task_that_cannot_read_says_it_to_the_driver(self) -> None:
        reading = Reading(formats.CSV, plan_of(None, None, None), NOW, CsvDialect(), storage=Failing())

        answer = job.answer([Piece("s3://b/t.csv", 10)], reading)

        with pytest.raises(DatasetUnreadable, match="has changed since it was listed"):
            job._counted(answer)  # noqa: SLF001  what the driver does with an answer
