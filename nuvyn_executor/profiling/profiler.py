"""What a scan returns for one dataset, and how counts become it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Optional, Sequence, Tuple

from nuvyn_executor.model import EPOCH, epoch_micros
from nuvyn_executor.profiling.counts import Span
from nuvyn_executor.profiling.declared_plan import declared_plan
from nuvyn_executor.profiling.distributions import commonest_of, distribution_of
from nuvyn_executor.profiling.plan import (
    ScanPlan,
    ordered_pairs,
    plan_text_column,
    plan_typed_column,
    without_false_keys,
)
from nuvyn_executor.profiling.spark import expressions
from nuvyn_executor.profiling.value_patterns import Expected, data_type_of
from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, DatasetTally, Scan, Shape
from nuvyn_executor.reading.frame import DOUBTS

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset
    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.distributions import Distribution
    from nuvyn_executor.profiling.plan import ColumnPlan
    from nuvyn_executor.profiling.scan_state import ScanState
    from nuvyn_executor.quality.declared import TableTerms
    from nuvyn_executor.reading.frame import Frame


_EXACT_AS_DOUBLE = 2**53  # up to here every whole number has a double of its own


@dataclass(frozen=True)
class ColumnProfile:
    """Extremes of a column's values. Minimum and maximum are cell values.

    Attributes:
        minimum: the smallest number or moment, as JSON holds it; ``None`` for columns of other values.
        length_min: bytes of the shortest present text.
        distribution: how the values are distributed; ``None`` where that was not measured.
        commonest: the values of a column of few with how often each occurs; else ``None``.
    """

    minimum: Any = None
    maximum: Any = None
    length_min: Any = None
    length_max: Any = None
    distribution: Optional[Distribution] = None
    commonest: Optional[Tuple[Tuple[Any, int], ...]] = None


@dataclass(frozen=True)
class DatasetProfile:
    """The result of scanning one dataset.

    Attributes:
        dataset: the dataset as discovery found it.
        scan: what its scores are calculated from.
        columns: one for each of ``scan.columns``.
        state: the counts, how they were made, and how much of the dataset they cover.
        file_count: how many files make it up; of a Delta table, those of its current version.
        size_bytes: bytes of those files.
        rows_read: rows that this scan read; the others were counted by an earlier run.
    """

    dataset: Dataset
    scan: Scan
    columns: Tuple[ColumnProfile, ...]
    state: ScanState
    file_count: int
    size_bytes: int
    rows_read: int

    @property
    def plans(self) -> Tuple[ColumnPlan, ...]:
        """What was counted in each of ``scan.columns``."""
        return tuple(self.state.plan.columns[place] for place in _shown(self.state.plan, self.scan.terms))

    @property
    def rows(self) -> int:
        """Rows of the table: counted, or where only a sample was counted, known or estimated."""
        coverage = self.state.coverage
        return self.scan.tally.rows if coverage is None else coverage.table_rows

    @property
    def is_sampled(self) -> bool:
        """Whether not all rows were counted."""
        return self.state.coverage is not None


def plan_scan(
    frame: Frame,
    dataset_name: str,
    key_columns: Sequence[str] = (),
    null_markers: Optional[Tuple[str, ...]] = None,
    terms: Optional[TableTerms] = None,
) -> ScanPlan:
    """Decide what to count, from the frame's names, types and sample.

    Args:
        frame: the dataset.
        dataset_name: its name, which its primary key may be named after.
        key_columns: the primary key that a catalogue declares. Then no name is taken for that of a key; of a
            key of several columns, no column has to be unique.
        null_markers: the texts that stand for no value, where the user says so.
        terms: what a data contract declares, which comes before all of that.
    """

    def plan_at(
        place: int, expected: Optional[str] = None, markers: Optional[Tuple[str, ...]] = None
    ) -> ColumnPlan:
        name, declared, values = frame.names[place], frame.types[place], frame.sample[place]
        fences = frame.sample_represents
        if declared is not None and declared != "string":
            return plan_typed_column(name, dataset_name, declared, values, fences=fences)
        texts = [None if value is None else str(value) for value in values]
        markers = null_markers if markers is None else markers
        plan = plan_text_column(
            name, dataset_name, texts, fences=fences, null_markers=markers, declared=expected
        )
        return replace(plan, declared_type=declared)

    plans = tuple(map(plan_at, range(len(frame.names))))
    if key_columns:
        plans = tuple(replace(one, is_key=[one.name] == [*key_columns]) for one in plans)
    else:
        plans = without_false_keys(plans, frame.sample)
    plan = ScanPlan(plans, ordered_pairs(plans), exact_distinct=frame.is_small, null_markers=null_markers)
    return plan if terms is None else declared_plan(plan, terms, plan_at)


def profile_dataset(
    dataset: Dataset, state: ScanState, *, file_count: int, size_bytes: int, rows_read: int
) -> DatasetProfile:
    """Return the profile of a dataset that was counted. Arguments as in :class:`DatasetProfile`."""
    modified = dataset.modified_at
    scan, columns = interpret_counts(
        state.plan, state.counts, dataset.name, None if modified is None else epoch_micros(modified)
    )
    scan = replace(scan, doubts=(*dataset.doubts, *state.read_as.get(DOUBTS, ())))
    if dataset.terms is not None:
        scan = with_terms(scan, state.plan, state.counts, dataset.terms)
        coverage = state.coverage
        if coverage is not None:
            scan = replace(scan, row_count=None if coverage.is_estimate else coverage.table_rows)
        columns = tuple(columns[place] for place in _shown(state.plan, dataset.terms))
    return DatasetProfile(dataset, scan, columns, state, file_count, size_bytes, rows_read)


def with_terms(scan: Scan, plan: ScanPlan, counts: Counts, terms: TableTerms) -> Scan:
    """Return a scan with what a data contract declares, and without the columns that it leaves out."""
    places = _shown(plan, terms)
    facts = (
        replace(
            scan.columns[i],
            data_type=_declared_type(plan.columns[i], scan.columns[i].data_type, scan.tally.columns[i]),
            terms=terms.column(plan.columns[i].name),
            rules=plan.columns[i].rules,
        )
        for i in places
    )
    keys = tuple(
        (tuple(plan.columns[i].name for i in key), None if state is None else state.estimate())
        for key, state in zip(plan.keys, counts.keys)
    )
    tally = replace(scan.tally, columns=tuple(scan.tally.columns[i] for i in places))
    return replace(scan, tally=tally, columns=tuple(facts), terms=terms, keys=keys, row_count=tally.rows)


def _declared_type(plan: ColumnPlan, data_type: str, tally: ColumnTally) -> str:
    """Return the type of a column that a data contract declares: 007 is a number where it says so."""
    if plan.declared_type is not None or plan.expected != Expected.NUMBER or data_type != "string":
        return data_type
    return data_type_of(plan.expected, {**tally.shapes, Shape.CODE: 0})


def _shown(plan: ScanPlan, terms: Optional[TableTerms]) -> Tuple[int, ...]:
    """Return the positions of the columns that are not left out."""
    places = range(len(plan.columns))
    if terms is None:
        return tuple(places)
    declared = {place: terms.column(plan.columns[place].name) for place in places}
    return tuple(place for place, one in declared.items() if one is None or not one.is_excluded)


def interpret_counts(
    plan: ScanPlan, counts: Counts, dataset_name: str, modified_micros: Optional[int]
) -> Tuple[Scan, Tuple[ColumnProfile, ...]]:
    """Return what counts mean, by whichever engine they were made.

    Args:
        plan: what was counted.
        counts: the counts.
        dataset_name: the dataset's name in recommendations.
        modified_micros: last modification in storage, microseconds since 1970 UTC.

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
    columns = tuple(
        _column_profile(one, span, fact.data_type) for one, fact, span in zip(plan.columns, facts, spans)
    )
    return Scan(dataset_name, tally, facts, distinct_rows, modified_micros), columns


