"""Runs from the request to their end: admission, attempts, retries, timeouts, cancelling, repair.

Every change of a run is made under one lock, that of :class:`Runs`. What takes time (starting a cluster or a
process) happens outside of it, in a worker of its own for each attempt. What a change does to a run is in
``changes.py``.
"""

from __future__ import annotations

import dataclasses
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from fake_databricks.errors import InvalidParameter, InvalidState
from fake_databricks.full_disk import is_full, sentence
from fake_databricks.jobs import changes, outcomes
from fake_databricks.jobs.control_tasks import ControlTasks
from fake_databricks.jobs.lifecycle import Event, Life, Result, State, advance
from fake_databricks.jobs.model import REQUESTED, Origin, Output, Overrides, Run, TaskRun
from fake_databricks.jobs.settings import Dialect, Settings, parse_settings
from fake_databricks.jobs.task_types import CONTROL, TASK_TYPES
from fake_databricks.jobs.tasks import TaskPreparer, UnrunnableTask
from fake_databricks.request.values import read_text

if TYPE_CHECKING:
    from fake_databricks.clock import Cancel, MovableClock
    from fake_databricks.engine.ports import TaskExit, TaskHandle
    from fake_databricks.jobs.jobs import Jobs
    from fake_databricks.jobs.model import Job
    from fake_databricks.jobs.runs import Runs


@dataclass
class _Live:
    """What belongs to an active run and is not stored.

    Attributes:
        handles: running processes, by the number of their attempt.
        timers: timers by the number of their attempt; that of the run itself by its number, negative.
    """

    handles: dict[int, TaskHandle] = field(default_factory=dict)
    timers: dict[int, Cancel] = field(default_factory=dict)


