"""Parquet files as other programs write them: types, codecs and encodings that no library here writes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BINARY, FIXED = range(8)
TIME, DECIMAL, UNKNOWN, UUID, FLOAT16, VARIANT = 7, 5, 11, 14, 15, 16
_I32, _I64, _BYTES, _LIST, _STRUCT = 5, 6, 8, 9, 12

Field = Tuple[int, int, Any]


@dataclass(frozen=True)
class Column:
    """A required column, whose values are as its physical type writes them.

    Attributes:
        name: its name.
        kind: the number of its physical type.
        values: as the type is written.
        logical: number and fields of its logical type.
        converted: number of its converted type, of older writers.
        length: of ``FIXED``.
        digits: scale and precision of a decimal.
        codec: number of the codec that the footer names; nothing is compressed.
        encoding: number of the encoding.
    """

    name: str
    kind: int
    values: Sequence[bytes]
    logical: Optional[Tuple[int, Sequence[Field]]] = None
    converted: Optional[int] = None
    length: Optional[int] = None
    digits: Optional[Tuple[int, int]] = None
    codec: int = 0
    encoding: int = 0


def ids(count: int = 5) -> Column:
    """Return a column of numbers."""
    return Column("id", INT64, [struct.pack("<q", i) for i in range(count)])


def text(value: bytes) -> bytes:
    """Return a value of ``BINARY``."""
    return struct.pack("<I", len(value)) + value


def parquet(*columns: Column, rows: Optional[int] = None, keys: Optional[Dict[str, str]] = None) -> bytes:
    """Write a file of one row group.

    Args:
        columns: of the same number of values.
        rows: how many rows the footer says that there are; ``None``: as many as there are.
        keys: metadata of the file.
    """
    count = len(columns[0].values) if rows is None else rows
    body, chunks = b"PAR1", []
    for one in columns:
        page = b"".join(one.values)
        data = [(1, _I32, len(one.values)), (2, _I32, one.encoding), (3, _I32, 3), (4, _I32, 3)]
        header = _struct([(1, _I32, 0), (2, _I32, len(page)), (3, _I32, len(page)), (5, _STRUCT, data)])
        meta = [
            (1, _I32, one.kind),
            (2, _LIST, (_I32, [one.encoding])),
            (3, _LIST, (_BYTES, [one.name.encode()])),
            (4, _I32, one.codec),
            (5, _I64, len(one.values)),
            (6, _I64, len(header) + len(page)),
            (7, _I64, len(header) + len(page)),
            (9, _I64, len(body)),
        ]
        chunks.append([(2, _I64, len(body)), (3, _STRUCT, meta)])
        body += header + page
    schema = [[(4, _BYTES, b"schema"), (5, _I32, len(columns))], *map(_element, columns)]
    group = [(1, _LIST, (_STRUCT, chunks)), (2, _I64, len(body)), (3, _I64, count)]
    footer = [
        (1, _I32, 1),
        (2, _LIST, (_STRUCT, schema)),
        (3, _I64, count),
        (4, _LIST, (_STRUCT, [group])),
    ]
    if keys:
        pairs = [[(1, _BYTES, key.encode()), (2, _BYTES, value.encode())] for key, value in keys.items()]
        footer.append((5, _LIST, (_STRUCT, pairs)))
    written = _struct(footer)
    return body + written + struct.pack("<I", len(written)) + b"PAR1"


def _element(one: Column) -> Sequence[Field]:
    fields: List[Field] = [(1, _I32, one.kind)]
    if one.length is not None:
        fields.append((2, _I32, one.length))
    fields.extend([(3, _I32, 0), (4, _BYTES, one.name.encode())])
    if one.converted is not None:
        fields.append((6, _I32, one.converted))
    if one.digits is not None:
        fields.extend([(7, _I32, one.digits[0]), (8, _I32, one.digits[1])])
    if one.logical is not None:
        number, inner = one.logical
        fields.append((10, _STRUCT, [(number, _STRUCT, inner)]))
    return fields


def _struct(fields: Sequence[Field]) -> bytes:
    written, before = b"", 0
    for number, kind, value in fields:
        step = number - before
        written += bytes([step << 4 | kind]) if step < 16 else bytes([kind]) + _number(number)
        written += _value(kind, value)
        before = number
    return written + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (_I32, _I64):
        return _number(value)
    if kind == _BYTES:
        return _varint(len(value)) + bytes(value)
    if kind == _STRUCT:
        return _struct(value)
    if kind == _LIST:
        of, items = value
        head = bytes([len(items) << 4 | of]) if len(items) < 15 else bytes([0xF0 | of]) + _varint(len(items))
        return head + b"".join(_value(of, item) for item in items)
    return b""  # a boolean is its kind


def _number(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _varint(value: int) -> bytes:
    written = b""
    while value > 127:
        written += bytes([value & 127 | 128])
        value >>= 7
    return written + bytes([value])
