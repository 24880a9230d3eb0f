"""The command as a process: stdout, stderr and exit code, two at once, and one that is killed."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Tuple

import pytest

from contract.corpus import failure_differences, logs, result_differences
from nuvyn_executor import cli
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, LOGS, SOURCES, TABLES
from tests.installation import Installation, delta_installation
from tests.killed_program import gateway_of
from tests.waiting import until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).with_name("nuvyn-executor"))
SCHEMA = "audit_of_processes"
IN_THE_JVM_OF_THE_TEST = (  # one of its own would cost 20 s of processor time, and it is not what is killed
    "import sys; from tests.killed_program import attach; from nuvyn_executor.cli import main; "
    "attach(); sys.exit(main())"
)
NO_SPARK = "import sys; sys.modules['pyspark'] = None; from nuvyn_executor.cli import main; sys.exit(main())"


def environment(**more: str) -> Dict[str, str]:
    return {**os.environ, **more}


def call(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=ROOT,
        env=environment(**environ),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=240,
    )


def document(done: subprocess.CompletedProcess[str]) -> Mapping[str, Any]:
    assert done.stdout.endswith("\n")
    (line,) = done.stdout.splitlines()
    found: Mapping[str, Any] = json.loads(line)
    return found


@pytest.mark.process
class TestWithoutAJob:
    """`--help` (job types, environment variables, exit codes), `--version`."""

    @pytest.mark.parametrize(
        "argv", [(COMMAND,), (sys.executable, "-m", "nuvyn_executor"), (sys.executable, "executor/main.py")]
    )
    def test_every_door_tells_the_version(self, argv: Tuple[str, ...]) -> None:
        done = call(*argv, "--version")
        assert (done.returncode, done.stdout, done.stderr) == (0, "nuvyn-executor 1.0.0\n", "")

    def test_help_names_job_types_variables_and_exit_codes(self) -> None:
        done = call(COMMAND, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        for word in ("full_pipeline", "NUVYN_API_KEY", "EXECUTOR_LOG_LEVEL", "exit codes:", "source_type"):
            assert word in done.stdout


@pytest.mark.process
class TestWrongCalls:
    """Each gets one clear sentence that names the thing and the remedy; exit code 2 for bad parameters."""

    def test_an_unknown_job_type_gets_the_nearest_one_suggested(self) -> None:
        done = call(COMMAND, "metadata_extration", "/data")
        assert done.returncode == 2
        found = document(done)
        assert failure_differences(found) == []
        assert found["job_id"] is None
        assert found["error"]["type"] == "UsageError"
        assert "Did you mean metadata_extraction?" in found["error"]["remedy"]
        assert done.stderr == f"{found['error']['message']} {found['error']['remedy']}\n"

    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            ([], "No job type"),
            (["data_reading"], "needs a data source path"),
            (["data_reading", "/x", "cvs"], "'cvs' is no source type"),
            (["data_reading", "/x", "csv", "t", "more"], "'more' is one too many"),
        ],
    )
    def test_wrong_parameters_are_told_on_both_streams(
        self, argv: List[str], words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main(argv) == 2
        out, err = capsys.readouterr()
        (line,) = out.splitlines()
        assert words in json.loads(line)["error"]["message"]
        assert words in err

    def test_a_malformed_variable_is_named(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EXECUTOR_MAX_FILES_PER_JOB", "many")
        assert cli.main(["schema_validation"]) == 1
        found = json.loads(capsys.readouterr().out)
        assert found["error"]["type"] == "ConfigError"
        assert "EXECUTOR_MAX_FILES_PER_JOB" in found["error"]["message"]

    def test_a_failure_that_nobody_foresaw_is_one_json_document_too(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**_: object) -> None:
            raise RuntimeError("the cluster fell over: password=geheim99")

        monkeypatch.setattr("nuvyn_executor.bootstrap.manager", fail)
        assert cli.main(["schema_validation"]) == 1
        out, err = capsys.readouterr()
        (line,) = out.splitlines()
        assert failure_differences(json.loads(line)) == []
        assert json.loads(line)["error"]["message"].startswith("the cluster fell over")
        assert "Traceback" in err
        assert "geheim99" not in out + err

    def test_a_machine_without_spark_gets_a_sentence(self) -> None:
        done = call(sys.executable, "-c", NO_SPARK, "schema_validation")
        assert done.returncode == 1
        error = document(done)["error"]
        assert error["type"] == "EngineError"
        assert "pyspark is not installed" in error["message"]
        assert "pip install" in error["remedy"]
        assert "Traceback" not in done.stderr


@dataclass(frozen=True)
class Aftermath:
    """Two runs at once on a fresh warehouse, a third that was killed, a fourth that came after."""

    documents: List[Mapping[str, Any]]
    errors: List[str]
    codes: List[int]
    killed: str
    site: Installation


@pytest.fixture(name="aftermath", scope="module")
def _aftermath(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    folder = tmp_path_factory.mktemp("data")
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text("id,word\n1,one\n2,zwölf\n", encoding="utf-8")
    warehouse = tmp_path_factory.mktemp("warehouse")
    environ = {"EXECUTOR_WAREHOUSE_DIR": str(warehouse), "EXECUTOR_SCHEMA_NAME": SCHEMA}
    doors = ([sys.executable, "-m", "nuvyn_executor"], [sys.executable, "executor/main.py"])
    pair = [_start([*door, "metadata_extraction", str(folder)], environ) for door in doors]
    ended = [process.communicate(timeout=240) for process in pair]
    codes = [process.returncode for process in pair]

    site = delta_installation(warehouse, SCHEMA)
    # The heartbeat of a run that is killed is seconds old: the next run must see that its process is gone.
    with (warehouse / f".{SCHEMA}.sources.lock").open("a") as lock, _start(
        [sys.executable, "-c", IN_THE_JVM_OF_THE_TEST, "full_pipeline", str(folder)],
        {**environ, **gateway_of(spark)},
    ) as third:
        assert third.stderr is not None
        killed = _job_id(third.stderr, until="Found 2 files")
        fcntl.flock(lock, fcntl.LOCK_EX)  # it waits before its last table, and lasts until it is shown
        try:
            _await_row(site, killed)
        finally:
            third.send_signal(signal.SIGKILL)
    assert third.returncode == -signal.SIGKILL
    assert site.run("schema_validation").exit_code == 0
    yield Aftermath([json.loads(out) for out, _ in ended], [err for _, err in ended], codes, killed, site)
    spark.sql(f"DROP SCHEMA {SCHEMA} CASCADE")


def _start(argv: List[str], environ: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        argv,
        cwd=ROOT,
        env={**environment(**environ), "PYTHONUTF8": "0", "LC_ALL": "C"},  # emoji reach an ASCII terminal too
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def _await_row(site: Installation, job_id: str) -> None:
    """Wait until a run is shown in ``executor_runs``."""
    until(lambda: job_id in {row["run_id"] for row in site.rows(EXECUTOR_RUNS)}, pause=0.3)


def _job_id(stream: IO[str], until: str) -> str:
    """Read log lines until one says so; give the job's id."""
    said = ""
    for line in stream:
        said += line
        if until in line:
            break
    found = re.search(r"Starting job execution: (job_[0-9a-f]{12})", said)
    assert found, said
    return found.group(1)


