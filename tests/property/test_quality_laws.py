"""The laws of the six dimensions, stated once and checked against tables counted value by value."""

from __future__ import annotations

import json
import math
from functools import reduce
from operator import add
from typing import Dict, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor import wire
from nuvyn_executor.quality.assessment import assess, overall
from nuvyn_executor.quality.dimensions import Dimension, Policy, consistency, measure, total
from nuvyn_executor.quality.tallies import ZERO
from tests.property.strategies import (
    FUTURE,
    INVALID_EMAIL,
    NOW,
    Table,
    alike,
    scan_of,
    tables,
    tally_of,
)

POLICY = Policy()
RSD = st.sampled_from([0.0, 0.016, 0.05])
COUNTED = (Dimension.COMPLETENESS, Dimension.ACCURACY, Dimension.VALIDITY)
Scores = Dict[Dimension, Optional[float]]


def scores(table: Table, now: int = NOW, rsd: float = 0.0) -> Scores:
    measured = measure(scan_of(table, now, rsd), POLICY, now)
    return {dimension: one.score for dimension, one in measured.items()}


def same(one: Optional[float], other: Optional[float]) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, abs_tol=1e-9)


def never_higher(before: Optional[float], after: Optional[float]) -> bool:
    return before is None or (after is not None and after <= before + 1e-9)


class TestTalliesAdd:
    """Design 3: "tally: what one scan counted; tallies add." """

    @given(alike(count=3))
    def test_in_any_grouping(self, parts: tuple[Table, Table, Table]) -> None:
        a, b, c = map(tally_of, parts)
        assert (a + b) + c == a + (b + c)

    @given(alike())
    def test_in_any_order(self, parts: tuple[Table, Table]) -> None:
        a, b = map(tally_of, parts)
        assert a + b == b + a

    @given(tables())
    def test_and_zero_changes_nothing(self, table: Table) -> None:
        tally = tally_of(table)
        assert ZERO + tally == tally == tally + ZERO

    @given(alike(count=3))
    def test_to_the_tally_of_the_whole(self, parts: tuple[Table, ...]) -> None:
        whole = reduce(Table.plus, parts)
        assert reduce(add, map(tally_of, parts)) == tally_of(whole)


class TestMeasuresAdd:
    """Design 7: "Quality is tally, then score. The laws ... are stated once, over all dimensions." """

    @pytest.mark.parametrize("dimension", COUNTED)
    @given(parts=alike())
    def test_like_merged_tallies(self, dimension: Dimension, parts: tuple[Table, Table]) -> None:
        a, b, whole = (measure(scan_of(t), POLICY, NOW)[dimension] for t in (*parts, parts[0].plus(parts[1])))
        assert a + b == whole

    @given(alike())
    def test_but_two_uniform_parts_may_differ_from_each_other(self, parts: tuple[Table, Table]) -> None:
        whole = consistency(scan_of(parts[0].plus(parts[1])))
        parted = total(consistency(scan_of(part)) for part in parts)
        assert whole.checked == parted.checked
        assert whole.points <= parted.points

    @given(st.lists(tables(), max_size=4), st.randoms(use_true_random=False))
    def test_so_the_order_of_datasets_does_not_matter(self, parts: list[Table], random: object) -> None:
        scans = [scan_of(table, name=f"t{n}") for n, table in enumerate(parts)]
        shuffled = list(scans)
        random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis types it as object
        one, other = assess(scans, POLICY, NOW), assess(shuffled, POLICY, NOW)
        assert (one.overall, one.scores, one.recommendations) == (
            other.overall,
            other.scores,
            other.recommendations,
        )


class TestBounds:
    @given(tables(), RSD)
    def test_every_score_lies_between_0_and_100(self, table: Table, rsd: float) -> None:
        assert all(score is None or 0 <= score <= 100 for score in scores(table, rsd=rsd).values())

    @given(tables(), RSD)
    def test_points_never_exceed_what_was_checked(self, table: Table, rsd: float) -> None:
        measured = measure(scan_of(table, rsd=rsd), POLICY, NOW).values()
        assert all(0 <= one.points <= one.checked for one in measured)

    @given(tables())
    def test_overall_lies_within_the_assessed_dimensions(self, table: Table) -> None:
        found = scores(table)
        assessed = [score for score in found.values() if score is not None]
        mean = overall(found, POLICY.weights)
        if mean is None:
            assert not assessed
        else:
            assert min(assessed) <= mean <= max(assessed)

    @given(tables())
    def test_a_table_with_cells_has_a_score_and_one_without_has_none(self, table: Table) -> None:
        found = assess([scan_of(table)], POLICY, NOW)
        assert (found.overall is None) == (found.rows == 0)
        assert (found.level == "Unknown") == (found.rows == 0)


class TestOrderDoesNotMatter:
    @given(st.data(), tables(), RSD)
    def test_of_rows(self, data: st.DataObject, table: Table, rsd: float) -> None:
        shuffled = table.with_rows(*data.draw(st.permutations(table.rows)))
        assert scores(shuffled, rsd=rsd) == scores(table, rsd=rsd)

    @given(st.data(), tables(), RSD)
    def test_of_columns(self, data: st.DataObject, table: Table, rsd: float) -> None:
        shuffled = table.in_order_of(tuple(data.draw(st.permutations(table.kinds))))
        assert scores(shuffled, rsd=rsd) == scores(table, rsd=rsd)


