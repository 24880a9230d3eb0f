"""Computes the scores, the level and the recommendations of a source from its scans. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.quality.contract_findings import of_notes, policy_of, policy_of_all, with_contract
from nuvyn_executor.quality.dimensions import (
    ColumnScores,
    Dimension,
    Measure,
    Policy,
    column_scores,
    freshness,
    identities,
    measure,
    round_score,
    total,
)
from nuvyn_executor.quality.recommendations import Finding, find, pricing, ranked, recommend

if TYPE_CHECKING:
    from nuvyn_executor.quality.declared import Note
    from nuvyn_executor.quality.recommendations import Price
    from nuvyn_executor.quality.tallies import Scan


class QualityLevel(str, Enum):
    """The names of ranges of the overall score."""

    EXCELLENT = "Excellent"
    GOOD = "Good"
    FAIR = "Fair"
    POOR = "Poor"
    UNKNOWN = "Unknown"

    @classmethod
    def of(cls, score: Optional[float], policy: Policy) -> QualityLevel:
        """Return the level of an overall score; ``None`` is Unknown.

        The rounded score decides: 89.996 is shown as 90.0, so that it is Excellent.
        """
        shown = round_score(score)
        if shown is None:
            return cls.UNKNOWN
        cuts = ((cls.EXCELLENT, policy.excellent), (cls.GOOD, policy.good), (cls.FAIR, policy.fair))
        return next((level for level, cut in cuts if shown >= cut), cls.POOR)


def overall(
    scores: Mapping[Dimension, Optional[float]], weights: Mapping[Dimension, float]
) -> Optional[float]:
    """Return the weighted mean of the assessed dimensions, not rounded; ``None`` if there are none.

    Args:
        scores: 0 to 100 each; ``None`` is left out, and the weights of the others are the whole.
        weights: as in :class:`Policy`.
    """
    assessed = {dimension: score for dimension, score in scores.items() if score is not None}
    if not assessed:
        return None
    weight = math.fsum(weights[dimension] for dimension in assessed)
    mean = math.fsum(weights[dimension] * score for dimension, score in assessed.items()) / weight
    return min(max(mean, min(assessed.values())), max(assessed.values()))


@dataclass(frozen=True)
class Provenance:
    """The settings that an assessment depends on, as plain values for JSON.

    Attributes:
        formula_version: scores of two versions do not compare.
        weights: by dimension.
        levels: lowest overall score of each level.
        thresholds: below what something is worth a finding: a dimension's score (0 to 100), and shares of a
            column's values (0 to 1) that are there, that are written alike in free text, that are sound.
        grace_hours, half_life_days: of timeliness.
        assessed_at_micros: the clock that timeliness used, microseconds since 1970 UTC.
    """

    formula_version: str
    weights: Mapping[str, float]
    levels: Mapping[str, float]
    thresholds: Mapping[str, float]
    grace_hours: float
    half_life_days: float
    assessed_at_micros: int


@dataclass(frozen=True)
class DatasetAssessment:
    """Scores of one dataset: a row of ``_executor_metadata.tables``.

    Attributes:
        name: the dataset.
        rows: rows seen.
        overall: 0 to 100, rounded; ``None`` when there was nothing to assess.
        level: the name of that.
        scores: all six dimensions in the guide's order, rounded; ``None`` is not assessed.
        checked: how many cells, values or rows each score rests on; 0 is not assessed, or nothing that
            could have failed.
        timeliness_source: ``column: updated_at``, ``storage``, or ``None`` if its age is unknown.
        uniqueness_rsd: relative standard deviation of the distinct counts; 0 when they are exact.
        columns: in the dataset's order.
        findings: the most expensive first, ``points_lost`` of this dataset's overall score.
        recommendations: the worst findings in words, or what fits the level.
        provenance: the settings that all this depends on.
    """

    name: str
    rows: int
    overall: Optional[float]
    level: QualityLevel
    scores: Mapping[Dimension, Optional[float]]
    checked: Mapping[Dimension, int]
    timeliness_source: Optional[str]
    uniqueness_rsd: float
    columns: Tuple[ColumnScores, ...]
    findings: Tuple[Finding, ...]
    recommendations: Tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True)
class Assessment:
    """Scores of a source. Fields as in :class:`DatasetAssessment`, over all its datasets.

    Attributes:
        datasets: one for each scan, in order.
        findings: ``points_lost`` of the source's overall score.
        provenance: the settings that all this depends on.
    """

    rows: int
    overall: Optional[float]
    level: QualityLevel
    scores: Mapping[Dimension, Optional[float]]
    checked: Mapping[Dimension, int]
    datasets: Tuple[DatasetAssessment, ...]
    findings: Tuple[Finding, ...]
    recommendations: Tuple[str, ...]
    provenance: Provenance


def assess(scans: Sequence[Scan], policy: Policy, now_micros: int, notes: Sequence[Note] = ()) -> Assessment:
    """Score a source: each of its datasets, and the sum of their measures.

    Args:
        scans: one for each dataset; none at all is a source without rows.
        policy: weights, cuts and the pace of aging.
        now_micros: the clock, microseconds since 1970 UTC.
        notes: what is to be said about the data contracts.
    """
    measured = [measure(scan, policy_of(scan, policy), now_micros) for scan in scans]
    default, policy = policy, policy_of_all(scans, policy)
    summed = {dimension: total(one[dimension] for one in measured) for dimension in Dimension}
    scores, score, level = _verdict(summed, policy, _highest(scans, policy))
    price = pricing(summed, policy.weights)
    found = [one for scan in scans for one in _find(scan, policy_of(scan, default), now_micros, price)]
    findings = ranked([*found, *of_notes(notes)])
    return Assessment(
        rows=sum(scan.tally.rows for scan in scans),
        overall=score,
        level=level,
        scores=scores,
        checked=_checked(summed),
        datasets=tuple(
            _assess_dataset(scan, one, policy_of(scan, default), now_micros)
            for scan, one in zip(scans, measured)
        ),
        findings=findings,
        recommendations=recommend(level.value, findings, policy.max_recommendations),
        provenance=_provenance(policy, now_micros),
    )


def _assess_dataset(
    scan: Scan, measures: Mapping[Dimension, Measure], policy: Policy, now_micros: int
) -> DatasetAssessment:
    scores, score, level = _verdict(measures, policy, _highest([scan], policy))
    findings = _find(scan, policy, now_micros, pricing(measures, policy.weights))
    return DatasetAssessment(
        name=scan.name,
        rows=scan.tally.rows,
        overall=score,
        level=level,
        scores=scores,
        checked=_checked(measures),
        timeliness_source=_timeliness_source(scan),
        uniqueness_rsd=max((one.rsd for one in identities(scan)), default=0.0),
        columns=tuple(column_scores(tally, facts) for tally, facts in zip(scan.tally.columns, scan.columns)),
        findings=findings,
        recommendations=recommend(level.value, findings, policy.max_recommendations),
        provenance=_provenance(policy, now_micros),
    )


def _find(scan: Scan, policy: Policy, now_micros: int, price: Price) -> Tuple[Finding, ...]:
    return with_contract(find(scan, policy, now_micros, price), scan, policy, now_micros, price)


def _highest(scans: Sequence[Scan], policy: Policy) -> float:
    """Return the highest overall score that tables can have.

    The rows that could be read say little of a table of which more than half could not: it is Poor.
    """
    rows = sum(scan.tally.rows for scan in scans)
    readable = rows - sum(scan.tally.corrupt_rows for scan in scans)
    if 2 * readable >= rows:
        return 100.0
    # Rounded down, so that the score that is shown lies below the cut, too.
    return math.floor(100.0 * 2.0 * policy.fair * readable / rows) / 100.0


def _verdict(
    measures: Mapping[Dimension, Measure], policy: Policy, highest: float
) -> Tuple[Mapping[Dimension, Optional[float]], Optional[float], QualityLevel]:
    """Return the rounded scores, the rounded overall score (of scores not rounded) and its level."""
    exact = {dimension: measures[dimension].score for dimension in Dimension}
    mean = overall(exact, policy.weights)
    if mean is not None:
        mean = min(mean, highest)
    scores = {dimension: round_score(score) for dimension, score in exact.items()}
    return scores, round_score(mean), QualityLevel.of(mean, policy)


def _checked(measures: Mapping[Dimension, Measure]) -> Mapping[Dimension, int]:
    return {dimension: measures[dimension].checked for dimension in Dimension}


def _plain(by_dimension: Mapping[Dimension, Any]) -> Dict[str, Any]:
    return {dimension.value: value for dimension, value in by_dimension.items()}


def _timeliness_source(scan: Scan) -> Optional[str]:
    found = freshness(scan)
    if found is None:
        return None
    return f"{found.source}: {found.column}" if found.column else found.source


def _provenance(policy: Policy, now_micros: int) -> Provenance:
    return Provenance(
        formula_version=policy.formula_version,
        weights=_plain(policy.weights),
        levels={"Excellent": policy.excellent, "Good": policy.good, "Fair": policy.fair, "Poor": 0.0},
        thresholds={
            "dimension": policy.dimension_cut,
            "completeness": policy.completeness_cut,
            "mixed_text": policy.mixed_text_cut,
            "defect": policy.defect_cut,
        },
        grace_hours=policy.grace_hours,
        half_life_days=policy.half_life_days,
        assessed_at_micros=now_micros,
    )
