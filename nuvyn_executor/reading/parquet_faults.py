"""Why a Parquet file that is intact cannot be read, by its footer: types, codecs, encryption. Pure.

It is asked when Spark has failed, whose own words blame the file. What is listed here may be read by a newer
Spark, or one with more codecs.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Iterator, NamedTuple, Optional, Sequence

if TYPE_CHECKING:
    from nuvyn_executor.reading.parquet_footer import Footer, Leaf

_LOGICAL = {7: "TIME", 14: "UUID", 15: "FLOAT16", 16: "VARIANT", 17: "GEOMETRY", 18: "GEOGRAPHY"}
_CONVERTED = {7: "TIME_MILLIS", 8: "TIME_MICROS", 21: "INTERVAL"}
_CODECS = {3: "LZO", 4: "BROTLI"}
_KNOWN_CODECS = range(8)
_ENCODINGS = {9: "BYTE_STREAM_SPLIT"}
_KNOWN_ENCODINGS = range(9)
_DECIMAL, _DECIMAL_LOGICAL = 5, 5
_MOST_DIGITS = 38
_NO_DECIMALS = {0: "BOOLEAN", 4: "FLOAT", 5: "DOUBLE"}
_NAMED = 3


class Fault(NamedTuple):
    """Why a file cannot be read, as a clause, and what to do."""

    meaning: str
    remedy: str


ENCRYPTED = Fault(
    "it is encrypted",
    "Write it without encryption, or give the cluster its keys (parquet.crypto.factory.class).",
)


def fault_of(footer: Footer) -> Optional[Fault]:
    """Return what in a file a Spark may not read; ``None`` where all is usual."""
    return next(_faults(footer), None)


def _faults(footer: Footer) -> Iterator[Fault]:
    if footer.has_schema and not footer.columns:
        yield Fault("it has no columns", "Write it again with its columns, or leave it out.")
    encrypted = [_name(one) for one in footer.leaves if one.is_encrypted]
    if encrypted:
        yield Fault(f"{_columns(encrypted)} encrypted", ENCRYPTED.remedy)
    odd = [f"{_name(one)} ({what})" for one in footer.leaves for what in [_odd_type(one)] if what]
    if odd:
        yield Fault(
            f"{_columns(odd)} of a Parquet type that this Spark does not read",
            "Write that column in another type, such as text; the file itself is intact.",
        )
    codecs = sorted({_codec(one) for leaf in footer.leaves for one in leaf.codecs} - {""})
    if codecs:
        yield Fault(
            f"it is compressed with {' and '.join(codecs)}, which this Spark cannot unpack",
            "Write it with snappy or zstd, or install that codec on the cluster; the file itself is intact.",
        )
    encoded = [f"{_name(one)} ({what})" for one in footer.leaves for what in [_encoding(one)] if what]
    if encoded:
        yield Fault(
            f"{_columns(encoded)} of a Parquet encoding that this Spark does not read",
            "Write it with the encodings PLAIN and RLE_DICTIONARY; the file itself is intact.",
        )
    twice = [name for name, count in Counter(footer.columns).items() if count > 1]
    if twice:
        yield Fault(f"it has several columns of the name {twice[0]}", "Rename one of them.")


def _odd_type(leaf: Leaf) -> str:
    is_decimal = leaf.logical == _DECIMAL_LOGICAL or (leaf.logical is None and leaf.converted == _DECIMAL)
    if is_decimal and leaf.precision > _MOST_DIGITS:
        return f"DECIMAL of {leaf.precision} digits"
    if is_decimal and leaf.physical in _NO_DECIMALS:
        return f"DECIMAL in {_NO_DECIMALS[leaf.physical]}"
    if leaf.logical is None:
        return _CONVERTED.get(leaf.converted or 0, "")
    newest = max(_LOGICAL)
    return _LOGICAL.get(leaf.logical, f"logical type {leaf.logical}" if leaf.logical > newest else "")


def _codec(number: int) -> str:
    return _CODECS.get(number, "" if number in _KNOWN_CODECS else f"codec {number}")


def _encoding(leaf: Leaf) -> str:
    found = (_ENCODINGS.get(one, f"encoding {one}") for one in leaf.encodings if one not in _KNOWN_ENCODINGS)
    return next(found, "")


def _name(leaf: Leaf) -> str:
    return ".".join(leaf.path)


def _columns(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    shown = ", ".join(names[:_NAMED]) + more
    return f"its column {shown} is" if len(names) == 1 else f"its columns {shown} are"
