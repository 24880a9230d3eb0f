"""Findings: the reasons for a score, each with its place, its count and a remedy. Pure.

A finding is either a *defect* (a value that should not be as it is: each one is named, or those above
``Policy.defect_cut``) or a *weakness* (much is missing, old or mixed: named below a cut). Where a dataset's
dimension is below ``Policy.dimension_cut`` there is always at least one finding that says why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterator, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.model import number_of
from nuvyn_executor.quality.checks.registry import CHECKS, FORMS, check_of
from nuvyn_executor.quality.dimensions import (
    MICROS_PER_DAY,
    Dimension,
    Measure,
    freshness,
    identities,
    measure,
    written_forms,
)
from nuvyn_executor.quality.tallies import Shape, Suspect

if TYPE_CHECKING:
    from nuvyn_executor.quality.dimensions import Identity, Policy
    from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, Scan

Price = Callable[[Dimension, float], float]
"""Turns points lost in a dimension's measure into points lost on an overall score."""

_Forms = Sequence[Tuple[Optional[str], int]]

MAINTAIN = {
    "Excellent": "Data quality is excellent - maintain current standards",
    "Good": "Data quality is good - maintain current standards",
    "Fair": "Data quality is fair - raise the dimension with the lowest score first",
    "Poor": "Data quality is poor - raise the dimension with the lowest score first",
    "Unknown": "No rows to assess - check the path, or load data first",
}
"""The recommendation for a level without findings. The second is the guide's sentence, to the letter."""

INFO = "info"
_FREE_TEXT = "text"
_WRITTEN: Mapping[Optional[str], str] = {
    None: "otherwise",
    Shape.TYPED: "typed",
    Shape.TEXT: "as text",
    Shape.PADDED: "with blanks around them",
    **{form.shape: form.written for form in FORMS},
}


_SUSPECTS: Mapping[str, Tuple[str, str]] = {
    Suspect.STAND_IN: ("stand-in such as -999 or 1900-01-01", "stand-ins such as -999 or 1900-01-01"),
    Suspect.INFINITE: ("infinite number", "infinite numbers"),
    Suspect.FAR_OUT: ("far outlier", "far outliers"),
    Suspect.BROKEN_TEXT: ("text with broken characters", "texts with broken characters"),
}
"""What a recommendation calls one suspect, and several."""


@dataclass(frozen=True)
class Finding:
    """One reason why a score is not 100.

    Attributes:
        table: the dataset.
        column: the column, or ``None`` for the dataset as a whole.
        dimension: where it costs points; ``None`` when there was nothing to assess, and for a doubt about how
            the dataset was read.
        count: how many values (rows, pairs) are concerned.
        of: of how many.
        points_lost: what it takes from the overall score, 0 to 100. Where one value is counted in two
            dimensions there are two findings. Of several identities (row, keys) only the worst costs points;
            each finding says what it would cost alone.
        text: the recommendation: place, count, what to do.
        level: :data:`INFO` for what is no fault, and so no recommendation; only data contracts have such.
    """

    table: str
    column: Optional[str]
    dimension: Optional[Dimension]
    count: int
    of: int
    points_lost: float
    text: str
    level: Optional[str] = None


def pricing(measures: Mapping[Dimension, Measure], weights: Mapping[Dimension, float]) -> Price:
    """Return what a lost point of a dimension takes from the overall score of these measures."""
    assessed = sum(weights[dimension] for dimension, one in measures.items() if one.score is not None)

    def price(dimension: Dimension, lost: float) -> float:
        checked = measures[dimension].checked
        return 100.0 * lost / checked * weights[dimension] / assessed if checked else 0.0

    return price


