"""In which reads Spark counts columns of text, by the code that their checks need."""

from __future__ import annotations

from typing import List, Tuple

import pytest

from nuvyn_executor.profiling.plan import ColumnPlan, ScanPlan
from nuvyn_executor.profiling.spark.reads import MOST_SHAPES, reads_of
from nuvyn_executor.quality.checks.registry import ANYWHERE, check_of
from nuvyn_executor.quality.tallies import Shape
from nuvyn_executor.reading.frame import Frame


def column(expected: str, shapes: Tuple[str, ...] = ()) -> ColumnPlan:
    check = check_of(expected)
    if check is not None:
        plain = [form.shape for form in check.forms if not (form.steps or form.micros)]
        shapes = shapes or (*plain, *check.other_shapes)
    return ColumnPlan("x", expected=expected, shapes=shapes)


def read_together(*columns: ColumnPlan, is_columnar: bool = False) -> List[Tuple[int, ...]]:
    plan = ScanPlan(tuple(columns))
    sample: List[List[str]] = [[] for _ in columns]
    frame = Frame(list, ("x",) * len(columns), (None,) * len(columns), sample, True, False)  # noqa: FBT003  as above
    reads = reads_of(Frame(**{**frame.__dict__, "is_columnar": is_columnar}), plan)
    return [read.columns for read in reads if read.columns or read.pairs]


class TestTextsOfRecords:
    """Issue: "on CSV and JSON one fused pass over strings"."""

    def test_common_kinds_are_in_one_read(self) -> None:
        common = tuple(form.shape for form in ANYWHERE)
        columns = [
            column("text", common),
            *(column(name) for name in ("number", "moment", "email", "url")),
        ]
        assert read_together(*columns) == [(0, 1, 2, 3, 4)]

    @pytest.mark.parametrize("name", ["country_code", "currency_code", "ip_address", "phone_number"])
    def test_others_are_in_it(self, name: str) -> None:
        assert read_together(column("number"), column("moment"), column(name)) == [(0, 1, 2)]

    def test_unless_there_are_too_many_shapes(self) -> None:
        names = ("number", "moment", "country_code", "email", "currency_code", "url")
        shapes = {shape for name in names for shape in column(name).shapes}
        assert len(shapes) > MOST_SHAPES
        assert read_together(*map(column, names)) == [(0, 1, 3, 5), (2, 4)]

    @pytest.mark.parametrize(
        ("expected", "shape"), [("number", Shape.GROUPED), ("moment", Shape.TIMESTAMP_NAMED)]
    )
    def test_values_that_many_steps_rewrite_are_apart(self, expected: str, shape: str) -> None:
        columns = (column("number"), column("moment"), column(expected, (shape,)))
        assert read_together(*columns) == [(0, 1), (2,)]

    def test_sums_over_digits_are_apart(self) -> None:
        names = ("iban", "text", "payment_card", "iban", "currency_code")
        assert read_together(*map(column, names)) == [(1, 4), (0, 3), (2,)]
        assert read_together(*map(column, names), is_columnar=True) == [(1, 4), (0, 3), (2,)]

    def test_rows_are_counted_where_all_columns_are_apart(self) -> None:
        assert read_together(column("iban")) == [(), (0,)]
