"""Counts in which buckets numbers are (:mod:`~nuvyn_executor.profiling.histogram`).

Where NumPy is, as on every cluster of Databricks, it counts keys that lie near each other by their places in
an array, in a third of the time. It is no requirement: without it Polars groups them.
"""

from __future__ import annotations

import inspect
from typing import Any, Dict, List, Mapping, Optional

import polars as pl

from nuvyn_executor.profiling.histogram import MOST, Histogram, joined, key_of

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment]

# Polars 2 reads the bits of a double without work. Older ones calculate them, ten times as slowly.
READS_BITS = "dtype" in inspect.signature(pl.Series.reinterpret).parameters
_DIGITS = 52
_LEAST_POWER = -1022
_POWERS = tuple(2.0**power for power in range(_LEAST_POWER, 1024))
_SIGN = 63
_NEGATIVE = -(1 << _SIGN)
_FAR_TOO_MANY = 8 * MOST
_NEAR = 8  # so many comparisons cost half as much as grouping, which is 4 ns a number whatever it is
_NEAR_IN_ARRAY = 8 * MOST  # so many places of an array are counted
_AT_ONCE = (
    15_000  # numbers: 120 kB, which C's library keeps; more it returns to the system, and that takes longer
)


class Buckets:
    """Counts numbers, batch by batch.

    Args:
        dropped: the bits that are dropped from the beginning; ``None`` to count nothing.
    """

    def __init__(self, dropped: Optional[int] = None) -> None:
        self._histogram = None if dropped is None else Histogram(dropped)
        self._are_near = bool(dropped)  # unless a batch shows that they are not

    @property
    def histogram(self) -> Optional[Histogram]:
        """What was counted; ``None`` if nothing was to be."""
        return self._histogram

    def add(self, numbers: pl.Series, weights: Optional[pl.Series] = None) -> None:
        """Add finite numbers, without nulls, each as often as its weight; ``None`` is once."""
        if self._histogram is None or not len(numbers):
            return
        dropped = self._histogram.dropped
        found = self._near(numbers, weights, dropped)
        if found is not None:
            self._histogram += Histogram.of(found, dropped)
            return
        keys = _shortened(bits_of(numbers), dropped)
        counted = keys.alias("key").value_counts(name="weight") if weights is None else _summed(keys, weights)
        if len(counted) > _FAR_TOO_MANY:
            more = _too_many(counted["key"])
            counted, dropped = _summed(_shortened(counted["key"], more), counted["weight"]), dropped + more
        found = dict(zip(counted["key"].to_list(), counted["weight"].to_list()))
        self._histogram += Histogram.of(found, dropped)

    def _near(
        self, numbers: pl.Series, weights: Optional[pl.Series], dropped: int
    ) -> Optional[Mapping[int, int]]:
        """Count numbers, or their keys, that lie near each other; ``None`` where they do not."""
        found = _of_near_numbers(numbers, weights, dropped) if numbers.dtype.is_integer() else None
        if found is None and weights is None and self._are_near and np is not None:
            found = _of_near_keys(numbers, dropped)
            self._are_near = found is not None
        return found


def _of_near_numbers(
    numbers: pl.Series, weights: Optional[pl.Series], dropped: int
) -> Optional[Mapping[int, int]]:
    """Count whole numbers that lie near each other; ``None`` where they do not."""
    ends: List[Any] = [numbers.min(), numbers.max()]
    least, greatest = ends
    if least == greatest:
        counts = {least: len(numbers) if weights is None else int(weights.sum())}
    elif greatest - least < _NEAR and weights is None:
        counts = {one: int((numbers == one).sum()) for one in range(least, greatest + 1)}
    elif np is not None and not dropped and greatest - least < _NEAR_IN_ARRAY:
        counts = _by_place((numbers.cast(pl.Int64) - least).to_numpy(), least, weights)
    else:
        return None
    found: Dict[int, int] = {}
    for one, count in counts.items():
        if count:  # several whole numbers may be one double
            found[key_of(float(one))] = found.get(key_of(float(one)), 0) + count
    return joined(found, dropped)


