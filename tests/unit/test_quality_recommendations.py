from __future__ import annotations

from typing import Any, Optional

import pytest

from nuvyn_executor.quality.assessment import Assessment, assess
from nuvyn_executor.quality.dimensions import MICROS_PER_DAY, Dimension, Policy
from nuvyn_executor.quality.recommendations import recommend
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


def assessed(
    tally: ColumnTally,
    expected: str = "text",
    *,
    name: str = "email",
    key: Optional[Distinct] = None,
    **more: Any,
) -> Assessment:
    """Assess ``customers`` of one column."""
    counted = {word: more.pop(word) for word in ("corrupt_rows", "pairs", "pair_violations") if word in more}
    facts = ColumnFacts(name, "string", expected, key is not None, key)
    more.setdefault("modified_micros", NOW)
    return assess(
        [Scan("customers", DatasetTally(tally.rows, (tally,), **counted), (facts,), **more)], POLICY, NOW
    )


def of_thousand(**counters: Any) -> ColumnTally:
    return ColumnTally(rows=1000, **counters)


class TestEachDefectIsNamed:
    """Issue 3.4: "Recommendations name table and column, the count, and what to do." """

    @pytest.mark.parametrize(
        ("found", "sentence"),
        [
            (
                assessed(of_thousand(checked=1000, invalid=12), "email"),
                (
                    "customers.email: 12 of 1000 values are not valid e-mail addresses - "
                    "correct them at the source or reject them on entry"
                ),
            ),
            (
                assessed(of_thousand(checked=1000, invalid=3, shapes={"iban": 1000}), "iban"),
                (
                    "customers.email: 3 of 1000 values are not valid IBANs - "
                    "correct them at the source or reject them on entry"
                ),
            ),
            (
                assessed(
                    of_thousand(checked=1000, shapes={"country_alpha2": 980, "country_alpha3": 20}),
                    "country_code",
                ),
                (
                    "customers.email: 20 of 1000 values are written in another form than the rest "
                    "(980 as country codes of two letters; 20 as country codes of three letters) - "
                    "write them all one way"
                ),
            ),
            (
                assessed(of_thousand(placeholders=14)),
                (
                    "customers.email: 14 of 1000 values are placeholders (n/a, null, - and the like) - "
                    "store no value instead, or fill them at the source"
                ),
            ),
            (
                assessed(of_thousand(suspects={Suspect.STAND_IN: 4, Suspect.FAR_OUT: 1})),
                (
                    "customers.email: 5 of 1000 values can hardly be true (4 stand-ins such as -999 or "
                    "1900-01-01, 1 far outlier) - correct them, or store no value instead"
                ),
            ),
            (
                assessed(of_thousand(), name="id", key=Distinct(993)),
                "customers.id: 7 of 1000 key values repeat another one - remove or merge the duplicates",
            ),
            (
                assessed(of_thousand(), distinct_rows=Distinct(500, rsd=0.05)),
                (
                    "customers: at least 412 of 1000 rows are copies of another row - remove them, "
                    "or add a key if the same row may rightly occur twice"
                ),
            ),
            (
                assessed(of_thousand(nulls=3), name="id", key=Distinct(997)),
                "customers.id: 3 of 1000 rows have no key - give each row one, or reject it on entry",
            ),
            (
                assessed(of_thousand(), corrupt_rows=3),
                (
                    "customers: 3 of 1000 rows could not be read as records - "
                    "repair these lines (quotes, delimiters, number of fields) and deliver them again"
                ),
            ),
            (
                assessed(of_thousand(), pairs=990, pair_violations=8),
                (
                    "customers: in 8 of 990 rows an end lies before its start "
                    "(or an update before the creation) - correct the moments, "
                    "or check that they are not swapped"
                ),
            ),
            (
                assessed(of_thousand(timestamps=1000, future=4, latest_micros=NOW), name="updated_at"),
                (
                    "customers.updated_at: 4 of 1000 moments lie in the future - "
                    "correct them, and check the clock and time zone of what writes them"
                ),
            ),
            (
                assessed(
                    of_thousand(timestamps=1000, latest_micros=NOW - 200 * MICROS_PER_DAY), name="updated_at"
                ),
                (
                    "customers.updated_at: the newest of 1000 moments is 200 days ago - "
                    "load newer data, or leave the table out if it is an archive"
                ),
            ),
            (
                assessed(of_thousand(), modified_micros=NOW - 200 * MICROS_PER_DAY),
                (
                    "customers: its 1000 rows were last changed 200 days ago - "
                    "load newer data, or leave the table out if it is an archive"
                ),
            ),
            (
                assessed(
                    of_thousand(shapes={Shape.DATE_ISO: 980, Shape.DATE_SLASH: 20}), "moment", name="born"
                ),
                (
                    "customers.born: 20 of 1000 values are written in another form than the rest "
                    "(980 as 2024-01-31; 20 as 31/01/2024) - write them all one way"
                ),
            ),
            (
                assessed(of_thousand(shapes={Shape.TEXT: 983, Shape.PADDED: 17})),
                "customers.email: 17 of 1000 values have blanks before or after them - trim them on entry",
            ),
            (
                assessed(of_thousand(nulls=620)),
                (
                    "customers.email: 620 of 1000 values are missing - "
                    "fill them at the source, or drop the column"
                ),
            ),
            (
                assessed(of_thousand(nulls=1000)),
                "customers.email: no value in 1000 rows - fill it at the source, or drop the column",
            ),
        ],
        ids=lambda value: value[:40] if isinstance(value, str) else "",
    )
    def test_with_place_count_and_remedy(self, found: Assessment, sentence: str) -> None:
        assert found.recommendations == (sentence,)
        assert found.datasets[0].recommendations == (sentence,)


