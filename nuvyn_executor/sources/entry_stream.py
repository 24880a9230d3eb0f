"""A file of a source as a stream, for reading at any position."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from nuvyn_executor.model import FileEntry
    from nuvyn_executor.sources.base import DataSource

BUFFER_BYTES = 1 << 16


class EntryStream(io.RawIOBase):
    """Reads ranges of a file on demand. Wrap it in ``io.BufferedReader``.

    Its methods raise what :meth:`DataSource.read_range` raises.
    """

    def __init__(self, source: DataSource, entry: FileEntry) -> None:
        super().__init__()
        self._source = source
        self._entry = entry
        self._position = 0

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def seekable(self) -> bool:
        """Return True: the stream has positions."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position. The end of the file is where it was when it was listed."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._entry.size_bytes}[whence]
        if start + offset < 0:
            raise ValueError(f"{self._entry.name}: there is no position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer with the bytes at the position, and return their number: 0 at the end."""
        view = memoryview(buffer).cast("B")
        read = self._source.read_range(self._entry, self._position, len(view))
        view[: len(read)] = read
        self._position += len(read)
        return len(read)


def open_entry(source: DataSource, entry: FileEntry, buffer_bytes: int = BUFFER_BYTES) -> io.BufferedReader:
    """Open a file of a source for reading and seeking.

    Args:
        source: where it lies.
        entry: the file.
        buffer_bytes: how much is read at a time.
    """
    return io.BufferedReader(EntryStream(source, entry), buffer_bytes)
