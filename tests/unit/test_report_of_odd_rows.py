"""The quality report of odd rows: of older executors, of broken clocks, of programs that store anything."""

from __future__ import annotations

import itertools
import json
import re
from datetime import timedelta
from functools import partial
from typing import Any, Callable, Dict, Iterator, List

import pytest

from nuvyn_executor.reports.figures import at_most, within
from nuvyn_executor.reports.page import html
from nuvyn_executor.reports.pictures import parts
from tests.report_page import Page
from tests.report_rows import (
    DIMENSIONS,
    NOW,
    Row,
    Stored,
    assessment,
    column_row,
    finding,
    one_table,
    run_row,
    scores,
    shop,
    source_row,
    table_row,
)

IMPOSSIBLE = r'\b(?:width|x|y|d)="[^"]*(?:inf|nan|\d{6})|width="-'
"""Where and how large something is drawn."""


def changed(run: Row, change: Callable[[Dict[str, Any]], None]) -> None:
    """Change the result of a run."""
    result = json.loads(run["result"])
    change(result)
    run["result"] = json.dumps(result)


def each_place(value: Any, change: Callable[[Any], None]) -> Iterator[Callable[[Any], None]]:
    """Return how to change each place of a JSON value, one after the other."""
    yield change
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in list(inside):
        yield from each_place(one, partial(value.__setitem__, key))


def text_of(stored: Stored) -> str:
    return Page(html(stored.report())).text


def changing() -> Stored:
    """A source that was read twice."""
    stored = one_table(findings=[finding("customers", "email")])
    stored.runs.append(run_row(stored.sources[0], assessment(stored.tables, (), overall=70.0), 1))
    return stored


class TestOlderRows:
    """Rows that an older executor wrote say less. What they do not say is not known, and is not "none"."""

    def test_findings_that_are_not_stored_are_not_none(self) -> None:
        stored = one_table()
        changed(stored.runs[0], lambda result: result["details"].pop("findings"))

        report = stored.report()
        assert report.scores.dimensions["accuracy"] == 82.5
        assert [one.what for one in report.findings] == ["2 of 1000 rows could not be read as records"]
        assert "The findings of the whole, with the points that each costs, are not stored here" in str(
            report.notices
        )

    def test_a_dimension_that_is_not_stored_is_no_doubt(self) -> None:
        stored = one_table()
        stored.runs = []

        text = text_of(stored)
        assert "Doubt" not in text
        assert "Findings; how many points each takes is not stored" in text

    def test_what_has_points_stands_before_what_has_none(self) -> None:
        shop, flights = source_row(), source_row("/Volumes/main/raw/flights")
        stored = Stored(shop, flights)
        stored.tables = [table_row(shop, "customers"), table_row(flights, "planes")]
        stored.runs = [run_row(shop, assessment(stored.tables[:1], (), [finding("customers", None)]))]

        assert [one.points_lost for one in stored.report().findings] == [1.5, None]

    def test_a_doubt_stands_first(self) -> None:
        found = [finding("customers", "a"), finding("customers", None, 0.0, dimension=None)]
        stored = one_table(findings=found)

        assert [one.dimension for one in stored.report().findings] == [None, "validity"]
        assert "Doubt" in text_of(stored)

    def test_a_run_that_the_rows_do_not_name_is_no_later_one(self) -> None:
        stored = one_table()
        stored.sources[0]["last_run_id"] = None

        assert stored.report().notices == ()

    def test_missing_values_without_their_ways_are_missing(self) -> None:
        stored = one_table()
        stored.columns[0].update(details=None, null_count=7)

        text = html(stored.report())
        assert "Values are missing in 1 of 1 column; most in email: 0.7 %" in text
        assert "<small>7 missing</small>" in text

    def test_what_is_not_stored_of_counting_is_a_dash(self) -> None:
        stored = one_table()
        stored.tables[0]["details"] = None

        text = text_of(stored)
        assert "Rows counted\u2013" in text
        assert "Different values\u2013" in text

    def test_changes_need_two_runs_with_scores(self) -> None:
        stored = shop()
        for run in stored.runs:
            run["result"] = run["result"][:300]  # cut

        assert "Changes are shown as soon as two runs have scores." in text_of(stored)


class TestNothingToAssess:
    """Scores of before are not shown as those of data that is not there any more."""

    def test_a_run_without_any_score_counts(self) -> None:
        stored = one_table()
        empty = assessment((), overall=None)
        stored.runs = [run_row(stored.sources[0], empty), run_row(stored.sources[0], assessment(()), 1)]
        stored.tables = []

        report = stored.report()
        assert report.scores.overall is None
        assert (report.method.run_id, report.scores.level) == ("job_0", "Unknown")
        assert "The last run found no tables." in report.notices

    def test_a_failure_says_that_the_scores_are_from_before_it(self) -> None:
        stored = one_table()
        stored.runs.insert(0, run_row(stored.sources[0], {}, -1, status="Failed"))

        (notice,) = stored.report().notices
        assert notice.endswith("failed, and the scores here are from before it.")


