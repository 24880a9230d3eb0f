"""What is decided before a scan, from names and a sample."""

from __future__ import annotations

import json
from typing import List, Optional, Tuple

import pytest

from nuvyn_executor.profiling.column_names import bounds_period, is_key, may_lie_ahead, says_when_written
from nuvyn_executor.profiling.plan import (
    ColumnPlan,
    ScanPlan,
    ordered_pairs,
    plan_text_column,
    plan_typed_column,
    without_false_keys,
)
from nuvyn_executor.profiling.value_patterns import Expected


def plan(values: List[Optional[str]], name: str = "x") -> ColumnPlan:
    return plan_text_column(name, "t", values, fences=True)


class TestExpectations:
    """Nine of ten sampled values say what a column holds."""

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (["1", "2.5", None, "n/a"], Expected.NUMBER),
            (["1"] * 9 + ["x"], Expected.NUMBER),
            (["1"] * 8 + ["x"] * 2, Expected.TEXT),
            (["01067", "10115", "80331"], Expected.CODE),
            (["2024-01-31", "31.01.2024"], Expected.MOMENT),
            (["true", "no"], Expected.BOOLEAN),
            (["DE", "NO", "SE"], Expected.TEXT),
            (["a@b.org"], "email"),
            (["https://a.org"], "url"),
            ([None, "", "-"], Expected.TEXT),
        ],
    )
    def test_the_sample_says_what_to_expect(self, values: List[Optional[str]], expected: str) -> None:
        assert plan(values).expected == expected

    def test_a_column_called_email_is_one_when_half_of_it_is(self) -> None:
        values: List[Optional[str]] = ["a@b.org", "nobody"]
        assert plan(values, "contact_email").expected == "email"
        assert plan(values, "contact").expected == Expected.TEXT

    def test_the_month_comes_first_only_where_a_value_says_so(self) -> None:
        assert plan(["03/04/2024"]).day_first
        assert not plan(["03/04/2024", "04/13/2024"]).day_first
        assert plan(["13/04/2024", "04/13/2024"]).day_first

    def test_only_shapes_that_matter_are_told_apart(self) -> None:
        assert plan(["word", "42", "no"]).shapes == ()


class TestJson:
    """A plan is part of what one run leaves for the next."""

    PLANS = (
        plan_text_column("iban", "t", ["DE44500105175407324931"], fences=True),
        plan_text_column("n", "t", [str(number) for number in range(100)], fences=True),
    )

    def test_a_plan_comes_back_as_it_was(self) -> None:
        whole = ScanPlan(self.PLANS, pairs=((0, 1),), exact_distinct=False)
        assert [one.expected for one in whole.columns] == ["iban", "number"]
        assert ScanPlan.from_json(json.loads(json.dumps(whole.to_json()))) == whole

    def test_a_plan_of_other_checks_is_refused(self) -> None:
        """Its counts are of other questions; a KeyError or ValueError makes the state count for nothing."""
        written = ScanPlan(self.PLANS).to_json()
        with pytest.raises(ValueError, match="other checks"):
            ScanPlan.from_json({**written, "checks": "another fingerprint"})
        del written["checks"]
        with pytest.raises(KeyError):
            ScanPlan.from_json(written)


class TestFences:
    """Tukey's outer fences, where they mean anything."""

    def test_are_three_ranges_beyond_the_quartiles(self) -> None:
        assert plan([str(number) for number in range(100)]).fences == (-125.0, 225.0)

    @pytest.mark.parametrize(
        "values",
        [
            ["1", "2", "900"],
            ["5"] * 100,
            [str(number) for number in range(95)] + ["5000"] * 5,
        ],
        ids=["too few", "no width", "a long tail"],
    )
    def test_are_not_set_where_they_would_accuse_true_values(self, values: List[Optional[str]]) -> None:
        assert plan(values).fences is None

    def test_are_not_set_by_a_sample_of_the_head_alone(self) -> None:
        values: List[Optional[str]] = [str(number) for number in range(100)]
        assert plan_text_column("x", "t", values, fences=False).fences is None


