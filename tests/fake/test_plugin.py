from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest


def test_a_job_runs(run_job):
    run = run_job("import sys; print(sys.argv[1])", "hello")
    assert run["state"]["result_state"] == "SUCCESS"
    assert run["output"]["logs"] == "hello"
    assert run["job_id"] == 12345


def test_each_test_has_a_workspace_of_its_own(databricks_workspace):
    assert "jobs" not in databricks_workspace.request("GET", "/api/2.1/jobs/list")


def test_that_fails(run_job):
    run = run_job("print('the reason why'); raise SystemExit(1)")
    assert run["state"]["result_state"] == "SUCCESS"
"""


MANY_TESTS = """
import pytest


@pytest.mark.parametrize("number", range(4))
def test_a_job_runs_where_its_worker_is(run_job, databricks_workspace, worker_id, number):
    assert "jobs" not in databricks_workspace.request("GET", "/api/2.1/jobs/list")
    run = run_job("import os, sys; print(sys.argv[1], os.environ['DATABRICKS_HOST'])", str(number))
    assert run["output"]["logs"] == f"{number} {databricks_workspace.url}"
    assert (run["job_id"], run["run_id"]) == (12345, 98765)
    print("served:", worker_id, databricks_workspace.url)


def test_that_fails(run_job):
    assert run_job("print('the reason why'); raise SystemExit(1)")["state"]["result_state"] == "SUCCESS"
"""


TLS_TESTS = """
def test_a_job_runs(run_job, databricks_workspace):
    run = run_job("import os; print(os.environ['DATABRICKS_HOST'])")
    assert run["output"]["logs"] == databricks_workspace.url
    assert databricks_workspace.url.startswith("https://")
"""


def run_pytest(folder: Path, tests: str, *options: str) -> str:
    """Run the tests as a session of their own; what it printed."""
    (folder / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "--databricks-no-spark", "-p", "no:cacheprovider"]
    command += [*options, "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    return run_pytest(tmp_path_factory.mktemp("plugin"), TESTS)


@pytest.fixture(scope="module")
def printed_by_two(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("xdist", reason="the dev extra brings it")
    return run_pytest(tmp_path_factory.mktemp("workers"), MANY_TESTS, "-n", "2", "-rA")


class TestPlugin:
    """`databricks_workspace`, `run_job(...)`, on failure the run's logs in the report"""

    def test_a_job_is_run_and_each_test_begins_anew(self, printed: str) -> None:
        assert "1 failed, 2 passed" in printed

    def test_a_failing_report_has_the_runs_logs(self, printed: str) -> None:
        assert "Databricks runs" in printed
        assert "the reason why" in printed.partition("Databricks runs")[2]
        assert "Job failed with exit code 1" in printed


class TestWorkersOfXdist:
    """The pytest plugin is safe with pytest-xdist: a server for each worker, a workspace for each test"""

    def test_each_worker_has_a_server_of_its_own(self, printed_by_two: str) -> None:
        assert "1 failed, 4 passed" in printed_by_two
        served = set(re.findall(r"^served: (\S+) (\S+)$", printed_by_two, re.MULTILINE))
        workers, servers = {worker for worker, _ in served}, {url for _, url in served}
        assert workers == {"gw0", "gw1"}
        assert len(servers) == len(served) == 2

    def test_a_failing_report_of_a_worker_has_the_runs_logs(self, printed_by_two: str) -> None:
        assert "the reason why" in printed_by_two.partition("Databricks runs")[2]


class TestTls:
    """TLS for clients that insist on https, and the pytest plugin if it makes sense"""

    def test_the_server_of_a_session_may_have_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        assert "1 passed" in run_pytest(tmp_path, TLS_TESTS, "--databricks-tls")