class TestWhatIsNoDefectIsNotNamed:
    @pytest.mark.parametrize(
        "tally",
        [
            of_thousand(nulls=240),
            of_thousand(shapes={Shape.TEXT: 800, Shape.INTEGER: 200}),
            of_thousand(shapes={Shape.INTEGER: 500, Shape.DECIMAL: 500}),
        ],
        ids=["optional column", "free text", "whole numbers among decimals"],
    )
    def test_in_a_healthy_table(self, tally: ColumnTally) -> None:
        assert assessed(tally).findings == ()

    def test_addresses_and_account_numbers_in_two_spellings_have_one_form(self) -> None:
        for name in ("ip_address", "iban", "payment_card"):
            assert assessed(of_thousand(checked=1000, shapes={name: 1000}), name).findings == ()

    def test_an_invalid_text_is_not_named_a_second_time_as_another_form(self) -> None:
        column = of_thousand(checked=1000, invalid=12, shapes={"email": 988, Shape.TEXT: 12})
        assert [one.dimension for one in assessed(column, "email").findings] == [Dimension.VALIDITY]

    def test_impossible_dates_do_not_hide_dates_in_another_form(self) -> None:
        shapes = {Shape.DATE_ISO: 970, Shape.DATE_SLASH: 20, Shape.TEXT: 10}
        found = assessed(of_thousand(checked=1000, invalid=30, shapes=shapes), "moment").findings
        assert {one.dimension: one.count for one in found} == {
            Dimension.VALIDITY: 30,
            Dimension.CONSISTENCY: 20,
        }

    def test_a_table_of_last_week_is_fresh_enough(self) -> None:
        assert assessed(of_thousand(), modified_micros=NOW - 7 * MICROS_PER_DAY).findings == ()


class TestOrderAndLength:
    def test_the_most_expensive_comes_first_and_costs_what_it_says(self) -> None:
        columns = (
            of_thousand(checked=1000, invalid=10),
            of_thousand(suspects={Suspect.INFINITE: 10}, checked=1000),
        )
        facts = (ColumnFacts("a", "string", "email"), ColumnFacts("b", "double", "typed"))
        found = assess([Scan("t", DatasetTally(1000, columns), facts)], POLICY, NOW)
        # Half a percent each; accuracy has 2 of 5 weights, validity 1.
        assert [(one.column, one.dimension) for one in found.findings] == [
            ("b", Dimension.ACCURACY),
            ("a", Dimension.VALIDITY),
        ]
        assert [one.points_lost for one in found.findings] == pytest.approx([0.2, 0.1])
        assert found.overall == 99.7

    def test_ten_are_named_and_the_rest_is_counted(self) -> None:
        columns = tuple(of_thousand(checked=1000, invalid=n) for n in range(1, 13))
        facts = tuple(ColumnFacts(f"c{n:02}", "string", "uuid") for n in range(1, 13))
        found = assess([Scan("t", DatasetTally(1000, columns), facts)], POLICY, NOW)
        assert len(found.recommendations) == 11
        assert found.recommendations[0].startswith("t.c12: 12 of 1000 values are not valid UUIDs")
        assert found.recommendations[-1] == "2 more findings are listed in details"
        assert len(found.findings) == 12

    @pytest.mark.parametrize("level", ["Excellent", "Good", "Fair", "Poor", "Unknown"])
    def test_every_level_has_advice_when_nothing_was_found(self, level: str) -> None:
        assert len(recommend(level, (), 10)) == 1


