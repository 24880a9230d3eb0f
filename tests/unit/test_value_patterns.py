"""What a careful person sees in a text; ``tests/integration/test_profiler.py`` holds Spark to the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuvyn_executor.profiling.value_patterns import (
    DATE_SENTINELS,
    NUMBER_SENTINELS,
    PLACEHOLDERS,
    Expected,
    data_type_of,
    is_missing,
    shape_of,
)
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
            ("1234567890123456789", Shape.CODE),
            ("000123", Shape.CODE),
            ("+440000000152", Shape.CODE),
            ("3.5", Shape.DECIMAL),
            ("-.5", Shape.DECIMAL),
            ("1e5", Shape.DECIMAL),
            ("3,14", Shape.DECIMAL_COMMA),
            ("1,234", Shape.TEXT),  # a thousand, or one and a bit: nobody knows
            ("2024-01-31", Shape.DATE_ISO),
            ("31/01/2024", Shape.DATE_SLASH),
            ("1.2.2024", Shape.DATE_DOT),
            ("2024-01-31T10:00:00Z", Shape.TIMESTAMP),
            ("2024-01-31 10:00:00.5+02:00", Shape.TIMESTAMP),
            ("Yes", Shape.BOOLEAN),
            ("Y", Shape.TEXT),
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
