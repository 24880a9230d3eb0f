"""The classes that Spark sorts cells into: one small number says all that is counted of a cell. Pure.

A class is the index of a :class:`~nuvyn_executor.quality.tallies.Shape`, or of a reason why there is no
value, plus flags. A column's counters are sums over its classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from nuvyn_executor.quality.tallies import Shape

SHAPES = tuple(Shape)
NULL, NAN, BLANK, PLACEHOLDER = range(len(SHAPES), len(SHAPES) + 4)
_FLAGS_FROM = 32  # a power of two above them all
PADDED, SUSPECT, WITHOUT_VALUE, FUTURE = (_FLAGS_FROM << bit for bit in range(4))


@dataclass(frozen=True)
class Cell:
    """What a class says of its cells.

    Attributes:
        shape: how the trimmed text is written; ``typed`` where the format declares the type; ``None`` when
            there is no value.
        missing: :data:`NULL`, :data:`NAN`, :data:`BLANK` or :data:`PLACEHOLDER`; 0 when there is a value.
        padded: there is white space around the text.
        suspect: cannot well be true.
        without_value: a number or moment was expected, and the text is none.
        future: a moment that lies in the future.
    """

    shape: Optional[Shape]
    missing: int = 0
    padded: bool = False
    suspect: bool = False
    without_value: bool = False
    future: bool = False

    @classmethod
    def of(cls, number: int) -> Cell:
        """Return what a class means."""
        base = number % _FLAGS_FROM
        is_there = base < len(SHAPES)
        return cls(
            shape=SHAPES[base] if is_there else None,
            missing=0 if is_there else base,
            padded=bool(number & PADDED),
            suspect=bool(number & SUSPECT),
            without_value=bool(number & WITHOUT_VALUE),
            future=bool(number & FUTURE),
        )


def index_of(shape: Shape) -> int:
    """Return the class of cells of a shape, without flags."""
    return SHAPES.index(shape)
