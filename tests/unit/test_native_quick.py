"""What is told without a pattern is what the pattern would have told."""

from __future__ import annotations

import re
from typing import List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.profiling.shapes import PATTERNS
from nuvyn_executor.quality.tallies import Shape

pl = pytest.importorskip("polars")
from nuvyn_executor.profiling.native.quick import matching  # noqa: E402  Polars may not be there

BY_SHAPE = {shape: re.compile(pattern, re.ASCII) for shape, pattern in PATTERNS}
NUMBERS = (
    "0", "-0", "+5", "5", "-5", "05", "-05", "0x1", "1e2", "9E2", "1_0", "1_000", "5.", "5-", "- 5", "--5",
    "5 ", " 5", "\t5", "5\n", "\u0665", "1" * 18, "-" + "9" * 18, "1" + "0" * 17, "1" + "0" * 18, "",
    "9223372036854775807", "-9223372036854775808", "9" * 19, "9" * 40, "0" * 30 + "7", "inf", "nan",
)  # fmt: skip
DAY, MOMENT, UUID = "2024-02-29", "2024-01-31 10:00:00", "550e8400-E29B-41d4-a716-446655440000"
FIXED = {
    Shape.DATE_ISO: (
        DAY, "2024-99-99", "2024-1-311", "2024-01- 1", "+202-01-01", "2024-01-\u00e9", "2024-01-0\n",
    ),
    Shape.TIMESTAMP: (
        MOMENT, "2024-99-31 99:99:60", MOMENT.replace(" ", "T"), MOMENT.replace(" ", "T") + "Z", MOMENT + "Z",
        "2024-01-31 10:00: 0", "2024-1-31  10:00:00", "+024-01-31 10:00:00", "2024-01-31\t10:00:00",
    ),
    Shape.UUID: (UUID, UUID.replace("e", "g"), UUID.replace("-", "0"), UUID.replace("a", "\u00e1")[:36]),
}  # fmt: skip
likely = st.one_of(
    *(st.from_regex(pattern, fullmatch=True) for pattern in BY_SHAPE.values()),
    st.text(alphabet="0159-+:. TZaf\n\u00e9", max_size=20),
    st.sampled_from([*NUMBERS, *(text for texts in FIXED.values() for text in texts)]),
)


def told(texts: List[str], shape: Shape) -> List[bool]:
    pattern = rf"\A(?:{dict(PATTERNS)[shape]})\z"
    found: List[bool] = matching(pl.Series("text", texts), shape, pattern).to_list()
    return found


class TestMatching:
    @given(st.lists(likely, min_size=1, max_size=20))
    @settings(max_examples=80, deadline=None)
    def test_nothing_that_the_pattern_does_not_match(self, texts: List[str]) -> None:
        for shape in (Shape.INTEGER, *FIXED):
            for text, is_told in zip(texts, told(texts, shape)):
                assert not is_told or BY_SHAPE[shape].fullmatch(text), text

    @given(st.lists(st.integers(-(10**19), 10**19), min_size=1, max_size=40))
    @settings(max_examples=80, deadline=None)
    def test_every_whole_number(self, numbers: List[int]) -> None:
        assert told([str(number) for number in numbers], Shape.INTEGER) == [
            abs(number) < 10**18 for number in numbers
        ]

    def test_numbers_among_what_looks_like_them(self) -> None:
        for texts in (list(NUMBERS), [text for text in NUMBERS if not text.startswith("-")]):
            right = [bool(BY_SHAPE[Shape.INTEGER].fullmatch(text)) and text != "-0" for text in texts]
            assert told(texts, Shape.INTEGER) == right

    @pytest.mark.parametrize("byte", range(1, 128))
    def test_no_character_goes_with_a_number(self, byte: int) -> None:
        texts = [form.format(chr(byte)) for form in ("{}12", "12{}", "1{}2", "{}0")]
        right = [bool(BY_SHAPE[Shape.INTEGER].fullmatch(text)) and text != "-0" for text in texts]
        assert told(texts, Shape.INTEGER) == right

    @pytest.mark.parametrize("shape", FIXED)
    def test_columns_written_alike_but_for_one(self, shape: Shape) -> None:
        usual = FIXED[shape][0]
        for odd in (*FIXED[shape], "", "n/a", "\u65e5"):
            for texts in ([usual] * 30 + [odd], [odd] + [usual] * 30):
                right = [bool(BY_SHAPE[shape].fullmatch(text)) for text in texts]
                told_right = told(texts, shape)
                assert told_right[texts.index(usual)]
                assert all(is_right or not is_told for is_told, is_right in zip(told_right, right)), odd
