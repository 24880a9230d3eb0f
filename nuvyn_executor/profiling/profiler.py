"""From a plan to a profile: what to count in a dataset, and what the counts say."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Optional, Tuple

from nuvyn_executor.model import EPOCH
from nuvyn_executor.profiling.counts import Span
from nuvyn_executor.profiling.plan import ScanPlan, ordered_pairs, plan_text_column, plan_typed_column
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.profiling.spark import expressions
from nuvyn_executor.profiling.value_patterns import data_type_of
from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, DatasetTally, Scan

if TYPE_CHECKING:
    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.plan import ColumnPlan
    from nuvyn_executor.reading.frame import Frame


_EXACT_AS_DOUBLE = 2**53  # up to here a double is the whole number that it looks like


@dataclass(frozen=True)
class ColumnProfile:
    """What is told of a column beside its scores. Minimum, maximum and sample are cell values.

    Attributes:
        minimum: smallest number or moment, as text; ``None`` for other columns.
        length_min: bytes of the shortest present text.
    """

    minimum: Any = None
    maximum: Any = None
    length_min: Any = None
    length_max: Any = None


@dataclass(frozen=True)
class Profile:
    """A dataset after its scan: what scoring needs, and what else was seen."""

    scan: Scan
    columns: Tuple[ColumnProfile, ...]
    plan: ScanPlan


def plan_scan(frame: Frame, dataset_name: str) -> ScanPlan:
    """Decide what to count, from the frame's names, types and sample."""
    plans = tuple(
        plan_text_column(name, dataset_name, values, fences=frame.sample_represents)
        if declared is None
        else plan_typed_column(name, dataset_name, declared, values, fences=frame.sample_represents)
        for name, declared, values in zip(frame.names, frame.types, frame.sample)
    )
    return ScanPlan(plans, ordered_pairs(plans), exact_distinct=frame.is_small)


def scan(frame: Frame, dataset_name: str, now_micros: int, modified_micros: int | None) -> Profile:
    """Read a dataset with Spark and count.

    Args:
        frame: the dataset as a DataFrame of positional columns.
        dataset_name: how recommendations call it.
        now_micros: the present, microseconds since 1970 UTC; later moments are in the future.
        modified_micros: last modification in storage.
    """
    plan = plan_scan(frame, dataset_name)
    return profile(plan, spark_engine.count(frame, plan, now_micros), dataset_name, modified_micros)


def profile(plan: ScanPlan, counts: Counts, dataset_name: str, modified_micros: int | None) -> Profile:
    """Return what counts mean, whoever counted.

    Raises:
        ValueError: the counts are of other columns than the plan.
    """
    tally = counts.tally if counts.tally.columns else _of_nothing(plan, counts.tally)
    spans = counts.spans or tuple(Span() for _ in plan.columns)
    facts = tuple(_facts(*one) for one in zip(plan.columns, tally.columns, spans))
    rows = counts.distinct_rows
    distinct_rows = None
    if rows is not None:
        # A record that did not parse is no copy of another one.
        estimate = rows.estimate()
        distinct_rows = replace(estimate, count=min(estimate.count + tally.corrupt_rows, tally.rows))
    profiles = tuple(
        ColumnProfile(
            minimum=_shown(span.minimum, one, fact.data_type),
            maximum=_shown(span.maximum, one, fact.data_type),
            length_min=span.length_min,
            length_max=span.length_max,
        )
        for one, fact, span in zip(plan.columns, facts, spans)
    )
    return Profile(Scan(dataset_name, tally, facts, distinct_rows, modified_micros), profiles, plan)


def _of_nothing(plan: ScanPlan, tally: DatasetTally) -> DatasetTally:
    return replace(tally, columns=tuple(ColumnTally() for _ in plan.columns))


def _facts(plan: ColumnPlan, tally: ColumnTally, span: Span) -> ColumnFacts:
    data_type = plan.declared_type or data_type_of(plan.expected, tally.shapes)
    distinct = None
    if span.distinct is not None:
        estimate = span.distinct.estimate()
        distinct = replace(estimate, count=min(estimate.count, tally.present))
    return ColumnFacts(plan.name, data_type, plan.expected, plan.is_key, distinct)


def _shown(value: Any, plan: ColumnPlan, data_type: str) -> Any:
    """Write a minimum or maximum as JSON takes it: whole numbers bare, moments in ISO 8601, UTC."""
    if value is None:
        return None
    if expressions.is_moment(plan):
        return _moment(value, data_type)
    if not math.isfinite(value):
        return "Infinity" if value > 0 else "-Infinity"  # JSON has no number for it
    if data_type == "double":
        return float(value)
    is_whole = isinstance(value, int) or (value == int(value) and abs(value) <= _EXACT_AS_DOUBLE)
    return int(value) if is_whole else value


def _moment(micros: int, data_type: str) -> Optional[str]:
    try:
        moment = EPOCH + timedelta(microseconds=micros)
    except OverflowError:  # Spark knows years before 1 and after 9999, Python does not
        return None
    return moment.date().isoformat() if data_type == "date" else f"{moment:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")
