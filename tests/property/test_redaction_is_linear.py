"""Redaction takes a time that grows with the text, whatever the text is: counted in looks, not in seconds."""

from __future__ import annotations

import re
from typing import Iterator, List, Pattern, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nuvyn_executor.redaction import MASK, RULES, Redactor
from tests.how_many import at_most
from tests.regex_looks import Looks

# What each pattern begins with, or what may stand in the middle of a match.
TOKENS = (
    *(
        "a://",
        "://",
        "@",
        "a@",
        "a://u:",
        "a://u:80/",
        "a://u:@",
        "https://",
        "http://x",
        "/",
        ".",
        "%",
        "%3D",
    ),
    *("?sig=", "sig=", "&", ";", ",", " ", "\t", "=", ":", "password=", "password", "password = ", "token: "),
    *("Bearer ", "Bearer a", "Authorization: ", "authorization", "authorization=Basic ", "AWS4-HMAC-SHA256 "),
    *(
        '"',
        "'",
        "\\",
        '\\"',
        "{",
        "}",
        "}}",
        'password="',
        "password='",
        "password={",
        'password=\\"',
        '"pwd":"',
        "'pwd':'",
    ),
    *(
        'pwd\\":\\"',
        'pwd\\\\":\\\\"',
        "jdbc:oracle:a:",
        "jdbc:oracle:a:b/",
        "SharedAccessSignature=",
        "AccountKey=",
    ),
    *(
        "fs.azure.sas",
        "fs.azure.account.key.",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----",
        "PRIVATE KEY ",
    ),
    *(
        "dapi",
        "dapi0123456789abcdef",
        "dapi0123456789abcdef-1",
        "AKIA",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_",
        "github_pat_",
    ),
    *(
        "eyJ",
        "-eyJ",
        "aeyJ",
        ".eyJ",
        "eyJhbGciOiJI.",
        "-eyJhbGciOiJI.a",
        "YWJj",
        "a",
        "0",
        "\n",
        MASK,
        "[RED",
        "é",
    ),
)
SHORT, LONG = 270, 540  # characters; both more than what the patterns repeat at most


def most_looks(text: str) -> Iterator[Tuple[str, int]]:
    """Yield of each pattern, how often it looks at one character."""
    for rule in RULES:
        places = [(0, len(text))]
        if rule.within is not None:
            within = Looks(rule.within, text)
            yield rule.within.pattern, within.most
            places = within.matches
        yield rule.pattern.pattern, max((Looks(rule.pattern, text[i:j]).most for i, j in places), default=0)


def growing(token: str, end: str = "") -> List[str]:
    """Return the patterns that look more often at a character of a longer text."""
    short, long = ((token * (size // len(token) + 1))[:size] + end for size in (SHORT, LONG))
    return [
        name for (name, few), (_, many) in zip(most_looks(short), most_looks(long)) if many > 1.2 * few + 10
    ]


class TestLinear:
    """Redaction in linear time (`"a://" * 8000`, 32 KB, held it 33 s), a property test with a bound by steps.

    A text twice as long has twice as many characters. When none of them is looked at more often, the steps
    have doubled and no more. A pattern whose starts overlap looks twice as often at the last character.
    """

    @pytest.mark.parametrize("token", TOKENS)
    def test_no_pattern_looks_more_often_at_a_character_of_a_longer_text(self, token: str) -> None:
        assert growing(token) == []

    @pytest.mark.parametrize("end", ["@", "@h", '"', "'", '\\"', "}", ".aaaaaaaaaa.aaaaa", "=", "-----"])
    @pytest.mark.parametrize("token", ["a://", "-eyJ", "fs.azure.sas", 'password="', "-----BEGIN A"])
    def test_nor_when_the_last_character_lets_it_match(self, token: str, end: str) -> None:
        assert growing(token, end) == []

    @settings(max_examples=at_most(10))
    @given(st.lists(st.sampled_from(TOKENS), min_size=2, max_size=3, unique=True).map("".join))
    def test_nor_when_several_of_them_alternate(self, token: str) -> None:
        assert growing(token) == []

    def test_a_text_that_takes_a_round_for_each_word_is_masked_whole(self) -> None:
        chain = "AKIAIOSFODNN7EXAMPLE" + "sécret7" * 40
        rounds: List[str] = []

        class Counting(Redactor):
            def _mask_once(self, text: str) -> str:
                rounds.append(text)
                return text[:-1]  # never the same text: as if each mask made another one possible

        assert Counting()(chain) == MASK
        assert len(rounds) < 20
        assert Redactor()(MASK) == MASK

    def test_keys_that_are_masked_alike_are_numbered_in_one_go(self) -> None:
        class Free(dict):  # type: ignore[type-arg]  # counts what is asked of it
            asked = 0

            def __contains__(self, key: object) -> bool:
                Free.asked += 1
                return super().__contains__(key)

        redact, taken, numbers = Redactor(), Free(), {}  # type: ignore[var-annotated]  # names to iterators
        for number in range(500):
            taken[redact._redact_key(f"?sig={number}", taken, numbers)] = number  # noqa: SLF001  what is counted
        assert len(taken) == 500
        assert Free.asked < 1_500


class TestLooks:
    """The count is of what ``re`` does: the same matches, by the same rules."""

    @settings(max_examples=at_most(40))
    @given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=3)), max_size=14).map("".join))
    def test_it_finds_what_re_finds(self, text: str) -> None:
        for rule in RULES:
            for pattern in filter(None, (rule.within, rule.pattern)):
                assert Looks(pattern, text).matches == [match.span() for match in pattern.finditer(text)]

    @pytest.mark.parametrize(
        ("pattern", "token"),
        [
            (re.compile(r"[a-z]+://[^\s]+@"), "a://"),
            (re.compile(r"(?<![A-Za-z0-9])eyJ[\w\-]{10,}\.x"), "-eyJ"),
            (re.compile(r"fs\.azure[\w.\-]*="), "fs.azure"),
            (re.compile(r"@(?![^\s/]*@)x"), "@"),
            (re.compile(r"(?:a|b)+c"), "ab"),
        ],
    )
    def test_it_counts_what_is_quadratic(self, pattern: Pattern[str], token: str) -> None:
        few, many = (Looks(pattern, token * times).most for times in (50, 100))
        assert many > 1.8 * few
