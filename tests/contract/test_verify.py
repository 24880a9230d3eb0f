"""The runner itself, against a small server that answers from a script."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any, Callable, ContextManager, Dict, List, Tuple

import pytest

from contract import corpus
from contract.verdicts import Verdict
from contract.verify import Player, first_cluster, in_order, main, report

CREATE: Dict[str, Any] = {
    "id": "create",
    "request": {"method": "POST", "path": "/create", "headers": {}, "client": "curl", "body": {"name": "n"}},
    "response": {"status": 200, "body": {"job_id": {"$type": "integer", "$capture": "job_id"}}},
}
GET: Dict[str, Any] = {
    "id": "get",
    "needs": ["create"],
    "request": {
        "method": "GET",
        "path": "/get",
        "headers": {},
        "client": "curl",
        "body": {"job_id": {"$ref": "job_id"}},
    },
    "poll": {
        "path": "$.state.name",
        "until": ["DONE"],
        "at_most_seconds": 10,
        "meanwhile": {"state": {"name": "RUNNING"}},
    },
    "response": {
        "status": 200,
        "body": {"job_id": {"$ref": "job_id"}, "state": {"name": "DONE", "result": "SUCCESS"}},
    },
}
Reply = Tuple[int, Any]
Script = Callable[[str, str, str], Reply]
Serving = Callable[[Script], ContextManager[Any]]
Play = Callable[..., List[Verdict]]


class Clock:
    """Time that passes only when someone waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def play(serving: Serving) -> Play:
    """Play cases against a script, and take their verdicts."""

    def played(script: Script, *cases: Dict[str, Any]) -> List[Verdict]:
        clock = Clock()
        with serving(script) as server:
            player = Player(server.url, {}, now=clock.now, pause=clock.pause)
            return [player.play(case) for case in cases]

    return played


def named(verdict: Verdict) -> List[str]:
    return [str(difference) for difference in verdict.differences]


def jobs(*states: Dict[str, Any], job_id: Any = 7) -> Script:
    """Creates a job, then tells its states one by one; the last one stays."""
    left = list(states)

    def script(method: str, path: str, text: str) -> Reply:
        if (method, path) == ("POST", "/create"):
            return 200, {"job_id": job_id}
        state = left.pop(0) if len(left) > 1 else left[0]
        return 200, {"job_id": json.loads(text)["job_id"], "state": state}

    return script


RUNNING, DONE = {"name": "RUNNING"}, {"name": "DONE", "result": "SUCCESS"}


class TestDifferences:
    """Names each difference by path, wanted, got."""

    def test_a_right_server_passes(self, play: Play) -> None:
        verdicts = play(jobs(RUNNING, RUNNING, DONE), CREATE, GET)

        assert verdicts == [Verdict("create"), Verdict("get")]

    def test_a_wrong_value_is_named_at_its_path_and_nothing_else_is(self, play: Play) -> None:
        _, verdict = play(jobs({"name": "DONE", "result": "FAILED"}), CREATE, GET)

        assert named(verdict) == ['$.state.result: wanted "SUCCESS", got "FAILED"']

    def test_a_wrong_type_is_named(self, play: Play) -> None:
        (verdict,) = play(jobs(DONE, job_id="7"), CREATE)

        assert named(verdict) == ['$.job_id: wanted type integer, got "7"']

    def test_a_wrong_status_is_named_with_what_came(self, play: Play) -> None:
        (verdict,) = play(lambda *_: (500, {"error": "oh"}), CREATE)

        assert named(verdict) == ['status: wanted 200, got 500 with "{\\"error\\": \\"oh\\"}"']

    def test_an_answer_that_is_no_json_is_named(self, play: Play) -> None:
        (verdict,) = play(lambda *_: (200, "<html>"), CREATE)

        assert named(verdict) == ['$: wanted a JSON document, got "<html>"']

    def test_one_of_several_statuses_will_do(self, play: Play) -> None:
        case = {**CREATE, "response": {"status": [200, 404], "body": {"$type": "object"}}}

        assert play(lambda *_: (404, {}), case) == [Verdict("create")]

    def test_a_header_is_compared_without_regard_to_case(self, play: Play) -> None:
        case = {
            **CREATE,
            "response": {
                **CREATE["response"],
                "headers": {"CONTENT-LENGTH": {"$match": r"^\d+$"}, "X-No": "1"},
            },
        }

        (verdict,) = play(jobs(DONE), case)

        assert named(verdict) == ['header.X-No: wanted "1", got nothing']

    def test_a_server_that_is_gone_is_a_difference(self, serving: Serving) -> None:
        with serving(jobs(DONE)) as server:
            url = server.url
        verdict = Player(url, {}).play(CREATE)

        assert re.match("request: wanted an answer, got ConnectionRefusedError", named(verdict)[0])


