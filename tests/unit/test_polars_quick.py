"""A quick test finds what the pattern would find."""

from __future__ import annotations

import re
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.quality.checks.registry import FORMS
from nuvyn_executor.quality.tallies import Shape
from tests.check_values import values_of
from tests.how_many import at_most

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.polars.quick import matching  # noqa: E402  Polars may not be there

BY_SHAPE = {form.shape: re.compile(form.pattern, re.ASCII) for form in FORMS}
NUMBERS = (
    "0", "-0", "+5", "5", "-5", "05", "-05", "0x1", "1e2", "9E2", "1_0", "1_000", "5.", "5-", "- 5", "--5",
    "5 ", " 5", "\t5", "5\n", "\u0665", "1" * 18, "-" + "9" * 18, "1" + "0" * 17, "1" + "0" * 18, "",
    "9223372036854775807", "-9223372036854775808", "9" * 19, "9" * 40, "0" * 30 + "7", "inf", "nan",
)  # fmt: skip
likely = st.one_of(
    *(values_of(form) for form in FORMS),
    st.text(alphabet="0159-+:. TZaf\n\u00e9", max_size=20),
    st.sampled_from(NUMBERS),
)


def matched(texts: List[str], shape: str) -> List[bool]:
    pattern = rf"\A(?:{BY_SHAPE[shape].pattern})\z"
    found: List[bool] = matching(pl.Series("text", texts), shape, pattern).to_list()
    return found


def right_for(texts: List[str]) -> List[bool]:
    """What quick matching finds: all whole numbers but these three, which are left to the pattern."""
    left = ("-0", "-9223372036854775808")
    pattern = BY_SHAPE[Shape.INTEGER]
    return [bool(pattern.fullmatch(text)) and text not in left and text[0] != "+" for text in texts]


class TestMatching:
    @given(st.lists(likely, min_size=1, max_size=20))
    @settings(max_examples=at_most(80))
    def test_nothing_that_the_pattern_does_not_match(self, texts: List[str]) -> None:
        for text, is_matched in zip(texts, matched(texts, Shape.INTEGER)):
            assert not is_matched or BY_SHAPE[Shape.INTEGER].fullmatch(text), text

    @given(st.lists(st.integers(-(10**19), 10**19), min_size=1, max_size=40))
    @settings(max_examples=at_most(80))
    def test_every_whole_number(self, numbers: List[int]) -> None:
        assert matched([str(number) for number in numbers], Shape.INTEGER) == [
            abs(number) < 2**63 for number in numbers
        ]

    def test_numbers_among_what_looks_like_them(self) -> None:
        for texts in (list(NUMBERS), [text for text in NUMBERS if not text.startswith("-")]):
            assert matched(texts, Shape.INTEGER) == right_for(texts)

    @pytest.mark.parametrize("byte", range(1, 128))
    def test_no_character_goes_with_a_number(self, byte: int) -> None:
        texts = [form.format(chr(byte)) for form in ("{}12", "12{}", "1{}2", "{}0")]
        assert matched(texts, Shape.INTEGER) == right_for(texts)
