"""The mask for secret values, in texts and in JSON values."""

from __future__ import annotations

from typing import Any

import pytest

from fake_databricks.redaction import Redactor


class TestRedactor:
    """Issue: "Secret values are `[REDACTED]` in all outputs"."""

    @pytest.mark.parametrize(
        ("secrets", "content", "cleaned"),
        [
            (["abc"], "x abc abcd", "x [REDACTED] [REDACTED]d"),
            (["abc", "abcdef"], "abcdef abc", "[REDACTED] [REDACTED]"),
            (["", " \n"], "a b", "a b"),
            ([], "abc", "abc"),
            (["abc"], None, None),
            (["1"], 1, 1),
            (
                ["abc"],
                {"k": ["abc", {"n": "xabc"}], "n": 1},
                {"k": ["[REDACTED]", {"n": "x[REDACTED]"}], "n": 1},
            ),
            (["abc"], {"abc": 1}, {"abc": 1}),
            (["a\nb"], "a\nb", "[REDACTED]"),
        ],
    )
    def test_each_secret_is_masked_and_nothing_else(
        self, secrets: list[str], content: Any, cleaned: Any
    ) -> None:
        assert Redactor(secrets).clean(content) == cleaned

    @pytest.mark.parametrize(
        ("text", "length"), [("def.", 3), ("cdef", 4), ("abcdef", 0), ("f", 1), ("xf", 0), ("", 0)]
    )
    def test_the_end_of_a_secret_at_the_begin_of_a_text_is_measured(self, text: str, length: int) -> None:
        assert Redactor(["abcdef", "zz"]).cut_secret_length(text) == length
