from __future__ import annotations

import pytest

from nuvyn_executor.quality.tallies import ZERO, ColumnFacts, ColumnTally, DatasetTally, Scan, Shape


class TestTallies:
    """Design 7: "Values are frozen and valid by construction." """

    @pytest.mark.parametrize(
        "counters",
        [
            {"rows": 1, "nulls": 2},
            {"rows": 1, "nulls": -1},
            {"rows": 2, "nulls": -1, "blanks": 1},
            {"rows": 2, "nulls": 1, "suspects": {"far_out": 2}},
            {"rows": 2, "nulls": 1, "checked": 2},
            {"rows": 2, "checked": 1, "invalid": 2},
            {"rows": 1, "shapes": {Shape.TEXT: 1, "email": 1}},
            {"rows": 1, "timestamps": 2},
            {"rows": 2, "timestamps": 1, "future": 2},
        ],
        ids=str,
    )
    def test_refuse_a_part_larger_than_its_whole(self, counters: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="a part lies between 0 and its whole"):
            ColumnTally(**counters)  # type: ignore[arg-type]  # one of them is a mapping

    def test_refuse_more_corrupt_rows_than_rows(self) -> None:
        with pytest.raises(ValueError, match="2 corrupt rows of 1 rows"):
            DatasetTally(rows=1, corrupt_rows=2)

    def test_of_different_datasets_do_not_add(self) -> None:
        one = DatasetTally(rows=1, columns=(ColumnTally(rows=1),))
        two = DatasetTally(rows=1, columns=(ColumnTally(rows=1), ColumnTally(rows=1)))
        with pytest.raises(ValueError, match="they are not of one dataset"):
            _ = one + two

    def test_are_equal_when_they_counted_the_same_with_or_without_zeros(self) -> None:
        assert ColumnTally(rows=1, shapes={Shape.TEXT: 1, "url": 0}) == ColumnTally(
            rows=1, shapes={Shape.TEXT: 1}
        )

    def test_add_with_sum(self) -> None:
        part = DatasetTally(rows=2, columns=(ColumnTally(rows=2, nulls=1),), pairs=1)
        assert sum([part, part], ZERO) == DatasetTally(4, (ColumnTally(rows=4, nulls=2),), pairs=2)

    def test_missing_is_every_way_to_say_nothing(self) -> None:
        tally = ColumnTally(rows=10, nulls=1, nans=2, blanks=3, placeholders=1)
        assert (tally.missing, tally.present) == (7, 3)


class TestScan:
    def test_refuses_facts_of_other_columns(self) -> None:
        with pytest.raises(ValueError, match="customers: 1 tallied columns, facts of 0"):
            Scan("customers", DatasetTally(1, (ColumnTally(rows=1),)), ())

    def test_of_nothing_may_know_its_columns(self) -> None:
        assert Scan("customers", ZERO, (ColumnFacts("id", "bigint", "typed"),)).tally.rows == 0
