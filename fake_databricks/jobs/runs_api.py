"""``/api/2.x/jobs/run-now`` and ``/api/2.x/jobs/runs``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.api import JOBS_VERSIONS, page_limit
from fake_databricks.jobs.array_pages import page_of_arrays, start_of
from fake_databricks.jobs.fields import RUN_PARAMETERS, RUN_TARGETS, notes_of
from fake_databricks.jobs.lifecycle import Result
from fake_databricks.jobs.model import Overrides, Run
from fake_databricks.jobs.notebook_export import notebook_view
from fake_databricks.jobs.run_views import (
    attempt_view,
    output_view,
    resolved_view,
    run_view,
    task_view,
)
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.jobs.settings import MAX_PARAMETERS_BYTES, Dialect, dependants
from fake_databricks.jobs.task_types import read_named
from fake_databricks.request.call import Call, Parameters, Route
from fake_databricks.request.values import read_boolean, read_fields, read_page_token, read_texts

if TYPE_CHECKING:
    from fake_databricks.jobs.model import TaskRun
    from fake_databricks.jobs.settings import Task

MAX_PAGE = 25
MAX_PAGE_2_0 = 1000
MAX_OFFSET = 10_000
MAX_TOKEN = 64
RUN_TYPES = ("JOB_RUN", "WORKFLOW_RUN", "SUBMIT_RUN")
EMPTY: Mapping[str, Any] = {
    "list": [],
    "object": {},
}  # as absent: protobuf does not tell an empty list from none
MANY_TASKS = (
    "Retrieving the output of runs with multiple tasks is not supported. "
    "Please retrieve the output of each individual task run instead."
)
EXPORT_OF_MANY = (
    "Exporting runs with multiple tasks is not supported. Please export each individual task run instead."
)
VIEWS = ("CODE", "DASHBOARDS", "ALL")


def run_now(call: Call) -> dict[str, Any]:
    """Run a job."""
    parameters = call.parameters
    job = call.workspace.jobs.get(parameters.integer("job_id"))
    queue = parameters.object("queue")
    run = call.workspace.scheduler.run_now(
        job,
        _overrides(parameters, only=True),
        _token(parameters),
        call.workspace.user,
        queue=read_boolean("queue.enabled", queue.get("enabled", False)) if queue else None,
    )
    return {"run_id": run.run_id, "number_in_job": run.number_in_job}


def submit(call: Call) -> dict[str, Any]:
    """Run the tasks of the request, without a saved job."""
    parameters = call.parameters
    call.notes.extend(notes_of(call.document))
    run = call.workspace.scheduler.submit(
        call.document, call.version, _token(parameters), call.workspace.user
    )
    return {"run_id": run.run_id}


def get(call: Call) -> dict[str, Any]:
    """Return one run, or one attempt."""
    parameters = call.parameters
    start = start_of(call)
    run, task_run = call.workspace.runs.get(parameters.integer("run_id"))
    resolved = parameters.boolean("include_resolved_values")
    if task_run is not None:
        view = {
            **attempt_view(run, task_run, _url(call)),
            **_iterations(call, run, task_run),
            **(resolved_view(run, task_run) if resolved else {}),
        }
    else:
        view = run_view(run, _url(call), history=parameters.boolean("include_history"))
        view.pop("has_more")
        if resolved:
            for item, attempt in zip(view["tasks"], run.task_runs, strict=True):
                item.update(resolved_view(run, attempt))
    shown, more = page_of_arrays(view, call.version, start)
    return {**shown, **more}


def _iterations(call: Call, run: Run, task_run: TaskRun) -> dict[str, Any]:
    """Return ``iterations`` of a loop: the attempts of the run that it has started."""
    if run.task_of(task_run).kind != "for_each_task":
        return {}
    if not task_run.child_run_id:
        return {"iterations": []}
    child, _ = call.workspace.runs.get(task_run.child_run_id)
    return {
        "iterations": [task_view(child, child.task_of(item), item, _url(call)) for item in child.task_runs]
    }


def get_output(call: Call) -> dict[str, Any]:
    """Return an attempt's output and errors; for the run of a flat job, those of its last attempt."""
    run, task_run = call.workspace.runs.get(call.parameters.integer("run_id"))
    if task_run is None:
        if run.dialect is Dialect.TASKS:
            raise InvalidParameter(MANY_TASKS)
        metadata = run_view(run, _url(call))
        task_run = run.task_runs[-1]
    else:
        metadata = attempt_view(run, task_run, _url(call))
    return output_view(run, task_run, call.workspace.runs.output(task_run.run_id), metadata)