class TestWorseDataNeverScoresHigher:
    @given(st.data(), tables(min_rows=1))
    def test_a_value_replaced_by_null_does_not_raise_completeness(
        self, data: st.DataObject, table: Table
    ) -> None:
        row, kind = data.draw(st.integers(0, len(table.rows) - 1)), data.draw(st.sampled_from(table.kinds))
        after = scores(table.with_cell(row, kind, None))
        assert never_higher(scores(table)[Dimension.COMPLETENESS], after[Dimension.COMPLETENESS])

    @given(st.data(), tables(min_rows=1), RSD)
    def test_a_duplicate_row_does_not_raise_uniqueness(
        self, data: st.DataObject, table: Table, rsd: float
    ) -> None:
        after = scores(table.with_rows(*table.rows, data.draw(st.sampled_from(table.rows))), rsd=rsd)
        assert never_higher(scores(table, rsd=rsd)[Dimension.UNIQUENESS], after[Dimension.UNIQUENESS])

    @given(st.data(), tables(having="email", min_rows=1))
    def test_an_invalid_value_does_not_raise_validity(self, data: st.DataObject, table: Table) -> None:
        row = data.draw(st.integers(0, len(table.rows) - 1))
        after = scores(table.with_cell(row, "email", INVALID_EMAIL))
        assert never_higher(scores(table)[Dimension.VALIDITY], after[Dimension.VALIDITY])

    @given(tables(having="updated"))
    def test_a_row_of_the_future_does_not_raise_timeliness(self, table: Table) -> None:
        future = tuple(FUTURE if kind == "updated" else None for kind in table.kinds)
        after = scores(table.with_rows(*table.rows, future))
        assert never_higher(scores(table)[Dimension.TIMELINESS], after[Dimension.TIMELINESS])

    @given(tables(), st.integers(0, 10**16))
    def test_a_later_clock_does_not_raise_timeliness_without_rows_of_the_future(
        self, table: Table, later: int
    ) -> None:
        if any(column.future for column in tally_of(table).columns):
            return
        after = scores(table, NOW + later)
        assert never_higher(scores(table)[Dimension.TIMELINESS], after[Dimension.TIMELINESS])


class TestMoreOfTheSame:
    @given(tables(), st.integers(1, 5), RSD)
    def test_leaves_all_but_uniqueness_as_it_was(self, table: Table, k: int, rsd: float) -> None:
        before, after = scores(table, rsd=rsd), scores(table.times(k), rsd=rsd)
        unchanged = [dimension for dimension in Dimension if dimension is not Dimension.UNIQUENESS]
        assert all(same(before[dimension], after[dimension]) for dimension in unchanged)
        assert never_higher(before[Dimension.UNIQUENESS], after[Dimension.UNIQUENESS])


class TestReasons:
    """Issue 3.4: "Recommendations name table and column, the count, and what to do." """

    @given(tables(min_rows=1), RSD)
    def test_a_dimension_below_its_cut_always_has_a_finding(self, table: Table, rsd: float) -> None:
        found = assess([scan_of(table, rsd=rsd)], POLICY, NOW)
        explained = {one.dimension for one in found.findings}
        exact = scores(table, rsd=rsd)
        weak = {d for d, score in exact.items() if score is not None and score < POLICY.dimension_cut}
        assert weak <= explained

    @given(st.lists(tables(min_rows=1), min_size=1, max_size=3))
    def test_with_every_cut_at_100_the_findings_account_for_every_point(self, parts: list[Table]) -> None:
        strict = Policy(dimension_cut=100.0, completeness_cut=1.0, mixed_text_cut=1.0)
        scans = [scan_of(table, name=f"t{n}") for n, table in enumerate(parts)]
        found = assess(scans, strict, NOW)
        added = [one for one in found.findings if one.dimension is not Dimension.UNIQUENESS]
        lost = sum(one.points_lost for one in added)
        for scan in scans:
            # Of several identities of one table, only the worst costs points.
            repeated = [one for one in found.findings if one.table == scan.name and one not in added]
            lost += max((one.points_lost for one in repeated), default=0.0)
        assert found.overall is not None
        corrupt = sum(scan.tally.corrupt_rows for scan in scans)
        readable = found.rows - corrupt
        # Of a source that is mostly unreadable, the score has a limit besides, rounded down.
        limit = math.floor(100.0 * 2.0 * strict.fair * readable / found.rows) / 100.0
        right = 100.0 - lost if 2 * readable >= found.rows else min(100.0 - lost, limit)
        assert found.overall == pytest.approx(right, abs=0.006)

    @given(st.lists(tables(), max_size=3))
    def test_there_is_always_advice_and_details_are_json(self, parts: list[Table]) -> None:
        found = assess([scan_of(table) for table in parts], POLICY, NOW)
        assert 1 <= len(found.recommendations) <= POLICY.max_recommendations + 1
        json.dumps(wire.assessment_details(found), allow_nan=False)


class TestWhatIsNotTrue:
    """Laws that look right and are not: nobody should come to rely on them."""

    def test_a_row_with_a_null_may_raise_completeness(self) -> None:
        poor = Table(("text", "email"), ((None, None),))
        better = poor.with_rows((None, None), ("plain", None))
        assert scores(better)[Dimension.COMPLETENESS] == 25.0
        assert scores(poor)[Dimension.COMPLETENESS] == 0.0

    def test_nulling_a_bad_value_may_raise_validity(self) -> None:
        table = Table(("email",), (("a@example.org",), (INVALID_EMAIL,)))
        assert scores(table)[Dimension.VALIDITY] == 50.0
        assert scores(table.with_cell(1, "email", None))[Dimension.VALIDITY] == 100.0

    def test_with_rows_of_the_future_a_later_clock_may_raise_timeliness(self) -> None:
        table = Table(("updated",), ((FUTURE,),))
        assert scores(table, NOW)[Dimension.TIMELINESS] == 0.0
        assert scores(table, FUTURE + 1)[Dimension.TIMELINESS] == 100.0
