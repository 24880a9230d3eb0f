"""The header of an Avro file: its schema, and the mark that ends its blocks. Pure.

Format: "Object Container Files" of the Avro specification.
"""

from __future__ import annotations

from typing import NamedTuple, Tuple

MAGIC = b"Obj\x01"
_SYNC_BYTES = 16
_LONGEST_NUMBER = 10  # bytes of a 64-bit number


class AvroHeader(NamedTuple):
    """What stands before the rows, and how long the first block of rows is.

    Attributes:
        schema: the schema that the file was written with, as JSON.
        sync: the 16 bytes that end the header and each block.
        size: bytes of the header.
        block_rows: rows of the first block; 0 where there is none, or its beginning was not read.
        block_bytes: bytes of the first block, with its counts and its end.
    """

    schema: str
    sync: bytes
    size: int
    block_rows: int
    block_bytes: int

    def rows_of(self, size_bytes: int) -> Tuple[int, bool]:
        """Return how many rows a file of so many bytes has, or about how many; and whether that is exact."""
        rest = size_bytes - self.size
        if rest <= 0 or not self.block_bytes:
            return 0, rest <= 0
        return round(self.block_rows * rest / self.block_bytes), rest == self.block_bytes


def parse_header(data: bytes) -> AvroHeader:
    """Read the header of a file.

    Args:
        data: the beginning of the file.

    Raises:
        ValueError: it is no Avro file, or the header does not end in these bytes.
    """
    if not data.startswith(MAGIC):
        raise ValueError("it does not begin like an Avro file")
    at = len(MAGIC)
    schema = ""
    while True:
        count, at = _number(data, at)
        if not count:
            break
        if count < 0:  # then the bytes of these entries follow
            count, (_, at) = -count, _number(data, at)
        for _ in range(count):
            key, at = _bytes(data, at)
            value, at = _bytes(data, at)
            if key == b"avro.schema":
                schema = value.decode("utf-8", "replace")
    end = at + _SYNC_BYTES
    if end > len(data):
        raise ValueError("its header does not end")
    try:
        rows, at = _number(data, end)
        size, at = _number(data, at)
    except ValueError:  # there is no block, or the bytes end here
        return AvroHeader(schema, data[end - _SYNC_BYTES : end], end, 0, 0)
    return AvroHeader(schema, data[end - _SYNC_BYTES : end], end, rows, at - end + size + _SYNC_BYTES)


def _bytes(data: bytes, at: int) -> Tuple[bytes, int]:
    length, at = _number(data, at)
    if length < 0 or at + length > len(data):
        raise ValueError("its header does not end")
    return data[at : at + length], at + length


def _number(data: bytes, at: int) -> Tuple[int, int]:
    """Read a whole number: seven bits a byte, the least first, zigzag."""
    value = 0
    for index, byte in enumerate(data[at : at + _LONGEST_NUMBER]):
        value |= (byte & 127) << (7 * index)
        if byte < 128:  # noqa: PLR2004  the bit that means that more follows
            return (value >> 1) ^ -(value & 1), at + index + 1
    raise ValueError("its header does not end")
