"""One attempt of a task: its state, its times, what it was started with, what it has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.run_views import output_view, resolved_view, task_view
from fake_databricks.web.pages.rows import state_view
from fake_databricks.web.pages.timeline import phases

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run, TaskRun
    from fake_databricks.web.pages.visit import Visit

MAX_LOGS = 200_000
"""How many characters of an output a page shows: the last ones."""


def attempt_view(visit: Visit, run: Run, task_run: TaskRun) -> dict[str, Any]:
    """Return the values of one attempt, with those of the iterations of a loop."""
    workspace = visit.workspace
    task = run.task_of(task_run)
    is_over = task_run.state.is_terminal
    said = output_view(run, task_run, workspace.runs.output(task_run.run_id), {})
    logs = said.get("logs", "") if is_over else workspace.scheduler.logs_so_far(task_run.run_id)
    resolved = resolved_view(run, task_run).get("resolved_values", {})
    return {
        "run_id": task_run.run_id,
        "key": task_run.task_key,
        "number": task_run.attempt,
        "kind": task.kind,
        "state": state_view(task_view(run, task, task_run, visit.base)["state"]),
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
        "logs": logs[-MAX_LOGS:],
        "logs_left_out": max(0, len(logs) - MAX_LOGS),
        "is_cut": bool(said.get("logs_truncated")),
        "error": said.get("error", ""),
        "error_trace": said.get("error_trace", ""),
        "result": said.get("notebook_output", {}).get("result"),
        "started_run": said.get("run_job_output", {}).get("run_id", 0),
        "iterations": _iterations(visit, run, task_run),
    }


def _cluster(visit: Visit, task_run: TaskRun) -> str:
    """Return the cluster of an attempt, if it has a page."""
    listed = {record.cluster_id for record in visit.workspace.clusters.list()}
    return task_run.cluster_id if task_run.cluster_id in listed else ""


def _iterations(visit: Visit, run: Run, task_run: TaskRun) -> list[dict[str, Any]]:
    if run.task_of(task_run).kind != "for_each_task" or not task_run.child_run_id:
        return []
    child, _ = visit.workspace.runs.get(task_run.child_run_id)
    return [attempt_view(visit, child, item) for item in child.task_runs]
