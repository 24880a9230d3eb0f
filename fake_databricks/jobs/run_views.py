"""Runs as the API shows them, in two dialects.

A flat job answers in the guide's words (``CANCELLED``) and has only the five states that the guide lists. A
tasks job answers in Databricks' own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.lifecycle import Life, Result, State
from fake_databricks.jobs.run_times import run_times, times_view
from fake_databricks.jobs.settings import Dialect
from fake_databricks.jobs.task_types import CONTROL

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Output, Run, TaskRun
    from fake_databricks.jobs.settings import Task

GUIDE_LIFE = {
    Life.QUEUED: "PENDING",
    Life.BLOCKED: "PENDING",
    Life.WAITING_FOR_RETRY: "PENDING",
    Life.TERMINATING: "RUNNING",
}
GUIDE_RESULT = {Result.CANCELED: "CANCELLED", Result.MAXIMUM_CONCURRENT_RUNS_REACHED: None}
PYTHON = ("spark_python_task", "python_wheel_task")
"""The types of tasks that have ``python_params``."""
STATUS_STATE = {
    Life.WAITING_FOR_RETRY: "WAITING",
    Life.SKIPPED: "TERMINATED",
    Life.INTERNAL_ERROR: "TERMINATED",
}
CODES = {
    Result.SUCCESS: ("SUCCESS", "SUCCESS"),
    Result.SUCCESS_WITH_FAILURES: ("SUCCESS", "SUCCESS"),
    Result.FAILED: ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    Result.TIMEDOUT: ("CANCELED", "CLIENT_ERROR"),
    Result.CANCELED: ("USER_CANCELED", "SUCCESS"),
    Result.MAXIMUM_CONCURRENT_RUNS_REACHED: ("MAX_CONCURRENT_RUNS_EXCEEDED", "SUCCESS"),
    Result.EXCLUDED: ("SKIPPED", "SUCCESS"),
    Result.UPSTREAM_FAILED: ("RUN_EXECUTION_ERROR", "CLIENT_ERROR"),
    Result.UPSTREAM_CANCELED: ("CANCELED", "CLIENT_ERROR"),
    Result.DISABLED: ("DISABLED", "SUCCESS"),
}


def state_view(state: State, dialect: Dialect) -> dict[str, Any]:
    """Return ``state`` of a run or task."""
    is_flat = dialect is Dialect.FLAT
    life = GUIDE_LIFE.get(state.life, state.life.value) if is_flat else state.life.value
    view: dict[str, Any] = {"life_cycle_state": life}
    if state.result is not None:
        result = GUIDE_RESULT.get(state.result, state.result.value) if is_flat else state.result.value
        if result is not None:
            view["result_state"] = result
    if not (is_flat and state.result is Result.TIMEDOUT):  # the guide shows TIMEDOUT without a message
        view["state_message"] = state.message
    view["user_cancelled_or_timedout"] = state.result in (Result.CANCELED, Result.TIMEDOUT)
    return view


def status_view(state: State) -> dict[str, Any]:
    """Return ``status``, the newer form of the state."""
    view: dict[str, Any] = {"state": STATUS_STATE.get(state.life, state.life.value)}
    if state.result is not None:
        code, kind = CODES[state.result]
        view["termination_details"] = {"code": code, "type": kind, "message": state.message}
    if state.life is Life.QUEUED:
        view["queue_details"] = {"code": "MAX_CONCURRENT_RUNS_REACHED", "message": state.message}
    return view


def task_type_view(run: Run, task: Task, task_run: TaskRun) -> dict[str, Any]:
    """Return the type of a task with the parameters that this run uses, and what became of it."""
    body = dict(task.body)
    if task_run.outcome:
        body["outcome"] = task_run.outcome
    if task_run.stats:
        body["stats"] = dict(task_run.stats)
    if task.kind in CONTROL:
        return {task.kind: body}
    overrides = run.overrides
    if overrides.python_params is not None and task.kind in PYTHON:
        body["parameters"] = list(overrides.python_params)
    if overrides.sql_params and task.kind == "sql_task":
        body["parameters"] = {**body["parameters"], **overrides.sql_params}
    if overrides.notebook_params and task.kind == "notebook_task":
        body["base_parameters"] = {**body.get("base_parameters", {}), **overrides.notebook_params}
    return {task.kind: body}


RESOLVED_NAMES = {
    "notebook_task": "base_parameters",
    "run_job_task": "job_parameters",
    "sql_task": "parameters",
    "python_wheel_task": "named_parameters",
}


def resolved_view(run: Run, task_run: TaskRun) -> dict[str, Any]:
    """Return ``resolved_values``: what an attempt was started with, without references."""
    if task_run.arguments is None:
        return {}
    kind, values = run.task_of(task_run).kind, list(task_run.arguments)
    view: dict[str, Any] = {"parameters": values}
    if kind == "condition_task":
        view = dict(zip(("left", "right"), values, strict=True))
    elif kind in RESOLVED_NAMES and (kind != "python_wheel_task" or _is_named(run, task_run)):
        pairs = (value[2:].partition("=") for value in values)
        view = {RESOLVED_NAMES[kind]: {name: value for name, _, value in pairs}}
    return {"resolved_values": {kind: view}}


def _is_named(run: Run, task_run: TaskRun) -> bool:
    """Whether a wheel has keyword arguments in this run."""
    if run.overrides.python_named_params is not None:
        return True
    is_replaced = run.overrides.python_params is not None
    return not is_replaced and run.task_of(task_run).body.get("named_parameters") is not None


def task_view(run: Run, task: Task, task_run: TaskRun, url: str) -> dict[str, Any]:
    """Return one element of ``tasks``: one attempt of one task."""
    times = times_view(task_run)
    view: dict[str, Any] = {
        "run_id": task_run.run_id,
        "task_key": task.key,
        **{key: value for key, value in task.document.items() if key not in ("task_key", task.kind)},
        **task_type_view(run, task, task_run),
        "state": state_view(task_run.state, run.dialect),
        "status": status_view(task_run.state),
        **times,
        "run_duration": times["end_time"] - times["start_time"] if times["end_time"] else 0,
        "run_page_url": f"{url}#job/{run.job_id}/run/{task_run.run_id}",
        "attempt_number": task_run.attempt,
    }
    if task_run.cluster_id:
        view["cluster_instance"] = cluster_view(run, task_run)
    return view


def cluster_view(run: Run, task_run: TaskRun) -> dict[str, str]:
    """Return ``cluster_instance``."""
    return {"cluster_id": str(task_run.cluster_id), "spark_context_id": str(run.job_id * 10**6 + run.run_id)}


def run_view(run: Run, url: str, *, with_tasks: bool = True, history: bool = False) -> dict[str, Any]:
    """Return a run as runs/get and runs/list show it."""
    is_flat = run.dialect is Dialect.FLAT
    first = run.task_runs[0]
    view: dict[str, Any] = {
        "job_id": run.job_id,
        "run_id": run.run_id,
        "job_run_id": run.run_id,
        "creator_user_name": run.creator,
        "run_as_user_name": run.creator,
        "number_in_job": run.number_in_job,
        "original_attempt_run_id": run.run_id,
        "attempt_number": run.task_runs[-1].attempt if is_flat else 0,
        "run_name": run.name,
        "state": state_view(run.state, run.dialect),
        "status": status_view(run.state),
        **run_times(run),
        "trigger": run.trigger,
        "run_type": "SUBMIT_RUN" if run.is_submitted else "JOB_RUN",
        "run_page_url": f"{url}#job/{run.job_id}/run/{run.run_id}",
        "format": "SINGLE_TASK" if is_flat else "MULTI_TASK",
        "has_more": False,
    }
    if run.trigger == "PERIODIC" and "schedule" in run.settings.document:
        view["schedule"] = run.settings.document["schedule"]
    if run.parent_task_run_id:
        view["trigger_info"] = {"run_id": run.parent_task_run_id}
    overriding = _overriding(run)
    if overriding:
        view["overriding_parameters"] = overriding
    if run.job_parameters:
        defaults, values = dict(run.settings.parameters), run.overrides.job_parameters
        view["job_parameters"] = [
            {
                "name": name,
                **({"default": defaults[name]} if name in defaults else {}),
                **({"value": values[name]} if name in values else {}),
            }
            for name in run.job_parameters
        ]
    if is_flat:
        task = run.settings.tasks[0]
        view["task"] = task_type_view(run, task, run.task_runs[-1])
        view["cluster_spec"] = (
            {"existing_cluster_id": task.cluster_id} if task.cluster_id else {"new_cluster": task.new_cluster}
        )
        if first.cluster_id:
            view["cluster_instance"] = cluster_view(run, run.task_runs[-1] if first.cluster_id else first)
    if with_tasks:
        view["tasks"] = [task_view(run, run.task_of(task_run), task_run, url) for task_run in run.task_runs]
        if run.settings.document.get("job_clusters"):
            view["job_clusters"] = run.settings.document["job_clusters"]
    if history:
        view["repair_history"] = repairs_view(run)
    return view


def _overriding(run: Run) -> dict[str, Any]:
    overrides = run.overrides
    params = overrides.python_params
    named = {
        "python_params": None if params is None else list(params),
        "python_named_params": overrides.python_named_params,
        "notebook_params": overrides.notebook_params or None,
        "sql_params": overrides.sql_params or None,
    }
    return {name: value for name, value in named.items() if value is not None}


def attempt_view(run: Run, task_run: TaskRun, url: str) -> dict[str, Any]:
    """Return an attempt that was asked for by its own number."""
    task = run.task_of(task_run)
    original = next(item for item in run.task_runs if item.task_key == task_run.task_key)
    return {
        "job_id": run.job_id,
        "creator_user_name": run.creator,
        "number_in_job": run.number_in_job,
        "original_attempt_run_id": original.run_id,
        "job_run_id": run.shown_run_id,
        **task_view(run, task, task_run, url),
        "run_name": run.name if run.dialect is Dialect.FLAT else task_run.task_key,
        "trigger": "RETRY" if task_run.attempt and run.dialect is Dialect.FLAT else run.trigger,
        "run_type": "SUBMIT_RUN" if run.is_submitted else "JOB_RUN",
        "format": "SINGLE_TASK",
        "task": task_type_view(run, task, task_run),
    }


def output_view(run: Run, task_run: TaskRun, output: Output, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of runs/get-output for one attempt."""
    view: dict[str, Any] = {"metadata": metadata}
    if not task_run.state.is_terminal:
        return view
    kind = run.task_of(task_run).kind
    if kind == "run_job_task" and task_run.child_run_id:
        view["run_job_output"] = {"run_id": task_run.child_run_id}
    if kind == "sql_task":
        warehouse = run.task_of(task_run).body["warehouse_id"]
        view["sql_output"] = {"query_output": {"warehouse_id": warehouse, "endpoint_id": warehouse}}
    if run.dialect is Dialect.FLAT or kind == "notebook_task":
        result = {} if output.notebook_result is None else {"result": output.notebook_result}
        view["notebook_output"] = {**result, "truncated": output.notebook_truncated}
    if run.dialect is Dialect.FLAT:
        view["logs"] = output.logs.rstrip("\n")
    elif kind not in CONTROL:
        view["logs"] = output.logs.rstrip("\n") + "\n" if output.logs.strip() else ""
    if kind not in CONTROL:
        view["logs_truncated"] = output.logs_truncated
    if output.error is not None:
        view["error"] = output.error
    if output.error_trace is not None:
        view["error_trace"] = output.error_trace
    return view


def repairs_view(run: Run) -> list[dict[str, Any]]:
    """Return ``repair_history``; a run that was not repaired has the original entry alone."""
    if not run.repairs:
        ids = [task_run.run_id for task_run in run.task_runs]
        return [_repair(run.run_id, "ORIGINAL", run.start_time, run.end_time, run.state, run, ids)]
    return [
        _repair(
            item.repair_id,
            item.kind,
            item.start_time,
            item.end_time,
            run.state if item is run.repairs[-1] else item.state,
            run,
            list(item.task_run_ids),
        )
        for item in run.repairs
    ]


def _repair(  # noqa: PLR0913, PLR0917  a record's fields
    number: int, kind: str, start: int, end: int, state: State, run: Run, ids: list[int]
) -> dict[str, Any]:
    view: dict[str, Any] = {
        "type": kind,
        "start_time": start,
        "end_time": end,
        "state": state_view(state, run.dialect),
        "status": status_view(state),
        "task_run_ids": ids,
    }
    if kind == "REPAIR":
        view["id"] = number
    return view
