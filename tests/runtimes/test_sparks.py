"""The Sparks that clients' clusters have: all jobs run on each of them, in an environment of its own."""

from __future__ import annotations

import subprocess

import pytest

from nuvyn_executor.spark.local_spark import LocalSparkError
from nuvyn_executor.spark.local_spark.java import require_java, supported_versions
from tools.runtimes import BY_NAME, ONE_FILE, ROOT, RUNTIMES, Runtime
from tools.test_matrix import command_of, environment_of

SPARKS = [one for one in RUNTIMES if one.spark and one.name != "python-3.8"]  # 3.5 is the suite's own


def prepared(runtime: Runtime) -> Runtime:
    """Return a runtime with its server; skip the test where one of them is not there."""
    for name in filter(None, (runtime.name, runtime.server)):
        if not BY_NAME[name].stamp.is_file():
            pytest.skip(f"{name} is not prepared: python -m tools.install_pythons {name}")
    with_java = BY_NAME[runtime.server] if runtime.server else runtime
    if not with_java.java:  # it brings none
        try:
            require_java(with_java.spark, supported_versions(with_java.spark))
        except LocalSparkError as error:
            pytest.skip(str(error))
    return runtime


@pytest.mark.process
@pytest.mark.jvm
class TestRuntimes:
    """Issue: "`.ci/run` runs one representative test file for each pair within its time"."""

    @pytest.mark.timeout(600)  # beside another worker's
    @pytest.mark.parametrize("runtime", SPARKS, ids=lambda one: one.name)
    def test_all_jobs_run(self, runtime: Runtime) -> None:
        with environment_of(prepared(runtime)) as environ:
            command = command_of(runtime, [ONE_FILE])
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environ, check=False)

        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
        assert " passed" in done.stdout
