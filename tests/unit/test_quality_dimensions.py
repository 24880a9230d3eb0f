from __future__ import annotations

from typing import Any, Optional

import pytest

from nuvyn_executor.quality.dimensions import (
    MICROS_PER_DAY,
    MICROS_PER_HOUR,
    Dimension,
    Measure,
    Policy,
    column_scores,
    measure,
    round_score,
)
from nuvyn_executor.quality.tallies import (
    ColumnFacts,
    ColumnTally,
    DatasetTally,
    Distinct,
    Scan,
    Shape,
    Suspect,
)

NOW = 1_700_000_000_000_000
POLICY = Policy()


def scan(*columns: ColumnTally, keys: tuple[Optional[Distinct], ...] = (), **more: Any) -> Scan:
    """A dataset of these columns, the first of them keys; ``corrupt_rows`` and pairs go to the tally."""
    rows = columns[0].rows if columns else more.pop("rows", 0)
    counted = {name: more.pop(name) for name in ("corrupt_rows", "pairs", "pair_violations") if name in more}
    facts = tuple(
        ColumnFacts(f"c{n}", "string", "text", n < len(keys), keys[n] if n < len(keys) else None)
        for n in range(len(columns))
    )
    return Scan("t", DatasetTally(rows, columns, **counted), facts, **more)


def score(dimension: Dimension, scanned: Scan, policy: Policy = POLICY) -> Optional[float]:
    return measure(scanned, policy, NOW)[dimension].score


class TestMeasure:
    """Issue 3.4: "An empty source is Unknown with nulls, never 100 and never 0." """

    def test_of_nothing_has_no_score(self) -> None:
        assert Measure().score is None

    def test_adds_points_and_denominators(self) -> None:
        assert Measure(1, 2) + Measure(1, 8) == Measure(2, 10)


class TestDimensions:
    """Guide 4: "Calculates completeness, accuracy, consistency scores"."""

    def test_stand_in_the_order_of_the_guide(self) -> None:
        assert [dimension.value for dimension in Dimension] == [
            "completeness",
            "accuracy",
            "consistency",
            "timeliness",
            "validity",
            "uniqueness",
        ]

    def test_completeness_counts_cells(self) -> None:
        scanned = scan(ColumnTally(rows=10, nulls=1, blanks=2), ColumnTally(rows=10, nans=1, placeholders=1))
        assert score(Dimension.COMPLETENESS, scanned) == 75.0

    def test_accuracy_is_the_share_of_plausible_present_values(self) -> None:
        assert (
            score(Dimension.ACCURACY, scan(ColumnTally(rows=10, nulls=2, suspects={Suspect.FAR_OUT: 2})))
            == 75.0
        )

    def test_consistency_counts_the_most_frequent_form_and_pairs_in_order(self) -> None:
        mixed = ColumnTally(rows=10, shapes={Shape.DATE_ISO: 8, Shape.DATE_SLASH: 2})
        assert score(Dimension.CONSISTENCY, scan(mixed)) == 80.0
        assert score(Dimension.CONSISTENCY, scan(mixed, pairs=10, pair_violations=5)) == 65.0

    def test_whole_numbers_among_decimals_are_consistent(self) -> None:
        column = ColumnTally(rows=10, shapes={Shape.INTEGER: 5, Shape.DECIMAL: 5})
        assert score(Dimension.CONSISTENCY, scan(column)) == 100.0

    def test_numbers_with_thousands_apart_are_written_like_smaller_ones(self) -> None:
        """Issue 14.10: a column of `1,234` and `999` is written in one way."""
        points = {Shape.INTEGER: 4, Shape.GROUPED: 3, Shape.NEGATIVE: 2, Shape.DECIMAL: 1}
        commas = {Shape.INTEGER: 4, "grouped_comma": 3, Shape.THREE_DECIMALS: 2, Shape.DECIMAL_COMMA: 1}
        for shapes in (points, commas):
            assert score(Dimension.CONSISTENCY, scan(ColumnTally(rows=10, shapes=shapes))) == 100.0
        mixed = {Shape.DECIMAL_COMMA: 8, Shape.DECIMAL_POINT: 2}
        assert score(Dimension.CONSISTENCY, scan(ColumnTally(rows=10, shapes=mixed))) == 80.0

    def test_values_without_a_shape_are_one_form(self) -> None:
        assert score(Dimension.CONSISTENCY, scan(ColumnTally(rows=4))) == 100.0
        assert score(Dimension.CONSISTENCY, scan(ColumnTally(rows=4, shapes={Shape.TEXT: 1}))) == 75.0

    def test_validity_counts_checked_values_and_each_cell_of_a_corrupt_row(self) -> None:
        column = ColumnTally(rows=10, checked=10, invalid=2)
        assert score(Dimension.VALIDITY, scan(column)) == 80.0
        assert score(Dimension.VALIDITY, scan(column, ColumnTally(rows=10), corrupt_rows=3)) == 50.0

    def test_text_with_nothing_to_check_is_not_assessed(self) -> None:
        """Issue 14.7: "a table of which nothing could be judged ... has validity `null`"."""
        assert score(Dimension.VALIDITY, scan(ColumnTally(rows=10))) is None
        assert column_scores(ColumnTally(rows=10), ColumnFacts("c", "string", "text")).validity is None

    def test_rows_that_could_not_be_read_say_nothing_else(self) -> None:
        """Issue 14.8: "Rows that could not be read are no basis for other dimensions"."""
        scanned = scan(
            ColumnTally(rows=2, nulls=2), corrupt_rows=2, modified_micros=NOW, distinct_rows=Distinct(2)
        )
        assert score(Dimension.TIMELINESS, scanned) is None
        assert score(Dimension.UNIQUENESS, scanned) is None

    def test_rows_that_are_all_corrupt_are_not_valid(self) -> None:
        assert score(Dimension.VALIDITY, scan(ColumnTally(rows=2, nulls=2), corrupt_rows=2)) == 0.0


