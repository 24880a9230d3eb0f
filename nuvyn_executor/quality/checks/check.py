"""A kind of value as data: its name, how its values are written, and which columns hold it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Optional, Pattern, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.predicates import Predicate, Step

POINT, COMMA, NAMED = "point", "comma", "named"
"""Conventions: forms of columns with a decimal point, of those with a decimal comma, and of certain names."""

# Three capital letters, but for the placeholders NAN and NIL.
THREE_LETTERS = "[A-MO-Z][A-Z]{2}|N[B-HJ-Z][A-Z]|NA[A-MO-Z]|NI[A-KM-Z]"


@dataclass(frozen=True)
class Form:
    r"""One way to write the values of a kind.

    ``shortest``, ``longest``, ``holds`` and ``lacks`` are cheaper to test than a pattern. They are necessary,
    not sufficient.

    Attributes:
        shape: the name of the form: a key of the counters ``shapes``.
        written: how a recommendation describes the form: "as whole numbers".
        pattern: matches a whole trimmed text, in the common subset of Python's, Java's and Rust's regular
            expressions. ``\s`` and ``(?i:`` mean ASCII only. It matches no placeholder.
        shortest: length of the shortest value in bytes.
        longest: length of the longest value in bytes; ``None`` where there is no limit.
        holds: a text that every value contains.
        lacks: a text that no value contains.
        ascii_pattern: for a pattern that matches more than printable ASCII: a narrower one that does not, and
            that matches no value of another form.
        steps: what rewrites a value to the plain way to write it: a number with a decimal point, or a moment
            of ISO 8601, as if the day came before the month.
        is_day_first: after the steps, day and month are the other way round where the month comes first.
        micros: microseconds of one unit, where the value counts units since 1970 UTC.
        convention: where the form is looked for. ``""`` is everywhere; :data:`POINT` is, too, but for columns
            of decimal commas; :data:`COMMA` is only there, and :data:`NAMED` only in columns whose name says
            that they hold moments.
        predicate: what a value has to satisfy besides the pattern. A value that does not is invalid, and is
            counted as of this form all the same.
    """

    shape: str
    written: str
    pattern: str
    shortest: int
    longest: Optional[int] = None
    holds: str = ""
    lacks: str = ""
    ascii_pattern: str = ""
    steps: Tuple[Step, ...] = ()
    is_day_first: bool = False
    micros: int = 0
    convention: str = ""
    predicate: Optional[Predicate] = None

    def matches(self, text: str) -> bool:
        """Whether a trimmed text is written in this form."""
        fits = self.shortest <= len(text) and (self.longest is None or len(text) <= self.longest)
        return fits and self._compiled.fullmatch(text) is not None

    @cached_property
    def _compiled(self) -> Pattern[str]:
        return re.compile(self.pattern, re.ASCII)

    def plain(self, text: str) -> str:
        """Return a text of this form in the plain way to write it."""
        for step in self.steps:
            text = step.apply(text)
        return text

    def accepts(self, text: str) -> bool:
        """Whether a trimmed text is written in this form and satisfies the predicate."""
        return self.matches(text) and (self.predicate is None or self.predicate.holds(text))


@dataclass(frozen=True)
class Check:
    """What the values of one kind must satisfy.

    Attributes:
        name: the name of the kind and of its module; ``expected`` of the columns that hold it.
        plural: what a recommendation calls the values: "3 of 80 values are not valid IBANs".
        forms: how the values are written.
        other_shapes: shapes of other kinds that pass, too.
        names: ends of column names that suggest the kind, in words joined by ``_``.
        anywhere: the forms are counted in every column of text whose sample holds one; else only in columns
            that are expected to hold the kind.
        alone: a pattern. A column whose name does not suggest the kind is expected to hold it if nearly all
            sampled values are accepted and match this, too. Without it, the name is needed. Not used where
            ``anywhere`` is set: those kinds are common enough to be recognised by their forms.
        has_data_type: the kind shows in the column's data type, so that it is no semantic type.
    """

    name: str
    plural: str
    forms: Tuple[Form, ...]
    other_shapes: Tuple[str, ...] = ()
    names: Tuple[str, ...] = ()
    anywhere: bool = False
    alone: str = ""
    has_data_type: bool = False

    @property
    def shapes(self) -> Tuple[str, ...]:
        """The shapes that pass."""
        return (*(form.shape for form in self.forms), *self.other_shapes)

    def is_suggested_by(self, column_name: str) -> bool:
        """Whether a column's name suggests the kind: ``billing_phone``, ``billingPhone``."""
        words = f"_{words_of(column_name)}"
        return any(words.endswith(f"_{name}") for name in self.names)

    def matches(self, text: str) -> bool:
        """Whether a trimmed text is written in one of the forms."""
        return any(form.matches(text) for form in self.forms)

    def accepts(self, text: str) -> bool:
        """Whether a trimmed text is a value of this kind."""
        return any(form.accepts(text) for form in self.forms)

    def accepts_alone(self, text: str) -> bool:
        """Whether a trimmed text is a value of this kind, and nothing else could look like it."""
        return re.fullmatch(self.alone, text, re.ASCII) is not None and self.accepts(text)


def words_of(column_name: str) -> str:
    """Return the words of a column's name in lower case, joined by ``_``."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column_name).lower())
