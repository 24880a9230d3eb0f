"""Texts that Spark could not hold in memory are found before it reads them."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, List

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.bounds import Bounds
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.reading.text_bounds import has_long_line, require_bounded
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.discovering import look, write

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.model import FileEntry

SMALL = Bounds(record_bytes=1000, unpacked_always=100_000)
RECORD = "has a record of more than 0.001 MB"
WHOLE = "is JSON of more than"


def refused(root: Path, bounds: Bounds = SMALL, **values: Any) -> str:
    """Return why the one dataset of a folder is refused; empty where it is not."""
    (dataset,) = look(root).datasets
    for name, value in values.items():
        assert getattr(dataset, name) == value
    try:
        require_bounded(FileSystemSource(str(root), on_databricks=False), dataset, bounds)
    except DatasetUnreadable as error:
        return error.message if "EXECUTOR_MAX_" in error.remedy else error.remedy
    return ""


class TestLongLines:
    """Issue: "A gzip of 300 KB that unpacks to one line of 300 MB ends the JVM" """

    @given(
        st.lists(st.integers(0, 60), max_size=30),
        st.sampled_from([b"\n", b"\r\n", b"\r"]),
        st.integers(2, 50),
        st.sampled_from([0, 1]),
    )
    def test_a_plain_file_is_not_read_as_a_whole(
        self, lengths: List[int], end: bytes, most: int, ends: int
    ) -> None:
        content = end.join(b"x" * length for length in lengths) + end * ends

        def read(offset: int, length: int) -> bytes:
            return content[offset : offset + length]

        longest = max(map(len, content.replace(b"\r", b"\n").split(b"\n")))
        assert has_long_line(read, len(content), most) == (longest > most)

    def test_of_a_long_file_little_is_read(self) -> None:
        content = b"a line of usual length\n" * 1_000_000
        asked = []

        def read(offset: int, length: int) -> bytes:
            asked.append(length)
            return content[offset : offset + length]

        assert not has_long_line(read, len(content), 2_000_000)
        assert sum(asked) < len(content) // 10

    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.csv", b"id,name\n1,x\n" + b"2," + b"y" * 2000 + b"\n3,z\n"),
            ("a.csv", b"id,name\n1,x\n" + b"2," + b"y" * 2000),
            ("a.json", b'{"id": 1}\n' * 3 + b'{"id": "' + b"y" * 2000 + b'"}\n{"id": 1}\n'),
        ],
    )
    def test_a_line_that_is_too_long_is_named(
        self, tmp_path: Path, pack: Any, name: str, text: bytes
    ) -> None:
        name = name if pack is bytes else f"{name}.gz"
        write(tmp_path, {name: pack(text)})
        assert refused(tmp_path).startswith(f"{name} {RECORD}")
        assert not refused(tmp_path, Bounds(record_bytes=3000))

    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_many_short_lines_are_not(self, tmp_path: Path, pack: Any) -> None:
        write(tmp_path, {"a.csv" if pack is bytes else "a.csv.gz": pack(b"id,name\n" + b"1,x\n" * 9000)})
        assert not refused(tmp_path)

    def test_all_members_of_a_gzip_are_looked_at(self, tmp_path: Path) -> None:
        parts = [b"id,name\n1,x\n", b"2," + b"y" * 600, b"y" * 600 + b"\n"]
        write(tmp_path, {"a.csv.gz": b"".join(map(gzip.compress, parts))})
        assert refused(tmp_path).startswith(f"a.csv.gz {RECORD}")


class TestWhereNoRangesAreRead:
    """docs/sources.md: without access to Java a large object is read only from its beginning."""

    def test_spark_is_left_to_try(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": b"id,name\n1,x\n" + b"2," + b"y" * 2000})
        (dataset,) = look(tmp_path).datasets
        require_bounded(HeadsOnly(str(tmp_path), on_databricks=False), dataset, SMALL)


class HeadsOnly(FileSystemSource):
    """Reads the beginnings of files alone."""

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read a range that is a beginning."""
        if offset:
            raise DatasetUnreadable("It is too large.")
        return super().read_range(entry, offset, length)


class TestDocuments:
    """Issue: "Each bound stands in one table of the docs with what happens beyond it." """

    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_an_array_may_be_four_records(self, tmp_path: Path, pack: Any) -> None:
        name = "a.json" if pack is bytes else "a.json.gz"
        write(tmp_path, {name: pack(b"[" + b",\n".join([b'{"id": 1}'] * 300) + b"]")})
        assert not refused(tmp_path, multiline=True)
        write(tmp_path, {name: pack(b"[" + b",\n".join([b'{"id": 1}'] * 400) + b"]")})
        assert refused(tmp_path).startswith(f"{name} {WHOLE} 0.004 MB")

    def test_one_that_is_taken_apart_may_be_one(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.json": b'{"data": [' + b",\n".join([b'{"id": 1}'] * 200) + b"]}"})
        assert refused(tmp_path, records_at="data").startswith(f"a.json {WHOLE} 0.001 MB")


class TestGzip:
    """Issue: "Every decompressor has a bound ..., streams, and names the file" """

    def test_what_holds_too_much_for_its_size_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv.gz": gzip.compress(b"id,name\n" + b"1,x\n" * 100_000)})
        assert refused(tmp_path).startswith("a.csv.gz holds more than 200 times its size")
        assert not refused(tmp_path, Bounds(record_bytes=1000))
        assert refused(tmp_path, Bounds(unpacked_bytes=9000, record_bytes=1000)) == (
            "a.csv.gz holds more than 0.009 MB when it is unpacked."
        )
