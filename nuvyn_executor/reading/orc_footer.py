"""How many rows an ORC file says that it has. Pure.

Reads as much of the format (Protocol Buffers in the file's tail: ``orc_proto.proto`` of Apache ORC) as that
needs. A footer that is compressed with zstd, LZO or LZ4 is not read.
"""

from __future__ import annotations

import zlib
from typing import Callable, Dict, Iterator, Optional, Tuple, Union

_TAIL = 256  # bytes: the postscript is shorter, and its length is one byte
_FOOTER_LENGTH, _COMPRESSION, _MAGIC = 1, 2, 8000  # of PostScript
_ROWS = 6  # of Footer
_NONE, _ZLIB, _SNAPPY = range(3)
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # how values are written
_LARGEST = 64 * 1024 * 1024  # bytes of a footer

Value = Union[int, bytes]


def rows_of(read: Callable[[int, int], bytes], size: int) -> Optional[int]:
    """Return how many rows a file says that it has; ``None`` where its footer is not read here.

    Args:
        read: returns bytes of the file; takes an offset and how many.
        size: how many bytes the file has.

    Raises:
        ValueError: it is no ORC file, or is damaged.
    """
    tail = read(max(0, size - _TAIL), _TAIL)
    if not tail or len(tail) <= tail[-1]:
        raise ValueError("it is too short for an ORC file")
    script = tail[-1 - tail[-1] : -1]
    fields = dict(_fields(script))
    if fields.get(_MAGIC) != b"ORC":
        raise ValueError("it does not end like an ORC file")
    length, kind = fields.get(_FOOTER_LENGTH), fields.get(_COMPRESSION, _NONE)
    if not isinstance(length, int) or not 0 < length <= min(size, _LARGEST):
        raise ValueError("its footer has no length")
    unpack = _UNPACK.get(kind) if isinstance(kind, int) else None
    if unpack is None:
        return None
    footer = unpack(read(size - 1 - len(script) - length, length))
    rows = dict(_fields(footer)).get(_ROWS, 0)
    return rows if isinstance(rows, int) else None


def _fields(message: bytes) -> Iterator[Tuple[int, Value]]:
    """Return number and value of each field of a message; of a repeated one each."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        value: Value
        if kind == _VARINT:
            value, at = _varint(message, at)
        elif kind in (_EIGHT, _FOUR):
            length = 8 if kind == _EIGHT else 4
            value, at = message[at : at + length], at + length
        elif kind == _BYTES:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        else:
            raise ValueError(f"a field of kind {kind}")
        yield key >> 3, value


def _varint(data: bytes, at: int) -> Tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:  # noqa: PLR2004  the bit that means that more follows
            return value, at
        shift += 7
    raise ValueError("it ends in a number")


def _chunks(packed: bytes) -> Iterator[Tuple[bytes, bool]]:
    """Return the pieces of a compressed stream; and of each, whether it is as it was."""
    at = 0
    while at + 3 <= len(packed):
        head = int.from_bytes(packed[at : at + 3], "little")
        yield packed[at + 3 : at + 3 + (head >> 1)], bool(head & 1)
        at += 3 + (head >> 1)


def _inflated(packed: bytes) -> bytes:
    try:
        return b"".join(
            chunk if is_plain else zlib.decompressobj(-zlib.MAX_WBITS).decompress(chunk, _LARGEST)
            for chunk, is_plain in _chunks(packed)
        )
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _unsnapped(packed: bytes) -> bytes:
    return b"".join(chunk if is_plain else _snappy(chunk) for chunk, is_plain in _chunks(packed))


def _snappy(packed: bytes) -> bytes:
    """Unpack a block of Snappy (``format_description.txt`` of google/snappy)."""
    length, at = _varint(packed, 0)
    if length > _LARGEST:
        raise ValueError("a block that is too long")
    out = bytearray()
    while at < len(packed):
        tag = packed[at]
        at += 1
        if tag & 3 == 0:  # bytes as they are
            count = (tag >> 2) + 1
            extra = max(0, count - 60)
            if extra:
                count, at = int.from_bytes(packed[at : at + extra], "little") + 1, at + extra
            out += packed[at : at + count]
            at += count
            continue
        width = (1, 2, 4)[(tag & 3) - 1]
        back = int.from_bytes(packed[at : at + width], "little")
        at += width
        count = (tag >> 2) + 1
        if width == 1:
            count, back = (tag >> 2 & 7) + 4, back | (tag >> 5) << 8
        if not 0 < back <= len(out):
            raise ValueError("a copy of what is not there")
        for _ in range(count):
            out.append(out[-back])
    if len(out) != length:
        raise ValueError("a block of another length")
    return bytes(out)


_UNPACK: Dict[int, Callable[[bytes], bytes]] = {
    _NONE: lambda packed: packed,
    _ZLIB: _inflated,
    _SNAPPY: _unsnapped,
}
