"""One attempt of a task: its state, its times, what it was started with, what it has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from fake_databricks.jobs.lifecycle import Result
from fake_databricks.jobs.run_views import output_view, resolved_view
from fake_databricks.jobs.run_views import state_view as api_state
from fake_databricks.web.pages.displays import ATTEMPT, display_views
from fake_databricks.web.pages.rows import state_view
from fake_databricks.web.pages.timeline import phases

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run, TaskRun
    from fake_databricks.web.pages.visit import Visit

FINE = (Result.SUCCESS, Result.EXCLUDED, Result.DISABLED)
MAX_LOGS = 200_000
"""How many characters of an output a page shows: the last ones."""
MAX_OF_ALL = 2_000_000
"""How many characters of all outputs together; each shows some."""
MOST = 100
"""How many attempts of a run, or iterations of a loop, a page shows."""


def shown_of(task_runs: Sequence[TaskRun]) -> list[TaskRun]:
    """Return the attempts that a page shows: of many those that failed or are active come first."""
    if len(task_runs) <= MOST:
        return list(task_runs)
    looked_for = [item for item in task_runs if item.state.result not in FINE]
    others = [item for item in task_runs if item.state.result in FINE]
    chosen = {item.run_id for item in [*looked_for, *others][:MOST]}
    return [item for item in task_runs if item.run_id in chosen]


def state_of(run: Run, task_run: TaskRun) -> dict[str, str]:
    """Return the state of an attempt as the API says it."""
    return state_view(api_state(task_run.state, run.dialect))


def attempt_view(visit: Visit, run: Run, task_run: TaskRun, count: int = 1) -> dict[str, Any]:
    """Return the values of one attempt of so many, with those of the iterations of a loop."""
    most = min(MAX_LOGS, MAX_OF_ALL // count)
    workspace = visit.workspace
    task = run.task_of(task_run)
    is_over = task_run.state.is_terminal
    output = workspace.runs.output(task_run.run_id)
    said = output_view(run, task_run, output, {})
    logs = said.get("logs", "") if is_over else workspace.scheduler.logs_so_far(task_run.run_id)
    resolved = resolved_view(run, task_run).get("resolved_values", {})
    return {
        "run_id": task_run.run_id,
        "key": task_run.task_key,
        "number": task_run.attempt,
        "kind": task.kind,
        "state": state_of(run, task_run),
        "is_active": not is_over,
        "phases": phases(
            [
                ("waiting", task_run.created),
                ("setup", task_run.start_time),
                ("running", task_run.execution_start),
                ("cleanup", task_run.execution_end),
            ],
            task_run.end_time,
            workspace.clock.now(),
        ),
        "end_time": task_run.end_time,
        "cluster_id": _cluster(visit, task_run),
        "exit_code": task_run.exit_code,
        "started_with": resolved.get(task.kind),
        "values": dict(task_run.values),
        "outcome": task_run.outcome,
        "logs": logs[-most:],
        "logs_left_out": max(0, len(logs) - most),
        "is_cut": bool(said.get("logs_truncated")),
        "error": said.get("error", "")[-most:],
        "error_trace": said.get("error_trace", "")[-most:],
        "result": said.get("notebook_output", {}).get("result"),
        "started_run": said.get("run_job_output", {}).get("run_id", 0),
        "displays": display_views(output.displays, ATTEMPT, task_run.run_id),
        **_iterations(visit, run, task_run, count),
    }


def _cluster(visit: Visit, task_run: TaskRun) -> str:
    """Return the cluster of an attempt, if it has a page."""
    listed = {record.cluster_id for record in visit.workspace.clusters.list()}
    return task_run.cluster_id if task_run.cluster_id in listed else ""


def _iterations(visit: Visit, run: Run, task_run: TaskRun, count: int) -> dict[str, Any]:
    if run.task_of(task_run).kind != "for_each_task" or not task_run.child_run_id:
        return {"iterations": [], "iterations_left_out": 0}
    child, _ = visit.workspace.runs.get(task_run.child_run_id)
    shown = shown_of(child.task_runs)
    return {
        "iterations": [attempt_view(visit, child, item, count * len(shown)) for item in shown],
        "iterations_left_out": len(child.task_runs) - len(shown),
    }
