"""What a Parquet footer says that Polars does not tell: rows of each row group, and who wrote it how. Pure.

Reads Thrift's compact protocol as far as that takes (format: ``parquet.thrift`` of Apache Parquet).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, NamedTuple, Tuple

MAGIC = b"PAR1"
_TAIL = 8
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)
_ROW_GROUPS, _KEY_VALUES = 4, 5  # of FileMetaData
_TOTAL_BYTE_SIZE, _NUM_ROWS = 2, 3  # of RowGroup
_LONG_FORM = 15


class Footer(NamedTuple):
    """What was read.

    Attributes:
        group_rows: rows of each row group, in the file's order.
        group_bytes: what they are when they are not compressed.
        keys: names of the key-value metadata.
    """

    group_rows: Tuple[int, ...]
    group_bytes: Tuple[int, ...]
    keys: FrozenSet[str]


def read_footer(path: str) -> Footer:
    """Read the footer of a file.

    Raises:
        ValueError: it is no Parquet file, or its footer is encrypted.
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        if size < 2 * len(MAGIC) + _TAIL:
            raise ValueError(f"{path} is too short for a Parquet file")
        file.seek(size - _TAIL)
        tail = file.read(_TAIL)
        if tail[4:] != MAGIC:
            raise ValueError(f"{path} does not end like a Parquet file")
        length = int.from_bytes(tail[:4], "little")
        file.seek(max(0, size - _TAIL - length))
        return _parse(file.read(length))


def _parse(data: bytes) -> Footer:
    reader = _Reader(data)
    groups: List[Tuple[int, int]] = []
    keys: List[str] = []
    try:
        for field, kind in reader.fields():
            if field == _ROW_GROUPS:
                groups = [_group(reader) for _ in reader.elements()]
            elif field == _KEY_VALUES:
                keys = [_key(reader) for _ in reader.elements()]
            else:
                reader.skip(kind)
    except IndexError as error:
        raise ValueError("the footer ends too early") from error
    return Footer(tuple(rows for rows, _ in groups), tuple(size for _, size in groups), frozenset(keys))


def _group(reader: _Reader) -> Tuple[int, int]:
    found = {_NUM_ROWS: 0, _TOTAL_BYTE_SIZE: 0}
    for field, kind in reader.fields():
        if field in found:
            found[field] = reader.integer()
        else:
            reader.skip(kind)
    return found[_NUM_ROWS], found[_TOTAL_BYTE_SIZE]


def _key(reader: _Reader) -> str:
    key = ""
    for field, kind in reader.fields():
        if field == 1:
            key = reader.binary().decode("utf-8", "replace")
        else:
            reader.skip(kind)
    return key


class _Reader:
    """A cursor over compact Thrift."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._skips: Dict[int, Callable[[], Any]] = {
            _TRUE: lambda: None,
            _FALSE: lambda: None,
            _BYTE: lambda: self._forward(1),
            _I16: self._varint,
            _I32: self._varint,
            _I64: self._varint,
            _DOUBLE: lambda: self._forward(8),
            _BINARY: lambda: self._forward(self._varint()),
            _LIST: self._skip_list,
            _SET: self._skip_list,
            _MAP: self._skip_map,
            _STRUCT: self._skip_struct,
        }

    def fields(self) -> Iterator[Tuple[int, int]]:
        """Give each field's number and kind; whoever takes one reads or skips its value."""
        number = 0
        while True:
            head = self._byte()
            if head & 15 == _STOP:
                return
            number = number + (head >> 4) if head >> 4 else self.integer()
            yield number, head & 15

    def elements(self) -> Iterator[int]:
        """Give the kind of each element of a list."""
        head = self._byte()
        count = head >> 4 if head >> 4 != _LONG_FORM else self._varint()
        for _ in range(count):
            yield head & 15

    def integer(self) -> int:
        """Read a whole number."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def binary(self) -> bytes:
        """Read bytes."""
        length = self._varint()
        self._forward(length)
        return self._data[self._at - length : self._at]

    def skip(self, kind: int) -> None:
        """Pass over a value."""
        skip = self._skips.get(kind)
        if skip is None:
            raise ValueError(f"there is no Thrift type {kind}")
        skip()

    def _skip_list(self) -> None:
        for kind in self.elements():
            if kind in (_TRUE, _FALSE):
                self._forward(1)
            else:
                self.skip(kind)

    def _skip_map(self) -> None:
        count = self._varint()
        kinds = self._byte() if count else 0
        for _ in range(count):
            self.skip(kinds >> 4)
            self.skip(kinds & 15)

    def _skip_struct(self) -> None:
        for _, kind in self.fields():
            self.skip(kind)

    def _forward(self, count: int) -> None:
        self._at += count

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:  # noqa: PLR2004  the bit that says "more"
                return value
            shift += 7
