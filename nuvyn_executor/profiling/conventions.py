"""In which way a column writes numbers and moments: decided from its name and a sample. Pure.

``1,234`` and ``20240131`` mean different things in different columns. The forms that are looked for in a
column never overlap, so that each text has one meaning there.
"""

from __future__ import annotations

import re
from typing import Sequence

from nuvyn_executor.profiling.column_names import names_moment
from nuvyn_executor.profiling.value_patterns import COMMON, MOMENTS, NUMBERS, OF_MOMENTS, WITH_COMMAS, FormSet
from nuvyn_executor.quality.checks import ip_address
from nuvyn_executor.quality.checks.check import NAMED
from nuvyn_executor.quality.checks.registry import form_of
from nuvyn_executor.quality.tallies import Shape

MAJORITY = 0.9  # of the sampled values, that makes digits moments
_TWO_NUMBERS = re.compile(r"[0-9]+")
_MONTHS = 12
_HALF_DAYS = re.compile("[AaPp][.]?[Mm]")
_GROUPED = (Shape.GROUPED, f"{Shape.GROUPED}_comma")
_IN_GROUPS = re.compile("[0-9]{3}(?: [0-9]{3}){2,3}")  # 555 123 456
_OF_DIGITS = {form.shape for form in OF_MOMENTS.forms if form.convention == NAMED}
_MAY_HAVE_COMMA = re.compile("(?:kr)?[^a-z]*[0-9](?:,[0-9]|[.][0-9]{3}(?:[.][0-9]|[^0-9]))")
"""What a number with a comma before decimals contains, or one that can be nothing else."""


def forms_for(name: str, texts: Sequence[str]) -> FormSet:
    """Return the forms that are looked for in a column.

    Args:
        name: the column's name. Digits are moments only where it says so: ``created_at``, ``order_date``.
        texts: sampled values, trimmed.
    """
    if names_moment(name) and texts:
        shapes = OF_MOMENTS.shapes_of(texts)
        is_named = not _OF_DIGITS.isdisjoint(shapes)
        if is_named and sum(shape in MOMENTS for shape in shapes) >= MAJORITY * len(texts):
            return OF_MOMENTS
    return WITH_COMMAS if _has_decimal_commas(texts) else COMMON


def are_identifiers(texts: Sequence[str], shapes: Sequence[str]) -> bool:
    """Whether what looks like numbers with thousands apart are addresses, or digits in groups of three.

    Args:
        texts: sampled values, trimmed.
        shapes: their shapes.
    """
    grouped = [text for text, shape in zip(texts, shapes) if shape in _GROUPED]
    if not grouped:
        return False
    same = len(grouped) > 1 and len({len(text) for text in grouped}) == 1
    in_groups = same and all(_IN_GROUPS.fullmatch(text) for text in grouped)
    return in_groups or all(ip_address.CHECK.accepts(text) for text in grouped)


def is_day_first(texts: Sequence[str], shapes: Sequence[str]) -> bool:
    """Whether ``03/04`` is the third of April.

    It is, unless there is a ``04/13`` and no ``13/04``, or all that tells is a clock of twelve hours.
    """
    dates = [text for text, shape in zip(texts, shapes) if _is_ordered(shape)]
    parts = [tuple(map(int, _TWO_NUMBERS.findall(date)[:2])) for date in dates]
    if any(day > _MONTHS for day, _ in parts):
        return True
    return not (any(month > _MONTHS for _, month in parts) or any(map(_HALF_DAYS.search, dates)))


def _is_ordered(shape: str) -> bool:
    form = form_of(shape)
    return form is not None and form.is_day_first


def _has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether more numbers can only be read with a comma before decimals than only with a point."""
    if not any(_MAY_HAVE_COMMA.match(text) for text in texts):
        return False
    points = commas = 0
    for text, by_point, by_comma in zip(texts, COMMON.shapes_of(texts), WITH_COMMAS.shapes_of(texts)):
        is_point, is_comma = by_point in NUMBERS, by_comma in NUMBERS
        points += is_point and not is_comma
        commas += (is_comma and not is_point) or (is_comma and by_point == by_comma and "," in text)
    return commas > points
