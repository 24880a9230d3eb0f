"""The life of a job: created, run, recorded. Every run leaves its row in ``executor_runs``, failed ones too.

States are a table (:data:`TRANSITIONS`)::

    PENDING --start--> RUNNING --complete--> COMPLETED
       |                  |
       +-----fail---------+----fail-----> FAILED
"""

from __future__ import annotations

import logging
import secrets
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional

from nuvyn_executor import __version__, wire
from nuvyn_executor.driver import Driver, Liveness
from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.jobs import JOBS, JobContext, unusable
from nuvyn_executor.model import JobOutcome, JobType, RunStatus
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS

if TYPE_CHECKING:
    from nuvyn_executor.jobs import Services
    from nuvyn_executor.log import LogKeeper
    from nuvyn_executor.model import JobRequest

logger = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=60)
SILENCE = timedelta(minutes=30)
"""A run on another machine that has said nothing for so long is dead: 30 heartbeats were missed."""


class JobStatus(str, Enum):
    """Where a job stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


TRANSITIONS: Mapping[JobStatus, Mapping[str, JobStatus]] = {
    JobStatus.PENDING: {"start": JobStatus.RUNNING, "fail": JobStatus.FAILED},
    JobStatus.RUNNING: {"complete": JobStatus.COMPLETED, "fail": JobStatus.FAILED},
    JobStatus.COMPLETED: {},
    JobStatus.FAILED: {},
}


@dataclass(frozen=True)
class Job:
    """One execution of a job type.

    Attributes:
        job_id: ``job_`` and 12 hex digits; ``executor_runs.run_id``.
        started_at: when it was created, UTC.
    """

    job_id: str
    request: JobRequest
    started_at: datetime
    status: JobStatus = JobStatus.PENDING

    def advance(self, event: str) -> Job:
        """Give the job after an event.

        Raises:
            ValueError: the event cannot happen in this state; nothing has changed.
        """
        following = TRANSITIONS[self.status].get(event)
        if following is None:
            raise ValueError(f"{self.job_id} is {self.status.value}: it cannot {event}")
        return replace(self, status=following)


@dataclass(frozen=True)
class JobReport:
    """What a run came to: the document for stdout, the exit code, and in a sentence what went wrong."""

    job: Job
    document: Mapping[str, object]
    status: RunStatus
    exit_code: int
    error_message: Optional[str] = None


class JobManager:
    """Creates, runs and records jobs.

    Args:
        services: what jobs work with.
        keeper: keeps the log lines of this process until they are stored.
        redact: masks secrets in a JSON-like value.
        driver: this process, as ``executor_runs.driver`` names it.
        new_id: makes the hex digits of a job id.
    """

    def __init__(
        self,
        services: Services,
        keeper: LogKeeper,
        redact: Callable[[object], object],
        driver: Driver,
        new_id: Callable[[], str] = lambda: secrets.token_hex(6),
    ) -> None:
        self._services = services
        self._keeper = keeper
        self._redact = redact
        self._driver = driver
        self._new_id = new_id
        self._lines = 0
        self.job_results: Dict[str, JobReport] = {}

    def create_job(self, request: JobRequest) -> Job:
        """Make a job of a request; nothing runs yet."""
        return Job(f"job_{self._new_id()}", request, self._services.clock())

    def execute(self, job: Job) -> JobReport:
        """Run a job and record it.

        Returns:
            The report; a job that fails is a report too, not an exception.
        """
        job = job.advance("start")
        logger.info("🚀 Starting job execution: %s", job.job_id)
        recorded = threading.Event()
        try:
            outcome = self._run(job, recorded)
        except ExecutorError as error:
            logger.error("%s %s", error.message, error.remedy)  # noqa: TRY400  foreseen: a sentence, not a traceback
            report = self._failed(job, error)
        except Exception as error:
            logger.exception("Job %s failed", job.job_id)
            report = self._failed(job, error)
        else:
            report = self._finished(job, outcome)
        seconds = (self._services.clock() - job.started_at).total_seconds()
        logger.info(
            "%s Job %s %s in %.2fs", _SIGN[report.status], job.job_id, report.job.status.value, seconds
        )
        self._close(report, recorded)
        self.job_results[job.job_id] = report
        return report

    def _run(self, job: Job, recorded: threading.Event) -> JobOutcome:
        schema = self._services.validator.validate()
        if schema.keeps_records:
            self._close_dead_runs()
            self._open(job)
            recorded.set()
        if not schema.valid and job.request.job_type not in _ANSWERS_FOR_SCHEMA:
            raise unusable(schema)
        context = JobContext(job.job_id, job.request, self._services, schema)
        if not recorded.is_set():
            return JOBS[job.request.job_type](context)
        with _Heartbeat(lambda: self._beat(job)):
            return JOBS[job.request.job_type](context)

    def _finished(self, job: Job, outcome: JobOutcome) -> JobReport:
        failed = outcome.status is RunStatus.FAILED
        if failed:
            logger.error("%s", outcome.error_message)
        document = self._redact(outcome.result)
        assert isinstance(document, dict)
        return JobReport(
            job=job.advance("fail" if failed else "complete"),
            document=document,
            status=outcome.status,
            exit_code=1 if failed else 0,
            error_message=self._masked(outcome.error_message),
        )

    def _failed(self, job: Job, error: Exception) -> JobReport:
        document = self._redact(wire.failure(job.job_id, job.request.job_type, error))
        assert isinstance(document, dict)
        exit_code = error.exit_code if isinstance(error, ExecutorError) else 1
        message = self._masked(document["error"]["message"])
        return JobReport(job.advance("fail"), document, RunStatus.FAILED, exit_code, message)

    def _masked(self, text: Optional[str]) -> Optional[str]:
        return None if text is None else str(self._redact(text))

    def _open(self, job: Job) -> None:
        now = self._services.clock()
        request = job.request
        row = {
            "run_id": job.job_id,
            "executor_version": __version__,
            "source_id": self._services.source_id(request),
            "tenant_id": request.tenant_id,
            "run_mode": request.job_type.value,
            "source_path": self._redact(request.data_source_path),
            "status": RunStatus.RUNNING.value,
            "started_at": job.started_at,
            "driver": str(self._driver),
            "heartbeat_at": now,
        }
        self._services.store.append(EXECUTOR_RUNS, [row])

    def _close(self, report: JobReport, recorded: threading.Event) -> None:
        """Write the run's end and its log lines. What cannot be written is said on stderr."""
        if not recorded.is_set():
            logger.warning("This run left no row in executor_runs: the schema could not be used")
            return
        store, now = self._services.store, self._services.clock()
        try:
            values = {
                "status": report.status.value,
                "error_message": report.error_message,
                "finished_at": now,
                "heartbeat_at": now,
                "result": wire.dump(report.document),
            }
            store.update(EXECUTOR_RUNS, {"run_id": report.job.job_id}, values)
        except Exception:
            logger.exception("The end of %s could not be recorded", report.job.job_id)
        if self._keeper.dropped:
            logger.warning("%d log lines were too many to keep; stderr had them all", self._keeper.dropped)
        try:
            self._store_lines(report.job.job_id)
        except Exception:
            logger.exception("The log lines of %s could not be stored", report.job.job_id)

    def _store_lines(self, job_id: str) -> None:
        lines = self._keeper.take()
        rows = [
            {
                "log_id": f"{job_id}-{number:06d}",
                "run_id": job_id,
                "log_level": line.level,
                "logger": line.logger,
                "log_message": line.message,
                "log_timestamp": line.logged_at,
            }
            for number, line in enumerate(lines, self._lines)
        ]
        try:
            self._services.store.append(LOGS, rows)
        except Exception:
            self._keeper.give_back(lines)
            raise
        self._lines += len(rows)

    def _beat(self, job: Job) -> None:
        """Say that the run is alive, and store what it logged: a killed driver leaves its last words."""
        self._services.store.update(
            EXECUTOR_RUNS, {"run_id": job.job_id}, {"heartbeat_at": self._services.clock()}
        )
        self._store_lines(job.job_id)

    def _close_dead_runs(self) -> None:
        now = self._services.clock()
        for row in self._services.store.rows(EXECUTOR_RUNS, {"status": RunStatus.RUNNING.value}):
            if not self._is_dead(row, now):
                continue
            message = "The driver that ran this job ended without finishing it."
            logger.warning("Closed run %s, left Running by a driver that is gone", row["run_id"])
            self._services.store.update(
                EXECUTOR_RUNS,
                {"run_id": row["run_id"], "status": RunStatus.RUNNING.value},
                {"status": RunStatus.FAILED.value, "error_message": message, "finished_at": now},
            )

    def _is_dead(self, row: Mapping[str, object], now: datetime) -> bool:
        liveness = self._driver.knows(str(row.get("driver") or ""))
        if liveness is not Liveness.UNKNOWN:
            return liveness is Liveness.DEAD
        heard: List[datetime] = [
            at for at in (row.get("heartbeat_at"), row.get("started_at")) if isinstance(at, datetime)
        ]
        return not heard or now - max(heard) > SILENCE


_ANSWERS_FOR_SCHEMA = (JobType.SCHEMA_VALIDATION, JobType.FULL_PIPELINE)
_SIGN = {RunStatus.SUCCESS: "✅", RunStatus.PARTIAL: "⚠️", RunStatus.FAILED: "❌", RunStatus.RUNNING: "⏳"}


class _Heartbeat:
    """Calls a function every :data:`HEARTBEAT` while its ``with`` block runs."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._over = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="heartbeat", daemon=True)
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _loop(self) -> None:
        while not self._over.wait(HEARTBEAT.total_seconds()):
            try:
                self._beat()
            except Exception as error:  # noqa: BLE001  a missed beat is made up by the next; the job goes on
                logger.warning("A heartbeat could not be written: %s", error)
