"""The jobs of the workspace, and one job with its settings and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.api import job_view
from fake_databricks.jobs.model import LATEST
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.web.pages.rows import run_row
from fake_databricks.web.pages.run_list import page_of

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Job
    from fake_databricks.web.pages.visit import Visit

PAGE = 100


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the list."""
    name, before = visit.query.get("name", ""), visit.before()
    found = [job for job in visit.workspace.jobs.list() if name.lower() in job.settings.name.lower()]
    wanted = [job for job in found if not before or job.job_id < before]
    return {
        "name": name,
        "count": len(found),
        "jobs": [_row(visit, job) for job in wanted[:PAGE]],
        "next": wanted[PAGE - 1].job_id if len(wanted) > PAGE else 0,
    }


def view_one(visit: Visit) -> dict[str, Any]:
    """Return the values of one job; a submitted run has a number of a job that does not exist."""
    job_id = visit.number(0)
    job = visit.workspace.jobs.get(job_id)
    return {
        "job": job_view(job, LATEST),
        "title": job.settings.name,
        "schedule": _start(job),
        **page_of(visit, RunFilter(job_id, before=visit.before())),
    }


def _row(visit: Visit, job: Job) -> dict[str, Any]:
    newest = visit.workspace.runs.list(RunFilter(job.job_id), 0, 1)
    return {
        "job_id": job.job_id,
        "name": job.settings.name,
        "tasks": len(job.settings.tasks),
        "start": _start(job),
        "created_time": job.created_time,
        "runs": [run_row(visit, run) for run in newest],
    }


def _start(job: Job) -> str:
    """Return what starts the job."""
    document = job.settings.document
    schedule = document.get("schedule")
    if schedule:
        paused = " (paused)" if schedule.get("pause_status") == "PAUSED" else ""
        return f"{schedule.get('quartz_cron_expression', '')} {schedule.get('timezone_id', '')}{paused}"
    return next((name for name in ("continuous", "trigger") if document.get(name)), "a request")
