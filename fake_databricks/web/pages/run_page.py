"""One run: states over time, parameters, tasks with their attempts, logs, output, error and trace."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.run_times import parts_of
from fake_databricks.jobs.run_views import run_view
from fake_databricks.ui.page import Elsewhere
from fake_databricks.web.pages.attempts import attempt_view, shown_of, state_of
from fake_databricks.web.pages.drawing import Box, draw
from fake_databricks.web.pages.rows import state_view
from fake_databricks.web.pages.state_page import picture
from fake_databricks.web.pages.timeline import bars, phases

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run
    from fake_databricks.web.pages.visit import Visit

MOST_OF_ERROR = 500
"""How many characters of an error stand above all else; the attempt has all of them."""


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page.

    Raises:
        Elsewhere: the number is that of an attempt, which the page of its run shows.
    """
    job_id, run_id = visit.number(0), visit.number(1)
    run, attempt = visit.workspace.runs.get(run_id)
    if run.is_nested:
        parent, _ = visit.workspace.runs.get(run.shown_run_id)
        number = run.parent_task_run_id if attempt is None else attempt.run_id
        raise Elsewhere(f"/jobs/{parent.job_id}/runs/{parent.run_id}#attempt-{number}")
    if attempt is not None or run.job_id != job_id:
        place = "" if attempt is None else f"#attempt-{attempt.run_id}"
        raise Elsewhere(f"/jobs/{run.job_id}/runs/{run.run_id}{place}")
    shown = run_view(run, visit.base, history=True)
    chosen = shown_of(run.task_runs)
    attempts = [attempt_view(visit, run, task_run, len(chosen)) for task_run in chosen]
    whole = _phases(visit, run)
    rows = [whole, *(item["phases"] for item in attempts)]
    labels = ["run", *(_label(item) for item in attempts)]
    state = state_view(shown["state"])
    leads = [("#summary", state), *((f"#attempt-{item['run_id']}", item["state"]) for item in attempts)]
    return {
        "title": f"Run {run.run_id} of {run.name}",
        "run": {name: value for name, value in shown.items() if name not in ("tasks", "state", "status")},
        "state": state,
        "is_live": run.is_active,
        "failures": [
            {"run_id": item["run_id"], "label": label, "error": _begin(item["error"])}
            for item, label in zip(attempts, labels[1:], strict=True)
            if item["error"]
        ],
        "has_job": visit.workspace.jobs.find(run.job_id) is not None,
        "phases": whole,
        "timeline": [
            {"label": label, "target": target, "state": state, "bars": found, "phases": row}
            for label, (target, state), row, found in zip(labels, leads, rows, bars(rows), strict=True)
        ],
        "parameters": _parameters(run, shown),
        "graph": _graph(run, {task_run.run_id for task_run in chosen}),
        "attempts": attempts,
        "attempts_left_out": len(run.task_runs) - len(chosen),
        "picture": picture(run.state.life),
        "repairs": shown["repair_history"] if run.repairs else [],
    }


def _begin(error: str) -> str:
    return error if len(error) <= MOST_OF_ERROR else error[:MOST_OF_ERROR] + " …"


def _label(attempt: dict[str, Any]) -> str:
    return f"{attempt['key']} #{attempt['number']}" if attempt["number"] else str(attempt["key"])


def _phases(visit: Visit, run: Run) -> list[dict[str, Any]]:
    found = []
    for number, part in enumerate(parts_of(run)):
        starts = [task_run.execution_start for task_run in part.task_runs if task_run.execution_start]
        is_begun = number > 0 or run.start_time
        marks = [("setup", part.start_time if is_begun else 0), ("running", min(starts, default=0))]
        marks = marks if number else [("waiting", run.created), *marks]
        found += phases(marks, part.end_time, visit.workspace.clock.now())
    return found


def _parameters(run: Run, shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the run was given: parameters of the job, what replaces them, and those of each task."""
    found = [
        {"name": name, "value": shown[name]}
        for name in ("job_parameters", "overriding_parameters")
        if name in shown
    ]
    return [
        *found,
        *({"name": task.key, "value": {task.kind: dict(task.body)}} for task in run.settings.tasks),
    ]


def _graph(run: Run, shown: set[int]) -> dict[str, Any]:
    """Return the drawing of the tasks; a box leads to the newest attempt, if that is shown."""
    newest = run.latest()
    tasks = [task for task in run.settings.tasks if task.key in newest]
    counts = Counter(task_run.task_key for task_run in run.task_runs)
    boxes = []
    for task in tasks:
        task_run = newest[task.key]
        state = state_of(run, task_run)
        note = state["result"] or state["life"]
        if counts[task.key] > 1:
            note += f", {counts[task.key]} attempts"
        target = f"#attempt-{task_run.run_id}" if task_run.run_id in shown else ""
        boxes.append(Box(task.key, task.key, note, state["tone"], target))
    return draw(
        boxes, [(before, task.key) for task in tasks for before in task.depends_on if before in newest]
    )
