"""In which way a column writes numbers and moments: decided from its name and a sample. Pure.

``1,234`` and ``20240131`` mean different things in different columns. The forms that are looked for in a
column never overlap, so that each text has one meaning there.
"""

from __future__ import annotations

import re
from typing import Sequence, Tuple

from nuvyn_executor.profiling.column_names import names_moment
from nuvyn_executor.profiling.value_patterns import NUMBERS, shape_of
from nuvyn_executor.quality.checks.check import NAMED, Form
from nuvyn_executor.quality.checks.registry import ANYWHERE, OF_MOMENTS, WITH_COMMAS, form_of

MAJORITY = 0.9  # of the sampled values, that makes digits moments
_TWO_NUMBERS = re.compile(r"[0-9]+")
_MONTHS = 12
_NAMED_FORMS = tuple(form for form in OF_MOMENTS if form.convention == NAMED)


def forms_for(name: str, texts: Sequence[str]) -> Tuple[Form, ...]:
    """Return the forms that are looked for in a column.

    Args:
        name: the column's name. Digits are moments only where it says so: ``created_at``, ``order_date``.
        texts: sampled values, trimmed.
    """
    if names_moment(name) and texts:
        digits = sum(any(form.matches(text) for form in _NAMED_FORMS) for text in texts)
        if digits >= MAJORITY * len(texts):
            return OF_MOMENTS
    return WITH_COMMAS if _has_decimal_commas(texts) else ANYWHERE


def is_day_first(texts: Sequence[str], shapes: Sequence[str]) -> bool:
    """Whether ``03/04`` is the third of April.

    It is, unless there is a ``04/13`` and no ``13/04``, or all that tells is a clock of twelve hours.
    """
    dates = [text for text, shape in zip(texts, shapes) if _is_ordered(shape)]
    parts = [tuple(map(int, _TWO_NUMBERS.findall(date)[:2])) for date in dates]
    if any(day > _MONTHS for day, _ in parts):
        return True
    return not (any(month > _MONTHS for _, month in parts) or any(date[-1] in "mM" for date in dates))


def _is_ordered(shape: str) -> bool:
    form = form_of(shape)
    return form is not None and form.is_day_first


def _has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether more numbers can only be read with a comma before decimals than only with a point."""
    if not any("," in text or text.count(".") > 1 for text in texts):
        return False
    points = commas = 0
    for text in texts:
        by_point, by_comma = shape_of(text, ANYWHERE), shape_of(text, WITH_COMMAS)
        is_point, is_comma = by_point in NUMBERS, by_comma in NUMBERS
        points += is_point and not is_comma
        commas += (is_comma and not is_point) or (is_comma and by_point == by_comma and "," in text)
    return commas > points
