"""Counts numbers that lie near each other, by their places in an array. It needs NumPy."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from nuvyn_executor.profiling.histogram import MOST, Histogram, key_of

if TYPE_CHECKING:
    import polars as pl

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment]

PLACES = 8 * MOST
_SIGN = 63
_LEAST = -(1 << _SIGN)
_AT_ONCE = 1 << 16  # numbers: 512 kB, which a processor's second cache holds


class Places:
    """How often whole numbers occur that lie near each other.

    The first ones are given places in the middle, which leaves room for smaller and for greater ones.
    """

    def __init__(self) -> None:
        self._first: Optional[int] = None
        self._counts = np.zeros(PLACES, np.int64)

    def have(self, least: int, greatest: int) -> bool:
        """Whether there is a place for each number from the least to the greatest."""
        if self._first is None and greatest - least < PLACES:
            self._first = max(_LEAST, least - (PLACES - (greatest - least)) // 2)
        return self._first is not None and self._first <= least and greatest < self._first + PLACES

    def add(self, numbers: Any, weights: Any) -> None:
        """Add numbers that have a place, each as often as its weight; ``None`` is once.

        Their array is changed.
        """
        numbers -= self._first
        # With weights these are sums of doubles, exact up to 2^53.
        counts = np.bincount(numbers, weights)
        self._counts[: len(counts)] += counts.astype(np.int64, copy=False)

    @property
    def used(self) -> int:
        """How many different numbers were added."""
        return int(np.count_nonzero(self._counts))

    def counts(self) -> Dict[int, int]:
        """Return how often each number occurs that does."""
        (found,) = self._counts.nonzero()
        return dict(zip((found + (self._first or 0)).tolist(), self._counts[found].tolist()))


class NearNumbers:
    """Counts numbers by their places: whole numbers, or the keys of other numbers' buckets.

    Keys of numbers of either sign lie far from each other, and those of zero far from both.

    Args:
        dropped: the bits that are dropped; with 0 only whole numbers are near.
    """

    def __init__(self, dropped: int) -> None:
        self.dropped = dropped
        self._above, self._below = Places(), Places()
        self._zeros = 0

    def add(self, numbers: pl.Series, weights: Optional[pl.Series] = None, first: int = 0) -> int:
        """Count numbers up to the first that has no place, or some before it.

        Args:
            numbers: finite, without nulls.
            weights: how often each occurs; ``None`` is once.
            first: the index in the series from which they are counted.

        Returns:
            The index of the first that was not counted; the length of the series if all were.
        """
        if self.dropped >= _SIGN:
            return first
        values, often = numbers.to_numpy(), None if weights is None else weights.to_numpy()
        memory = np.empty(min(len(values), _AT_ONCE), np.float64 if self.dropped else np.int64)
        count = self._count_keys if self.dropped else self._count_whole
        for start in range(first, len(values), _AT_ONCE):
            here = slice(start, start + _AT_ONCE)
            some = values[here]
            if not count(some, None if often is None else often[here], memory[: len(some)]):
                return start
        return len(values)

    def _count_whole(self, values: Any, weights: Any, whole: Any) -> bool:
        with np.errstate(invalid="ignore"):  # a double beyond 2^63, which becomes another number
            np.copyto(whole, values, casting="unsafe")
        is_near = np.array_equal(whole, values) and self._above.have(int(whole.min()), int(whole.max()))
        if is_near:
            self._above.add(whole, weights)
        return is_near

    def _count_keys(self, values: Any, weights: Any, doubles: Any) -> bool:
        np.copyto(doubles, values, casting="unsafe")
        signed = [(self._above, doubles, weights)]
        zeros = 0
        least = doubles.min()
        if not least > 0:
            signed = [_some(self._above, doubles > 0, doubles, weights)]
            if least < 0:
                signed.append(_some(self._below, doubles < 0, doubles, weights))
            zeros = _total(doubles, weights) - sum(_total(some, often) for _, some, often in signed)
        signed = [one for one in signed if len(one[1])]
        if not all(self._has_places(places, some) for places, some, _ in signed):
            return False
        for places, some, often in signed:
            keys = some.view(np.int64)
            keys >>= self.dropped
            places.add(keys, often)
        self._zeros += zeros
        return True

    def _has_places(self, places: Places, doubles: Any) -> bool:
        """Whether there is a place for the key of each number; all are of one sign."""
        least, greatest = sorted(key_of(float(one)) >> self.dropped for one in (doubles.min(), doubles.max()))
        return places.have(least, greatest)

    @property
    def used(self) -> int:
        """How many places are in use: about as many buckets there are."""
        return self._above.used + self._below.used

    def histogram(self) -> Histogram:
        """Return the histogram of what was counted."""
        if not self.dropped:
            return Histogram.of_counted(self._above.counts())
        keys = Counter(self._above.counts())
        keys.update(self._below.counts())
        keys[0] += self._zeros
        return Histogram.of(+keys, self.dropped)


def _some(places: Places, mask: Any, doubles: Any, weights: Any) -> Tuple[Places, Any, Any]:
    return places, doubles[mask], None if weights is None else weights[mask]


def _total(doubles: Any, weights: Any) -> int:
    return len(doubles) if weights is None else int(weights.sum())


def near_numbers(dropped: int) -> Optional[NearNumbers]:
    """Return a counter; ``None`` where NumPy is not installed."""
    return None if np is None else NearNumbers(dropped)
