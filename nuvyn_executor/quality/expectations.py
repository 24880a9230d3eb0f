"""Compares what was counted with what a data contract declares. Pure.

``docs/data-contracts.md`` says what each unmet expectation costs, and in which dimension.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Dict, Iterator, Optional, Tuple

from nuvyn_executor.quality.declared import ColumnTerms, Metric, folded

if TYPE_CHECKING:
    from nuvyn_executor.quality.declared import Expectation
    from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, Distinct, Scan

_KINDS = {
    "number": ("number",),
    "integer": ("number",),
    "date": ("moment",),
    "timestamp": ("moment",),
    "boolean": ("boolean",),
    "string": ("string",),
    "time": ("string",),
    "array": ("opaque",),
    "object": ("opaque",),
}
"""Logical types -> the families of column types that fit."""
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")
_TYPED = ("typed", "opaque")
_NO_TERMS = ColumnTerms("")


@dataclass(frozen=True)
class Outcome:
    """An expectation with its count.

    Attributes:
        expectation: what is declared.
        column: the column; ``None`` for the table.
        count: what was counted; of estimates, what is certain.
        of: of how many.
        is_met: whether the contract allows that.
        reason: why it could not be checked; ``""`` where it was.
        at_least: there may be more.
    """

    expectation: Expectation
    column: Optional[str]
    count: int = 0
    of: int = 0
    is_met: bool = True
    reason: str = ""
    at_least: bool = False


def outcomes(scan: Scan) -> Tuple[Outcome, ...]:
    """Return what became of each expectation of a table; nothing without a data contract."""
    if scan.terms is None:
        return ()
    found = [
        outcome
        for tally, facts in zip(scan.tally.columns, scan.columns)
        if facts.terms is not None
        for outcome in column_outcomes(tally, facts)
    ]
    found.extend(_of_table(scan, one) for one in scan.terms.expectations)
    return tuple(found)


def column_outcomes(tally: ColumnTally, facts: ColumnFacts) -> Tuple[Outcome, ...]:
    """Return what became of each expectation of a column."""
    terms = facts.terms
    return () if terms is None else tuple(_of_column(tally, facts, terms, one) for one in terms.expectations)


def missing_columns(scan: Scan) -> Tuple[ColumnTerms, ...]:
    """Return the columns that a data contract declares and the data do not have."""
    if scan.terms is None:
        return ()
    there = {folded(facts.terms.name) for facts in scan.columns if facts.terms is not None}
    return tuple(
        one for one in scan.terms.columns
        if folded(one.name) not in there and not one.is_excluded and not _is_nested(one, scan)
    )  # fmt: skip


def undeclared_columns(scan: Scan) -> Tuple[str, ...]:
    """Return the columns of the data that a data contract with columns does not declare."""
    if scan.terms is None or not scan.terms.columns:
        return ()
    objects = tuple(f"{name}." for one in scan.terms.columns for name in one.names)
    return tuple(
        facts.name for facts in scan.columns
        if facts.terms is None and not folded(facts.name).startswith(objects)
    )  # fmt: skip


def _is_nested(one: ColumnTerms, scan: Scan) -> bool:
    """Whether the fields of a declared object are columns of their own."""
    return any(folded(facts.name).startswith(f"{name}.") for facts in scan.columns for name in one.names)


def declared_keys(scan: Scan) -> Tuple[str, ...]:
    """Return the columns of a declared key of several columns, where the whole table was seen to meet it."""
    terms = scan.terms
    if terms is None or len(terms.key) < 2 or not scan.tally.rows or scan.row_count != scan.tally.rows:  # noqa: PLR2004  of several
        return ()
    names = tuple(facts.name for facts in scan.columns if any(_is_named(facts, key) for key in terms.key))
    found = [one for one in outcomes(scan) if "primaryKey" in one.expectation.clause]
    return names if all(one.is_met and not one.reason for one in found) else ()


def unmet_values(tally: ColumnTally, facts: ColumnFacts) -> Tuple[int, int]:
    """Return how many values of a column cost validity, and of how many.

    No value counts twice. Of rules that allow some, the values count where there are more than that.
    """
    if facts.terms is None:
        return tally.invalid, tally.checked
    some = [
        one.count for one in column_outcomes(tally, facts)
        if one.expectation.metric in (Metric.INVALID, Metric.TYPE, Metric.CHECK) and not one.is_met
    ]  # fmt: skip
    checked = tally.present if facts.rules or some else tally.checked
    return max(tally.invalid, tally.unmet, *some) if some else max(tally.invalid, tally.unmet), checked


def repeated(distinct: Optional[Distinct], of: int) -> Tuple[int, float]:
    """Return how many values repeat another one for certain, and how many differ at most."""
    if distinct is None or of <= 0:
        return 0, float(of)
    spread = 1.0 - 3.0 * distinct.rsd
    most = min(float(of), distinct.count / spread) if spread > 0 else float(of)
    return of - math.floor(most + 1e-9), most


def duplicates(scan: Scan) -> Iterator[Tuple[Outcome, float]]:
    """Yield the unmet expectations of different values, each with the share of different ones."""
    for one in outcomes(scan):
        if one.expectation.metric == Metric.DUPLICATES and not one.is_met and one.of:
            yield one, 1.0 - one.count / one.of


def _of_column(tally: ColumnTally, facts: ColumnFacts, terms: ColumnTerms, one: Expectation) -> Outcome:
    name = facts.name
    if one.metric == Metric.DUPLICATES:
        if facts.distinct is None:
            return Outcome(one, name, reason="different values were not counted")
        count, _ = repeated(facts.distinct, tally.present)
        return _counted(one, name, count, tally.present, at_least=facts.distinct.rsd > 0)
    if one.metric in (Metric.NULLS, Metric.MISSING):
        missing = tally.nulls if one.metric == Metric.NULLS else tally.missing
        return _counted(one, name, missing, tally.rows)
    if one.metric == Metric.INVALID:
        broken = _broken(one, tally, facts)
        return _not_counted(one, facts) if broken is None else _counted(one, name, broken, tally.present)
    if one.metric == Metric.CHECK and facts.expected != terms.check:
        return _not_counted(one, facts)
    return _counted(one, name, *_of_another_type(tally, facts, terms, one))


def _of_another_type(
    tally: ColumnTally, facts: ColumnFacts, terms: ColumnTerms, one: Expectation
) -> Tuple[int, int]:
    """Return how many values are not of the logical type, or of the expected kind, and of how many."""
    families = _KINDS.get(terms.logical_type, ())
    if one.metric == Metric.TYPE and facts.expected in _TYPED:
        return (0 if _family(facts.data_type) in families else tally.present), tally.present
    is_checked = one.metric == Metric.CHECK or facts.expected in families
    return (tally.invalid if is_checked else 0), tally.checked


def _broken(one: Expectation, tally: ColumnTally, facts: ColumnFacts) -> Optional[int]:
    """Return how many values break the rule of an expectation; ``None`` where it was not counted."""
    counts: Dict[object, int] = dict(zip(facts.rules, tally.violations))
    return counts.get(one.rule)


def _not_counted(one: Expectation, facts: ColumnFacts) -> Outcome:
    reason = f"the column is of type {facts.data_type}, or has more rules than are counted"
    return Outcome(one, facts.name, reason=reason)


def _of_table(scan: Scan, one: Expectation) -> Outcome:
    if one.metric == Metric.ROWS:
        if scan.row_count is None:
            return Outcome(one, None, reason="only a part of the rows was counted")
        return _counted(one, None, scan.row_count, scan.row_count)
    if len(one.columns) == 1:
        for tally, facts in zip(scan.tally.columns, scan.columns):
            if _is_named(facts, one.columns[0]):
                return _of_column(tally, facts, _NO_TERMS, one)
    for (columns, distinct), of in zip(scan.keys, scan.tally.key_rows):
        names = [facts for name in columns for facts in scan.columns if facts.name == name]
        if len(names) == len(one.columns) and all(map(_is_named, names, one.columns)):
            if distinct is None:
                break
            count, _ = repeated(distinct, of)
            return _counted(one, None, count, of, at_least=distinct.rsd > 0)
    return Outcome(one, None, reason="its columns are not there, or different values were not counted")


def _is_named(facts: ColumnFacts, name: str) -> bool:
    return folded(name) in {folded(facts.name), *([folded(facts.terms.name)] if facts.terms else [])}


def _counted(
    one: Expectation, column: Optional[str], count: int, of: int, *, at_least: bool = False
) -> Outcome:
    return Outcome(one, column, count, of, one.limit.is_met(count, of), at_least=at_least)


def _family(data_type: str) -> str:
    base = data_type.split("(", maxsplit=1)[0]
    if base in _NUMBERS:
        return "number"
    if base in ("date", "timestamp", "timestamp_ntz"):
        return "moment"
    return base if base in ("boolean", "string") else "opaque"
