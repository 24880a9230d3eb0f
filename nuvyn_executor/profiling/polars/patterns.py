"""The patterns of :mod:`~nuvyn_executor.profiling.value_patterns` in Rust's ``regex``. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, Iterable, List, Tuple

from nuvyn_executor.profiling.value_patterns import BROKEN_TEXT, PATTERNS, PLACEHOLDERS, merged
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan

# Printable ASCII only, so that nothing in a match can be broken, and apart from each other: no colon in an
# e-mail address keeps it from being a URL.
_QUICK = {
    Shape.URL: r"(?i:https?|s?ftp)://[!-~]+",
    Shape.EMAIL: r"[!-+\--9<-?A-~]+@[!-+\-/-9<-?A-~]+(?:[.][!-+\-/-9<-?A-~]+)+",
}
_WHITE_CLASS = "[ \\t\\r\\n\\x0b\\x0c]"


@dataclass(frozen=True)
class Told:
    """A class of texts that is told apart.

    Attributes:
        whole: matches the trimmed texts of this class, if none before it did.
        quick: matches only such texts, and only those without blanks around and without broken characters;
            disjoint from all others' quick patterns.
    """

    shape: Shape
    whole: str
    quick: str


@dataclass(frozen=True)
class Patterns:
    """What a column's texts are matched with.

    Attributes:
        told: in the order in which the first match wins.
        special: matches every text that is not plain: in a class that is told apart, or saying nothing, or
            with blanks around it, or broken.
    """

    told: Tuple[Told, ...]
    special: str


def patterns_of(plan: ColumnPlan) -> Patterns:
    """Choose and translate the patterns of a column."""
    groups: Dict[Shape, List[Tuple[str, str]]] = {}
    for shape, pattern in PATTERNS:
        as_what = merged(shape, plan.expected)
        if as_what in plan.shapes:
            groups.setdefault(as_what, []).append((_rust(pattern), _rust(_QUICK.get(shape, pattern))))
    told = tuple(
        Told(shape, _anchored(whole for whole, _ in pairs), _anchored(quick for _, quick in pairs))
        for shape, pairs in groups.items()
    )
    nothing = "|".join(_literal(word) for word in PLACEHOLDERS)
    special = (
        *(one.whole for one in told),
        rf"\A{_WHITE_CLASS}",
        rf"{_WHITE_CLASS}\z",
        rf"\A(?i-u:{nothing})?\z",
        BROKEN_TEXT,
    )
    return Patterns(told, "|".join(special))


def _anchored(patterns: Iterable[str]) -> str:
    return rf"\A(?:{'|'.join(patterns)})\z"


def _rust(pattern: str) -> str:
    r"""Java's ``\s`` and ``(?i)`` know ASCII only."""
    return pattern.replace(r"\s", r" \t\n\x0b\x0c\r").replace("(?i:", "(?i-u:")


def _literal(word: str) -> str:
    return "".join(character if character.isalnum() else "\\" + character for character in word)
