"""What several pages show in a row of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.clusters.lifecycle import Life
from fake_databricks.jobs.run_times import lasted
from fake_databricks.jobs.run_views import run_view

if TYPE_CHECKING:
    from fake_databricks.clusters.record import ClusterRecord
    from fake_databricks.jobs.model import Run
    from fake_databricks.web.pages.visit import Visit

TONES = {
    "SUCCESS": "good",
    "SUCCESS_WITH_FAILURES": "warn",
    "FAILED": "bad",
    "TIMEDOUT": "bad",
    "UPSTREAM_FAILED": "bad",
    "RUNNING": "busy",
    "PENDING": "busy",
    "TERMINATING": "busy",
    "RESTARTING": "busy",
    "INTERNAL_ERROR": "bad",
    "ERROR": "bad",
}


def state_view(state: Mapping[str, Any]) -> dict[str, str]:
    """Return the state of a run or an attempt, as the API says it, with a tone for its colour."""
    life, result = state["life_cycle_state"], state.get("result_state", "")
    return {
        "life": life,
        "result": result,
        "message": state.get("state_message", ""),
        "tone": TONES.get(result or life, "plain"),
    }


def run_row(visit: Visit, run: Run) -> dict[str, Any]:
    """Return one run of a list."""
    view = run_view(run, visit.base, with_tasks=False)
    return {
        "run_id": run.run_id,
        "job_id": run.job_id,
        "name": view["run_name"],
        "number": view["number_in_job"],
        "trigger": view["trigger"],
        "state": state_view(view["state"]),
        "is_active": run.is_active,
        "start_time": view["start_time"],
        "length": lasted(run, visit.workspace.clock.now()),
    }


def cluster_row(record: ClusterRecord) -> dict[str, Any]:
    """Return one cluster of a list."""
    libraries = list(record.libraries.values())
    return {
        "cluster_id": record.cluster_id,
        "name": str(record.settings.get("cluster_name", "")),
        "state": record.state.value,
        "tone": "good" if record.state is Life.RUNNING else TONES.get(record.state.value, "plain"),
        "message": record.state_message,
        "spark_version": str(record.settings.get("spark_version", "")),
        "node_type": str(record.settings.get("node_type_id", "")),
        "source": record.source,
        "start_time": record.start_time,
        "libraries": len(libraries),
        "is_active": record.state in (Life.PENDING, Life.RESTARTING, Life.TERMINATING),
    }
