"""A file of a source as a stream."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Tuple

import pytest

from nuvyn_executor.sources.entry_stream import EntryStream, open_entry
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.model import FileEntry


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Tuple[FileSystemSource, FileEntry]:
    (tmp_path / "x.bin").write_bytes(b"0123456789")
    source = FileSystemSource(str(tmp_path), on_databricks=False)
    (entry,) = source.survey(1).files
    return source, entry


@pytest.fixture(name="stream")
def _stream(file: Tuple[FileSystemSource, FileEntry]) -> EntryStream:
    return EntryStream(*file)


class TestStream:
    """For what wants to seek: a zip's directory, a file's end."""

    @pytest.mark.parametrize(
        ("offset", "whence", "position", "read"),
        [
            (0, io.SEEK_SET, 0, b"012"),
            (8, io.SEEK_SET, 8, b"89"),
            (-4, io.SEEK_END, 6, b"678"),
            (0, io.SEEK_END, 10, b""),
            (2, io.SEEK_CUR, 2, b"234"),
            (50, io.SEEK_SET, 50, b""),
        ],
    )
    def test_it_is_read_from_any_position(
        self, stream: EntryStream, offset: int, whence: int, position: int, read: bytes
    ) -> None:
        assert stream.seek(offset, whence) == stream.tell() == position
        assert stream.read(3) == read
        assert stream.tell() == position + len(read)

    def test_there_is_nothing_before_the_beginning(self, stream: EntryStream) -> None:
        with pytest.raises(ValueError, match=r"x\.bin: there is no position -1"):
            stream.seek(-11, io.SEEK_END)

    def test_it_can_be_read_and_searched_and_not_be_written(self, stream: EntryStream) -> None:
        assert (stream.readable(), stream.seekable(), stream.writable()) == (True, True, False)

    def test_buffered_it_is_read_in_one_piece(self, file: Tuple[FileSystemSource, FileEntry]) -> None:
        with open_entry(*file) as opened:
            assert opened.read() == b"0123456789"
