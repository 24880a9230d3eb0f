"""The quality report of what is stored: runs, tables, and what is recommended. On plain rows."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

import pytest

from nuvyn_executor.reports.build import build_report
from nuvyn_executor.reports.files import report_of
from nuvyn_executor.reports.page import html
from nuvyn_executor.reports.stored import MOST_RUNS, source_rows, stored_rows
from tests.report_page import Page
from tests.report_rows import (
    NOW,
    Stored,
    assessment,
    column_row,
    finding,
    one_table,
    run_row,
    source_row,
    table_row,
)


class TestWhatIsStored:
    """Made from the five tables alone, so it also works for what ran last month."""

    def test_without_a_run_the_tables_have_their_scores_and_recommendations(self) -> None:
        stored = one_table()
        stored.runs = []

        report = stored.report()
        assert report.scores.overall == 90.0
        assert [(one.what, one.remedy, one.points_lost) for one in report.findings] == [
            ("2 of 1000 rows could not be read as records", "repair these lines", None)
        ]
        assert "No stored run has scores of the whole" in report.notices[0]
        assert html(report)

    def test_a_full_pipeline_holds_the_assessment(self) -> None:
        stored = one_table()
        result = {"details": {"quality_assessment": json.loads(stored.runs[0]["result"])}}
        stored.runs = [run_row(stored.sources[0], result, run_mode="full_pipeline", status="Failed")]

        assert stored.report().scores.overall == 88.5

    def test_a_later_extraction_does_not_hide_the_assessment(self) -> None:
        stored = one_table()
        extraction = {
            "quality_metrics": {"overall_score": 91.0, "completeness": 99.0},
            "details": {
                "tables": [{"name": "customers", "rows": 1100, "overall_score": 91.0}],
                "unreadable": [],
            },
        }
        later = run_row(stored.sources[0], extraction, -1, run_mode="metadata_extraction")
        stored.runs.insert(0, later)
        stored.sources[0]["last_run_id"] = "job_-1"

        report = stored.report()
        assert report.method.run_id == "job_0"
        assert [one.scores.overall for one in report.history] == [88.5, 91.0]
        assert "written by a later run (job_-1)" in report.notices[0]
        assert [(one.kind, one.after) for one in report.changes] == [("rows", "1,100")]

    def test_what_is_not_known_is_not_zero(self) -> None:
        """A row of an older version, or of another program, may lack it."""
        stored = one_table()
        unknown: Dict[str, Any] = dict.fromkeys(("files_found", "total_size_bytes"))
        stored.sources[0].update(unknown)
        stored.tables[0].update(dict.fromkeys(("file_count", "size_bytes", "row_count", "details")))
        text = Page(html(stored.report())).text

        assert all(f"{term}\u2013" in text for term in ("Rows", "Files", "Size")), text[:2000]
        assert "0 files" not in text
        assert "0 B" not in text

    @pytest.mark.parametrize("table", ["orders: 2024", "a: b.c", "a.b: c: d"])
    @pytest.mark.parametrize("column", ["", "amount", "amount: net", "x.y"])
    def test_what_is_recommended_belongs_to_its_table_whatever_the_names(
        self, table: str, column: str
    ) -> None:
        stored = one_table()
        other = table_row(stored.sources[0], "a")
        place = f"{table}.{column}" if column else table
        text = f"{place}: 3 of 9 values are odd - repair them"
        texts = [text, "Data quality is good - maintain current standards"]
        own = table_row(stored.sources[0], table, details={"recommendations": texts})
        stored.tables, stored.runs = [other, own], []
        stored.columns = [column_row(own, name) for name in ("amount", "amount: net", "x.y")]

        (found,) = (one for one in stored.report().findings if one.table == table)
        assert (found.column, found.what, found.remedy) == (
            column or None,
            "3 of 9 values are odd",
            "repair them",
        )

    def test_a_failure_after_the_scores_is_named(self) -> None:
        """Who reads old scores has to know that the last run brought none."""
        stored = one_table()
        reason = "The source /Volumes/main/raw/shop cannot be read - grant READ VOLUME."
        failed = {"status": "Failed", "error_message": reason}
        stored.runs.insert(0, run_row(stored.sources[0], {}, -2, **failed))
        stored.runs.insert(1, run_row(stored.sources[0], {}, -1, status="Failed", error_message="older"))

        (notice,) = (one for one in stored.report().notices if "failed" in one)
        what = "The last run (quality_assessment job_-2 of 2026-03-06) failed"
        assert notice == f"{what}, and the scores here are from before it: {reason}"

    def test_so_it_is_where_nothing_has_scores(self) -> None:
        stored = one_table()
        stored.runs = [run_row(stored.sources[0], {}, status="Failed", error_message=None)]

        assert "The last run (quality_assessment job_0 of 2026-03-04) failed." in stored.report().notices

    @pytest.mark.parametrize("number", [0, 1])
    def test_a_failure_before_the_scores_is_not(self, number: int) -> None:
        stored = one_table()
        stored.runs.append(run_row(stored.sources[0], {}, number, status="Failed", run_id="failed"))

        assert not [one for one in stored.report().notices if "failed" in one]

    def test_nor_the_failure_of_another_source(self) -> None:
        stored = one_table()
        other = source_row("/Volumes/main/raw/other")
        stored.runs.insert(0, run_row(other, {}, -1, status="Failed"))

        assert not [one for one in stored.report().notices if "failed" in one]

    def test_scores_are_found_behind_many_failures(self) -> None:
        stored = one_table()
        failures = [run_row(stored.sources[0], {}, -1 - i, status="Failed") for i in range(2 * MOST_RUNS)]
        stored.runs = [*reversed(failures), *stored.runs]
        store = stored.store()

        rows = stored_rows(store, source_rows(store), shows_values=False)
        assert build_report(rows, NOW).scores.overall == 88.5

    def test_an_extraction_alone_says_what_it_lacks(self) -> None:
        stored = one_table()
        extraction = {
            "quality_metrics": {"overall_score": 91.0, "completeness": 99.0},
            "details": {"tables": [], "unreadable": []},
        }
        stored.runs = [run_row(stored.sources[0], extraction, run_mode="metadata_extraction")]

        report = stored.report()
        assert report.scores.overall == 91.0
        assert "Run quality_assessment for all six" in report.notices[0]
        assert report.findings

    @pytest.mark.parametrize(
        "result",
        [
            None,
            "",
            "{",
            "[]",
            "[" * 100_000,
            '{"details": 3}',
            '{"quality_metrics": [], "details": {"x": 1}}',
        ],
    )
    def test_a_result_that_cannot_be_read_is_as_if_it_were_not_there(self, result: Optional[str]) -> None:
        stored = one_table()
        stored.runs[0]["result"] = result
        stored.tables[0]["details"] = result
        stored.columns[0]["details"] = result

        assert html(stored.report())

    @pytest.mark.parametrize(
        "huge", [10**400, -(10**400), float("inf"), float("nan")], ids=["great", "low", "inf", "nan"]
    )
    def test_numbers_that_no_program_can_count_to_are_as_if_they_were_not_there(self, huge: float) -> None:
        source = source_row(total_size_bytes=huge, files_found=huge)
        everywhere = {
            **{key: {"validity": huge} for key in ("checked", "weights", "levels", "thresholds")},
            "bins": [huge, 1],
        }
        table = table_row(source, "t", details={**everywhere, "rows_scanned": huge, "rsd": huge})
        table.update(dict.fromkeys(("overall_score", "validity", "size_bytes", "row_count"), huge))
        details = {"distribution": {"of": "numbers", "count": huge, "error": huge, **everywhere}}
        column = column_row({**table, "row_count": 9}, "c", details={**details, "shapes": {"text": huge}})
        column.update(dict.fromkeys(("completeness", "distinct_count", "null_count"), huge))
        stored = Stored(source)
        stored.tables, stored.columns = [table], [column]
        stored.runs = [run_row(source, assessment([table], [column], [finding("t", "c", huge)]))]
        stored.runs[0]["result"] = stored.runs[0]["result"].replace("88.5", json.dumps(huge))

        page = Page(html(stored.report(shows_values=True)))

        assert "inf" not in page.text.replace("information", "").lower()
        assert "0" * 300 not in page.text

    def test_of_two_sources_each_has_its_own_scores_where_no_run_read_both(self) -> None:
        shop, flights = source_row(), source_row("/Volumes/main/raw/flights")
        stored = Stored(shop, flights)
        for number, source in enumerate((shop, flights)):
            stored.tables.append(table_row(source, "customers"))
            found = [finding("customers", None, 1.0 + number)]
            stored.runs.append(
                run_row(source, assessment(stored.tables[-1:], (), found, 70.0 + number), number)
            )

        report = stored.report()
        assert [one.scores.overall for one in report.sources] == [70.0, 71.0]
        assert report.scores.overall is None
        assert "What was read" in html(report)
        assert report.are_points_of_each_source
        assert [one.table_id for one in report.findings] == [
            stored.tables[1]["table_id"],
            stored.tables[0]["table_id"],
        ]

    def test_a_run_over_both_sources_has_the_score_of_the_whole(self) -> None:
        shop, flights = source_row(), source_row("/Volumes/main/raw/flights")
        stored = Stored(shop, flights)
        stored.tables = [table_row(shop, "customers"), table_row(flights, "customers")]
        found = [finding("flights/customers", None)]
        ids = [{"source_id": one["source_id"]} for one in (shop, flights)]
        result = assessment(stored.tables, (), found, 77.7, sources=ids)
        result["details"]["datasets"][1]["name"] = "flights/customers"
        stored.runs = [run_row(None, result)]

        report = stored.report()
        assert report.scores.overall == 77.7
        assert report.findings[0].table_id == stored.tables[1]["table_id"]
        assert not report.are_points_of_each_source

    def test_runs_without_a_beginning_and_of_other_sources_do_not_count(self) -> None:
        stored = one_table()
        other = run_row(source_row("/other"), assessment(()), 1)
        stored.runs += [other, *({**stored.runs[0], "run_id": name, "started_at": None} for name in "xy")]

        assert "88.50" in report_of(stored.store(), None, None, NOW, shows_values=False)
        assert [one.run_id for one in stored.report().history] == ["job_0"]

    def test_each_of_many_sources_has_its_scores(self) -> None:
        stored = Stored(*(source_row(f"/data/{number:02}") for number in range(40)))
        for at, source in enumerate(stored.sources):
            stored.tables.append(table_row(source, "t"))
            result = assessment(stored.tables[-1:], (), (), 50.0 + at)
            stored.runs += [run_row(source, result, at, run_id=f"{at} {number}") for number in range(6)]

        page = report_of(stored.store(), None, None, NOW, shows_values=False)
        assert [at for at in range(40) if f">{50 + at}.00<" not in page] == []

    def test_only_the_last_runs_are_read(self) -> None:
        stored = one_table()
        first = stored.runs[0]
        stored.runs = [
            run_row(stored.sources[0], json.loads(first["result"]), number) for number in range(40)
        ]

        page = report_of(stored.store(), None, None, NOW, shows_values=False)
        assert f"Overall score of {MOST_RUNS} runs" in page
