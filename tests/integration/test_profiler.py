"""The scan on Spark against an oracle: the same values counted one by one in Python."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence

import pytest

from nuvyn_executor.profiling.null_markers import WHITE, is_missing
from nuvyn_executor.profiling.value_patterns import counted_shape_of
from nuvyn_executor.quality.checks.check import POINT
from nuvyn_executor.quality.checks.registry import CHECKS, FORMS, check_of
from nuvyn_executor.reading.frame import Frame, sample_columns
from tests.scans import Counted, count_frame

if TYPE_CHECKING:
    from nuvyn_executor.quality.tallies import ColumnTally

pytestmark = pytest.mark.spark

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
MICROS = int(NOW.timestamp()) * 1_000_000

# What a careful person sees in them is in tests/unit/test_shapes.py; here Spark has to see the same.
NASTY: Sequence[Optional[str]] = (
    None, "", " ", "\t", "NA", "n/a", " null ", "-", "?", "none of it", "0", "-0", "7", "-7", "+7", "007",
    "00", "123456789012345678", "1234567890123456789", "3.5", "-.5", "5.", "1e5", "1E-300", "1e999", "3,14",
    "1,234", "+440000000152", "2024-02-29", "2023-02-29", "2024-13-01", "31/12/2024", "12/31/2024",
    "1.2.2024", "2024-01-31T10:00:00Z", "2024-01-31 10:00:00.123+02:00", "2024-01-31T25:00:00Z",
    "true", "NO", "yes ",
    "a@example.org", "a@b", "http://x.org/a b", "https://x.org/a", "550e8400-e29b-41d4-a716-446655440000",
    " padded", "padded\n", "日本", "é", "\ufffd", "bro\x07ken", "Ã¼", "1" * 400, "x" * 5000, "a\nb",
    "\\A", "$", "'", "DE", "de", "XX", "DEU", "GER", "EUR", "DM", "NAN", "+441632960961", "+0441632960961",
    "+44 1632 960961", "4111111111111111", "4111111111111112", "4111 1111-11111111", "9111111111111111",
    "3782 822463 10005", "DE44500105175407324931", "DE44 5001 0517 5407 3249 31", "DE44500105175407324932",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "DE4450010517540732493", "192.0.2.1", "192.0.2.256", "1.2.3",
    "2001:db8::1", "2001:db8:::1", "::", "10:20:30", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8",
)  # fmt: skip


def text_frame(spark: Any, columns: Mapping[str, Sequence[Optional[str]]], partitions: int = 2) -> Frame:
    rows = list(zip(*columns.values()))
    schema = ", ".join(f"c{i} STRING" for i in range(len(columns)))
    data = spark.createDataFrame(rows, schema).repartition(partitions)
    return Frame(
        opened=lambda: data,
        names=tuple(columns),
        types=(None,) * len(columns),
        sample=sample_columns(rows, len(columns)),
        sample_represents=True,
        is_small=True,
    )


def counted(profile: Counted) -> Dict[str, ColumnTally]:
    return {facts.name: tally for facts, tally in zip(profile.scan.columns, profile.scan.tally.columns)}


def mostly(value: str, others: Sequence[Optional[str]]) -> List[Optional[str]]:
    """A column of which ``value`` is the expectation, and everything else is in it once."""
    return [value] * (20 * len(others)) + list(others)


USUAL: Mapping[str, str] = {
    "text": "word",
    "number": "12",
    "moment": "2024-05-06",
    "boolean": "true",
    "code": "01067",
    "email": "x@example.org",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "url": "https://example.org/",
    "phone_number": "+441632960000",
    "payment_card": "5555555555554444",
    "iban": "GB29NWBK60161331926819",
    "ip_address": "198.51.100.7",
    "country_code": "FR",
    "currency_code": "JPY",
}
"""What a column holds most of the time; its name is that of the check, which suggests it."""


@pytest.fixture(name="profile", scope="module")
def _profile(spark: Any) -> Counted:
    columns = {expected: mostly(usual, NASTY) for expected, usual in USUAL.items()}
    return count_frame(text_frame(spark, columns), "nasty", MICROS)


class TestTextColumns:
    """What a sample (in Python) and a scan (in Spark) see is the same thing."""

    def test_there_is_a_column_for_each_check(self) -> None:
        assert set(USUAL) == {"text", *(check.name for check in CHECKS)}

    @pytest.mark.parametrize("expected", list(USUAL))
    def test_spark_counts_what_python_counts(self, profile: Counted, expected: str) -> None:
        plan = next(one for one in profile.plan.columns if one.name == expected)
        tally = counted(profile)[expected]
        values = present_values(expected, plan.values)
        shapes: Counter[str] = Counter()
        for value in values:
            shape = counted_shape_of(value.strip(WHITE), expected, plan.shapes)
            shapes["padded" if value != value.strip(WHITE) else shape] += 1
        assert plan.expected == expected
        assert dict(shapes) == dict(tally.shapes)
        assert tally.present == len(values)
        assert (tally.nulls, tally.blanks) == (1, 3)
        assert tally.rows == 21 * len(NASTY)

    @pytest.mark.parametrize("expected", [one.name for one in CHECKS if one.name != "moment"])
    def test_an_invalid_value_is_one_that_the_check_does_not_accept(
        self, profile: Counted, expected: str
    ) -> None:
        plan = next(one for one in profile.plan.columns if one.name == expected)
        tally = counted(profile)[expected]
        check = check_of(expected)
        assert check is not None
        forms = [form for form in FORMS if form.shape in check.shapes and form.convention in ("", POINT)]
        values = present_values(expected, plan.values)
        wrong = [value for value in values if not any(form.accepts(value.strip(WHITE)) for form in forms)]
        assert (tally.checked, tally.invalid) == (len(values), len(wrong))

    def test_a_moment_that_is_no_day_of_the_calendar_is_invalid(self, profile: Counted) -> None:
        tally = counted(profile)["moment"]
        good = [
            "2024-02-29",
            "31/12/2024",
            "1.2.2024",
            "2024-01-31T10:00:00Z",
            "2024-01-31 10:00:00.123+02:00",
        ]
        assert tally.present - tally.invalid == 20 * len(NASTY) + len(good)

    def test_free_text_is_not_checked(self, profile: Counted) -> None:
        assert (counted(profile)["text"].checked, counted(profile)["text"].invalid) == (0, 0)

    def test_broken_text_is_suspect(self, profile: Counted) -> None:
        assert counted(profile)["text"].suspects == {"broken_text": 3}

    def test_a_number_too_large_for_a_double_is_suspect(self, profile: Counted) -> None:
        assert counted(profile)["number"].suspects == {"infinite": 2}  # 1e999, and a row of 400 digits

    def test_distinct_counts_are_exact_in_a_small_dataset(self, profile: Counted) -> None:
        distinct = {facts.name: facts.distinct for facts in profile.scan.columns}
        present = {value for value in NASTY if not is_missing(value)}
        for name in ("text", "email"):
            found = distinct[name]
            assert found is not None
            assert (found.count, found.rsd) == (len(present) + 1, 0.0)

    def test_distinct_rows_are_exact_and_null_is_no_blank(self, profile: Counted) -> None:
        found = profile.scan.distinct_rows
        assert found is not None
        assert found.count == len(NASTY) + 1


def present_values(expected: str, placeholders: Sequence[str] = ()) -> List[str]:
    values = mostly(USUAL[expected], NASTY)
    return [one for one in values if one is not None and not is_missing(one, placeholders)]


class TestLaws:
    """Row order and partitioning change no count; the tally of two halves is the sum of their tallies."""

    def test_neither_order_nor_partitions_matter(self, spark: Any) -> None:
        columns = {"number": mostly("12", NASTY), "text": mostly("word", NASTY)}
        turned = {name: list(reversed(values)) for name, values in columns.items()}
        first = count_frame(text_frame(spark, columns, 1), "t", MICROS)
        second = count_frame(text_frame(spark, turned, 7), "t", MICROS)
        assert first.scan.tally == second.scan.tally
        assert first.scan.distinct_rows == second.scan.distinct_rows


@pytest.fixture(name="typed", scope="module")
def _typed(spark: Any) -> Counted:
    schema = (
        "c0 DOUBLE, c1 DECIMAL(38,18), c2 TIMESTAMP, c3 DATE, c4 ARRAY<INT>, c5 MAP<STRING,INT>, c6 BINARY, "
        "c7 BOOLEAN, c8 BIGINT, c9 STRING, c10 TIMESTAMP"
    )
    late = datetime(2026, 3, 1, tzinfo=timezone.utc)
    rows: List[Any] = [
        (1.5, Decimal("1.5"), NOW, NOW.date(), [1], {"a": 1}, b"x", True, 1, "a@b.org", NOW),
        (math.nan, None, late, None, [], {}, b"", False, -999, "", NOW),
        (math.inf, Decimal("9" * 20), None, NOW.date(), None, None, None, None, 2**63 - 1, None, late),
        (None, None, NOW, datetime(1900, 1, 1).date(), [1], {"a": 1}, b"x", True, 1, "c@b.org", None),  # noqa: DTZ001  a day
    ]
    names = (
        "double",
        "decimal",
        "updated_at",
        "day",
        "array",
        "map",
        "binary",
        "boolean",
        "bigint",
        "email",
        "created_at",
    )
    types = schema.lower().split(", ")
    frame = Frame(
        opened=lambda: spark.createDataFrame(rows, schema),
        names=names,
        types=tuple(one.split(" ", 1)[1] for one in types),
        sample=sample_columns(rows, len(names)),
        sample_represents=True,
        is_small=True,
    )
    return count_frame(frame, "typed", MICROS)


class TestTypedColumns:
    """Parquet and Delta declare their types; what is wrong with a typed value is counted all the same."""

    def test_missing_is_null_or_nan_or_blank(self, typed: Counted) -> None:
        missing = {name: tally.missing for name, tally in counted(typed).items()}
        assert missing == {
            "double": 2,
            "decimal": 2,
            "updated_at": 1,
            "day": 1,
            "array": 1,
            "map": 1,
            "binary": 1,
            "boolean": 1,
            "bigint": 0,
            "email": 2,
            "created_at": 1,
        }
        assert counted(typed)["double"].nans == 1

    def test_suspects_are_infinities_and_sentinels(self, typed: Counted) -> None:
        suspects = {name: tally.suspects for name, tally in counted(typed).items() if tally.suspects}
        assert suspects == {
            "double": {"infinite": 1},
            "bigint": {"stand_in": 1},
            "day": {"stand_in": 1},
        }

    def test_future_moments_are_counted_apart(self, typed: Counted) -> None:
        tally = counted(typed)["updated_at"]
        assert (tally.timestamps, tally.future, tally.latest_micros) == (3, 1, MICROS)

    def test_a_pair_in_the_wrong_order_is_counted(self, typed: Counted) -> None:
        assert typed.plan.pairs == ((10, 2),)
        tally = typed.scan.tally
        assert (tally.pairs, tally.pair_violations) == (2, 0)

    def test_values_that_differ_are_counted_in_every_type(self, typed: Counted) -> None:
        distinct = {facts.name: facts.distinct.count for facts in typed.scan.columns if facts.distinct}
        assert distinct == {
            "double": 2,
            "decimal": 2,
            "updated_at": 2,
            "day": 2,
            "array": 2,
            "map": 2,
            "binary": 2,
            "boolean": 2,
            "bigint": 3,
            "email": 2,
            "created_at": 2,
        }

    def test_declared_types_are_told_as_they_are(self, typed: Counted) -> None:
        types = {facts.name: facts.data_type for facts in typed.scan.columns}
        assert types["decimal"] == "decimal(38,18)"
        assert types["array"] == "array<int>"


class TestMomentsBeyondPython:
    """`0001-01-01` and `9999-12-31` are sentinels, and no reason to lose a dataset."""

    def test_the_first_and_the_last_day_are_suspects_and_are_shown(self, spark: Any) -> None:
        columns = {"day": [*["2024-05-06"] * 30, "0001-01-01", "9999-12-31"]}
        profile = count_frame(text_frame(spark, columns), "days", MICROS)
        (tally,), (column,) = profile.scan.tally.columns, profile.columns
        assert (tally.suspects, tally.invalid) == ({"stand_in": 2}, 0)
        assert (column.minimum, column.maximum) == ("0001-01-01", "9999-12-31")


class TestEdges:
    """Zero rows, zero columns, many columns."""

    def test_no_rows(self, spark: Any) -> None:
        data = spark.createDataFrame([], "c0 STRING")
        frame = Frame(lambda: data, ("a",), (None,), [[]], sample_represents=True, is_small=True)
        profile = count_frame(frame, "t", MICROS)
        assert profile.scan.tally.rows == 0
        assert profile.scan.tally.columns[0].present == 0
        assert profile.scan.columns[0].data_type == "string"

    def test_no_columns(self, spark: Any) -> None:
        frame = Frame(lambda: spark.range(3).select(), (), (), [], sample_represents=True, is_small=True)
        profile = count_frame(frame, "t", MICROS)
        assert (profile.scan.tally.rows, profile.scan.distinct_rows) == (3, None)

    def test_more_columns_than_one_aggregate_takes(self, spark: Any) -> None:
        columns: Mapping[str, Sequence[Optional[str]]] = {f"n{i}": ["1", str(i), None] for i in range(61)}
        profile = count_frame(text_frame(spark, columns), "wide", MICROS)
        assert [tally.nulls for tally in profile.scan.tally.columns] == [1] * 61
        found = profile.scan.distinct_rows
        assert found is not None
        assert found.count == 3
