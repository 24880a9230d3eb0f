"""The dynamic values of a run, such as ``{{job.run_id}}``, in the parameters of a task. Pure."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.errors import InvalidParameter

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run, TaskRun

_REFERENCE = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
_JOB_PARAMETER = "job.parameters."


def values_of(run: Run, task_run: TaskRun, workspace: Mapping[str, str]) -> dict[str, str]:
    """Return every dynamic value that a task of a run can name.

    Args:
        run: the run.
        task_run: the attempt.
        workspace: ``id`` and ``url`` of the workspace.
    """
    started = datetime.fromtimestamp(run.created / 1000, timezone.utc)
    values = {
        "job.id": str(run.job_id),
        "job.name": run.settings.name,
        "job.run_id": str(run.run_id),
        "job.repair_count": str(max(0, len(run.repairs) - 1)),
        "job.start_time.iso_date": started.strftime("%Y-%m-%d"),
        "job.start_time.iso_datetime": started.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "job.start_time.timestamp_ms": str(run.created),
        "job.trigger.type": run.trigger.lower(),
        "job.trigger.time.iso_date": started.strftime("%Y-%m-%d"),
        "job.trigger.time.iso_datetime": started.strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "job.trigger.time.timestamp_ms": str(run.created),
        "task.name": task_run.task_key,
        "task.run_id": str(task_run.run_id),
        "task.execution_count": str(task_run.attempt + 1),
        "workspace.id": workspace["id"],
        "workspace.url": workspace["url"],
        "job_id": str(run.job_id),
        "run_id": str(task_run.run_id),
        "parent_run_id": str(run.run_id),
        "task_key": task_run.task_key,
        "task_retry_count": str(task_run.attempt),
        "start_date": started.strftime("%Y-%m-%d"),
        "start_time": str(run.created),
    }
    values.update({f"{_JOB_PARAMETER}{name}": value for name, value in run.job_parameters.items()})
    for key, latest in run.latest().items():
        values[f"tasks.{key}.run_id"] = str(latest.run_id)
        if latest.outcome:
            values[f"tasks.{key}.outcome"] = latest.outcome
        values[f"tasks.{key}.execution_count"] = str(latest.attempt + 1)
        values.update({f"tasks.{key}.values.{name}": as_text(value) for name, value in latest.values.items()})
        values[f"tasks.{key}.result_state"] = latest.state.result.value.lower() if latest.state.result else ""
    return values


def as_text(value: Any) -> str:
    """Return a task value as it stands in a parameter: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def resolve_known(text: str, values: Mapping[str, str]) -> str:
    """Return the text with each reference replaced that has a value; the others stay."""

    def value(match: re.Match[str]) -> str:
        return resolve(match.group(0), values) if match.group(1) in values else match.group(0)

    return _REFERENCE.sub(value, text)


def resolve(text: str, values: Mapping[str, str]) -> str:
    """Return the text with each reference replaced, also those in the values of job parameters.

    Raises:
        InvalidParameter: a reference has no value in this run.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in values:
            raise InvalidParameter(f"The reference {match.group(0)} has no value in this run.")
        if name.startswith(_JOB_PARAMETER):
            return resolve(values[name], others)
        return values[name]

    others = {name: value for name, value in values.items() if not name.startswith(_JOB_PARAMETER)}
    return _REFERENCE.sub(value, text)