def find(scan: Scan, policy: Policy, now_micros: int, price: Price) -> Tuple[Finding, ...]:
    """List what is wrong with one dataset, the most expensive first."""
    rows = scan.tally.rows
    doubts = [Finding(scan.name, None, None, 0, rows, 0.0, f"{scan.name}: {one}") for one in scan.doubts]
    if not rows or not scan.tally.columns:
        missing = "columns" if rows else "rows"
        text = f"{scan.name}: no {missing} to assess - check that it is complete, or load data first"
        return (Finding(scan.name, None, None, 0, rows, 0.0, text), *doubts)
    measures = measure(scan, policy, now_micros)
    weak = {
        dimension
        for dimension, one in measures.items()
        if one.score is not None and one.score < policy.dimension_cut
    }
    found: List[Finding] = doubts
    for tally, facts in zip(scan.tally.columns, scan.columns):
        column = _Column(scan.name, tally, facts, policy, price)
        found.extend(_missing(column, weak=Dimension.COMPLETENESS in weak))
        found.extend(_unsound(column))
        found.extend(_mixed(column, weak=Dimension.CONSISTENCY in weak))
    found.extend(_broken_rows(scan, policy, price))
    found.extend(_age(scan, policy, now_micros, price))
    found.extend(_duplicates(scan, policy, price))
    found.extend(_not_keys(scan))
    return ranked(found)


def ranked(findings: Sequence[Finding]) -> Tuple[Finding, ...]:
    """Sort findings by points lost, and equal ones by place, so that the order is always the same.

    What concerns no dimension comes first: it says whether the scores can be trusted at all.
    """
    return tuple(
        sorted(
            findings,
            key=lambda one: (
                one.level is not None,
                one.dimension is not None,
                -round(one.points_lost, 9),
                one.table,
                one.column or "",
                one.text,
            ),
        )
    )


def recommend(level: str, findings: Sequence[Finding], limit: int) -> Tuple[str, ...]:
    """Return the recommendations: the worst findings, or the sentence of the level if there are none.

    Args:
        level: Excellent, Good, Fair, Poor or Unknown.
        findings: ranked.
        limit: how many to name. One more sentence counts the others.
    """
    findings = [one for one in findings if one.level is None]
    if not findings:
        return (MAINTAIN[level],)
    named = tuple(one.text for one in findings[:limit])
    left_out = len(findings) - len(named)
    if not left_out:
        return named
    noun = "finding is" if left_out == 1 else "findings are"
    return (*named, f"{left_out} more {noun} listed in details")


@dataclass(frozen=True)
class _Column:
    table: str
    tally: ColumnTally
    facts: ColumnFacts
    policy: Policy
    price: Price

    @property
    def place(self) -> str:
        return f"{self.table}.{self.facts.name}"

    def finding(self, dimension: Dimension, count: int, of: int, text: str) -> Finding:
        points = self.price(dimension, float(count))
        return Finding(self.table, self.facts.name, dimension, count, of, points, f"{self.place}: {text}")


def _defective(count: int, of: int, policy: Policy) -> bool:
    return count > 0 and (of - count) / of < policy.defect_cut


def _missing(column: _Column, *, weak: bool) -> Iterator[Finding]:
    tally, is_key = column.tally, column.facts.is_key
    gaps = tally.missing - tally.placeholders
    cut = column.policy.dimension_cut / 100.0 if weak else column.policy.completeness_cut
    if gaps == tally.rows:
        advice = f"no value in {number_of(tally.rows, 'row')} - fill it at the source, or drop the column"
        yield column.finding(Dimension.COMPLETENESS, gaps, tally.rows, advice)
    elif gaps and is_key:
        advice = f"{gaps} of {tally.rows} rows have no key - give each row one, or reject it on entry"
        yield column.finding(Dimension.COMPLETENESS, gaps, tally.rows, advice)
    elif gaps and tally.present / tally.rows < cut:
        advice = f"{gaps} of {tally.rows} values are missing - fill them at the source, or drop the column"
        yield column.finding(Dimension.COMPLETENESS, gaps, tally.rows, advice)
    # Placeholders alone may make a column weak, whatever share of defects is tolerated.
    few = tally.placeholders and tally.present / tally.rows < cut
    if few or _defective(tally.placeholders, tally.rows, column.policy):
        advice = (
            f"{tally.placeholders} of {tally.rows} values are placeholders (n/a, null, - and the like) - "
            "store no value instead, or fill them at the source"
        )
        yield column.finding(Dimension.COMPLETENESS, tally.placeholders, tally.rows, advice)