class TestTimeliness:
    """Issue 14.12: "`event_date` of next year is a plan, not an error of the clock"."""

    def test_plans_cost_nothing_and_are_no_finding(self) -> None:
        column = of_thousand(timestamps=1000, future=400, latest_micros=NOW)
        facts = ColumnFacts("event_date", "date", "moment", may_lie_ahead=True)
        found = assess([Scan("t", DatasetTally(1000, (column,)), (facts,))], POLICY, NOW)
        assert found.scores[Dimension.TIMELINESS] == 100.0
        assert found.findings == ()

    def test_where_all_are_plans_the_storage_tells_the_age(self) -> None:
        column = of_thousand(timestamps=1000, future=1000)
        facts = ColumnFacts("event_date", "date", "moment", may_lie_ahead=True)
        tally = DatasetTally(1000, (column,))
        found = assess([Scan("t", tally, (facts,), modified_micros=NOW)], POLICY, NOW)
        assert found.datasets[0].timeliness_source == "storage"
        assert found.scores[Dimension.TIMELINESS] == 100.0

    def test_fresh_data_with_moments_of_the_future_is_not_called_old(self) -> None:
        """Issue 14.12: ""the newest of 120 moments is 1 days ago - load newer data" is nonsense"."""
        column = ColumnTally(
            rows=120, timestamps=120, future=60, latest_micros=NOW - MICROS_PER_DAY - MICROS_PER_DAY // 2
        )
        facts = ColumnFacts("updated_at", "timestamp", "moment")
        found = assess([Scan("t", DatasetTally(120, (column,)), (facts,))], POLICY, NOW)
        (only,) = found.findings
        assert "60 of 120 moments lie in the future" in only.text


class TestTheAgeOfSeveralColumns:
    def test_is_that_of_one_whose_moments_alone_are_counted(self) -> None:
        """A table of 1000 rows with `created_at`, too, had "the newest of 2000 moments" of `updated_at`."""
        created, updated = (
            of_thousand(timestamps=timestamps, latest_micros=NOW - days * MICROS_PER_DAY)
            for timestamps, days in ((1000, 300), (900, 200))
        )
        facts = [ColumnFacts(name, "timestamp", "typed") for name in ("created_at", "updated_at")]
        scan = Scan("t", DatasetTally(1000, (created, updated)), tuple(facts))
        (only,) = assess([scan], POLICY, NOW).recommendations
        assert only.startswith("t.updated_at: the newest of 900 moments is 200 days ago")


class TestNumbersOfOne:
    """ "1 rows", "1 moments" and "1 formulas" are no English."""

    @pytest.mark.parametrize(
        ("found", "sentence"),
        [
            (
                assessed(
                    ColumnTally(rows=1, timestamps=1, latest_micros=NOW - 200 * MICROS_PER_DAY),
                    name="updated_at",
                ),
                "customers.updated_at: the newest of 1 moment is 200 days ago - ",
            ),
            (
                assessed(ColumnTally(rows=1), modified_micros=NOW - 200 * MICROS_PER_DAY),
                "customers: its 1 row was last changed 200 days ago - ",
            ),
            (assessed(ColumnTally(rows=1, nulls=1)), "customers.email: no value in 1 row - "),
        ],
    )
    def test_stand_before_a_noun_in_the_singular(self, found: Assessment, sentence: str) -> None:
        assert found.recommendations[0].startswith(sentence)


class TestKeysThatAreNone:
    """Issue 14.15: "A key chosen by name is given up, with a sentence"."""

    def test_are_named_and_cost_nothing(self) -> None:
        facts = ColumnFacts("id", "bigint", "typed", not_key=(195, 200))
        tally = DatasetTally(200, (ColumnTally(200, checked=200),))
        found = assess([Scan("readings", tally, (facts,), Distinct(200), NOW)], POLICY, NOW)
        assert found.overall == 100.0
        assert found.recommendations == (
            (
                "readings.id: not taken for the key, because 195 of 200 sampled values repeat another one - "
                "check that they are right, or rename the column if it is no key"
            ),
        )
