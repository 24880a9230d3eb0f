"""The runs of a workspace: asked for, listed, cancelled, repaired, deleted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

from fake_databricks.errors import InvalidParameter, InvalidState
from fake_databricks.jobs.jobs import FIRST_JOB_ID, FIRST_RUN_ID
from fake_databricks.jobs.lifecycle import Event, Life, Result, State, advance
from fake_databricks.jobs.model import Output, Overrides, Repair, Run, TaskRun
from fake_databricks.jobs.scheduler import WAITING, Execution, Preparer
from fake_databricks.jobs.settings import Dialect, Settings, parse_settings

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.jobs.jobs import Jobs, Numbers
    from fake_databricks.jobs.model import Job
    from fake_databricks.storage import Storage

MAX_TOKEN = 64


@dataclass(frozen=True)
class RunFilter:
    """Which runs a list is to have.

    Attributes:
        job_id: of this job alone.
        active_only: that have not ended.
        completed_only: that have ended.
        run_type: ``JOB_RUN`` or ``SUBMIT_RUN``; empty is both.
        start_from: not before, in ms; 0 is always.
        start_to: not after, in ms; 0 is always.
        before: with a smaller run id; 0 is all.
    """

    job_id: int | None = None
    active_only: bool = False
    completed_only: bool = False
    run_type: str = ""
    start_from: int = 0
    start_to: int = 0
    before: int = 0

    def admits(self, run: Run) -> bool:
        """Whether a run belongs to the list."""
        kind = "SUBMIT_RUN" if run.is_submitted else "JOB_RUN"
        return (
            self.job_id in (None, run.job_id)
            and not (self.active_only and not run.is_active)
            and not (self.completed_only and run.is_active)
            and self.run_type in ("", kind)
            and run.created >= self.start_from
            and (not self.start_to or run.created <= self.start_to)
            and (not self.before or run.run_id < self.before)
        )


class Runs:
    """Every run of a workspace, in memory and stored."""

    def __init__(  # noqa: PLR0913, PLR0917  the parts of a workspace that runs touch
        self,
        workspace_id: str,
        storage: Storage,
        clock: Clock,
        numbers: Numbers,
        jobs: Jobs,
        preparer: Preparer,
        redact: Any,
    ) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._clock = clock
        self._numbers = numbers
        self._jobs = jobs
        self._redact = redact
        self.execution = Execution(clock, preparer, self)
        self._lock = self.execution.lock
        self._runs: dict[int, Run] = {}
        self._of_job: dict[int, list[int]] = {}
        self._owner: dict[int, int] = {}  # task run id -> run id
        self._tokens: dict[str, int | None] = {}
        self._active: set[int] = set()
        stored = (Run.from_document(document) for _, document in storage.all(workspace_id, "run"))
        for run in sorted(stored, key=lambda run: run.run_id):
            self._enter(run)
        for run in self._runs.values():
            if run.is_active:
                self.execution.lose(run)

    def run_now(
        self, job: Job, overrides: Overrides, token: str, creator: str, *, queue: bool | None = None
    ) -> Run:
        """Make a run of a job, or find the one that the idempotency token has made.

        ``queue`` says otherwise than the job whether a run waits for a free place.
        """
        settings = job.settings
        if queue is not None:
            settings = dataclasses.replace(settings, is_queueing=queue)
        unknown = sorted(set(overrides.job_parameters) - {name for name, _ in settings.parameters})
        if unknown and settings.dialect is Dialect.FLAT:
            raise InvalidParameter(f"The job has no parameter {', '.join(unknown)}.")
        with self._lock:
            known = self._known(f"job:{job.job_id}:{token}" if token else "")
            if known is not None:
                return known
            number = self._numbers.take(f"run of {job.job_id}")
            run = self._make(job.job_id, number, settings, overrides, creator)
            run.idempotency_token = f"job:{job.job_id}:{token}" if token else ""
            self._enter(run)
            self._place(run, job)
        return run

    def submit(self, document: Mapping[str, Any], version: str, token: str, creator: str) -> Run:
        """Make a run without a saved job."""
        name = document.get("run_name") or document.get("name") or "Untitled"
        settings = parse_settings({**document, "name": name}, version)
        with self._lock:
            known = self._known(f"submit:{token}" if token else "")
            if known is not None:
                return known
            job_id = self._numbers.take("job", FIRST_JOB_ID)
            run = self._make(job_id, 1, settings, Overrides(), creator)
            run.is_submitted = True
            run.idempotency_token = f"submit:{token}" if token else ""
            self._enter(run)
            self._place(run, None)
        return run

    def get(self, run_id: int) -> tuple[Run, TaskRun | None]:
        """Return a run; with one of its attempts, if the number is an attempt's.

        The first attempt of a flat job has the number of the run: that is the run.

        Raises:
            InvalidParameter: there is none of that number.
        """
        with self._lock:
            if run_id in self._runs:
                return self._runs[run_id], None
            owner = self._runs.get(self._owner.get(run_id, 0))
            if owner is None:
                raise InvalidParameter(f"Run {run_id} does not exist.")
            return owner, next(item for item in owner.task_runs if item.run_id == run_id)

    def output(self, run_id: int) -> Output:
        """Return what an attempt left behind; empty while it runs."""
        document = self._storage.get(self._workspace_id, "output", run_id)
        return Output(**document) if document else Output()

    def list(self, wanted: RunFilter) -> Iterator[Run]:
        """Return runs, the newest first."""
        with self._lock:
            if wanted.active_only:
                ids = sorted(self._active)
            elif wanted.job_id is None:
                ids = list(self._runs)
            else:
                ids = list(self._of_job.get(wanted.job_id, ()))
        for run_id in reversed(ids):
            run = self._runs.get(run_id)
            if run is not None and wanted.admits(run):
                yield run

    def cancel(self, run_id: int) -> None:
        """End a run, or the run of an attempt; one that has ended keeps its outcome."""
        run, _ = self.get(run_id)
        self.execution.stop(run, Result.CANCELED)

    def cancel_all(self, job_id: int | None, *, only_queued: bool = False) -> None:
        """End all runs of a job, or of all jobs."""
        for run in list(self.list(RunFilter(job_id, active_only=True))):
            if not only_queued or run.state.life is Life.QUEUED:
                self.execution.stop(run, Result.CANCELED)

    def delete(self, run_id: int) -> None:
        """Forget a run that has ended."""
        with self._lock:
            run, _ = self.get(run_id)
            if run.is_active:
                raise InvalidState(f"Run {run_id} is active and cannot be deleted; cancel it first.")
            del self._runs[run.run_id]
            self._of_job[run.job_id].remove(run.run_id)
            self._storage.delete(self._workspace_id, "run", run.run_id)
            for task_run in run.task_runs:
                self._owner.pop(task_run.run_id, None)
                self._storage.delete(self._workspace_id, "output", task_run.run_id)
            if run.idempotency_token:
                self._tokens[run.idempotency_token] = None

    def repair(
        self, run_id: int, tasks: Sequence[str], latest_repair_id: int | None, overrides: Overrides
    ) -> int:
        """Run some tasks of an ended run again; the number of the repair.

        Raises:
            InvalidState: the run has not ended.
            InvalidParameter: no such task, or another repair came between.
        """
        with self._lock:
            run, _ = self.get(run_id)
            if run.is_active:
                raise InvalidState(f"Run {run_id} is active and cannot be repaired.")
            if len(run.repairs) > 1 and latest_repair_id != run.repairs[-1].repair_id:
                raise InvalidParameter("latest_repair_id must be the id of the latest repair of the run.")
            known = run.latest()
            unknown = sorted(set(tasks) - set(known))
            if unknown or not tasks:
                raise InvalidParameter(
                    f"Unknown task: {', '.join(unknown)}." if unknown else "There is no task to be run again."
                )
            return self._repair(run, tasks, overrides)

    def retime(self, job: Job) -> None:
        """Let a job's new timeout count for its active runs."""
        seconds = job.settings.document.get("timeout_seconds", 0)
        with self._lock:
            for run in list(self.list(RunFilter(job.job_id, active_only=True))):
                document = {**run.settings.document, "timeout_seconds": seconds}
                run.settings = dataclasses.replace(
                    parse_settings(document, "2.2"), is_queueing=run.settings.is_queueing
                )
                self.execution.arm(run)
                self.keep(run)

    def keep(self, run: Run) -> None:
        """Store a run that has changed."""
        (self._active.add if run.is_active else self._active.discard)(run.run_id)
        for task_run in run.task_runs:
            self._owner[task_run.run_id] = run.run_id
        self._storage.put(self._workspace_id, "run", run.run_id, run.to_document())

    def keep_output(self, run_id: int, output: Output) -> None:
        """Store what an attempt left behind, without secret values."""
        document = self._redact(dataclasses.asdict(output))
        self._storage.put(self._workspace_id, "output", run_id, document)

    def next_run_id(self) -> int:
        """Return a number for a run or a task run."""
        return self._numbers.take("run", FIRST_RUN_ID)

    def ended(self, run: Run) -> None:
        """Admit the runs of the same job that wait."""
        job = self._jobs.find(run.job_id)
        if job is None:
            return
        for other in reversed(list(self.list(RunFilter(run.job_id, active_only=True)))):
            if other.state.life is Life.QUEUED and self._has_place(job):
                other.state = advance(other.state, Event.ADMIT, message=WAITING)
                self.execution.begin(other)

    def _known(self, token: str) -> Run | None:
        if not token or token not in self._tokens:
            return None
        run_id = self._tokens[token]
        if run_id is None:
            raise InvalidParameter("The run of this idempotency_token was deleted.")
        return self._runs[run_id]

    def _make(self, job_id: int, number: int, settings: Settings, overrides: Overrides, creator: str) -> Run:
        run_id = self.next_run_id()
        run = Run(
            run_id,
            job_id,
            number,
            settings.name,
            settings,
            overrides,
            State(Life.PENDING, None, WAITING),
            self._clock.now(),
            creator,
        )
        unknown = sorted(set(overrides.only) - {task.key for task in settings.tasks})
        if unknown:
            raise InvalidParameter(f"Unknown task in 'only': {', '.join(unknown)}.")
        for task in settings.tasks:
            if not overrides.only or task.key in overrides.only:
                own = run_id if settings.dialect is Dialect.FLAT else self.next_run_id()
                run.task_runs.append(TaskRun(own, task.key, 0, State(Life.BLOCKED), created=run.created))
        return run

    def _place(self, run: Run, job: Job | None) -> None:
        if job is None or self._has_place(job, but=run):
            self.execution.begin(run)
            return
        limit = job.settings.max_concurrent_runs
        if run.settings.is_queueing and limit:
            message = f"Queued due to reaching maximum concurrent runs of {limit}."
            run.state = State(Life.QUEUED, None, message)
            self.keep(run)
            return
        message = f"Skipping this run because the limit of {limit} maximum concurrent runs has been reached."
        result = Result.MAXIMUM_CONCURRENT_RUNS_REACHED
        run.state = advance(run.state, Event.SKIP, result, message)
        run.start_time = run.end_time = self._clock.now()
        for task_run in run.task_runs:
            task_run.state = advance(task_run.state, Event.SKIP, result, message)
        self.keep(run)

    def _has_place(self, job: Job, but: Run | None = None) -> bool:
        active = sum(
            run is not but and run.state.life is not Life.QUEUED
            for run in self.list(RunFilter(job.job_id, active_only=True))
        )
        return active < job.settings.max_concurrent_runs

    def _repair(self, run: Run, tasks: Sequence[str], overrides: Overrides) -> int:
        now = self._clock.now()
        if not run.repairs:
            original = tuple(task_run.run_id for task_run in run.task_runs)
            run.repairs.append(
                Repair(run.run_id, "ORIGINAL", run.start_time, run.end_time, run.state, original)
            )
        before = run.latest()
        run.overrides = dataclasses.replace(
            run.overrides,
            **{
                name: value
                for name, value in dataclasses.asdict(overrides).items()
                if value and name != "only"
            },
        )
        made = []
        for task in run.settings.tasks:
            if task.key in tasks:
                attempt = before[task.key].attempt + 1
                made.append(TaskRun(self.next_run_id(), task.key, attempt, State(Life.BLOCKED), created=now))
        run.task_runs.extend(made)
        run.state = advance(run.state, Event.REPAIR, message=WAITING)
        run.stopped_for = None
        run.end_time = 0
        repair_id = self.next_run_id()
        ids = tuple(task_run.run_id for task_run in made)
        run.repairs.append(Repair(repair_id, "REPAIR", now, 0, run.state, ids))
        self.execution.begin(run)
        return repair_id

    def _enter(self, run: Run) -> None:
        self._runs[run.run_id] = run
        self._of_job.setdefault(run.job_id, []).append(run.run_id)
        if run.is_active:
            self._active.add(run.run_id)
        for task_run in run.task_runs:
            self._owner[task_run.run_id] = run.run_id
        if run.idempotency_token:
            self._tokens[run.idempotency_token] = run.run_id
