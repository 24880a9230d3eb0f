"""`examples/go/runner`: a runner in another language has the verdicts of `nuvyn-contract verify`."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest

from contract import corpus
from contract.verify import Player
from tests.contract.go_programs import GO, PROGRAMS, built, environment, needs_go
from tests.contract.mutants import OPERATORS, Mutant, Reply, mutants
from tests.contract.recorded import CASES, GIVEN, RECORDED, Asked, Replay, learned, replying

pytestmark = [pytest.mark.process, needs_go]
# These change what is not in an answer of JSON, or never let a play end.
LEFT_OUT = ("never ends",)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("runner", tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def expected() -> Dict[str, List[Asked]]:
    return learned()


def by_python(url: str) -> List[Tuple[str, str]]:
    player = Player(url, {**corpus.default_variables(), **GIVEN}, pause=lambda _: None)
    return [(case["id"], player.play(case).outcome) for case in CASES]


def by_go(runner: Path, url: str, given: Dict[str, str]) -> Tuple[int, List[Tuple[str, str]], str]:
    words = [word for name, value in given.items() for word in (f"-{name.replace('_', '-')}", value)]
    ended = subprocess.run(
        [str(runner), "-cases", str(corpus.CASES), "-url", url, "-pause", "1us", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    lines = re.findall(r"^(passed|FAILED|not asked) +(\S+)$", ended.stdout, re.MULTILINE)
    return ended.returncode, [(case, outcome.lower()) for outcome, case in lines], ended.stdout + ended.stderr


def one_of_each_operator() -> List[Mutant]:
    """Return a fault of each kind; which one is the same in each run of the tests."""
    found: Dict[str, List[Mutant]] = {operator: [] for operator in OPERATORS}
    for case in CASES:
        for operator, mutant in mutants(case, RECORDED[case["id"]]):
            found[operator].append(mutant)
    chance = random.Random(16)  # noqa: S311  no secret
    return [chance.choice(of) for operator, of in found.items() if operator not in LEFT_OUT]


class TestARunnerInAnotherLanguage:
    """Issue: "A runner in another language as proof (Go or TypeScript, some 150 lines, `examples/`)"."""

    @staticmethod
    def both(
        runner: Path, expected: Dict[str, List[Asked]], mutant: Optional[Mutant]
    ) -> Sequence[List[Tuple[str, str]]]:
        with replying(Replay(expected, mutant).answer) as url:
            python = by_python(url)
        with replying(Replay(expected, mutant).answer) as url:
            code, go, printed = by_go(runner, url, GIVEN)
        failed = any(outcome == "failed" for _, outcome in python)
        assert code == int(failed), printed
        return python, go

    def test_it_plays_all_cases_in_the_same_order_and_all_pass(
        self, runner: Path, expected: Dict[str, List[Asked]]
    ) -> None:
        python, go = self.both(runner, expected, None)

        assert go == python == [(case["id"], "passed") for case in CASES]

    @pytest.mark.parametrize("mutant", one_of_each_operator(), ids=lambda mutant: mutant.name.split(":")[0])
    def test_a_wrong_server_fails_by_the_same_cases(
        self, runner: Path, expected: Dict[str, List[Asked]], mutant: Mutant
    ) -> None:
        python, go = self.both(runner, expected, mutant)

        assert go == python
        assert (mutant.case_id, "failed") in go

    def test_a_case_without_its_variable_is_not_asked(self, runner: Path) -> None:
        with replying(lambda _: Reply(500, "application/json", "{}")) as url:
            code, go, _ = by_go(runner, url, {"token": "t", "cluster_id": "c"})

        left_out = [case["id"] for case in CASES if case.get("requires")]
        assert (code, [case for case, outcome in go if outcome == "not asked"]) == (1, left_out)

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            ([], "is no URL"),
            (["-url", "http://127.0.0.1:9", "-token", "t"], '"http://127.0.0.1:9" does not answer'),
            (["-url", "http://127.0.0.1:9", "-token", "t", "-cases", "nowhere"], "The cases cannot be read"),
        ],
    )
    def test_what_it_cannot_ask_is_one_sentence(self, runner: Path, words: List[str], says: str) -> None:
        place = [] if "-cases" in words else ["-cases", str(corpus.CASES)]
        ended = subprocess.run([str(runner), *place, *words], capture_output=True, text=True, check=False)

        assert (ended.returncode, says in ended.stderr, ended.stdout) == (2, True, ""), ended.stderr


class TestTheProgramsAreGo:
    """What a Go engineer expects of each program of `examples/go`."""

    def test_they_are_laid_out_as_gofmt_does(self) -> None:
        gofmt = Path(str(GO)).resolve().with_name("gofmt")
        ended = subprocess.run([str(gofmt), "-l", str(PROGRAMS)], capture_output=True, text=True, check=True)

        assert ended.stdout == ""

    @pytest.mark.parametrize("name", sorted(path.parent.name for path in PROGRAMS.glob("*/main.go")))
    def test_vet_finds_nothing(self, name: str) -> None:
        command: Any = [GO, "vet", str(PROGRAMS / name / "main.go")]
        ended = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)

        assert (ended.returncode, ended.stderr) == (0, "")
