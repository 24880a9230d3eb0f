"""The formulas of the six dimensions. Pure.

A dimension computes a :class:`Measure` of a :class:`~.tallies.Scan`: a ratio with its denominator, so that
the measures of several datasets add up to that of their source. ``docs/quality.md`` explains each formula
under the same name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import TYPE_CHECKING, Dict, Iterable, Mapping, Optional, Tuple

from nuvyn_executor.quality.expectations import duplicates, missing_columns, unmet_values
from nuvyn_executor.quality.tallies import Shape

if TYPE_CHECKING:
    from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, Distinct, Scan

MICROS_PER_HOUR = 3_600_000_000
MICROS_PER_DAY = 24 * MICROS_PER_HOUR

FORMULA_VERSION = "2"
"""Changes whenever a formula of this module does: scores of two versions do not compare."""


class Dimension(str, Enum):
    """The six dimensions, in the guide's order."""

    COMPLETENESS = "completeness"
    ACCURACY = "accuracy"
    CONSISTENCY = "consistency"
    TIMELINESS = "timeliness"
    VALIDITY = "validity"
    UNIQUENESS = "uniqueness"


DIMENSIONS: Tuple[str, ...] = tuple(dimension.value for dimension in Dimension)
"""Their names, in that order."""


def _default_weights() -> Mapping[Dimension, float]:
    return {dimension: 2.0 if dimension is Dimension.ACCURACY else 1.0 for dimension in Dimension}


@dataclass(frozen=True)
class Policy:
    """Settings of the scores that are a matter of choice.

    Attributes:
        weights: share of each dimension in the overall score. Accuracy counts twice: the smallest whole
            weights that give the guide's 87.86.
        excellent, good, fair: lowest overall score of that level; below ``fair`` it is Poor.
        grace_hours: data up to this old is fresh.
        half_life_days: after the grace, the timeliness halves each time this much time passes.
        dimension_cut: a dataset's dimension below this score always gets a finding.
        completeness_cut: a column with a smaller share of values gets a finding; optional columns are normal,
            so this is low. Key columns are to be complete.
        mixed_text_cut: a free-text column whose most frequent form has a smaller share gets a finding.
        defect_cut: a column with a smaller share of sound values gets a finding, where a value that is not
            sound is a defect and no mere gap: invalid, suspect, placeholder, padded, in a foreign form,
            duplicate key, corrupt row, wrong order, future. 1 names every single one.
        max_recommendations: how many findings become recommendations.
        formula_version: :data:`FORMULA_VERSION`.

    Raises:
        ValueError: a dimension has no weight or one that is not above 0, or the half-life is not above 0.
    """

    weights: Mapping[Dimension, float] = field(default_factory=_default_weights)
    excellent: float = 90.0
    good: float = 75.0
    fair: float = 50.0
    grace_hours: float = 24.0
    half_life_days: float = 90.0
    dimension_cut: float = 75.0
    completeness_cut: float = 0.5
    mixed_text_cut: float = 0.75
    defect_cut: float = 1.0
    max_recommendations: int = 10
    formula_version: str = FORMULA_VERSION

    def __post_init__(self) -> None:
        """Refuse weights and half-lives that are not above 0."""
        for dimension in Dimension:
            if not self.weights.get(dimension, 0.0) > 0:
                raise ValueError(f"the weight of {dimension.value} must be a number above 0")
        if not self.half_life_days > 0:
            raise ValueError("half_life_days must be above 0")


@dataclass(frozen=True)
class Measure:
    """A ratio with its denominator. Measures add: ``1/2 + 1/8 = 2/10``.

    Attributes:
        points: what was right, between 0 and ``checked``.
        checked: what was looked at; 0 when there was nothing to look at.
    """

    points: float = 0.0
    checked: int = 0

    @property
    def score(self) -> Optional[float]:
        """0 to 100, or ``None`` when nothing was assessed; never 0 or 100 for nothing."""
        return min(100.0, max(0.0, 100.0 * self.points / self.checked)) if self.checked else None

    @property
    def lost(self) -> float:
        """Points missing to a full score, in the unit of ``checked``."""
        return self.checked - self.points

    def __add__(self, other: Measure) -> Measure:
        """Add points and denominators."""
        return Measure(self.points + other.points, self.checked + other.checked)


def total(measures: Iterable[Measure]) -> Measure:
    """Add measures. The sum does not depend on their order, not even in its last bit."""
    known = tuple(measures)
    return Measure(math.fsum(one.points for one in known), sum(one.checked for one in known))


