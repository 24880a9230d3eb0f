"""The classes that Spark sorts cells into: a small number for all that is counted of a cell. Pure.

A class is the index of a shape (:data:`~nuvyn_executor.quality.checks.registry.SHAPES`), or of a reason why
there is no value, plus flags. A column's counters are sums over its classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from nuvyn_executor.quality.checks.registry import SHAPES
from nuvyn_executor.quality.tallies import Suspect

NULL, NAN, BLANK, PLACEHOLDER = range(len(SHAPES), len(SHAPES) + 4)
_FLAGS_FROM = 1 << PLACEHOLDER.bit_length()  # a power of two above them all
PADDED, INVALID, FUTURE, STAND_IN, INFINITE, FAR_OUT, BROKEN_TEXT = (_FLAGS_FROM << bit for bit in range(7))
SUSPECTS = {
    STAND_IN: Suspect.STAND_IN,
    INFINITE: Suspect.INFINITE,
    FAR_OUT: Suspect.FAR_OUT,
    BROKEN_TEXT: Suspect.BROKEN_TEXT,
}
"""The flags of suspects, of which a cell has one at most, and their reasons."""
_RULES_FROM = BROKEN_TEXT << 1


def rule_flag(number: int) -> int:
    """Return the flag of cells that break a rule of their column, by its number from 0."""
    return _RULES_FROM << number


@dataclass(frozen=True)
class Cell:
    """What a class means for its cells.

    Attributes:
        shape: how the trimmed text is written; ``typed`` where the format declares the type; ``None`` when
            there is no value.
        missing: :data:`NULL`, :data:`NAN`, :data:`BLANK` or :data:`PLACEHOLDER`; 0 when there is a value.
        padded: there is white space around the text.
        suspect: why the value can hardly be true; ``None`` where it may be.
        invalid: the text is not what the column expects, whatever its shape: no moment, or one that fails the
            predicate of its form.
        future: a moment that lies in the future.
        broken: a bit for each rule of a data contract that the value breaks, the first one lowest.
    """

    shape: Optional[str]
    missing: int = 0
    padded: bool = False
    suspect: Optional[str] = None
    invalid: bool = False
    future: bool = False
    broken: int = 0

    @classmethod
    def of(cls, number: int) -> Cell:
        """Return what a class means."""
        base = number % _FLAGS_FROM
        is_there = base < len(SHAPES)
        return cls(
            shape=SHAPES[base] if is_there else None,
            missing=0 if is_there else base,
            padded=bool(number & PADDED),
            suspect=next((reason for flag, reason in SUSPECTS.items() if number & flag), None),
            invalid=bool(number & INVALID),
            future=bool(number & FUTURE),
            broken=number // _RULES_FROM,
        )


def index_of(shape: str) -> int:
    """Return the class of cells of a shape, without flags."""
    return SHAPES.index(shape)
