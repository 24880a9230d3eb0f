"""The scores that a person sees at the end, on a real terminal."""

from __future__ import annotations

import io
import os
import sys
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
        assert r"a\x1b[2Jb" in seen
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


class TestWidth:
    """A person sees whole words and figures, whatever the width of the terminal."""

    @pytest.mark.parametrize(
        ("columns", "titles"),
        [
            ("20", "table score"),
            ("30", "table score level"),
            ("40", "table rows score level"),
            ("67", "table rows score compl. accur. consi. timel. valid. uniqu."),
            ("70", "table score level compl. accur. consi. timel. valid. uniqu."),
            ("80", "table rows score level compl. accur. consi. timel. valid. uniqu."),
            ("200", "table rows score level compl. accur. consi. timel. valid. uniqu."),
        ],
    )
    def test_it_shows_the_columns_that_fit(
        self, monkeypatch: pytest.MonkeyPatch, columns: str, titles: str
    ) -> None:
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setenv("TERM", "dumb")
        header, *rows, end = seen_on_terminal(result("orders", "customers")).splitlines()

        assert " ".join(header.split()) == titles
        assert len(rows) == 3
        assert not any("\u2026" in row for row in rows)
        assert all(len(row) <= int(columns) for row in rows)
        assert end == "END"

    def test_a_window_that_has_no_width_has_eighty_columns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "0")
        monkeypatch.setenv("TERM", "dumb")
        header, *_ = seen_on_terminal(result("orders")).splitlines()

        assert header.split()[-1] == "uniqu."
        assert len(header) <= 80

    @pytest.mark.parametrize("name", ["n" * 300, "\u5ba2\u6236" * 40, "e\u0301" * 100, "two words " * 20])
    def test_a_long_name_is_shown_whole(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setenv("TERM", "dumb")
        header, *rows, _ = seen_on_terminal(result(name, "orders")).splitlines()

        assert header.split()[-1] == "uniqu."
        named = next(row for row in rows if "Excellent" in row)
        pieces = [named[: named.index("90.00")].replace("1,000", ""), *rows[rows.index(named) + 1 : -1]]
        assert "".join(piece.strip() for piece in pieces).replace(" ", "") == name.replace(" ", "")

    def test_names_of_no_known_width_break_no_line(self) -> None:
        (line, _) = score_lines(result("a\u200db\u200bc"))

        assert line[0] == "a\ufffdb\ufffdc"


class TestNotes:
    """Who sees the table alone knows what is not in it."""

    def test_of_many_tables_it_says_how_many_there_are(self) -> None:
        assert "(40 of 60 tables, those with the lowest scores)" in seen_on_terminal(
            result(*(f"t{number}" for number in range(60)))
        )

    def test_what_could_not_be_read_is_counted(self) -> None:
        document = result("orders")
        document["details"]["unreadable"] = [{"name": "a.csv"}, {"name": "b.csv"}]
        document["details"]["sources"] = [{"status": "Failed"}, {"status": "Success"}]
        seen = seen_on_terminal(document)

        assert "(could not be read: 2 files or tables, see the warnings above)" in seen
        assert "(could not be read: 1 of 2 sources, see the warnings above)" in seen

    def test_where_nothing_is_left_out_there_are_none(self) -> None:
        assert "(" not in seen_on_terminal(result("orders"))


class TestTerminals:
    def test_one_that_obeys_nothing_gets_plain_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("dumb", ""):
            monkeypatch.setenv("TERM", name)
            assert "\x1b" not in seen_on_terminal(result("orders"))

    def test_no_color_takes_the_colours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "\x1b[32m" in seen_on_terminal(result("orders"))
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[3" not in seen_on_terminal(result("orders"))

    def test_the_colour_is_that_of_the_level_alone(self) -> None:
        assert seen_on_terminal(result("Good")).count("\x1b[36m") == 1  # of the whole

    def test_without_rich_a_line_says_how_to_get_the_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "rich.console", None)
        assert (
            seen_on_terminal(result("orders")).replace("\r", "")
            == "To see the scores as a table here: pip install rich\nEND"
        )
        assert seen_on_terminal({"status": "failed", "details": None}) == "END"
