"""Find texts that Spark could not hold in memory, before it reads them: it would end, with all that it runs.

Of a plain file little is read: a line that is too long covers a window of half its length, so in each
window the first line end is looked for. gzip is unpacked, but not stored.
"""

from __future__ import annotations

import logging
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Callable, Iterator, Optional

from nuvyn_executor.discovery.file_head import is_gzip
from nuvyn_executor.errors import SourceError

if TYPE_CHECKING:
    from nuvyn_executor.bounds import Bounds
    from nuvyn_executor.model import Dataset, FileEntry
    from nuvyn_executor.sources.base import DataSource

    Read = Callable[[int, int], bytes]

logger = logging.getLogger(__name__)

_AT_ONCE = 8  # files
_FIRST_BYTES = 64 * 1024  # of one read, where a line end is near as a rule
_BLOCK_BYTES = 4 * 1024 * 1024
GZIP_MOST = 1032
"""So many times its size a gzip file holds at most, by its format."""


def require_bounded(source: DataSource, dataset: Dataset, bounds: Bounds) -> None:
    """Make sure that Spark can read each file of a text dataset in bounded memory.

    Args:
        source: where it lies.
        dataset: it, with copies of packed files.
        bounds: the bounds.

    Raises:
        DatasetUnreadable: a file has a record that is too long, is a document that is too large, or holds
            too much for its size.
    """
    if not dataset.format.is_text:
        return

    def check(entry: FileEntry) -> None:
        def read(offset: int, length: int) -> bytes:
            try:
                return source.read_range(entry, offset, length)
            except SourceError as error:
                raise _UnseenError from error

        try:
            _require_file(read, dataset, entry, bounds)
        except _UnseenError as error:  # some clusters let no range of a large file be read; Spark may read it
            logger.debug("%s is not looked at before: %s", entry.name, error.__cause__)

    suspects = [one for one in dataset.files if may_exceed(one, bounds.record_bytes)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(check, suspects):
            pass


def may_exceed(entry: FileEntry, size_bytes: int) -> bool:
    """Whether the content of a file may be longer than so many bytes, by the file's size."""
    return entry.size_bytes * (GZIP_MOST if entry.name.endswith(".gz") else 1) > size_bytes


class _UnseenError(Exception):
    """A part of a file cannot be read."""


def _require_file(read: Read, dataset: Dataset, entry: FileEntry, bounds: Bounds) -> None:
    dialect = dataset.dialect
    is_document = dataset.multiline or dataset.records_at is not None
    # A reader of values of several lines has a bound of its own; see reading.text_frames.
    has_lines = dialect is None or not (dialect.multiline or dialect.encoding.startswith("UTF-16"))
    is_array = dataset.records_at is None
    if not is_gzip(read(0, 3)):
        if is_document:
            bounds.require_document(entry.name, entry.size_bytes, is_array=is_array)
        elif has_lines and has_long_line(read, entry.size_bytes, bounds.record_bytes):
            raise bounds.too_long(entry.name)
        return
    size = line = 0  # bytes of all, and of the line that is not at its end
    for block in _inflated(read, min(_BLOCK_BYTES, bounds.record_bytes)):
        size += len(block)
        bounds.require_unpacked(entry.name, entry.size_bytes, size)
        if is_document:
            bounds.require_document(entry.name, size, is_array=is_array)
        elif has_lines:
            first = _first_end(block)
            if line + first > bounds.record_bytes:
                raise bounds.too_long(entry.name)
            line = line + len(block) if first == len(block) else len(block) - _last_end(block) - 1


def has_long_line(read: Read, size: int, most: int) -> bool:
    r"""Whether a line of a plain text is longer than ``most`` bytes; lines end at ``\n`` or ``\r``.

    Args:
        read: returns bytes of the file; takes an offset and how many.
        size: how many bytes the file has.
        most: how long a line may be.
    """
    window = max(1, most // 2)
    for start in range(0, size, window):
        end = start + window
        if end > size or _line_end(read, start, end) is not None:
            continue
        # No line ends in this window: the line that fills it is measured.
        begin = _line_begin(read, start, max(0, start - most))
        if _line_end(read, end, min(size, begin + most + 1)) is None and size - begin > most:
            return True
    return False


def _line_end(read: Read, start: int, stop: int) -> Optional[int]:
    """Return where the first line end between two places is; ``None`` where there is none."""
    length = _FIRST_BYTES
    while start < stop:
        block = read(start, min(length, stop - start))
        if not block:
            return None
        first = _first_end(block)
        if first < len(block):
            return start + first
        start += len(block)
        length = _BLOCK_BYTES
    return None


def _line_begin(read: Read, start: int, least: int) -> int:
    """Return where the line begins that a place is in, but not before ``least``."""
    while start > least:
        length = min(_BLOCK_BYTES, start - least)
        block = read(start - length, length)
        last = _last_end(block)
        if last >= 0:
            return start - length + last + 1
        start -= length
    return least


def _first_end(block: bytes) -> int:
    """Return where the first line end is; the length of the block where there is none."""
    return min(at if at >= 0 else len(block) for at in (block.find(b"\n"), block.find(b"\r")))


def _last_end(block: bytes) -> int:
    return max(block.rfind(b"\n"), block.rfind(b"\r"))


def _inflated(read: Read, most: int) -> Iterator[bytes]:
    """Return the content of a gzip file, all of its members, in blocks of at most so many bytes.

    What is damaged ends it: whoever reads the file reports that.
    """
    member = zlib.decompressobj(31)
    position = 0
    packed = b""
    try:
        while True:
            if not packed:
                packed = read(position, _BLOCK_BYTES)
                position += len(packed)
                if not packed:
                    return
            block = member.decompress(packed, most)
            packed = member.unconsumed_tail
            if block:
                yield block
            if member.eof:
                packed = member.unused_data.lstrip(b"\0")
                member = zlib.decompressobj(31)
    except zlib.error:
        return
