from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional

import pytest

from nuvyn_executor import wire
from nuvyn_executor.quality.assessment import Assessment, QualityLevel, assess, overall
from nuvyn_executor.quality.dimensions import MICROS_PER_DAY, Dimension, Policy
from nuvyn_executor.quality.recommendations import recommend
from nuvyn_executor.quality.tallies import (
    ZERO,
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
CASE = Path(__file__).parents[2] / "contract" / "cases" / "results" / "quality_assessment.json"


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CASE.read_text(encoding="utf-8"))["documented"]
    return found


def one_column(name: str, tally: ColumnTally, expected: str = "text", **facts: Any) -> Scan:
    return Scan(
        name, DatasetTally(tally.rows, (tally,)), (ColumnFacts("c", "string", expected, **facts),), None, NOW
    )


class TestGuideExample:
    """Guide 4: "overall_score": 87.86, "quality_level": "Good", and its one recommendation."""

    def test_its_six_scores_give_its_overall_score_level_and_advice(self, documented: dict[str, Any]) -> None:
        scores = {Dimension(name): float(n) for name, n in documented["quality_metrics"].items()}
        mean = overall(scores, POLICY.weights)
        assert mean == pytest.approx(615 / 7)
        level = QualityLevel.of(mean, POLICY)
        assert level.value == documented["quality_level"]
        assert list(recommend(level.value, (), 10)) == documented["recommendations"]

    def test_a_table_with_these_scores_gives_its_whole_output(self, documented: dict[str, Any]) -> None:
        column = ColumnTally(
            rows=1000,
            nulls=100,
            suspects={Suspect.FAR_OUT: 135},
            checked=900,
            invalid=108,
            shapes={Shape.TEXT: 720, "email": 180},
            timestamps=900,
            future=45,
            latest_micros=NOW,
        )
        facts = (ColumnFacts("c", "string", "text"),)
        scan = Scan("t", DatasetTally(1000, (column,)), facts, Distinct(920))
        found = assess([scan], Policy(defect_cut=0.75), NOW)
        assert found.overall == documented["overall_score"]
        assert found.level.value == documented["quality_level"]
        assert {d.value: score for d, score in found.scores.items()} == documented["quality_metrics"]
        assert list(found.recommendations) == documented["recommendations"]

    def test_the_same_table_with_every_defect_named_says_where_the_points_went(self) -> None:
        column = ColumnTally(rows=1000, nulls=100, checked=900, invalid=108)
        found = assess([one_column("customers", column, "email")], POLICY, NOW)
        assert found.recommendations == (
            (
                "customers.c: 108 of 900 values are not valid e-mail addresses - "
                "correct them at the source or reject them on entry"
            ),
        )

    def test_a_source_that_is_90_percent_complete_and_good_gets_its_sentence(
        self, documented: dict[str, Any]
    ) -> None:
        column = ColumnTally(rows=100, nulls=10, shapes={Shape.TEXT: 72, Shape.INTEGER: 18})
        scan = Scan(
            "t",
            DatasetTally(100, (column,)),
            (ColumnFacts("c", "string", "text"),),
            modified_micros=NOW - 31 * MICROS_PER_DAY,
        )
        lenient = Policy(excellent=95.0)
        assert list(assess([scan], lenient, NOW).recommendations) == documented["recommendations"]


class TestOverall:
    def test_leaves_out_what_was_not_assessed(self) -> None:
        scores: dict[Dimension, Optional[float]] = dict.fromkeys(Dimension, None)
        assert overall({**scores, Dimension.ACCURACY: 60.0, Dimension.VALIDITY: 90.0}, POLICY.weights) == 70.0

    def test_of_nothing_is_none(self) -> None:
        assert overall(dict.fromkeys(Dimension, None), POLICY.weights) is None

    def test_is_rounded_only_at_the_very_end(self) -> None:
        columns = (ColumnTally(rows=3, nulls=1), ColumnTally(rows=3, suspects={Suspect.FAR_OUT: 1}))
        facts = tuple(ColumnFacts(name, "string", "text") for name in "ab")
        found = assess([Scan("t", DatasetTally(3, columns), facts)], POLICY, NOW)
        # completeness 5/6, accuracy 4/5 twice, consistency 1: (5/6 + 8/5 + 1) / 4
        assert found.overall == 85.83
        assert found.scores[Dimension.COMPLETENESS] == 83.33


class TestLevels:
    @pytest.mark.parametrize(
        ("score", "level"),
        [
            (100.0, "Excellent"),
            (90.0, "Excellent"),
            (89.996, "Excellent"),
            (89.99, "Good"),
            (75.0, "Good"),
            (74.99, "Fair"),
            (50.0, "Fair"),
            (49.99, "Poor"),
            (0.0, "Poor"),
            (None, "Unknown"),
        ],
    )
    def test_follow_what_is_shown(self, score: Optional[float], level: str) -> None:
        assert QualityLevel.of(score, POLICY).value == level


