"""``JobManager``: states, the record of every run, and runs whose driver is gone. On the memory store."""

from __future__ import annotations

import io
import logging
import re
import threading
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable

import pytest

from contract.corpus import failure_differences, result_differences
from nuvyn_executor import audit
from nuvyn_executor import jobs as jobs_module
from nuvyn_executor.audit import SILENCE
from nuvyn_executor.errors import SourceNotFound
from nuvyn_executor.job_manager import TRANSITIONS, Job, JobManager, JobStatus
from nuvyn_executor.log import configure_logging
from nuvyn_executor.model import JobOutcome, JobRequest, JobType, RunStatus
from nuvyn_executor.process_identity import Driver, Liveness, this_driver
from nuvyn_executor.redaction import Redactor
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS, Column, Table
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.store.memory import MemoryMetadataStore
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from nuvyn_executor.jobs import JobContext

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
VALIDATION = JobRequest(JobType.SCHEMA_VALIDATION)
READING = JobRequest(JobType.DATA_READING, "/data?sig=abc123secret")
HERE = Driver("host/boot", 42, 4711)


class WatchedStore(MemoryMetadataStore):
    """Remembers with what status rows of ``executor_runs`` were added, and when the log was first stored."""

    def __init__(self) -> None:
        super().__init__()
        self.added: list[str] = []
        self.has_lines = threading.Event()

    def append(self, table: Any, rows: Any) -> None:
        self.added += [row["status"] for row in rows if table is EXECUTOR_RUNS]
        super().append(table, rows)
        if table is LOGS:
            self.has_lines.set()


class Bench:
    """A manager on a memory store, with a clock that stands."""

    def __init__(self, driver: Driver = HERE) -> None:
        self.store = WatchedStore()
        self.stream = io.StringIO()
        self.now = NOW
        redact = Redactor(["hunter2-very-secret"])
        services: Any = SimpleNamespace(
            store=self.store,
            validator=SchemaValidator(self.store),
            clock=lambda: self.now,
            source_id=lambda request: None if request.data_source_path is None else "source",
            write_report=None,
        )
        log_buffer = configure_logging("DEBUG", redact, self.stream)
        self.manager = JobManager(services, log_buffer, redact.redact_json, driver)

    def run(self, request: JobRequest = VALIDATION) -> Any:
        return self.manager.execute(self.manager.create_job(request))

    def runs(self) -> list[dict[str, Any]]:
        return self.store.rows(EXECUTOR_RUNS)


@pytest.fixture(name="bench")
def _bench() -> Bench:
    return Bench()


@pytest.fixture(name="job_does")
def _job_does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[JobContext], JobOutcome]], None]:
    def replace(job: Callable[[JobContext], JobOutcome]) -> None:
        monkeypatch.setattr(jobs_module, "JOBS", {**jobs_module.JOBS, JobType.DATA_READING: job})
        monkeypatch.setattr("nuvyn_executor.job_manager.JOBS", jobs_module.JOBS)

    return replace


class TestStates:
    """Job states are a table of transitions."""

    def test_a_job_goes_from_pending_over_running_to_completed(self) -> None:
        job = Job("job_1", VALIDATION, NOW)
        assert job.advance("start").advance("complete").status is JobStatus.COMPLETED

    @pytest.mark.parametrize("status", list(JobStatus))
    @pytest.mark.parametrize("event", ["start", "complete", "fail"])
    def test_an_event_that_cannot_happen_raises_and_changes_nothing(
        self, status: JobStatus, event: str
    ) -> None:
        job = Job("job_1", VALIDATION, NOW, status)
        if event in TRANSITIONS[status]:
            assert job.advance(event).status is TRANSITIONS[status][event]
        else:
            with pytest.raises(ValueError, match=f"cannot {event}"):
                job.advance(event)
        assert job.status is status


