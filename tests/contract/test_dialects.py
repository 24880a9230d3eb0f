"""What a real workspace is asked."""

from __future__ import annotations

import json
from typing import Dict, List

import pytest

from contract import corpus
from contract.dialects import Choice, choose
from contract.verify import in_order


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose(in_order(corpus.cases()), "databricks", "own-name")


class TestDatabricks:
    """Issue: "`databricks` plays what a real workspace answers (tasks jobs, `/api/1.2` contexts)"."""

    def test_each_case_is_asked_or_left_out_by_name(self, choice: Choice) -> None:
        asked = [case["id"] for case in choice.asked]

        assert sorted([*asked, *choice.left_out]) == sorted(case["id"] for case in corpus.cases())
        assert {"tasks/get", "contexts/execute/status", "secrets/get"} <= set(asked)

    @pytest.mark.parametrize(
        ("case_id", "why"),
        [
            ("commands/print", "a workspace has commands at /api/1.2, with a context"),
            (
                "jobs/create/schema_validation",
                "a workspace has a job's task in tasks[], not at the top level",
            ),
            ("runs/run_now", "it needs commands/quick_reference/status"),
        ],
    )
    def test_what_cannot_hold_says_why(self, choice: Choice, case_id: str, why: str) -> None:
        assert choice.left_out[case_id] == why

    def test_what_is_asked_needs_nothing_that_is_left_out(self, choice: Choice) -> None:
        needs = {case["id"]: case.get("needs", []) for case in choice.asked}

        assert {case: [need for need in of if need not in needs] for case, of in needs.items()} == {
            case: [] for case in needs
        }

    def test_what_it_creates_has_a_name_of_its_own(self, choice: Choice) -> None:
        """Issue: "what it leaves behind is under a name of its own"."""
        created: Dict[str, List[str]] = {}
        for case in choice.asked:
            body = case["request"].get("body")
            for key in ("path", "scope", "name") if isinstance(body, dict) else ():
                if isinstance(body.get(key), str) and case["response"]["status"] == 200:
                    created.setdefault(key, []).append(body[key])

        assert all(path.startswith("/own-name/") for path in created["path"])
        assert all("own-name" in name for key in ("scope", "name") for name in created[key])
        assert "nuvyn-executor" not in json.dumps([case["request"] for case in choice.asked])

    def test_the_guides_dialect_is_the_corpus_word_for_word(self) -> None:
        cases = in_order(corpus.cases())

        assert choose(cases, "guide", "own-name") == Choice(list(cases), {})
