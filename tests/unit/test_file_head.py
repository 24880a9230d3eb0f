"""The beginning of a file, read once."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, List, Tuple

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.discovery.file_head import HEAD_BYTES, FileHead, read_head
from nuvyn_executor.discovery.grouping import FEW
from nuvyn_executor.model import FileEntry, SourceType
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.discovering import CSV, MANY, PARQUET, workbook, write

if TYPE_CHECKING:
    from pathlib import Path

PACKED = gzip.compress(CSV, mtime=0)
TEXT = "id;näme\n1;é\n"


class TestFileHead:
    """Bytes, whether they are all, text and encoding: each is computed once."""

    @pytest.mark.parametrize(
        ("raw", "is_all", "data", "is_whole"),
        [
            (CSV, True, CSV, True),
            (CSV, False, CSV, False),
            (PACKED, True, CSV, True),
            (PACKED, False, CSV, False),  # another member may follow
            (PACKED + PACKED, True, CSV + CSV, True),
            (PACKED + b"rest", True, CSV, False),
            (PACKED[:-9], True, CSV, False),
            (b"\x1f\x8b", True, b"\x1f\x8b", True),  # too short to be gzip
            (b"", True, b"", True),
        ],
    )
    def test_gzip_is_inflated_as_far_as_it_goes(
        self, raw: bytes, data: bytes, *, is_all: bool, is_whole: bool
    ) -> None:
        head = FileHead(raw, is_all)
        assert (head.data, head.is_whole) == (data, is_whole)

    def test_no_more_is_inflated_than_the_limit(self) -> None:
        head = FileHead(gzip.compress(b"0" * 1_000_000), is_all=True)
        assert (len(head.data), head.is_whole) == (HEAD_BYTES, False)
        assert len(FileHead(head.raw, is_all=True, limit=100).data) == 100

    def test_a_gzip_that_does_not_inflate_is_an_error_only_when_it_is_asked_for(self) -> None:
        head = FileHead(b"\x1f\x8b\x08" + b"\xff" * 50)
        assert head.is_gzip
        with pytest.raises(ValueError, match="decompressing"):
            assert head.text

    @pytest.mark.parametrize(
        ("codec", "encoding"),
        [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("iso-8859-1", "ISO-8859-1"), ("utf-16", "UTF-16")],
    )
    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_a_text_is_decoded_whether_packed_or_not(self, codec: str, encoding: str, pack: type) -> None:
        head = FileHead(pack(TEXT.encode(codec)), is_all=True)
        assert (head.encoding.java, head.text) == (encoding, TEXT)
        assert head.text is head.text

    def test_a_character_that_the_cut_left_incomplete_is_left_out(self) -> None:
        assert FileHead("aé".encode()[:-1]).text == "a"
        assert FileHead("ééé".encode()[:-1], is_all=True).text == "éé\ufffd"

    @pytest.mark.parametrize(("size", "is_all"), [(11, False), (12, True), (13, True)])
    def test_a_file_that_is_no_longer_than_what_was_read_is_all(
        self, tmp_path: Path, size: int, *, is_all: bool
    ) -> None:
        write(tmp_path, {"x.csv": b"id,name\n1,2\n"})
        source = FileSystemSource(str(tmp_path), on_databricks=False)
        (entry,) = source.survey(1).files
        assert read_head(source, entry, size).is_all is is_all


class TestReadOnce:
    """ "A file's head is read once" """

    def test_discovery_reads_the_beginning_of_no_file_twice(self, tmp_path: Path) -> None:
        long = CSV + b"3,Zoe\n" * 20_000
        write(
            tmp_path,
            {
                "a.csv": CSV,
                "long.csv": long,
                "long.txt": long,
                "packed.csv.gz": gzip.compress(long),
                "b.json": b'[\n{"a":1},\n{"a":2}\n]',
                "long.json": b'{"a":1}\n' * 20_000,
                "c.parquet": PARQUET,
                "long.parquet": b"PAR1" + bytes(100_000) + b"PAR1",
                "book.xlsx": workbook(),
                "paper.pdf": b"%PDF-1.4",
                "empty.csv": b"",
                **{f"parts/part-{n:05d}.csv": long for n in range(3)},
                **{f"tree/year={n}/x.json": b'{"a":1}\n' for n in range(3)},
                **{f"many/m_{n:03d}.csv": CSV for n in range(2 * FEW)},
                **{f"forms/m_{n:03d}.csv": b"id,name%d\n1,2\n" % (n % 5) for n in range(2 * FEW)},
                "many/m_100.csv": "id,name\n1,Jürgen\n".encode("iso-8859-1"),
            },
        )
        source = _Counting(tmp_path)
        found = discover(source, SourceType.AUTO, MANY)
        assert sorted(name for name, offset in source.read if offset == 0) == sorted(
            entry.name for entry in found.files
        )
        # What decides by its end, a large Parquet file here, is read there too; so are the last lines of CSV.
        ends = sorted(name for name, offset in source.read if offset)
        assert ends == [
            "long.csv",
            "long.parquet",
            "long.txt",
            *(f"parts/part-{n:05d}.csv" for n in range(3)),
        ]


class _Counting(FileSystemSource):
    """A real folder that records what is read of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root), on_databricks=False)
        self.read: List[Tuple[str, int]] = []

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        self.read.append((entry.name, offset))
        return super().read_range(entry, offset, length)
