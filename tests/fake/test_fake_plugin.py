from __future__ import annotations

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


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "test_it.py").write_text(TESTS)
    options = ["--databricks-no-spark", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


class TestPlugin:
    """`databricks_workspace`, `run_job(...)`, on failure the run's logs in the report"""

    def test_a_job_is_run_and_each_test_begins_anew(self, printed: str) -> None:
        assert "1 failed, 2 passed" in printed

    def test_a_failing_report_has_the_runs_logs(self, printed: str) -> None:
        assert "Databricks runs" in printed
        assert "the reason why" in printed.partition("Databricks runs")[2]
        assert "Job failed with exit code 1" in printed
