"""Counts of few texts add in any order and grouping; of many texts there are none."""

from __future__ import annotations

import json
from collections import Counter
from typing import List

from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.commonest import FEW, LONGEST_BYTES, Commonest
from tests.how_many import at_most

texts = st.lists(
    st.sampled_from([f"word {i}" for i in range(FEW + 5)] + ["x" * (LONGEST_BYTES + 1)]), max_size=40
)


def of(some: List[str]) -> Commonest:
    return Commonest.of(Counter(some))


class TestAddition:
    """Design 3: "tally: what one scan counted; tallies add." """

    @given(texts, texts, texts)
    @settings(max_examples=at_most(100))
    def test_parts_are_the_whole_in_any_order_and_grouping(
        self, a: List[str], b: List[str], c: List[str]
    ) -> None:
        assert (of(a) + of(b)) + of(c) == of(a) + (of(b) + of(c)) == of(c) + of(a) + of(b) == of([*a, *b, *c])

    @given(texts)
    @settings(max_examples=at_most(50))
    def test_nothing_adds_nothing_and_json_keeps_it(self, some: List[str]) -> None:
        assert of(some) + Commonest() == of(some) == Commonest() + of(some)
        assert Commonest.from_json(json.loads(json.dumps(of(some).to_json()))) == of(some)

    def test_what_was_too_many_stays_so(self) -> None:
        many = of([str(i) for i in range(FEW + 1)])
        assert many == Commonest(None) == many + Commonest() == of(["a"]) + many

    def test_a_long_text_is_no_category(self) -> None:
        assert of(["x" * LONGEST_BYTES]).counts == {"x" * LONGEST_BYTES: 1}
        assert of(["é" * LONGEST_BYTES]).counts is None
