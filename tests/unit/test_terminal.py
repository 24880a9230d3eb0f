"""The scores that a person sees at the end, on a real terminal."""

from __future__ import annotations

import io
import os
from typing import Any, Dict

import pytest

from nuvyn_executor.terminal import score_lines, show_scores
from tests.report_rows import DIMENSIONS, scores

pytest.importorskip("rich")


def result(*names: str) -> Dict[str, Any]:
    """The result of ``quality_assessment`` over some tables, each a point worse than the one before."""
    return {
        "overall_score": 88.5,
        "quality_level": "Good",
        "quality_metrics": scores(88.5),
        "details": {
            "datasets": [
                {
                    "name": name,
                    "rows": 1000,
                    "overall_score": 90.0 - number,
                    "quality_level": "Excellent" if not number else "Good",
                    "quality_metrics": {**scores(90.0), "validity": None},
                }
                for number, name in enumerate(names)
            ]
        },
    }


def seen_on_terminal(document: Dict[str, Any]) -> str:
    """Return what a terminal of 120 columns gets."""
    leader, follower = os.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        show_scores(document, stream)
        stream.write("END")
        stream.flush()
        text = b""
        while b"END" not in text:
            text += os.read(leader, 65_536)
    os.close(leader)
    return text.decode()


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")


class TestScores:
    """When stderr is a terminal: scores as a table at the end; in pipes and jobs as now."""

    def test_a_terminal_gets_a_line_for_each_table_the_worst_first(self) -> None:
        lines = seen_on_terminal(result("orders", "customers")).splitlines()

        assert [line.split()[0] for line in lines[1:3]] == ["customers", "orders"]
        assert "all together" in lines[3]
        assert "2,000" in lines[3]
        assert "89.00" in lines[1]

    def test_a_pipe_gets_nothing(self) -> None:
        stream = io.StringIO()
        show_scores(result("orders"), stream)

        assert stream.getvalue() == ""

    def test_a_name_is_no_command_for_the_terminal_and_no_markup(self) -> None:
        seen = seen_on_terminal(result("a\x1b[2Jb", "[red]c[/red]"))

        assert "\x1b[2J" not in seen
        assert "a\ufffd[2Jb" in seen
        assert "[red]c[/red]" in seen

    def test_a_result_without_scores_shows_nothing(self) -> None:
        assert seen_on_terminal({"status": "failed", "details": None}) == "END"

    def test_a_full_pipeline_shows_its_assessment(self) -> None:
        assert score_lines({"details": {"quality_assessment": result("orders")}})[0][0] == "orders"

    def test_what_was_not_assessed_is_a_dash(self) -> None:
        line = score_lines(result("orders"))[0]

        assert dict(zip(DIMENSIONS, line[4]))["validity"] == "-"

    def test_of_many_tables_those_with_the_lowest_scores_are_shown(self) -> None:
        lines = score_lines(result(*(f"t{number}" for number in range(60))))

        assert len(lines) == 41
        assert lines[0][0] == "t59"
