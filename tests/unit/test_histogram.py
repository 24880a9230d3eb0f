"""Histograms add in any order and grouping, and say by how much their quantiles may be off."""

from __future__ import annotations

import json
import math
import struct
import sys
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.counts import Span
from nuvyn_executor.profiling.distributions import Distribution, commonest_of, distribution_of
from nuvyn_executor.profiling.histogram import (
    BINS,
    MOST,
    SHARES,
    Histogram,
    key_of,
    least_dropped,
)
from nuvyn_executor.profiling.plan import ColumnPlan, plan_text_column, plan_typed_column
from tests.how_many import at_most

finite = st.floats(allow_nan=False, allow_infinity=False)
many = st.one_of(
    st.lists(finite | st.integers(-100, 100).map(float), max_size=30),
    st.builds(  # of so many numbers that buckets are joined
        lambda start, step, count: [start + step * i for i in range(count)],
        st.sampled_from([-500.0, 0.0, 1.0, 1e15]),
        st.sampled_from([0.25, 1.0, 3.7, 1e9]),
        st.integers(0, 3 * MOST),
    ),
)
NUMBER = ColumnPlan("c", declared_type="double", expected="typed")


def of(numbers: List[float]) -> Histogram:
    return Histogram.of_numbers(numbers)


class TestAddition:
    """Design 3: "tally: what one scan counted; tallies add." """

    @given(many, many, many)
    @settings(max_examples=at_most(100))
    def test_parts_are_the_whole_in_any_order_and_grouping(
        self, a: List[float], b: List[float], c: List[float]
    ) -> None:
        whole = of([*a, *b, *c])
        assert (of(a) + of(b)) + of(c) == of(a) + (of(b) + of(c)) == of(c) + of(a) + of(b) == whole

    @given(many)
    @settings(max_examples=at_most(50))
    def test_nothing_adds_nothing_and_json_keeps_it(self, numbers: List[float]) -> None:
        assert of(numbers) + Histogram() == of(numbers) == Histogram() + of(numbers)
        assert Histogram.from_json(json.loads(json.dumps(of(numbers).to_json()))) == of(numbers)

    @given(many)
    @settings(max_examples=at_most(50))
    def test_there_are_never_too_many_buckets_and_every_number_is_in_one(self, numbers: List[float]) -> None:
        found = of(numbers)
        assert len(found.counts) <= MOST
        assert found.total == len(numbers)
        for number in numbers:
            buckets = [one for one in found.buckets() if one.low <= number <= one.high]
            assert len(buckets) == 1

    def test_no_bit_is_dropped_that_need_not_be(self) -> None:
        assert of([float(i) for i in range(MOST)]).dropped == 0
        more = of([float(i) for i in range(MOST + 1)])
        finer = {key_of(float(i)) >> more.dropped - 1 for i in range(MOST + 1)}
        assert len(finer) > MOST >= len(more.counts)

    def test_a_column_begins_with_what_its_sample_drops(self) -> None:
        assert least_dropped(range(100)) == 0
        assert 0 < least_dropped(range(1000)) <= of([float(i) for i in range(100_000)]).dropped


class TestQuantiles:
    @given(many.filter(bool))
    @settings(max_examples=at_most(100))
    def test_they_are_off_by_no_more_than_is_said(self, numbers: List[float]) -> None:
        found = of(numbers)
        for share, quantile in zip(SHARES, found.quantiles()):
            true = sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]
            if abs(true) >= sys.float_info.min:
                assert abs(quantile - true) <= found.error * abs(true) * (1 + 1e-9)

    def test_of_amounts_they_are_off_by_6_percent_at_most(self) -> None:
        amounts = [math.exp(1.5 + i % 1000 / 160) for i in range(20_000)]
        start = Histogram(least_dropped(amounts[:1000]))
        assert (start + of(amounts)).error <= 0.0625

    def test_of_few_numbers_they_are_exact(self) -> None:
        assert of([1.0, 2.0, 2.0, 1e300, -5.5]).quantiles() == (-5.5, 1.0, 2.0, 2.0, 1e300)
        assert of([]).quantiles() == ()

    @pytest.mark.parametrize("others", [range(1, 600), range(-600, 0), range(-300, 300)], ids=str)
    def test_of_many_zeros_they_are_zero(self, others: range) -> None:
        zeros = [0.0] * 5000
        assert of([*zeros, *map(float, others)]).quantiles((0.25, 0.5)) == (0.0, 0.0)
        huge = [math.copysign(10.0 ** (one % 600 - 300), one) for one in others]
        assert of([*zeros, *huge]).quantiles((0.25, 0.5)) == (0.0, 0.0)

    def test_of_infinite_numbers_nothing_is_counted(self) -> None:
        assert of([math.inf, -math.inf, 1.0]) == of([1.0])

    def test_the_two_zeros_are_one_and_the_smallest_numbers_have_keys_of_their_own(self) -> None:
        assert key_of(-0.0) == key_of(0.0) == 0
        assert key_of(5e-324) == 1
        assert struct.unpack("<d", struct.pack("<q", key_of(-1.5))) == (-1.5,)


