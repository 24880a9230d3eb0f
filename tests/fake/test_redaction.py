"""The mask for secret values, in texts and in JSON values."""

from __future__ import annotations

from typing import Any

import pytest

from fake_databricks.redaction import Redactor, mask_urls


class TestRedactor:
    """Issue: "Secret values are `[REDACTED]` in all outputs"."""

    @pytest.mark.parametrize(
        ("secrets", "content", "cleaned"),
        [
            (["abcd"], "x abcd abcde", "x [REDACTED] [REDACTED]e"),
            (["abcd", "abcdef"], "abcdef abcd", "[REDACTED] [REDACTED]"),
            (["1", "ab", "abc", "äöü"], "1 abc äöü", "1 abc äöü"),
            (["äöüß"], "äöüß", "[REDACTED]"),
            (["", " \n"], "a b", "a b"),
            ([], "abc", "abc"),
            (["abcd"], None, None),
            (["1234"], 1234, 1234),
            (
                ["abcd"],
                {"k": ["abcd", {"n": "xabcd"}], "n": 1},
                {"k": ["[REDACTED]", {"n": "x[REDACTED]"}], "n": 1},
            ),
            (["abcd"], {"abcd": 1}, {"abcd": 1}),
            (["ab\nc"], "ab\nc", "[REDACTED]"),
            (
                ["<'\"&>"],
                "&lt;'\"&amp;&gt; &lt;&#x27;&quot;&amp;&gt; &lt;&#39;&#34;&amp;&gt;",
                " ".join(["[REDACTED]"] * 3),
            ),
            (["a&"], "a&amp;", "a&amp;"),
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

    @pytest.mark.parametrize(
        ("text", "settled"),
        [
            ("x abcde", "x "),
            ("x abcdef", "x abcdef"),
            ("x abcdefa", "x abcdef"),
            ("", ""),
            ("a", ""),
            ("b", "b"),
        ],
    )
    def test_the_begin_of_a_secret_at_the_end_of_a_text_waits(self, text: str, settled: str) -> None:
        assert Redactor(["abcdef", "zzzz"]).settled(text) == settled

    @pytest.mark.parametrize("text", ["x abab", "x ababab", "x abcd"])
    def test_no_secret_is_cut_where_its_end_begins_another(self, text: str) -> None:
        secrets = Redactor(["abab", "abcd", "abcdef"])
        assert not set(secrets.clean(secrets.settled(text)).replace("[REDACTED]", "")) & set("abcdef")


class TestUrls:
    """all exchanges, secrets hidden"""

    @pytest.mark.parametrize(
        ("content", "masked"),
        [
            ("postgresql://user:p%2Fw@host:5432/x", "postgresql://user:[REDACTED]@host:5432/x"),
            (
                {"parameters": ["a", "s3a://KEY:SECRET@bucket,b"]},
                {"parameters": ["a", "s3a://KEY:[REDACTED]@bucket,b"]},
            ),
            ("https://a.b/c?sv=1&sig=a%2Bb%3D&se=2", "https://a.b/c?sv=1&sig=[REDACTED]&se=2"),
            ('{"x": "jdbc:x://h/d?user=u&password=p"}', '{"x": "jdbc:x://h/d?user=u&password=[REDACTED]"}'),
            ("http://host:8080/a@b", "http://host:8080/a@b"),
            ("wasbs://container@account/path", "wasbs://container@account/path"),
            (1, 1),
        ],
    )
    def test_passwords_and_signatures_are_masked_and_nothing_else(self, content: Any, masked: Any) -> None:
        assert mask_urls(content) == masked
