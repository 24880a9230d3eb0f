"""The dynamic values of a run, such as ``{{job.run_id}}``, in the parameters of a task. Pure."""

from __future__ import annotations

import functools
import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Iterator, Mapping

from fake_databricks.errors import InvalidParameter

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run, TaskRun

_REFERENCE = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
_JOB_PARAMETER = "job.parameters."
_TASKS = "tasks"


def values_of(run: Run, task_run: TaskRun, workspace: Mapping[str, str]) -> Values:
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
    return Values(values, run)


class Values(Mapping[str, str]):
    """Every dynamic value of an attempt by name; those of a task are looked up when one is named.

    A run may have a thousand tasks, and few of them name another one.
    """

    def __init__(self, own: Mapping[str, str], run: Run) -> None:
        self._own = own
        self._run = run

    def __getitem__(self, name: str) -> str:
        """Return a value."""
        if name in self._own:
            return self._own[name]
        prefix, _, rest = name.partition(".")
        key, _, rest = rest.partition(".")
        latest = self._run.latest().get(key) if prefix == _TASKS else None
        if latest is None:
            raise KeyError(name)
        return _of_task(latest)[rest]

    def __iter__(self) -> Iterator[str]:
        """Return every name."""
        yield from self._own
        for key, latest in self._run.latest().items():
            yield from (f"{_TASKS}.{key}.{rest}" for rest in _of_task(latest))

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(1 for _ in self)


def _of_task(latest: TaskRun) -> dict[str, str]:
    """Return what the newest attempt of a task gives to other tasks, by the rest of the name."""
    return {
        "run_id": str(latest.run_id),
        **({"outcome": latest.outcome} if latest.outcome else {}),
        "execution_count": str(latest.attempt + 1),
        **{f"values.{name}": as_text(value) for name, value in latest.values.items()},
        "result_state": latest.state.result.value.lower() if latest.state.result else "",
    }


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

    def replaced(match: re.Match[str], *, is_nested: bool) -> str:
        name = match.group(1)
        is_parameter = name.startswith(_JOB_PARAMETER)
        value = None if is_parameter and is_nested else values.get(name)
        if value is None:
            raise InvalidParameter(f"The reference {match.group(0)} has no value in this run.")
        return _REFERENCE.sub(functools.partial(replaced, is_nested=True), value) if is_parameter else value

    return _REFERENCE.sub(functools.partial(replaced, is_nested=False), text)