class TestBins:
    def test_of_few_different_numbers_they_are_these(self) -> None:
        assert of([3.0, 1.0, 3.0, 7.0]).bins(1, 7) == (1, 2, 1)

    @given(many.filter(bool))
    @settings(max_examples=at_most(100))
    def test_they_hold_about_all_numbers(self, numbers: List[float]) -> None:
        bins = of(numbers).bins(min(numbers), max(numbers))
        assert all(one >= 0 for one in bins)
        assert abs(sum(bins) - len(numbers)) <= len(bins)

    def test_far_away_numbers_leave_the_picture_as_it_is(self) -> None:
        alike = [1000.0 + i for i in range(1000)]
        bins = of([*alike, 1e12]).bins(1000, 1e12)
        assert len(bins) == BINS
        assert min(bins) > 0.5 * max(bins)


class TestWhatIsShown:
    def test_whole_numbers_are_shown_as_such(self) -> None:
        plan = ColumnPlan("c", declared_type="int", expected="typed")
        span = Span(1, 9, histogram=of([1.0, 2.0, 9.0]))
        assert distribution_of(plan, span, int) == Distribution("numbers", 3, (1, 1, 1), (1, 1, 2, 9, 9), 0.0)
        assert commonest_of(plan, span, int) == ((1, 1), (2, 1), (9, 1))

    @pytest.mark.parametrize(
        "numbers",
        [
            [10_000_400.0 + i for i in range(600)],
            [20 + i / 1e6 for i in range(1000)],
            [-1e15 - i for i in range(1000)],
            [0.0] * 900 + [float(i) for i in range(1, 600)],
            [math.exp(i / 50) for i in range(2000)],
        ],
        ids=["ids", "close", "negative", "zeros", "wide"],
    )
    def test_no_digit_is_dropped_that_the_error_leaves(self, numbers: List[float]) -> None:
        """`distribution.error`: by how much a quantile may be off, as a share of it."""
        found = distribution_of(NUMBER, Span(min(numbers), max(numbers), histogram=of(numbers)), float)
        assert found is not None
        for share, quantile in zip(SHARES, found.quantiles):
            true = sorted(numbers)[math.ceil(share * len(numbers)) - 1]
            assert abs(quantile - true) <= 1.05 * found.error * abs(true)
            assert min(numbers) <= quantile <= max(numbers)

    def test_what_was_not_measured_is_none(self) -> None:
        assert distribution_of(NUMBER, Span(1.0, 2.0), float) is None
        assert commonest_of(NUMBER, Span(1.0, 2.0), float) is None
        assert Span(histogram=of([1.0])) + Span() == Span()

    def test_numbers_that_no_double_holds_are_not_listed(self) -> None:
        plan = ColumnPlan("c", declared_type="bigint", expected="typed")
        large = 2**62 + 1
        span = Span(large, large, histogram=of([float(large)]))
        assert commonest_of(plan, span, int) is None

    def test_an_infinite_minimum_does_not_spoil_the_rest(self) -> None:
        span = Span(-math.inf, 2.0, histogram=of([-math.inf, 1.0, 2.0]))
        found = distribution_of(NUMBER, span, float)
        assert found is not None
        assert (found.count, found.quantiles[0]) == (2, 1.0)


class TestPlan:
    """What is fixed before the scan comes from the sample."""

    @pytest.mark.parametrize("declared", ["bigint", "double", "date", "boolean", "binary"])
    def test_few_values_are_counted_one_by_one(self, declared: str) -> None:
        assert plan_typed_column("c", "t", declared, [], fences=True).dropped_bits == 0

    def test_moments_of_a_declared_type_come_as_texts(self) -> None:
        texts = [f"20{i % 90 + 10}-{i % 12 + 1:02}-01 10:{i % 60:02}:00" for i in range(900)]
        typed = plan_typed_column("c", "t", "timestamp", texts, fences=True)
        assert typed.dropped_bits == plan_text_column("c", "t", texts, fences=True).dropped_bits
        assert typed.dropped_bits

    def test_moments_of_one_day_make_buckets(self) -> None:
        texts = [f"2024-05-06 {i % 24:02}:{i % 60:02}:{i % 59:02}.{i:06}" for i in range(900)]
        for plan in (
            plan_typed_column("c", "t", "timestamp", texts, fences=True),
            plan_text_column("c", "t", texts, fences=True),
        ):
            assert plan.dropped_bits
            assert plan.dropped_bits > 20  # a day is 2^36 microseconds, of 2^51 since 1970

    def test_texts_are_measured_numbers_are_read(self) -> None:
        texts = plan_text_column("c", "t", [f"word {'x' * i}" for i in range(500)], fences=True)
        numbers = plan_text_column("c", "t", [f"{i}.5" for i in range(500)], fences=True)
        days = plan_text_column(
            "c", "t", [f"20{i % 90 + 10}-{i % 12 + 1:02}-01" for i in range(900)], fences=True
        )
        assert all(one.dropped_bits for one in (texts, numbers, days))
        assert [one.may_be_few for one in (texts, numbers, days)] == [False] * 3
        assert plan_text_column("c", "t", ["a", "b", None], fences=True).may_be_few
