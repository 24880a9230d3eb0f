"""Spark's Java process is killed while the command runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Dict, Iterator, List, Tuple

import pytest

from nuvyn_executor.schema.tables import EXECUTOR_RUNS, SOURCES, TABLES
from tests.installation import delta_installation
from tests.waiting import until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = "java_is_killed"
PROC = Path("/proc")
MOMENTS: Dict[str, Tuple[str, int]] = {
    # the log line after which it is killed ("": as soon as there is one), and the exit code
    "scan": ("1/2 a", 1),
    "start": ("", 1),
    "end": ("completed in", 0),
}
TRIED = list(MOMENTS) if os.environ.get("KILL_POINTS") else ["scan"]
"""Each costs a JVM; ``KILL_POINTS`` asks for all."""


def java_below(pid: int) -> List[int]:
    """Return the Java processes among a process's descendants."""
    found: List[int] = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            program = Path(os.readlink(folder / "exe")).name if parent == pid else ""
        except OSError:  # it has ended
            continue
        if parent == pid:
            found.extend([int(folder.name)] if program == "java" else java_below(int(folder.name)))
    return found


def kill_java(process: subprocess.Popen[str], stream: IO[str], line: str) -> str:
    """Kill the Java of a process after a line of its log; return what it had logged."""
    said = ""
    if line:
        for one in stream:
            said += one
            if line in one:
                break
    until(lambda: java_below(process.pid))
    for pid in java_below(process.pid):
        os.kill(pid, signal.SIGKILL)
    return said


@pytest.fixture(name="warehouse")
def _warehouse(spark: SparkSession, tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "warehouse"
    spark.sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


@pytest.mark.jvm
@pytest.mark.process
@pytest.mark.skipif(not PROC.exists(), reason="processes are found in /proc")
class TestJavaIsKilled:
    """One JSON document on stdout, always; a dead JVM is named as such, with the remedy."""

    @pytest.mark.parametrize("moment", TRIED)
    def test_it_is_named_and_the_next_run_repairs_all(
        self, warehouse: Path, tmp_path: Path, moment: str
    ) -> None:
        line, code = MOMENTS[moment]
        data = tmp_path / "data"
        data.mkdir()
        for name in ("a", "b"):
            (data / f"{name}.csv").write_text("id,word\n1,one\n2,two\n", encoding="utf-8")
        environ = {"EXECUTOR_WAREHOUSE_DIR": str(warehouse), "EXECUTOR_SCHEMA_NAME": SCHEMA}
        with subprocess.Popen(
            [sys.executable, "-m", "nuvyn_executor", "full_pipeline", str(data)],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            assert process.stderr is not None
            said = kill_java(process, process.stderr, line)
            stdout, rest = process.communicate(timeout=240)
        (only,) = stdout.splitlines()
        document = json.loads(only)
        assert process.returncode == code, said + rest
        if code:
            error = document.get("error") or document["metadata_extraction"]["error"]
            assert error["type"] == "EngineError", error
            assert error["message"].startswith(("Spark's Java process ended", "Spark did not start")), error
            assert "EXECUTOR_DRIVER_MEMORY" in error["remedy"]
        site = delta_installation(warehouse, SCHEMA)
        assert site.run("full_pipeline", data).exit_code == 0
        assert [len(site.rows(table)) for table in (SOURCES, TABLES)] == [1, 2]
        assert "Running" not in {row["status"] for row in site.rows(EXECUTOR_RUNS)}
