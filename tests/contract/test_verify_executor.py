"""`nuvyn-contract verify-executor`, with a stand-in, and with our executor where it needs no Spark."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from contract.__main__ import main

pytestmark = [pytest.mark.process]

# Prints the guide's own outputs; FAULT is put in its place.
STAND_IN = """
import json, sys
from contract import corpus
fault, job, rest = sys.argv[1], (sys.argv + [""])[2], sys.argv[3:]
if rest and "no-such" in rest[0]:
    print(json.dumps({**corpus.failure()["documented"], "job_type": job, "error": {
        "type": "SourceNotFound", "message": "Nothing lies at " + rest[0], "remedy": "Check it."}}))
    sys.exit(0 if fault == "exit code" else 1)
result = corpus.documented_output(job)
if fault == "missing key":
    result.pop(list(result)[-1])
if fault == "noise":
    print("starting")
if fault != "no log":
    print(corpus.log_lines()[0], file=sys.stderr)
print(json.dumps(result))
if fault == "two documents":
    print(json.dumps(result))
"""


def called(capsys: pytest.CaptureFixture[str], only: str, *command: str) -> Tuple[int, List[Dict[str, Any]]]:
    code = main(["verify-executor", "--only", only, "--report", "json", "--", *command])
    cases: List[Dict[str, Any]] = json.loads(capsys.readouterr().out)["cases"]
    return code, cases


class TestVerifyExecutor:
    """Issue: "any implementation's command line by its outputs, exit codes, log lines"."""

    @pytest.fixture
    def stand_in(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> List[str]:
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
        place = tmp_path / "executor.py"
        place.write_text(STAND_IN, encoding="utf-8")
        return [sys.executable, str(place)]

    @pytest.mark.parametrize("only", ["jobs/*", "failed/*"])
    def test_the_guides_own_outputs_pass(
        self, stand_in: List[str], capsys: pytest.CaptureFixture[str], only: str
    ) -> None:
        code, cases = called(capsys, only, *stand_in, "none")

        assert (code, [case["differences"] for case in cases if case["differences"]]) == (0, [])

    @pytest.mark.parametrize(
        ("fault", "only", "place"),
        [
            ("missing key", "jobs/data_reading", "$."),
            ("noise", "jobs/schema_validation", "stdout"),
            ("two documents", "jobs/schema_validation", "stdout"),
            ("no log", "jobs/schema_validation", "stderr"),
            ("exit code", "failed/no_source", "exit code"),
        ],
    )
    def test_a_fault_is_named(
        self, stand_in: List[str], capsys: pytest.CaptureFixture[str], fault: str, only: str, place: str
    ) -> None:
        code, (case,) = called(capsys, only, *stand_in, fault)

        assert (code, case["differences"][0]["path"].startswith(place)) == (1, True)

    def test_our_executor_refuses_as_documented(
        self, stand_in: List[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        del stand_in
        code, cases = called(capsys, "refused/[12]", sys.executable, "-m", "nuvyn_executor")

        assert (code, [case["differences"] for case in cases]) == (0, [[], []])

    def test_a_command_that_is_not_there_is_two(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify-executor", "--only", "refused/1", "--", "/no/such/executor"]) == 2
        assert "/no/such/executor" in capsys.readouterr().err
