"""The oldest and the newest Python: the executor's own suite runs on them too."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Dict, Iterator, Mapping, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("3.8", "3.13")
OPTIONS = ("-q", "-p", "no:cacheprovider", "-m", "not spark and not process")


class Suite(NamedTuple):
    """A running suite, and the file that it prints to."""

    program: subprocess.Popen[bytes]
    output: Path


def python_of(version: str) -> Path:
    """Return the interpreter that ``make install-pythons`` prepared; skip the test where there is none."""
    home = ROOT / ".cache" / f"venv-{version}"
    if not (home / ".installed").is_file():
        pytest.skip(f"Python {version} is not prepared: make install-pythons says why")
    return home / "bin" / "python"


@pytest.fixture(scope="module", name="suites")
def _suites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Suite]]:
    """Run the suite on all prepared versions, side by side: each needs one core for some minutes."""
    suites: Dict[str, Suite] = {}
    for version in VERSIONS:
        home = ROOT / ".cache" / f"venv-{version}"
        if (home / ".installed").is_file():
            output = tmp_path_factory.mktemp("suite") / "output"
            command = [str(home / "bin" / "python"), "-m", "pytest", *OPTIONS, "tests/unit", "tests/property"]
            with output.open("wb") as file:
                program = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT)
            suites[version] = Suite(program, output)
    yield suites
    for program, _ in suites.values():
        program.kill()
        program.wait()


@pytest.mark.process
class TestPythonVersions:
    """Issue: "The executor's own suite without Spark also runs on Python 3.8 and 3.13"."""

    @pytest.mark.parametrize("version", VERSIONS)
    def test_the_suite_without_spark_passes(self, suites: Mapping[str, Suite], version: str) -> None:
        python_of(version)
        program, output = suites[version]

        program.wait()

        printed = output.read_text(encoding="utf-8")
        assert program.returncode == 0, printed[-6000:]
        assert " passed" in printed

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
