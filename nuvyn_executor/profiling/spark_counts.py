"""A dataset counted by Spark itself: the way that goes everywhere, whatever the format and the type.

Spark compiles an aggregate to Java only while it has at most 100 buffers, and Java compiles a method only
while it has at most 8,000 bytecodes: beyond, a scan takes three times as long. So where columns are read one
by one (Parquet, Delta) the counters come in chunks, and different values, whose sketches are never compiled,
in chunks of their own. Where every read parses every record (CSV, JSON) one read counts all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.concurrency import at_once
from nuvyn_executor.profiling import expressions
from nuvyn_executor.profiling.counts import Counts, Span
from nuvyn_executor.profiling.expressions import Wanted
from nuvyn_executor.profiling.shapes import ALLOWED, Expected
from nuvyn_executor.profiling.sketch import Final
from nuvyn_executor.quality.tallies import ColumnTally, DatasetTally, Distinct, Shape

if TYPE_CHECKING:
    from nuvyn_executor.profiling.frame import Frame
    from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan

ENGINE = "spark"
BUFFERS = 48
"""Counters in one aggregate; with more, the code that Spark makes of their columns is too long for Java."""
SKETCHES = 8
"""Columns whose different values are counted in one aggregate, for the same reason."""
TOGETHER = 60
"""Columns that are counted in one read where each read parses every record."""
AT_ONCE = 4
Answers = Dict[str, Any]


@dataclass(frozen=True)
class _Read:
    """One aggregate over some columns; ``aggregates`` are by alias."""

    wanted: Wanted
    aggregates: Mapping[str, Any]


def count(frame: Frame, plan: ScanPlan, now_micros: int) -> Counts:
    """Count a dataset.

    Args:
        frame: the dataset as a DataFrame of positional columns.
        plan: what to count in it.
        now_micros: the present, microseconds since 1970 UTC; later moments are in the future.
    """
    answers: Answers = {}
    for row in at_once(
        *[_asking(frame, plan, read) for read in _reads(frame, plan, now_micros)], limit=AT_ONCE
    ):
        answers.update(row)
    return _counts(plan, answers)


def _reads(frame: Frame, plan: ScanPlan, now_micros: int) -> List[_Read]:
    counters = [expressions.column_counters(i, one, now_micros) for i, one in enumerate(plan.columns)]
    apart = frame.is_columnar and not plan.exact_distinct
    chunks = _chunks(counters, apart=apart)
    paired = {i for pair in plan.pairs for i in pair}
    everything = tuple(range(len(plan.columns)))
    reads = []
    for number, chunk in enumerate(chunks):
        aggregates = {name: column for i in chunk for name, column in counters[i].items()}
        wanted = Wanted(chunk)
        if plan.distinct and not apart:
            aggregates.update(_distinct(plan, chunk))
            wanted = replace(wanted, hashes=True)
        if number == 0:  # what concerns whole rows
            aggregates.update(_row_counters(frame, plan))
            wanted = replace(wanted, columns=tuple(sorted({*chunk, *paired})))
            if plan.distinct and plan.columns and not apart:
                aggregates.update(_distinct_rows(frame, plan))
                wanted = replace(wanted, columns=everything, row_hash=True)
        reads.append(_Read(wanted, aggregates))
    if plan.distinct and apart:
        rows = Wanted(everything, counters=False, row_hash=True)
        reads.append(_Read(rows, _distinct_rows(frame, plan)))
        for start in range(0, len(everything), SKETCHES):
            chunk = everything[start : start + SKETCHES]
            reads.append(_Read(Wanted(chunk, counters=False, hashes=True), _distinct(plan, chunk)))
    return reads


def _chunks(counters: Sequence[Mapping[str, Any]], *, apart: bool) -> List[Tuple[int, ...]]:
    """Cut the columns into chunks of one aggregate each; at least one, for the rows."""
    chunks: List[List[int]] = [[]]
    buffers = 0
    for i, one in enumerate(counters):
        full = buffers + len(one) > BUFFERS if apart else len(chunks[-1]) == TOGETHER
        if chunks[-1] and full:
            chunks.append([])
            buffers = 0
        chunks[-1].append(i)
        buffers += len(one)
    return [tuple(chunk) for chunk in chunks]


def _row_counters(frame: Frame, plan: ScanPlan) -> Dict[str, Any]:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    counters = {"rows": f.count(f.lit(1)), **expressions.pair_counters(plan)}
    if frame.corrupt is not None:
        counters["corrupt"] = f.count(f.col(frame.corrupt))
    return counters


def _distinct(plan: ScanPlan, columns: Sequence[int]) -> Dict[str, Any]:
    return {
        f"c{i}_distinct": expressions.distinct_counter(f"c{i}_hash", plan, _rsd(plan.columns[i]))
        for i in columns
    }


def _distinct_rows(frame: Frame, plan: ScanPlan) -> Dict[str, Any]:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    hashed = f.col(expressions.ROW_HASH)
    if frame.corrupt is not None:  # a record that did not parse is no copy of another one
        hashed = f.when(f.col(frame.corrupt).isNull(), hashed)
    return {"rows_distinct": expressions.distinct_counter(hashed, plan, expressions.KEY_RSD)}


def _asking(frame: Frame, plan: ScanPlan, read: _Read) -> Callable[[], Answers]:
    data = expressions.prepared(frame.data, plan, read.wanted, frame.corrupt)
    asked = data.agg(*[column.alias(name) for name, column in read.aggregates.items()])
    return lambda: dict(asked.collect()[0].asDict())


def _rsd(plan: ColumnPlan) -> float:
    return expressions.KEY_RSD if plan.is_key else expressions.DISTINCT_RSD


# -- from answers to counts ------------------------------------------------------------------------------


def _counts(plan: ScanPlan, answers: Answers) -> Counts:
    tally = DatasetTally(
        rows=answers["rows"],
        columns=tuple(_column_tally(i, one, answers) for i, one in enumerate(plan.columns)),
        corrupt_rows=answers.get("corrupt", 0),
        pairs=sum(answers[f"pair{i}_compared"] for i in range(len(plan.pairs))),
        pair_violations=sum(answers[f"pair{i}_violated"] for i in range(len(plan.pairs))),
    )
    spans = tuple(
        Span(
            minimum=answers.get(f"c{i}_minimum"),
            maximum=answers.get(f"c{i}_maximum"),
            length_min=answers.get(f"c{i}_length_min"),
            length_max=answers.get(f"c{i}_length_max"),
            distinct=_final(answers.get(f"c{i}_distinct"), plan, _rsd(one)),
        )
        for i, one in enumerate(plan.columns)
    )
    return Counts(tally, spans, _final(answers.get("rows_distinct"), plan, expressions.KEY_RSD))


def _final(different: Optional[int], plan: ScanPlan, rsd: float) -> Optional[Final]:
    if different is None:
        return None
    return Final(Distinct(int(different), 0.0 if plan.exact_distinct else rsd))


def _column_tally(i: int, plan: ColumnPlan, answers: Answers) -> ColumnTally:
    def number(name: str) -> int:
        return int(answers.get(f"c{i}_{name}") or 0)

    rows, nulls, nans, blanks, present = (
        int(answers["rows"]), number("nulls"), number("nans"), number("blanks"), number("present")
    )  # fmt: skip
    shapes = {
        shape: number(f"shape_{shape.value}") for shape in Shape if f"c{i}_shape_{shape.value}" in answers
    }
    shapes[Shape.TEXT] = present - sum(shapes.values())
    if not expressions.is_text(plan):
        present = rows - nulls - nans
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
        latest_micros=answers.get(f"c{i}_latest"),
    )
