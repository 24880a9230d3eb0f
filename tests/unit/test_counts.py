"""The counts of parts are a commutative monoid, and JSON keeps them."""

from __future__ import annotations

import json
from typing import Any, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.commonest import Commonest
from nuvyn_executor.profiling.counts import Counts, Span, total
from nuvyn_executor.profiling.histogram import Histogram
from nuvyn_executor.profiling.sketch import Sketch
from nuvyn_executor.quality.tallies import ColumnTally, DatasetTally, Shape
from tests.how_many import at_most

numbers = st.none() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False)
small = st.integers(0, 5)
sketches = st.none() | st.lists(st.integers(0, 2**64 - 1), max_size=5).map(lambda some: Sketch.of("h", some))
histograms = st.none() | st.lists(st.integers(-9, 9).map(float)).map(Histogram.of_numbers)
texts = st.none() | st.dictionaries(st.text(max_size=3), st.integers(1, 9), max_size=12).map(Commonest.of)
spans = st.builds(Span, numbers, numbers, st.none() | small, st.none() | small, sketches, histograms, texts)


@st.composite
def counts(draw: Any, columns: int = 2) -> Counts:
    rows = 10
    tallies: List[ColumnTally] = []
    for _ in range(columns):
        moments = draw(small)
        tallies.append(
            ColumnTally(
                rows=rows,
                nulls=draw(st.integers(0, 2)),
                blanks=draw(st.integers(0, 2)),
                suspects={"far_out": draw(small)},
                checked=5,
                invalid=draw(small),
                shapes={Shape.TEXT: draw(small)},
                timestamps=moments,
                future=draw(st.integers(0, moments)),
                latest_micros=draw(st.none() | st.integers()),
                next_micros=draw(st.none() | st.integers()),
            )
        )
    tally = DatasetTally(rows, tuple(tallies), corrupt_rows=draw(small), pairs=5, pair_violations=draw(small))
    return Counts(tally, tuple(draw(spans) for _ in range(columns)), draw(sketches))


class TestCounts:
    @given(counts(), counts(), counts())
    @settings(max_examples=at_most(60))
    def test_they_add_in_any_order_and_grouping(self, a: Counts, b: Counts, c: Counts) -> None:
        assert (a + b) + c == a + (b + c) == total([c, a, b])

    @given(counts())
    def test_nothing_adds_nothing(self, a: Counts) -> None:
        assert a + Counts() == Counts() + a == a
        assert total([]) == Counts()

    @given(counts())
    def test_json_keeps_them(self, a: Counts) -> None:
        assert Counts.from_json(json.loads(json.dumps(a.to_json()))) == a

    def test_distributions_are_not_measured_in_states_of_before(self) -> None:
        value = Counts(DatasetTally(1, (ColumnTally(rows=1),)), (Span(1, 2, None, None),)).to_json()
        for name in ("histogram", "commonest"):
            del value["columns"][0]["span"][name]
        (span,) = Counts.from_json(value).spans
        assert span == Span(1, 2)
        assert (span + Span(1, 2, histogram=Histogram.of_numbers([1.0]))).histogram is None

    @given(counts(columns=1), counts(columns=2))
    @settings(max_examples=at_most(5))
    def test_parts_of_different_datasets_do_not_add(self, a: Counts, b: Counts) -> None:
        with pytest.raises(ValueError, match="not of one dataset"):
            a + b

    def test_spans_are_those_of_the_columns(self) -> None:
        with pytest.raises(ValueError, match="0 tallied columns, spans of 1"):
            Counts(DatasetTally(), (Span(),))
