"""The diagrams of the docs are those of the tables."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any, Mapping

import pytest

from contract import corpus
from fake_databricks.clusters import lifecycle as clusters
from fake_databricks.commands import lifecycle as commands
from fake_databricks.jobs import lifecycle as runs
from fake_databricks.sql import lifecycle as statements

ROOT = Path(__file__).resolve().parents[2]
TOOL: dict[str, Any] = runpy.run_path(str(ROOT / "tools" / "draw_diagrams.py"))
AGAIN = "run python tools/draw_diagrams.py"


class TestDiagrams:
    """Issue: "the state and sequence diagrams of the docs are drawn from the transition tables"."""

    @pytest.mark.parametrize("page", TOOL["DIAGRAMS"])
    def test_they_stand_in_the_page_as_they_are(self, page: str) -> None:
        text = (ROOT / page).read_text("utf-8")

        assert TOOL["with_diagrams"](page, text) == text, AGAIN

    def test_no_other_diagram_of_states_or_sequences_is_drawn_by_hand(self) -> None:
        for path in sorted((ROOT / "docs").glob("*.md")):
            text = path.read_text("utf-8")
            drawn = re.sub(
                r"<!-- diagram (\S+): begin -->.*?<!-- diagram \1: end -->", "", text, flags=re.DOTALL
            )

            assert re.findall(r"^(?:stateDiagram.*|sequenceDiagram)$", drawn, re.MULTILINE) == [], path

    @pytest.mark.parametrize(
        ("page", "name", "transitions"),
        [
            ("docs/fake-runs.md", "run-states", runs.TRANSITIONS),
            ("docs/fake-runs.md", "context-states", commands.CONTEXT_TRANSITIONS),
            ("docs/fake-runs.md", "command-states", commands.TRANSITIONS),
            ("docs/fake-runs.md", "statement-states", statements.TRANSITIONS),
            ("docs/fake.md", "cluster-states", clusters.TRANSITIONS),
        ],
    )
    def test_each_transition_is_an_arrow(
        self, page: str, name: str, transitions: Mapping[Any, Mapping[Any, Any]]
    ) -> None:
        arrows = re.findall(r"^    (\w+) --> (\w+): (\w+)$", TOOL["DIAGRAMS"][page][name](), re.MULTILINE)

        assert arrows == [
            (state.value, target.value, event.name)
            for state, events in transitions.items()
            for event, target in events.items()
        ]

    def test_the_loop_has_the_calls_of_the_guide_in_their_order(self) -> None:
        calls = re.findall(r"B->>D: \w+ (\S+)", TOOL["guides_loop"]())

        assert calls == [
            "/api/2.0/commands/execute",
            "/api/2.0/commands/status",
            "/api/2.1/jobs/create",
            "/api/2.1/jobs/run-now",
            "/api/2.1/jobs/runs/get",
            "/api/2.1/jobs/runs/get-output",
        ]

    def test_each_answer_of_the_platform_is_there(self) -> None:
        statuses = {
            str(case["response"]["status"]) for case in corpus.transmissions().values() if "response" in case
        }

        assert statuses == set(re.findall(r"\b\d{3}\b", TOOL["delivery"]()))

    def test_a_page_without_its_marks_is_named(self) -> None:
        with pytest.raises(ValueError, match=r"docs/platform\.md has no marks"):
            TOOL["with_diagrams"]("docs/platform.md", "no marks")
