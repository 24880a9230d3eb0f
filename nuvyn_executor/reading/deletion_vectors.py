"""Read deletion vectors: the positions of the rows that a Delta table has deleted from a data file. Pure.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md#deletion-vector-format and
https://github.com/RoaringBitmap/RoaringFormatSpec. Rows are divided into blocks of 65,536, and each block
with a deleted row has a container: a list of positions, a list of runs, or a bit for each row.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from functools import reduce
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Tuple

from nuvyn_executor.model import DeletionVector

Read = Callable[[str, int, int], bytes]
"""Reads bytes of a file: its path, the first byte, how many."""

BLOCK_ROWS = 1 << 16
_MAGIC = 1681511377
_WITH_RUNS, _WITHOUT_RUNS = 12347, 12346
_FEW_CONTAINERS = 4  # with runs, fewer containers than these have no offsets before them
_MOST_LISTED = 4096  # positions; of more rows there is a bit for each row of the block
_BITMAP_BYTES = BLOCK_ROWS // 8
_HIGHEST_KEY = 0x7FFFFFFF
_FRAME_BYTES = 8  # around a vector in a file: its length before it, its checksum after it
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_NAME_DIGITS = 20  # of the UUID of a file
_DIGITS = {character: digit for digit, character in enumerate(_Z85)}
_BITS = tuple(bytes(byte >> bit & 1 for bit in range(8)) for byte in range(256))  # the lowest bit first


class _Container(NamedTuple):
    """The deleted rows of one block."""

    rows: int
    is_runs: bool
    data: bytes


class DeletedRows:
    """Which rows of a data file are deleted.

    Args:
        data: a serialized bitmap.

    Attributes:
        count: how many are deleted.

    Raises:
        ValueError: it is no such bitmap.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._containers = dict(_containers(_Bytes(data)))
        except struct.error as error:
            raise ValueError(f"it ends too early ({error})") from error
        self.count = sum(one.rows for one in self._containers.values())

    def among(self, first: int, rows: int) -> bytes:
        """Return one byte for each of some rows of the file: 1 for a deleted row, else 0.

        Args:
            first: the position of the first of the rows, from 0.
            rows: how many.

        Raises:
            ValueError: the bitmap contradicts itself.
        """
        end = first + rows
        blocks = (self._block(block) for block in range(first // BLOCK_ROWS, -(-end // BLOCK_ROWS)))
        start = first % BLOCK_ROWS
        return b"".join(blocks)[start : start + rows]

    def is_within(self, rows: int) -> bool:
        """Whether all deleted rows are among the first ``rows`` of the file."""
        last = max(self._containers, default=0)
        return 1 not in self.among(rows, max(0, (last + 1) * BLOCK_ROWS - rows))

    def _block(self, block: int) -> bytes:
        found = self._containers.get(block)
        return bytes(BLOCK_ROWS) if found is None else _expanded(found)


def vector_of(folder: str, descriptor: Mapping[str, Any]) -> DeletionVector:
    """Return the deletion vector that the log describes.

    Args:
        folder: the table's.
        descriptor: as in the log.

    Raises:
        ValueError: the vector lies outside of the folder, or is described in another way.
    """
    kind, text = descriptor["storageType"], str(descriptor["pathOrInlineDv"])
    rows, size = int(descriptor["cardinality"]), int(descriptor["sizeInBytes"])
    if kind == "i":
        return DeletionVector(rows, size, inline=text)
    if kind != "u" or len(text) < _NAME_DIGITS:
        raise ValueError(f"a deletion vector of the kind {kind} may lie outside of the table")
    prefix, name = text[:-_NAME_DIGITS], uuid.UUID(bytes=decode_z85(text[-_NAME_DIGITS:]))
    inside = f"{prefix}/deletion_vector_{name}.bin" if prefix else f"deletion_vector_{name}.bin"
    return DeletionVector(rows, size, f"{folder}/{inside}", int(descriptor["offset"] or 0))


def read_deleted_rows(vector: DeletionVector, rows: int, read: Read) -> DeletedRows:
    """Read a deletion vector.

    Args:
        vector: where it is.
        rows: how many rows the data file has.
        read: what reads files.

    Raises:
        ValueError: it is damaged, or is written in another way.
        OSError: ``read`` could not read it.
    """
    data = _inline(vector) if vector.inline else _stored(vector, read)
    deleted = DeletedRows(data)
    if deleted.count != vector.rows:
        raise ValueError(f"it has {deleted.count} rows, and the log says {vector.rows}")
    if not deleted.is_within(rows):
        raise ValueError(f"it deletes rows of {rows} that are not there")
    return deleted


def decode_z85(text: str) -> bytes:
    """Decode https://rfc.zeromq.org/spec/32/: five characters are four bytes.

    Raises:
        ValueError: it is no such text.
    """
    try:
        digits = [_DIGITS[character] for character in text]
        words = [_word(digits[at : at + 5]) for at in range(0, len(digits), 5)]
        return struct.pack(f">{len(words)}I", *words)
    except (KeyError, struct.error) as error:
        raise ValueError(f"it is no base85 text ({error})") from error


def _word(digits: List[int]) -> int:
    if len(digits) != 5:  # noqa: PLR2004  characters of a word
        raise ValueError("it is no base85 text (its length is no multiple of 5)")
    return reduce(lambda so_far, digit: so_far * len(_Z85) + digit, digits)


def _inline(vector: DeletionVector) -> bytes:
    data = decode_z85(vector.inline)  # filled up to whole words
    if not 0 <= len(data) - vector.size_bytes < 4:  # noqa: PLR2004  bytes of a word
        raise ValueError("its length is not the one in the log")
    return data[: vector.size_bytes]


def _stored(vector: DeletionVector, read: Read) -> bytes:
    framed = read(vector.path, vector.offset, vector.size_bytes + _FRAME_BYTES)
    if len(framed) != vector.size_bytes + _FRAME_BYTES:
        raise ValueError("its file is too short")
    size, data, checksum = struct.unpack(f">I{vector.size_bytes}sI", framed)
    if size != vector.size_bytes:
        raise ValueError("its length is not the one in the log")
    if zlib.crc32(data) != checksum:
        raise ValueError("its checksum is wrong")
    return bytes(data)


class _Bytes:
    """Bytes that are read from their beginning on, whole numbers with the lowest byte first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def numbers(self, kind: str) -> Tuple[int, ...]:
        """Read numbers of a kind of :mod:`struct`."""
        found = struct.unpack_from(f"<{kind}", self._data, self._at)
        self._at += struct.calcsize(f"<{kind}")
        return found

    def number(self, kind: str) -> int:
        """Read one number."""
        return self.numbers(kind)[0]

    def take(self, length: int) -> bytes:
        """Read bytes."""
        found = self._data[self._at : self._at + length]
        if len(found) < length:
            raise ValueError("it ends too early")
        self._at += length
        return found

    @property
    def is_over(self) -> bool:
        """Whether all was read."""
        return self._at == len(self._data)


def _containers(data: _Bytes) -> Dict[int, _Container]:
    """Return the containers by the number of their block."""
    if data.number("I") != _MAGIC:
        raise ValueError("it is written in another way")
    found: Dict[int, _Container] = {}
    before = -1
    for _ in range(data.number("Q")):
        key = data.number("I")
        if not before < key <= _HIGHEST_KEY:
            raise ValueError("its parts are out of order")
        before = key
        found.update({(key << 16) + low: one for low, one in _of_bitmap(data).items()})
    if not data.is_over:
        raise ValueError("it goes on after its end")
    return found


def _of_bitmap(data: _Bytes) -> Dict[int, _Container]:
    """Read one bitmap of 32 bits."""
    cookie = data.number("I")
    has_runs = cookie & 0xFFFF == _WITH_RUNS
    if not has_runs and cookie != _WITHOUT_RUNS:
        raise ValueError("one of its parts is written in another way")
    count = (cookie >> 16) + 1 if has_runs else data.number("I")
    if count > BLOCK_ROWS:
        raise ValueError("it has too many parts")
    flags = data.take((count + 7) // 8 if has_runs else 0)
    heads = data.numbers(f"{count * 2}H")
    if not has_runs or count >= _FEW_CONTAINERS:
        data.take(count * 4)  # where each container begins: they follow each other
    keys, rows = heads[::2], [one + 1 for one in heads[1::2]]
    if list(keys) != sorted({*keys}):
        raise ValueError("its parts are out of order")
    found = {}
    for index, (key, held) in enumerate(zip(keys, rows)):
        is_runs = has_runs and bool(flags[index // 8] >> index % 8 & 1)
        length = data.number("H") * 4 if is_runs else held * 2 if held <= _MOST_LISTED else _BITMAP_BYTES
        found[key] = _Container(held, is_runs, data.take(length))
    return found


def _expanded(container: _Container) -> bytes:
    """Return a byte for each row of the block."""
    numbers = struct.unpack(f"<{len(container.data) // 2}H", container.data)
    if container.is_runs:
        rows = bytearray(BLOCK_ROWS)
        for start, more in zip(numbers[::2], numbers[1::2]):
            rows[start : start + more + 1] = b"\1" * (more + 1)
    elif container.rows <= _MOST_LISTED:
        rows = bytearray(BLOCK_ROWS)
        for position in numbers:
            rows[position] = 1
    else:
        rows = bytearray().join(map(_BITS.__getitem__, container.data))
    if len(rows) != BLOCK_ROWS or rows.count(1) != container.rows:
        raise ValueError("it has other rows than it says")
    return bytes(rows)
