"""Pieces of files that this machine does not see as files: what is counted of them is fetched by ranges.

Polars reads a whole file where it is given anything but a path. So the row groups of a Parquet piece are put
into a temporary file of the same size, each at its own place beside the footer; what was not fetched takes no
room on the disk. Text is read as a stream, the next block while the one before is counted.
"""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Sequence, Tuple

from nuvyn_executor.reading.parquet_footer import MAGIC, footer_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from typing_extensions import Buffer, Self

    from nuvyn_executor.profiling.polars.parts import Piece
    from nuvyn_executor.sources.base import Storage

BLOCK_BYTES = 8 * 1024 * 1024  # of one request
DISK_BYTES = 64 * 1024 * 1024  # of row groups in one temporary file, unless one group is larger
_FIRST_BYTES = 256 * 1024  # of the first request: often only the beginning is looked at
_TAIL_BYTES = 64 * 1024  # most footers are shorter
_SMALL_BYTES = 1024 * 1024  # a file that is fetched at once
_REQUESTS = 4  # at a time
_AHEAD = 16  # small files that are on their way, before they are asked for


class FetchedParquet:
    """The footer of a Parquet file, and its row groups in temporary files.

    Args:
        piece: which file.
        storage: what reads it.

    Raises:
        ValueError: it is no Parquet file, or its footer is encrypted.
        DatasetUnreadable: it cannot be read.
    """

    def __init__(self, piece: Piece, storage: Storage) -> None:
        self._piece = piece
        self._storage = storage
        self._tail = b""
        self.footer = footer_of(self._end_of_file, piece.size_bytes)

    def files(self, groups: Sequence[int]) -> Iterator[Tuple[str, List[int]]]:
        """Fetch row groups, some at a time, in their order.

        Each file is removed when the next one is asked for, which is fetched meanwhile.

        Args:
            groups: indexes of the groups; none of them without rows.

        Returns:
            Pairs of a path and the groups that are in that file.
        """
        parts = self._parts(groups)
        with TemporaryDirectory(prefix="nuvyn-piece-") as folder, ThreadPoolExecutor(_REQUESTS) as pool:
            fetching = [self._begin(pool, str(Path(folder, "0")), one) for one in parts[:1]]
            for number, part in enumerate(parts):
                path = Path(folder, str(number))
                for one in fetching[number]:
                    one.result()
                if number + 1 < len(parts):
                    fetching.append(self._begin(pool, str(Path(folder, str(number + 1))), parts[number + 1]))
                yield str(path), part
                path.unlink()

    def _parts(self, groups: Sequence[int]) -> List[List[int]]:
        parts: List[List[int]] = []
        size = 0
        for index in groups:
            length = self.footer.group_spans[index][1]
            if not parts or size + length > DISK_BYTES:
                parts.append([])
                size = 0
            parts[-1].append(index)
            size += length
        return parts

    def _begin(self, pool: ThreadPoolExecutor, path: str, groups: Sequence[int]) -> List[Future[None]]:
        """Make a file with the footer and begin to fetch row groups into it."""
        size = self._piece.size_bytes
        with Path(path).open("wb") as file:
            file.write(MAGIC)
            file.truncate(size)
            file.seek(size - len(self._tail))
            file.write(self._tail)
        return [
            pool.submit(self._fetch, path, offset, min(BLOCK_BYTES, start + length - offset))
            for start, length in (self.footer.group_spans[index] for index in groups)
            for offset in range(start, start + length, BLOCK_BYTES)
        ]

    def _fetch(self, path: str, offset: int, length: int) -> None:
        known = offset - (self._piece.size_bytes - len(self._tail))
        if known >= 0:
            data = self._tail[known : known + length]
        else:
            data = self._storage.read(self._piece.path, offset, length, self._piece.etag)
        if len(data) < length:
            raise OSError(f"{self._piece.path} ended at byte {offset + len(data)}")
        with Path(path).open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def _end_of_file(self, offset: int, length: int) -> bytes:
        """Read bytes near the end of the file, and keep everything from there on."""
        size = self._piece.size_bytes
        if offset < size - len(self._tail):
            begin = 0 if size <= _SMALL_BYTES else min(offset, max(0, size - _TAIL_BYTES))
            rest = size - len(self._tail) - begin
            self._tail = self._storage.read(self._piece.path, begin, rest, self._piece.etag) + self._tail
        start = offset - (size - len(self._tail))
        return self._tail[start : start + length]


