r"""Regular expressions and formats of data contracts, as all engines understand them."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import pytest

from nuvyn_executor.contracts.patterns import (
    NotTranslated,
    common_pattern,
    format_pattern,
    is_day_first,
    matches,
    micros_of,
)


class TestPatterns:
    """logicalTypeOptions (format, pattern, ...)."""

    @pytest.mark.parametrize(
        ("pattern", "good", "bad"),
        [
            ("^[A-Z]{2}$", ["AB"], ["ABC", "ab", "AB\n"]),
            ("[A-Z]{2}", ["AB", "xABx"], ["A1"]),
            (r"^\d+$", ["12"], ["١٢", "", "1a"]),
            (r"^\w+$", ["a_1"], ["é", "a b"]),
            (r"^\S+\s\S+$", ["a b", "a\u00a0b"], ["ab"]),
            (r"^[\d\-]+$", ["1-2"], ["a"]),
            (r"^[^\d]$", ["a"], ["1"]),
            (r"^\D\W$", ["a-"], ["1-", "ab"]),
            ("^a.b$", ["axb"], ["a\nb", "ab"]),
            (r"^a\.b$", ["a.b"], ["axb"]),
            (r"^[[&~|-]$", ["[", "&", "~", "|", "-"], ["]", "a"]),
            (r"^[a&&b]$", ["a", "&", "b"], ["c"]),
            (r"^\/x\/$", ["/x/"], ["x"]),
            (r"^\u00e9\x41$", ["éA"], ["e"]),
            (r"^(?:a|b)(?=c)", ["ac"], ["ad"]),
            (r"^\\z$", ["\\z"], ["z"]),
            ("^(GB|DE)[0-9]{2,4}?$", ["GB12"], ["FR12"]),
            ("$", ["", "a"], []),
        ],
    )
    def test_they_mean_what_ecma_262_says(self, pattern: str, good: list[str], bad: list[str]) -> None:
        written = common_pattern(pattern)
        assert [text for text in good if not matches(written, text)] == []
        assert [text for text in bad if matches(written, text)] == []

    @pytest.mark.parametrize(
        "pattern", ["(", "[", "a{2,1}", "*", r"\b", r"\p{L}", r"(?<n>a)", r"[\D]", "\\", "[]", "(?i)a", r"\1"]
    )
    def test_what_not_all_engines_know_is_refused(self, pattern: str) -> None:
        with pytest.raises(NotTranslated):
            common_pattern(pattern)

    def test_a_very_long_text_never_matches(self) -> None:
        assert not matches(common_pattern("a"), "a" * 1001)


class TestFormats:
    """Follows the format as prescribed by JDK DateTimeFormatter."""

    @pytest.mark.parametrize(
        ("format_", "example", "other", "day_first"),
        [
            ("yyyy-MM-dd", "2024-01-31", "31/01/2024", None),
            ("YYYY-MM-DD", "2024-01-31", "2024-1-31", None),
            ("dd.MM.yyyy", "31.01.2024", "31x01x2024", True),
            ("MM/dd/yyyy HH:mm", "01/31/2024 10:20", "01/31/2024", False),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2024-01-31T10:20:30.123Z", "2024-01-31 10:20:30.123Z", None),
            ("yyyy-MM-ddTHH:mm:ssZ", "2024-01-31T10:20:30Z", "2024-01-31T10:20:30", None),
            ("d/M/yy", "31/01/24", "31/01/2024", True),
            ("hh:mm a", "10:20 AM", "22:20", None),
            ("yyyyMMdd", "20240131", "2024-01-31", None),
            ("dd MMM yyyy", "31 Jan 2024", "31 01 2024", True),
            ("EEEE, MMMM d yyyy", "Wednesday, January 31 2024", "x", False),
            ("HH 'o''clock'", "10 o'clock", "10", None),
        ],
    )
    def test_a_format_matches_its_moments(
        self, format_: str, example: str, other: str, day_first: object
    ) -> None:
        written = format_pattern(format_)
        assert written is not None
        pattern, own = written
        assert own == example
        assert matches(pattern, example)
        assert not matches(pattern, other)
        assert is_day_first(format_) is day_first

    @pytest.mark.parametrize("format_", ["QQQ yyyy", "w yyyy", "MMMMM"])
    def test_quarters_and_weeks_are_not_read(self, format_: str) -> None:
        assert format_pattern(format_) is None

    @pytest.mark.parametrize(
        ("text", "iso"),
        [
            ("2024-01-31", "2024-01-31T00:00:00+00:00"),
            ("2024-01-31 10:00", "2024-01-31T10:00:00+00:00"),
            ("2024-01-31T10:00:00.5Z", "2024-01-31T10:00:00.500000+00:00"),
            ("2024-01-31T10:00:00+02:00", "2024-01-31T08:00:00+00:00"),
            ("2024-01-31T10:00:00-0530", "2024-01-31T15:30:00+00:00"),
        ],
    )
    def test_bounds_are_moments(self, text: str, iso: str) -> None:
        assert micros_of(text) == round(datetime.fromisoformat(iso).timestamp() * 1_000_000)

    @pytest.mark.parametrize("text", ["", "soon", "2024-02-30", "31.01.2024", "2024-01-31T25:00"])
    def test_other_texts_are_none(self, text: str) -> None:
        with pytest.raises(ValueError, match=re.compile(".")):
            micros_of(text)

    def test_a_moment_is_utc(self) -> None:
        assert micros_of("1970-01-02") == datetime(1970, 1, 2, tzinfo=timezone.utc).timestamp() * 1_000_000
