"""Calls for a run that exists: cancel, repair, list; idempotency tokens; a server that starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.errors import InvalidParameter, InvalidState
from fake_databricks.jobs.changes import LOST
from fake_databricks.jobs.lifecycle import Life, Result
from fake_databricks.jobs.model import Overrides
from fake_databricks.jobs.run_times import lasted
from fake_databricks.jobs.run_views import run_view
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.workspace import Workspace
from tests.fake.calls import view as called
from tests.fake.doubles import ScriptedTask, ended
from tests.fake.jobs import finish, flat, start, states, task, tasks, view

if TYPE_CHECKING:
    from fake_databricks.engine.ports import TaskExit
    from fake_databricks.jobs.model import Run
    from tests.fake.conftest import Quiet


class TestCancel:
    """`CANCELLED` - Job was cancelled by user"""

    def test_a_flat_job_says_it_with_two_l_and_a_tasks_job_with_one(self, quiet: Quiet) -> None:
        words = []
        for document in (flat(), tasks(task("a"))):
            run = start(quiet, document)
            quiet.workspace.scheduler.cancel(run.run_id)
            quiet.clock.work()
            words.append(view(run)["state"]["result_state"])
        assert words == ["CANCELLED", "CANCELED"]

    def test_a_running_program_is_ended(self, quiet: Quiet) -> None:
        quiet.cluster.on_start = lambda task: quiet.clock.spawned.append(
            lambda: quiet.workspace.scheduler.cancel(task.spec.run_id)
        )
        run = start(quiet, flat())
        task_run = run.task_runs[0]
        quiet.workspace.scheduler._started(  # noqa: SLF001  the moment between start and wait
            run, task_run, quiet.cluster.start_task(_spec(quiet))
        )
        quiet.workspace.scheduler.cancel(run.run_id)
        assert quiet.cluster.tasks[0].is_cancelled
        assert view(run)["state"]["life_cycle_state"] == "RUNNING"
        quiet.workspace.scheduler._exited(run, task_run, ended(signal=9))  # noqa: SLF001  its end
        assert (run.state.life, run.state.result) == (Life.TERMINATED, Result.CANCELED)

    def test_a_task_run_is_cancelled_alone(self, quiet: Quiet) -> None:
        """ "Cancels a job run or a task run": its number cancelled the whole run"""
        run = start(quiet, tasks(task("a", max_retries=3), task("b"), task("c", "a"), task("d", "b")))
        number = run.latest()["a"].run_id
        called(quiet, "POST /api/2.1/jobs/runs/cancel", {"run_id": number})
        quiet.clock.work()
        assert states(run) == {
            "a": ("TERMINATED", "CANCELED"),
            "b": ("TERMINATED", "SUCCESS"),
            "c": ("SKIPPED", "UPSTREAM_CANCELED"),
            "d": ("TERMINATED", "SUCCESS"),
        }
        assert (run.state.life, run.state.result) == (Life.TERMINATED, Result.CANCELED)
        called(quiet, "POST /api/2.1/jobs/runs/cancel", {"run_id": number})
        assert [item.task_key for item in run.task_runs] == ["a", "b", "c", "d"]

    def test_a_task_that_runs_is_ended_and_the_others_go_on(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a"), task("b", "a", run_if="ALL_DONE")))
        first = run.latest()["a"]
        scheduler = quiet.workspace.scheduler
        scheduler._started(run, first, quiet.cluster.start_task(_spec(quiet)))  # noqa: SLF001  as above
        scheduler.cancel(first.run_id)
        assert quiet.cluster.tasks[0].is_cancelled
        assert (first.state.life, run.state.life) == (Life.TERMINATING, Life.RUNNING)
        scheduler._exited(run, first, ended(signal=9))  # noqa: SLF001  its end
        quiet.clock.work()
        assert states(run)["b"] == ("TERMINATED", "SUCCESS")
        assert run.state.result is Result.SUCCESS_WITH_FAILURES

    def test_a_task_that_waits_for_another_does_not_start(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a"), task("b", "a")))
        quiet.workspace.scheduler.cancel(run.latest()["b"].run_id)
        quiet.clock.work()
        assert states(run) == {"a": ("TERMINATED", "SUCCESS"), "b": ("TERMINATED", "CANCELED")}

    def test_a_task_of_a_queued_run_does_not_start_and_the_run_stays_queued(self, quiet: Quiet) -> None:
        document = tasks(task("a"), task("b"), max_concurrent_runs=1, queue={"enabled": True})
        first = start(quiet, document)
        job = quiet.workspace.jobs.get(first.job_id)
        second, third = (quiet.workspace.scheduler.run_now(job, Overrides(), "", "u") for _ in range(2))
        quiet.workspace.scheduler.cancel(second.latest()["a"].run_id)
        for task_run in third.latest().values():
            quiet.workspace.scheduler.cancel(task_run.run_id)
        assert (second.state.life, third.state.result) == (Life.QUEUED, Result.CANCELED)
        quiet.clock.work()
        assert states(second) == {"a": ("TERMINATED", "CANCELED"), "b": ("TERMINATED", "SUCCESS")}

    def test_a_later_attempt_of_a_flat_job_is_its_run(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["ok"] = [ended(1)]
        document = flat(max_retries=2, min_retry_interval_millis=60_000)
        run = finish(quiet, document)
        assert run.state.life is Life.WAITING_FOR_RETRY
        quiet.workspace.scheduler.cancel(run.task_runs[-1].run_id)
        assert run.state.result is Result.CANCELED

    def test_what_has_ended_keeps_its_outcome(self, quiet: Quiet) -> None:
        run = finish(quiet, flat())
        quiet.workspace.scheduler.cancel(run.run_id)
        assert run.state.result is Result.SUCCESS

    def test_deleting_a_job_ends_its_runs_and_leaves_them_readable(self, quiet: Quiet) -> None:
        run = start(quiet, flat())
        quiet.workspace.delete_job(run.job_id)
        quiet.clock.work()
        assert quiet.workspace.runs.get(run.run_id)[0].state.result is Result.CANCELED


class TestIdempotency:
    """Same idempotency_token: same run, no new one"""

    def test_the_same_token_finds_the_same_run(self, quiet: Quiet) -> None:
        job = quiet.workspace.jobs.create(flat(), "2.1", "u")
        first, second = (quiet.workspace.scheduler.run_now(job, Overrides(), "t", "u") for _ in range(2))
        assert first is second

    def test_the_token_of_a_deleted_run_is_refused(self, quiet: Quiet) -> None:
        job = quiet.workspace.jobs.create(flat(), "2.1", "u")
        run = quiet.workspace.scheduler.run_now(job, Overrides(), "t", "u")
        quiet.clock.work()
        quiet.workspace.runs.delete(run.run_id)
        with pytest.raises(InvalidParameter, match="deleted"):
            quiet.workspace.scheduler.run_now(job, Overrides(), "t", "u")

    def test_it_is_refused_by_a_later_server_too(self, quiet: Quiet) -> None:
        """What survives a restart: after one the same request started a second run."""
        job = quiet.workspace.jobs.create(flat(), "2.1", "u")
        run = quiet.workspace.scheduler.run_now(job, Overrides(), "t", "u")
        submitted = quiet.workspace.scheduler.submit(flat(), "2.1", "s", "u")
        quiet.clock.work()
        for gone in (run, submitted):
            quiet.workspace.runs.delete(gone.run_id)
        again = Workspace("1", quiet.surroundings)
        with pytest.raises(InvalidParameter, match="deleted"):
            again.scheduler.run_now(job, Overrides(), "t", "u")
        with pytest.raises(InvalidParameter, match="deleted"):
            again.scheduler.submit(flat(), "2.1", "s", "u")


class TestRepair:
    """repair: runs some tasks of an ended run again, as attempts of the same run"""

    def test_runs_the_failed_tasks_again(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["b"] = [ended(1)]
        run = finish(quiet, tasks(task("a"), task("b", "a")))
        repair_id = quiet.workspace.scheduler.repair(run.run_id, ["b"], None, Overrides())
        quiet.clock.work()
        assert run.state.result is Result.SUCCESS
        assert [(item.task_key, item.attempt) for item in run.task_runs] == [("a", 0), ("b", 0), ("b", 1)]
        history = run_view(run, "", history=True)["repair_history"]
        assert [(item["type"], item["state"]["result_state"]) for item in history] == [
            ("ORIGINAL", "FAILED"),
            ("REPAIR", "SUCCESS"),
        ]
        assert history[1]["id"] == repair_id

    def test_of_an_active_run_is_refused(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a")))
        with pytest.raises(InvalidState):
            quiet.workspace.scheduler.repair(run.run_id, ["a"], None, Overrides())

    def test_after_another_repair_must_name_it(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a")))
        first = quiet.workspace.scheduler.repair(run.run_id, ["a"], None, Overrides())
        quiet.clock.work()
        with pytest.raises(InvalidParameter, match="latest_repair_id"):
            quiet.workspace.scheduler.repair(run.run_id, ["a"], None, Overrides())
        quiet.workspace.scheduler.repair(run.run_id, ["a"], first, Overrides())
        quiet.clock.work()
        assert len(run.repairs) == 3


HOUR = 3_600_000


class TestTimesOfRepairs:
    """`run_duration`: "The time in milliseconds it took the job run and all of its repairs to finish." """

    @pytest.fixture
    def slow(self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> Quiet:
        """Each program takes a minute, after five seconds of setup."""
        wait = ScriptedTask.wait

        def wait_a_minute(task: ScriptedTask) -> TaskExit:
            quiet.clock.move(60_000)
            return wait(task)

        monkeypatch.setattr(ScriptedTask, "wait", wait_a_minute)
        return quiet

    def settle(self, quiet: Quiet) -> None:
        quiet.clock.move(5000)
        quiet.clock.work()

    @pytest.mark.parametrize("document", [flat("a"), tasks(task("a"))])
    def test_what_lies_between_a_run_and_its_repair_does_not_count(
        self, slow: Quiet, document: dict[str, Any]
    ) -> None:
        slow.cluster.outcomes["a"] = [ended(1)]
        run = start(slow, document)
        self.settle(slow)
        slow.clock.move(HOUR)
        slow.workspace.scheduler.repair(run.run_id, list(run.latest()), None, Overrides())
        slow.clock.move(1000)
        assert lasted(run, slow.clock.now()) == 65_000 + 1000
        self.settle(slow)
        shown = run_view(run, "", history=True)
        assert shown["end_time"] - shown["start_time"] == HOUR + 2 * 65_000 + 1000
        assert shown["run_duration"] == 2 * 65_000 + 1000
        parts = [shown[f"{name}_duration"] for name in ("setup", "execution", "cleanup")]
        assert parts == ([11_000, 120_000, 0] if shown["format"] == "SINGLE_TASK" else [0, 0, 0])
        lengths = [item["end_time"] - item["start_time"] for item in shown["repair_history"]]
        assert lengths == [65_000, 66_000]

    def test_retries_of_a_repair_are_its_own(self, slow: Quiet) -> None:
        slow.cluster.outcomes["a"] = [ended(1) for _ in range(3)]
        run = start(slow, flat("a", max_retries=1))
        self.settle(slow)
        slow.workspace.scheduler.repair(run.run_id, ["flat"], None, Overrides())
        self.settle(slow)
        history = run_view(run, "", history=True)["repair_history"]
        assert [len(item["task_run_ids"]) for item in history] == [2, 2]
        numbers = [number for item in history for number in item["task_run_ids"]]
        assert numbers == [item.run_id for item in run.task_runs]

    def test_a_repair_that_a_server_did_not_survive_has_an_end(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a")))
        quiet.workspace.scheduler.repair(run.run_id, ["a"], None, Overrides())
        quiet.clock.move(1000)
        found, _ = Workspace("1", quiet.surroundings).runs.get(run.run_id)
        (_, last) = run_view(found, "", history=True)["repair_history"]
        assert last["end_time"] == found.end_time == quiet.clock.now()
        assert found.repairs[-1].state == found.state


def repair(quiet: Quiet, run: Run, *keys: str) -> list[tuple[str, ...]]:
    """Repair tasks of a run to its end; return the arguments that their programs had."""
    before = len(quiet.cluster.tasks)
    latest = run.repairs[-1].repair_id if run.repairs else None
    quiet.clock.move(1)
    quiet.workspace.scheduler.repair(run.run_id, keys, latest, Overrides())
    quiet.clock.work()
    return [tuple(item.spec.argv) for item in quiet.cluster.tasks[before:]]


class TestRepairWithNewSettings:
    """`runs/repair` uses the job's **current** settings ("They use the current job and task settings")"""

    def test_a_task_has_the_parameters_that_the_job_has_now(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a"), task("b", "a")))
        new = tasks(task("a"), task("b", "a", parameter="new"))
        quiet.workspace.jobs.reset(run.job_id, new, "2.1")
        assert repair(quiet, run, "b") == [("new",)]
        shown = [item["spark_python_task"]["parameters"] for item in view(run)["tasks"]]
        assert shown == [["a"], ["b"], ["new"]]

    def test_each_repair_takes_what_the_job_has_then(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a")))
        for text in ("second", "third"):
            quiet.workspace.jobs.reset(run.job_id, tasks(task("a", parameter=text)), "2.1")
            assert repair(quiet, run, "a") == [(text,)]
        again = Workspace("1", quiet.surroundings).runs.get(run.run_id)[0]
        assert view(again) == view(run)
        shown = [item["spark_python_task"]["parameters"] for item in view(again)["tasks"]]
        assert shown == [["a"], ["second"], ["third"]]

    def test_a_flat_job_may_have_another_name(self, quiet: Quiet) -> None:
        run = finish(quiet, flat())
        quiet.workspace.jobs.reset(run.job_id, flat("new", name="other"), "2.1")
        assert repair(quiet, run, "flat") == [("new",)]
        assert view(run)["run_name"] == "flat"

    def test_retries_and_job_parameters_are_the_new_ones(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["a"] = [ended(1), ended(1), ended(0)]
        run = finish(quiet, tasks(task("a"), parameters=[{"name": "p", "default": "1"}]))
        new = tasks(task("a", max_retries=1), parameters=[{"name": "p", "default": "2"}])
        quiet.workspace.jobs.reset(run.job_id, new, "2.1")
        assert len(repair(quiet, run, "a")) == 2
        assert run.state.result is Result.SUCCESS
        assert view(run)["job_parameters"] == [{"name": "p", "default": "2"}]

    def test_a_task_that_the_job_has_no_more_is_refused_and_nothing_changes(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["b"] = [ended(1)]
        run = finish(quiet, tasks(task("a"), task("b", "a")))
        before = view(run)
        quiet.workspace.jobs.reset(run.job_id, tasks(task("a")), "2.1")
        with pytest.raises(InvalidParameter, match=r"does not have the task b any more."):
            repair(quiet, run, "b")
        assert view(run) == before
        assert repair(quiet, run, "a") == [("a",)]
        assert run.state.result is Result.SUCCESS

    def test_dependants_are_those_of_now(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a"), task("b"), task("c", "b")))
        quiet.workspace.jobs.reset(run.job_id, tasks(task("a"), task("b", "a"), task("new", "a")), "2.1")
        body = {"run_id": run.run_id, "rerun_tasks": ["a"], "rerun_dependent_tasks": True}
        called(quiet, "POST /api/2.1/jobs/runs/repair", body)
        quiet.clock.work()
        assert [item.task_key for item in run.task_runs] == ["a", "b", "c", "a", "b"]

    def test_a_job_of_another_form_now_is_refused(self, quiet: Quiet) -> None:
        run = finish(quiet, flat())
        quiet.workspace.jobs.reset(run.job_id, tasks(task("flat")), "2.1")
        with pytest.raises(InvalidParameter, match="its job has another form now; start a new run"):
            repair(quiet, run, "flat")

    def test_without_its_job_a_run_has_its_own(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a")))
        quiet.workspace.delete_job(run.job_id)
        assert repair(quiet, run, "a") == [("a",)]


class TestAfterARestart:
    """A server that was killed finds its `RUNNING` rows at the next start and ends them truthfully."""

    def test_an_ended_run_is_as_it_was(self, quiet: Quiet) -> None:
        run = finish(quiet, flat())
        again = Workspace("1", quiet.surroundings)
        assert view(again.runs.get(run.run_id)[0]) == view(run)
        assert again.runs.output(run.run_id).logs == "ran ok\n"

    def test_an_active_run_has_failed_and_says_why(self, quiet: Quiet) -> None:
        run = start(quiet, flat())
        lost = Workspace("1", quiet.surroundings).runs.get(run.run_id)[0]
        assert (lost.state.life, lost.state.result, lost.state.message) == (
            Life.TERMINATED,
            Result.FAILED,
            LOST,
        )

    def test_an_active_run_of_a_tasks_job_is_an_internal_error(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a"), task("b", "a")))
        lost = Workspace("1", quiet.surroundings).runs.get(run.run_id)[0]
        assert lost.state.life is Life.INTERNAL_ERROR

    def test_numbers_go_on_and_are_not_used_twice(self, quiet: Quiet) -> None:
        run = finish(quiet, flat())
        quiet.workspace.runs.delete(run.run_id)
        again = Workspace("1", quiet.surroundings)
        job = again.jobs.create(flat(), "2.1", "u")
        assert (job.job_id, again.runs.next_run_id()) == (run.job_id + 1, run.run_id + 1)

    def test_jobs_keep_their_dialect_and_queue(self, quiet: Quiet) -> None:
        made = quiet.workspace.jobs.create(tasks(task("a")), "2.2", "u")
        kept = Workspace("1", quiet.surroundings).jobs.get(made.job_id)
        assert kept.settings == made.settings


class TestList:
    """Lists all job runs; can filter by active_only or completed_only"""

    def test_is_newest_first(self, quiet: Quiet) -> None:
        runs = [finish(quiet, flat()) for _ in range(3)]
        listed = [run.run_id for run in quiet.workspace.runs.list(RunFilter())]
        assert listed == [run.run_id for run in reversed(runs)]

    def test_filters(self, quiet: Quiet) -> None:
        over, active = finish(quiet, flat()), start(quiet, flat())
        filters = {
            "active_only": RunFilter(active_only=True),
            "completed_only": RunFilter(completed_only=True),
        }
        chosen = {
            name: [run.run_id for run in quiet.workspace.runs.list(wanted)]
            for name, wanted in filters.items()
        }
        assert chosen == {"active_only": [active.run_id], "completed_only": [over.run_id]}


def _spec(quiet: Quiet) -> Any:
    run = quiet.workspace.runs.get(98765)[0]
    return quiet.workspace.preparer.prepare(run, run.settings.tasks[0], run.task_runs[0])[1]
