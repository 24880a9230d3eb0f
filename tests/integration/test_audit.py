"""The audit trail on Delta: the guide's two queries, asked to the letter, and what must stand in no table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Dict, Iterator, List

import pytest

from contract.corpus import audit_queries, logs
from nuvyn_executor.bootstrap import now
from nuvyn_executor.process_identity import this_driver
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, REQUIRED_TABLES
from tests.installation import Run, delta_installation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SCHEMA = "_executor_metadata"
TOKEN = "Zm9vYmFyYmF6cXV4"
KEY = "nv-key-4711-secret"


@dataclass(frozen=True)
class Trail:
    """A success, a failure, a run whose driver died, and all that stands in the tables after them."""

    success: Run
    failure: Run
    history: List[Dict[str, Any]]
    lines: List[Dict[str, Any]]
    failed_lines: List[Dict[str, Any]]
    everything: str
    runs: Dict[str, Dict[str, Any]]


@pytest.fixture(name="trail", scope="module")
def _trail(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trail]:
    spark.sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    site = delta_installation(tmp_path_factory.mktemp("warehouse"), SCHEMA)
    folder = tmp_path_factory.mktemp("data") / f"export?sv=2024&sig={TOKEN}"
    folder.mkdir()
    (folder / "a.csv").write_text("id,word\n1,one\n")
    secret = {"NUVYN_API_ENDPOINT": "http://127.0.0.1:9", "NUVYN_API_KEY": KEY}
    secret["EXECUTOR_API_RETRY_SECONDS"] = "0"
    success = site.run("metadata_extraction", folder, EXECUTOR_LOG_LEVEL="DEBUG", **secret)
    started = now() - timedelta(hours=9)
    left = {"status": "Running", "run_mode": "data_reading", "started_at": started, "heartbeat_at": started}
    site.store.append(
        EXECUTOR_RUNS,
        [
            {**left, "run_id": "job_elsewhere", "driver": "other/boot:7:8"},
            {**left, "run_id": "job_alive", "driver": str(this_driver())},
        ],
    )
    failure = site.run("full_pipeline", folder, EXECUTOR_LOG_LEVEL="DEBUG", **secret)
    queries = audit_queries()

    def ask(name: str, job_id: str = "") -> List[Dict[str, Any]]:
        sql = queries[name]["sql"].rstrip(";").replace("job_abc123", job_id)
        frame = spark.sql(sql)
        documented = [(column["name"], column["type"]) for column in queries[name]["columns"]]
        assert frame.dtypes == documented
        return [row.asDict() for row in frame.collect()]

    yield Trail(
        success=success,
        failure=failure,
        history=ask("execution_history"),
        lines=ask("logs", success.job_id),
        failed_lines=ask("logs", failure.job_id),
        everything=str([site.rows(table) for table in REQUIRED_TABLES]),
        runs={row["run_id"]: row for row in site.rows(EXECUTOR_RUNS)},
    )
    spark.sql(f"DROP SCHEMA {SCHEMA} CASCADE")


class TestExecutionHistory:
    """Query Execution History: `WHERE status = 'Success' ORDER BY started_at DESC`."""

    def test_it_returns_the_run(self, trail: Trail) -> None:
        (row,) = trail.history
        assert (row["run_id"], row["run_mode"], row["status"]) == (
            trail.success.job_id,
            "metadata_extraction",
            "Success",
        )
        assert row["error_message"] is None
        assert row["started_at"] <= row["finished_at"]

    def test_a_failure_is_there_with_its_sentence(self, trail: Trail) -> None:
        row = trail.runs[trail.failure.job_id]
        assert (row["status"], row["run_mode"]) == ("Failed", "full_pipeline")
        assert "127.0.0.1:9" in row["error_message"]
        assert row["tenant_id"] == "default"


class TestQueryLogs:
    """Query Logs: the lines of one run, newest first, with its run_mode."""

    @pytest.mark.parametrize("which", ["success", "failure"])
    def test_it_returns_every_line_that_went_to_stderr(self, trail: Trail, which: str) -> None:
        run: Run = getattr(trail, which)
        rows = trail.lines if which == "success" else trail.failed_lines
        pattern = re.compile(logs()["pattern"])
        printed = [pattern.fullmatch(line) for line in run.log.splitlines()]
        assert all(printed), run.log
        said = sorted((line["level"], line["message"]) for line in printed if line)
        assert sorted((row["log_level"], row["log_message"]) for row in rows) == said
        assert [row["log_timestamp"] for row in rows] == sorted(
            (row["log_timestamp"] for row in rows), reverse=True
        )
        assert len({row["run_mode"] for row in rows}) == 1

    def test_the_first_and_the_last_line_are_there(self, trail: Trail) -> None:
        messages = [row["log_message"] for row in trail.lines]
        assert any(f"Starting job execution: {trail.success.job_id}" in one for one in messages)
        assert any(f"Job {trail.success.job_id} completed" in one for one in messages)


class TestRunsLeftBehind:
    """A row that a dead driver left `Running` is closed as `Failed` by the next run; live runs never."""

    def test_a_run_that_was_silent_for_hours_is_closed(self, trail: Trail) -> None:
        row = trail.runs["job_elsewhere"]
        assert (row["status"], row["error_message"]) == (
            "Failed",
            "The driver that ran this job ended without finishing it.",
        )
        assert row["finished_at"] is not None
        assert "Closed run job_elsewhere" in trail.failure.log

    def test_a_run_of_a_process_that_lives_is_left_alone(self, trail: Trail) -> None:
        assert (trail.runs["job_alive"]["status"], trail.runs["job_alive"]["finished_at"]) == (
            "Running",
            None,
        )


class TestSecrets:
    """Secrets are masked in every log line, result, error and table, whatever raised them."""

    @pytest.mark.parametrize("secret", [TOKEN, KEY])
    def test_no_secret_stands_anywhere(self, trail: Trail, secret: str) -> None:
        assert secret not in trail.everything
        assert secret not in str([trail.success, trail.failure])

    def test_what_stands_there_instead_says_that_something_was_masked(self, trail: Trail) -> None:
        assert trail.success.document["source_path"].endswith("sig=[REDACTED]")