class TestTimeliness:
    @pytest.mark.parametrize(
        ("age", "expected"),
        [
            (0, 100.0),
            (24 * MICROS_PER_HOUR, 100.0),
            (91 * MICROS_PER_DAY, 50.0),
            (181 * MICROS_PER_DAY, 25.0),
            (100_000 * MICROS_PER_DAY, 0.0),
            (-MICROS_PER_DAY, 100.0),
        ],
    )
    def test_halves_every_90_days_after_a_day_of_grace(self, age: int, expected: float) -> None:
        column = ColumnTally(rows=10, timestamps=10, latest_micros=NOW - age)
        assert score(Dimension.TIMELINESS, scan(column)) == pytest.approx(expected)

    def test_one_moment_of_the_future_does_not_make_a_dead_table_fresh(self) -> None:
        column = ColumnTally(rows=10, timestamps=10, future=1, latest_micros=NOW - 91 * MICROS_PER_DAY)
        assert score(Dimension.TIMELINESS, scan(column)) == pytest.approx(45.0)

    def test_of_nothing_but_future_is_0(self) -> None:
        assert score(Dimension.TIMELINESS, scan(ColumnTally(rows=2, timestamps=2, future=2))) == 0.0

    def test_comes_from_storage_only_where_no_column_tells(self) -> None:
        old = NOW - 91 * MICROS_PER_DAY
        assert score(Dimension.TIMELINESS, scan(ColumnTally(rows=1), modified_micros=old)) == 50.0
        column = ColumnTally(rows=1, timestamps=1, latest_micros=NOW)
        assert score(Dimension.TIMELINESS, scan(column, modified_micros=old)) == 100.0

    def test_is_not_assessed_where_nothing_tells(self) -> None:
        assert score(Dimension.TIMELINESS, scan(ColumnTally(rows=1))) is None

    def test_of_a_source_weighs_rows(self) -> None:
        fresh = scan(ColumnTally(rows=30), modified_micros=NOW)
        stale = scan(ColumnTally(rows=10), modified_micros=NOW - 91 * MICROS_PER_DAY)
        both = [measure(one, POLICY, NOW)[Dimension.TIMELINESS] for one in (fresh, stale)]
        assert (both[0] + both[1]).score == pytest.approx(87.5)


