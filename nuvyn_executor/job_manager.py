"""The life of a job: created, run, recorded. Every run leaves its row in ``executor_runs``, failed ones too.

States are a table (:data:`TRANSITIONS`)::

    PENDING --start--> RUNNING --complete--> COMPLETED
       |                  |
       +-----fail---------+----fail-----> FAILED
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional

from nuvyn_executor import __version__, wire
from nuvyn_executor.audit import RunRecord
from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.jobs import JOBS, JobContext, unusable
from nuvyn_executor.model import JobOutcome, JobType, RunStatus
from nuvyn_executor.reports.results import SCORING_JOBS
from nuvyn_executor.spark import java_process

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.jobs import Services
    from nuvyn_executor.log import LogBuffer
    from nuvyn_executor.model import JobRequest
    from nuvyn_executor.process_identity import Driver
    from nuvyn_executor.schema.validator import SchemaReport

logger = logging.getLogger(__name__)


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
        """Return the job after an event.

        Raises:
            ValueError: the event cannot happen in this state; nothing has changed.
        """
        following = TRANSITIONS[self.status].get(event)
        if following is None:
            raise ValueError(f"{self.job_id} is {self.status.value}: it cannot {event}")
        return replace(self, status=following)


@dataclass(frozen=True)
class JobReport:
    """The result of a run: the document for stdout, the exit code, and one sentence on what went wrong."""

    job: Job
    document: Mapping[str, object]
    status: RunStatus
    exit_code: int
    error_message: Optional[str] = None


class JobManager:
    """Creates, runs and records jobs.

    Args:
        services: what jobs work with.
        log_buffer: holds the log lines of this process until they are stored.
        redact: masks secrets in a JSON-like value.
        driver: this process, as ``executor_runs.driver`` names it.
        new_id: returns the hex digits of a new job id.
    """

    def __init__(
        self,
        services: Services,
        log_buffer: LogBuffer,
        redact: Callable[[object], object],
        driver: Driver,
        new_id: Callable[[], str] = lambda: secrets.token_hex(6),
    ) -> None:
        self._services = services
        self._log_buffer = log_buffer
        self._redact = redact
        self._driver = driver
        self._new_id = new_id
        self.job_results: Dict[str, JobReport] = {}

    def create_job(self, request: JobRequest) -> Job:
        """Return a job for a request; nothing runs yet."""
        return Job(f"job_{self._new_id()}", request, self._services.clock())

    def execute(self, job: Job) -> JobReport:
        """Run a job and record it.

        Returns:
            The report; a job that fails is a report too, not an exception.
        """
        job = job.advance("start")
        logger.info("🚀 Starting job execution: %s", job.job_id)
        for note in job.request.notes:
            logger.info("%s", note)
        record: Optional[RunRecord] = None
        try:
            schema = self._services.validator.validate()
            if schema.can_record_runs:
                record = self._opened(job)
            outcome = self._run(job, schema)
        except ExecutorError as error:
            shown = java_process.named(error)
            logger.error("%s", shown)  # noqa: TRY400  an expected error: a sentence, not a traceback
            report = self._failed(job, shown)
        except Exception as error:
            logger.exception("Job %s failed", job.job_id)
            report = self._failed(job, java_process.named(error))
        else:
            report = self._finished(job, outcome)
        result = wire.dump(report.document)
        if record is not None:
            self._report(job, report.status, result)
        seconds = (self._services.clock() - job.started_at).total_seconds()
        logger.info(
            "%s Job %s %s in %.2fs", _SIGN[report.status], job.job_id, report.job.status.value, seconds
        )
        if record is None:
            logger.warning("This run left no row in executor_runs: the schema could not be used")
        else:
            record.close(report.status, report.error_message, result)
        self.job_results[job.job_id] = report
        return report

    def _run(self, job: Job, schema: SchemaReport) -> JobOutcome:
        job_type = job.request.job_type
        if not schema.valid and job_type not in _ANSWERS_FOR_SCHEMA:
            raise unusable(schema)
        return JOBS[job_type](JobContext(job.job_id, job.request, self._services, schema))

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

    def _report(self, job: Job, status: RunStatus, result: str) -> None:
        """Write the quality report of a run that scores; what prevents it is a warning."""
        write = self._services.write_report
        if write is None or job.request.job_type not in SCORING_JOBS:
            return
        try:
            path = write({**self._row(job), "status": status.value, "result": result})
        except ExecutorError as error:
            logger.warning("The quality report was not written: %s", error)
        except Exception as error:  # noqa: BLE001  the job has done what it was asked for
            why = java_process.said(error)
            logger.warning("The quality report was not written: %s: %s", type(error).__name__, why)
        else:
            if path is None:
                logger.info("No quality report: this run has no scores")
            else:
                logger.info("📄 Quality report: %s", path)

    def _masked(self, text: Optional[str]) -> Optional[str]:
        return None if text is None else str(self._redact(text))

    def _opened(self, job: Job) -> RunRecord:
        services = self._services
        row = self._row(job)
        record = RunRecord(services.store, self._log_buffer, self._driver, services.clock, row)
        record.open()
        return record

    def _row(self, job: Job) -> Dict[str, Any]:
        """Return what is known of a run when it begins: its row in ``executor_runs``."""
        request = job.request
        return {
            "run_id": job.job_id,
            "executor_version": __version__,
            "source_id": self._services.source_id(request),
            "tenant_id": self._masked(request.tenant_id),
            "run_mode": request.job_type.value,
            "source_path": self._source_path(request),
            "started_at": job.started_at,
        }

    def _source_path(self, request: JobRequest) -> Optional[str]:
        """Return the path for the record; each of several is masked by itself."""
        if not request.sources:
            return self._masked(request.data_source_path)
        return ",".join(str(self._redact(one.path)) for one in request.sources)


_ANSWERS_FOR_SCHEMA = (JobType.SCHEMA_VALIDATION, JobType.FULL_PIPELINE)
_SIGN = {RunStatus.SUCCESS: "✅", RunStatus.PARTIAL: "⚠️", RunStatus.FAILED: "❌", RunStatus.RUNNING: "⏳"}