class TestImpossibleFigures:
    """What cannot be a score or a count is as if it were not there."""

    @pytest.mark.parametrize("value", [-0.01, 100.01, 1e308, -1e308, float("nan")])
    def test_a_score_is_from_0_to_100(self, value: float) -> None:
        stored = one_table(findings=[finding("customers", "email", value)])
        stored.tables[0].update(dict.fromkeys(("overall_score", *DIMENSIONS), value))
        stored.columns[0].update(dict.fromkeys(("completeness", "validity", "uniqueness"), value))
        everything: Row = {"overall_score": value, "quality_metrics": dict.fromkeys(DIMENSIONS, value)}
        changed(stored.runs[0], lambda result: result.update(everything))
        changed(stored.runs[0], lambda result: result["details"]["datasets"][0].update(overall_score=value))

        report = stored.report()
        page = html(report)
        assert report.scores.overall is None
        assert report.scores.level == report.tables[0].scores.level == "Unknown"
        assert report.scores.dimensions == report.tables[0].scores.dimensions == scores(None)
        assert report.findings[0].points_lost is None
        assert 'width="-' not in page
        assert "-0." not in Page(page).text

    def test_a_count_is_not_negative(self) -> None:
        stored = one_table()
        stored.sources[0].update(files_found=-1, total_size_bytes=-1)
        stored.tables[0].update(row_count=-1, size_bytes=-1, file_count=-1)
        stored.columns[0].update(null_count=-1, distinct_count=-1, details=json.dumps({"suspects": -5}))
        changed(stored.runs[0], lambda result: result["details"]["datasets"][0].update(rows=-1))

        # Neither the style nor the script, which have negative numbers.
        text = text_of(stored).partition("Skip to the content")[2].rpartition('"use strict"')[0]
        assert "Overview" in text
        assert not [one for one in ("-1 ", "-1,", "-1B", "-5", "\u22121") if one in text]

    def test_bounds_that_no_number_holds_are_bounds(self) -> None:
        assert at_most(1e308).startswith("a factor of ")
        assert within(1e308).endswith(" days at most")


class TestAnything:
    """A row of another program may hold anything: what cannot be read is as if it were not there."""

    @pytest.mark.parametrize(
        ("rows", "field"), [("runs", "result"), ("tables", "details"), ("columns", "details")]
    )
    @pytest.mark.parametrize(
        "odd",
        [None, [], {}, [None], -5.5, 1e308, 10**400, float("nan"), True, "x"],
        ids=lambda odd: str(odd)[:9],
    )
    def test_each_place_of_stored_json_may_hold_it(self, rows: str, field: str, odd: Any) -> None:
        places = len(list(each_place(json.loads(getattr(changing(), rows)[0][field]), print)))
        for place in range(1, places):
            stored = changing()
            row = getattr(stored, rows)[0]
            document = json.loads(row[field])
            next(itertools.islice(each_place(document, print), place, None))(odd)
            row[field] = json.dumps(document)

            drawn = html(stored.report(shows_values=True)).split("</style>")[1]
            assert not re.search(IMPOSSIBLE, drawn), document


class TestPictures:
    @pytest.mark.parametrize(
        "shares", [(0.999, 0.0005, 0.0005), (0.0005, 0.0005, 0.999), (0.34, 0.33, 0.33), (1.0, 0.0, 0.0)]
    )
    def test_no_part_hides_another(self, shares: List[float]) -> None:
        """What is there is seen, however little it is."""
        drawn = Page(parts([(f"css-{place}", share) for place, share in enumerate(shares)])).all("rect")

        ends = [0.0]
        for one in drawn:
            assert float(str(one.get("x") or "0%")[:-1]) == pytest.approx(ends[-1], abs=0.11)
            assert float(str(one["width"])[:-1]) >= 1.5
            ends.append(ends[-1] + float(str(one["width"])[:-1]))
        assert len(drawn) == sum(share > 0 for share in shares)
        assert ends[-1] == pytest.approx(100, abs=0.2)

    def test_points_that_a_result_has_rounded_to_nothing_are_some(self) -> None:
        found = [finding("customers", "a", 0.0), finding("customers", None, 0.0, dimension=None)]
        page = html(one_table(findings=found).report())

        assert 'data-v="0.0">0.00<' in page
        assert 'data-v="0.0">&lt;0.01<' in page

    def test_findings_that_are_not_listed_are_counted(self) -> None:
        stored = one_table(findings=[finding("customers", f"c{place}", 0.01) for place in range(1_220)])

        assert "<li>1,200 more; all are in the result of the run" in html(stored.report())

    def test_columns_that_are_not_drawn_are_said(self) -> None:
        stored = one_table()
        assert "one bar a column, in their order; a full bar" in text_of(stored)
        stored.columns = [column_row(stored.tables[0], f"c{place}", place) for place in range(1, 62)]
        assert "one bar a column, in their order, the first 60; a full bar" in text_of(stored)

    def test_what_was_skipped_is_counted(self) -> None:
        bad = {"name": "a.pdf", "reason": "is a PDF document", "remedy": "Leave it out."}
        stored = one_table(unreadable=[bad], skipped=[bad])

        assert "1 file or table could not be read; 1 was skipped" in text_of(stored)

    def test_words_agree_with_their_number(self) -> None:
        stored = one_table()
        details = {"nulls": 1, "blanks": 2, "suspects": 3, "suspect_reasons": {"far_out": 2, "stand_in": 1}}
        stored.columns = [column_row(stored.tables[0], "email", details=details)]

        assert "1 null, 2 blanks, 1 invalid, 2 far outliers, 1 stand-in<" in html(stored.report())


