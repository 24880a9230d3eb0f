"""The quality report: rows of the five tables become a value, and that one file. On plain rows."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

import pytest

from nuvyn_executor.reports.figures import at_most, day, moment, signed_share, within
from nuvyn_executor.reports.files import report_of
from nuvyn_executor.reports.markup import element, joined, name
from nuvyn_executor.reports.page import framed, html
from nuvyn_executor.reports.stored import without_values
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from tests.report_page import Page
from tests.report_rows import (
    NOW,
    SECRET_CELL,
    Stored,
    assessment,
    column_row,
    finding,
    large,
    one_table,
    run_row,
    shop,
    source_row,
    table_row,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "line\nbreak\x00\x1b[31m",
    "\u202egnp.exe",
    "\u0642\u200f\u0645",
    "half \ud800 of a pair",
    "&lt;not an entity&gt; {{ 7*7 }}",
)


def trends_of_dimensions(page: str) -> Dict[str, str]:
    """Return what the lines of dimensions say, by dimension."""
    table = page.split('<table class="dimensions">', 1)[1].split("</table>", 1)[0]
    found = (re.search(r"<th [^>]*>(\w+)<.*aria-label=\"(From [^\"]+)\"", row) for row in table.split("<tr>"))
    return {one.group(1): one.group(2) for one in found if one}


class TestContents:
    """What is in it: overall score and level; six dimensions as bars with what each rests on."""

    def test_scores_and_what_they_rest_on_are_those_of_the_newest_run(self) -> None:
        report = shop().report()

        assert (report.scores.overall, report.scores.level) == (88.5, "Good")
        assert report.scores.dimensions["accuracy"] == 82.5
        assert report.scores.checked["accuracy"] == 12_345
        assert report.method.run_id == "job_0"
        assert report.method.weights["accuracy"] == 2

    def test_findings_stand_by_points_lost_with_their_place_count_and_remedy(self) -> None:
        first, second, third = shop().report().findings

        assert [one.points_lost for one in (first, second, third)] == [3.86, 0.42, 0.11]
        assert (second.table, second.column, second.count, second.of) == ("customers", "email", 20, 1000)
        assert second.what == "20 of 1000 values are not valid e-mail addresses"
        assert second.remedy == "correct them at the source"
        assert third.column is None

    def test_a_finding_leads_to_its_table(self) -> None:
        page = html(shop().report())

        assert '<a href="#t1">customers</a>' in page
        assert ' id="t1"' in page
        assert ' id="t1-columns"' in page

    def test_each_link_inside_the_page_leads_somewhere(self) -> None:
        page = Page(html(shop().report()))

        targets = {str(one["href"]) for one in page.all("a")}
        ids = [str(attributes["id"]) for _, attributes in page.elements if "id" in attributes]
        assert {target[1:] for target in targets} <= set(ids)
        assert len(ids) == len(set(ids))

    def test_what_was_not_read_is_named_with_the_remedy(self) -> None:
        bad = {"name": "broken.parquet", "reason": "is cut short", "remedy": "Copy it again."}
        stored = one_table(unreadable=[bad])

        (left_out,) = stored.report().left_out
        assert (left_out.name, left_out.is_failure) == ("broken.parquet", True)
        assert "Copy it again." in html(stored.report())

    def test_a_table_shows_forms_missing_values_and_what_counted(self) -> None:
        stored = one_table()
        details = {"shapes": {"date_iso": 969, "date_dot": 25}, "nulls": 4, "blanks": 2}
        stored.columns = [column_row(stored.tables[0], "birth_date", null_count=6, details=details)]

        (table,) = stored.report().tables
        (column,) = table.columns
        assert column.forms == (("2024-01-31", 969), ("31.01.2024", 25))
        assert column.missing == {"nulls": 4, "blanks": 2}
        assert table.measured.engine == "polars"
        assert "97.5 % 2024-01-31, 2.5 % 31.01.2024" in html(stored.report())

    def test_sampled_approximate_and_cut_short_are_said(self) -> None:
        stored = one_table()
        details = {"sampled": True, "rows_scanned": 400, "approximate": True, "rsd": 0.016, "truncated": True}
        stored.tables = [table_row(stored.sources[0], "customers", details=details)]

        page = Page(html(stored.report())).text
        assert "1 of 1 tables were sampled" in page
        assert "1,000, of which 400 were counted" in page
        assert "estimated in 1 table (standard deviation up to 1.6 %)" in page
        assert "some tables may be missing" in page

    def test_a_data_contract_shows_what_is_met(self) -> None:
        stored = one_table()
        rules = [
            {"clause": "required", "limit": "true", "is_met": False},
            {"clause": "x", "limit": "y", "is_met": None},
        ]
        stored.columns = [column_row(stored.tables[0], "email", details={"data_contract": rules})]

        text = Page(html(stored.report())).text
        assert "required: truenot met" in text
        assert "x: ynot checked" in text


class TestChanges:
    """What changed since the last runs (scores as lines over time, new and gone columns, types, rows)."""

    def test_the_last_two_runs_are_compared(self) -> None:
        report = shop().report()

        assert [(one.kind, one.table, one.column, one.before, one.after) for one in report.changes] == [
            ("new table", "returns", None, "", ""),
            ("new column", "customers", "country", "", ""),
            ("gone column", "customers", "fax", "", ""),
            ("type", "orders", "amount", "string", "date"),
            ("score", "orders", None, "96.00", "99.85"),
            ("rows", "orders", None, "1,100", "1,200"),
        ]
        assert report.compared == (NOW - timedelta(days=1), NOW)

    def test_scores_are_a_line_of_the_runs_the_oldest_first(self) -> None:
        report = shop().report()

        assert [one.scores.overall for one in report.history] == [71.25, 79.9, 86.1, 88.5]
        assert "Overall score of 4 runs, from 71.25 on 2026-03-01 to 88.50 on 2026-03-04" in html(report)
        assert report.tables[1].trend == (94.0, 95.0, 96.0, 99.85)
        assert report.tables[2].trend == (None, None, None, 61.2)

    def test_each_dimension_has_its_line(self) -> None:
        stored = shop()
        for run, score in zip(stored.runs, (80.0, None, 70.5, 60.0)):
            result = json.loads(run["result"])
            result["quality_metrics"]["validity"] = score
            run["result"] = json.dumps(result)
        report = stored.report()

        assert report.trends["validity"] == (60.0, 70.5, None, 80.0)
        assert trends_of_dimensions(html(report))["Validity"] == "From 60.00 to 80.00 in 3 runs"

    def test_one_run_is_no_line(self) -> None:
        page = html(one_table().report())

        assert '<table class="dimensions">' in page
        assert trends_of_dimensions(page) == {}
        assert "in the last runs" not in page

    def test_a_table_that_is_gone_is_named_from_its_row(self) -> None:
        stored = one_table()
        stored.tables.append(table_row(stored.sources[0], "old", removed_at=NOW))
        stored.columns.append(column_row(stored.tables[0], "gone", removed_at=NOW))

        report = stored.report()
        assert [(one.kind, one.table, one.after) for one in report.changes] == [
            ("gone table", "old", "2026-03-04")
        ]
        assert [table.name for table in report.tables] == ["customers"]
        assert [column.name for column in report.tables[0].columns] == ["email"]

    def test_a_table_that_could_not_be_read_is_neither_gone_nor_new(self) -> None:
        """docs/metadata.md: a table that could not be read this time is not gone."""
        bad = {"name": "customers.csv", "reason": "is cut short", "remedy": "Copy it again."}
        stored = one_table()
        result = json.loads(stored.runs[0]["result"])
        failed = assessment((), (), unreadable=[bad])
        for runs in ((failed, result), (result, failed, result)):
            stored.runs = [run_row(stored.sources[0], one, number) for number, one in enumerate(runs)]

            assert stored.report().changes == ()

    def test_what_went_before_the_runs_that_are_compared_is_not_news(self) -> None:
        stored = one_table()
        stored.runs.append(run_row(stored.sources[0], json.loads(stored.runs[0]["result"]), 1))
        for days in (0.5, 300):
            gone = table_row(stored.sources[0], f"old {days}", removed_at=NOW - timedelta(days=days))
            stored.tables.append(gone)

        assert [one.table for one in stored.report().changes] == ["old 0.5"]

    def test_scores_of_two_formula_versions_are_not_compared(self) -> None:
        stored = one_table()
        earlier = assessment([{**stored.tables[0], "overall_score": 12.0}], stored.columns)
        earlier["details"]["provenance"] = {"formula_version": "1"}
        stored.runs.append(run_row(stored.sources[0], earlier, 1))

        report = stored.report()
        assert report.changes == ()
        line = re.search(r'class="line" d="([^"]+)"', html(report))
        assert line is not None
        assert line.group(1).count("M") == 2

    def test_no_line_goes_from_one_formula_version_to_another(self) -> None:
        """docs/report.md: scores of two formula versions do not compare."""
        stored = shop()
        for run, version in zip(stored.runs, ("2", None, "2", "1")):  # an older executor did not say it
            result = json.loads(run["result"])
            result["details"]["provenance"] = {"formula_version": version} if version else {}
            run["result"] = json.dumps(result)
        report = stored.report()

        assert report.sources[0].trend == (79.9, 86.1, 88.5)
        assert report.tables[1].trend == (95.0, 96.0, 99.85)
        assert len(report.trends["accuracy"]) == 3


class TestFigures:
    """What is not all is never 100 %, what is there is never 0."""

    @pytest.mark.parametrize(
        ("value", "shown"),
        [
            (1e-9, "+<0.1 %"),
            (-1e-9, "\u2212<0.1 %"),
            (-0.99999, "\u2212>99.9 %"),
            (-1, "\u2212100 %"),
            (0.5, "+50.0 %"),
            (1.0, "+100.0 %"),
            (12.5, "+1,250.0 %"),
        ],
    )
    def test_a_difference_in_per_cent(self, value: float, shown: str) -> None:
        assert signed_share(value) == shown

    @pytest.mark.parametrize(
        ("error", "shown"),
        [(1e-9, "0.1 %"), (0.03125, "3.2 %"), (0.0625, "6.3 %"), (1.5, "a factor of 4")],
    )
    def test_a_bound_is_never_less_than_it_is(self, error: float, shown: str) -> None:
        assert at_most(error) == f"{shown} at most"

    @pytest.mark.parametrize(
        ("days", "shown"),
        [
            (9.1, "10 days"),
            (1.5, "36 hours"),
            (0.01, "15 minutes"),
            (1e-9, "1 minute"),
            (3000.0, "3,000 days"),
        ],
    )
    def test_a_bound_in_time_is_never_less_than_it_is(self, days: float, shown: str) -> None:
        assert within(days) == f"{shown} at most"

    @pytest.mark.parametrize(
        ("moments", "error", "shown"),
        [
            # A share of the time since 1970: 56 years are 20,454 days.
            (["2020-01-02", "2021-05-06", "2022-01-01", "2024-02-29", "2025-12-31"], 2**-11, "10 days"),
            ([f"2025-03-0{day}T10:11:12Z" for day in range(1, 6)], 2**-24, "2 minutes"),
            (["1850-01-01", "1900-01-01", "1950-01-01", "1960-01-01", "1961-01-01"], 2**-10, "44 days"),
        ],
    )
    def test_quantiles_of_moments_are_off_by_a_time(
        self, moments: List[str], error: float, shown: str
    ) -> None:
        stored = one_table()
        shape = {"of": "moments", "count": 9, "bins": [4, 5], "error": error}
        details = {"distribution": shape, "quantiles": moments}
        stored.columns = [column_row(stored.tables[0], "at", data_type="timestamp", details=details)]

        assert f"to {moments[-1]}, off by {shown} at most<" in html(stored.report(shows_values=True))

    def test_quantiles_of_moments_without_a_year_are_not_shown(self) -> None:
        stored = one_table()
        shape = {"of": "moments", "count": 5, "bins": [5], "error": 0.0}
        details = {"distribution": shape, "quantiles": [None] * 5}
        stored.columns = [column_row(stored.tables[0], "at", details=details)]

        assert "None" not in Page(html(stored.report(shows_values=True))).text

    def test_what_costs_most_stands_by_points_and_is_not_nothing(self) -> None:
        found = [finding("customers", "a", 0.001), finding("customers", None, 0.003, dimension=None)]
        text = Page(html(one_table(findings=found).report())).text

        assert "\u22120.00" not in text
        assert text.index("\u2212<0.01 customers") < text.index("\u2212<0.01 customers.a")

    def test_a_year_has_four_digits(self) -> None:
        early = datetime(1, 2, 3, tzinfo=timezone.utc)
        assert "0001-02-03" in day(early)
        assert 'datetime="0001-02-03T00:00:00Z"' in moment(early)


def of_two(*runs: Dict[str, Any], alone: bool = False) -> Stored:
    """Two sources with a table of the same name and one of their own; runs over both, the newest first."""
    shop, flights = source_row(), source_row("/Volumes/main/raw/flights")
    stored = Stored(shop, flights)
    for source, own in ((shop, "returns"), (flights, "planes")):
        stored.tables += [table_row(source, "customers"), table_row(source, own)]
    names = ("shop/customers", "returns", "flights/customers", "planes")
    in_result = [{**table, "table_name": name} for table, name in zip(stored.tables, names)]
    for number, more in enumerate(runs):
        result = assessment(in_result, (), more.pop("findings", ()), 77.7, **more)
        result["details"]["sources"] = [{"source_id": one["source_id"]} for one in (shop, flights)]
        stored.runs.append(run_row(None, result, number))
    if alone:
        stored.runs.append(run_row(shop, assessment(stored.tables[:2], overall=91.0), len(runs)))
    return stored


def only(stored: Stored, *places: int) -> Stored:
    """The report of some of the sources."""
    kept = Stored(*(stored.sources[place] for place in places))
    ids = {source["source_id"] for source in kept.sources}
    kept.tables = [row for row in stored.tables if row["source_id"] in ids]
    kept.columns, kept.runs = stored.columns, stored.runs
    return kept


class TestOneOfSeveral:
    """The report of a source that is read in runs over several."""

    FOUND = tuple(finding(name, None) for name in ("shop/customers", "flights/customers", "planes"))

    def test_it_has_its_own_findings_alone(self) -> None:
        bad = {"name": "planes.csv", "reason": "is cut short", "remedy": "Copy it again."}
        stored = of_two({"findings": self.FOUND, "unreadable": [bad]})

        report = only(stored, 0).report()
        assert [one.table_id for one in report.findings] == [stored.tables[0]["table_id"]]
        assert report.left_out == ()
        assert "planes" not in html(report)
        assert "flights" not in html(report)

    def test_scores_of_several_are_not_those_of_one(self) -> None:
        report = only(of_two({}, {}, alone=True), 0).report()

        assert [(one.scores.overall, one.tables) for one in report.history] == [(91.0, 2)]
        assert report.sources[0].trend == (91.0,)
        assert report.tables[0].trend == (90.0, 90.0, 90.0)

    def test_the_reader_is_told_where_points_come_from(self) -> None:
        (notice,) = only(of_two({"findings": self.FOUND}), 0).report().notices

        assert notice.startswith("No stored run has read this source alone")

    def test_of_some_of_a_run_each_finding_leads_to_its_table(self) -> None:
        stored = of_two({"findings": self.FOUND})
        stored.sources.append(source_row("/Volumes/main/raw/third"))

        report = stored.report()
        assert [one.table_id for one in report.findings] == [
            stored.tables[place]["table_id"] for place in (0, 2, 3)
        ]
        assert {one.source_id for one in report.findings} == {
            stored.sources[0]["source_id"],
            stored.sources[1]["source_id"],
        }

    def test_runs_over_several_are_compared(self) -> None:
        stored = of_two({}, {})
        older = json.loads(stored.runs[1]["result"])
        older["details"]["datasets"][0]["rows"] = 900
        del older["details"]["datasets"][3]
        stored.runs[1]["result"] = json.dumps(older)

        both, one = stored.report(), only(stored, 0).report()
        assert [(each.kind, each.table_id) for each in both.changes] == [
            ("new table", stored.tables[3]["table_id"]),
            ("rows", stored.tables[0]["table_id"]),
        ]
        assert [each.kind for each in one.changes] == ["rows"]
        assert one.compared == both.compared == (NOW - timedelta(days=1), NOW)

    def test_places_of_several_sources_name_the_source(self) -> None:
        page = html(of_two({"findings": self.FOUND}).report())

        assert "<small>/Volumes/main/raw/flights</small>" in page
        assert "<small>/Volumes" not in html(shop().report())


class TestValues:
    """Cell values only with `EXECUTOR_SEND_SAMPLES=true`."""

    def test_cell_values_are_left_out(self) -> None:
        page = report_of(shop().store(), None, None, NOW, shows_values=False)

        assert SECRET_CELL not in page
        assert "It holds no cell values" in page

    def test_they_are_shown_where_they_may_be(self) -> None:
        page = report_of(shop().store(), None, None, NOW, shows_values=True)

        assert f"<div>sample: <code>{SECRET_CELL}</code></div>" in page
        assert f"<div>stand-in: <code>{SECRET_CELL}</code></div>" in page
        assert f"median {SECRET_CELL}, half {SECRET_CELL} to {SECRET_CELL}" in page
        assert f"<li><code>{SECRET_CELL}</code> 100 %" in page
        assert "pass it on with care" in page

    def test_the_picture_of_a_distribution_has_no_scale(self) -> None:
        page = report_of(shop().store(), None, None, NOW, shows_values=False)

        pictures = [one for one in Page(page).all("svg") if one.get("class") == "many"]
        assert {one["aria-label"] for one in pictures} == {"lengths", "numbers", "moments"}
        assert all(one["role"] == "img" for one in pictures)
        assert "<small>median 12</small>" in page  # of lengths, which are no cell values
        assert page.count("not measured</small>") == page.count("<td>boolean")

    def test_what_the_schema_marks_is_what_is_left_out(self) -> None:
        table = table_row(source_row(), "t")
        row = without_values(column_row(table, "c"), COLUMNS)

        assert "sample_value" not in row
        assert set(json.loads(row["details"])) & {"minimum", "maximum", "suspect_examples"} == set()
        assert json.loads(row["details"])["nulls"] == 7
        assert without_values(table, TABLES) == table


class TestEscaping:
    """Every value escaped (column names, logs and tenants with `<script>`, tested)."""

    @pytest.mark.parametrize("text", HOSTILE)
    def test_names_of_all_kinds_make_no_elements(self, text: str) -> None:
        stored = one_table("plain", "plain")
        expected = [tag for tag, _ in Page(html(stored.report())).elements if tag != "bdi"]
        hostile = one_table(text, text)
        hostile.sources[0].update(tenant_id=text, source_path=text, source_type=text)
        hostile.tables[0].update(file_path=text, schema_name="", file_format=text)
        hostile.columns[0].update(data_type=text)
        hostile.runs[0]["executor_version"] = text

        found = Page(html(hostile.report()))
        assert [tag for tag, _ in found.elements if tag != "bdi"] == expected
        assert found.text.encode()  # no half of a surrogate pair is left

    def test_text_of_a_finding_is_escaped(self) -> None:
        found = finding("customers", "<b>", text='customers.<b>: <i>9</i> & "more" - do <u>this</u>')
        page = html(one_table(findings=[found]).report())

        assert "&lt;i&gt;9&lt;/i&gt; &amp; &quot;more&quot;" in page
        assert "<u>" not in page

    def test_a_control_character_is_shown(self) -> None:
        assert name("a\nb") == "<bdi>a\u240ab</bdi>"

    @pytest.mark.parametrize("text", ["", " ", "\t\n"])
    def test_a_name_of_blanks_is_one_that_a_link_can_have(self, text: str) -> None:
        """WCAG 2.4.4: a link without words leads nowhere for who listens to it."""
        assert name(text) == "(no name)"

    def test_attributes_are_escaped(self) -> None:
        assert element("a", "x", href='"><script>') == '<a href="&quot;&gt;&lt;script&gt;">x</a>'

    def test_only_markup_is_not_escaped(self) -> None:
        assert joined(["<", element("b", "<"), None, 3]) == "&lt;<b>&lt;</b>3"


class TestOneFile:
    """One self-contained HTML file (no network, works from a mail, ...)."""

    def test_nothing_is_fetched(self) -> None:
        page = html(shop().report())
        found = Page(page)

        assert {tag for tag, _ in found.elements} & {
            "link",
            "img",
            "iframe",
            "object",
            "base",
            "form",
        } == set()
        assert [one for one in found.all("script") if "src" in one] == []
        assert "url(" not in page
        assert "@import" not in page
        assert re.findall(r"https?://[^\s\"<]+", page) == []

    def test_its_policy_allows_its_own_style_and_script_alone(self) -> None:
        found = Page(html(shop().report()))

        (policy,) = (str(one["content"]) for one in found.all("meta") if "http-equiv" in one)
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert [attributes for _, attributes in found.elements if "style" in attributes] == []
        assert [key for _, attributes in found.elements for key in attributes if key.startswith("on")] == []

    def test_headings_are_in_order_and_tables_have_captions_and_scopes(self) -> None:
        found = Page(html(shop().report()))

        levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:]))
        assert len(found.all("caption")) == len(found.all("table"))
        assert all("scope" in one for one in found.all("th"))
        assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in found.elements}

    def test_in_a_notebook_it_has_a_frame_of_its_own(self) -> None:
        page = html(shop().report())

        (frame,) = Page(framed(page)).all("iframe")
        assert frame["srcdoc"] == page
        assert frame["sandbox"] == "allow-scripts"

    def test_500_tables_and_5000_columns_are_less_than_5_mb(self) -> None:
        stored = large()
        assert (len(stored.tables), len(stored.columns)) == (500, 5000)

        assert len(html(stored.report()).encode()) < 5_000_000
