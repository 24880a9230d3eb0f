"""Counts numbers and moments, from texts or from typed columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Tuple

import polars as pl

from nuvyn_executor.model import DAY_MICROS
from nuvyn_executor.profiling.polars.buckets import Buckets
from nuvyn_executor.profiling.value_patterns import DATE_SENTINELS, NUMBER_SENTINELS
from nuvyn_executor.quality.tallies import Suspect

if TYPE_CHECKING:
    from nuvyn_executor.profiling.counts import Number

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_SENTINEL_DAYS = tuple(date.fromisoformat(day).toordinal() - _EPOCH_DAY for day in DATE_SENTINELS)


class Values(NamedTuple):
    """The values of a batch that may be new to its column.

    Attributes:
        different: the values, without nulls; ``None`` for all values of the batch.
        missing: those among them that count as missing, each at least once; ``None`` if there are none.
    """

    different: Optional[pl.Series] = None
    missing: Optional[pl.Series] = None


def weighed(mask: pl.Series, weights: Optional[pl.Series]) -> int:
    """Count the rows where a mask is true, each as often as its weight. Null is not true."""
    return int((mask.sum() if weights is None else weights.filter(mask).sum()) or 0)


@dataclass
class Extremes:
    """The least and the greatest value so far."""

    minimum: Optional[Number] = None
    maximum: Optional[Number] = None

    def take(self, least: Any, greatest: Any) -> None:
        """Add those of a batch; ``None`` if it has none."""
        for value in (least, greatest):
            if value is not None:
                self.minimum = value if self.minimum is None else min(self.minimum, value)
                self.maximum = value if self.maximum is None else max(self.maximum, value)


@dataclass
class Numbers(Extremes):
    """Counters of numbers.

    Attributes:
        fences: values outside are far out.
        buckets: counts the finite ones.
        suspects: by reason, numbers that can hardly be true.
    """

    fences: Optional[Tuple[float, float]] = None
    buckets: Buckets = field(default_factory=Buckets)
    suspects: Counter[str] = field(default_factory=Counter)

    def add(self, numbers: pl.Series, weights: Optional[pl.Series] = None) -> None:
        """Add numbers, without nulls and NaN."""
        if not len(numbers):
            return
        bounds: List[Any] = [numbers.min(), numbers.max()]
        low, high = (bound if isinstance(bound, int) else float(bound) for bound in bounds)
        self.take(low, high)
        odd = [float(number) for number in NUMBER_SENTINELS if low <= number <= high]
        infinite = low == float("-inf") or high == float("inf")
        outside = self.fences is not None and (low < self.fences[0] or high > self.fences[1])
        if not infinite:
            self.buckets.add(_doubles(numbers) if isinstance(numbers.dtype, pl.Decimal) else numbers, weights)
        if not (odd or infinite or outside):
            return
        values = numbers if numbers.dtype == pl.Float64 else _doubles(numbers)
        stand_in = values.is_in(odd)
        is_infinite = values.is_infinite()
        if infinite:
            self.buckets.add(
                values.filter(~is_infinite), None if weights is None else weights.filter(~is_infinite)
            )
        self.suspects[Suspect.STAND_IN] += weighed(stand_in, weights)
        self.suspects[Suspect.INFINITE] += weighed(is_infinite, weights)
        if self.fences is not None:
            far_out = (values < self.fences[0]) | (values > self.fences[1])
            self.suspects[Suspect.FAR_OUT] += weighed(far_out & ~stand_in & ~is_infinite, weights)


@dataclass
class Moments(Extremes):
    """Counters of moments, in microseconds since 1970 UTC.

    Attributes:
        says_when_written: the column says when a row was written, so that future moments are counted.
        future_micros: a later moment lies in the future.
        bounds_period: the column holds ends of periods, so that days that stand for no moment mean an open
            end.
        buckets: counts all of them.
        suspects: by reason, moments that can hardly be true.
        timestamps, future: moments, and those that lie in the future.
        latest: the latest moment that does not.
        coming: the earliest moment that does.
    """

    says_when_written: bool = False
    future_micros: int = 0
    bounds_period: bool = False
    buckets: Buckets = field(default_factory=Buckets)
    suspects: Counter[str] = field(default_factory=Counter)
    timestamps: int = 0
    future: int = 0
    latest: Optional[int] = None
    coming: Optional[int] = None

    def add(self, micros: pl.Series, weights: Optional[pl.Series] = None) -> None:
        """Add moments; nulls are ignored."""
        bounds: List[Any] = [micros.min(), micros.max()]
        low, high = bounds
        if low is None:
            return
        self.take(low, high)
        if micros.null_count():
            is_there = micros.is_not_null()
            self.buckets.add(micros.filter(is_there), None if weights is None else weights.filter(is_there))
        else:
            self.buckets.add(micros, weights)
        days = [day for day in _SENTINEL_DAYS if low < (day + 1) * DAY_MICROS and high >= day * DAY_MICROS]
        if days and not self.bounds_period:
            stand_in = (micros // DAY_MICROS).is_in(days).fill_null(value=False)
            self.suspects[Suspect.STAND_IN] += weighed(stand_in, weights)
            micros, weights = micros.filter(~stand_in), None if weights is None else weights.filter(~stand_in)
            high = micros.max()
        if not self.says_when_written or high is None:
            return
        self.timestamps += weighed(micros.is_not_null(), weights)
        latest: Any = high
        if high > self.future_micros:
            future = micros > self.future_micros
            self.future += weighed(future, weights)
            latest = micros.filter(~future).max()
            coming: Any = micros.filter(future).min()
            self.coming = coming if self.coming is None else min(self.coming, coming)
        if latest is not None:
            self.latest = latest if self.latest is None else max(self.latest, latest)


_EXACT_DIGITS = 15  # a decimal of so many is the quotient of two doubles that are exact


def _doubles(numbers: pl.Series) -> pl.Series:
    precision = getattr(numbers.dtype, "precision", None)
    if precision is not None and precision > _EXACT_DIGITS:
        numbers = numbers.cast(pl.String)
    doubles: pl.Series = numbers.cast(pl.Float64)
    return doubles