def _unsound(column: _Column) -> Iterator[Finding]:
    tally = column.tally
    if _defective(tally.invalid, tally.checked, column.policy):
        check = check_of(column.facts.expected)
        what = check.plural if check else "what the column should hold"
        advice = (
            f"{tally.invalid} of {tally.checked} values are not {what} - "
            "correct them at the source or reject them on entry"
        )
        yield column.finding(Dimension.VALIDITY, tally.invalid, tally.checked, advice)
    if _defective(tally.suspected, tally.present, column.policy):
        reasons = ", ".join(
            f"{tally.suspects[reason]} {what[tally.suspects[reason] > 1]}"
            for reason, what in _SUSPECTS.items()
            if reason in tally.suspects
        )
        advice = (
            f"{tally.suspected} of {tally.present} values can hardly be true ({reasons}) - "
            "correct them, or store no value instead"
        )
        yield column.finding(Dimension.ACCURACY, tally.suspected, tally.present, advice)


def _mixed(column: _Column, *, weak: bool) -> Iterator[Finding]:
    """Find blanks around values, and values in another form than most.

    Another form of the same kind (a date written in another way) is a defect. A form of another kind is
    invalid, which is a finding of validity. Other forms among free text are normal, and a finding if they are
    many.
    """
    tally, policy = column.tally, column.policy
    forms = written_forms(tally)
    if not forms:
        return
    main = max(forms, key=lambda form: (forms[form], str(form)))
    padded = 0 if main == Shape.PADDED else forms.get(Shape.PADDED, 0)
    if _defective(padded, tally.present, policy):
        advice = f"{padded} of {tally.present} values have blanks before or after them - trim them on entry"
        yield column.finding(Dimension.CONSISTENCY, padded, tally.present, advice)
    others: _Forms = [(form, n) for form, n in forms.items() if form not in (main, Shape.PADDED)]
    cut = policy.dimension_cut / 100.0 if weak else policy.mixed_text_cut
    if forms[main] / tally.present >= cut:
        others = [] if column.facts.expected == _FREE_TEXT else _kin(main, others)
    count = sum(n for _, n in others)
    if count and (forms[main] / tally.present < cut or _defective(count, tally.present, policy)):
        advice = (
            f"{count} of {tally.present} values are written in another form than the rest "
            f"({_written([(main, forms[main])])}; {_written(others)}) - write them all one way"
        )
        yield column.finding(Dimension.CONSISTENCY, count, tally.present, advice)


def _kin(main: Optional[str], forms: _Forms) -> _Forms:
    """Return the forms of the same kind of value: valid values that are written differently."""
    return [
        (form, n)
        for form, n in forms
        if any(main in check.shapes and form in check.shapes for check in CHECKS)
    ]


def _written(forms: _Forms) -> str:
    ordered = sorted(forms, key=lambda item: (-item[1], str(item[0])))
    return ", ".join(f"{count} {_WRITTEN[form]}" for form, count in ordered)


