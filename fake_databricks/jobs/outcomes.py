"""How attempts and runs end: from an exit code to the outcome of a task, from tasks to that of a run. Pure.

A flat job answers in the guide's words ("Job failed with exit code 1"), a tasks job in Databricks' own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Sequence

from fake_databricks.jobs.lifecycle import Event, Life, Result, State
from fake_databricks.jobs.settings import Dialect, Task

CANCELLED_MESSAGE = "Run cancelled."
WORKLOAD_FAILED = "Workload failed, see run output for details"
UPSTREAM_MESSAGES = {
    Result.UPSTREAM_FAILED: "An upstream task failed.",
    Result.UPSTREAM_CANCELED: "An upstream task was canceled.",
    Result.EXCLUDED: "The condition of run_if was not met.",
    Result.DISABLED: "The task is disabled, or depends on a task that is.",
}
_FAILED = frozenset({Result.FAILED, Result.TIMEDOUT, Result.UPSTREAM_FAILED})
_SIGNAL_BASE = 128
MAX_RESULT_BYTES = 5 * 1024 * 1024
"""How much of a notebook's result is stored: the first 5 MB, as on Databricks."""


@dataclass(frozen=True)
class Outcome:
    """An event that ends an attempt or a run, with its result and message."""

    event: Event
    result: Result
    message: str = ""


def stopped(reason: Result) -> Outcome:
    """Return the outcome of a run or attempt that was cancelled or ran out of time."""
    return Outcome(Event.END, reason, CANCELLED_MESSAGE if reason is Result.CANCELED else "")


def of_exit(exit_code: int, dialect: Dialect) -> Outcome:
    """Return the outcome of a process; a negative exit code is the number of the signal that ended it."""
    if exit_code == 0:
        return Outcome(Event.END, Result.SUCCESS)
    shown = exit_code if exit_code > 0 else _SIGNAL_BASE - exit_code
    message = f"Job failed with exit code {shown}" if dialect is Dialect.FLAT else WORKLOAD_FAILED
    return Outcome(Event.END, Result.FAILED, message)


def of_missing_program(message: str, dialect: Dialect) -> Outcome:
    """Return the outcome of a missing program; a flat job is TERMINATED, and the guide's loops end."""
    return Outcome(Event.END if dialect is Dialect.FLAT else Event.BREAK, Result.FAILED, message)


def notebook_result(value: str | None) -> tuple[str | None, bool]:
    """Return the first 5 MB of what a notebook exited with, and whether there was more."""
    if value is None or len(value) <= MAX_RESULT_BYTES // 4:
        return value, False
    encoded = value.encode("utf-8", "replace")
    return encoded[:MAX_RESULT_BYTES].decode("utf-8", "ignore"), len(encoded) > MAX_RESULT_BYTES


def admission(
    task: Task, before: Mapping[str, State], conditions: Mapping[str, str] | None = None
) -> Result | bool | None:
    """Return whether a task may start.

    Args:
        task: the task.
        before: the states of the tasks that it depends on, by key.
        conditions: what the conditions among them are, ``true`` or ``false``, by key.

    Returns:
        False while it must wait, True if it may start, else the result with which it is skipped.
    """
    results = [_result(task, key, before[key], conditions or {}) for key in task.depends_on]
    if task.is_disabled or _is_disabled_by(task.run_if, results):
        return Result.DISABLED
    if not all(before[key].is_terminal for key in task.depends_on):
        return False
    counted = [result for result in results if result not in (Result.EXCLUDED, Result.DISABLED)]
    failures = sum(result in _FAILED for result in counted)
    successes = sum(result in (Result.SUCCESS, Result.SUCCESS_WITH_FAILURES) for result in counted)
    if results and not counted and (task.run_if != "ALL_DONE" or Result.DISABLED not in results):
        return True if task.run_if == "NONE_FAILED" and Result.DISABLED in results else Result.EXCLUDED
    may_start = {
        "ALL_SUCCESS": successes == len(counted),
        "ALL_DONE": True,
        "NONE_FAILED": failures == 0 and (successes > 0 or not counted),
        "AT_LEAST_ONE_SUCCESS": successes > 0 or not counted,
        "ALL_FAILED": failures == len(counted),
        "AT_LEAST_ONE_FAILED": failures > 0,
    }[task.run_if]
    if may_start:
        return True
    if task.run_if in ("ALL_FAILED", "AT_LEAST_ONE_FAILED"):
        return Result.EXCLUDED
    return Result.UPSTREAM_FAILED if failures else Result.UPSTREAM_CANCELED


def _result(task: Task, key: str, state: State, conditions: Mapping[str, str]) -> Result | None:
    """Return how a task before this one has ended; a branch that a condition does not take is excluded."""
    wanted = dict(task.outcomes).get(key)
    is_other = state.result is Result.SUCCESS and wanted is not None and conditions.get(key) != wanted
    return Result.EXCLUDED if is_other else state.result


def _is_disabled_by(run_if: str, results: Sequence[Result | None]) -> bool:
    """Whether disabled tasks alone decide that a task after them cannot run."""
    disabled = results.count(Result.DISABLED)
    if run_if in ("ALL_SUCCESS", "ALL_FAILED"):
        return disabled > 0
    return run_if != "ALL_DONE" and 0 < disabled == len(results)


def of_run(tasks: Sequence[Task], states: Mapping[str, State]) -> Outcome:
    """Return the outcome of a run of tasks that have all ended; those at the end of the graph decide.

    Disabled tasks do not count: a failure before one is at the end of the graph.

    Args:
        tasks: all tasks.
        states: the final state of each.
    """
    enabled = [task for task in tasks if states[task.key].result is not Result.DISABLED]
    if not enabled:
        return Outcome(Event.SKIP, Result.DISABLED, "Every task is disabled.")
    needed = {key for task in enabled for key in task.depends_on}
    leaves = [states[task.key].result for task in enabled if task.key not in needed]
    fine = (Result.SUCCESS, Result.EXCLUDED)
    if all(result in fine for result in leaves):
        is_clean = all(states[task.key].result in fine for task in enabled)
        return Outcome(Event.END, Result.SUCCESS if is_clean else Result.SUCCESS_WITH_FAILURES)
    for task in tasks:
        if states[task.key].result is Result.FAILED:
            message = f"Task {task.key} failed with message: {states[task.key].message.rstrip('.')}."
            after = [states[other.key] for other in tasks if task.key in other.depends_on]
            if after and all(state.life is Life.SKIPPED for state in after):
                message += " This caused all downstream tasks to get skipped."
            return Outcome(Event.BREAK, Result.FAILED, message)
    if any(state.result is Result.TIMEDOUT for state in states.values()):
        return Outcome(Event.END, Result.TIMEDOUT)
    return stopped(Result.CANCELED)
