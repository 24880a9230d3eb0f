"""Counts with Polars the rows that Spark reads: Spark hands them to its Python tasks as batches of Arrow.

So are counted the formats and tables that only Spark reads, and files that the tasks may not open. Each row
is read once, where Spark's own way (:mod:`~nuvyn_executor.profiling.spark.engine`) reads it several times. It
needs PyArrow and pandas, which every Databricks runtime has.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Callable, Iterator, Optional, Sequence

from nuvyn_executor.profiling.counts import total
from nuvyn_executor.profiling.polars.answers import answered, counts_of, failed, refusal
from nuvyn_executor.profiling.polars.job import is_utc, slots_of
from nuvyn_executor.profiling.polars.parts import PARTS_A_SLOT, NotNative
from nuvyn_executor.profiling.spark import expressions
from nuvyn_executor.reading.frame import family

if TYPE_CHECKING:
    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
    from nuvyn_executor.reading.frame import Frame

LONG_TEXT = 2_048
"""The mean length of a column's sampled texts, in characters, from which Spark counts: long ones were cut."""
MOST_BYTES = 256 * 1024 * 1024
"""About so many bytes Spark may hand to a task at once: it counts rows for that, however long they are."""
_VALUE_BYTES = 16  # of a value in a batch, and what there is beside it
_ROWS_AT_ONCE = "spark.sql.execution.arrow.maxRecordsPerBatch"
_HASHED_AS = "cells"
_ANSWER = "answer"


def supports(
    frame: Frame, plan: ScanPlan, time_zone: str = "UTC", rows_at_once: int = 10_000
) -> Optional[str]:
    """Return why Spark has to count rows itself, as a clause; ``None`` if it may hand them to Polars.

    Args:
        frame: the dataset.
        plan: what to count in it.
        time_zone: the time zone of the Spark session.
        rows_at_once: so many rows Spark hands over together; 0 or less: all of a task.
    """
    if not plan.columns:
        return "it has no columns"
    texts = [i for i, one in enumerate(plan.columns) if expressions.is_text(one)]
    if not is_utc(time_zone) and any(expressions.is_moment(plan.columns[i]) for i in texts):
        return f"the session's time zone is {time_zone}"
    lengths = {i: _mean_length(frame.sample[i]) for i in texts}
    long = [plan.columns[i].name for i, length in lengths.items() if length >= LONG_TEXT]
    if long:
        return f"the texts of column {long[0][:40]} are long"
    rows = min(frame.rows, rows_at_once) if rows_at_once > 0 else frame.rows
    size = rows * (_VALUE_BYTES * len(plan.columns) + sum(lengths.values()))
    return "its rows are long" if size > MOST_BYTES else None


def count(spark: Any, frame: Frame, plan: ScanPlan, now_micros: int, *, keeps_states: bool = False) -> Counts:
    """Count the rows of a frame: the same counters as those of Spark's own way.

    Args:
        spark: the session; only the public DataFrame API is used.
        frame: the dataset, or a part of it.
        plan: what to count in it.
        now_micros: the present, microseconds since 1970 UTC; later moments are in the future.
        keeps_states: the counts are to be added to others, so that states are needed even of a small dataset.

    Raises:
        NotNative: Spark has to count them. The text is a clause with the reason.
    """
    at_once = int(spark.conf.get(_ROWS_AT_ONCE, "10000"))
    reason = supports(frame, plan, str(spark.conf.get("spark.sql.session.timeZone")), at_once)
    if reason is not None:
        raise NotNative(reason)
    # All hashes of exact counts may be larger than the data: a small dataset is counted in one task.
    is_one = plan.exact_distinct and not keeps_states
    cells = [f"{_cell(i, one, content=plan.distinct)} AS c{i}" for i, one in enumerate(plan.columns)]
    if frame.corrupt is not None:
        cells.append(f"`{frame.corrupt}` IS NOT NULL AS corrupt")
    try:
        rows = frame.data.selectExpr(*cells).coalesce(1 if is_one else slots_of(spark) * PARTS_A_SLOT)
        task = _task(plan, now_micros, keeps_states=not is_one)
        answers = rows.mapInArrow(task, f"{_ANSWER} string").collect()
    except ImportError as error:  # PyArrow or pandas, which the driver needs, too
        raise NotNative(f"Spark cannot hand rows to Python ({error})", everywhere=True) from error
    except Exception as error:
        raise failed(error) from error
    if not answers:
        raise NotNative("it has no rows")
    try:
        return total(counts_of(json.loads(one[_ANSWER])) for one in answers)
    except ValueError as error:  # another version of Polars, or another processor, has other hashes
        raise NotNative(f"its tasks do not count alike ({error})", everywhere=True) from error


def _mean_length(values: Sequence[Optional[str]]) -> float:
    lengths = [len(value) for value in values if value is not None]
    return sum(lengths) / max(1, len(lengths))


def _cell(i: int, plan: ColumnPlan, *, content: bool) -> str:
    """Return what is handed over of a column: moments in microseconds; of what is only compared, a hash."""
    if expressions.is_text(plan) or plan.declared_type == "boolean":
        return f"c{i}"
    if family(str(plan.declared_type)) == "opaque":
        hashed = f"xxhash64({expressions.content_of(i, plan)})" if content else "0L"
        return f"IF(c{i} IS NULL, NULL, {hashed})"
    return expressions.cell_of(i, plan, content=content)


def _task(plan: ScanPlan, now_micros: int, *, keeps_states: bool) -> Callable[[Iterator[Any]], Iterator[Any]]:
    def task(handed: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa  # noqa: PLC0415  there where Spark hands rows over

        # Spark gives a task one core; Polars reads this when it is imported.
        os.environ.setdefault("POLARS_MAX_THREADS", "1")
        answer = _answer(handed, plan, now_micros, keeps_states=keeps_states)
        yield pa.RecordBatch.from_pydict({_ANSWER: [answer]})

    return task


def _answer(handed: Iterator[Any], plan: ScanPlan, now_micros: int, *, keeps_states: bool) -> str:
    try:
        from nuvyn_executor.profiling.polars.arrow_batches import batches  # noqa: PLC0415  Polars is in tasks only
        from nuvyn_executor.profiling.polars.kernel import count_batches  # noqa: PLC0415  as above
    except ImportError as error:
        return refusal(f"Polars is not there in the tasks ({error})", everywhere=True)
    return answered(
        lambda: count_batches(
            batches(handed), plan, now_micros, keeps_states=keeps_states, hashed_as=_HASHED_AS
        )
    )
