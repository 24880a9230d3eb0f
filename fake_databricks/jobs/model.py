"""The values of this folder: jobs, runs, attempts, repairs, outputs.

A :class:`Run` and its :class:`TaskRun` change while the run is active, under the lock of ``runs.py``; all
other values are frozen. Times are milliseconds since 1970, UTC; 0 is "not yet".
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.jobs.settings import Dialect, Settings, Task, parse_settings

if TYPE_CHECKING:
    from fake_databricks.engine.ports import Display
    from fake_databricks.jobs.lifecycle import Result, State

LATEST = "2.2"


@dataclass(frozen=True)
class Job:
    """A saved job.

    Attributes:
        job_id: its number in the workspace.
        settings: what its runs do.
        created_time: when it was created.
        creator: who created it.
        acl: access rights, shown and not enforced.
    """

    job_id: int
    settings: Settings
    created_time: int
    creator: str
    acl: tuple[Mapping[str, Any], ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Return the job as it is stored."""
        return {
            "job_id": self.job_id,
            "settings": self.settings.document,
            "is_queueing": self.settings.is_queueing,
            "created_time": self.created_time,
            "creator": self.creator,
            "acl": list(self.acl),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Job:
        """Return the job that was stored."""
        return cls(
            document["job_id"],
            stored_settings(document["settings"], is_queueing=document["is_queueing"]),
            document["created_time"],
            document["creator"],
            tuple(document["acl"]),
        )


def stored_settings(document: Mapping[str, Any], *, is_queueing: bool) -> Settings:
    """Return stored settings; whether runs queue stays as the API version decided at creation."""
    return dataclasses.replace(parse_settings(document, LATEST), is_queueing=is_queueing)


@dataclass
class TaskRun:
    """One attempt of one task.

    Attributes:
        run_id: its own number; for the first attempt of a flat job the number of the run.
        task_key: the key of its task.
        attempt: 0, 1, 2, ...
        state: its state.
        cluster_id: the cluster it runs on, once that is known.
        created: when it was added.
        start_time: when it was admitted (setup begins).
        execution_start: when its process started.
        execution_end: when its process ended.
        end_time: when it was cleaned up.
        stopped_for: CANCELED or TIMEDOUT if it was asked to end, else None.
        exit_code: of its process; if a signal ended it, minus the number of the signal.
        settings_number: which settings it has: 0 for the first of its run; a repair may have brought others.
        arguments: what it was started with, without references: of a program, or what a condition compares;
            ``--name=value`` for a notebook and another job. None until it is prepared.
        values: what it has set with ``dbutils.jobs.taskValues``, by name.
        outcome: of a condition: ``true`` or ``false``.
        child_run_id: the run of another job that it has started, or that of its iterations; 0 for none.
        stats: of a loop.
        is_changed: whether it differs from what is stored of it; each change says so.
    """

    run_id: int
    task_key: str
    attempt: int
    state: State
    cluster_id: str | None = None
    created: int = 0
    start_time: int = 0
    execution_start: int = 0
    execution_end: int = 0
    end_time: int = 0
    stopped_for: Result | None = None
    exit_code: int | None = None
    settings_number: int = 0
    arguments: tuple[str, ...] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""
    child_run_id: int = 0
    stats: Mapping[str, Any] = field(default_factory=dict)
    is_changed: bool = field(default=True, init=False, compare=False, repr=False)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, and note that there is something to store."""
        super().__setattr__(name, value)
        if name != "is_changed":
            super().__setattr__("is_changed", True)


@dataclass(frozen=True)
class Repair:
    """One entry of ``repair_history``: the original run or a repair of it."""

    repair_id: int
    kind: str
    start_time: int
    end_time: int
    state: State
    task_run_ids: tuple[int, ...]


@dataclass(frozen=True)
class Overrides:
    """What run-now replaces of the job's settings.

    Attributes:
        python_params: parameters for every Python file task; None keeps those of the job.
        python_named_params: parameters for every wheel task; None keeps those of the job.
        notebook_params: parameters that every notebook has beside those of its task.
        sql_params: parameters that every SQL file has beside those of its task.
        job_parameters: values of job parameters.
        only: the keys of the tasks to run; empty is all.
    """

    python_params: tuple[str, ...] | None = None
    python_named_params: Mapping[str, str] | None = None
    job_parameters: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    notebook_params: Mapping[str, str] = field(default_factory=dict)
    sql_params: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """One run of a job, or a submitted run.

    Attributes:
        run_id: its number in the workspace.
        job_id: its job; a submitted run has a job of its own that is not listed.
        number_in_job: 1 for the first run of the job, 2 for the second, ...
        name: shown as ``run_name``.
        settings: the settings of the job when the run was created, or last repaired.
        overrides: what run-now replaced of them.
        state: its state.
        created: when it was requested.
        start_time: when it was admitted, or skipped.
        end_time: when it ended.
        task_runs: every attempt of every task, in the order of their creation.
        repairs: its repair history, the original run first; empty until the first repair.
        earlier_settings: those that repairs have replaced, the first ones first.
        is_submitted: whether runs/submit created it, not run-now.
        creator: who requested it.
        idempotency_token: of the request; empty if it had none.
        stopped_for: CANCELED or TIMEDOUT if the whole run was asked to end, else None.
        trigger: ONE_TIME, PERIODIC, RUN_JOB_TASK or CONTINUOUS.
        parent_run_id: the run whose task has started this one; 0 for none.
        parent_task_run_id: that task's attempt.
        is_nested: whether its tasks are the iterations of a loop; it is not listed.
        concurrency: how many of its tasks may be active; 0 is any number.
        inherited_values: what the tasks before its loop have set, by task key and name.
    """

    run_id: int
    job_id: int
    number_in_job: int
    name: str
    settings: Settings
    overrides: Overrides
    state: State
    created: int
    creator: str
    start_time: int = 0
    end_time: int = 0
    task_runs: list[TaskRun] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    earlier_settings: list[Settings] = field(default_factory=list)
    is_submitted: bool = False
    idempotency_token: str = ""
    stopped_for: Result | None = None
    trigger: str = "ONE_TIME"
    parent_run_id: int = 0
    parent_task_run_id: int = 0
    is_nested: bool = False
    concurrency: int = 0
    inherited_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def shown_run_id(self) -> int:
        """The run that clients know: for iterations that of the loop."""
        return self.parent_run_id if self.is_nested else self.run_id

    @property
    def dialect(self) -> Dialect:
        """How the run answers: in the words of the guide or of Databricks."""
        return self.settings.dialect

    @property
    def job_parameters(self) -> dict[str, str]:
        """The values of the job parameters in this run, also of those that the job does not declare."""
        return {**dict(self.settings.parameters), **self.overrides.job_parameters}

    @property
    def is_active(self) -> bool:
        """Whether the run has not ended."""
        return not self.state.is_terminal

    def latest(self) -> dict[str, TaskRun]:
        """Return the newest attempt of each task, by task key."""
        return {task_run.task_key: task_run for task_run in self.task_runs}

    def values_for(self, task_run: TaskRun) -> dict[str, Mapping[str, Any]]:
        """Return what the other tasks have set so far, by task key and name."""
        others = {key: item.values for key, item in self.latest().items() if item is not task_run}
        return {**self.inherited_values, **others}

    def task_of(self, task_run: TaskRun) -> Task:
        """Return the task of an attempt, with the settings that the attempt has."""
        return (*self.earlier_settings, self.settings)[task_run.settings_number].task(task_run.task_key)

    def attempt(self, number: int) -> TaskRun:
        """Return the attempt of this number."""
        return next(task_run for task_run in self.task_runs if task_run.run_id == number)


@dataclass(frozen=True)
class Origin:
    """What has started a run: its trigger, and for a task's run the run and the attempt of that task."""

    trigger: str = "ONE_TIME"
    run_id: int = 0
    task_run_id: int = 0

    def mark(self, run: Run) -> None:
        """Note it in the run."""
        run.trigger, run.parent_run_id, run.parent_task_run_id = self.trigger, self.run_id, self.task_run_id


REQUESTED = Origin()
"""Of a run that a client has requested."""


@dataclass(frozen=True)
class Output:
    """The output of one attempt; secret values are already ``[REDACTED]``.

    Attributes:
        logs: both streams of the process, the last 5 MB.
        logs_truncated: whether there was more.
        error: the last line of the traceback, or why there was no process.
        error_trace: the traceback.
        notebook_result: the argument of ``dbutils.notebook.exit``, at most 5 MB of it.
        notebook_truncated: whether it was longer.
        displays: what a notebook has shown.
    """

    logs: str = ""
    logs_truncated: bool = False
    error: str | None = None
    error_trace: str | None = None
    notebook_result: str | None = None
    notebook_truncated: bool = False
    displays: list[Display] = field(default_factory=list)
