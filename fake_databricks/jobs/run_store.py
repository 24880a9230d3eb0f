"""Runs as they are stored: a run, its settings, its repairs, and each of its attempts are a document each.

A step of a run stores what it has changed and no more: a run of a thousand tasks has thousands of steps.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from fake_databricks.jobs.lifecycle import Life, Result, State
from fake_databricks.jobs.model import Overrides, Repair, Run, TaskRun, stored_settings

if TYPE_CHECKING:
    from fake_databricks.jobs.settings import Settings
    from fake_databricks.storage import Storage

RUN, SETTINGS, REPAIRS, ATTEMPT = "run", "run settings", "run repairs", "attempt"
"""The kinds of documents: by the number of the run, and an attempt by its own."""
_LASTING = ("settings", "earlier_settings", "overrides", "inherited_values")
"""What only a repair or a new timeout changes: the document of the settings has it."""
_OWNER = "run_id of its run"
_OF_RUN = [
    item.name for item in dataclasses.fields(Run) if item.name not in (*_LASTING, "repairs", "task_runs")
]
_OF_ATTEMPT = [item.name for item in dataclasses.fields(TaskRun) if item.name != "is_changed"]


class RunStore:
    """The documents of the runs of a workspace."""

    def __init__(self, workspace_id: str, storage: Storage) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._lasting: dict[int, tuple[Settings, Overrides]] = {}  # as it is stored, by the number of the run
        self._repairs: dict[int, list[Repair]] = {}

    def load(self) -> list[Run]:
        """Return every run; attempts whose run a killed server had half deleted are deleted."""
        settings = dict(self._storage.all(self._workspace_id, SETTINGS))
        repairs = dict(self._storage.all(self._workspace_id, REPAIRS))
        attempts: dict[int, list[TaskRun]] = defaultdict(list)
        for _, document in self._storage.all(self._workspace_id, ATTEMPT):
            owner = document.pop(_OWNER)
            attempts[owner].append(attempt_of(document))
        runs = []
        for key, document in self._storage.all(self._workspace_id, RUN):
            of_run = sorted(attempts.pop(int(key), ()), key=lambda task_run: task_run.run_id)
            repaired = {"repairs": document.get("repairs") or repairs.pop(key, [])}
            run = run_of({**document, **settings.pop(key, {}), **repaired}, of_run)
            if "task_runs" not in document:  # an older version stored a run as one document
                self._note(run)
                for task_run in of_run:
                    task_run.is_changed = False
            runs.append(run)
        for left in attempts.values():
            self._delete_attempts(left)
        for kind, keys in ((SETTINGS, settings), (REPAIRS, repairs)):
            for key in keys:
                self._storage.delete(self._workspace_id, kind, key)
        return runs

    def save(self, run: Run, changed: Sequence[TaskRun], *, is_new: bool) -> None:
        """Store a run and these of its attempts; of a run that is not new, a full disk may refuse it.

        Raises:
            OSError: the disk is full, and the run is new.
        """
        lasting = self._lasting.get(run.run_id)
        is_stored = lasting is not None and lasting[0] is run.settings and lasting[1] is run.overrides
        for task_run in changed:  # before its document is made: a worker may change it meanwhile
            task_run.is_changed = False
        more: list[tuple[str, int, Any]] = []
        if not is_stored:
            more.append((SETTINGS, run.run_id, lasting_document(run)))
        if run.repairs != self._repairs.get(run.run_id, []):
            more.append((REPAIRS, run.run_id, repairs_document(run)))
        more += [(ATTEMPT, item.run_id, {_OWNER: run.run_id, **attempt_document(item)}) for item in changed]
        store = self._storage.put if is_new else self._storage.record
        if store(self._workspace_id, RUN, run.run_id, run_document(run), more) is not False:
            self._note(run)
            return
        for task_run in changed:
            task_run.is_changed = True

    def delete(self, run: Run) -> None:
        """Delete a run."""
        for kind in (RUN, SETTINGS, REPAIRS):
            self._storage.delete(self._workspace_id, kind, run.run_id)
        self._lasting.pop(run.run_id, None)
        self._repairs.pop(run.run_id, None)
        self._delete_attempts(run.task_runs)

    def _note(self, run: Run) -> None:
        """Note that the settings and the repairs of a run are stored as they are."""
        self._lasting[run.run_id] = (run.settings, run.overrides)
        if run.repairs:
            self._repairs[run.run_id] = list(run.repairs)

    def _delete_attempts(self, task_runs: Sequence[TaskRun]) -> None:
        for task_run in task_runs:
            self._storage.delete(self._workspace_id, ATTEMPT, task_run.run_id)


def run_document(run: Run) -> dict[str, Any]:
    """Return what the steps of a run change, without its attempts."""
    document = {name: getattr(run, name) for name in _OF_RUN}
    document["state"] = dict(vars(run.state))
    return document


def repairs_document(run: Run) -> list[dict[str, Any]]:
    """Return the repair history of a run; it has the number of each attempt."""
    return [{**vars(repair), "state": dict(vars(repair.state))} for repair in run.repairs]


def lasting_document(run: Run) -> dict[str, Any]:
    """Return what stays as it is from the first step of a run to its last."""
    return {
        "settings": run.settings.document,
        "is_queueing": run.settings.is_queueing,
        "earlier_settings": [
            {"settings": item.document, "is_queueing": item.is_queueing} for item in run.earlier_settings
        ],
        "overrides": dataclasses.asdict(run.overrides),
        "inherited_values": run.inherited_values,
    }


def attempt_document(task_run: TaskRun) -> dict[str, Any]:
    """Return an attempt as it is stored."""
    document = {name: getattr(task_run, name) for name in _OF_ATTEMPT}
    document["state"] = dict(vars(task_run.state))
    return document


def run_of(stored: Mapping[str, Any], task_runs: list[TaskRun]) -> Run:
    """Return the run of its documents; an older version stored the attempts in that of the run."""
    document = dict(stored)
    document["settings"] = stored_settings(document["settings"], is_queueing=document.pop("is_queueing"))
    document["earlier_settings"] = [
        stored_settings(item["settings"], is_queueing=item["is_queueing"])
        for item in document.get("earlier_settings", [])
    ]
    document["state"] = _state(document["state"])
    document["stopped_for"] = _result(document["stopped_for"])
    overrides = dict(document["overrides"])
    if overrides["python_params"] is not None:
        overrides["python_params"] = tuple(overrides["python_params"])
    document["overrides"] = Overrides(**{**overrides, "only": tuple(overrides["only"])})
    older = document.get("task_runs")
    document["task_runs"] = task_runs if older is None else [attempt_of(item) for item in older]
    document["repairs"] = [
        Repair(**{**item, "state": _state(item["state"]), "task_run_ids": tuple(item["task_run_ids"])})
        for item in document["repairs"]
    ]
    return Run(**document)


def attempt_of(document: Mapping[str, Any]) -> TaskRun:
    """Return the attempt of a document."""
    arguments = document.get("arguments")  # an older version had none
    return TaskRun(
        **{
            **document,
            "state": _state(document["state"]),
            "stopped_for": _result(document["stopped_for"]),
            "arguments": None if arguments is None else tuple(arguments),
        }
    )


def _result(value: str | None) -> Result | None:
    return None if value is None else Result(value)


def _state(document: Mapping[str, Any]) -> State:
    return State(Life(document["life"]), _result(document["result"]), document["message"])
