"""Numbers, shares, sizes and moments as a person reads them. Pure."""

from __future__ import annotations

import math
import sys
from datetime import datetime, timezone
from typing import Iterable, Optional

from nuvyn_executor.reports.markup import Markup, element

NOTHING = "\u2013"
MINUS = "\u2212"
_ALL, _MUCH, _LITTLE = 100.0, 99.9, 0.1  # per cent
_SEVERAL = 2  # of a unit of time; less is told in a smaller one
_STEP, _THREE_DIGITS = 1000, 100
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def score(value: Optional[float]) -> str:
    """Return a score with two decimals; one that was not assessed is a dash."""
    return NOTHING if value is None else f"{value:.2f}"


def count(value: Optional[int]) -> str:
    """Return a whole number with commas."""
    return NOTHING if value is None else f"{value:,}"


def total_of(numbers: Iterable[Optional[int]]) -> Optional[int]:
    """Return the sum of the numbers that are known; ``None`` where none is."""
    known = [one for one in numbers if one is not None]
    return sum(known) if known else None


def share(part: float, whole: float) -> str:
    """Return a share in per cent. What is not all is never 100 %, what is there is never 0 %."""
    if not whole or not part:
        return "0 %"
    percent = 100.0 * part / whole
    if percent >= _ALL:
        return "100 %"
    if percent < _LITTLE:
        return "<0.1 %"
    return ">99.9 %" if percent > _MUCH else f"{percent:.1f} %"


def at_most(error: float) -> str:
    """Return a bound in per cent, never less than it is; what is far more than all, as a factor."""
    if error >= 1:
        return f"a factor of {math.ceil(min(2 * error + 1, sys.float_info.max)):.3g} at most"
    percent = math.ceil(1000 * error) / 10
    return f"{percent:.1f} % at most"


def within(days: float) -> str:
    """Return a bound in time, never less than it is."""
    days = min(days, sys.float_info.max)
    units = (("day", days), ("hour", 24 * days), ("minute", 24 * 60 * days))
    unit, number = next((one for one in units if one[1] >= _SEVERAL), units[-1])
    return f"{plural(math.ceil(number), unit)} at most"


def signed(value: float, decimals: int = 2) -> str:
    """Return a difference with its sign."""
    return f"{value:+,.{decimals}f}".replace("-", MINUS)


def signed_share(value: float) -> str:
    """Return a difference in per cent with its sign. Some is never 0 %, a part never 100 %."""
    if value >= 1:
        return f"+{100 * value:,.1f} %"
    return f"{'+' if value > 0 else MINUS}{share(abs(value), 1)}"


def points(value: float) -> str:
    """Return lost points with their sign; what rounds to nothing is some."""
    return f"{MINUS}{value:.2f}" if value >= 0.005 else f"{MINUS}<0.01"  # noqa: PLR2004  what rounds to nothing


def size(value: Optional[int]) -> str:
    """Return bytes in the largest fitting unit, each of which is 1,000 of the one before."""
    if value is None:
        return NOTHING
    number, unit = float(value), 0
    while number >= _STEP and unit < len(_UNITS) - 1:
        number, unit = number / _STEP, unit + 1
    return (
        f"{number:.0f} {_UNITS[unit]}"
        if unit == 0 or number >= _THREE_DIGITS
        else f"{number:.1f} {_UNITS[unit]}"
    )


def plural(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 table``, ``2 tables``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def day(value: Optional[datetime]) -> Markup:
    """Return a day as an element for machines, too."""
    if value is None:
        return Markup(NOTHING)
    utc = value.astimezone(timezone.utc)
    return element("time", f"{utc.date()}", datetime=f"{utc.date()}")


def moment(value: Optional[datetime]) -> Markup:
    """Return a moment to the minute, UTC."""
    if value is None:
        return Markup(NOTHING)
    utc = value.astimezone(timezone.utc)
    return element("time", f"{utc.date()} {utc:%H:%M} UTC", datetime=f"{utc.date()}T{utc:%H:%M:%SZ}")