class TestOrder:
    """Plays the cases in dependency order; captured ids flow from one exchange to the next."""

    def test_what_needs_a_failed_case_is_not_asked_and_says_why(self, serving: Serving) -> None:
        with serving(lambda *_: (500, {})) as server:
            player = Player(server.url, {})
            verdicts = [player.play(case) for case in (CREATE, GET, {**GET, "id": "after", "needs": ["get"]})]

        assert [named(each)[0] for each in verdicts[1:]] == [
            "request: wanted to be asked, got nothing, because create failed",
            "request: wanted to be asked, got nothing, because create failed",
        ]
        assert len(server.seen) == 1

    def test_a_case_whose_variable_nobody_gave_is_left_out(self, play: Play) -> None:
        (verdict,) = play(jobs(DONE), {**CREATE, "requires": ["refused_token"]})

        assert verdict == Verdict("create", not_asked="no refused_token was given")

    def test_a_request_without_its_value_is_a_difference(self, play: Play) -> None:
        (verdict,) = play(jobs(DONE), {**GET, "needs": []})

        assert named(verdict) == ["request: wanted a value for job_id, got nothing"]

    def test_needs_come_first_and_only_takes_them_along(self) -> None:
        cases = [GET, CREATE, {"id": "other"}]

        assert [case["id"] for case in in_order(cases)] == ["create", "get", "other"]
        assert [case["id"] for case in in_order(cases, ["g*"])] == ["create", "get"]


class TestPolling:
    """Polling steps until a terminal state, with a bound."""

    def test_a_run_that_never_ends_is_given_up_after_the_bound(self, play: Play) -> None:
        _, verdict = play(jobs(RUNNING), CREATE, GET)

        assert named(verdict) == ['$.state.name: wanted one of ["DONE"] within 10 s, got "RUNNING"']

    def test_the_bound_can_be_set_for_all(self, serving: Serving) -> None:
        clock = Clock()
        with serving(jobs(RUNNING)) as server:
            player = Player(server.url, {"job_id": 7}, now=clock.now, pause=clock.pause, at_most=1.0)
            verdict = player.play({**GET, "needs": []})

        assert "within 1.0 s" in named(verdict)[0]
        assert 1.0 <= clock.seconds < 3.0

    def test_an_answer_on_the_way_is_compared_too(self, play: Play) -> None:
        _, verdict = play(jobs({"name": "DREAMING"}, DONE), CREATE, GET)

        assert named(verdict) == ['$.state.name: wanted "RUNNING", got "DREAMING"']

    def test_a_state_that_comes_back_is_a_difference(self, play: Play) -> None:
        """Issue: "wrong order of states"."""
        polled = {**GET["poll"], "order": ["PENDING", "RUNNING"], "meanwhile": {}}

        _, verdict = play(jobs(RUNNING, {"name": "PENDING"}, DONE), CREATE, {**GET, "poll": polled})

        assert named(verdict) == ['$.state.name: wanted no way back from RUNNING, got "PENDING"']

    def test_what_must_not_be_there_in_a_state_is_named(self, play: Play) -> None:
        polled = {**GET["poll"], "by_state": {"RUNNING": {"state": {"result": {"$absent": True}}}}}

        _, verdict = play(jobs({**RUNNING, "result": "SUCCESS"}, DONE), CREATE, {**GET, "poll": polled})

        assert named(verdict) == ['$.state.result: wanted nothing, got "SUCCESS"']

    def test_an_error_on_the_way_ends_the_wait(self, play: Play) -> None:
        def script(method: str, path: str, text: str) -> Reply:
            return (200, {"job_id": 7}) if method == "POST" else (500, path + text)

        _, verdict = play(script, CREATE, GET)

        assert named(verdict)[0].startswith("status: wanted 200, got 500")


