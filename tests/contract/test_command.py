"""The command `nuvyn-contract`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Callable, ContextManager, Dict, List, Tuple

import pytest

from contract import VERSION, corpus
from contract.__main__ import COMMANDS, main
from contract.leftovers import Leftovers
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pathlib import Path

Reply = Tuple[int, Any]
Script = Callable[[str, str, str], Reply]
Serving = Callable[[Script], ContextManager[Any]]
OPTIONS = ["--token", "dapi-a-token"]


def secrets_alone(method: str, path: str, text: str) -> Reply:
    del method, text
    return (200, {}) if path.startswith("/api/2.0/secrets/") else (404, {})


class TestCommand:
    """Issue: "One command: `nuvyn-contract` (distribution `fake-databricks`)"."""

    def test_help_names_each_command(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--help"]) == 0
        said = capsys.readouterr().out

        assert [name for name in COMMANDS if f"  {name} " not in said] == []

    def test_no_command_and_an_unknown_one_are_two(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert (main([]), main(["verfiy"])) == (2, 2)
        assert "There is no command 'verfiy'; there are verify" in capsys.readouterr().err

    def test_it_says_the_version_of_the_contract(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--version"]) == 0
        assert VERSION in capsys.readouterr().out

    def test_the_receiver_is_one_of_them(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Issue: "The platform's side: `nuvyn-contract receiver`"."""
        with pytest.raises(SystemExit) as left:
            main(["receiver", "--help"])

        assert left.value.code == 0
        assert "--port" in capsys.readouterr().out

    @pytest.mark.process
    def test_it_runs_as_a_module(self) -> None:
        command = [sys.executable, "-m", "contract", "verify", "--list", "--only", "runs/get"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=corpus.ROOT.parent)

        assert done.stdout.splitlines()[-1].startswith("runs/get: ")


class TestReport:
    """Issue: "[--report text|json|junit|html]" to stdout or `--output FILE`."""

    def test_json_is_the_only_thing_on_stdout(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with serving(secrets_alone) as server:
            code = main(
                ["verify", "--url", server.url, *OPTIONS, "--only", "secrets/put", "--report", "json"]
            )

        assert (code, json.loads(capsys.readouterr().out)["passed"]) == (0, 3)

    def test_a_file_has_the_report_and_stdout_nothing(
        self, serving: Serving, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        place = tmp_path / "report.xml"
        with serving(secrets_alone) as server:
            words = ["--only", "secrets/put", "--report", "junit", "--output", str(place)]
            code = main(["verify", "--url", server.url, *OPTIONS, *words])

        assert (code, capsys.readouterr().out) == (0, "")
        assert place.read_text(encoding="utf-8").startswith("<?xml")

    def test_a_file_that_cannot_be_written_is_two_before_any_case_is_asked(
        self, serving: Serving, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        place = tmp_path / "no-folder" / "report.xml"
        with serving(secrets_alone) as server:
            code = main(["verify", "--url", server.url, *OPTIONS, "--output", str(place)])

        assert code == 2
        assert f"{place} cannot be written" in capsys.readouterr().err
        assert [line for line, _, _ in server.seen if "clusters/list" not in line] == []


class TestLeavesNothingBehind:
    """Issue: "what it leaves behind is under a name of its own and removed at the end"."""

    def test_what_was_created_is_removed_also_when_cases_failed(self, serving: Serving) -> None:
        def script(method: str, path: str, text: str) -> Reply:
            del method, text
            if path.startswith("/api/2.1/jobs/create"):
                return 200, {"job_id": 7}
            return (500, {}) if "/jobs/get" in path else (200, {})

        with serving(script) as server:
            words = ["--only", "jobs/*", "--only", "secrets/*", "--only", "setup/main"]
            assert main(["verify", "--url", server.url, *OPTIONS, *words, "--report", "json"]) == 1
        removed = [line.split()[1] for line, _, _ in server.seen][-6:]

        assert "/api/2.0/secrets/scopes/delete" in removed
        assert removed[-1] == "/api/2.0/dbfs/delete"
        assert '{"job_id": 7}' in [text for line, _, text in server.seen if "jobs/delete" in line]

    def test_a_thing_that_is_still_busy_is_asked_for_again_and_what_stays_is_named(
        self, serving: Serving
    ) -> None:
        answers: List[Reply] = [(200, {"run_id": 5}), (200, {})]
        pauses: List[float] = []

        def script(method: str, path: str, text: str) -> Reply:
            del method, path, text
            return answers.pop(0) if answers else (400, {"message": "the run is active"})

        with serving(script) as server:
            leftovers = Leftovers(server.url, "t", pause=pauses.append)
            leftovers.watch(server.url, request("/api/2.1/jobs/runs/submit", {}))
            staying = leftovers.remove()

        assert len(pauses) == 4
        assert "/api/2.1/jobs/runs/delete {'run_id': 5} was answered with 400" in staying[0]

    def test_a_server_that_is_gone_ends_it_with_a_sentence(self, serving: Serving) -> None:
        with serving(lambda *_: (200, {"job_id": 1})) as server:
            leftovers = Leftovers(server.url, "t", "/own")
            leftovers.watch(server.url, request("/api/2.1/jobs/create", {}))

        (sentence,) = leftovers.remove()

        assert "does not answer any more, so the rest stays" in sentence

    @pytest.mark.process
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_also_after_an_interruption(self, serving: Serving, number: signal.Signals) -> None:
        """The server itself interrupts the command while it waits for an answer."""
        process: List[subprocess.Popen[str]] = []

        def script(method: str, path: str, text: str) -> Reply:
            del method, text
            if path.endswith("/dbfs/put"):
                return 200, {}
            if path.endswith("/secrets/scopes/create"):
                process[0].send_signal(number)
            return 200, {}

        with serving(script) as server:
            command = [sys.executable, "-m", "contract", "verify", "--url", server.url, *OPTIONS]
            environment = {**os.environ, "PYTHONPATH": str(corpus.ROOT.parent)}
            chosen = ["--only", "setup/main", "--only", "secrets/*", "--report", "json"]
            process.append(
                subprocess.Popen([*command, *chosen], stdout=subprocess.PIPE, text=True, env=environment)
            )
            out, _ = process[0].communicate(timeout=LONGEST)

        assert process[0].returncode == 130
        assert json.loads(out)["cases"][0]["id"] == "setup/main"
        assert server.seen[-1][0].startswith("POST /api/2.0/dbfs/delete")


def request(path: str, body: Dict[str, Any]) -> Dict[str, Any]:
    return {"method": "POST", "path": path, "headers": {}, "client": "curl", "body": body}
