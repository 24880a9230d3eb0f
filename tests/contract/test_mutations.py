"""A mutation test of the contract: each fault of a server is noticed by the case that speaks of it."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Mapping, Sequence

import pytest

from contract import corpus
from contract.patterns import captures
from contract.verify import Player
from tests.contract.mutants import OPERATORS, Mutant, Reply, mutants, right
from tests.contract.recorded import CASES, GIVEN, NEVER_ASKED, RECORDED, Asked, replying


class Between:
    """Stands between the runner and right answers, and changes those of one case.

    It learns in a right play what each case asks. Anything else that a case asks later is not found.
    """

    def __init__(self) -> None:
        self.case_id = ""
        self.replies: List[Reply] = []
        self.expected: Dict[str, List[Asked]] = {}
        self.learns = True
        self.url = ""

    def begin(self, case_id: str, replies: Sequence[Reply]) -> None:
        self.case_id, self.replies = case_id, list(replies)

    def answer(self, asked: Asked) -> Reply:
        expected = self.expected.setdefault(self.case_id, [])
        if self.learns:
            expected.append(asked)
        elif asked not in expected:
            return NEVER_ASKED
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@pytest.fixture(scope="module")
def between() -> Iterator[Between]:
    state = Between()
    with replying(state.answer) as url:
        state.url = url
        yield state


class Clock:
    """Time that passes only when someone waits."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds


def player(between: Between, variables: Mapping[str, Any]) -> Player:
    clock = Clock()
    return Player(between.url, dict(variables), now=clock.now, pause=clock.pause, at_most=2)


@pytest.fixture(scope="module")
def before(between: Between) -> Dict[str, Dict[str, Any]]:
    """The variables before each case, of a play without a fault."""
    variables: Dict[str, Dict[str, Any]] = {}
    right_play = player(between, {**corpus.default_variables(), **GIVEN})
    for case in CASES:
        variables[case["id"]] = dict(right_play.variables)
        between.begin(case["id"], [right(each) for each in RECORDED[case["id"]]])
        verdict = right_play.play(case)
        assert verdict.outcome == "passed", verdict
    between.learns = False
    return variables


@pytest.fixture(scope="module")
def made() -> Dict[str, List[Mutant]]:
    """All mutants, by their operator."""
    found: Dict[str, List[Mutant]] = {operator: [] for operator in OPERATORS}
    for case in CASES:
        for operator, mutant in mutants(case, RECORDED[case["id"]]):
            found[operator].append(mutant)
    return found


class TestEachFaultIsNoticed:
    """Issue: "at least 60 faults put between the runner and a right server [...], each caught by name"."""

    def test_the_right_server_passes_through_the_same_server(self, before: Mapping[str, Any]) -> None:
        """Issue: "Against the unmutated server through the same proxy: green"."""
        assert list(before) == [case["id"] for case in CASES]

    def test_each_case_has_its_recorded_answers(self) -> None:
        assert list(RECORDED) == [case["id"] for case in CASES], "call tools/record_answers.py"

    def test_there_are_many(self, made: Mapping[str, List[Mutant]]) -> None:
        assert [operator for operator, of in made.items() if not of] == []
        assert (len(made) > 20, sum(map(len, made.values())) > 4000) == (True, True)

    @pytest.mark.parametrize("operator", OPERATORS)
    def test_by_its_case(
        self,
        operator: str,
        made: Mapping[str, List[Mutant]],
        between: Between,
        before: Mapping[str, Dict[str, Any]],
    ) -> None:
        cases = {case["id"]: case for case in CASES}
        passing = []
        for mutant in made[operator]:
            between.begin(mutant.case_id, mutant.replies)
            verdict = player(between, before[mutant.case_id]).play(cases[mutant.case_id])
            if verdict.outcome != "failed":
                passing.append(mutant.name)

        assert passing == [], "\n".join(passing)


class TestSwappedIds:
    """Issue: "swapped ids": a server that answers with the id of something else."""

    def test_a_case_that_uses_the_id_notices(
        self, between: Between, before: Mapping[str, Dict[str, Any]]
    ) -> None:
        unused = []
        for case in CASES:
            for name in captures(case["response"]["body"]):
                users = [each for each in CASES if name in json.dumps([each["request"], each["response"]])]
                swapped = {name: "1" if isinstance(before[users[-1]["id"]].get(name), str) else 1}
                verdicts = []
                for user in users:
                    if user["id"] == case["id"]:
                        continue
                    between.begin(user["id"], [right(each) for each in RECORDED[user["id"]]])
                    asked = player(between, {**before[user["id"]], **swapped})
                    verdicts.append(asked.play(user).outcome)
                if "failed" not in verdicts:
                    unused.append(f"{case['id']} {name}")

        assert unused == [], "\n".join(unused)
