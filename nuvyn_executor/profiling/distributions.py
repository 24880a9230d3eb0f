"""What histograms and counts of texts say of a column, as it is stored and shown. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Iterable, Optional, Tuple

from nuvyn_executor.profiling.commonest import FEW
from nuvyn_executor.profiling.spark import expressions
from nuvyn_executor.profiling.value_patterns import Expected

if TYPE_CHECKING:
    from nuvyn_executor.profiling.counts import Span
    from nuvyn_executor.profiling.plan import ColumnPlan

NUMBERS, MOMENTS, LENGTHS = "numbers", "moments", "lengths"
_EXACT_AS_DOUBLE = 2**53
_FEWEST_DIGITS = 4
_DIGITS_BELOW_ERROR = 2  # so that rounding adds little to it


@dataclass(frozen=True)
class Distribution:
    """How the values of a column are distributed.

    Attributes:
        of: ``numbers``, ``moments``, or ``lengths`` of texts in bytes.
        count: how many were counted.
        bins: how many are in each of some intervals, the lowest first: the shape, without its scale.
        quantiles: below or at which 5, 25, 50, 75 and 95 % are, as JSON holds them; of numbers and moments
            these are cell values.
        error: by how much a quantile may be off, as a share of it; of moments, of the time since 1970.
    """

    of: str
    count: int
    bins: Tuple[int, ...]
    quantiles: Tuple[Any, ...]
    error: float


def distribution_of(plan: ColumnPlan, span: Span, shown: Callable[[Any], Any]) -> Optional[Distribution]:
    """Return how a column's values are distributed; ``None`` where that was not measured, or there are none.

    Args:
        plan: what was counted.
        span: the counts.
        shown: returns a number or a moment as JSON holds it.
    """
    histogram = span.histogram
    if histogram is None or not histogram.counts:
        return None
    of = _of(plan)
    ends = (span.length_min, span.length_max) if of == LENGTHS else (span.minimum, span.maximum)
    buckets = histogram.buckets()
    # Where some numbers are infinite, the ends are not those of the others.
    low, high = (float(end) for end in ends if end is not None)
    low, high = max(low, buckets[0].low), min(high, buckets[-1].high)
    digits = 0 if histogram.is_exact else _digits(histogram.error)
    quantiles = (min(max(_rounded(one, digits), low), high) for one in histogram.quantiles())
    if of == LENGTHS:
        quantiles = (round(one) for one in quantiles)
    elif of == MOMENTS:
        quantiles = (shown(int(one)) for one in quantiles)
    else:
        quantiles = (shown(one) for one in quantiles)
    return Distribution(of, histogram.total, histogram.bins(low, high), tuple(quantiles), histogram.error)


def commonest_of(
    plan: ColumnPlan, span: Span, shown: Callable[[Any], Any]
) -> Optional[Tuple[Tuple[Any, int], ...]]:
    """Return the values of a column of few and how often each occurs, the commonest first.

    ``None`` where there are many, or where that was not measured.
    """
    if span.commonest is not None:
        return None if span.commonest.counts is None else _ordered(span.commonest.counts.items())
    histogram = span.histogram
    if histogram is None or _of(plan) == LENGTHS or not histogram.is_exact or len(histogram.counts) > FEW:
        return None
    buckets = histogram.buckets()
    if any(abs(one.low) > _EXACT_AS_DOUBLE for one in buckets):
        return None  # several whole numbers may be one double
    is_moment = _of(plan) == MOMENTS
    found = ((shown(int(one.low) if is_moment else one.low), one.numbers) for one in buckets)
    return _ordered(found)


def _digits(error: float) -> int:
    """Return with how many digits a quantile is shown: so many that rounding hides no difference."""
    return max(_FEWEST_DIGITS, math.ceil(-math.log10(error)) + _DIGITS_BELOW_ERROR)


def _rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits}g}") if digits else number


def _of(plan: ColumnPlan) -> str:
    if expressions.is_moment(plan):
        return MOMENTS
    is_length = expressions.is_text(plan) and plan.expected != Expected.NUMBER
    return LENGTHS if is_length else NUMBERS


def _ordered(counts: Iterable[Tuple[Any, int]]) -> Tuple[Tuple[Any, int], ...]:
    return tuple(sorted(counts, key=lambda one: (-one[1], str(one[0]))))