def _column_profile(plan: ColumnPlan, span: Span, data_type: str) -> ColumnProfile:
    shown = partial(json_extreme, plan=plan, data_type=data_type)
    return ColumnProfile(
        minimum=shown(span.minimum),
        maximum=shown(span.maximum),
        length_min=span.length_min,
        length_max=span.length_max,
        distribution=distribution_of(plan, span, shown),
        commonest=commonest_of(plan, span, shown),
    )


def _of_nothing(plan: ScanPlan, tally: DatasetTally) -> DatasetTally:
    return replace(tally, columns=tuple(ColumnTally() for _ in plan.columns))


def _facts(plan: ColumnPlan, tally: ColumnTally, span: Span) -> ColumnFacts:
    data_type = plan.declared_type or data_type_of(plan.expected, tally.shapes)
    distinct = None
    if span.distinct is not None:
        estimate = span.distinct.estimate()
        distinct = replace(estimate, count=min(estimate.count, tally.present))
    return ColumnFacts(
        plan.name,
        data_type,
        plan.expected,
        is_key=plan.is_key,
        not_key=plan.not_key,
        suspect_examples=plan.suspect_examples,
        may_lie_ahead=plan.may_lie_ahead,
        distinct=distinct,
    )


def json_extreme(value: Any, plan: ColumnPlan, data_type: str) -> Any:
    """Return a minimum or maximum as JSON holds it: whole numbers as such, moments in ISO 8601, UTC."""
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
