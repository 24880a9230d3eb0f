r"""What a text looks like, and what a column of texts is expected to hold. Pure.

The patterns are data in the common subset of Python's and Java's regular expressions, so that a sample (in
Python) and a scan (in Spark) see the same thing. Each must match the *whole* text: :func:`shape_of` uses
``fullmatch``, Spark's side adds ``\A`` and ``\z``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Mapping, Optional, Tuple

from nuvyn_executor.quality.tallies import Shape

# First match wins. 19 digits and more do not fit a bigint: they are a number's looks without its use.
PATTERNS: Tuple[Tuple[Shape, str], ...] = (
    (Shape.INTEGER, r"-?(?:0|[1-9][0-9]{0,17})"),
    (Shape.CODE, r"0[0-9]+|\+[0-9]+|[0-9]{19,}"),
    (
        Shape.DECIMAL,
        r"[+-]?(?:[0-9]+[.][0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]{1,3})?|[+-]?[0-9]+[eE][+-]?[0-9]{1,3}",
    ),
    (Shape.DATE_ISO, r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    (
        Shape.TIMESTAMP,
        r"[0-9]{4}(?:-[0-9]{2}){2}[T ][0-9]{2}(?::[0-9]{2}){2}(?:[.][0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?",
    ),
    (Shape.DATE_SLASH, r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"),
    (Shape.DATE_DOT, r"[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{4}"),
    (Shape.DECIMAL_COMMA, r"[+-]?[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})"),
    (Shape.UUID, r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"),
    (Shape.BOOLEAN, r"(?i:true|false|yes|no)"),
    (Shape.URL, r"(?i:https?|s?ftp)://[^\s]+"),
    (Shape.EMAIL, r"[^@\s,;]+@[^@\s,;.]+(?:[.][^@\s,;.]+)+"),
)


@dataclass(frozen=True)
class Look:
    """What all texts of a shape have in common, and what is seen without matching a pattern.

    Attributes:
        shortest: length in bytes; no text of the shape is shorter.
        longest: none is longer, where there is a limit.
        holds: stands somewhere in each.
        lacks: stands in none.
    """

    shortest: int
    longest: Optional[int] = None
    holds: str = ""
    lacks: str = ""


LOOKS: Mapping[Shape, Look] = {
    Shape.INTEGER: Look(1, 19, lacks="."),
    Shape.CODE: Look(2, lacks="."),
    Shape.DECIMAL: Look(2),
    Shape.DATE_ISO: Look(10, 10, "-"),
    Shape.TIMESTAMP: Look(19, 35, ":"),
    Shape.DATE_SLASH: Look(8, 10, "/"),
    Shape.DATE_DOT: Look(8, 10, "."),
    Shape.DECIMAL_COMMA: Look(3, None, ","),
    Shape.UUID: Look(36, 36, "-"),
    Shape.BOOLEAN: Look(2, 5),
    Shape.URL: Look(7, None, "://"),
    Shape.EMAIL: Look(5, None, "@"),
}
WHITE = " \t\r\n\x0b\x0c"  # what is cut before a text is understood
# Replacement characters, control characters, and UTF-8 that was read as Latin-1.
BROKEN_TEXT = "[\ufffd\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]|[\u00c2\u00c3][\u0080-\u00bf]"
MAYBE_BROKEN = (
    "[\ufffd\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u0080-\u00bf]"  # in each broken text; quicker to ask for
)
PLAIN_TEXT = r"\A[ -~]*\z"  # of most texts; in none of them is anything broken

PLACEHOLDERS = ("#n/a", "-", "--", "?", "n/a", "na", "nan", "none", "null")
NUMBER_SENTINELS: Tuple[float, ...] = (-999, -9999, -99999, 999999, 9999999, 99999999, 999999999)
DATE_SENTINELS: Tuple[str, ...] = ("0001-01-01", "1900-01-01", "9999-12-31")

_COMPILED = tuple((shape, re.compile(pattern)) for shape, pattern in PATTERNS)
NUMBERS = (Shape.INTEGER, Shape.DECIMAL, Shape.DECIMAL_COMMA)
DATES = (Shape.DATE_ISO, Shape.DATE_SLASH, Shape.DATE_DOT)
MOMENTS = (*DATES, Shape.TIMESTAMP)


class Expected(str, Enum):
    """What the values of a column should be; frozen before the scan."""

    TYPED = "typed"  # the format declares a type, and every value has it
    NUMBER = "number"
    MOMENT = "moment"  # a date or a time
    BOOLEAN = "boolean"
    CODE = "code"  # digits that are no number: keep as text
    EMAIL = "email"
    UUID = "uuid"
    URL = "url"
    TEXT = "text"  # anything goes
    OPAQUE = "opaque"  # arrays, maps, binaries


# The shapes that pass, for each expectation that can fail. Codes parse as numbers; that they are written
# otherwise than their neighbours is the business of consistency.
ALLOWED: Mapping[Expected, Tuple[Shape, ...]] = {
    Expected.NUMBER: (*NUMBERS, Shape.CODE),
    Expected.MOMENT: MOMENTS,
    Expected.BOOLEAN: (Shape.BOOLEAN,),
    Expected.CODE: (Shape.CODE, Shape.INTEGER),
    Expected.EMAIL: (Shape.EMAIL,),
    Expected.UUID: (Shape.UUID,),
    Expected.URL: (Shape.URL,),
}


@dataclass(frozen=True)
class Merged:
    """Shapes that count as another one in a column of which this is expected."""

    into: Shape
    shapes: Tuple[Shape, ...]


# In a column of codes 10115 is written like its neighbour 01067; in one of words NO is a country, 42 a name.
MERGED: Mapping[Expected, Merged] = {
    Expected.CODE: Merged(Shape.CODE, (Shape.INTEGER,)),
    Expected.TEXT: Merged(
        Shape.TEXT, (Shape.BOOLEAN, Shape.INTEGER, Shape.CODE, Shape.DECIMAL, Shape.DECIMAL_COMMA)
    ),
}


def merged(shape: Shape, expected: Expected) -> Shape:
    """Say as what a shape counts in a column of which something is expected."""
    rule = MERGED.get(expected)
    return rule.into if rule is not None and shape in rule.shapes else shape


def is_missing(text: Optional[str]) -> bool:
    """Whether a text says nothing: NULL, blank, or a placeholder such as ``n/a``."""
    return text is None or text.strip(WHITE).lower() in ("", *PLACEHOLDERS)


def shape_of(text: str) -> Shape:
    """Return the lexical class of a present text."""
    if text != text.strip(WHITE):
        return Shape.PADDED
    for shape, pattern in _COMPILED:
        if pattern.fullmatch(text):
            return shape
    return Shape.TEXT


def data_type_of(expected: Expected, shapes: Mapping[Shape, int]) -> str:
    """Return the Spark SQL type of a text column, from what was expected and what a whole scan counted.

    The expectation says the family, the counts say the width: one decimal among whole numbers makes a
    ``double``, one time among dates a ``timestamp``, and 1 % of codes (``007``) among numbers a ``string``.
    """
    if expected is Expected.NUMBER:
        present = sum(shapes.values())
        if shapes.get(Shape.CODE, 0) > 0.01 * present:
            return "string"
        return "double" if shapes.get(Shape.DECIMAL) or shapes.get(Shape.DECIMAL_COMMA) else "bigint"
    if expected is Expected.MOMENT:
        return "timestamp" if shapes.get(Shape.TIMESTAMP) else "date"
    return "boolean" if expected is Expected.BOOLEAN else "string"
