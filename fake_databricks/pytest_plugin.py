"""The pytest plugin: a server for the session, a workspace for each test, the runs' logs in a failing report.

Each xdist worker is a process of its own, with its own server on a free port.
"""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Generator, Iterator, Mapping
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    import pluggy

    from fake_databricks.server import FakeDatabricks

pytest_plugins = ["fake_databricks.storage_servers.fixtures"]

ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5
_WORKSPACE = pytest.StashKey["DatabricksWorkspace"]()


class RefusedCall(Exception):  # noqa: N818  it says what happened
    """The server answered with a status of 400 or more; the message has the answer."""


@dataclass
class DatabricksWorkspace:
    """A workspace of one test.

    Attributes:
        url: the server, for ``DATABRICKS_HOST``.
        token: the workspace's, for ``DATABRICKS_TOKEN``.
        cluster_id: the cluster that is there from the start.
        authority: the file with the authority of the server's certificate; empty without TLS.
    """

    url: str
    token: str
    cluster_id: str
    authority: str = ""
    _programs: int = field(default=0, repr=False)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send one call and return its answer.

        Raises:
            RefusedCall: the answer's status is 400 or more.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        asked = Request(self.url + path, content, headers, method=method)  # noqa: S310  the server of this test
        try:
            with urlopen(asked, context=self._trust()) as answer:  # noqa: S310  as above
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise RefusedCall(f"{method} {path}: {error.code} {error.read().decode()}") from None

    def _trust(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.authority) if self.authority else None

    def upload(self, path: str, content: str) -> str:
        """Write a DBFS file; return its ``dbfs:`` path."""
        encoded = base64.b64encode(content.encode()).decode()
        body = {"path": path, "contents": encoded, "overwrite": True}
        self.request("POST", "/api/2.0/dbfs/put", body)
        return f"dbfs:{path}"

    def run_job(
        self, program: str, *parameters: str, timeout: float = 120.0, **settings: Any
    ) -> dict[str, Any]:
        """Run a program as a flat job, to its end; return the run with its ``output``.

        Args:
            program: a path (``dbfs:/...``), or the text of a program.
            parameters: its arguments.
            timeout: seconds to wait.
            settings: further settings of the job.

        Raises:
            TimeoutError: it has not ended by then.
        """
        if not program.startswith(("dbfs:", "/")):
            self._programs += 1
            program = self.upload(f"/tests/program_{self._programs}.py", program)
        job = {
            "name": "test",
            "existing_cluster_id": self.cluster_id,
            "spark_python_task": {"python_file": program, "parameters": list(parameters)},
            **settings,
        }
        job_id = self.request("POST", "/api/2.1/jobs/create", job)["job_id"]
        run_id = self.request("POST", "/api/2.1/jobs/run-now", {"job_id": job_id})["run_id"]
        run = self.wait(run_id, timeout)
        path = f"/api/2.1/jobs/runs/get-output?run_id={run_id}"
        return {**run, "output": self.request("GET", path)}

    def wait(self, run_id: int, timeout: float = 120.0) -> dict[str, Any]:
        """Poll a run to its end; return it.

        Raises:
            TimeoutError: it has not ended after so many seconds.
        """
        end, pause = time.monotonic() + timeout, FIRST_PAUSE
        while True:
            run: dict[str, Any] = self.request("GET", f"/api/2.1/jobs/runs/get?run_id={run_id}")
            if run["state"]["life_cycle_state"] in ENDED:
                return run
            if time.monotonic() > end:
                raise TimeoutError(f"Run {run_id} has not ended after {timeout} s: {run['state']}")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def report(self) -> str:
        """Return every run of this workspace with its state and its logs, as text."""
        runs = self.request("GET", "/api/2.1/jobs/runs/list?limit=25&expand_tasks=true").get("runs", [])
        parts = []
        for run in reversed(runs):
            parts.append(f"run {run['run_id']} {run['run_name']}: {json.dumps(run['state'])}")
            for task in run["tasks"]:
                path = f"/api/2.1/jobs/runs/get-output?run_id={task['run_id']}"
                parts.append(self.request("GET", path).get("logs", "(no output yet)"))
        return "\n".join(parts)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the plugin's options."""
    group = parser.getgroup("fake_databricks")
    group.addoption(
        "--databricks-no-spark", action="store_true", help="run tasks as plain Python, without a JVM"
    )
    group.addoption(
        "--databricks-tls",
        action="store_true",
        help="start the server with https and a certificate of its own",
    )


@pytest.fixture(scope="session")
def databricks_server(request: pytest.FixtureRequest) -> Iterator[FakeDatabricks]:
    """Return the server of this session, on a free port."""
    from fake_databricks.server import FakeDatabricks, Options  # noqa: PLC0415  only sessions that use it wait for it

    has_spark = not request.config.getoption("--databricks-no-spark")
    tls = request.config.getoption("--databricks-tls")
    with FakeDatabricks(Options(port=0, has_spark=has_spark, tls=tls)) as fake:
        yield fake


@pytest.fixture
def databricks_workspace(
    databricks_server: FakeDatabricks, request: pytest.FixtureRequest
) -> Iterator[DatabricksWorkspace]:
    """Return a new workspace with a token of its own; everything in it is gone after the test."""
    files = databricks_server.certificates
    workspace = DatabricksWorkspace(
        databricks_server.url,
        f"dapi{secrets.token_hex(16)}",
        databricks_server.cluster_id,
        str(files.authority) if files else "",
    )
    request.node.stash[_WORKSPACE] = workspace
    yield workspace
    del request.node.stash[_WORKSPACE]
    workspace.request("POST", "/_fake/reset", {})


@pytest.fixture
def run_job(databricks_workspace: DatabricksWorkspace) -> Callable[..., dict[str, Any]]:
    """Run a program in the test's workspace, to its end."""
    return databricks_workspace.run_job


@pytest.hookimpl(hookwrapper=True)  # not wrapper=True, which pytest 7 may not know
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    """Put the runs' logs into the report of a test that failed."""
    outcome = yield
    report = outcome.get_result()
    workspace = item.stash.get(_WORKSPACE, None)
    if call.when == "call" and report.failed and workspace is not None:
        report.sections.append(("Databricks runs", workspace.report()))
