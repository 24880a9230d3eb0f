"""Which texts stand for no value, by what else the column holds."""

from __future__ import annotations

from typing import List

import pytest

from nuvyn_executor.profiling.null_markers import is_missing, placeholders_that_are_values
from nuvyn_executor.profiling.plan import plan_text_column


def missing(values: List[str], *texts: str) -> List[str]:
    """Return which of some texts are missing beside these values."""
    kept = placeholders_that_are_values([*values, *texts])
    return [text for text in texts if is_missing(text, kept)]


class TestWords:
    """Issue 14.5: "words only where they stand apart from the column's other values"."""

    @pytest.mark.parametrize(
        ("values", "texts"),
        [
            (["DE", "FR", "SE"], ["NA"]),
            (["Smith", "Jones", "Ng"], ["Null", "None", "Na"]),
            (["SMITH", "JONES", "GARCIA"], ["NULL"]),
            (["Some", "All", "Many"] * 20, ["None"]),
            (["low", "high", "medium"] * 20, ["none"]),
            (["+", "-", "+"], ["-", "."]),
            (["ABC", "XYZ", "KLM"], ["NAN", "NIL"]),
        ],
    )
    def test_are_values_among_their_like(self, values: List[str], texts: List[str]) -> None:
        assert missing(values, *texts) == []

    @pytest.mark.parametrize(
        ("values", "texts"),
        [
            (["1", "2.5"], ["NA", "None", "null", "-", "."]),
            (["2024-01-31"], ["NA", "Null", "?"]),
            (["000123", "000124"], ["NULL", "nil"]),
            (["Ann Smith", "Bob Jones"], ["None", "NULL", "N/A"]),
            (["ACTIVE", "CLOSED"] * 20, ["NULL", "NA"]),
            (["active", "closed"] * 20, ["null", "nan"]),
            (["DE", "FR"], ["na", "N/A", "None", "NULL"]),
            (["DEU", "FRA"], ["NA"]),
            (["Berlin", "Oslo", "Rome"], ["NaN", "<NA>", "NULL", "-"]),
        ],
    )
    def test_are_missing_where_they_stand_apart(self, values: List[str], texts: List[str]) -> None:
        assert missing(values, *texts) == texts

    def test_what_is_more_frequent_than_any_name_is_no_name(self) -> None:
        assert missing(["SMITH", "JONES", "GARCIA", "MILLER"], *["NULL"] * 9) == ["NULL"] * 9

    @pytest.mark.parametrize("text", ["\\N", "#NULL!", "(null)", "N.A.", "<NA>", "n/a"])
    def test_some_texts_are_always_missing(self, text: str) -> None:
        """Issue 14.5: "`\\N` always"."""
        assert missing(["Smith", "DE", "+", "x"], text) == [text]

    def test_nothing_but_placeholders_is_missing(self) -> None:
        assert missing([], "NA", "None", "-") == ["NA", "None", "-"]


class TestPlan:
    def test_namibia_is_a_country(self) -> None:
        plan = plan_text_column("country", "t", ["DE", "FR", "NA", "N/A"], fences=True)
        assert (plan.expected, "NA" in plan.values) == ("country_code", True)

    def test_the_user_may_say_which_texts_stand_for_no_value(self) -> None:
        values = ["1", "2", "-1", "NA"]
        plan = plan_text_column("n", "t", values, fences=True, null_markers=("-1", "NA"))
        assert plan.null_markers == ("-1", "NA")
        assert plan.sample == "1"
        assert is_missing(" -1 ", (), plan.null_markers)
        assert not is_missing("n/a", (), plan.null_markers)
