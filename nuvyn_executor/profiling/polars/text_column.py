"""Counts a column of texts.

A column whose values repeat is counted by its different values and how often each occurs, some batches at
once. In other columns one quick pattern classifies most rows. The rest goes through every step.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, List, Optional, Tuple, Union

import polars as pl

from nuvyn_executor.model import DAY_MICROS
from nuvyn_executor.profiling.commonest import FEW, Commonest
from nuvyn_executor.profiling.counts import Span
from nuvyn_executor.profiling.null_markers import PLACEHOLDERS, WHITE
from nuvyn_executor.profiling.polars.buckets import Buckets
from nuvyn_executor.profiling.polars.moments import micros_of
from nuvyn_executor.profiling.polars.patterns import patterns_of
from nuvyn_executor.profiling.polars.predicates import after_steps, satisfying
from nuvyn_executor.profiling.polars.quick import matching
from nuvyn_executor.profiling.polars.rules import BrokenRules
from nuvyn_executor.profiling.polars.values import Extremes, Moments, Numbers, Values, weighed
from nuvyn_executor.profiling.value_patterns import (
    BROKEN_TEXT,
    MOMENTS,
    NUMBERS,
    Expected,
    merged,
)
from nuvyn_executor.quality.checks.registry import SHAPES, check_of, form_of
from nuvyn_executor.quality.tallies import ColumnTally, Shape, Suspect

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan

_TEXT = SHAPES.index(Shape.TEXT)
_LOOKED_AT = (2_000, 20_000)  # values; the second number if the first does not decide
_REPEATING = 0.25  # share of different values up to which a column is one of repetitions
_VARYING = 0.97  # share of different values among the first ones from which it is not
_POSTPONED = (100_000, 8, 1 << 26)  # most different values, batches and bytes that wait in memory
_LEFT = 0.02  # share of a batch that is not worth another quick pattern
_LONGEST_PLACEHOLDER = max(len(word) for word in PLACEHOLDERS)
_WITH_VALUE = {Expected.NUMBER: (*NUMBERS, Shape.CODE), Expected.MOMENT: MOMENTS}


class TextColumn:
    """Counts one column of texts, batch by batch.

    Args:
        plan: what to count.
        now_micros: the present.
    """

    def __init__(self, plan: ColumnPlan, now_micros: int) -> None:
        self._plan = plan
        self._patterns = patterns_of(plan)
        self._rules = BrokenRules(plan)
        check = check_of(plan.expected)
        self._allowed = None if check is None else {merged(one, plan.expected) for one in check.shapes}
        self._allowed_indexes = [SHAPES.index(one) for one in self._allowed or ()]
        self._rows = self._nulls = self._blanks = self._present = self._broken = self._invalid = 0
        self._shapes: Counter[str] = Counter()
        self._lengths = Extremes()
        self._postponed: List[pl.DataFrame] = []
        self._aligned: Optional[pl.Series] = None  # moments of the last texts that were counted row by row
        self._buckets = Buckets(plan.dropped_bits)
        is_counted = plan.dropped_bits is not None and not self._has_value
        self._commonest = Commonest({} if plan.may_be_few else None) if is_counted else None
        self._numbers = Numbers(fences=plan.fences, buckets=self._buckets)
        self._moments = Moments(
            says_when_written=plan.says_when_written,
            future_micros=now_micros + DAY_MICROS,
            bounds_period=plan.bounds_period,
            buckets=self._buckets,
        )

    def add(self, texts: pl.Series) -> Values:
        """Count a batch, or postpone it. The different values of a postponed batch are returned later."""
        self._rows += len(texts)
        self._aligned = None
        nulls = texts.null_count()
        self._nulls += nulls
        present = texts.drop_nulls() if nulls else texts
        if not len(present):
            return Values(present)
        if _repeats(present):
            counted = present.alias("text").value_counts(name="weight")
            self._postponed.append(counted)
            waiting = (
                sum(map(len, self._postponed)),
                len(self._postponed),
                sum(one.estimated_size() for one in self._postponed),
            )
            is_enough = any(many >= most for many, most in zip(waiting, _POSTPONED))
            return self.finish() if is_enough else Values(present.clear())
        rest = self._add_quickly(present)
        missing = self._add_carefully(rest, None) if len(rest) else None
        self._look_for_few(present, missing)
        return Values(None, missing)

    def finish(self) -> Values:
        """Count what was postponed."""
        if not self._postponed:
            return Values(pl.Series([], dtype=pl.String))
        counted = pl.concat(self._postponed).group_by("text").agg(pl.col("weight").cast(pl.Int64).sum())
        self._postponed = []
        return Values(counted["text"], self._add_carefully(counted["text"], counted["weight"]))

    def _add_quickly(self, texts: pl.Series) -> pl.Series:
        """Count the texts that quick patterns match, the most frequent shape first; return the others."""
        apart = None
        if self._plan.null_markers is not None:  # a pattern may match them
            is_marker = texts.is_in(list(self._plan.null_markers))
            apart, texts = texts.filter(is_marker), texts.filter(~is_marker)
        enough = _LEFT * len(texts)
        for shape, pattern in self._candidates():
            is_rest = shape == Shape.TEXT
            matches = ~texts.str.contains(pattern) if is_rest else matching(texts, shape, pattern)
            count = int(matches.sum())
            if count:
                found = texts if count == len(texts) else texts.filter(matches)
                self._count(shape, count, found, None)
                self._measure(found)
                texts = texts.clear() if count == len(texts) else texts.filter(~matches)
            if len(texts) <= enough:
                break
        return texts if apart is None else pl.concat([texts, apart])

    def _candidates(self) -> List[Tuple[str, str]]:
        quick = [(one.shape, one.quick) for one in self._patterns.shapes]
        quick.append((Shape.TEXT, self._patterns.special))
        expected = self._allowed or {Shape.TEXT}
        return sorted(quick, key=lambda one: (-self._shapes[one[0]], one[0] not in expected))

    def _add_carefully(self, texts: pl.Series, weights: Optional[pl.Series]) -> Optional[pl.Series]:
        frame = pl.DataFrame({"raw": texts, "weight": 1 if weights is None else weights})
        raw, text, shape, weight = (pl.col(name) for name in ("raw", "text", "shape", "weight"))
        frame = frame.with_columns(raw.str.strip_chars(WHITE).alias("text")).with_columns(self._shape())
        padded = raw.str.len_bytes() != text.str.len_bytes()
        missing = frame.filter(shape.is_null())
        self._blanks += int(missing.filter(text == "")["weight"].sum())
        frame = frame.filter(shape.is_not_null()).with_columns(padded.alias("padded"))
        if not len(frame):
            return missing["raw"]
        self._measure(frame["raw"], None if weights is None else frame["weight"])
        if weights is not None:
            self._add_commonest(frame["raw"], frame["weight"])
        if not self._has_value:
            judged = frame if self._allowed is None else frame.filter(shape.is_in(self._allowed_indexes))
            self._broken += int(judged.filter(raw.str.contains(BROKEN_TEXT))["weight"].sum())
        groups = frame.group_by("shape", "padded").agg(weight.sum()).rows()
        for index in {index for index, _, _ in groups}:
            here = frame.filter(shape == index) if len(groups) > 1 else frame
            total = sum(count for one, _, count in groups if one == index)
            self._count(SHAPES[index], total, here["text"], here["weight"])
        blanks_around = sum(count for _, is_padded, count in groups if is_padded)
        for index, is_padded, count in groups:
            if is_padded:
                self._shapes[SHAPES[index]] -= count
        self._shapes[Shape.PADDED] += blanks_around
        return missing["raw"] if len(missing) else None

    def _shape(self) -> pl.Expr:
        text = pl.col("text")
        markers = self._plan.null_markers
        is_placeholder = text == "" if markers is not None else self._says_nothing(text)
        shape = pl.when(is_placeholder).then(None).otherwise(_TEXT)
        for one in reversed(self._patterns.shapes):
            shape = pl.when(text.str.contains(one.whole)).then(SHAPES.index(one.shape)).otherwise(shape)
        if markers is not None:
            shape = pl.when(text.is_in(list(markers))).then(None).otherwise(shape)
        return shape.alias("shape")

    def _says_nothing(self, text: pl.Expr) -> pl.Expr:
        """Whether a trimmed text is a placeholder or empty."""
        is_short = text.str.len_bytes() <= _LONGEST_PLACEHOLDER
        is_placeholder = is_short & text.str.to_lowercase().is_in(["", *PLACEHOLDERS])
        values = self._plan.values
        return is_placeholder & ~text.is_in(list(values)) if values else is_placeholder

    @property
    def _has_value(self) -> bool:
        return self._plan.expected in _WITH_VALUE

    def _count(self, shape: str, count: int, texts: pl.Series, weights: Optional[pl.Series]) -> None:
        """Count texts of one shape, trimmed."""
        self._present += count
        self._shapes[shape] += count
        if self._allowed is not None and shape not in self._allowed:
            self._invalid += count
            self._rules.add(texts, weights, unfit=True)
            return
        form = form_of(shape)
        unfit: Union[pl.Series, bool] = False
        if self._allowed is not None and form is not None and form.predicate is not None:
            unfit = ~satisfying(texts, form.predicate)
            self._invalid += weighed(unfit, weights)
        if not self._has_value or shape not in _WITH_VALUE[self._plan.expected]:
            self._rules.add(texts, weights, unfit=unfit)
            return
        if self._plan.expected == Expected.NUMBER:
            numbers = _numbers_of(texts, shape)
            self._numbers.add(numbers, weights)
            self._rules.add(texts, weights, numbers=numbers)
            return
        micros = micros_of(texts, shape, self._plan)
        self._rules.add(texts, weights, moments=micros)
        self._aligned = micros if weights is None else None
        self._moments.add(micros, weights)
        if micros.null_count():
            gone = micros.is_null()
            self._invalid += int(gone.sum() if weights is None else weights.filter(gone).sum())

    def _measure(self, texts: pl.Series, weights: Optional[pl.Series] = None) -> None:
        if not self._has_value:
            lengths = texts.str.len_bytes()
            self._lengths.take(lengths.min(), lengths.max())
            self._buckets.add(lengths, weights)

    def _look_for_few(self, texts: pl.Series, missing: Optional[pl.Series]) -> None:
        """Count the texts of a batch that do not seem to repeat, if they are few all the same.

        So it is where most of the different texts of the batch are ways to say nothing.
        """
        if self._commonest is None or self._commonest.counts is None:
            return
        if missing is not None:
            texts = texts.filter(~texts.is_in(missing.unique().to_list()))
        if texts.head(_LOOKED_AT[0]).n_unique() > FEW:
            self._commonest = Commonest(None)
            return
        counted = texts.alias("text").value_counts(name="weight")
        self._add_commonest(counted["text"], counted["weight"])

    def _add_commonest(self, texts: pl.Series, weights: pl.Series) -> None:
        """Add different texts."""
        if self._commonest is None:
            return
        is_few = self._commonest.counts is not None and len(texts) <= FEW
        found = dict(zip(texts.to_list(), weights.to_list())) if is_few else None
        self._commonest += Commonest.of(found)

    def micros(self, texts: pl.Series) -> pl.Series:
        """Return the moments of the last batch in its order; null where a text is no moment."""
        if self._aligned is not None and len(self._aligned) == len(texts):  # all of one shape
            return self._aligned
        different = pl.DataFrame({"raw": texts.drop_nulls().unique()})
        different = different.with_columns(pl.col("raw").str.strip_chars(WHITE).alias("text"))
        different = different.with_columns(self._shape())
        found = [pl.Series("raw", [], pl.String).to_frame().with_columns(micros=pl.lit(0, pl.Int64))]
        for shape in MOMENTS:
            here = different.filter(pl.col("shape") == SHAPES.index(shape))
            if len(here):
                micros = micros_of(here["text"], shape, self._plan)
                found.append(here.select("raw").with_columns(micros.alias("micros")))
        values = pl.concat(found)
        joined = texts.alias("raw").to_frame().join(values, on="raw", how="left")
        return joined["micros"]

    def tally(self) -> ColumnTally:
        """Return the counters, after :meth:`finish`."""
        shapes = {shape: count for shape, count in self._shapes.items() if count}
        violations, unmet = self._rules.counts
        return ColumnTally(
            rows=self._rows,
            nulls=self._nulls,
            blanks=self._blanks,
            placeholders=self._rows - self._nulls - self._blanks - self._present,
            suspects={
                **self._numbers.suspects,
                **self._moments.suspects,
                Suspect.BROKEN_TEXT: self._broken,
            },
            checked=self._present if self._allowed is not None else 0,
            invalid=self._invalid,
            shapes=shapes,
            timestamps=self._moments.timestamps,
            future=self._moments.future,
            latest_micros=self._moments.latest,
            next_micros=self._moments.coming,
            violations=violations,
            unmet=unmet,
        )

    def span(self) -> Span:
        """Return least and greatest values and lengths, after :meth:`finish`."""
        values = self._numbers if self._plan.expected == Expected.NUMBER else self._moments
        low, high = self._lengths.minimum, self._lengths.maximum
        return Span(
            values.minimum,
            values.maximum,
            None if low is None else int(low),
            None if high is None else int(high),
            histogram=self._buckets.histogram,
            commonest=self._commonest,
        )


def _repeats(texts: pl.Series) -> bool:
    few, many = (texts.head(count) for count in _LOOKED_AT)
    different = few.n_unique()
    if len(few) < _LOOKED_AT[0] or different <= _REPEATING * len(few):
        return True
    return different <= _VARYING * len(few) and many.n_unique() <= _REPEATING * len(many)


def _numbers_of(texts: pl.Series, shape: str) -> pl.Series:
    if shape == Shape.INTEGER:
        whole: pl.Series = texts.cast(pl.Int64)
        return whole
    form = form_of(shape)
    plain = after_steps(texts, form.steps) if form is not None and form.steps else texts
    numbers: pl.Series = plain.cast(pl.Float64)
    return numbers
