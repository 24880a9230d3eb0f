"""The settings of a job: from the document of a request to values. Pure.

A job with its task at the top level is *flat*, the guide's form. A job with ``tasks`` is a *tasks job*,
Databricks' current form; it may still have none. The form decides how the job answers (design, section 6).
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, Mapping, Sequence

from fake_databricks.clusters.libraries import check_library
from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.compute import Shared, choose, read_shared
from fake_databricks.jobs.fields import FLAT_ONLY, JOB_FIELDS, LEVELS, RUN_IF, TASK_FIELDS
from fake_databricks.jobs.schedules import Schedule, read_schedule
from fake_databricks.jobs.task_types import TASK_TYPES, arguments, read_inputs, read_task_type
from fake_databricks.request.values import read_fields, read_list, read_object, read_text

MAX_NAME_BYTES = 4096
MAX_TASKS = {"2.0": 100, "2.1": 100, "2.2": 1000}
MAX_CONCURRENT_RUNS = 1000
MAX_INTEGER = 2**31 - 1
MAX_PARAMETERS_BYTES = 10_000
_TASK_KEY = re.compile(r"[\w-]{1,100}")
_PARAMETER_NAME = re.compile(r"[\w.-]+")


class Dialect(str, Enum):
    """How a job and its runs answer: in the words of the guide or of Databricks."""

    FLAT = "flat"
    TASKS = "tasks"


@dataclass(frozen=True)
class Task:
    """One task of a job.

    Attributes:
        key: ``task_key``; for a flat job it is made from the name of the job.
        kind: one of ``TASK_TYPES``.
        body: the document of that task type.
        parameters: the arguments of its program; a run may replace them.
        cluster_id: the id of an existing cluster, or None.
        new_cluster: the settings of a cluster that is made for the run, or None.
        cluster_key: the key of a new cluster that several tasks share, or None.
        dependencies: what pip installs for a serverless task; None for every other one.
        depends_on: the keys of the tasks that must end before it.
        outcomes: which outcome those of them must have that are conditions, by key.
        run_if: which results of those tasks let it run.
        is_disabled: whether it is left out of every run.
        libraries: installed on the cluster before it starts.
        timeout_seconds: the timeout of one attempt; 0 is none.
        max_retries: how many more attempts may follow; -1 is any number.
        min_retry_interval_millis: the shortest time from the start of an attempt to the start of the next.
        retry_on_timeout: whether an attempt that ran out of time is retried.
        document: the task as it is shown.
    """

    key: str
    kind: str
    body: Mapping[str, Any]
    parameters: tuple[str, ...]
    cluster_id: str | None
    new_cluster: Mapping[str, Any] | None
    cluster_key: str | None
    dependencies: tuple[str, ...] | None
    depends_on: tuple[str, ...]
    outcomes: tuple[tuple[str, str], ...]
    run_if: str
    is_disabled: bool
    libraries: tuple[Mapping[str, Any], ...]
    timeout_seconds: int
    max_retries: int
    min_retry_interval_millis: int
    retry_on_timeout: bool
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Settings:
    """The settings of a job or of a submitted run.

    Attributes:
        name: its name.
        dialect: flat or tasks.
        tasks: in the order of the document.
        timeout_seconds: the timeout of a whole run; 0 is none. (The timeout of a flat job is on its task.)
        max_concurrent_runs: how many runs may be active; more are skipped or queued.
        is_queueing: whether more runs are queued.
        parameters: job parameters with their defaults.
        schedule: when the clock starts the job; None where it does not.
        document: the settings as they are shown.
    """

    name: str
    dialect: Dialect
    tasks: tuple[Task, ...]
    timeout_seconds: int
    max_concurrent_runs: int
    is_queueing: bool
    parameters: tuple[tuple[str, str], ...]
    schedule: Schedule | None
    document: Mapping[str, Any]

    def task(self, key: str) -> Task:
        """Return the task with this key."""
        return self.by_key[key]

    @cached_property
    def by_key(self) -> Mapping[str, Task]:
        """The tasks by their keys."""
        return {task.key: task for task in self.tasks}

    @cached_property
    def after(self) -> Mapping[str, Sequence[Task]]:
        """The tasks that depend on a task, by its key."""
        return dependants(self.tasks)


def parse_settings(document: Mapping[str, Any], version: str = "2.1") -> Settings:
    """Return the settings of a document of jobs/create, reset, update or runs/submit.

    Raises:
        InvalidParameter: a field is missing, wrong, or not honoured here; the message names it.
    """
    return _parse(json.dumps(document, sort_keys=False), version)


@lru_cache(maxsize=4096)
def _parse(text: str, version: str) -> Settings:
    read = read_fields(json.loads(text), JOB_FIELDS)
    is_flat = not read.get("tasks") and any(name in FLAT_ONLY or name.endswith("_task") for name in read)
    if not read.get("tasks"):
        read.pop("tasks", None)
    if is_flat:
        read.update(read_fields({key: read[key] for key in FLAT_ONLY if key in read}, TASK_FIELDS))
        _refuse_other_task_types(read)
    check_access(read.get("access_control_list", []))
    name = read.get("name") or read_text("run_name", read.get("run_name") or "Untitled")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidParameter(f"The job name must have at most {MAX_NAME_BYTES} bytes in UTF-8.")
    read["name"] = name
    shared = read_shared(read, is_flat=is_flat)
    tasks = (_flat_task(read, name),) if is_flat else _tasks(read.get("tasks", []), shared, version)
    if tasks and not is_flat:
        read["tasks"] = [task.document for task in tasks]
    concurrent = read.setdefault("max_concurrent_runs", 1)
    if not 0 <= concurrent <= MAX_CONCURRENT_RUNS:
        raise InvalidParameter(f"max_concurrent_runs must be between 0 and {MAX_CONCURRENT_RUNS}.")
    timeout = _not_negative("timeout_seconds", read.setdefault("timeout_seconds", 0))
    queue = read.get("queue") or {"enabled": version == "2.2" and not is_flat and "queue" not in read}
    return Settings(
        name=name,
        dialect=Dialect.FLAT if is_flat else Dialect.TASKS,
        tasks=tasks,
        timeout_seconds=0 if is_flat else timeout,
        max_concurrent_runs=concurrent,
        is_queueing=bool(queue.get("enabled")),
        parameters=_parameters(read.get("parameters", [])),
        schedule=read_schedule(read),
        document=read,
    )


def check_access(items: Sequence[Mapping[str, Any]]) -> None:
    """Refuse an access list with an entry that grants nothing that is known.

    Raises:
        InvalidParameter: the permission level of an entry is none of a job's.
    """
    if any(item.get("permission_level") not in LEVELS for item in items):
        raise InvalidParameter(f"permission_level must be one of {', '.join(LEVELS)}.")


def _refuse_other_task_types(read: Mapping[str, Any]) -> None:
    others = {key: read[key] for key in read if key.endswith("_task") and key not in TASK_TYPES}
    read_fields({key: value for key, value in others.items() if key in TASK_FIELDS}, TASK_FIELDS)


def _flat_task(read: dict[str, Any], name: str) -> Task:
    key = re.sub(r"[^\w-]", "_", name)[:100]
    fields = {field: read[field] for field in FLAT_ONLY if field in read}
    fields["timeout_seconds"] = read.get("timeout_seconds", 0)
    task = _task({"task_key": key, **fields}, Shared(), "A job without 'tasks'")
    read[task.kind] = task.body
    return task


def _tasks(documents: list[Any], shared: Shared, version: str) -> tuple[Task, ...]:
    limit = MAX_TASKS.get(version, MAX_TASKS["2.2"])
    if len(documents) > limit and version != "2.2":
        raise InvalidParameter(
            f"Resources with more than {limit} tasks can only be handled by API 2.2 and above. "
            f"Your resource has {len(documents)} tasks."
        )
    tasks = tuple(_task(read_object("tasks", document), shared) for document in documents)
    repeated = sorted(key for key, number in Counter(task.key for task in tasks).items() if number > 1)
    if repeated:
        raise InvalidParameter(f"Found duplicate task_key: {', '.join(repeated)}.")
    _check_order(tasks)
    return tasks


def _check_order(tasks: tuple[Task, ...]) -> None:
    keys = {task.key for task in tasks}
    conditions = {task.key for task in tasks if task.kind == "condition_task"}
    for task in tasks:
        for key, _ in task.outcomes:
            if key in keys and key not in conditions:
                raise InvalidParameter(
                    f"Task '{task.key}' names an outcome of '{key}', which is no condition_task."
                )
        unknown = sorted(set(task.depends_on) - keys)
        if unknown:
            raise InvalidParameter(f"Task '{task.key}' depends on an unknown task: {', '.join(unknown)}.")
    after = dependants(tasks)
    left = {task.key: len(task.depends_on) for task in tasks}  # how many tasks each still waits for
    free = [key for key, number in left.items() if not number]
    while free:
        key = free.pop()
        del left[key]
        for task in after.get(key, ()):
            left[task.key] -= 1
            if not left[task.key]:
                free.append(task.key)
    if left:
        raise InvalidParameter(f"The tasks depend on each other in a circle: {', '.join(sorted(left))}.")


def dependants(tasks: Sequence[Task]) -> Mapping[str, Sequence[Task]]:
    """Return the tasks that depend on a task, by its key."""
    found: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        for key in task.depends_on:
            found[key].append(task)
    return found


def _task(document: Mapping[str, Any], shared: Shared, subject: str = "") -> Task:
    read = read_fields(document, TASK_FIELDS, "tasks.")
    key = read.get("task_key", "")
    if not _TASK_KEY.fullmatch(key):
        raise InvalidParameter(f"Invalid task_key {key!r}: 1 to 100 letters, digits, '_' and '-'.")
    kinds = [kind for kind in TASK_TYPES if kind in read]
    if len(kinds) != 1:
        who = subject or f"Task '{key}'"
        raise InvalidParameter(
            f"{who} must have exactly one of {', '.join(TASK_TYPES)}, it has {len(kinds)}."
        )
    kind = kinds[0]
    read[kind] = read_task_type(kind, read[kind])
    if kind == "for_each_task":
        read[kind]["task"] = _task(read[kind]["task"], shared).document
        if "{{" not in read[kind]["inputs"]:
            read_inputs(read[kind]["inputs"])
    compute = choose(read, shared, key, kind, is_flat=bool(subject))
    depends_on, outcomes = _depends_on(read)
    libraries = tuple(read_object("libraries", library) for library in read.get("libraries", []))
    for library in libraries:
        check_library(library)
    run_if = read.setdefault("run_if", "ALL_SUCCESS")
    if run_if not in RUN_IF:
        raise InvalidParameter(f"Invalid run_if {run_if!r}: one of {', '.join(RUN_IF)}.")
    read.setdefault("timeout_seconds", 0)
    return Task(
        key=key,
        kind=kind,
        body=read[kind],
        parameters=arguments(kind, read[kind]),
        cluster_id=compute.cluster_id,
        new_cluster=compute.new_cluster,
        cluster_key=compute.cluster_key,
        dependencies=compute.dependencies,
        depends_on=depends_on,
        outcomes=outcomes,
        run_if=run_if,
        is_disabled=read.get("disabled", False),
        libraries=libraries,
        timeout_seconds=_not_negative("timeout_seconds", read["timeout_seconds"]),
        max_retries=max(-1, read.get("max_retries", 0)),
        min_retry_interval_millis=_not_negative(
            "min_retry_interval_millis", read.get("min_retry_interval_millis", 0)
        ),
        retry_on_timeout=read.get("retry_on_timeout", False),
        document=read,
    )


def _depends_on(read: dict[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the keys of the tasks before this one, and the outcomes that it asks of some."""
    outcomes: dict[str, str | None] = {}
    for item in read.get("depends_on", []):
        document = read_object("depends_on", item)
        key = read_text("depends_on.task_key", document.get("task_key"))
        outcome = document.get("outcome") or None
        if outcome not in (None, "true", "false"):
            raise InvalidParameter(f"depends_on.outcome must be 'true' or 'false', got {outcome!r}.")
        if outcomes.get(key, outcome) != outcome:
            raise InvalidParameter(f"depends_on names the task '{key}' twice.")
        outcomes[key] = outcome
    if outcomes:
        read["depends_on"] = [
            {"task_key": key, **({"outcome": outcomes[key]} if outcomes[key] else {})}
            for key in sorted(outcomes)
        ]
    wanted = tuple((key, outcome) for key, outcome in sorted(outcomes.items()) if outcome)
    return tuple(sorted(outcomes)), wanted


def _parameters(items: Any) -> tuple[tuple[str, str], ...]:
    pairs = []
    for item in read_list("parameters", items):
        document = read_object("parameters", item)
        name = read_text("parameters.name", document.get("name"))
        if not _PARAMETER_NAME.fullmatch(name):
            raise InvalidParameter(f"Invalid parameter name {name!r}: letters, digits, '_', '-' and '.'.")
        pairs.append((name, read_text("parameters.default", document.get("default", ""))))
    return tuple(pairs)


def _not_negative(name: str, value: int) -> int:
    if value < 0:
        raise InvalidParameter(f"{name} must not be negative.")
    if value > MAX_INTEGER:
        raise InvalidParameter(f"{name} must be an integer of 32 bits, got {value}.")
    return value
