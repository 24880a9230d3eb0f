"""Which rows Spark may hand to Polars: at once only so many bytes as fit into a task's memory."""

from __future__ import annotations

from typing import List, Optional

import pytest

from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
from nuvyn_executor.profiling.polars.arrow_job import supports
from nuvyn_executor.profiling.value_patterns import Expected
from nuvyn_executor.reading.frame import Frame


def frame_of(columns: int, rows: int, text: Optional[str] = None) -> Frame:
    sample: List[List[object]] = [[1 if text is None else text] for _ in range(columns)]
    names = tuple(f"n{i}" for i in range(columns))
    types = ("bigint" if text is None else None,) * columns
    return Frame(lambda *_: None, names, types, sample, sample_represents=True, is_small=False, rows=rows)


def plan_of(frame: Frame) -> ScanPlan:
    expected = [Expected.TEXT if one is None else Expected.TYPED for one in frame.types]
    columns = zip(frame.names, frame.types, expected)
    return ScanPlan(
        tuple(ColumnPlan(name, declared_type=kind, expected=wanted) for name, kind, wanted in columns)
    )


@pytest.mark.parametrize(
    ("columns", "rows", "text", "reason"),
    [
        (20, 10**9, None, None),
        (500, 10**9, None, None),
        (20_000, 800, None, None),
        (20_000, 10**6, None, "its rows are long"),
        (100, 10**6, "x" * 200, None),
        (100, 10**6, "x" * 2000, "its rows are long"),
        (2, 10, "x" * 2048, "the texts of column n0 are long"),
    ],
)
def test_how_much_is_handed_over_at_once(
    columns: int, rows: int, text: Optional[str], reason: Optional[str]
) -> None:
    frame = frame_of(columns, rows, text)
    assert supports(frame, plan_of(frame)) == reason


def test_a_session_may_hand_over_fewer_rows_or_all() -> None:
    wide, long = frame_of(20_000, 10**6), frame_of(20, 10**7)
    assert supports(wide, plan_of(wide), rows_at_once=500) is None
    assert supports(long, plan_of(long), rows_at_once=0) == "its rows are long"
