"""Counts the values that break rules of a data contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, Optional, Tuple, Union

import polars as pl

from nuvyn_executor.profiling.polars.values import weighed
from nuvyn_executor.quality.declared import LONGEST_MATCHED, Kind, Of

if TYPE_CHECKING:
    from nuvyn_executor.profiling.plan import ColumnPlan
    from nuvyn_executor.quality.declared import Rule

_NEAR = 1e-9


class BrokenRules:
    """Counts, for one column, the values that break each of its rules.

    Args:
        plan: of the column.
    """

    def __init__(self, plan: ColumnPlan) -> None:
        self._rules = plan.rules
        self._violations = [0] * len(plan.rules)
        self._unmet = 0

    def add(
        self,
        present: pl.Series,
        weights: Optional[pl.Series] = None,
        *,
        numbers: Optional[pl.Series] = None,
        moments: Optional[pl.Series] = None,
        unfit: Union[pl.Series, bool] = False,
    ) -> None:
        """Count some present values.

        Args:
            present: the values; texts are trimmed.
            weights: how often each occurs; ``None`` is once.
            numbers: them as numbers, null where they are none; ``None`` where none is one.
            moments: them as microseconds since 1970 UTC; null is not what the column expects.
            unfit: which of them are not what the column expects, or whether none of them is.
        """
        if not self._rules or not len(present):
            return
        unmet = None if moments is None else moments.is_null()
        if not isinstance(unfit, bool):
            unmet = unfit
        elif unfit:
            unmet = present.is_not_null()
        doubles = None if numbers is None else _doubles(numbers)
        micros = None if moments is None else _doubles(moments)
        for number, rule in enumerate(self._rules):
            broken = _broken(rule, present, doubles, micros)
            if broken is None:
                continue
            self._violations[number] += weighed(broken, weights)
            if rule.allows_none:
                unmet = broken if unmet is None else unmet | broken
        if unmet is not None:
            self._unmet += weighed(unmet, weights)

    @property
    def counts(self) -> Tuple[Tuple[int, ...], int]:
        """The values that break each rule, and those that break one that allows none or are unfit."""
        return tuple(self._violations), self._unmet


def _broken(
    rule: Rule, present: pl.Series, numbers: Optional[pl.Series], micros: Optional[pl.Series]
) -> Optional[pl.Series]:
    """Return which values break a rule; null, which is no number or no moment, does not."""
    if rule.kind == Kind.ONE_OF:
        return _in_list(rule, present, numbers, micros)
    if rule.of == Of.TEXT:
        return _text_breaks(rule, present)
    values = micros if rule.of == Of.MOMENT else numbers
    return None if values is None else _number_breaks(rule, values).fill_null(value=False)


def _text_breaks(rule: Rule, texts: pl.Series) -> pl.Series:
    lengths = texts.str.len_chars()
    if rule.kind == Kind.MIN_LENGTH:
        return lengths < rule.number
    if rule.kind == Kind.MAX_LENGTH:
        return lengths > rule.number
    broken: pl.Series = ~texts.str.contains(rule.text) | (lengths > LONGEST_MATCHED)
    return broken


def _number_breaks(rule: Rule, values: pl.Series) -> pl.Series:
    if rule.kind == Kind.WHOLE:
        return values != values.round()
    if rule.kind == Kind.MULTIPLE_OF:
        quotient = values / rule.number
        far: pl.Series = (quotient - quotient.round()).abs() > _NEAR
        return far
    compared: Mapping[str, pl.Series] = {
        Kind.AT_LEAST: values < rule.number,
        Kind.AT_MOST: values > rule.number,
        Kind.ABOVE: values <= rule.number,
        Kind.BELOW: values >= rule.number,
    }
    return compared[rule.kind]


def _in_list(
    rule: Rule, present: pl.Series, numbers: Optional[pl.Series], micros: Optional[pl.Series]
) -> pl.Series:
    listed = pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(present))
    if present.dtype == pl.String and rule.texts:
        listed = listed | present.is_in(list(rule.texts))
    for values in (numbers, micros):
        if values is not None and rule.numbers:
            listed = listed | values.is_in(list(rule.numbers)).fill_null(value=False)
    unlisted: pl.Series = ~listed
    return unlisted


def _doubles(numbers: pl.Series) -> pl.Series:
    if isinstance(numbers.dtype, pl.Decimal):
        numbers = numbers.cast(pl.String)
    doubles: pl.Series = numbers.cast(pl.Float64)
    return doubles