def list_(call: Call) -> dict[str, Any]:
    """Return runs, the newest first."""
    parameters = call.parameters
    wanted = RunFilter(
        parameters.optional_integer("job_id"),
        parameters.boolean("active_only"),
        parameters.boolean("completed_only"),
        _run_type(parameters),
        parameters.integer("start_time_from", 0),
        parameters.integer("start_time_to", 0),
        _before(parameters),
    )
    if wanted.active_only and wanted.completed_only:
        raise InvalidParameter("Only one of active_only and completed_only can be true.")
    largest = MAX_PAGE_2_0 if call.version == "2.0" else MAX_PAGE
    limit = page_limit(parameters, largest, MAX_PAGE if call.version == "2.0" else 20)
    offset = parameters.integer("offset", 0)
    if not 0 <= offset <= MAX_OFFSET:
        raise InvalidParameter(f"offset must be between 0 and {MAX_OFFSET}, got {offset}.")
    found = call.workspace.runs.list(wanted, offset, limit + 1)
    page = found[:limit]
    expand = parameters.boolean("expand_tasks")
    view: dict[str, Any] = {}
    if page:
        view["runs"] = [_listed(run, call, expand=expand) for run in page]
    view["has_more"] = len(found) > limit
    if view["has_more"]:
        view["next_page_token"] = f"before-{page[-1].run_id}"
    return view


def cancel(call: Call) -> dict[str, Any]:
    """Cancel a run."""
    call.workspace.scheduler.cancel(call.parameters.integer("run_id"))
    return {}


