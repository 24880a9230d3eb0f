"""What a careful person sees in a text; ``tests/integration/test_profiler.py`` holds Spark to the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuvyn_executor.profiling.null_markers import PLACEHOLDERS, is_missing
from nuvyn_executor.profiling.value_patterns import (
    DATE_SENTINELS,
    NUMBER_SENTINELS,
    Expected,
    data_type_of,
    plain_of,
    shape_of,
)
from nuvyn_executor.quality.checks.registry import FORMS
from nuvyn_executor.quality.tallies import Shape

QUALITY = Path(__file__).resolve().parents[2] / "docs" / "quality.md"


class TestShapes:
    """Types are inferred like a careful person: `000123` and `+440…` stay text, dates are dates."""

    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ("0", Shape.INTEGER),
            ("-7", Shape.INTEGER),
            ("123456789012345678", Shape.INTEGER),
            ("1234567890123456789", Shape.INTEGER),
            ("-9223372036854775808", Shape.INTEGER),
            ("9223372036854775808", Shape.CODE),
            ("000123", Shape.CODE),
            ("+440000000152", Shape.CODE),
            ("3.5", Shape.DECIMAL),
            ("-.5", Shape.DECIMAL),
            ("1e5", Shape.DECIMAL),
            ("3,14", Shape.DECIMAL_COMMA),
            ("1,234", Shape.GROUPED),
            ("2024-01-31", Shape.DATE_ISO),
            ("31/01/2024", Shape.DATE_SLASH),
            ("1.2.2024", Shape.DATE_DOT),
            ("2024-01-31T10:00:00Z", Shape.TIMESTAMP),
            ("2024-01-31 10:00:00.5+02:00", Shape.TIMESTAMP),
            ("Yes", Shape.BOOLEAN),
            ("Y", Shape.BOOLEAN),
            ("a.b+c@example.org", "email"),
            ("a@b", Shape.TEXT),
            ("550e8400-e29b-41d4-a716-446655440000", "uuid"),
            ("https://example.org/a?b=c", "url"),
            (" 12", Shape.PADDED),
            ("12\n", Shape.PADDED),
            ("twelve", Shape.TEXT),
            ("日本", Shape.TEXT),
        ],
    )
    def test_a_text_has_one_shape(self, text: str, shape: str) -> None:
        assert shape_of(text) == shape

    @pytest.mark.parametrize("text", [None, "", " \t", "NA", " n/a ", "NULL", "-", "?"])
    def test_what_says_nothing_is_missing(self, text: str) -> None:
        assert is_missing(text)

    @pytest.mark.parametrize("text", ["0", "no", "none of it", "--x", "nana"])
    def test_what_says_something_is_not(self, text: str) -> None:
        assert not is_missing(text)

    @pytest.mark.parametrize("blank", ["\xa0", "\u3000", "\u2009", "\u200b", "\ufeff"])
    def test_blanks_of_unicode_are_blank(self, blank: str) -> None:
        """Issue 14.5: "U+00A0 and other Unicode blanks are present values"."""
        assert is_missing(blank * 2)
        assert shape_of(f"{blank}x") == Shape.PADDED


class TestMeanings:
    """Issue 14.10: "Numbers and moments as people write them"."""

    @pytest.mark.parametrize(
        ("text", "shape", "plain"),
        [
            ("1.234,56", "grouped_comma", "1234.56"),
            ("1 234.25", Shape.GROUPED, "1234.25"),
            ("1\xa0234,5", "grouped_comma", "1234.5"),
            ("1'101.25", Shape.GROUPED, "1101.25"),
            ("$1,101.50", Shape.MONEY, "1101.50"),
            ("-$5", Shape.MONEY, "-5"),
            ("1 \u20ac", Shape.MONEY, "1"),
            ("1,5 %", "percent_comma", "1.5"),
            ("(1.00)", Shape.NEGATIVE, "-1.00"),
            ("1.00-", Shape.NEGATIVE, "-1.00"),
            ("26.11.2026 00:00", Shape.TIMESTAMP_YEAR_LAST, "2026-11-26 00:00:00"),
            ("26/11/2026 12:00 AM", Shape.TIMESTAMP_YEAR_LAST, "2026-11-26 00:00:00"),
            ("26/11/2026 12:30 p.m.", Shape.TIMESTAMP_YEAR_LAST, "2026-11-26 12:30:00"),
            ("2026/11/26 00:00:00", Shape.TIMESTAMP_YEAR_FIRST, "2026-11-26 00:00:00"),
            ("2026-11-26T10:00:00-0500", Shape.TIMESTAMP_YEAR_FIRST, "2026-11-26 10:00:00-05:00"),
            ("2026-11-26 10:00 UTC", Shape.TIMESTAMP_YEAR_FIRST, "2026-11-26 10:00:00Z"),
            ("26-11-26", Shape.DATE_SHORT, "2026-11-26"),
            ("1/2/99", Shape.DATE_SHORT, "1999-02-01"),
            ("20261101", Shape.DATE_COMPACT, "2026-11-01"),
            ("26-Nov-26", Shape.DATE_NAMED, "2026-11-26"),
            ("Nov 6, 2026", Shape.DATE_NAMED, "2026-11-06"),
            ("Thu, 26 Nov 2026 10:00:00 GMT", Shape.TIMESTAMP_NAMED, "2026-11-26 10:00:00Z"),
        ],
    )
    def test_a_text_is_rewritten_to_the_plain_way(self, text: str, shape: str, plain: str) -> None:
        assert [form.shape for form in FORMS if form.shape == shape and form.matches(text)] == [shape]
        assert plain_of(text, shape) == plain

    def test_the_month_may_come_first(self) -> None:
        assert plain_of("11/26/2026", Shape.DATE_SLASH, day_first=False) == "2026-11-26"
        assert plain_of("2026/11/26", Shape.DATE_YEAR_FIRST, day_first=False) == "2026-11-26"
        text = "11/26/2026 1:05 PM"
        assert plain_of(text, Shape.TIMESTAMP_YEAR_LAST, day_first=False) == "2026-11-26 13:05:00"


class TestDataTypes:
    """One bad value in a million is an invalid value and not a text column."""

    def test_one_bad_value_in_a_million_leaves_a_number(self) -> None:
        assert data_type_of(Expected.NUMBER, {Shape.INTEGER: 999_999, Shape.TEXT: 1}) == "bigint"

    def test_one_decimal_makes_a_double(self) -> None:
        assert data_type_of(Expected.NUMBER, {Shape.INTEGER: 999, Shape.DECIMAL: 1}) == "double"

    def test_codes_that_the_sample_missed_make_a_text(self) -> None:
        assert data_type_of(Expected.NUMBER, {Shape.INTEGER: 90, Shape.CODE: 10}) == "string"

    def test_one_time_among_dates_makes_a_timestamp(self) -> None:
        assert data_type_of(Expected.MOMENT, {Shape.DATE_ISO: 9}) == "date"
        assert data_type_of(Expected.MOMENT, {Shape.DATE_ISO: 9, Shape.TIMESTAMP: 1}) == "timestamp"


def test_the_lists_stand_in_the_documentation() -> None:
    page = QUALITY.read_text(encoding="utf-8")
    for word in PLACEHOLDERS:
        assert f"`{word}`" in page
    for number in NUMBER_SENTINELS:
        assert f"{number:g}" in page or str(int(number)) in page
    for day in DATE_SENTINELS:
        assert day in page
