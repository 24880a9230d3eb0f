"""Read from a Parquet footer what Polars does not report: rows of each row group, and metadata keys. Pure.

Reads as much of Thrift's compact protocol as that needs (format: ``parquet.thrift`` of Apache Parquet).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, NamedTuple, Sequence, Tuple

MAGIC = b"PAR1"
_TAIL = 8
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)
_SCHEMA, _ROW_GROUPS, _KEY_VALUES = 2, 4, 5  # of FileMetaData
_NAME, _NUM_CHILDREN, _LOGICAL_TYPE = 4, 5, 10  # of SchemaElement
_TIMESTAMP, _UNIT, _NANOS = 8, 2, 3  # of LogicalType, TimestampType, TimeUnit
_TOTAL_BYTE_SIZE, _NUM_ROWS = 2, 3  # of RowGroup
_LONG_FORM = 15


class Footer(NamedTuple):
    """The contents of a footer.

    Attributes:
        group_rows: rows of each row group, in the file's order.
        group_bytes: bytes of each row group when it is not compressed.
        keys: names of the key-value metadata.
        nanos: the paths of columns of moments in nanoseconds that are not in a list or a map.
    """

    group_rows: Tuple[int, ...]
    group_bytes: Tuple[int, ...]
    keys: FrozenSet[str]
    nanos: FrozenSet[Tuple[str, ...]]


def read_footer(path: str) -> Footer:
    """Read the footer of a file.

    Raises:
        ValueError: it is no Parquet file, or its footer is encrypted.
        OSError: it cannot be read.
    """
    with Path(path).open("rb") as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length)

        return footer_of(read, file.seek(0, io.SEEK_END))


def footer_of(read: Callable[[int, int], bytes], size: int) -> Footer:
    """Read the footer of a file.

    Args:
        read: returns bytes of the file; takes an offset and how many.
        size: how many bytes the file has.

    Raises:
        ValueError: it is no Parquet file, or its footer is encrypted.
    """
    if size < 2 * len(MAGIC) + _TAIL:
        raise ValueError(f"{size} bytes are too short for a Parquet file")
    tail = read(size - _TAIL, _TAIL)
    if tail[4:] != MAGIC:
        raise ValueError("it does not end like a Parquet file")
    length = int.from_bytes(tail[:4], "little")
    return _parse(read(max(0, size - _TAIL - length), length))


def _parse(data: bytes) -> Footer:
    reader = _Reader(data)
    groups: List[Tuple[int, int]] = []
    keys: List[str] = []
    elements: List[_Element] = []
    try:
        for field, kind in reader.fields():
            if field == _ROW_GROUPS:
                groups = [_group(reader) for _ in reader.elements()]
            elif field == _SCHEMA:
                elements = [_element(reader) for _ in reader.elements()]
            elif field == _KEY_VALUES:
                keys = [_key(reader) for _ in reader.elements()]
            else:
                reader.skip(kind)
    except IndexError as error:
        raise ValueError("the footer ends too early") from error
    rows, sizes = (tuple(group[i] for group in groups) for i in (0, 1))
    return Footer(rows, sizes, frozenset(keys), frozenset(_nanos(elements)))


class _Element(NamedTuple):
    """A node of the schema, which is listed depth first."""

    name: str
    children: int
    is_nanos: bool


def _element(reader: _Reader) -> _Element:
    name, children, is_nanos = "", 0, False
    for field, kind in reader.fields():
        if field == _NAME:
            name = reader.binary().decode("utf-8", "replace")
        elif field == _NUM_CHILDREN:
            children = reader.integer()
        elif field == _LOGICAL_TYPE:
            is_nanos = _is_in_nanos(reader)
        else:
            reader.skip(kind)
    return _Element(name, children, is_nanos)


def _is_in_nanos(reader: _Reader) -> bool:
    """Read a logical type: a union of structs, of which a moment's holds its unit, another union."""
    found = False
    for logical, kind in reader.fields():
        if logical != _TIMESTAMP:
            reader.skip(kind)
            continue
        for field, of_kind in reader.fields():
            if field != _UNIT:
                reader.skip(of_kind)
                continue
            for unit, empty in reader.fields():
                found = found or unit == _NANOS
                reader.skip(empty)
    return found


def _nanos(elements: Sequence[_Element]) -> Iterator[Tuple[str, ...]]:
    """Return the paths of moments in nanoseconds; the first element is the schema itself."""
    open_groups: List[List[Any]] = []  # the path of each group that is not yet whole, and children to come
    for element in elements:
        path = (*open_groups[-1][0], element.name) if open_groups else ()
        if open_groups:
            open_groups[-1][1] -= 1
        if element.children:
            open_groups.append([path, element.children])
        elif element.is_nanos:
            yield path
        while open_groups and not open_groups[-1][1]:
            open_groups.pop()


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
        """Return number and kind of each field. The caller reads or skips its value before the next."""
        number = 0
        while True:
            head = self._byte()
            if head & 15 == _STOP:
                return
            number = number + (head >> 4) if head >> 4 else self.integer()
            yield number, head & 15

    def elements(self) -> Iterator[int]:
        """Return the kind of each element of a list."""
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
            if byte < 128:  # noqa: PLR2004  the bit that means that more follows
                return value
            shift += 7
