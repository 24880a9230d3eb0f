"""Reads the bytes of a text file as blocks of whole lines, in UTF-8, each line ended by a line feed."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from typing import IO, TYPE_CHECKING, Any, Iterator, Optional, cast

from nuvyn_executor.bounds import Bounds
from nuvyn_executor.discovery.file_head import is_gzip
from nuvyn_executor.discovery.text_encoding import encoding_named
from nuvyn_executor.profiling.polars.fetched import open_stream
from nuvyn_executor.profiling.polars.parts import NotNative

if TYPE_CHECKING:
    from nuvyn_executor.profiling.polars.parts import Piece
    from nuvyn_executor.sources.base import Storage

BLOCK_BYTES = 16 * 1024 * 1024
_BOUNDS = Bounds()
_COMPRESSED = (".bz2", ".deflate", ".lz4", ".snappy", ".zst", ".lzo", ".xz")


def blocks(
    piece: Piece,
    encoding: str,
    block_bytes: int = BLOCK_BYTES,
    storage: Optional[Storage] = None,
    bounds: Bounds = _BOUNDS,
) -> Iterator[bytes]:
    """Read the lines that begin in the piece's share of a file.

    Args:
        piece: which file, and which share.
        encoding: a Java charset name.
        block_bytes: approximate size of a block.
        storage: what reads the file; ``None`` where the machine sees it as a file.
        bounds: how long a line may be, and what gzip may hold.

    Raises:
        NotNative: the file is compressed otherwise than with gzip, its bytes are not in its encoding, or it
            is beyond the bounds.
        OSError: the file cannot be read.
    """
    if piece.path.lower().endswith(_COMPRESSED):
        raise NotNative("it is compressed with something else than gzip")
    try:
        for block in _whole_lines(piece, block_bytes, storage, bounds):
            yield _normal(block, encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NotNative(f"it does not inflate ({error})") from error


def _whole_lines(
    piece: Piece, block_bytes: int, storage: Optional[Storage], bounds: Bounds
) -> Iterator[bytes]:
    longest = bounds.record_bytes
    most = bounds.unpacked_of(piece.size_bytes) if piece.path.endswith(".gz") else None
    start, stop = (piece.size_bytes * share // piece.of for share in (piece.index, piece.index + 1))
    with _opened(piece, storage) as file:
        position = start
        if start:
            # The line of the byte before the share began in an earlier share.
            file.seek(start - 1)
            position = start - 1 + len(_through_line_end(file, b"", longest))
        is_last = piece.index + 1 == piece.of
        while is_last or position < stop:
            block = _lines(file, block_bytes if is_last else min(block_bytes, stop - position), longest)
            if not block:
                return
            has_mark = position == 0 and block.startswith(codecs.BOM_UTF8)
            position += len(block)
            if most is not None and position > most:
                raise NotNative("it holds too much for its size")
            yield block[len(codecs.BOM_UTF8) :] if has_mark else block


def _opened(piece: Piece, storage: Optional[Storage]) -> IO[bytes]:
    # No path object for each of many files; the caller closes.
    file = open(piece.path, "rb") if storage is None else open_stream(piece, storage)  # noqa: PTH123, SIM115  as above
    inflates = is_gzip(file.peek(3))
    if inflates != piece.path.endswith(".gz"):
        file.close()
        raise NotNative("its name and its bytes do not agree on whether it is gzip")
    if not inflates:
        return file
    if storage is not None:
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file, mode="rb"))
    file.close()
    return cast("IO[bytes]", gzip.GzipFile(piece.path, "rb"))


def _lines(file: Any, least_bytes: int, longest: int) -> bytes:
    """Read so many bytes, and on to the end of the line. Of plain files nothing is copied: they can seek."""
    if not isinstance(getattr(file, "raw", None), io.FileIO):
        block: bytes = file.read(least_bytes)
        lines = block if block.endswith(b"\n") else _through_line_end(file, block, longest)
    else:
        start = file.tell()
        file.seek(start + least_bytes - 1)
        length = least_bytes - 1 + len(_through_line_end(file, b"", longest))
        file.seek(start)
        lines = file.read(length)
    if _longest_of(lines, least_bytes, longest) > longest:
        raise NotNative("it has a line that is too long")
    return lines


def _longest_of(lines: bytes, least_bytes: int, longest: int) -> int:
    """Return how long the longest line is; only the last one can be longer than what was to be read."""
    if longest < least_bytes:
        return max(map(len, lines.split(b"\n")))
    return len(lines.rstrip(b"\n")) - lines.rfind(b"\n", 0, len(lines) - 1) - 1


def _through_line_end(file: Any, begun: bytes, longest: int) -> bytes:
    rest: bytes = file.readline(longest + 2)
    if len(rest) == longest + 2:
        raise NotNative("it has a line that is too long")
    return begun + rest


def _normal(block: bytes, encoding: str) -> bytes:
    if b"\0" in block:
        raise NotNative("it has zero bytes")
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if block.isascii():
        return block
    try:
        if encoding == "UTF-8":
            block.decode("utf-8")
            return block
        return block.decode(encoding_named(encoding).codec, "replace").encode("utf-8")
    except UnicodeDecodeError as error:
        raise NotNative("it is not in UTF-8 throughout") from error
