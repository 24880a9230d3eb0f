"""Polars counts numbers and few texts as Python does, one by one."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from typing import Any, List, Sequence, Tuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.commonest import Commonest
from nuvyn_executor.profiling.histogram import MOST, Histogram, key_of
from nuvyn_executor.profiling.plan import plan_text_column, plan_typed_column

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.polars import buckets, places  # noqa: E402  Polars may not be there
from nuvyn_executor.profiling.polars.text_column import TextColumn  # noqa: E402  as above
from nuvyn_executor.profiling.polars.typed_column import TypedColumn  # noqa: E402  as above

RANDOM = random.Random(3)  # noqa: S311  no secret
HARD = [
    *(0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308),
    *(2.0**power * one for power in range(-1021, 1023) for one in (1.0, -1.0, 1 - 2**-53, -1 - 2**-52)),
    *(RANDOM.uniform(-1, 1) * 10.0 ** RANDOM.randint(-300, 300) for _ in range(2000)),
]

WEIGHED_NUMBERS = st.tuples(st.one_of(st.integers(-9, 9), st.integers(-(2**40), 2**40)), st.integers(1, 9))


class TestBits:
    @pytest.mark.parametrize("reads", [True, False])
    def test_they_are_those_of_the_double(self, monkeypatch: pytest.MonkeyPatch, *, reads: bool) -> None:
        if reads and not buckets.READS_BITS:
            pytest.skip("this Polars calculates them")
        monkeypatch.setattr(buckets, "READS_BITS", reads)
        assert buckets.bits_of(pl.Series(HARD)).to_list() == list(map(key_of, HARD))

    def test_of_whole_numbers_too(self) -> None:
        whole = [0, 7, -7, 2**53 + 1, -(2**63)]
        assert buckets.bits_of(pl.Series(whole)).to_list() == [key_of(float(one)) for one in whole]


@pytest.fixture(params=["NumPy", "Polars alone"])
def _counter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count by NumPy, or as where it is not installed."""
    if request.param == "NumPy":
        pytest.importorskip("numpy")
    else:
        monkeypatch.setattr(places, "np", None)


@pytest.mark.usefixtures("_counter")
class TestBuckets:
    @pytest.mark.parametrize("dropped", [0, 45])
    @pytest.mark.parametrize(
        "numbers", [HARD, [i / 7 for i in range(40_000)], [1.5, 1.5, -2.0], [0.0, -0.0, 5e-324, 0.0]]
    )
    def test_batches_come_to_the_histogram_of_all(self, numbers: List[float], dropped: int) -> None:
        found = buckets.Buckets(dropped)
        for start in range(0, len(numbers), 9_000):
            found.add(pl.Series(numbers[start : start + 9_000]))
        assert found.histogram == Histogram(dropped) + Histogram.of_numbers(numbers)

    @pytest.mark.parametrize("dropped", [0, 45, 51, 60, 63])
    @pytest.mark.parametrize(
        "whole",
        [
            *([7, 7, 7], [-3, 4, 0, 0, 1], [2**62 + i % 3 for i in range(9)], [1, 100]),
            *([2**62 + i % 2000 for i in range(4000)], [-1000 + i % 1500 for i in range(4000)]),
            *(range(1, 3000), range(-(2**63), -(2**63) + 40), [-(2**63), 2**63 - 1]),
        ],
    )
    def test_whole_numbers_are_counted_alike(self, whole: Sequence[int], dropped: int) -> None:
        found = buckets.Buckets(dropped)
        found.add(pl.Series(whole, dtype=pl.Int64))
        assert found.histogram == Histogram(dropped) + Histogram.of_numbers(map(float, whole))

    @pytest.mark.parametrize("kind", [pl.Int8, pl.Int16, pl.UInt8, pl.UInt32])
    def test_also_those_of_few_bits(self, kind: Any) -> None:
        least = -120 if kind == pl.Int8 else 5
        whole = [least + i % 121 for i in range(1000)]
        found = buckets.Buckets(0)
        found.add(pl.Series(whole, dtype=kind))
        assert found.histogram == Histogram.of_numbers(map(float, whole))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # which changes nothing
    @given(
        st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False)), max_size=4), st.integers(0, 63)
    )
    def test_doubles_are_counted_alike(self, batches: List[List[float]], dropped: int) -> None:
        found = buckets.Buckets(dropped)
        for numbers in batches:
            found.add(pl.Series(numbers, dtype=pl.Float64))
        of_all = Histogram.of_numbers(number for numbers in batches for number in numbers)
        assert found.histogram == Histogram(dropped) + of_all

    @pytest.mark.parametrize("dropped", [0, 51])
    @pytest.mark.parametrize("numbers", [[1.0, 2.0, 1.0], [1, 2, 1], [1, 1500, 1], [1, 2**40, 1], [3, 3, 3]])
    def test_a_weight_is_how_often(self, numbers: List[Any], dropped: int) -> None:
        found = buckets.Buckets(dropped)
        found.add(pl.Series(numbers), pl.Series([5, 6, 7]))
        one, other, _ = map(float, numbers)
        assert found.histogram == Histogram(dropped) + Histogram.of_numbers([one] * 12 + [other] * 6)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # as above
    @given(
        st.lists(st.lists(WEIGHED_NUMBERS, max_size=30), max_size=4),
        st.sampled_from([pl.Int64, pl.Float64]),
        st.integers(0, 63),
    )
    def test_weights_of_several_batches_add_up(
        self, batches: List[List[Tuple[int, int]]], kind: Any, dropped: int
    ) -> None:
        found = buckets.Buckets(dropped)
        for batch in batches:
            numbers = pl.Series([number for number, _ in batch], dtype=kind)
            found.add(numbers, pl.Series([weight for _, weight in batch], dtype=pl.Int64))
        of_all = (float(number) for batch in batches for number, weight in batch for _ in range(weight))
        assert found.histogram == Histogram(dropped) + Histogram.of_numbers(of_all)

    @pytest.mark.parametrize(
        "batches",
        [
            [[float(i % 100) for i in range(9_000)], [0.5]],  # whole numbers as doubles, and then others
            [[1.0, -3.0, 2.0**63], [-(2.0**63), 1e300, 4.0]],
            [[float(i) for i in range(200)], [float(-i) for i in range(200)]],
            [[i / 7 for i in range(1, 300)], [1e-300], [float(i) for i in range(1, 300)]],
        ],
    )
    def test_a_batch_may_be_unlike_the_one_before(self, batches: List[List[float]]) -> None:
        found = buckets.Buckets(0)
        for batch in batches:
            found.add(pl.Series(batch))
            found.add(pl.Series([]), pl.Series([]))
        assert found.histogram == Histogram.of_numbers(number for batch in batches for number in batch)

    def test_more_bits_are_dropped_as_soon_as_some_numbers_show_it(self) -> None:
        found = buckets.Buckets(20)
        for start in (0, 100_000, 200_000):
            found.add(pl.Series(range(start, start + 100_000), dtype=pl.Int64))
        assert found.histogram == Histogram(20) + Histogram.of_numbers(map(float, range(300_000)))

    def test_far_too_many_buckets_are_joined_to_just_enough(self) -> None:
        numbers = [float(i) for i in range(100 * MOST)]
        found = buckets.Buckets(0)
        found.add(pl.Series(numbers))
        assert found.histogram == Histogram.of_numbers(numbers)

    def test_nothing_is_counted_where_nothing_is_wanted(self) -> None:
        found = buckets.Buckets(None)
        found.add(pl.Series([1.0]))
        assert found.histogram is None