class TestEmptySource:
    """Issue 3.4: "An empty source is Unknown with nulls, never 100 and never 0." """

    def test_without_datasets(self) -> None:
        found = assess([], POLICY, NOW)
        assert (found.overall, found.level.value) == (None, "Unknown")
        assert set(found.scores.values()) == {None}
        assert found.recommendations == ("No rows to assess - check the path, or load data first",)

    def test_with_an_empty_dataset_names_it(self) -> None:
        scan = Scan("customers", ZERO, (ColumnFacts("id", "bigint", "typed"),), modified_micros=NOW)
        found = assess([scan], POLICY, NOW)
        assert (found.overall, found.level.value, found.datasets[0].overall) == (None, "Unknown", None)
        assert found.recommendations == (
            "customers: no rows to assess - check that it is complete, or load data first",
        )

    def test_an_empty_dataset_does_not_change_the_scores_of_the_others(self) -> None:
        full = one_column("orders", ColumnTally(rows=4, nulls=1))
        alone, beside = (assess(scans, POLICY, NOW) for scans in ([full], [full, Scan("empty", ZERO, ())]))
        assert alone.scores == beside.scores
        assert beside.recommendations == (
            "empty: no rows to assess - check that it is complete, or load data first",
        )

    def test_a_perfect_source_is_told_so(self) -> None:
        found = assess([one_column("t", ColumnTally(rows=4))], POLICY, NOW)
        assert (found.overall, found.level.value) == (100.0, "Excellent")
        assert found.recommendations == ("Data quality is excellent - maintain current standards",)


class TestSource:
    def test_weighs_its_datasets_by_what_was_checked(self) -> None:
        big = one_column("big", ColumnTally(rows=90))
        small = one_column("small", ColumnTally(rows=10, nulls=10))
        found = assess([big, small], POLICY, NOW)
        assert found.scores[Dimension.COMPLETENESS] == 90.0
        assert [one.scores[Dimension.COMPLETENESS] for one in found.datasets] == [100.0, 0.0]

    def test_details_say_what_the_scores_rest_on(self) -> None:
        column = ColumnTally(rows=100, timestamps=50, latest_micros=NOW)
        facts = (ColumnFacts("updated_at", "timestamp", "typed"),)
        scans = [
            Scan("a", DatasetTally(100, (column,)), facts, Distinct(99, rsd=0.05), NOW),
            one_column("b", ColumnTally(rows=1)),
        ]
        details = wire.assessment_details(assess(scans, POLICY, NOW))
        assert json.loads(json.dumps(details)) == details
        assert [one["timeliness_source"] for one in details["datasets"]] == ["column: updated_at", "storage"]
        assert [one["uniqueness_rsd"] for one in details["datasets"]] == [0.05, 0.0]
        assert details["checked"]["uniqueness"] == 100
        assert details["provenance"] == {
            "formula_version": "2",
            "weights": {d.value: 2.0 if d is Dimension.ACCURACY else 1.0 for d in Dimension},
            "levels": {"Excellent": 90.0, "Good": 75.0, "Fair": 50.0, "Poor": 0.0},
            "thresholds": {"dimension": 75.0, "completeness": 0.5, "mixed_text": 0.75, "defect": 1.0},
            "grace_hours": 24.0,
            "half_life_days": 90.0,
            "assessed_at_micros": NOW,
        }


class TestUnreadableRows:
    """Issue 14.8: "no table with more than half of its rows unreadable is above Poor"."""

    @pytest.mark.parametrize("rows", [3, 100, 1_000_001])
    def test_of_more_than_half_make_a_table_poor(self, rows: int) -> None:
        corrupt = rows // 2 + 1
        found = self.assessed(rows, corrupt, POLICY)
        assert found.level is QualityLevel.POOR
        assert found.overall is not None
        assert found.overall < POLICY.fair
        assert found.datasets[0].level is QualityLevel.POOR
        assert "so that its level is Poor" in " ".join(found.recommendations)

    def test_whatever_the_cuts_are(self) -> None:
        strange = Policy(excellent=30.0, good=20.0, fair=10.0)
        assert self.assessed(10, 6, strange).level is QualityLevel.POOR

    def test_of_half_do_not(self) -> None:
        found = self.assessed(100, 50, POLICY)
        assert found.level is not QualityLevel.POOR
        assert "Poor" not in " ".join(found.recommendations)

    def test_more_of_them_never_raise_the_score(self) -> None:
        scores = [self.assessed(100, corrupt, POLICY).overall for corrupt in range(101)]
        assert all(one is not None for one in scores)
        assert sorted(scores, reverse=True) == scores  # type: ignore[type-var]  # none is None
        assert scores[-1] == 0.0

    @staticmethod
    def assessed(rows: int, corrupt: int, policy: Policy) -> Assessment:
        column = ColumnTally(rows, nulls=corrupt, checked=rows - corrupt)
        tally = DatasetTally(rows, (column,), corrupt_rows=corrupt)
        facts = (ColumnFacts("c", "bigint", "typed"),)
        return assess([Scan("t", tally, facts, Distinct(rows), NOW)], policy, NOW)