class TestRecord:
    """Every run leaves its row in `executor_runs`, failed ones too, and its lines in `logs`."""

    def test_a_job_id_is_job_and_twelve_hex_digits(self, bench: Bench) -> None:
        assert re.fullmatch("job_[0-9a-f]{12}", bench.manager.create_job(VALIDATION).job_id)

    def test_a_success_is_recorded(self, bench: Bench) -> None:
        report = bench.run()
        assert report.exit_code == 0
        assert result_differences("schema_validation", report.document) == []
        (row,) = bench.runs()
        assert row["run_id"] == report.job.job_id
        assert (row["status"], row["run_mode"], row["tenant_id"]) == (
            "Success",
            "schema_validation",
            "default",
        )
        assert (row["error_message"], row["started_at"], row["finished_at"]) == (None, NOW, NOW)
        assert '"validation_status": "valid"' in row["result"]

    def test_the_tenant_of_a_run_is_masked_as_in_the_other_tables(self, bench: Bench, job_does: Any) -> None:
        """`executor_runs.tenant_id` masked like the other tables' (ids must still join)."""
        job_does(lambda _: JobOutcome({}))
        bench.run(JobRequest(JobType.DATA_READING, "/data", tenant_id="client-hunter2-very-secret"))
        assert bench.runs()[0]["tenant_id"] == "client-[REDACTED]"

    def test_a_java_process_that_ended_is_named_with_the_remedy(self, bench: Bench, job_does: Any) -> None:
        """A dead JVM is named as such ("Spark's Java process ended; most often memory"), with the remedy."""

        class Py4JError(Exception):
            pass

        def die(_: Any) -> JobOutcome:
            raise Py4JError("An error occurred while calling o12.count")

        job_does(die)
        error = bench.run(READING).document["error"]
        assert error["type"] == "EngineError"
        assert error["message"].startswith("Spark's Java process ended while the job ran")
        assert "EXECUTOR_DRIVER_MEMORY" in error["remedy"]
        assert bench.runs()[0]["error_message"] == error["message"]

    def test_a_short_run_adds_its_row_once(self, bench: Bench, job_does: Any) -> None:
        job_does(lambda _: JobOutcome({}))
        bench.run(READING)
        assert bench.store.added == ["Success"]

    def test_a_run_that_lasts_is_shown_with_its_lines_and_then_closed(
        self, bench: Bench, job_does: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "SHOWN_AFTER", timedelta(0))
        seen: list[str] = []

        def look(_: JobContext) -> JobOutcome:
            assert bench.store.has_lines.wait(LONGEST)
            seen.extend(row["status"] for row in bench.runs())
            return JobOutcome({})

        job_does(look)
        bench.run(READING)
        assert seen == bench.store.added == ["Running"]
        assert [row["status"] for row in bench.runs()] == ["Success"]

    def test_a_failure_is_recorded_with_its_sentence(self, bench: Bench, job_does: Any) -> None:
        def fail(_: JobContext) -> JobOutcome:
            raise SourceNotFound("Nothing lies at /data.", "Check the path.")

        job_does(fail)
        report = bench.run(READING)
        assert report.exit_code == 1
        assert failure_differences(report.document) == []
        assert report.document["error"] == {
            "type": "SourceNotFound",
            "message": "Nothing lies at /data.",
            "remedy": "Check the path.",
        }
        (row,) = bench.runs()
        assert (row["status"], row["error_message"]) == ("Failed", "Nothing lies at /data.")

    def test_an_unforeseen_failure_is_recorded_and_its_secrets_are_masked(
        self, bench: Bench, job_does: Any
    ) -> None:
        def fail(_: JobContext) -> JobOutcome:
            raise RuntimeError(
                "could not open https://x.blob/y?sig=QWxhZGRpbjpvcGVu with hunter2-very-secret"
            )

        job_does(fail)
        report = bench.run(READING)
        everything = (
            str(report.document) + str(bench.runs()) + str(bench.store.rows(LOGS)) + bench.stream.getvalue()
        )
        assert report.exit_code == 1
        assert "hunter2" not in everything
        assert "QWxhZGRpbjpvcGVu" not in everything
        assert "abc123secret" not in everything
        assert "Traceback" in bench.stream.getvalue()

    def test_a_partial_run_exits_with_0(self, bench: Bench, job_does: Any) -> None:
        job_does(lambda _: JobOutcome({"source_path": "x"}, RunStatus.PARTIAL, "b.csv: is empty"))
        assert bench.run(READING).exit_code == 0
        assert bench.runs()[0]["status"] == "Partial"

    def test_the_lines_of_a_run_are_stored_in_order(self, bench: Bench) -> None:
        report = bench.run()
        lines = bench.store.rows(LOGS, {"run_id": report.job.job_id})
        assert lines[0]["log_message"] == f"🚀 Starting job execution: {report.job.job_id}"
        assert lines[0]["logger"] == "nuvyn_executor.job_manager"
        assert [line["log_id"] for line in lines] == sorted(line["log_id"] for line in lines)
        assert "completed" in lines[-1]["log_message"]

    def test_two_runs_in_one_process_do_not_mix_their_lines(self, bench: Bench) -> None:
        first, second = bench.run(), bench.run()
        for report in (first, second):
            lines = bench.store.rows(LOGS, {"run_id": report.job.job_id})
            assert sum("Starting job execution" in line["log_message"] for line in lines) == 1

    def test_an_unusable_schema_fails_other_jobs_by_name(self, bench: Bench) -> None:
        bench.store.create_schema()
        bench.store.create_table(Table("logs", "log_id", (Column("log_id", "bigint", ""),), ""))
        report = bench.run(READING)
        assert report.exit_code == 1
        assert "column logs.log_id is bigint and should be string" in report.document["error"]["message"]

    def test_an_invalid_schema_is_the_result_of_schema_validation(self, bench: Bench) -> None:
        bench.store.create_schema()
        bench.store.create_table(Table("logs", "log_id", (Column("log_id", "bigint", ""),), ""))
        report = bench.run()
        assert report.exit_code == 1
        assert report.document["validation_status"] == "invalid"
        assert "logs.log_id" in report.document["recommendations"][0]
        keys = "schema_name validation_status tables_found tables_missing recommendations details"
        assert " ".join(report.document) == keys

    def test_a_conflict_elsewhere_keeps_no_run_out_of_the_record(self, bench: Bench) -> None:
        bench.run()
        bench.store.create_table(Table("tables", "table_id", (), ""))
        columns = bench.store.describe("tables") or {}
        bench.store.add_columns("tables", [Column("row_count", "string", "")])
        report = bench.run(READING)
        assert columns["row_count"] == "bigint"
        assert report.exit_code == 1
        assert [row["status"] for row in bench.runs()] == ["Success", "Failed"]

    def test_full_pipeline_names_a_conflict_as_its_failed_first_step(self, bench: Bench) -> None:
        bench.store.create_schema()
        bench.store.create_table(Table("logs", "log_id", (Column("log_id", "bigint", ""),), ""))
        report = bench.run(JobRequest(JobType.FULL_PIPELINE, "/data"))
        first = report.document["schema_validation"]
        assert report.exit_code == 1
        assert first["status"] == "failed"
        assert first["error"]["type"] == "SchemaError"
        assert report.document["metadata_extraction"]["status"] == "skipped"


