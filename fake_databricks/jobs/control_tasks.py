"""Carries out the tasks that run no program: conditions, loops, and runs of other jobs.

A loop and a run of another job start a run; its end is that of their task. The rules are in ``control.py``.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Mapping, Protocol

from fake_databricks.errors import ApiError, InvalidParameter
from fake_databricks.jobs import changes, control, outcomes
from fake_databricks.jobs.lifecycle import Event, Result
from fake_databricks.jobs.model import LATEST, REQUESTED, Origin, Output
from fake_databricks.jobs.settings import parse_settings
from fake_databricks.jobs.task_types import keyword_arguments

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.jobs.jobs import Jobs
    from fake_databricks.jobs.model import Job, Overrides, Run, TaskRun
    from fake_databricks.jobs.outcomes import Outcome
    from fake_databricks.jobs.runs import Runs
    from fake_databricks.jobs.settings import Settings, Task
    from fake_databricks.jobs.tasks import TaskPreparer


class Scheduler(Protocol):
    """What these tasks ask of the scheduler of runs; it holds the lock of all runs meanwhile."""

    is_closing: bool

    def run_now(
        self, job: Job, overrides: Overrides, token: str, creator: str, *, origin: Origin = REQUESTED
    ) -> Run:
        """Run a job."""
        ...

    def new_run(
        self, job_id: int, number: int, settings: Settings, overrides: Overrides, creator: str
    ) -> Run:
        """Return a run that has not begun."""
        ...

    def begin(self, run: Run) -> None:
        """Start a run."""
        ...

    def end_attempt(
        self, run: Run, task_run: TaskRun, outcome: Outcome, output: Output | None = None
    ) -> None:
        """End an attempt, and go on with its run."""
        ...


class ControlTasks:
    """The tasks of a workspace that run no program."""

    def __init__(
        self, runs: Runs, jobs: Jobs, preparer: TaskPreparer, clock: Clock, scheduler: Scheduler
    ) -> None:
        self._runs = runs
        self._jobs = jobs
        self._preparer = preparer
        self._clock = clock
        self._scheduler = scheduler

    def carry_out(self, run: Run, task: Task, task_run: TaskRun) -> None:
        """Carry out a task that runs no program; the end of a run that it starts is its own."""
        with self._runs.locked():
            if task_run.state.is_terminal or self._scheduler.is_closing:
                return
            try:
                values = self._preparer.values(run, task_run)
                changes.start(run, task_run, self._clock.now())
                if task.kind == "condition_task":
                    task_run.arguments = control.operands(task.body, values)
                    task_run.outcome = control.outcome_of_condition(task.body, values)
                    self._scheduler.end_attempt(
                        run, task_run, outcomes.Outcome(Event.END, Result.SUCCESS), Output()
                    )
                elif task.kind == "run_job_task":
                    self._run_other_job(run, task, task_run, values)
                else:
                    self._run_iterations(run, task, task_run, values)
            except Exception as error:  # noqa: BLE001  any other error is an internal error of the run
                said = error.message if isinstance(error, ApiError) else f"Internal error: {error}"
                outcome = outcomes.Outcome(Event.BREAK, Result.FAILED, said)
                self._scheduler.end_attempt(run, task_run, outcome, Output(error=said))

    def _run_other_job(self, run: Run, task: Task, task_run: TaskRun, values: Mapping[str, str]) -> None:
        job = self._jobs.get(task.body["job_id"])
        if job.job_id in self._jobs_above(run):
            raise InvalidParameter(f"Job {job.job_id} is started by a run of itself: the jobs form a circle.")
        overrides = control.overrides_of(task.body, values)
        task_run.arguments = keyword_arguments(overrides.job_parameters)
        child = self._scheduler.run_now(
            job,
            overrides,
            "",
            run.creator,
            origin=Origin("RUN_JOB_TASK", run.run_id, task_run.run_id),
        )
        task_run.child_run_id = child.run_id
        self._runs.save(run)
        if not child.is_active:  # it was skipped
            self.child_ended(child)

    def _jobs_above(self, run: Run) -> set[int]:
        """Return the job of a run, and those of the runs that have started it."""
        jobs = {run.job_id}
        while run.parent_run_id:
            run = self._runs.live(run.parent_run_id)
            jobs.add(run.job_id)
        return jobs

    def _run_iterations(self, run: Run, task: Task, task_run: TaskRun, values: Mapping[str, str]) -> None:
        settings = parse_settings(control.iterations(run, task, values), LATEST)
        if not settings.tasks:
            self._scheduler.end_attempt(run, task_run, outcomes.Outcome(Event.END, Result.SUCCESS), Output())
            return
        overrides = dataclasses.replace(run.overrides, only=())
        child = self._scheduler.new_run(run.job_id, run.number_in_job, settings, overrides, run.creator)
        Origin(run.trigger, run.shown_run_id, task_run.run_id).mark(child)
        child.is_nested, child.is_submitted = True, run.is_submitted
        child.concurrency = task.body.get("concurrency", 1)
        child.inherited_values = run.values_for(task_run)
        task_run.child_run_id = child.run_id
        self._runs.save(run)
        self._runs.save(child)
        self._scheduler.begin(child)

    def count_iterations(self, child: Run) -> None:
        """Note in the attempt of a loop how far its iterations are."""
        parent = self._runs.live(child.parent_task_run_id)
        parent.attempt(child.parent_task_run_id).stats = control.stats_of(child)
        self._runs.save(parent)

    def child_ended(self, child: Run) -> None:
        """End the task that has started a run, with the result of that run."""
        try:
            parent = self._runs.live(child.parent_task_run_id)
        except InvalidParameter:  # a repair of its child outlives it, and it was deleted
            return
        task_run = parent.attempt(child.parent_task_run_id)
        outcome = control.of_child(child)
        if task_run.stopped_for is not None:
            outcome = outcomes.stopped(task_run.stopped_for)
        has_failed = outcome.result is Result.FAILED
        self._scheduler.end_attempt(
            parent, task_run, outcome, Output(error=outcome.message if has_failed else None)
        )
