"""Which values can hardly be true, one by one: what both engines count, and examples from a sample. Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Dict, Iterable, Optional, Tuple

from nuvyn_executor.profiling.value_patterns import BROKEN_TEXT, DATE_SENTINELS, NUMBER_SENTINELS
from nuvyn_executor.quality.tallies import Suspect

if TYPE_CHECKING:
    from datetime import date

LONGEST_EXAMPLE = 40
_BROKEN = re.compile(BROKEN_TEXT)


def of_number(number: float, fences: Optional[Tuple[float, float]]) -> Optional[str]:
    """Return why a number can hardly be true (:class:`~nuvyn_executor.quality.tallies.Suspect`)."""
    if number in NUMBER_SENTINELS:
        return Suspect.STAND_IN
    if math.isinf(number):
        return Suspect.INFINITE
    return Suspect.FAR_OUT if fences is not None and not fences[0] <= number <= fences[1] else None


def of_day(day: date, *, bounds_period: bool) -> Optional[str]:
    """Return why a day can hardly be true; in a column of ends of periods, 9999-12-31 is an open end."""
    return Suspect.STAND_IN if not bounds_period and day.isoformat() in DATE_SENTINELS else None


def of_text(text: str) -> Optional[str]:
    """Return why a free text can hardly be true."""
    return Suspect.BROKEN_TEXT if _BROKEN.search(text) else None


def examples(found: Iterable[Tuple[Optional[str], object]]) -> Dict[str, str]:
    """Return the first value of each reason, masked.

    Args:
        found: reasons, or ``None``, and values.
    """
    first: Dict[str, str] = {}
    for reason, value in found:
        if reason is not None and reason not in first:
            first[reason] = masked(str(value))
    return first


def masked(text: str) -> str:
    """Replace letters by x and digits by 9, but for broken characters; a long text is cut."""
    pieces, end = [], 0
    for broken in _BROKEN.finditer(text[:LONGEST_EXAMPLE]):
        pieces += [_hidden(text[end : broken.start()]), broken.group()]
        end = broken.end()
    return "".join((*pieces, _hidden(text[end:LONGEST_EXAMPLE])))


def _hidden(text: str) -> str:
    return "".join("9" if one.isdigit() else "x" if one.isalpha() else one for one in text)