def round_score(score: Optional[float]) -> Optional[float]:
    """Round half up to two decimals: the last step before a score is shown, and only then."""
    if score is None:
        return None
    # Nine digits first, so that a half that floating point made 87.12499999999999 is a half again.
    return float(Decimal(repr(round(score, 9))).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _present(scan: Scan) -> int:
    return sum(column.present for column in scan.tally.columns)


def completeness(scan: Scan) -> Measure:
    """Count present cells of all cells. A declared column that is not there has no values."""
    lacking = len(missing_columns(scan)) * scan.tally.rows
    return Measure(_present(scan), sum(column.rows for column in scan.tally.columns) + lacking)


def accuracy(scan: Scan) -> Measure:
    """Count plausible values of present values; nothing is compared with the real world."""
    present = _present(scan)
    return Measure(present - sum(column.suspected for column in scan.tally.columns), present)


_SAME_FORM: Mapping[str, Tuple[str, ...]] = {
    Shape.DECIMAL: (Shape.GROUPED, Shape.NEGATIVE),
    Shape.DECIMAL_COMMA: (Shape.THREE_DECIMALS, f"{Shape.GROUPED}_comma", f"{Shape.NEGATIVE}_comma"),
}
"""Shapes that are written like another one."""


def written_forms(column: ColumnTally) -> Dict[Optional[str], int]:
    """Count present values by the form they are written in; ``None`` is the form of those without a shape.

    Numbers with thousands apart, with a sign behind, whole and with decimals are one form: 10 among 10.5 is
    not written differently. Those with a decimal point are another form than those with a comma.
    """
    forms: Dict[Optional[str], int] = dict(column.shapes.items())
    unclassified = column.present - sum(column.shapes.values())
    if unclassified:
        forms[None] = unclassified
    for main, others in _SAME_FORM.items():
        count = sum(forms.pop(shape, 0) for shape in (main, *others))
        if count:
            forms[main] = count
    whole = forms.pop(Shape.INTEGER, 0)
    if whole:
        main = max((Shape.DECIMAL, Shape.DECIMAL_COMMA), key=lambda shape: forms.get(shape, 0))
        forms[main] = forms.get(main, 0) + whole
    return forms


def consistency(scan: Scan) -> Measure:
    """Count values in their column's most frequent form, and pairs of moments in the right order."""
    tally = scan.tally
    if not _present(scan):
        return Measure()
    uniform = sum(max(written_forms(column).values(), default=0) for column in tally.columns)
    return Measure(uniform + tally.pairs - tally.pair_violations, _present(scan) + tally.pairs)


def validity(scan: Scan) -> Measure:
    """Count values that are what their column expects, of those checked; a corrupt row fails in each.

    Free text is not checked. Where there is nothing else, nothing was assessed.
    """
    columns = scan.tally.columns
    compared = [unmet_values(*one) for one in zip(columns, scan.columns)]
    checked = sum(of for _, of in compared)
    invalid = sum(count for count, _ in compared)
    lost_cells = len(columns) * scan.tally.corrupt_rows
    return Measure(checked - invalid, checked + lost_cells)


@dataclass(frozen=True)
class Freshness:
    """The age of a dataset.

    Attributes:
        source: ``column`` (timestamps in the data) or ``storage`` (last modification of the files).
        column: the column with the latest moment, where there is one.
        latest_micros: that moment, microseconds since 1970 UTC; ``None``: every timestamp is in the future.
        timestamps: timestamps seen, in all columns that count.
        future: of those, how many lie in the future.
        of_column: timestamps seen in ``column``.
    """

    source: str
    column: Optional[str] = None
    latest_micros: Optional[int] = None
    timestamps: int = 0
    future: int = 0
    of_column: int = 0

    @property
    def past_share(self) -> float:
        """Share of the timestamps that do not lie in the future."""
        return 1.0 - self.future / self.timestamps if self.timestamps else 1.0

    def decay(self, policy: Policy, now_micros: int) -> float:
        """1 while the data is fresh, then half of it with each half-life; 0 if its age is unknown."""
        if self.latest_micros is None:
            return 0.0
        late = now_micros - self.latest_micros - policy.grace_hours * MICROS_PER_HOUR
        return 1.0 if late <= 0 else float(2.0 ** (-late / (policy.half_life_days * MICROS_PER_DAY)))


def freshness(scan: Scan) -> Optional[Freshness]:
    """Find how fresh a dataset is: from its timestamps, else from storage; ``None`` when neither tells.

    Moments of the future are left out where a column may hold plans. The age of a table that a data contract
    calls an archive says nothing.
    """
    if scan.terms is not None and scan.terms.is_archive:
        return None
    dated = [
        (replace(tally, timestamps=tally.timestamps - tally.future, future=0), facts.name)
        if facts.may_lie_ahead
        else (tally, facts.name)
        for tally, facts in zip(scan.tally.columns, scan.columns)
    ]
    dated = [(tally, name) for tally, name in dated if tally.timestamps]
    if not dated:
        if scan.modified_micros is None:
            return None
        return Freshness("storage", latest_micros=scan.modified_micros)
    newest, name = max(dated, key=lambda pair: _latest(pair[0]))
    return Freshness(
        "column",
        column=name,
        latest_micros=newest.latest_micros,
        timestamps=sum(tally.timestamps for tally, _ in dated),
        future=sum(tally.future for tally, _ in dated),
        of_column=newest.timestamps,
    )


def _latest(column: ColumnTally) -> float:
    return -math.inf if column.latest_micros is None else column.latest_micros


def timeliness(scan: Scan, policy: Policy, now_micros: int) -> Measure:
    """Multiply how fresh the newest moment is by the share of moments not in the future; weighs rows."""
    found = freshness(scan)
    if found is None or not _has_values(scan):
        return Measure()
    return Measure(found.decay(policy, now_micros) * found.past_share * scan.tally.rows, scan.tally.rows)


@dataclass(frozen=True)
class Identity:
    """Something that should be unique.

    Attributes:
        column: a key column, or ``None`` for the whole row.
        of: how many values (or rows) there are.
        distinct: how many of them differ; for an estimate its upper bound, never more than ``of``.
        rsd: relative standard deviation of the estimate; 0 when exact.
    """

    column: Optional[str]
    of: int
    distinct: float
    rsd: float

    @property
    def ratio(self) -> float:
        """Share of different values."""
        return self.distinct / self.of


def identity(column: Optional[str], distinct: Optional[Distinct], of: int) -> Optional[Identity]:
    """Compare a distinct count with its whole; ``None`` when there is nothing to compare.

    An estimate gets three standard deviations of benefit, ``D / (1 - 3 rsd)``: a table without duplicates
    scores 100, not 97.
    """
    if distinct is None or of <= 0:
        return None
    spread = 1.0 - 3.0 * distinct.rsd
    corrected = distinct.count / spread if spread > 0 else math.inf
    return Identity(column, of, min(float(of), corrected), distinct.rsd)


def identities(scan: Scan) -> Tuple[Identity, ...]:
    """List what should be unique and was counted: the row as a whole and each key column."""
    found = [identity(None, scan.distinct_rows, scan.tally.rows)]
    for tally, facts in zip(scan.tally.columns, scan.columns):
        if facts.is_key:
            found.append(identity(facts.name, facts.distinct, tally.present))
    return tuple(one for one in found if one is not None)


def uniqueness(scan: Scan) -> Measure:
    """Take the worst ratio: different rows of all rows, different values of each key; weighs rows."""
    ratios = [*(one.ratio for one in identities(scan)), *(ratio for _, ratio in duplicates(scan))]
    if not ratios or not _has_values(scan):
        return Measure()
    return Measure(min(ratios) * scan.tally.rows, scan.tally.rows)


def _has_values(scan: Scan) -> bool:
    """Whether there are columns, and a row that could be read."""
    return bool(scan.tally.columns) and scan.tally.rows > scan.tally.corrupt_rows


def measure(scan: Scan, policy: Policy, now_micros: int) -> Dict[Dimension, Measure]:
    """Measure one dataset in all six dimensions. Without rows or columns nothing is assessed.

    Args:
        scan: what was counted.
        policy: grace and half-life.
        now_micros: the clock, microseconds since 1970 UTC.
    """
    return {
        Dimension.COMPLETENESS: completeness(scan),
        Dimension.ACCURACY: accuracy(scan),
        Dimension.CONSISTENCY: consistency(scan),
        Dimension.TIMELINESS: timeliness(scan, policy, now_micros),
        Dimension.VALIDITY: validity(scan),
        Dimension.UNIQUENESS: uniqueness(scan),
    }


@dataclass(frozen=True)
class ColumnScores:
    """Scores of one column, 0 to 100 and rounded: three columns of ``_executor_metadata.columns``.

    ``None`` means not assessed: no rows, no present values, (validity) nothing that could be checked, or
    (uniqueness) different values not counted.
    ``uniqueness_rsd`` is above 0 when the uniqueness rests on an estimate.
    """

    name: str
    completeness: Optional[float]
    validity: Optional[float]
    uniqueness: Optional[float]
    uniqueness_rsd: float = 0.0


def column_scores(tally: ColumnTally, facts: ColumnFacts) -> ColumnScores:
    """Score one column by the same formulas."""
    unique = identity(facts.name, facts.distinct, tally.present)
    unmet, checked = unmet_values(tally, facts)
    return ColumnScores(
        name=facts.name,
        completeness=round_score(Measure(tally.present, tally.rows).score),
        validity=round_score(Measure(checked - unmet, checked).score),
        uniqueness=round_score(100.0 * unique.ratio) if unique else None,
        uniqueness_rsd=unique.rsd if unique else 0.0,
    )
