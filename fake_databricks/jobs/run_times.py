"""The times of runs and attempts, as the API shows them: nobody worked between a run and its repair. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from fake_databricks.jobs.settings import Dialect

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run, TaskRun


@dataclass(frozen=True)
class Part:
    """A run before its first repair, or one repair of it.

    Attributes:
        start_time: when it began.
        end_time: when it ended; 0 while it is active.
        task_runs: its attempts, in the order of their creation.
    """

    start_time: int
    end_time: int
    task_runs: Sequence[TaskRun]


def parts_of(run: Run) -> list[Part]:
    """Return the original run and each of its repairs."""
    if not run.repairs:
        return [Part(run.start_time or run.created, run.end_time, run.task_runs)]
    attempts = {task_run.run_id: task_run for task_run in run.task_runs}
    return [
        Part(repair.start_time, repair.end_time, [attempts[number] for number in repair.task_run_ids])
        for repair in run.repairs
    ]


def times_view(task_run: TaskRun) -> dict[str, int]:
    """Return the times of an attempt; its three durations add up to the whole."""
    is_over = task_run.state.is_terminal
    started = task_run.execution_start
    return {
        "start_time": task_run.start_time or task_run.created,
        "setup_duration": started - task_run.start_time if started else 0,
        "execution_duration": task_run.execution_end - started if is_over and started else 0,
        "cleanup_duration": task_run.end_time - task_run.execution_end if is_over and started else 0,
        "end_time": task_run.end_time,
    }


def lasted(run: Run, now: int) -> int:
    """Return how long a run and its repairs have taken until now, in ms."""
    return sum(max(0, (part.end_time or now) - part.start_time) for part in parts_of(run))


def run_times(run: Run) -> dict[str, int]:
    """Return the times of a run; the durations of a flat job's run add up to ``run_duration``.

    That is the time that the run and all of its repairs took, as documented: not what lies between them.
    """
    is_over = run.state.is_terminal
    parts = parts_of(run)
    start = parts[0].start_time
    view = {
        "start_time": start,
        "setup_duration": 0,
        "execution_duration": 0,
        "cleanup_duration": 0,
        "end_time": run.end_time if is_over else 0,
        "run_duration": lasted(run, 0) if is_over else 0,
        "queue_duration": max(0, start - run.created),
    }
    begun = [part for part in parts if part.task_runs[0].execution_start]
    if run.dialect is Dialect.FLAT and begun:
        setup = sum(part.task_runs[0].execution_start - part.start_time for part in begun)
        view["setup_duration"] = setup
        if is_over:
            cleanup = sum(max(0, part.end_time - part.task_runs[-1].execution_end) for part in begun)
            view["cleanup_duration"] = cleanup
            view["execution_duration"] = view["run_duration"] - setup - cleanup
    return view
