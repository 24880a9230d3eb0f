"""Runs as documents: what a later server reads of them."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.lifecycle import Result
from fake_databricks.jobs.model import Overrides, Run
from fake_databricks.jobs.run_store import (
    ATTEMPT,
    REPAIRS,
    RUN,
    SETTINGS,
    attempt_document,
    lasting_document,
    repairs_document,
    run_document,
)
from fake_databricks.workspace import Workspace
from tests.fake.doubles import ended
from tests.fake.jobs import finish, flat, start, task, tasks

if TYPE_CHECKING:
    import pytest

    from tests.fake.conftest import Quiet


def later(quiet: Quiet) -> Workspace:
    """The workspace as a later server finds it."""
    workspace = Workspace("1", quiet.surroundings)
    workspace.open("token", "http://127.0.0.1:1")
    quiet.clock.work()
    return workspace


def found(quiet: Quiet, run: Run) -> Run:
    return later(quiet).runs.get(run.run_id)[0]


def kinds(quiet: Quiet) -> dict[str, int]:
    return {kind: len(list(quiet.storage.all("1", kind))) for kind in (RUN, SETTINGS, REPAIRS, ATTEMPT)}


class TestRoundTrip:
    """state files: a later server has the runs of the one before"""

    def test_attempts_retries_repairs_and_settings(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["bad"] = [ended(1) for _ in range(2)]
        run = finish(
            quiet, tasks(task("a"), task("b", "a", parameter="bad", max_retries=1)), python_params=None
        )
        job = quiet.workspace.jobs.get(run.job_id)
        quiet.workspace.jobs.update(job.job_id, {"description": "new"}, [], "2.2")
        quiet.workspace.scheduler.repair(run.run_id, ["b"], None, Overrides(notebook_params={"x": "y"}))
        quiet.clock.work()
        assert run.state.result is Result.SUCCESS
        assert len(run.task_runs) == 4
        assert len(run.earlier_settings) == 1
        assert found(quiet, run) == run

    def test_iterations(self, quiet: Quiet) -> None:
        nested = {"inputs": "[1, 2]", "task": task("nested")}
        run = finish(quiet, tasks({"task_key": "loop", "for_each_task": nested}))
        child = quiet.workspace.runs.get(run.task_runs[0].child_run_id)[0]
        assert len(child.task_runs) == 2
        assert (found(quiet, run), found(quiet, child)) == (run, child)

    def test_an_attempt_that_changed_between_two_steps(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a"), task("b")))
        run.task_runs[0].cluster_id = "changed by a worker, which does not store it"
        quiet.clock.spawned.pop()()  # a step of the other task
        stored = dict(quiet.storage.all("1", ATTEMPT))[str(run.task_runs[0].run_id)]
        assert stored["cluster_id"].startswith("changed")


class TestOlderForm:
    """Issue: "an old `--state` of an earlier version is migrated or refused by name" """

    def test_a_run_of_one_document_is_read_and_then_stored_in_parts(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["ok"] = [ended(1)]
        run = finish(quiet, flat("ok"))
        first = quiet.workspace.scheduler.repair(run.run_id, ["flat"], None, Overrides())
        quiet.clock.work()
        older: dict[str, Any] = {
            **run_document(run),
            **lasting_document(run),
            "repairs": repairs_document(run),
            "task_runs": [attempt_document(item) for item in run.task_runs],
        }
        quiet.storage.put("1", RUN, run.run_id, older)
        for kind in (SETTINGS, REPAIRS):
            quiet.storage.delete("1", kind, run.run_id)
        for task_run in run.task_runs:
            quiet.storage.delete("1", ATTEMPT, task_run.run_id)
        workspace = later(quiet)
        assert workspace.runs.get(run.run_id)[0] == run
        assert kinds(quiet) == {RUN: 1, SETTINGS: 0, REPAIRS: 0, ATTEMPT: 0}
        workspace.scheduler.repair(run.run_id, ["flat"], first, Overrides())
        quiet.clock.work()
        assert kinds(quiet) == {RUN: 1, SETTINGS: 1, REPAIRS: 1, ATTEMPT: 3}
        assert found(quiet, run) == workspace.runs.get(run.run_id)[0]


class TestWhatIsLeft:
    """Nothing of a run is left in the state folder after it; a full disk loses no later change."""

    def test_a_deleted_run_leaves_nothing(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a"), task("b")))
        quiet.workspace.scheduler.repair(run.run_id, ["b"], None, Overrides())
        quiet.clock.work()
        quiet.workspace.runs.delete(run.run_id)
        assert kinds(quiet) == {RUN: 0, SETTINGS: 0, REPAIRS: 0, ATTEMPT: 0}

    def test_what_a_killed_server_had_half_deleted_is_deleted(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a"), task("b")))
        quiet.workspace.scheduler.repair(run.run_id, ["b"], None, Overrides())
        quiet.clock.work()
        quiet.storage.delete("1", RUN, run.run_id)
        later(quiet)
        assert kinds(quiet) == {RUN: 0, SETTINGS: 0, REPAIRS: 0, ATTEMPT: 0}

    def test_what_a_full_disk_refused_is_stored_with_the_next_step(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: Any) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        run = start(quiet, tasks(task("a"), task("b")))
        with monkeypatch.context() as patch:
            patch.setattr(quiet.storage, "put", refuse)
            quiet.clock.spawned.pop(0)()
        assert run.task_runs[0].is_changed
        quiet.clock.work()
        assert run.state.result is Result.SUCCESS
        assert found(quiet, run) == run