def cancel_all(call: Call) -> dict[str, Any]:
    """Cancel all runs of a job, or all queued runs."""
    parameters = call.parameters
    job_id, only_queued = parameters.optional_integer("job_id"), parameters.boolean("all_queued_runs")
    if job_id is None and not only_queued:
        raise InvalidParameter("Missing required field: job_id")
    if job_id is not None:
        call.workspace.jobs.get(job_id)
    call.workspace.scheduler.cancel_all(job_id, only_queued=only_queued)
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Delete a run that has ended."""
    call.workspace.runs.delete(call.parameters.integer("run_id"))
    return {}


def repair(call: Call) -> dict[str, Any]:
    """Run some tasks of an ended run again."""
    parameters = call.parameters
    run, _ = call.workspace.runs.get(parameters.integer("run_id"))
    now = {task.key: task for task in call.workspace.scheduler.settings_for_repair(run).tasks}
    tasks = list(parameters.texts("rerun_tasks"))
    if tasks and parameters.boolean("rerun_all_failed_tasks"):
        raise InvalidParameter("Only one of rerun_tasks and rerun_all_failed_tasks may be given.")
    if parameters.boolean("rerun_all_failed_tasks"):
        fine = (Result.SUCCESS, Result.EXCLUDED, Result.DISABLED)
        tasks = [
            key for key, task_run in run.latest().items() if task_run.state.result not in fine and key in now
        ]
    if parameters.boolean("rerun_dependent_tasks"):
        tasks = _with_dependants([task for task in now.values() if task.key in run.latest()], tasks)
    latest = parameters.optional_integer("latest_repair_id")
    return {"repair_id": call.workspace.scheduler.repair(run.run_id, tasks, latest, _overrides(parameters))}


def export(call: Call) -> dict[str, Any]:
    """Return the notebook of a run as a page; there are no dashboards."""
    parameters = call.parameters
    wanted = parameters.text("views_to_export", "") or VIEWS[0]
    if wanted not in VIEWS:
        raise InvalidParameter(f"views_to_export must be one of {', '.join(VIEWS)}, got '{wanted[:60]}'.")
    run, task_run = call.workspace.runs.get(parameters.integer("run_id"))
    if task_run is None and run.dialect is Dialect.TASKS:
        raise InvalidParameter(EXPORT_OF_MANY)
    task_run = task_run or run.task_runs[-1]
    if run.task_of(task_run).kind != "notebook_task":
        raise InvalidParameter(f"Run {task_run.run_id} cannot be exported: only notebook tasks have views.")
    runs = call.workspace.runs
    notebook = runs.notebook(task_run.run_id)
    if notebook is None:
        raise InvalidParameter(f"Run {task_run.run_id} cannot be exported: its notebook has not begun.")
    if wanted == "DASHBOARDS":
        return {}
    return {"views": [notebook_view(notebook["path"], notebook["source"], runs.output(task_run.run_id))]}


def _overrides(parameters: Parameters, *, only: bool = False) -> Overrides:
    read_fields({name: parameters.values[name] for name in RUN_TARGETS if parameters.has(name)}, RUN_TARGETS)
    sent = {name: parameters.values[name] for name in RUN_PARAMETERS if parameters.has(name)}
    read = read_fields(
        {name: value for name, value in sent.items() if value != EMPTY[RUN_PARAMETERS[name].kind]},
        RUN_PARAMETERS,
    )
    task_level = sorted(set(read) - {"job_parameters"})
    if "job_parameters" in read and task_level:
        raise InvalidParameter(f"job_parameters may not be given together with {', '.join(task_level)}.")
    for name, value in read.items():
        text = json.dumps(value, ensure_ascii=False)
        if len(text.encode()) > MAX_PARAMETERS_BYTES:
            raise InvalidParameter(f"{name} must have at most {MAX_PARAMETERS_BYTES} bytes as JSON.")
        if name == "python_params" and not text.isascii():
            raise InvalidParameter("python_params must hold ASCII characters only.")
    params = read.get("python_params")
    named = read.get("python_named_params")
    return Overrides(
        None if params is None else read_texts("python_params", params),
        None if named is None else read_named("python_named_params", named),
        read_named("job_parameters", read.get("job_parameters", {})),
        parameters.texts("only") if only else (),
        read_named("notebook_params", read.get("notebook_params", {})),
        read_named("sql_params", read.get("sql_params", {})),
    )


def _token(parameters: Parameters) -> str:
    token = parameters.text("idempotency_token", "")
    if len(token) > MAX_TOKEN:
        raise InvalidParameter(f"idempotency_token must have at most {MAX_TOKEN} characters.")
    return token


def _run_type(parameters: Parameters) -> str:
    run_type = parameters.text("run_type", "")
    if run_type not in ("", *RUN_TYPES):
        raise InvalidParameter(f"run_type must be one of {', '.join(RUN_TYPES)}, got '{run_type[:60]}'.")
    return run_type


def _before(parameters: Parameters) -> int:
    return read_page_token(parameters.text("page_token", ""), "before-")


def _with_dependants(tasks: Sequence[Task], chosen: Sequence[str]) -> list[str]:
    after, wanted, found = dependants(tasks), set(chosen), list(chosen)
    while found:
        new = {task.key for task in after.get(found.pop(), ())} - wanted
        wanted |= new
        found += new
    return [*chosen, *(task.key for task in tasks if task.key in wanted.difference(chosen))]


def _listed(run: Run, call: Call, *, expand: bool) -> dict[str, Any]:
    view = run_view(run, _url(call), with_tasks=expand)
    view.pop("has_more")
    shown, more = page_of_arrays(view, call.version)
    return {**shown, **({"has_more": True} if more else {})}


def _url(call: Call) -> str:
    return f"{call.workspace.url}/?o={call.workspace.workspace_id}"


ROUTES = (
    Route("POST", "/jobs/run-now", run_now, JOBS_VERSIONS),
    Route("POST", "/jobs/runs/submit", submit, JOBS_VERSIONS),
    Route("GET", "/jobs/runs/get", get, JOBS_VERSIONS),
    Route("GET", "/jobs/runs/get-output", get_output, JOBS_VERSIONS),
    Route("GET", "/jobs/runs/list", list_, JOBS_VERSIONS),
    Route("POST", "/jobs/runs/cancel", cancel, JOBS_VERSIONS),
    Route("POST", "/jobs/runs/cancel-all", cancel_all, JOBS_VERSIONS),
    Route("POST", "/jobs/runs/delete", delete, JOBS_VERSIONS),
    Route("POST", "/jobs/runs/repair", repair, JOBS_VERSIONS),
    Route("GET", "/jobs/runs/export", export, JOBS_VERSIONS, is_slow=True),
)