def _broken_rows(scan: Scan, policy: Policy, price: Price) -> Iterator[Finding]:
    tally = scan.tally
    if _defective(tally.corrupt_rows, tally.rows, policy):
        lost = price(Dimension.VALIDITY, float(tally.corrupt_rows * len(tally.columns)))
        limit = ", so that its level is Poor whatever the others hold"
        text = (
            f"{scan.name}: {tally.corrupt_rows} of {tally.rows} rows could not be read as records"
            f"{limit if 2 * tally.corrupt_rows > tally.rows else ''} - "
            "repair these lines (quotes, delimiters, number of fields) and deliver them again"
        )
        yield Finding(scan.name, None, Dimension.VALIDITY, tally.corrupt_rows, tally.rows, lost, text)
    if _defective(tally.pair_violations, tally.pairs, policy):
        lost = price(Dimension.CONSISTENCY, float(tally.pair_violations))
        text = (
            f"{scan.name}: in {tally.pair_violations} of {tally.pairs} rows an end lies before its start "
            "(or an update before the creation) - correct the moments, or check that they are not swapped"
        )
        yield Finding(scan.name, None, Dimension.CONSISTENCY, tally.pair_violations, tally.pairs, lost, text)


def _age(scan: Scan, policy: Policy, now_micros: int, price: Price) -> Iterator[Finding]:
    found = freshness(scan)
    if found is None:
        return
    rows = scan.tally.rows
    decay = found.decay(policy, now_micros) if found.latest_micros is not None else 1.0
    timely = 100.0 * decay * found.past_share
    if found.latest_micros is not None and 100.0 * decay < policy.dimension_cut:
        days = (now_micros - found.latest_micros) // MICROS_PER_DAY
        moments, changed = number_of(found.of_column, "moment"), number_of(rows, "row")
        what = (
            f"{scan.name}.{found.column}: the newest of {moments} is {days} days ago"
            if found.column
            else f"{scan.name}: its {changed} {'was' if rows == 1 else 'were'} last changed {days} days ago"
        )
        text = f"{what} - load newer data, or leave the table out if it is an archive"
        lost = price(Dimension.TIMELINESS, (1.0 - decay) * rows)
        yield Finding(scan.name, found.column, Dimension.TIMELINESS, rows, rows, lost, text)
    for tally, facts in zip(scan.tally.columns, scan.columns):
        if facts.may_lie_ahead:
            continue
        weak = tally.future and timely < policy.dimension_cut
        if weak or _defective(tally.future, tally.timestamps, policy):
            text = (
                f"{scan.name}.{facts.name}: {tally.future} of {tally.timestamps} moments lie in the future - "
                "correct them, and check the clock and time zone of what writes them"
            )
            lost = price(Dimension.TIMELINESS, decay * rows * tally.future / found.timestamps)
            yield Finding(
                scan.name, facts.name, Dimension.TIMELINESS, tally.future, tally.timestamps, lost, text
            )


def _duplicates(scan: Scan, policy: Policy, price: Price) -> Iterator[Finding]:
    for one in identities(scan):
        repeated = one.of - math.floor(one.distinct + 1e-9)
        if _defective(repeated, one.of, policy):
            lost = price(Dimension.UNIQUENESS, (1.0 - one.ratio) * scan.tally.rows)
            text = _duplicates_text(scan.name, one, repeated)
            yield Finding(scan.name, one.column, Dimension.UNIQUENESS, repeated, one.of, lost, text)


def _not_keys(scan: Scan) -> Iterator[Finding]:
    """Name the columns that are called like a key and hold something else."""
    for facts in scan.columns:
        if facts.not_key is not None:
            repeated, of = facts.not_key
            text = (
                f"{scan.name}.{facts.name}: not taken for the key, because {repeated} of {of} sampled values "
                "repeat another one - check that they are right, or rename the column if it is no key"
            )
            yield Finding(scan.name, facts.name, None, repeated, of, 0.0, text)


def _duplicates_text(table: str, one: Identity, repeated: int) -> str:
    count = f"{'at least ' if one.rsd else ''}{repeated} of {one.of}"
    if one.column is None:
        return (
            f"{table}: {count} rows are copies of another row - remove them, "
            "or add a key if the same row may rightly occur twice"
        )
    return f"{table}.{one.column}: {count} key values repeat another one - remove or merge the duplicates"