class TestNames:
    """Keys, freshness and order go by names: a threshold on the data would break the laws."""

    @pytest.mark.parametrize(
        ("name", "table", "found"),
        [
            ("id", "anything", True),
            ("customer_id", "customers", True),
            ("customerId", "customers", True),
            ("category_id", "categories", True),
            ("customer_id", "orders", False),
            ("identity", "t", False),
            ("sku", "products", False),
        ],
    )
    def test_keys(self, name: str, table: str, found: bool) -> None:  # noqa: FBT001  a table of cases
        assert is_key(name, table) is found

    @pytest.mark.parametrize("name", ["updated_at", "createdAt", "ingest_ts", "event_time", "LAST_MODIFIED"])
    def test_names_that_say_when_a_row_was_written(self, name: str) -> None:
        assert says_when_written(name)

    @pytest.mark.parametrize(
        "name", ["birth_date", "expires_at", "departure", "update_count_total", "recreated"]
    )
    def test_names_that_do_not(self, name: str) -> None:
        assert not says_when_written(name)

    def test_the_sample_of_a_column_is_a_value_that_is_there(self) -> None:
        """`nan`, which counts as missing, was shown as the value of a column of numbers."""
        values = [None, float("nan"), 2.5]
        assert plan_typed_column("x", "t", "double", values, fences=False).sample == "2.5"

    def test_pairs_of_moments_that_have_an_order(self) -> None:
        names = ("updated_at", "created_at", "start_date", "end_date", "ordered_on")
        plans = [plan_typed_column(name, "t", "timestamp", [], fences=False) for name in names]
        assert sorted(ordered_pairs(plans)) == [(1, 0), (2, 3)]

    def test_any_word_of_two_names_may_be_what_orders_them(self) -> None:
        """`docs/quality.md`: "names that differ in created/updated, start/end"; one word was tried."""
        names = ("order_created_at", "order_updated_at", "orderStartDate", "orderEndDate", "order_shipped_at")
        plans = [plan_typed_column(name, "t", "timestamp", [], fences=False) for name in names]
        assert sorted(ordered_pairs(plans)) == [(0, 1), (2, 3)]

    @pytest.mark.parametrize("name", ["event_date", "eventTime", "scheduled_ts", "valid_until_event"])
    def test_moments_that_may_lie_ahead(self, name: str) -> None:
        """Issue 14.12: "`event_date` of next year is a plan, not an error of the clock"."""
        assert may_lie_ahead(name)

    @pytest.mark.parametrize(
        "name", ["updated_at", "event_created_at", "ts", "ingest_ts", "next_load_created"]
    )
    def test_moments_that_may_not(self, name: str) -> None:
        assert not may_lie_ahead(name)

    @pytest.mark.parametrize(
        "name",
        ["valid_to", "validTo", "end_date", "EXPIRES_AT", "start", "valid_from", "closed_on", "enddate"],
    )
    def test_ends_of_periods(self, name: str) -> None:
        assert bounds_period(name)

    @pytest.mark.parametrize("name", ["birth_date", "updated_at", "to_city_name", "weekend_sales", "fromage"])
    def test_what_is_no_end_of_a_period(self, name: str) -> None:
        assert not bounds_period(name)


class TestFalseKeys:
    """Issue 14.15: "an `id` that repeats in 195 of 200 rows of a time series is no key of the table"."""

    def test_a_time_series_has_no_key(self) -> None:
        ids = [str(row % 5) for row in range(200)]
        (found, _) = self.planned(ids, [str(row) for row in range(200)])
        assert (found.is_key, found.not_key) == (False, (195, 200))

    def test_a_key_with_some_duplicates_stays_one(self) -> None:
        ids = [str(row % 150) for row in range(200)]
        (found, _) = self.planned(ids, [str(row) for row in range(200)])
        assert (found.is_key, found.not_key) == (True, None)

    def test_copies_of_whole_rows_are_no_reason(self) -> None:
        ids = [str(row % 40) for row in range(200)]
        (found, _) = self.planned(ids, ids)
        assert found.is_key

    def test_few_rows_are_no_reason(self) -> None:
        (found, _) = self.planned(["1", "1", "1", "2"], ["a", "b", "c", "d"])
        assert found.is_key

    @staticmethod
    def planned(ids: List[str], moments: List[str]) -> Tuple[ColumnPlan, ...]:
        plans = [
            plan_text_column(name, "t", values, fences=True)
            for name, values in (("id", ids), ("at", moments))
        ]
        return without_false_keys(plans, [ids, moments])


class TestExamplesOfSuspects:
    """Issue 14.13: "one masked example"."""

    def test_each_reason_has_one(self) -> None:
        numbers: List[Optional[str]] = [*map(str, range(1000)), "-999", "123456.5", "1e999"]
        assert plan(numbers).suspect_examples == {
            "stand_in": "-999",
            "far_out": "999999.9",
            "infinite": "9x999",
        }

    def test_of_texts_only_what_is_broken_is_shown(self) -> None:
        assert plan(["Zoe", "Zo\ufffd Smith"]).suspect_examples == {"broken_text": "xx\ufffd xxxxx"}

    def test_of_days(self) -> None:
        days: List[Optional[str]] = [*["2024-05-06"] * 9, "9999-12-31"]
        assert plan(days, "birth_date").suspect_examples == {"stand_in": "9999-99-99"}
        assert plan(days, "valid_to").suspect_examples == {}
        typed = ["2024-05-06 00:00:00", None, "1900-01-01 10:00:00.5", "+12345-01-01 00:00:00"]
        one = plan_typed_column("birth", "t", "timestamp", typed, fences=False)
        assert one.suspect_examples == {"stand_in": "9999-99-99 99:99:99.9"}
