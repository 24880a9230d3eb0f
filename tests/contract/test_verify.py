"""The runner itself, against a small server that answers from a script."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest

from contract import corpus
from contract.exchange import FORM, send
from contract.verify import Player, Verdict, first_cluster, in_order, main, report

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


class ScriptedServer:
    """Answers (method, path, body text) by a function; remembers what arrived."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seen: List[Tuple[str, Dict[str, str], str]] = []
        self.url = ""

    def handler(self) -> type:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                server.seen.append((self.requestline, dict(self.headers), text))
                status, body = server.script(self.command, self.path, text)
                payload = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = answer  # noqa: N815  names that http.server wants

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
                del format, args

        return Handler


@contextmanager
def serving(script: Script) -> Iterator[ScriptedServer]:
    scripted = ScriptedServer(script)
    server = ThreadingHTTPServer(("127.0.0.1", 0), scripted.handler())
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Clock:
    """Time that passes only when someone waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def pause(self, seconds: float) -> None:
        self.seconds += seconds


def play(script: Script, *cases: Dict[str, Any], **variables: Any) -> List[Verdict]:
    clock = Clock()
    with serving(script) as server:
        player = Player(server.url, dict(variables), now=clock.now, pause=clock.pause)
        return [player.play(case) for case in cases]


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

    def test_a_right_server_passes(self) -> None:
        verdicts = play(jobs(RUNNING, RUNNING, DONE), CREATE, GET)

        assert verdicts == [Verdict("create"), Verdict("get")]

    def test_a_wrong_value_is_named_at_its_path_and_nothing_else_is(self) -> None:
        _, verdict = play(jobs({"name": "DONE", "result": "FAILED"}), CREATE, GET)

        assert named(verdict) == ['$.state.result: wanted "SUCCESS", got "FAILED"']

    def test_a_wrong_type_is_named(self) -> None:
        (verdict,) = play(jobs(DONE, job_id="7"), CREATE)

        assert named(verdict) == ['$.job_id: wanted type integer, got "7"']

    def test_a_wrong_status_is_named_with_what_came(self) -> None:
        (verdict,) = play(lambda *_: (500, {"error": "oh"}), CREATE)

        assert named(verdict) == ['status: wanted 200, got 500 with "{\\"error\\": \\"oh\\"}"']

    def test_an_answer_that_is_no_json_is_named(self) -> None:
        (verdict,) = play(lambda *_: (200, "<html>"), CREATE)

        assert named(verdict) == ['$: wanted a JSON document, got "<html>"']

    def test_one_of_several_statuses_will_do(self) -> None:
        case = {**CREATE, "response": {"status": [200, 404], "body": {"$type": "object"}}}

        assert play(lambda *_: (404, {}), case) == [Verdict("create")]

    def test_a_header_is_compared_without_regard_to_case(self) -> None:
        case = {
            **CREATE,
            "response": {
                **CREATE["response"],
                "headers": {"CONTENT-LENGTH": {"$match": r"^\d+$"}, "X-No": "1"},
            },
        }

        (verdict,) = play(jobs(DONE), case)

        assert named(verdict) == ['header.X-No: wanted "1", got nothing']

    def test_a_server_that_is_gone_is_a_difference(self) -> None:
        with serving(jobs(DONE)) as server:
            url = server.url
        verdict = Player(url, {}).play(CREATE)

        assert re.match("request: wanted an answer, got ConnectionRefusedError", named(verdict)[0])


class TestOrder:
    """Plays the cases in dependency order; captured ids flow from one exchange to the next."""

    def test_what_needs_a_failed_case_is_not_asked_and_says_why(self) -> None:
        with serving(lambda *_: (500, {})) as server:
            player = Player(server.url, {})
            verdicts = [player.play(case) for case in (CREATE, GET, {**GET, "id": "after", "needs": ["get"]})]

        assert [named(each)[0] for each in verdicts[1:]] == [
            "request: wanted to be asked, got nothing, because create failed",
            "request: wanted to be asked, got nothing, because create failed",
        ]
        assert len(server.seen) == 1

    def test_a_case_whose_variable_nobody_gave_is_left_out(self) -> None:
        (verdict,) = play(jobs(DONE), {**CREATE, "requires": ["refused_token"]})

        assert verdict == Verdict("create", not_asked="no refused_token was given")

    def test_a_request_without_its_value_is_a_difference(self) -> None:
        (verdict,) = play(jobs(DONE), {**GET, "needs": []})

        assert named(verdict) == ["request: wanted a value for job_id, got nothing"]

    def test_needs_come_first_and_only_takes_them_along(self) -> None:
        cases = [GET, CREATE, {"id": "other"}]

        assert [case["id"] for case in in_order(cases)] == ["create", "get", "other"]
        assert [case["id"] for case in in_order(cases, ["g*"])] == ["create", "get"]


class TestPolling:
    """Polling steps until a terminal state, with a bound."""

    def test_a_run_that_never_ends_is_given_up_after_the_bound(self) -> None:
        _, verdict = play(jobs(RUNNING), CREATE, GET)

        assert named(verdict) == ['$.state.name: wanted one of ["DONE"] within 10 s, got "RUNNING"']

    def test_the_bound_can_be_set_for_all(self) -> None:
        clock = Clock()
        with serving(jobs(RUNNING)) as server:
            player = Player(server.url, {"job_id": 7}, now=clock.now, pause=clock.pause, at_most=1.0)
            verdict = player.play({**GET, "needs": []})

        assert "within 1.0 s" in named(verdict)[0]
        assert 1.0 <= clock.seconds < 3.0

    def test_an_answer_on_the_way_is_compared_too(self) -> None:
        _, verdict = play(jobs({"name": "DREAMING"}, DONE), CREATE, GET)

        assert named(verdict) == ['$.state.name: wanted "RUNNING", got "DREAMING"']

    def test_an_error_on_the_way_ends_the_wait(self) -> None:
        def script(method: str, path: str, text: str) -> Reply:
            return (200, {"job_id": 7}) if method == "POST" else (500, path + text)

        _, verdict = play(script, CREATE, GET)

        assert named(verdict)[0].startswith("status: wanted 200, got 500")


class TestRequests:
    """GET bodies, an absent Content-Type and odd headers are exact."""

    @staticmethod
    def arrived(**changes: Any) -> Tuple[str, Dict[str, str], str]:
        with serving(lambda *_: (200, {})) as server:
            send(server.url, {"method": "POST", "path": "/x?a=1", "headers": {}, "client": "bare", **changes})
            return server.seen[0]

    def test_a_bare_request_has_host_and_length_and_nothing_else(self) -> None:
        line, headers, text = self.arrived(body={"name": "Größe"})

        assert line == "POST /x?a=1 HTTP/1.1"
        assert set(headers) == {"Host", "Content-Length"}
        assert json.loads(text) == {"name": "Größe"}

    def test_curl_calls_a_body_a_form(self) -> None:
        _, headers, _ = self.arrived(client="curl", body={})

        assert headers["Content-Type"] == FORM
        assert headers["Accept"] == "*/*"

    def test_curl_leaves_a_content_type_that_is_given(self) -> None:
        _, headers, _ = self.arrived(client="curl", headers={"Content-Type": "application/json"}, body={})

        assert headers["Content-Type"] == "application/json"

    def test_a_get_carries_its_body(self) -> None:
        line, headers, text = self.arrived(method="GET", client="curl", body={"run_id": 1})

        assert (line.split()[0], text) == ("GET", '{"run_id": 1}')
        assert headers["Content-Type"] == FORM

    def test_a_get_without_a_body_has_no_content_type(self) -> None:
        _, headers, text = self.arrived(method="GET", client="curl")

        assert (headers.get("Content-Type"), headers.get("Content-Length"), text) == (None, None, "")

    def test_text_is_sent_as_it_stands(self) -> None:
        assert self.arrived(text='{"name": ')[2] == '{"name": '

    def test_a_request_line_may_carry_the_whole_url(self) -> None:
        assert re.match(r"POST http://127\.0\.0\.1:\d+/x\?a=1 HTTP/1\.1", self.arrived(target="absolute")[0])

    def test_curl_itself_sends_the_same(self, curl: Optional[str]) -> None:
        """Everything but its version."""
        if curl is None:
            pytest.skip("no curl on this machine")
        with serving(lambda *_: (200, {})) as server:
            command = [
                curl,
                "-s",
                "-X",
                "GET",
                f"{server.url}/x",
                "-H",
                "Authorization: Bearer t",
                "-d",
                '{"run_id": 1}',
            ]
            subprocess.run(command, check=True, capture_output=True)
            request = {
                "method": "GET",
                "path": "/x",
                "headers": {"Authorization": "Bearer t"},
                "client": "curl",
            }
            send(server.url, {**request, "body": {"run_id": 1}})

        theirs, ours = server.seen
        assert {**theirs[1], "User-Agent": ""} == {**ours[1], "User-Agent": ""}
        assert (theirs[0], theirs[2]) == (ours[0], ours[2])


@pytest.fixture
def curl() -> Optional[str]:
    import shutil  # noqa: PLC0415  this test alone

    return shutil.which("curl")


class TestReport:
    """Exit 0/1/2; summary line 'N passed, N failed'."""

    @staticmethod
    def lines(*verdicts: Verdict) -> Tuple[int, List[str]]:
        written: List[str] = []
        return report(verdicts, written.append), written

    def test_all_passed_is_zero(self) -> None:
        assert self.lines(Verdict("a")) == (0, ["passed     a\n", "1 passed, 0 failed\n"])

    def test_a_difference_is_one_and_has_its_line(self) -> None:
        (failed,) = play(jobs(DONE, job_id="7"), CREATE)

        code, lines = self.lines(Verdict("a"), failed, Verdict("b", not_asked="why"))

        assert code == 1
        assert lines[1:3] == ["FAILED     create\n", '           $.job_id: wanted type integer, got "7"\n']
        assert lines[-1] == "1 passed, 1 failed, 1 not asked\n"


class TestCommand:
    """`python -m contract.verify --url URL --token TOKEN`."""

    def test_a_server_that_is_not_there_is_two(self, capsys: pytest.CaptureFixture[str]) -> None:
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
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with serving(lambda *_: (404, {})) as server:
            assert main(["--url", server.url, "--token", "t", "--only", "jobs/create/*"]) == 1
        passed, failed = re.findall(r"(\d+) passed, (\d+) failed", capsys.readouterr().out)[0]

        assert (passed, int(failed) > 5) == ("0", True)

    def test_secrets_of_a_right_server_pass_one_by_one(self, capsys: pytest.CaptureFixture[str]) -> None:
        def script(method: str, path: str, text: str) -> Reply:
            del method, text
            return (200, {}) if path.startswith("/api/2.0/secrets/") else (404, {})

        with serving(script) as server:
            code = main(["--url", server.url, "--token", "dapi", "--only", "secrets/put"])

        assert code == 0
        assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 0 failed"
        assert {headers["Authorization"] for _, headers, _ in server.seen} == {"Bearer dapi"}
        assert json.loads(server.seen[-1][2])["string_value"] == "your-secure-api-key"

    def test_the_cluster_is_asked_for_when_none_is_named(self) -> None:
        with serving(lambda *_: (200, {"clusters": [{"cluster_id": "c-1"}]})) as server:
            assert first_cluster(Player(server.url, {"token": "t"})) == "c-1"
        with serving(lambda *_: (404, {})) as server:
            assert first_cluster(Player(server.url, {"token": "t"})) is None

    @pytest.mark.process
    def test_it_runs_as_a_module(self) -> None:
        command = [sys.executable, "-m", "contract.verify", "--list", "--only", "runs/get"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=corpus.ROOT.parent)

        assert done.stdout.splitlines()[-1].startswith("runs/get: ")
