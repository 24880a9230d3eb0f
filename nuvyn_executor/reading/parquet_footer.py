"""Read from a Parquet footer what Polars and Spark do not report. Pure.

That is rows of each row group, types as the file has them, codecs, what is encrypted, and metadata keys.
Reads as much of Thrift's compact protocol as that needs (format: ``parquet.thrift`` of Apache Parquet).
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Sequence, Tuple

MAGIC = b"PAR1"
_TAIL = 8
_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(13)
_SCHEMA, _ROWS, _ROW_GROUPS, _KEY_VALUES = 2, 3, 4, 5  # of FileMetaData
_NAME, _LOGICAL_TYPE = 4, 10  # of SchemaElement
_REPEATED = 2
# Of SchemaElement: type, repetition, number of children, converted type, precision.
_NUMBERS = {1: "physical", 3: "repetition", 5: "children", 6: "converted", 8: "precision"}
_TIMESTAMP, _UNIT, _NANOS = 8, 2, 3  # of LogicalType, TimestampType, TimeUnit
_COLUMNS, _TOTAL_BYTE_SIZE, _NUM_ROWS = 1, 2, 3  # of RowGroup
_META_DATA, _CRYPTO_META_DATA = 3, 8  # of ColumnChunk
_ENCODINGS, _PATH = 2, 3  # of ColumnMetaData
_CODEC, _NUM_VALUES, _COMPRESSED_SIZE, _DATA_PAGE, _DICTIONARY_PAGE = 4, 5, 7, 9, 11  # as above
_LONG_FORM = 15


class Leaf(NamedTuple):
    """A column of values, as the file has it.

    Attributes:
        path: its name; of a field in structs, their names before its own.
        physical: the number of its physical type.
        logical: the number of its logical type; ``None`` where it has none.
        converted: that of its converted type, which older writers have.
        precision: digits of a decimal.
        is_flat: each row has one value of it, be it null.
        values: how many values all of its pages have; ``None`` where no row group has the column.
        codecs: numbers of the codecs of its pages.
        encodings: numbers of their encodings.
        is_encrypted: its pages are.
    """

    path: Tuple[str, ...]
    physical: int
    logical: Optional[int]
    converted: Optional[int]
    precision: int
    is_flat: bool
    values: Optional[int]
    codecs: FrozenSet[int]
    encodings: FrozenSet[int]
    is_encrypted: bool


class Footer(NamedTuple):
    """The contents of a footer.

    Attributes:
        rows: rows of the file, as it declares them.
        group_rows: rows of each row group, in the file's order.
        group_bytes: bytes of each row group when it is not compressed.
        keys: names of the key-value metadata.
        nanos: the paths of columns of moments in nanoseconds that are not in a list or a map.
        group_spans: where the pages of each row group begin in the file, and how many bytes they are.
        columns: the names of its columns; of structs, those of the whole.
        leaves: its columns of values.
        has_schema: there is a schema, with columns or without.
    """

    rows: int
    group_rows: Tuple[int, ...]
    group_bytes: Tuple[int, ...]
    keys: FrozenSet[str]
    nanos: FrozenSet[Tuple[str, ...]]
    group_spans: Tuple[Tuple[int, int], ...]
    columns: Tuple[str, ...]
    leaves: Tuple[Leaf, ...] = ()
    has_schema: bool = False


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
    groups: List[_Group] = []
    keys: List[str] = []
    elements: List[_Element] = []
    rows = 0
    try:
        for field, kind in reader.fields():
            if field == _ROW_GROUPS:
                groups = [_group(reader) for _ in reader.elements()]
            elif field == _SCHEMA:
                elements = [_element(reader) for _ in reader.elements()]
            elif field == _ROWS:
                rows = reader.integer()
            elif field == _KEY_VALUES:
                keys = [_key(reader) for _ in reader.elements()]
            else:
                reader.skip(kind)
    except IndexError as error:
        raise ValueError("the footer ends too early") from error
    nodes = list(_nodes(elements))
    return Footer(
        rows,
        tuple(group.rows for group in groups),
        tuple(group.size for group in groups),
        frozenset(keys),
        frozenset(path for path, element in nodes if element.is_nanos and not element.children),
        tuple(group.span for group in groups),
        tuple(element.name for path, element in nodes if len(path) == 1),
        tuple(_leaves(nodes, [chunk for group in groups for chunk in group.chunks])),
        bool(elements),
    )


class _Element(NamedTuple):
    """A node of the schema, which is listed depth first."""

    name: str
    numbers: Dict[str, int]
    logical: Optional[int]
    is_nanos: bool

    @property
    def children(self) -> int:
        """How many nodes are below it."""
        return self.numbers.get("children", 0)


def _element(reader: _Reader) -> _Element:
    name, numbers, logical, is_nanos = "", {}, None, False
    for field, kind in reader.fields():
        if field == _NAME:
            name = reader.binary().decode("utf-8", "replace")
        elif field in _NUMBERS:
            numbers[_NUMBERS[field]] = reader.integer()
        elif field == _LOGICAL_TYPE:
            logical, is_nanos = _logical_type(reader)
        else:
            reader.skip(kind)
    return _Element(name, numbers, logical, is_nanos)


def _logical_type(reader: _Reader) -> Tuple[Optional[int], bool]:
    """Read a logical type: its number, and whether it is a moment in nanoseconds.

    It is a union of structs, of which a moment's holds its unit, another union.
    """
    number, found = None, False
    for logical, kind in reader.fields():
        number = logical
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
    return number, found


def _leaves(nodes: Sequence[Tuple[Tuple[str, ...], _Element]], chunks: Sequence[_Chunk]) -> Iterator[Leaf]:
    of_path: Dict[Tuple[str, ...], List[_Chunk]] = {}
    for chunk in chunks:
        of_path.setdefault(chunk.path, []).append(chunk)
    times = Counter(path for path, _ in nodes)
    repeated = {path for path, element in nodes if element.numbers.get("repetition") == _REPEATED}
    for path, element in nodes:
        if element.children or "physical" not in element.numbers:
            continue
        found = of_path.get(path, [])
        yield Leaf(
            path,
            element.numbers["physical"],
            element.logical,
            element.numbers.get("converted"),
            element.numbers.get("precision", 0),
            not any(path[:length] in repeated for length in range(1, len(path) + 1)),
            sum(one.values for one in found) if found and times[path] == 1 else None,
            frozenset(one.codec for one in found),
            frozenset(encoding for one in found for encoding in one.encodings),
            any(one.is_encrypted for one in found),
        )


def _nodes(elements: Sequence[_Element]) -> Iterator[Tuple[Tuple[str, ...], _Element]]:
    """Return each node with its path; the first element is the schema itself, whose path is empty."""
    open_groups: List[List[Any]] = []  # the path of each group that is not yet whole, and children to come
    for element in elements:
        path = (*open_groups[-1][0], element.name) if open_groups else ()
        if open_groups:
            open_groups[-1][1] -= 1
        yield path, element
        if element.children:
            open_groups.append([path, element.children])
        while open_groups and not open_groups[-1][1]:
            open_groups.pop()


class _Group(NamedTuple):
    """A row group; its size is that without compression."""

    rows: int
    size: int
    span: Tuple[int, int]
    chunks: Tuple[_Chunk, ...]


class _Chunk(NamedTuple):
    """The pages of a column in a row group: where they begin, and how many bytes they are."""

    start: int
    length: int
    path: Tuple[str, ...]
    values: int
    codec: int
    encodings: Tuple[int, ...]
    is_encrypted: bool


def _group(reader: _Reader) -> _Group:
    found = {_NUM_ROWS: 0, _TOTAL_BYTE_SIZE: 0}
    chunks: List[_Chunk] = []
    for field, kind in reader.fields():
        if field in found:
            found[field] = reader.integer()
        elif field == _COLUMNS:
            chunks = [_chunk(reader) for _ in reader.elements()]
        else:
            reader.skip(kind)
    start = min((one.start for one in chunks), default=0)
    end = max((one.start + one.length for one in chunks), default=0)
    return _Group(found[_NUM_ROWS], found[_TOTAL_BYTE_SIZE], (start, end - start), tuple(chunks))


def _chunk(reader: _Reader) -> _Chunk:
    found = dict.fromkeys((_CODEC, _NUM_VALUES, _COMPRESSED_SIZE, _DATA_PAGE, _DICTIONARY_PAGE), 0)
    encodings: Tuple[int, ...] = ()
    path: Tuple[str, ...] = ()
    is_encrypted = False
    for field, kind in reader.fields():
        is_encrypted = is_encrypted or field == _CRYPTO_META_DATA
        if field != _META_DATA:
            reader.skip(kind)
            continue
        for inner, of_kind in reader.fields():
            if inner in found:
                found[inner] = reader.integer()
            elif inner == _ENCODINGS:
                encodings = tuple(reader.integer() for _ in reader.elements())
            elif inner == _PATH:
                path = tuple(reader.binary().decode("utf-8", "replace") for _ in reader.elements())
            else:
                reader.skip(of_kind)
    # Some writers state a dictionary at 0 where there is none.
    first = min(found[_DATA_PAGE], found[_DICTIONARY_PAGE] or found[_DATA_PAGE])
    return _Chunk(
        first, found[_COMPRESSED_SIZE], path, found[_NUM_VALUES], found[_CODEC], encodings, is_encrypted
    )


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