def _of_near_keys(numbers: pl.Series, dropped: int) -> Optional[Mapping[int, int]]:
    """Count numbers whose keys lie near each other; ``None`` where they do not."""
    if dropped >= _SIGN:
        return None
    values = numbers.to_numpy()
    memory = np.empty(min(len(values), _AT_ONCE))
    found: Dict[int, int] = {}
    for start in range(0, len(values), _AT_ONCE):
        some = values[start : start + _AT_ONCE]
        keys = np.add(some, 0.0, out=memory[: len(some)]).view(np.int64)  # the two zeros are one
        keys >>= dropped
        for group in _groups_of(keys):
            if not _are_near(group):
                return None
            least = int(group.min())
            for key, count in _by_place(group - least, least).items():
                found[key] = found.get(key, 0) + count
    return found


def _groups_of(keys: Any) -> List[Any]:
    """Divide keys that are far from each other: those of zero, and of numbers of either sign."""
    if _are_near(keys):
        return [keys]
    others = keys[keys <= 0]
    return [some for some in (keys[keys > 0], others[others == 0], others[others < 0]) if len(some)]


def _are_near(keys: Any) -> bool:
    return int(keys.max()) - int(keys.min()) < _NEAR_IN_ARRAY


def _by_place(places: Any, first: int, weights: Optional[pl.Series] = None) -> Dict[int, int]:
    """Count how often each place occurs that does; the first one has a number."""
    # With weights these are sums of doubles, exact up to 2^53.
    counts = np.bincount(places, None if weights is None else weights.to_numpy()).astype(np.int64)
    (found,) = counts.nonzero()
    return dict(zip((found + first).tolist(), counts[found].tolist()))


def bits_of(numbers: pl.Series) -> pl.Series:
    """Return the bits of finite numbers as :func:`~nuvyn_executor.profiling.histogram.key_of` does."""
    doubles = numbers.cast(pl.Float64)
    if not READS_BITS:
        return calculated_bits(doubles)
    bits: pl.Series = doubles.reinterpret(dtype=pl.Int64)
    least: Any = numbers.min()
    if numbers.dtype.is_float() and least is not None and least <= 0:
        is_negative_zero = bits == _NEGATIVE
        if is_negative_zero.any():
            bits = bits.zip_with(~is_negative_zero, pl.Series([0]))
    return bits


def calculated_bits(doubles: pl.Series) -> pl.Series:
    """Calculate the bits of finite doubles. Each step is exact."""
    amounts = doubles.abs()
    powers = pl.Series(_POWERS)
    # A logarithm may be rounded to that of the next power.
    places = (amounts.log(2.0) - _LEAST_POWER).clip(0, len(powers) - 1).floor().cast(pl.Int64)
    places = (places - (amounts < powers.gather(places)).cast(pl.Int64)).clip(0, None)
    above = (places + 1).clip(None, len(powers) - 1)
    places = places.zip_with(amounts < powers.gather(above), above)
    bits: pl.Series = places * (1 << _DIGITS) + (amounts / powers.gather(places) * 2.0**_DIGITS).cast(
        pl.Int64
    )
    signed: pl.Series = bits.zip_with(doubles >= 0, bits + _NEGATIVE)
    return signed


def _shortened(keys: pl.Series, bits: int) -> pl.Series:
    if not bits:
        return keys
    # 2^63 is no whole number of 64 bits: only the sign is left then.
    shortened: pl.Series = keys // (1 << bits) if bits < _SIGN else (keys < 0).cast(pl.Int64) * -1
    return shortened


def _too_many(keys: pl.Series) -> int:
    """Return how many bits of different keys are dropped, as :class:`Histogram` does it with fewer keys."""
    ordered = keys.sort()
    apart = (ordered.slice(1) ^ ordered.head(len(ordered) - 1)).reinterpret(signed=False)
    bits: Any = apart.top_k(MOST).min()
    return int(bits).bit_length()


def _summed(keys: pl.Series, weights: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"key": keys, "weight": weights})
    return frame.group_by("key").agg(pl.col("weight").cast(pl.Int64).sum())