class TestOrder:
    """Runs by their time, in whatever order the rows come."""

    def test_rows_in_another_order_make_the_same_report(self) -> None:
        expected = html(shop().report())
        stored = shop()
        stored.runs.reverse()

        assert html(stored.report()) == expected

    def test_of_two_that_began_at_once_the_later_to_end_is_newer(self) -> None:
        stored = shop()
        first, second = stored.runs[:2]
        second["started_at"] = first["started_at"]
        first["finished_at"] = NOW + timedelta(seconds=1)
        for runs in (stored.runs, stored.runs[::-1]):
            stored.runs = runs

            assert stored.report().method.run_id == first["run_id"]


class TestSeveralSources:
    def test_two_tenants_with_one_path_are_told_apart(self) -> None:
        stored = Stored(source_row(tenant="alpha"), source_row(tenant="beta"))
        stored.tables = [table_row(source, "orders") for source in stored.sources]
        for place, source in enumerate(stored.sources):
            found = [finding("orders", "email", 1.0 + place)]
            result = assessment(stored.tables[place : place + 1], (), found)
            stored.runs.append(run_row(source, result, place, tenant_id=source["tenant_id"]))

        page = html(stored.report())
        assert "<dt>Tenants<dd>alpha, beta</div>" in page
        # What costs most, the findings, the list of tables, the section of the table.
        assert page.count("/Volumes/main/raw/shop (beta)") == 4

    def test_measured_is_when_the_scores_were(self) -> None:
        stored = Stored(source_row(updated_at=NOW), source_row("/data", updated_at=NOW))
        stored.tables = [table_row(source, "orders") for source in stored.sources]
        stored.runs = [run_row(stored.sources[0], assessment(stored.tables[:1]), 3)]

        assert [one.measured_at for one in stored.report().sources] == [NOW - timedelta(days=3), NOW]


class TestEqualNames:
    """Folders of a source may each have a table of one name; a result does not say which it means."""

    def folders(self, findings: List[Row], *runs_of: int) -> Stored:
        """A source with a table in each of two folders, and runs over so many of them."""
        stored = Stored(source_row())
        for folder, overall in (("2023", 60.0), ("2024", 80.0)):
            texts = [one["text"] for one in findings if one["folder"] == folder]
            more: Row = {"schema_name": folder, "table_id": folder, "details": {"recommendations": texts}}
            stored.tables.append(table_row(stored.sources[0], "orders", overall, **more))
        stored.columns = [column_row(stored.tables[0], "old"), column_row(stored.tables[1], "new")]
        for number, tables in enumerate(runs_of):
            result = assessment(stored.tables[:tables], stored.columns, findings)
            stored.runs.append(run_row(stored.sources[0], result, number))
        return stored

    def test_a_finding_leads_to_its_table_or_to_none(self) -> None:
        found = [
            finding("orders", None, 3.0, text="orders: 1 of 9 rows is odd - mend it", folder="2024"),
            finding("orders", "old", 2.0, text="orders.old: 2 of 9 values are odd - mend them", folder=""),
            finding("orders", None, 1.0, text="orders: 3 of 9 rows are odd - mend them", folder=""),
        ]
        report = self.folders(found, 2).report()

        assert [one.table_id for one in report.findings] == ["2024", "2023", None]
        assert [len(one.findings) for one in report.tables] == [1, 1]
        assert '<a href="#t2">orders</a><small>2024</small>' in html(report)

    def test_figures_are_not_those_of_another(self) -> None:
        report = self.folders([], 2, 2).report()

        assert [(one.tables, one.rows) for one in report.history] == [(2, 2000), (2, 2000)]
        assert [one.trend for one in report.tables] == [(None, None), (None, None)]
        assert report.changes == ()

    def test_one_that_came_is_no_change_of_score(self) -> None:
        report = self.folders([], 2, 1).report()

        assert [(one.kind, one.before, one.after) for one in report.changes] == [("rows", "1,000", "2,000")]
