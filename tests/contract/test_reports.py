"""What came out of a play, in four forms."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import List, Tuple
from xml.etree import ElementTree as ET

import pytest

from contract.patterns import Difference
from contract.reports import REPORTS, Play
from contract.verdicts import Verdict

TOKEN = "dapi0123456789"
PLAY = Play(
    suite="nuvyn-contract verify",
    version="9.8.7",
    url="http://server",
    dialect="guide",
    descriptions={"runs/get": "Get a run <b>now</b>."},
    secret=TOKEN,
)
WRONG = Difference("$.state", '"DONE"', f"<\x00&> {TOKEN}")
VERDICTS = (
    Verdict("jobs/create"),
    Verdict("runs/get", (WRONG, Difference("status", "200", "500")), seconds=0.25),
    Verdict("auth/refused", not_asked="no refused_token was given"),
    Verdict("platform/should", (WRONG,), is_advice=True),
)


class TestReports:
    """Issue: "[--report text|json|junit|html]": for people, programs, CI systems and a browser."""

    def test_text_has_a_line_for_each_case_and_difference_and_a_summary(self) -> None:
        lines = REPORTS["text"](PLAY, VERDICTS).splitlines()

        assert lines[:2] == ["passed     jobs/create", "FAILED     runs/get"]
        assert lines[3] == "           status: wanted 200, got 500"
        assert lines[-1] == "1 passed, 1 failed, 1 advice, 1 not asked"

    def test_json_has_counts_and_each_difference(self) -> None:
        document = json.loads(REPORTS["json"](PLAY, VERDICTS))

        assert {key: document[key] for key in ("passed", "failed", "advice", "not_asked")} == dict.fromkeys(
            ("passed", "failed", "advice", "not_asked"), 1
        )
        assert document["contract_version"] == "9.8.7"
        assert document["cases"][1]["differences"][1] == {"path": "status", "wanted": "200", "got": "500"}
        assert document["cases"][2]["why"] == "no refused_token was given"

    def test_junit_counts_failures_and_skipped_cases(self) -> None:
        suites = ET.fromstring(REPORTS["junit"](PLAY, VERDICTS))  # noqa: S314  our own
        cases = {case.get("name"): case for case in suites.iter("testcase")}

        assert [suites.get(key) for key in ("tests", "failures", "skipped")] == ["4", "1", "1"]
        assert cases["get"].get("classname") == "nuvyn-contract verify.runs"
        assert "status: wanted 200, got 500" in str(cases["get"].findtext("failure"))
        assert cases["refused"].find("skipped") is not None
        assert cases["should"].find("failure") is None

    def test_html_is_one_page_without_other_files_and_text_stays_text(self) -> None:
        tags: List[Tuple[str, object]] = []

        class Reader(HTMLParser):
            def handle_starttag(self, tag: str, attrs: object) -> None:
                tags.append((tag, attrs))

        page = REPORTS["html"](PLAY, VERDICTS)
        Reader().feed(page)

        assert {tag for tag, _ in tags} & {"script", "link", "img", "b"} == set()
        assert page.index("runs/get") < page.index("jobs/create")
        assert "1 passed, 1 failed" in page

    @pytest.mark.parametrize("form", list(REPORTS))
    def test_no_report_shows_the_token(self, form: str) -> None:
        text = REPORTS[form](PLAY, VERDICTS)

        assert TOKEN not in text
        assert "[REDACTED]" in text