class TestUniqueness:
    def test_is_the_share_of_different_rows(self) -> None:
        assert score(Dimension.UNIQUENESS, scan(ColumnTally(rows=10), distinct_rows=Distinct(9))) == 90.0

    def test_is_that_of_the_worst_key_over_its_present_values(self) -> None:
        key = ColumnTally(rows=10, nulls=2)
        scanned = scan(key, keys=(Distinct(6),), distinct_rows=Distinct(10))
        assert score(Dimension.UNIQUENESS, scanned) == 75.0

    def test_of_an_estimate_gets_three_standard_deviations(self) -> None:
        full = scan(ColumnTally(rows=100), distinct_rows=Distinct(86, rsd=0.05))
        assert score(Dimension.UNIQUENESS, full) == 100.0
        half = scan(ColumnTally(rows=100), distinct_rows=Distinct(47, rsd=0.02))
        assert score(Dimension.UNIQUENESS, half) == pytest.approx(50.0)

    def test_an_estimate_that_says_nothing_accuses_nobody(self) -> None:
        scanned = scan(ColumnTally(rows=9), distinct_rows=Distinct(1, rsd=0.4))
        assert score(Dimension.UNIQUENESS, scanned) == 100.0

    def test_is_not_assessed_where_nothing_was_counted(self) -> None:
        assert score(Dimension.UNIQUENESS, scan(ColumnTally(rows=9))) is None


class TestEdges:
    """Issue 3.4: "formulas and edge cases of quality.md A.2-A.8"."""

    @pytest.mark.parametrize(
        "scanned",
        [
            scan(),
            scan(rows=5, distinct_rows=Distinct(5), modified_micros=NOW),
            scan(ColumnTally(), distinct_rows=Distinct(0), modified_micros=NOW),
        ],
        ids=["nothing", "no columns", "no rows"],
    )
    def test_without_rows_or_columns_nothing_is_assessed(self, scanned: Scan) -> None:
        assert all(one.score is None for one in measure(scanned, POLICY, NOW).values())

    def test_columns_of_nulls_count_in_completeness_and_nowhere_else(self) -> None:
        scanned = scan(ColumnTally(rows=5, nulls=5), keys=(Distinct(0),))
        found = {dimension: score(dimension, scanned) for dimension in Dimension}
        assert found.pop(Dimension.COMPLETENESS) == 0.0
        assert set(found.values()) == {None}

    def test_typed_columns_are_consistent_and_valid(self) -> None:
        scanned = scan(ColumnTally(rows=5, checked=5, shapes={Shape.TYPED: 5}))
        assert score(Dimension.CONSISTENCY, scanned) == score(Dimension.VALIDITY, scanned) == 100.0


class TestColumnScores:
    def test_are_those_of_the_columns_table(self) -> None:
        tally = ColumnTally(rows=9, nulls=3, checked=6, invalid=1)
        found = column_scores(tally, ColumnFacts("email", "string", "email", distinct=Distinct(4)))
        assert (found.completeness, found.validity, found.uniqueness) == (66.67, 83.33, 66.67)

    def test_are_none_where_there_is_nothing(self) -> None:
        found = column_scores(ColumnTally(), ColumnFacts("email", "string", "email", distinct=Distinct(0)))
        assert (found.completeness, found.validity, found.uniqueness) == (None, None, None)

    def test_say_when_they_rest_on_an_estimate(self) -> None:
        facts = ColumnFacts("email", "string", "email", distinct=Distinct(9, rsd=0.05))
        assert column_scores(ColumnTally(rows=10), facts).uniqueness_rsd == 0.05


class TestRounding:
    @pytest.mark.parametrize(
        ("score_", "shown"),
        [(87.857142, 87.86), (87.125, 87.13), (87.12499999999999, 87.13), (99.994, 99.99), (None, None)],
    )
    def test_is_half_up_to_two_decimals(self, score_: Optional[float], shown: Optional[float]) -> None:
        assert round_score(score_) == shown


class TestPolicy:
    def test_needs_a_weight_for_each_dimension(self) -> None:
        with pytest.raises(ValueError, match="the weight of accuracy must be a number above 0"):
            Policy(weights={Dimension.COMPLETENESS: 1.0})

    def test_needs_a_half_life(self) -> None:
        with pytest.raises(ValueError, match="half_life_days must be above 0"):
            Policy(half_life_days=0)
