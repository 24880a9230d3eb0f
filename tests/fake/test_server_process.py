from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator

import pytest

from fake_databricks.jobs.changes import LOST
from tests.fake.conftest import Client
from tests.fake.test_engine_supervisor import await_end, daemon, is_alive, noted_pid
from tests.waiting import LONGEST, until

if TYPE_CHECKING:
    from fake_databricks.server import FakeDatabricks

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
TOKEN = "dapi-of-this-test"


@dataclass
class Server:
    process: subprocess.Popen[str]
    printed: list[str]

    @property
    def client(self) -> Client:
        values = dict(line.removeprefix("export ").split("=", 1) for line in self.printed if "=" in line)
        return Client(values["DATABRICKS_HOST"], values["DATABRICKS_TOKEN"], values["DATABRICKS_CLUSTER_ID"])


class Starter:
    """Starts servers on one state folder and ends them all."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *options: str) -> Server:
        command = [sys.executable, "-m", "fake_databricks", "--no-spark", "--port", "0", "--token", TOKEN]
        process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.started.append(process)
        assert process.stdout
        printed = [process.stdout.readline().strip() for _ in range(7)]
        return Server(process, printed)

    def start_kept(self) -> Server:
        return self.start("--state", str(self.state))

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            assert process.stdout
            process.stdout.close()


@pytest.fixture
def starter(tmp_path: Path) -> Iterator[Starter]:
    made = Starter(tmp_path / "state")
    yield made
    made.end()


class TestStart:
    """It prints the URL, a token, the cluster id and the three lines to copy"""

    def test_port_0_picks_one_and_prints_what_to_copy(self, starter: Starter) -> None:
        server = starter.start("--cluster-id", "my-cluster")
        client = server.client
        assert (client.token, client.cluster_id) == (TOKEN, "my-cluster")
        assert server.printed[0] == f"fake_databricks listens at {client.url}"
        assert client.get("/api/2.1/jobs/list") == {"has_more": False}
        assert server.process.stdout
        more = [server.process.stdout.readline().strip() for _ in range(2)]
        assert more == ["", f"pages      {client.url}/?token={TOKEN}"]

    def test_a_token_that_is_not_named_is_refused(self, starter: Starter) -> None:
        client = starter.start().client
        answer = client.send("GET", "/api/2.1/jobs/list", headers={"Authorization": "Bearer other"})
        assert (answer.status, answer.body) == (403, {"error_code": 403, "message": "Invalid access token."})
        assert answer.headers["x-databricks-reason-phrase"] == "Invalid access token."

    def test_another_host_without_a_token_is_refused(self) -> None:
        command = [sys.executable, "-m", "fake_databricks", "--host", "0.0.0.0", "--port", "0"]  # noqa: S104  refused
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "--token" in ended.stderr

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--keep-runs", "0"), "--keep-runs 0: expected 1 or more."),
            (("--port", "99999"), "cannot listen at '127.0.0.1', port 99999"),
            (("--host", "nowhere.invalid", "--token", "x"), "cannot listen at 'nowhere.invalid', port 0"),
            (("--token", ""), "--token, the 1.: expected ASCII"),
            (("--token", "a", "--token", "t\u00f6ken"), "--token, the 2.: expected ASCII"),
            (("--cluster-id", "../x"), "--cluster-id '../x': expected a letter or digit"),
            (("--cluster-id", ""), "--cluster-id '': expected a letter or digit"),
            (("--state", "/proc/nothing"), "/proc/nothing cannot be used"),
        ],
    )
    def test_what_cannot_work_is_refused_in_one_line(self, options: tuple[str, ...], said: str) -> None:
        command = [sys.executable, "-m", "fake_databricks", "--no-spark", "--port", "0", *options]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
        assert ended.stderr.startswith("fake-databricks: ")
        assert said in ended.stderr

    def test_a_port_that_is_taken_is_named(self, server: FakeDatabricks) -> None:
        port = server.url.rpartition(":")[2]
        command = [sys.executable, "-m", "fake_databricks", "--no-spark", "--port", port]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        said = f"This server cannot listen at '127.0.0.1', port {port} (Address already in use)"
        remedy = "name another --host or --port; --port 0 is a free one."
        assert (ended.returncode, ended.stderr) == (2, f"fake-databricks: {said}: {remedy}\n")


class TestTls:
    """prints the authority's file and lines to copy"""

    def test_it_prints_what_clients_need_to_trust_it(self, starter: Starter) -> None:
        server = starter.start("--tls", "--state", str(starter.state))
        assert server.process.stdout
        more = [server.process.stdout.readline().strip() for _ in range(6)]
        folder = next((starter.state / "tls").iterdir())
        assert server.printed[4].startswith("export DATABRICKS_HOST=https://127.0.0.1:")
        assert more == [
            "",
            f"authority  {folder}/authority.pem",
            "",
            f"export REQUESTS_CA_BUNDLE={folder}/bundle.pem",
            f"export SSL_CERT_FILE={folder}/bundle.pem",
            f"export NODE_EXTRA_CA_CERTS={folder}/authority.pem",
        ]