@pytest.mark.process
class TestTwoAtOnce:
    """Two runs may write at once: a Delta conflict is retried, not shown."""

    def test_both_succeed(self, aftermath: Aftermath) -> None:
        assert aftermath.codes == [0, 0], aftermath.errors
        for found in aftermath.documents:
            assert result_differences("metadata_extraction", found) == []

    def test_stdout_is_one_json_line_and_stderr_the_log(self, aftermath: Aftermath) -> None:
        pattern = re.compile(logs()["pattern"])
        for error in aftermath.errors:
            lines = error.splitlines()
            assert lines
            assert [line for line in lines if not pattern.fullmatch(line)] == []

    def test_nothing_is_duplicated(self, aftermath: Aftermath) -> None:
        for table, count in ((SOURCES, 1), (TABLES, 2), (COLUMNS, 4)):
            rows = aftermath.site.rows(table)
            assert len(rows) == len({row[table.key] for row in rows}) == count

    def test_both_left_their_row_and_their_lines(self, aftermath: Aftermath) -> None:
        rows = aftermath.site.rows(EXECUTOR_RUNS, run_mode="metadata_extraction")
        assert [row["status"] for row in rows] == ["Success"] * 2
        ids = {row["run_id"] for row in rows}
        lines = aftermath.site.rows(LOGS)
        assert len(lines) == len({row["log_id"] for row in lines})
        assert ids <= {row["run_id"] for row in lines}


@pytest.mark.process
class TestKilled:
    """kill -9 in the middle and the next run."""

    def test_its_row_is_closed_as_failed(self, aftermath: Aftermath) -> None:
        (row,) = aftermath.site.rows(EXECUTOR_RUNS, run_id=aftermath.killed)
        assert (row["status"], row["run_mode"]) == ("Failed", "full_pipeline")
        assert row["error_message"] == "The driver that ran this job ended without finishing it."
        assert row["finished_at"] is not None

    def test_the_next_run_succeeded(self, aftermath: Aftermath) -> None:
        (row,) = aftermath.site.rows(EXECUTOR_RUNS, run_mode="schema_validation")
        assert row["status"] == "Success"
