"""The patterns of :mod:`~nuvyn_executor.quality.checks` in Rust's ``regex``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, List, Tuple

from nuvyn_executor.profiling.null_markers import PLACEHOLDERS, WHITE
from nuvyn_executor.profiling.value_patterns import BROKEN_TEXT, merged
from nuvyn_executor.quality.checks.registry import FORMS

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan
    from nuvyn_executor.quality.checks.check import Form

_SPECIAL = frozenset("\\.+*?()|[]{}^$#&-~")
_WHITE_CLASS = "[" + "".join(rf"\x{{{ord(character):x}}}" for character in WHITE) + "]"


@dataclass(frozen=True)
class ShapePatterns:
    """The patterns of one shape.

    Attributes:
        shape: the shape.
        whole: matches the trimmed texts of the shape, if the pattern of none before it matches.
        quick: matches only such texts, and only those without blanks around them and without broken
            characters. No text matches the quick patterns of two shapes.
    """

    shape: str
    whole: str
    quick: str


@dataclass(frozen=True)
class Patterns:
    """The patterns of one column's texts.

    Attributes:
        shapes: in the order in which the first match decides.
        special: matches every text that is not plain: one of these shapes, a missing one, one with blanks
            around it, and a broken one.
    """

    shapes: Tuple[ShapePatterns, ...]
    special: str


def patterns_of(plan: ColumnPlan) -> Patterns:
    """Choose and translate the patterns of a column."""
    groups: Dict[str, List[Form]] = {}
    for form in FORMS:
        shape = merged(form.shape, plan.expected)
        if shape in plan.shapes:
            groups.setdefault(shape, []).append(form)
    shapes = tuple(
        ShapePatterns(
            shape,
            whole("|".join(form.pattern for form in forms)),
            whole("|".join(form.ascii_pattern or form.pattern for form in forms)),
        )
        for shape, forms in groups.items()
    )
    nothing = "|".join(_literal(word) for word in PLACEHOLDERS)
    special = (
        *(one.whole for one in shapes),
        rf"\A{_WHITE_CLASS}",
        rf"{_WHITE_CLASS}\z",
        rf"\A(?i-u:{nothing})?\z",
        BROKEN_TEXT,
    )
    return Patterns(shapes, "|".join(special))


def whole(pattern: str) -> str:
    r"""Return a pattern of whole texts in Rust's syntax. In Java, ``\s`` and ``(?i)`` know ASCII only."""
    return rf"\A(?:{in_rust(pattern)})\z"


def in_rust(pattern: str) -> str:
    """Return a pattern in Rust's syntax."""
    return pattern.replace(r"\s", r" \t\n\x0b\x0c\r").replace("(?i:", "(?i-u:")


def _literal(word: str) -> str:
    # Not every character: an escaped < is where a word begins.
    return "".join("\\" + character if character in _SPECIAL else character for character in word)
