"""What became of each expectation of a data contract, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, Mapping, Sequence, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.contracts.parser import parse_contract
from nuvyn_executor.quality.assessment import assess
from nuvyn_executor.quality.declared import Note
from nuvyn_executor.quality.dimensions import Dimension, Policy, column_scores, measure, total
from nuvyn_executor.quality.expectations import outcomes, unmet_values
from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally, DatasetTally, Distinct, Scan
from tests.contracted import HEAD

if TYPE_CHECKING:
    from nuvyn_executor.quality.declared import TableTerms

NOW = 1_800_000_000_000_000
DAY = 86_400_000_000
PROPERTIES = """
schema:
  - name: t
    properties:
      - name: a
        required: true
        logicalTypeOptions: {pattern: '^A', maxLength: 3}
        quality: [{metric: invalidValues, arguments: {validValues: [A, B]}, mustBeLessOrEqualTo: 2}]
      - name: b
"""


def terms_of(body: str = PROPERTIES) -> TableTerms:
    (one,) = parse_contract((HEAD + body).encode(), "t.odcs.yaml").tables
    return one


def scan_of(tally: ColumnTally, body: str = PROPERTIES, **more: Any) -> Scan:
    """Return a scan of the two columns ``a``, which is tallied, and ``b``, without values."""
    terms = terms_of(body)
    own = terms.column("a")
    rules = tuple(dict.fromkeys(one.rule for one in own.expectations if one.rule)) if own else ()
    facts = (
        ColumnFacts("a", "string", "text", terms=own, rules=rules, distinct=more.pop("distinct", None)),
        ColumnFacts("b", "string", "text", terms=terms.column("b")),
    )
    columns = (tally, ColumnTally(rows=tally.rows, nulls=tally.rows))
    rows = more.pop("row_count", tally.rows)
    return Scan("t", DatasetTally(tally.rows, columns), facts, terms=terms, row_count=rows, **more)


def scores(scan: Scan) -> Mapping[Dimension, float]:
    found: Dict[Dimension, Any] = dict(assess([scan], Policy(), NOW).scores)
    return found


def texts(scan: Scan) -> Sequence[str]:
    found = assess([scan], Policy(), NOW).findings
    return [one.text for one in found if one.level is None and "contract" in one.text]


class TestWhatItCosts:
    """required -> completeness; pattern/range/valid values -> validity; unique/primaryKey -> uniqueness."""

    def test_a_value_counts_once_however_many_rules_it_breaks(self) -> None:
        scan = scan_of(ColumnTally(rows=10, violations=(4, 3, 1), unmet=5))
        assert unmet_values(scan.tally.columns[0], scan.columns[0]) == (5, 10)
        assert scores(scan)[Dimension.VALIDITY] == 50
        assert column_scores(scan.tally.columns[0], scan.columns[0]).validity == 50
        assert len(texts(scan)) == 2

    @pytest.mark.parametrize(("broken", "validity"), [(2, 100), (3, 70), (10, 0)])
    def test_values_that_are_allowed_cost_nothing_until_there_are_more(
        self, broken: int, validity: float
    ) -> None:
        scan = scan_of(ColumnTally(rows=10, violations=(0, 0, broken)))
        assert scores(scan)[Dimension.VALIDITY] == validity
        assert len(texts(scan)) == (broken > 2)

    def test_a_missing_value_is_one_finding(self) -> None:
        scan = scan_of(ColumnTally(rows=10, nulls=6, placeholders=1, violations=(0, 0, 0)))
        found = [one for one in assess([scan], Policy(), NOW).findings if one.column == "a"]
        assert [one.text.split(" - ")[0] for one in found] == [
            "t.a: 7 of 10 values are missing, against contract shop v1.0.0: schema t, property a, required"
        ]
        assert scores(scan)[Dimension.COMPLETENESS] == 15

    def test_a_column_that_is_not_there_is_as_good_as_an_empty_one(self) -> None:
        whole = scan_of(ColumnTally(rows=10, nulls=10, violations=(0, 0, 0)))
        tally = replace(whole.tally, columns=whole.tally.columns[1:])
        without = replace(whole, tally=tally, columns=whole.columns[1:])
        assert scores(without)[Dimension.COMPLETENESS] == scores(whole)[Dimension.COMPLETENESS] == 0
        assert texts(without)[0].startswith("t.a: the column is not there, against contract shop v1.0.0")

    def test_rows_of_an_empty_table_are_counted(self) -> None:
        body = "schema: [{name: t, quality: [{metric: rowCount, mustBeGreaterThan: 0}]}]\n"
        scan = scan_of(ColumnTally(), body)
        assert [one.split(",")[0] for one in texts(scan)] == ["t: there are 0 rows"]

    def test_rows_of_a_sample_are_not_checked(self) -> None:
        body = "schema: [{name: t, quality: [{metric: rowCount, mustBe: 0}]}]\n"
        scan = scan_of(ColumnTally(rows=3), body, row_count=None)
        (one,) = outcomes(scan)
        assert (one.is_met, one.reason) == (True, "only a part of the rows was counted")

    def test_unique_values(self) -> None:
        body = "schema: [{name: t, properties: [{name: a, unique: true}, {name: b}]}]\n"
        scan = scan_of(ColumnTally(rows=10, nulls=2), body, distinct=Distinct(6))
        assert scores(scan)[Dimension.UNIQUENESS] == 75
        assert texts(scan)[0].startswith("t.a: 2 of 8 values repeat another one, against contract")
        estimate = scan_of(ColumnTally(rows=1000), body, distinct=Distinct(990, rsd=0.016))
        assert texts(estimate) == []

    @pytest.mark.parametrize(("days", "score"), [(3, 100), (4, 50), (6, 12.5)])
    def test_the_age_halves_with_each_declared_age(self, days: int, score: float) -> None:
        body = "schema: [{name: t}]\nslaProperties: [{property: latency, value: 3, unit: d}]\n"
        ages = {3: 3 * DAY, 4: 6 * DAY, 6: 12 * DAY}
        scan = scan_of(ColumnTally(rows=5), body, modified_micros=NOW - ages[days])
        assert scores(scan)[Dimension.TIMELINESS] == score
        assert len(texts(scan)) == (score < 100)


class TestWeightsAndLevels:
    """weights and levels of the score."""

    BODY = (
        "schema: [{name: t}]\ncustomProperties:\n  - {property: nuvynWeights, value: {validity: 6}}\n"
        "  - {property: nuvynLevels, value: {Excellent: 99, Good: 98, Fair: 97}}\n"
    )

    def test_those_of_the_contract_hold_for_the_table_and_its_source(self) -> None:
        own = scan_of(ColumnTally(rows=10, checked=10, invalid=5), self.BODY)
        other = replace(own, name="u", terms=None)
        found = assess([own, other], Policy(), NOW)
        mine, its = found.datasets
        assert mine.overall is not None
        assert its.overall is not None
        assert mine.overall < its.overall
        assert (mine.level.value, mine.provenance.levels["Good"]) == ("Poor", 98)
        assert its.provenance.weights["validity"] == 1
        assert found.provenance.weights["validity"] == 6

    def test_where_contracts_differ_the_source_keeps_its_own(self) -> None:
        one = scan_of(ColumnTally(rows=10), self.BODY)
        two = scan_of(ColumnTally(rows=10), self.BODY.replace("6", "3"))
        assert assess([one, two], Policy(), NOW).provenance.weights["validity"] == 1


class TestNotes:
    """an unknown key is named (a warning in the log and a finding)."""

    def test_they_are_findings_that_come_first_and_information_comes_last(self) -> None:
        notes = [Note("c.yaml", "x"), Note("d.yaml", "y", is_info=True)]
        scan = scan_of(ColumnTally(rows=10, violations=(1, 0, 0), unmet=1))
        found = assess([scan], Policy(), NOW, notes)
        assert (found.findings[0].text, found.findings[-1].text) == ("c.yaml: x", "d.yaml: y")
        assert not any("d.yaml" in text for text in found.recommendations)


def column(present: int, nulls: int, broken: Tuple[int, int, int], unmet: int) -> ColumnTally:
    parts = tuple(min(one, present) for one in broken)
    least = max(parts[:2])
    return ColumnTally(
        rows=present + nulls,
        nulls=nulls,
        violations=parts,
        unmet=min(present, max(least, min(unmet, parts[0] + parts[1]))),
    )


FEW = st.integers(0, 20)
TALLIES = st.builds(column, FEW, FEW, st.tuples(FEW, FEW, FEW), FEW)


class TestLaws:
    """keep the laws of docs/quality.md: additive tallies, monotone, bounded."""

    @given(one=TALLIES, two=TALLIES)
    def test_tallies_add(self, one: ColumnTally, two: ColumnTally) -> None:
        together = one + two
        assert together.violations == tuple(a + b for a, b in zip(one.violations, two.violations))
        assert together.unmet == one.unmet + two.unmet
        assert one + ColumnTally() == one

    @given(tally=TALLIES)
    def test_points_lie_between_nothing_and_all(self, tally: ColumnTally) -> None:
        for one in measure(scan_of(tally), Policy(), NOW).values():
            assert 0 <= one.points <= one.checked

    @given(tally=TALLIES, rule=st.integers(0, 2))
    def test_one_more_value_that_breaks_a_rule_never_scores_higher(
        self, tally: ColumnTally, rule: int
    ) -> None:
        if tally.violations[rule] < tally.present:
            broken = tuple(one + (number == rule) for number, one in enumerate(tally.violations))
            for unmet in {tally.unmet, min(tally.present, tally.unmet + 1)}:
                worse = replace(tally, violations=broken, unmet=max(unmet, *broken[:2]))
                before, after = (scores(scan_of(one))[Dimension.VALIDITY] for one in (tally, worse))
                assert after <= before

    @given(tally=TALLIES)
    def test_one_more_missing_value_never_raises_completeness(self, tally: ColumnTally) -> None:
        worse = replace(tally, rows=tally.rows + 1, nulls=tally.nulls + 1)
        before = scores(scan_of(tally))[Dimension.COMPLETENESS]
        after = scores(scan_of(worse))[Dimension.COMPLETENESS]
        assert before is None or after <= before

    @given(parts=st.lists(TALLIES, max_size=3))
    def test_measures_of_tables_add(self, parts: list[ColumnTally]) -> None:
        measures = [measure(scan_of(one), Policy(), NOW)[Dimension.VALIDITY] for one in parts]
        assert total(measures).checked == sum(one.checked for one in measures)
