"""Counts in which buckets numbers are (:mod:`~nuvyn_executor.profiling.histogram`).

Where NumPy is, as on every cluster of Databricks, it counts numbers that lie near each other
(:mod:`~nuvyn_executor.profiling.polars.places`), in a third of the time. It is no requirement: without it
Polars groups them.
"""

from __future__ import annotations

import inspect
from typing import Any, List, Optional

import polars as pl

from nuvyn_executor.profiling.histogram import MOST, Histogram
from nuvyn_executor.profiling.polars import places

# Polars 2 reads the bits of a double without work. Older ones calculate them, ten times as slowly.
READS_BITS = "dtype" in inspect.signature(pl.Series.reinterpret).parameters
_DIGITS = 52
_LEAST_POWER = -1022
_POWERS = tuple(2.0**power for power in range(_LEAST_POWER, 1024))
_SIGN = 63
_NEGATIVE = -(1 << _SIGN)
_FAR_TOO_MANY = 8 * MOST
_SOME = 16 * MOST
_FEW = 8  # so many comparisons cost half as much as grouping, which is 4 ns a number whatever it is


class Buckets:
    """Counts numbers, batch by batch.

    Args:
        dropped: the bits that are dropped from the beginning; ``None`` to count nothing.
    """

    def __init__(self, dropped: Optional[int] = None) -> None:
        self._is_wanted = dropped is not None
        self._histogram = Histogram(dropped or 0)
        self._near = places.near_numbers(dropped or 0)

    @property
    def histogram(self) -> Optional[Histogram]:
        """What was counted; ``None`` if nothing was to be."""
        if not self._is_wanted:
            return None
        return self._histogram if self._near is None else self._histogram + self._near.histogram()

    def add(self, numbers: pl.Series, weights: Optional[pl.Series] = None) -> None:
        """Add finite numbers, without nulls, each as often as its weight; ``None`` is once."""
        if not self._is_wanted or not len(numbers):
            return
        few = _of_few(numbers, weights) if numbers.dtype.is_integer() else None
        if few is not None:
            self._take(few)
            return
        counted = self._count_near(numbers, weights, 0)
        if counted < len(numbers):
            # Some of them may show that more bits have to be dropped, with which they are near.
            self._take(Histogram(_dropped_by_some(numbers, self._histogram.dropped)))
            counted = self._count_near(numbers, weights, counted)
        if counted < len(numbers):
            rest = numbers.slice(counted), None if weights is None else weights.slice(counted)
            self._take(_grouped(*rest, self._histogram.dropped))

    def _count_near(self, numbers: pl.Series, weights: Optional[pl.Series], first: int) -> int:
        """Count the numbers from the first one that are near; return up to where they are."""
        if self._near is None:
            return first
        counted = self._near.add(numbers, weights, first)
        if self._near.used > MOST:
            self._begin_near_anew()
        return counted

    def _take(self, more: Histogram) -> None:
        dropped = self._histogram.dropped
        self._histogram += more
        if self._histogram.dropped > dropped:
            self._begin_near_anew()

    def _begin_near_anew(self) -> None:
        if self._near is not None:
            self._histogram += self._near.histogram()
            self._near = places.near_numbers(self._histogram.dropped)


def _of_few(numbers: pl.Series, weights: Optional[pl.Series]) -> Optional[Histogram]:
    """Count whole numbers of which only few can be different; ``None`` where they may be more."""
    ends: List[Any] = [numbers.min(), numbers.max()]
    least, greatest = ends
    if least == greatest:
        counts = {least: len(numbers) if weights is None else int(weights.sum())}
    elif greatest - least < _FEW and weights is None:
        counts = {one: int((numbers == one).sum()) for one in range(least, greatest + 1)}
    else:
        return None
    return Histogram.of_counted({one: count for one, count in counts.items() if count})


def _grouped(numbers: pl.Series, weights: Optional[pl.Series], dropped: int) -> Histogram:
    keys = _shortened(bits_of(numbers), dropped)
    counted = keys.alias("key").value_counts(name="weight") if weights is None else _summed(keys, weights)
    if len(counted) > _FAR_TOO_MANY:
        more = _too_many(counted["key"])
        counted, dropped = _summed(_shortened(counted["key"], more), counted["weight"]), dropped + more
    return Histogram.of(dict(zip(counted["key"].to_list(), counted["weight"].to_list())), dropped)


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


def _dropped_by_some(numbers: pl.Series, dropped: int) -> int:
    """Return how many bits some of the numbers show to be dropped; all of them may show more."""
    some = numbers.gather_every(max(1, len(numbers) // _SOME))
    keys = _shortened(bits_of(some), dropped).unique()
    return dropped + (_too_many(keys) if len(keys) > MOST else 0)


def _too_many(keys: pl.Series) -> int:
    """Return how many bits of different keys are dropped, as :class:`Histogram` does it with fewer keys."""
    ordered = keys.sort()
    apart = (ordered.slice(1) ^ ordered.head(len(ordered) - 1)).reinterpret(signed=False)
    bits: Any = apart.top_k(MOST).min()
    return int(bits).bit_length()


def _summed(keys: pl.Series, weights: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"key": keys, "weight": weights})
    return frame.group_by("key").agg(pl.col("weight").cast(pl.Int64).sum())