class TestEnd:
    """SIGTERM ends every child."""

    def test_a_running_program_ends_with_the_server(self, starter: Starter, tmp_path: Path) -> None:
        server = starter.start()
        client = server.client
        note = tmp_path / "pid"
        source = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"
        client.post("/api/2.1/jobs/run-now", job_id=client.flat_job(source))
        until(lambda: note.exists() and note.read_text())
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(LONGEST) is not None
        with pytest.raises(ProcessLookupError):
            os.kill(int(note.read_text()), 0)


class TestKilled:
    """Issue: "Nothing outlives its run or its server: `--no-spark` leaves run processes after `kill -9`"."""

    def test_nothing_of_runs_and_contexts_is_left(self, starter: Starter, tmp_path: Path) -> None:
        server = starter.start()
        client = server.client
        notes = [tmp_path / name for name in ("run", "run-daemon", "context", "context-daemon")]
        sources = [
            f"import os\nopen({str(note)!r}, 'w').write(str(os.getpid()))\n{daemon(child)}"
            for note, child in (notes[:2], notes[2:])
        ]
        client.post(
            "/api/2.1/jobs/run-now", job_id=client.flat_job(f"{sources[0]}\nimport time; time.sleep(600)")
        )
        context = client.post("/api/1.2/contexts/create", clusterId=client.cluster_id, language="python")[
            "id"
        ]
        client.post(
            "/api/1.2/commands/execute",
            clusterId=client.cluster_id,
            contextId=context,
            language="python",
            command=sources[1],
        )
        left = [noted_pid(note) for note in reversed(notes)]  # a daemon's note comes last
        assert all(is_alive(pid) for pid in left)
        server.process.kill()
        for pid in left:
            await_end(pid)


class TestState:
    """`--state DIR` keeps jobs, runs, outputs, secrets, DBFS over a restart, a kill -9 included"""

    def fill(self, client: Client) -> dict[str, Any]:
        client.post("/api/2.0/secrets/scopes/create", scope="s", initial_manage_principal="users")
        client.post("/api/2.0/secrets/put", scope="s", key="k", string_value="a value")
        done = client.run(client.flat_job("print('kept')"))
        slow = client.flat_job("import time; time.sleep(600)")
        active = client.post("/api/2.1/jobs/run-now", job_id=slow)["run_id"]
        client.wait_for(f"/api/2.1/clusters/get?cluster_id={client.cluster_id}", "state", "RUNNING")
        return {"done": done, "active": active}

    @pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
    def test_everything_is_there_again(self, starter: Starter, ending: signal.Signals) -> None:
        first = starter.start_kept()
        kept = self.fill(first.client)
        first.process.send_signal(ending)
        first.process.wait(LONGEST)
        client = starter.start_kept().client
        done = client.get(f"/api/2.1/jobs/runs/get?run_id={kept['done']['run_id']}")
        same = ("state", "start_time", "end_time", "run_name", "number_in_job")
        assert {key: done[key] for key in same} == {key: kept["done"][key] for key in same}
        assert client.output(done["run_id"])["logs"] == "kept"
        assert client.get("/api/2.0/secrets/get?scope=s&key=k")["value"] == "YSB2YWx1ZQ=="
        assert client.get("/api/2.0/dbfs/list?path=/")["files"]
        state = client.get(f"/api/2.1/jobs/runs/get?run_id={kept['active']}")["state"]
        assert state["life_cycle_state"] == "TERMINATED"
        assert (state["result_state"], state["state_message"]) == ("FAILED", LOST)
        assert client.run(client.flat_job("pass"))["run_id"] > kept["active"]

    def test_without_it_nothing_is_left(self, starter: Starter) -> None:
        server = starter.start()
        server.client.flat_job("pass")
        request = urllib.request.Request(
            f"{server.client.url}/_fake", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["server"] == "fake_databricks"
        folders = set(Path("/proc", str(server.process.pid), "cwd").resolve().glob("state*"))
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(LONGEST)
        assert folders == set()
