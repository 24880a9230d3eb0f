"""Job settings for tests, their runs on a workspace without time, and views of those runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.model import Overrides
from fake_databricks.jobs.run_views import run_view
from fake_databricks.workspace import DEFAULT_CLUSTER_ID

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run
    from tests.fake.conftest import Quiet


def flat(parameter: str = "ok", **settings: Any) -> dict[str, Any]:
    return {
        "name": "flat",
        "existing_cluster_id": DEFAULT_CLUSTER_ID,
        "spark_python_task": {"python_file": "dbfs:/p.py", "parameters": [parameter]},
        **settings,
    }


def task(key: str, *before: str, **settings: Any) -> dict[str, Any]:
    return {
        "task_key": key,
        "existing_cluster_id": DEFAULT_CLUSTER_ID,
        "spark_python_task": {"python_file": "dbfs:/p.py", "parameters": [settings.pop("parameter", key)]},
        "depends_on": [{"task_key": other} for other in before],
        **settings,
    }


def tasks(*items: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"name": "tasks", "tasks": list(items), **settings}


def start(quiet: Quiet, document: dict[str, Any], version: str = "2.1", **overrides: Any) -> Run:
    job = quiet.workspace.jobs.create(document, version, "u")
    return quiet.workspace.scheduler.run_now(job, Overrides(**overrides), "", "u")


def finish(quiet: Quiet, document: dict[str, Any], **overrides: Any) -> Run:
    run = start(quiet, document, **overrides)
    quiet.clock.work()
    return run


def states(run: Run) -> dict[str, tuple[str, str | None]]:
    return {
        key: (item.state.life.value, item.state.result.value if item.state.result else None)
        for key, item in run.latest().items()
    }


def view(run: Run) -> dict[str, Any]:
    return run_view(run, "http://x/?o=1")
