"""Counts a column whose format declares its type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional

import polars as pl

from nuvyn_executor.model import DAY_MICROS
from nuvyn_executor.profiling.commonest import Commonest
from nuvyn_executor.profiling.counts import Span
from nuvyn_executor.profiling.polars.buckets import Buckets
from nuvyn_executor.profiling.polars.moments import micros_of_days
from nuvyn_executor.profiling.polars.rules import BrokenRules
from nuvyn_executor.profiling.polars.values import Extremes, Moments, Numbers, Values
from nuvyn_executor.profiling.value_patterns import Expected
from nuvyn_executor.quality.tallies import ColumnTally, Shape
from nuvyn_executor.reading.frame import family

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan

_TYPES = {
    "tinyint": pl.Int8(),
    "smallint": pl.Int16(),
    "int": pl.Int32(),
    "bigint": pl.Int64(),
    "float": pl.Float32(),
    "double": pl.Float64(),
    "boolean": pl.Boolean(),
    "string": pl.String(),
    "binary": pl.Binary(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "timestamp_ntz": pl.Datetime("us"),
}


def polars_type(declared: str) -> Optional[pl.DataType]:
    """Return the Polars type of a Spark SQL type; ``None`` for a type that Polars does not count."""
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", declared)
    if decimal:
        return pl.Decimal(int(decimal.group(1)), int(decimal.group(2)))
    return _TYPES.get(declared)


class TypedColumn:
    """Counts one column of numbers, moments, booleans or blobs, batch by batch.

    Args:
        plan: what to count.
        now_micros: the present.
    """

    def __init__(self, plan: ColumnPlan, now_micros: int) -> None:
        self._plan = plan
        self._kind = family(str(plan.declared_type))
        self._rows = self._nulls = self._nans = 0
        self._trues = 0
        self._buckets = Buckets(plan.dropped_bits)
        self._numbers = Numbers(fences=plan.fences, buckets=self._buckets)
        self._rules = BrokenRules(plan)
        self._moments = Moments(
            says_when_written=plan.says_when_written,
            future_micros=now_micros + DAY_MICROS,
            bounds_period=plan.bounds_period,
            buckets=self._buckets,
        )

    def add(self, values: pl.Series) -> Values:
        """Count a batch. NaN counts as missing."""
        self._rows += len(values)
        nulls = values.null_count()
        self._nulls += nulls
        if self._kind == "moment":
            micros = self.micros(values)
            self._moments.add(micros)
            present = micros.drop_nulls()
            self._rules.add(present, moments=present)
        elif self._kind == "number":
            present = values.drop_nulls() if nulls else values
            if values.dtype in (pl.Float32, pl.Float64):
                nans = present.is_nan()
                if nans.any():
                    self._nans += int(nans.sum())
                    self._numbers.add(present.filter(~nans))
                    self._rules.add(present.filter(~nans), numbers=present.filter(~nans))
                    return Values(missing=present.filter(nans).head(1))
            self._numbers.add(present)
            self._rules.add(present, numbers=present)
        elif self._kind == "boolean":
            self._trues += int(values.sum() or 0)
        return Values()

    def finish(self) -> Values:
        """Count what was postponed: nothing."""
        return Values(pl.Series([], dtype=pl.Int64))

    def micros(self, values: pl.Series) -> pl.Series:
        """Return the moments of a batch in its order."""
        if values.dtype == pl.Date:
            return micros_of_days(values)
        micros: pl.Series = values.cast(pl.Int64)
        return micros

    def tally(self) -> ColumnTally:
        """Return the counters."""
        present = self._rows - self._nulls - self._nans
        violations, unmet = self._rules.counts
        return ColumnTally(
            rows=self._rows,
            nulls=self._nulls,
            nans=self._nans,
            suspects={**self._numbers.suspects, **self._moments.suspects},
            checked=present if self._plan.expected == Expected.TYPED else 0,
            shapes={Shape.TYPED: present},
            timestamps=self._moments.timestamps,
            future=self._moments.future,
            latest_micros=self._moments.latest,
            next_micros=self._moments.coming,
            violations=violations,
            unmet=unmet,
        )

    def span(self) -> Span:
        """Return the least and the greatest value."""
        values: Extremes = self._numbers if self._kind == "number" else self._moments
        return Span(
            values.minimum,
            values.maximum,
            histogram=self._buckets.histogram if self._kind in ("number", "moment") else None,
            commonest=self._truths() if self._kind == "boolean" else None,
        )

    def _truths(self) -> Optional[Commonest]:
        if self._plan.dropped_bits is None:
            return None
        counts = {"true": self._trues, "false": self._rows - self._nulls - self._trues}
        return Commonest({text: count for text, count in counts.items() if count})