class TestDeadRuns:
    """A row that a dead driver left `Running` is closed as `Failed` by the next run; live ones never are."""

    def _left_running(self, bench: Bench, driver: str, heard: datetime) -> None:
        bench.run()
        bench.store.append(
            EXECUTOR_RUNS,
            [
                {
                    "run_id": "job_old",
                    "status": "Running",
                    "driver": driver,
                    "started_at": heard,
                    "heartbeat_at": heard,
                }
            ],
        )

    def _status(self, bench: Bench) -> str:
        return str(bench.store.rows(EXECUTOR_RUNS, {"run_id": "job_old"})[0]["status"])

    def test_a_process_of_this_machine_that_is_gone_is_closed_at_once(self) -> None:
        here = this_driver()
        bench = Bench(here)
        self._left_running(bench, str(Driver(here.machine, 2**22 + 1, 99)), NOW)
        bench.run()
        assert self._status(bench) == "Failed"
        (row,) = bench.store.rows(EXECUTOR_RUNS, {"run_id": "job_old"})
        assert "ended without finishing" in row["error_message"]
        assert row["finished_at"] == NOW

    def test_a_process_of_this_machine_that_lives_is_never_closed(self) -> None:
        here = this_driver()
        bench = Bench(here)
        self._left_running(bench, str(here), NOW - timedelta(days=30))
        bench.run()
        assert self._status(bench) == "Running"

    def test_a_process_id_that_was_given_again_is_not_the_old_process(self) -> None:
        here = this_driver()
        assert here.liveness_of(str(Driver(here.machine, here.pid, here.started + 1))) is Liveness.DEAD

    def test_another_machine_is_alive_while_its_heart_beats(self, bench: Bench) -> None:
        self._left_running(bench, "elsewhere:1:2", NOW - SILENCE)
        bench.run()
        assert self._status(bench) == "Running"

    def test_another_machine_is_dead_after_a_long_silence(self, bench: Bench) -> None:
        self._left_running(bench, "elsewhere:1:2", NOW - SILENCE - timedelta(seconds=1))
        bench.run()
        assert self._status(bench) == "Failed"

    def test_a_row_of_an_older_version_without_driver_goes_by_its_age(self, bench: Bench) -> None:
        self._left_running(bench, "", NOW - timedelta(days=1))
        bench.run()
        assert self._status(bench) == "Failed"


class TestLogFormat:
    """`08:45:25 - nuvyn_executor.job_manager - INFO - ℹ️ 🚀 Starting job execution: job_abc123`."""

    def test_every_line_has_the_guides_format(self, bench: Bench) -> None:
        bench.run()
        for line in bench.stream.getvalue().splitlines():
            assert re.fullmatch(
                r"\d\d:\d\d:\d\d - nuvyn_executor[.\w]* - (INFO - ℹ️|WARNING - ⚠️|ERROR - ❌|DEBUG - 🔧) .+",
                line,
            )

    def test_setting_up_twice_does_not_log_twice(self) -> None:
        stream = io.StringIO()
        for _ in range(2):
            log_buffer = configure_logging("INFO", Redactor(), stream)
        logging.getLogger("nuvyn_executor.test").info("once")
        assert stream.getvalue().count("once") == 1
        assert [line.message for line in log_buffer.take()] == ["once"]
        assert log_buffer.take() == []