class RangeStream(io.RawIOBase):
    """A file as a stream of blocks; the next one is fetched while the one before is used.

    Args:
        piece: which file, and which share: behind its end little is fetched.
        storage: what reads it.
    """

    def __init__(self, piece: Piece, storage: Storage) -> None:
        super().__init__()
        self._piece = piece
        self._storage = storage
        self._share_end = piece.size_bytes * (piece.index + 1) // piece.of
        self._position = 0
        self._block, self._start = b"", 0
        self._next: Optional[Future[bytes]] = None
        self._pool = ThreadPoolExecutor(1)

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it has positions."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; the end is where the listing saw it."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._piece.size_bytes}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer with the bytes at the position, as many as are there; 0 at the end."""
        view = memoryview(buffer).cast("B")
        if not self._start <= self._position < self._start + len(self._block):
            self._move()
        inside = self._position - self._start
        data = self._block[inside : inside + len(view)]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Fetch nothing more."""
        if not self.closed:
            self._pool.shutdown()
        super().close()

    def _move(self) -> None:
        """Make the block that begins at the position the current one."""
        goes_on = bool(self._block) and self._position == self._start + len(self._block)
        coming, self._next = self._next, None
        self._start, self._block = self._position, b""
        if goes_on and coming is not None:
            self._block = coming.result()
        else:
            self._block = self._read(self._position, BLOCK_BYTES if goes_on else _FIRST_BYTES)
        after = self._start + len(self._block)
        if goes_on and self._block and after < self._share_end:
            self._next = self._pool.submit(self._read, after, BLOCK_BYTES)

    def _read(self, offset: int, length: int) -> bytes:
        # Behind the share only its last line goes on.
        share = max(0, self._share_end - offset) + _FIRST_BYTES
        wanted = min(length, share, self._piece.size_bytes - offset)
        return self._storage.read(self._piece.path, offset, wanted, self._piece.etag) if wanted > 0 else b""


def open_stream(piece: Piece, storage: Storage) -> io.BufferedReader:
    """Open a file for reading from some position on."""
    return io.BufferedReader(RangeStream(piece, storage), 1 << 16)


class SmallFilesAhead:
    """A storage that fetches small files before they are asked for, several at a time, in their order.

    Fetching one takes some milliseconds, or some tens of them, however little it is: 20,000 one by one take
    minutes.

    Args:
        pieces: what will be read, in this order.
        storage: what reads it.
    """

    def __init__(self, pieces: Sequence[Piece], storage: Storage) -> None:
        self._storage = storage
        small = (one for one in pieces if one.of == 1 and 0 < one.size_bytes <= _FIRST_BYTES)
        self._coming = iter(small)
        self._begun: Dict[str, Future[bytes]] = {}
        self._pool = ThreadPoolExecutor(_AHEAD)

    def __enter__(self) -> Self:
        """Begin to fetch."""
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        """Fetch nothing more."""
        for one in self._begun.values():
            one.cancel()
        self._pool.shutdown()

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        """Read as the storage does."""
        if path not in self._begun:
            return self._storage.read(path, offset, length, etag)
        for earlier in [*takewhile(lambda one: one != path, self._begun)]:
            del self._begun[earlier]
        self._begin()
        return self._begun[path].result()[offset : offset + length]

    def _begin(self) -> None:
        for one in islice(self._coming, _AHEAD - len(self._begun)):
            read = self._storage.read
            self._begun[one.path] = self._pool.submit(read, one.path, 0, one.size_bytes, one.etag)
