r"""What a text looks like, and what a column of texts is expected to hold. Pure.

How each kind of value is written stands in :mod:`nuvyn_executor.quality.checks`. The patterns are in the
common subset of the regular expressions of Python, Java and Rust, so that a sample (in Python) and a scan (in
Spark or Polars) see the same. Each must match the *whole* text: Python uses ``fullmatch``, the engines add
``\A`` and ``\z``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, List, Mapping, Sequence, Tuple

from nuvyn_executor.profiling.null_markers import WHITE
from nuvyn_executor.quality.checks import moment, number, registry
from nuvyn_executor.quality.checks.registry import FORMS, form_of
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.quality.checks.check import Form

# Replacement characters, control characters, and UTF-8 that was read as Latin-1.
BROKEN_TEXT = "[\ufffd\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]|[\u00c2\u00c3][\u0080-\u00bf]"
# A character of each broken text; faster to search for.
MAYBE_BROKEN = "[\ufffd\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u0080-\u00bf]"
PLAIN_TEXT = r"\A[ -~]*\z"  # matches most texts, and none that is broken

NUMBER_SENTINELS: Tuple[float, ...] = (-999, -9999, -99999, 999999, 9999999, 99999999, 999999999)
DATE_SENTINELS: Tuple[str, ...] = ("0001-01-01", "1900-01-01", "9999-12-31")

NUMBERS = tuple(form.shape for form in number.CHECK.forms)
MOMENTS = tuple(form.shape for form in moment.CHECK.forms)
DATES = (
    *(Shape.DATE_ISO, Shape.DATE_SLASH, Shape.DATE_DOT, Shape.DATE_DASH),
    *(Shape.DATE_SHORT, Shape.DATE_YEAR_FIRST, Shape.DATE_NAMED, Shape.DATE_COMPACT),
)
"""Moments without a time of day."""


class Expected:
    """What the values of a column should be, as far as code depends on it; fixed before the scan.

    The name of any other check (``email``, ``iban``) is expected of columns that hold its values.
    """

    TYPED: Final = "typed"  # the format declares a type, and every value has it
    NUMBER: Final = "number"
    MOMENT: Final = "moment"  # a date or a time
    BOOLEAN: Final = "boolean"
    CODE: Final = "code"  # digits that are no number: they stay text
    TEXT: Final = "text"  # anything is valid
    OPAQUE: Final = "opaque"  # arrays, maps, binaries


@dataclass(frozen=True)
class Merged:
    """Shapes that count as another one, in columns of one expectation."""

    into: str
    shapes: Tuple[str, ...]


# In a column of codes 10115 is written like its neighbour 01067; in one of words NO is a country, 42 a name.
MERGED: Mapping[str, Merged] = {
    Expected.CODE: Merged(Shape.CODE, (Shape.INTEGER,)),
    Expected.TEXT: Merged(Shape.TEXT, (Shape.BOOLEAN, Shape.CODE, *NUMBERS)),
}


def merged(shape: str, expected: str) -> str:
    """Return the shape as which a shape counts in a column with an expectation."""
    rule = MERGED.get(expected)
    return rule.into if rule is not None and shape in rule.shapes else shape


class FormSet:
    """The forms that are looked for in one column, as one pattern: thirty patterns took three times as long.

    Args:
        forms: in the order in which the first match decides.
    """

    def __init__(self, forms: Sequence[Form]) -> None:
        self.forms = tuple(forms)
        named = (f"(?P<{form.shape}>{form.pattern})" for form in forms)
        self._pattern = re.compile("|".join(named), re.ASCII)

    def shape_of(self, text: str) -> str:
        """Return the shape of a present text."""
        if text != text.strip(WHITE):
            return Shape.PADDED
        match = self._pattern.fullmatch(text)
        return Shape.TEXT if match is None else str(match.lastgroup)

    def shapes_of(self, texts: Sequence[str]) -> List[str]:
        """Return the shape of each of some present texts."""
        known = {text: self.shape_of(text) for text in set(texts)}
        return [known[text] for text in texts]


COMMON, WITH_COMMAS, OF_MOMENTS = map(FormSet, (registry.ANYWHERE, registry.WITH_COMMAS, registry.OF_MOMENTS))
"""See :mod:`nuvyn_executor.quality.checks.registry`."""


def shape_of(text: str) -> str:
    """Return the shape of a present text, among those that are looked for in every column."""
    return COMMON.shape_of(text)


def plain_of(text: str, shape: str, *, day_first: bool = True) -> str:
    """Return a trimmed text of a shape in the plain way to write it: ``1234.5``, ``2024-01-31``.

    This is the reference for both engines.
    """
    form = form_of(shape)
    if form is None:
        return text
    plain = form.plain(text)
    if form.is_day_first and not day_first:
        return f"{plain[:5]}{plain[8:10]}-{plain[5:7]}{plain[10:]}"
    return plain


def counted_shape_of(text: str, expected: str, shapes: Tuple[str, ...]) -> str:
    """Return the shape that a trimmed, present text counts as in a column.

    This is the reference for both engines.

    Args:
        text: the value.
        expected: what the column is expected to hold.
        shapes: the shapes that are counted apart in it.
    """
    found = (merged(form.shape, expected) for form in FORMS if form.matches(text))
    return next((shape for shape in found if shape in shapes), Shape.TEXT)


def data_type_of(expected: str, shapes: Mapping[str, int]) -> str:
    """Return the Spark SQL type of a text column, from its expectation and the counts of a whole scan.

    The expectation decides the kind of type, the counts decide its width: one decimal among whole numbers
    makes a ``double``, one time among dates a ``timestamp``, and 1 % of codes (``007``) among numbers a
    ``string``.
    """
    if expected == Expected.NUMBER:
        present = sum(shapes.values())
        if shapes.get(Shape.CODE, 0) > 0.01 * present:
            return "string"
        return "double" if any(shapes.get(one) for one in NUMBERS if one != Shape.INTEGER) else "bigint"
    if expected == Expected.MOMENT:
        return "timestamp" if any(shapes.get(one) for one in MOMENTS if one not in DATES) else "date"
    return "boolean" if expected == Expected.BOOLEAN else "string"