class RunScheduler:
    """Starts, watches and ends the runs of a workspace.

    Args:
        runs: stores the runs; runs that were active when the server ended are closed as failed.
        jobs: has the limit of active runs of each job.
        preparer: makes an attempt ready to start, and cleans up after it.
        clock: time, timers and workers.

    Attributes:
        on_end: called with a run that has ended.
    """

    def __init__(self, runs: Runs, jobs: Jobs, preparer: TaskPreparer, clock: MovableClock) -> None:
        self._runs = runs
        self._jobs = jobs
        self._preparer = preparer
        self._clock = clock
        self._live: dict[int, _Live] = {}
        self.is_closing = False
        self.on_end: Callable[[Run], None] = lambda _: None
        self._control = ControlTasks(runs, jobs, preparer, clock, self)
        with runs.locked():
            for run in runs.active():
                for task_run in changes.end_lost(run, clock.now()):
                    runs.save_output(task_run.run_id, Output(error=changes.LOST))
                runs.save(run)

    def run_now(  # noqa: PLR0913  a request's parts
        self,
        job: Job,
        overrides: Overrides,
        token: str,
        creator: str,
        *,
        queue: bool | None = None,
        origin: Origin = REQUESTED,
    ) -> Run:
        """Run a job, or return the run that a request with the same idempotency token has made.

        Args:
            job: the job.
            overrides: parameters that replace those of the job.
            token: the idempotency token, or an empty text.
            creator: who requests it.
            queue: whether the run waits while too many others are active; None leaves it to the job.
            origin: what has started the run.
        """
        settings = job.settings
        if not settings.tasks:
            raise InvalidParameter(
                f"Job {job.job_id} has no task to run; add one with jobs/update or jobs/reset."
            )
        if queue is not None:
            settings = dataclasses.replace(settings, is_queueing=queue)
        unknown = sorted(set(overrides.job_parameters) - {name for name, _ in settings.parameters})
        if unknown and settings.dialect is Dialect.FLAT:
            raise InvalidParameter(f"The job has no parameter {', '.join(unknown)}.")
        token = f"job:{job.job_id}:{token}" if token else ""
        with self._runs.locked():
            known = self._runs.of_token(token)
            if known is not None:
                return known
            number = self._runs.next_number_in_job(job.job_id)
            run = self.new_run(job.job_id, number, settings, overrides, creator)
            run.idempotency_token = token
            origin.mark(run)
            self._runs.save(run)
            self._begin_or_wait(run, job)
        return run

    def submit(self, document: Mapping[str, Any], version: str, token: str, creator: str) -> Run:
        """Run what a document describes, without a saved job; as ``run_now`` otherwise."""
        for name in ("schedule", "trigger", "continuous"):
            if document.get(name) is not None:
                raise InvalidParameter(f"Field '{name}' is not supported: a submitted run starts once.")
        fields = [field for field in ("run_name", "name") if document.get(field) is not None]
        names = [read_text(field, document[field]) for field in fields]
        settings = parse_settings({**document, "name": next(filter(None, names), "Untitled")}, version)
        if not settings.tasks:
            raise InvalidParameter(
                f"A run must have exactly one of {', '.join(TASK_TYPES)}, or tasks; it has none."
            )
        self._jobs.check(settings)
        token = f"submit:{token}" if token else ""
        with self._runs.locked():
            known = self._runs.of_token(token)
            if known is not None:
                return known
            run = self.new_run(self._jobs.next_job_id(), 1, settings, Overrides(), creator)
            run.is_submitted = True
            run.idempotency_token = token
            self._runs.save(run)
            self.begin(run)
        return run

    def cancel(self, run_id: int) -> None:
        """End a run, or one attempt of a task; what has ended stays as it is.

        The attempts of a flat job have numbers of their own, and each is the run.
        """
        with self._runs.locked():
            run = self._runs.live(run_id)
            if run_id == run.run_id or run.dialect is Dialect.FLAT:
                self._stop(run, Result.CANCELED)
            else:
                self._cancel_attempt(run, run.attempt(run_id))

    def cancel_all(self, job_id: int | None, *, only_queued: bool = False) -> None:
        """End all runs of a job, or of all jobs."""
        with self._runs.locked():
            for run in self._runs.active(job_id):
                if run.is_nested:  # it ends with the run of its loop
                    continue
                if not only_queued or run.state.life is Life.QUEUED:
                    self._stop(run, Result.CANCELED)

    def repair(
        self, run_id: int, tasks: Sequence[str], latest_repair_id: int | None, overrides: Overrides
    ) -> int:
        """Run some tasks of an ended run again; return the number of the repair.

        Raises:
            InvalidState: the run has not ended.
            InvalidParameter: no task or an unknown one, or another repair came between.
        """
        with self._runs.locked():
            run = self._runs.live(run_id)
            if run.is_active:
                raise InvalidState(f"Run {run_id} is active and cannot be repaired.")
            settings = self.settings_for_repair(run)
            changes.check_repair(run, tasks, latest_repair_id, settings)
            changes.renew_settings(run, settings)
            next_id, now = self._runs.next_run_id, self._clock.now()
            repair_id = changes.repair(run, tasks, overrides, next_id, now)
            self.begin(run)
            return repair_id

    def settings_for_repair(self, run: Run) -> Settings:
        """Return the settings that a repair of the run would have now."""
        return changes.settings_for_repair(run, self._jobs.find(run.job_id))

    def retime(self, job: Job) -> None:
        """Let a job's new timeout count for its active runs, and begin those that have a place now."""
        seconds = job.settings.document.get("timeout_seconds", 0)
        with self._runs.locked():
            for run in self._runs.active(job.job_id):
                if run.is_nested:
                    continue
                document = {**run.settings.document, "timeout_seconds": seconds}
                run.settings = dataclasses.replace(
                    parse_settings(document, "2.2"), is_queueing=run.settings.is_queueing
                )
                self._set_timers(run)
                self._runs.save(run)
            self._admit_waiting(job)

    def is_active(self, job_id: int) -> bool:
        """Whether a run of a job is active."""
        with self._runs.locked():
            return bool(self._runs.active(job_id))

    def logs_so_far(self, number: int) -> str:
        """Return what the process of an attempt has written until now; empty if none runs."""
        with self._runs.locked():
            live = [item.handles[number] for item in self._live.values() if number in item.handles]
        return live[0].logs_so_far() if live else ""

    def close(self) -> None:
        """End every process with the server; the next server finds the runs active and closes them."""
        with self._runs.locked():
            self.is_closing = True
            handles = [handle for live in self._live.values() for handle in live.handles.values()]
        for handle in handles:
            handle.cancel()

    def new_run(
        self, job_id: int, number: int, settings: Settings, overrides: Overrides, creator: str
    ) -> Run:
        """Return a run that has not begun."""
        run = Run(
            self._runs.next_run_id(),
            job_id,
            number,
            settings.name,
            settings,
            overrides,
            State(Life.PENDING, None, changes.WAITING),
            self._clock.now(),
            creator,
        )
        changes.add_first_attempts(run, self._runs.next_run_id)
        return run

    def _begin_or_wait(self, run: Run, job: Job) -> None:
        """Begin a run; queue or skip it while as many runs of its job are active as may be."""
        limit = job.settings.max_concurrent_runs
        if self._places(job, self._runs.active(job.job_id), but=run) > 0:
            self.begin(run)
            return
        if run.settings.is_queueing and limit:
            changes.queue(run, limit)
        else:
            changes.skip(run, limit, self._clock.now())
        self._runs.save(run)

    @staticmethod
    def _places(job: Job, active: Sequence[Run], but: Run | None = None) -> int:
        """Return how many more runs of a job may begin, of which these are active."""
        begun = sum(
            run is not but and not run.is_nested and run.state.life is not Life.QUEUED for run in active
        )
        return max(0, job.settings.max_concurrent_runs - begun)

    def begin(self, run: Run) -> None:
        """Start a run that is PENDING: tasks that wait for no other start, the others are blocked."""
        self._live[run.run_id] = _Live()
        if run.start_time == 0:
            run.start_time = self._clock.now()
        self._set_timers(run)
        self._continue(run)

    def _continue(self, run: Run, ended: TaskRun | None = None) -> None:
        """Start and skip the tasks whose turn it is, after one has ended; end the run if nothing is left."""
        if run.stopped_for is None:
            for task_run in changes.skip_blocked(run, self._clock.now(), ended):
                self._admit(run, task_run)
        self._runs.save(run)
        if run.is_nested:
            self._control.count_iterations(run)
        if run.is_active and all(task_run.state.is_terminal for task_run in run.latest().values()):
            self._end_run(run)

    def _admit(self, run: Run, task_run: TaskRun) -> None:
        """Let an attempt begin; the caller, which holds the lock, stores the run."""
        changes.admit(run, task_run, self._clock.now())
        self._set_attempt_timer(run, task_run)
        self._clock.spawn(lambda: self._run_attempt(run, task_run))

    def _run_attempt(self, run: Run, task_run: TaskRun) -> None:
        """Carry one attempt from PENDING to its end: the whole work of a worker."""
        task = run.task_of(task_run)
        if task.kind in CONTROL:
            self._control.carry_out(run, task, task_run)
            return
        try:
            cluster, spec = self._preparer.prepare(run, task, task_run)
            if task.kind == "notebook_task":
                source = Path(spec.python_file).read_text("utf-8-sig", "replace")
                self._runs.save_notebook(task_run.run_id, spec.notebook, source)
            with self._runs.locked():
                if task_run.state.is_terminal:  # it was stopped while its cluster was starting
                    return
            handle = cluster.start_task(spec)
            self._started(run, task_run, handle)
            task_exit = handle.wait()
        except UnrunnableTask as error:
            outcome = outcomes.Outcome(Event.BREAK, Result.FAILED, str(error))
            if error.is_program_missing:
                outcome = outcomes.of_missing_program(str(error), run.dialect)
            self.end_attempt(run, task_run, outcome, Output(error=str(error)))
        except Exception as error:  # noqa: BLE001  any other error is an internal error of the run
            said = sentence(error) if is_full(error) else f"Internal error: {error}"
            trace = None if is_full(error) else traceback.format_exc()
            outcome = outcomes.Outcome(Event.BREAK, Result.FAILED, said)
            self.end_attempt(run, task_run, outcome, Output(error=said, error_trace=trace))
        else:
            self._exited(run, task_run, task_exit)
        finally:
            self._preparer.clean(task_run)

    def _started(self, run: Run, task_run: TaskRun, handle: TaskHandle) -> None:
        with self._runs.locked():
            if task_run.state.is_terminal or self.is_closing:
                handle.cancel()
                return
            self._live[run.run_id].handles[task_run.run_id] = handle
            changes.start(run, task_run, self._clock.now())
            self._runs.save(run)

    def _exited(self, run: Run, task_run: TaskRun, task_exit: TaskExit) -> None:
        code = task_exit.exit_code
        if code is None:
            code = -(task_exit.signal or 1)
        with self._runs.locked():
            task_run.exit_code = code
            task_run.values = task_exit.task_values
            outcome = outcomes.of_exit(code, run.dialect)
            if task_run.stopped_for is not None:
                outcome = outcomes.stopped(task_run.stopped_for)
            has_failed = outcome.result is Result.FAILED
            output = Output(
                task_exit.logs,
                task_exit.logs_truncated,
                task_exit.error if has_failed else None,
                task_exit.error_trace if has_failed else None,
                *outcomes.notebook_result(task_exit.notebook_result),
                displays=task_exit.displays,
            )
            self.end_attempt(run, task_run, outcome, output)

    def end_attempt(
        self, run: Run, task_run: TaskRun, outcome: outcomes.Outcome, output: Output | None = None
    ) -> None:
        """End an attempt; then retry it, or go on with the run."""
        with self._runs.locked():
            if task_run.state.is_terminal or self.is_closing:
                return
            stopped = self._clock.now()
            if output is not None:
                self._runs.save_output(task_run.run_id, output)
            self._live[run.run_id].handles.pop(task_run.run_id, None)
            self._unset_timer(run, task_run.run_id)
            changes.end_attempt(task_run, outcome, stopped, self._clock.now())
            if changes.may_retry(run, task_run):
                self._retry(run, task_run)
            else:
                self._continue(run, task_run)

    def _retry(self, run: Run, before: TaskRun) -> None:
        now = self._clock.now()
        due = before.start_time + changes.retry_interval(run, before)
        task_run = changes.add_retry(run, before, self._runs.next_run_id(), now)
        if due <= now:
            self._admit(run, task_run)
            self._runs.save(run)
            return
        self._runs.save(run)

        def again() -> None:
            with self._runs.locked():
                if task_run.state.life is Life.WAITING_FOR_RETRY and not self.is_closing:
                    self._admit(run, task_run)
                    self._runs.save(run)

        self._live[run.run_id].timers[task_run.run_id] = self._clock.call_at(due, again)

    def _end_run(self, run: Run) -> None:
        """End a run whose attempts have all ended, and admit those of its job that wait."""
        changes.end_run(run, self._clock.now())
        for number in list(self._live[run.run_id].timers):
            self._unset_timer(run, number)
        del self._live[run.run_id]
        self._runs.save(run)
        if not run.is_nested:
            self._clock.spawn(lambda: self._preparer.release(run))
        job = self._jobs.find(run.job_id)
        if job is not None:
            self._admit_waiting(job)
        self.on_end(run)
        if run.parent_task_run_id:
            self._control.child_ended(run)

    def _admit_waiting(self, job: Job) -> None:
        """Begin queued runs of a job, as many as may be active."""
        active = self._runs.active(job.job_id)
        queued = [run for run in reversed(active) if run.state.life is Life.QUEUED]
        for other in queued[: self._places(job, active)]:
            if other.state.life is Life.QUEUED:  # else the end of one that has just begun has admitted it
                other.state = advance(other.state, Event.ADMIT, message=changes.WAITING)
                self.begin(other)

    def _stop(self, run: Run, reason: Result) -> None:
        """End a run that was cancelled or is out of time; attempts that have ended stay as they are."""
        if not run.is_active or run.stopped_for is not None or self.is_closing:
            return
        run.stopped_for = reason
        self._live.setdefault(run.run_id, _Live())
        run.state = advance(run.state, Event.STOP)
        for task_run in run.latest().values():
            self._stop_attempt(run, task_run, reason)
        self._runs.save(run)
        self._continue(run)

    def _stop_attempt(self, run: Run, task_run: TaskRun, reason: Result) -> None:
        if task_run.state.is_terminal or task_run.stopped_for is not None:
            return
        task_run.stopped_for = reason
        handle = self._live[run.run_id].handles.get(task_run.run_id)
        if handle is not None:
            task_run.state = advance(task_run.state, Event.STOP)
            handle.cancel()
            return
        if task_run.child_run_id:
            task_run.state = advance(task_run.state, Event.STOP)
            self._stop(self._runs.live(task_run.child_run_id), Result.CANCELED)
            return
        self._unset_timer(run, task_run.run_id)
        now = self._clock.now()
        changes.end_attempt(task_run, outcomes.stopped(reason), now, now)

    def _cancel_attempt(self, run: Run, task_run: TaskRun) -> None:
        """End one attempt; the tasks that do not depend on it go on."""
        if task_run.state.is_terminal or self.is_closing:
            return
        if run.state.life is Life.QUEUED:  # nothing of it runs
            now = self._clock.now()
            changes.end_attempt(task_run, outcomes.stopped(Result.CANCELED), now, now)
            if all(item.state.is_terminal for item in run.latest().values()):
                self._stop(run, Result.CANCELED)
            self._runs.save(run)
            return
        self._stop_attempt(run, task_run, Result.CANCELED)
        self._runs.save(run)
        self._continue(run, task_run)

    def _time_out(self, run: Run) -> None:
        with self._runs.locked():
            self._stop(run, Result.TIMEDOUT)

    def _time_out_attempt(self, run: Run, task_run: TaskRun) -> None:
        with self._runs.locked():
            if task_run.state.is_terminal or task_run.stopped_for is not None or self.is_closing:
                return
            if task_run.run_id in self._live[run.run_id].handles or task_run.child_run_id:
                self._stop_attempt(run, task_run, Result.TIMEDOUT)
                self._runs.save(run)
            else:
                task_run.stopped_for = Result.TIMEDOUT
                self.end_attempt(run, task_run, outcomes.stopped(Result.TIMEDOUT))

    def _set_timers(self, run: Run) -> None:
        """Set the timers of a run and of its running attempts to the timeouts of its settings."""
        if run.run_id not in self._live:  # it is queued
            return
        start = run.repairs[-1].start_time if run.repairs else run.start_time
        self._set_timer(run, -run.run_id, start, run.settings.timeout_seconds, lambda: self._time_out(run))
        for task_run in run.latest().values():
            if task_run.start_time and not task_run.state.is_terminal:
                self._set_attempt_timer(run, task_run)

    def _set_attempt_timer(self, run: Run, task_run: TaskRun) -> None:
        seconds = run.task_of(task_run).timeout_seconds
        number, start = task_run.run_id, task_run.start_time
        self._set_timer(run, number, start, seconds, lambda: self._time_out_attempt(run, task_run))

    def _set_timer(self, run: Run, number: int, start: int, seconds: int, action: Callable[[], None]) -> None:
        """Call ``action`` so many seconds after ``start``; 0 seconds is never."""
        self._unset_timer(run, number)
        if seconds:
            left = start / 1000 + seconds - self._clock.now() / 1000
            self._live[run.run_id].timers[number] = self._clock.call_later(max(0.0, left), action)

    def _unset_timer(self, run: Run, number: int) -> None:
        cancel = self._live[run.run_id].timers.pop(number, None)
        if cancel is not None:
            cancel()
