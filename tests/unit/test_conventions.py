"""In which way a column writes numbers and moments."""

from __future__ import annotations

from typing import List, Set

import pytest

from nuvyn_executor.profiling.plan import ColumnPlan, plan_text_column
from nuvyn_executor.profiling.value_patterns import OF_MOMENTS, Expected, data_type_of


def planned(values: List[str], name: str = "x") -> ColumnPlan:
    return plan_text_column(name, "t", [*values], fences=True)


class TestNumbers:
    """Issue 14.10: `1.234,56`, `1,234`, `1 234.25`, `$1,101.50`, `1 EUR`, `1%`, `(1.00)`, `1.00-`."""

    @pytest.mark.parametrize(
        ("values", "shapes"),
        [
            (["1,234", "12,345.50"], {"grouped"}),
            (["1,234", "999"], {"grouped", "integer"}),
            (["1.234,56", "1.234", "3,5"], {"grouped_comma", "decimal_comma"}),
            (["3,14", "1,234"], {"decimal_comma", "three_decimals"}),
            (["0,123", "0,456"], {"three_decimals"}),
            (["1.234", "3.5"], {"decimal"}),
            (["$1,101.50", "$5"], {"money"}),
            (["1 \u20ac", "2,50 \u20ac"], {"money_comma"}),
            (["1%", "2.5 %"], {"percent"}),
            (["(1.00)", "2.00"], {"negative", "decimal"}),
            (["1.00-", "2.00"], {"negative", "decimal"}),
            (["1\xa0234,25", "10,5"], {"grouped_comma", "decimal_comma"}),
            (["1.234 \u20ac", "2.345 \u20ac"], {"money_comma"}),
            (["R$ 1.234,56"], {"money_comma"}),
            (["$(5.00)", "CHF 5.-"], {"money"}),
            (["\u22125", "6.5"], {"negative", "decimal"}),
            (["1.5", "Infinity", "-inf"], {"decimal"}),
        ],
    )
    def test_the_sample_says_how_they_are_written(self, values: List[str], shapes: Set[str]) -> None:
        plan = planned(values)
        assert plan.expected == Expected.NUMBER
        assert shapes <= set(plan.shapes)

    def test_no_two_meanings_are_looked_for_in_one_column(self) -> None:
        assert "grouped" not in planned(["3,14", "1,234"]).shapes
        assert "three_decimals" not in planned(["1,234", "12.5"]).shapes

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("phone", ["555 123 456", "555 987 654"]),
            ("insurance", ["123 456 789", "987 654 321"]),
            ("host", ["192.168.100.100", "192.168.200.200"]),
        ],
    )
    def test_identifiers_in_groups_are_no_numbers(self, name: str, values: List[str]) -> None:
        assert planned(values, name).expected == Expected.TEXT

    def test_words_with_signs_of_currencies_are_no_numbers(self) -> None:
        assert planned(["A$", "B%", "SKU123"]).expected == Expected.TEXT


class TestMoments:
    """Issue 14.10: "`20261101`, epoch seconds and milliseconds (in columns whose name says when)"."""

    @pytest.mark.parametrize(
        ("name", "values", "data_type"),
        [
            ("order_date", ["20261101", "20261231"], "date"),
            ("created_at", ["1700000000", "1700000001"], "timestamp"),
            ("event_time", ["1700000000000", "1700000000001"], "timestamp"),
            ("created", ["1700000000.123", "1700000001.5"], "timestamp"),
            ("timestamp", ["20261101100000"], "timestamp"),
            ("x", ["20261101T100000Z"], "timestamp"),
            ("x", ["Thu Nov 26 10:00:00 UTC 2026"], "timestamp"),
            ("x", ["Nov-26-2026"], "date"),
            ("x", ["26.11.2026 00:00"], "timestamp"),
            ("x", ["11/26/2026 12:00 AM"], "timestamp"),
            ("x", ["26-11-26", "27-11-26"], "date"),
            ("x", ["26-Nov-26"], "date"),
        ],
    )
    def test_are_found(self, name: str, values: List[str], data_type: str) -> None:
        plan = planned(values, name)
        assert plan.expected == Expected.MOMENT
        (shape,) = {*OF_MOMENTS.shapes_of(values)}
        assert shape in plan.shapes
        assert data_type_of(plan.expected, {shape: 2}) == data_type

    @pytest.mark.parametrize("name", ["x", "amount", "customer_number"])
    def test_digits_are_numbers_where_the_name_says_nothing(self, name: str) -> None:
        assert planned(["20261101", "20261231"], name).expected == Expected.NUMBER
        assert planned(["1700000000"], name).expected == Expected.NUMBER

    def test_digits_of_another_length_are_no_moments_whatever_the_name(self) -> None:
        assert planned(["1", "2", "3"], "updated_at").expected == Expected.NUMBER

    @pytest.mark.parametrize(
        ("values", "day_first"),
        [
            (["03/04/24"], True),
            (["03/04/24", "04/13/24"], False),
            (["03-04-2024", "04-13-2024"], False),
            (["03/04/2024 10:00 AM"], False),
            (["03/04/2024 10:00 p.m."], False),
            (["13/04/2024 10:00 AM"], True),
        ],
    )
    def test_the_day_comes_first_unless_something_says_otherwise(
        self,
        values: List[str],
        day_first: bool,  # noqa: FBT001  a table of cases
    ) -> None:
        assert planned(values).day_first is day_first


class TestBooleans:
    """Issue 14.10: "`Y/N`, `on/off`"."""

    @pytest.mark.parametrize("values", [["Y", "N"], ["on", "off"], ["y", "n"]])
    def test_are_found(self, values: List[str]) -> None:
        assert planned(values).expected == Expected.BOOLEAN