class TestReport:
    """Exit 0/1/2; summary line 'N passed, N failed'."""

    @staticmethod
    def lines(*verdicts: Verdict) -> Tuple[int, List[str]]:
        written: List[str] = []
        return report(verdicts, written.append), written

    def test_all_passed_is_zero(self) -> None:
        assert self.lines(Verdict("a")) == (0, ["passed     a\n", "1 passed, 0 failed\n"])

    def test_a_difference_is_one_and_has_its_line(self, play: Play) -> None:
        (failed,) = play(jobs(DONE, job_id="7"), CREATE)

        code, lines = self.lines(Verdict("a"), failed, Verdict("b", not_asked="why"))

        assert code == 1
        assert lines[1:3] == ["FAILED     create\n", '           $.job_id: wanted type integer, got "7"\n']
        assert lines[-1] == "1 passed, 1 failed, 1 not asked\n"


class TestCommand:
    """`python -m contract.verify --url URL --token TOKEN`."""

    def test_a_server_that_is_not_there_is_two(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with serving(jobs(DONE)) as server:
            url = server.url

        assert main(["--url", url, "--token", "t"]) == 2
        assert "does not answer" in capsys.readouterr().err

    def test_a_pattern_that_fits_nothing_is_two(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--url", "http://127.0.0.1:1", "--token", "t", "--only", "no/such"]) == 2
        assert "No case fits no/such" in capsys.readouterr().err

    def test_without_url_and_token_is_two(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as left:
            main([])

        assert left.value.code == 2
        assert "--url and --token" in capsys.readouterr().err

    def test_list_shows_every_case_and_asks_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--list"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == len(corpus.cases())

    def test_a_server_that_knows_nothing_fails_every_case_of_the_corpus(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with serving(lambda *_: (404, {})) as server:
            assert main(["--url", server.url, "--token", "t", "--only", "jobs/create/*"]) == 1
        passed, failed = re.findall(r"(\d+) passed, (\d+) failed", capsys.readouterr().out)[0]

        assert (passed, int(failed) > 5) == ("0", True)

    def test_secrets_of_a_right_server_pass_one_by_one(
        self, serving: Serving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def script(method: str, path: str, text: str) -> Reply:
            del method, text
            return (200, {}) if path.startswith("/api/2.0/secrets/") else (404, {})

        with serving(script) as server:
            code = main(["--url", server.url, "--token", "dapi", "--only", "secrets/put"])

        assert code == 0
        assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 0 failed"
        assert {headers["Authorization"] for _, headers, _ in server.seen} == {"Bearer dapi"}
        put, removed = server.seen[-2:]
        assert removed[0].startswith("POST /api/2.0/secrets/scopes/delete")
        assert json.loads(put[2])["string_value"] == "your-secure-api-key"

    def test_the_cluster_is_asked_for_when_none_is_named(self, serving: Serving) -> None:
        with serving(lambda *_: (200, {"clusters": [{"cluster_id": "c-1"}]})) as server:
            assert first_cluster(Player(server.url, {"token": "t"})) == "c-1"
        with serving(lambda *_: (404, {})) as server:
            assert first_cluster(Player(server.url, {"token": "t"})) is None

    @pytest.mark.process
    def test_it_runs_as_a_module(self) -> None:
        command = [sys.executable, "-m", "contract.verify", "--list", "--only", "runs/get"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=corpus.ROOT.parent)

        assert done.stdout.splitlines()[-1].startswith("runs/get: ")
