"""One read of a dataset on Spark, and everything that was counted in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Tuple

from nuvyn_executor.model import EPOCH
from nuvyn_executor.profiling import expressions
from nuvyn_executor.profiling.plan import ScanPlan, ordered_pairs, plan_text_column, plan_typed_column
from nuvyn_executor.profiling.shapes import ALLOWED, Expected, data_type_of
from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, DatasetTally, Distinct, Scan, Shape

if TYPE_CHECKING:
    from nuvyn_executor.profiling.frame import Frame
    from nuvyn_executor.profiling.plan import ColumnPlan

# More columns than this are counted in several aggregates, each with a read of its own: thousands of buffers
# in one cost more than reading again (500 columns: 12.9 s in one aggregate, 6.6 s in 25).
COLUMNS_A_SCAN = 60


@dataclass(frozen=True)
class ColumnProfile:
    """What is told of a column beside its scores. Minimum, maximum and sample are cell values.

    Attributes:
        minimum: smallest number or moment, as text; ``None`` for other columns.
        length_min: bytes of the shortest present text.
    """

    plan: ColumnPlan
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
    """Read a dataset once and count.

    Args:
        frame: the dataset as a DataFrame of positional columns.
        dataset_name: how recommendations call it.
        now_micros: the present, microseconds since 1970 UTC; later moments are in the future.
        modified_micros: last modification in storage.
    """
    plan = plan_scan(frame, dataset_name)
    counted = _counted(frame, plan, now_micros)
    columns = tuple(_column_tally(i, one, counted) for i, one in enumerate(plan.columns))
    tally = DatasetTally(
        rows=counted["rows"],
        columns=columns,
        corrupt_rows=counted.get("corrupt", 0),
        pairs=sum(counted[f"pair{i}_compared"] for i in range(len(plan.pairs))),
        pair_violations=sum(counted[f"pair{i}_violated"] for i in range(len(plan.pairs))),
    )
    facts = tuple(_facts(i, one, tally.columns[i], plan, counted) for i, one in enumerate(plan.columns))
    rows_rsd = 0.0 if plan.exact_distinct else expressions.KEY_RSD
    # A record that did not parse is no copy of another one.
    different = min(counted["rows_distinct"] + tally.corrupt_rows, tally.rows) if plan.columns else 0
    distinct_rows = Distinct(different, rows_rsd) if plan.columns else None
    profiles = tuple(
        ColumnProfile(
            plan=one,
            minimum=_shown(counted.get(f"c{i}_minimum"), one, facts[i].data_type),
            maximum=_shown(counted.get(f"c{i}_maximum"), one, facts[i].data_type),
            length_min=counted.get(f"c{i}_length_min"),
            length_max=counted.get(f"c{i}_length_max"),
        )
        for i, one in enumerate(plan.columns)
    )
    return Profile(Scan(dataset_name, tally, facts, distinct_rows, modified_micros), profiles, plan)


def _counted(frame: Frame, plan: ScanPlan, now_micros: int) -> Dict[str, Any]:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    counted: Dict[str, Any] = {}
    total = len(plan.columns)
    for start in range(0, max(total, 1), COLUMNS_A_SCAN):
        chunk = range(start, min(start + COLUMNS_A_SCAN, total))
        everything = start == 0  # the first read also counts what concerns whole rows
        wide = range(total) if everything else chunk
        prepared = expressions.prepared(frame.data, [plan.columns[i] for i in wide], wide.start)
        aggregates = {} if not everything else _row_aggregates(frame, plan)
        if everything and total:
            prepared = prepared.withColumn(expressions.ROW_HASH, expressions.row_hash(total))
            aggregates["rows_distinct"] = expressions.distinct_counter(
                expressions.ROW_HASH,
                plan,
                mask=f.expr("true" if frame.corrupt is None else f"{frame.corrupt} IS NULL"),
                rsd=expressions.KEY_RSD,
            )
        for i in chunk:
            aggregates.update(expressions.column_counters(i, plan.columns[i], now_micros))
            rsd = expressions.KEY_RSD if plan.columns[i].is_key else expressions.DISTINCT_RSD
            aggregates[f"c{i}_distinct"] = expressions.distinct_counter(
                f"c{i}_hash", plan, mask=expressions.is_present(i, plan.columns[i]), rsd=rsd
            )
        row = prepared.agg(*[column.alias(name) for name, column in aggregates.items()]).collect()[0]
        counted.update(row.asDict())
    return counted


def _row_aggregates(frame: Frame, plan: ScanPlan) -> Dict[str, Any]:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    aggregates = {"rows": f.count(f.lit(1)), **expressions.pair_counters(plan)}
    if frame.corrupt is not None:
        aggregates["corrupt"] = f.count(f.col(frame.corrupt))
    return aggregates


def _column_tally(i: int, plan: ColumnPlan, counted: Mapping[str, Any]) -> ColumnTally:
    def number(name: str) -> int:
        return int(counted.get(f"c{i}_{name}") or 0)

    rows, nulls, nans, blanks, present = (
        int(counted["rows"]), number("nulls"), number("nans"), number("blanks"), number("present")
    )  # fmt: skip
    shapes = {
        shape: number(f"shape_{shape.value}") for shape in Shape if f"c{i}_shape_{shape.value}" in counted
    }
    shapes[Shape.TEXT] = present - sum(shapes.values())
    if not expressions.is_text(plan):
        shapes = {Shape.TYPED: present}
    is_checked = plan.expected in ALLOWED or plan.expected is Expected.TYPED
    return ColumnTally(
        rows=rows,
        nulls=nulls,
        nans=nans,
        blanks=blanks,
        placeholders=rows - nulls - nans - blanks - present,
        suspects=number("suspects") + number("broken"),
        checked=present if is_checked else 0,
        invalid=number("invalid"),
        shapes={shape: count for shape, count in shapes.items() if count},
        timestamps=number("timestamps"),
        future=number("future"),
        latest_micros=counted.get(f"c{i}_latest"),
    )


def _facts(
    i: int, plan: ColumnPlan, tally: ColumnTally, scan_plan: ScanPlan, counted: Mapping[str, Any]
) -> ColumnFacts:
    approximate = 0.0
    if not scan_plan.exact_distinct:
        approximate = expressions.KEY_RSD if plan.is_key else expressions.DISTINCT_RSD
    data_type = plan.declared_type or data_type_of(plan.expected, tally.shapes)
    distinct = Distinct(min(int(counted[f"c{i}_distinct"]), tally.present), approximate)
    return ColumnFacts(plan.name, data_type, plan.expected.value, plan.is_key, distinct)


def _shown(value: Any, plan: ColumnPlan, data_type: str) -> Any:
    """Write a minimum or maximum as JSON takes it: whole numbers bare, moments in ISO 8601, UTC."""
    if value is None:
        return None
    if expressions.is_moment(plan):
        return _moment(value, data_type)
    if isinstance(value, float) and not math.isfinite(value):
        return "Infinity" if value > 0 else "-Infinity"  # JSON has no number for it
    if isinstance(value, float) and data_type != "double" and value.is_integer():
        return int(value)
    return value


def _moment(micros: int, data_type: str) -> Optional[str]:
    try:
        moment = EPOCH + timedelta(microseconds=micros)
    except OverflowError:  # Spark knows years before 1 and after 9999, Python does not
        return None
    return moment.date().isoformat() if data_type == "date" else f"{moment:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")
