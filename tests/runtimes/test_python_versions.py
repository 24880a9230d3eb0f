"""The oldest and the newest Python: the executor's own suite runs on them too."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Tuple

import pytest

from tools.runtimes import BY_NAME, ROOT

if TYPE_CHECKING:
    from pathlib import Path


def python_of(version: str) -> Path:
    """Return the interpreter that ``make install-pythons`` prepared; skip the test where there is none."""
    runtime = BY_NAME[f"python-{version}"]
    if not runtime.stamp.is_file():
        pytest.skip(f"Python {version} is not prepared: make install-pythons says why")
    return runtime.interpreter


FEWER = {"DELIVERY_HISTORIES": "100", "KILLED_CALLS": "10", "MOST_EXAMPLES": "10"}
"""Whether code runs on a Python shows after a few; what is right does not depend on the Python."""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout, and return what it prints."""
    environment = {**os.environ, **FEWER}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)


@pytest.mark.process
class TestPythonVersions:
    """Issue: "The executor's own suite without Spark also runs on Python 3.8 and 3.13"."""

    @pytest.mark.timeout(900)  # a whole suite, beside another worker's
    @pytest.mark.parametrize("version", ["3.8", "3.13"])
    def test_the_suite_without_spark_passes(self, version: str) -> None:
        options: Tuple[str, ...] = (
            "-q",
            *("-p", "no:cacheprovider"),
            *("-m", "not spark and not process"),
            # It counts looks, of a model of `re`: the same on each Python.
            *("--ignore", "tests/property/test_redaction_is_linear.py"),
        )

        done = run(str(python_of(version)), "-m", "pytest", *options, "tests/unit", "tests/property")

        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        assert " passed" in done.stdout

    @pytest.mark.jvm
    def test_a_job_runs_on_python_3_8_with_spark_3_5(self, tmp_path: Path) -> None:
        """Issue: "one end-to-end run on 3.8 with Spark 3.5"."""
        command = python_of("3.8").with_name("nuvyn-executor")
        environment = {**os.environ, "EXECUTOR_WAREHOUSE_DIR": str(tmp_path)}

        done = subprocess.run(
            [str(command), "schema_validation"],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )

        assert done.returncode == 0, done.stderr[-4000:]
        assert json.loads(done.stdout)["validation_status"] == "valid"