class TestColumns:
    def test_infinite_numbers_and_nan_are_left_out(self) -> None:
        column = typed("double", [1.0, math.inf, None, math.nan, -math.inf, 2.0])
        assert column.span().histogram == Histogram.of_numbers([1.0, 2.0])

    def test_truth_values_are_few(self) -> None:
        span = typed("boolean", [True, None, False, True]).span()
        assert (span.commonest, span.histogram) == (Commonest({"true": 2, "false": 1}), None)

    @pytest.mark.parametrize("rows", [10, 30_000])
    def test_few_texts_are_counted_as_they_are_written(self, rows: int) -> None:
        texts = [RANDOM.choice(["open", " open", "paid", "n/a", "", "déjà vu"]) for _ in range(rows)]
        span = text(texts, texts).span()
        present = [one for one in texts if one not in ("n/a", "")]
        assert span.commonest == Commonest(Counter(present))
        assert span.histogram == Histogram.of_numbers(float(len(one.encode())) for one in present)

    def test_so_they_are_among_many_ways_to_say_nothing(self) -> None:
        blanks = [" " * (i % 3000) for i in range(3000)]
        span = text(["open"], [*blanks, "open", "paid"]).span()
        assert span.commonest == Commonest({"open": 1, "paid": 1})

    def test_many_texts_are_measured_alone(self) -> None:
        texts = [f"word {i} {'x' * (i % 50)}" for i in range(20_000)]
        span = text(["word"], texts).span()
        assert span.commonest == Commonest(None)
        assert span.histogram == Histogram.of_numbers(float(len(one)) for one in texts)

    def test_nothing_is_stored_of_a_column_that_a_data_contract_leaves_out(self) -> None:
        plan = replace(plan_text_column("c", "t", ["a"], fences=True), dropped_bits=None)
        column = TextColumn(plan, 0)
        column.add(pl.Series(["a", "b"]))
        column.finish()
        assert (column.span().histogram, column.span().commonest) == (None, None)


def typed(declared: str, values: List[Any]) -> TypedColumn:
    column = TypedColumn(plan_typed_column("c", "t", declared, [], fences=False), 0)
    column.add(pl.Series(values, strict=False))
    return column


def text(sample: List[str], values: List[str]) -> TextColumn:
    column = TextColumn(plan_text_column("c", "t", sample, fences=False), 0)
    column.add(pl.Series(values))
    column.finish()
    return column
