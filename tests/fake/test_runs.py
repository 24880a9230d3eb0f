from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.lifecycle import Life, Result
from fake_databricks.jobs.model import Overrides
from fake_databricks.jobs.run_views import attempt_view
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.workspace import Workspace
from tests.fake.calls import view as called
from tests.fake.doubles import ended
from tests.fake.jobs import finish, flat, start, states, task, tasks, view

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run
    from tests.fake.conftest import Quiet


class TestFlatJob:
    """`TERMINATED` - Job has completed (check result_state for success/failure)"""

    def test_ends_with_success_and_an_empty_message(self, quiet: Quiet) -> None:
        run = finish(quiet, flat())
        expected = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
        assert expected.items() <= view(run)["state"].items()

    def test_of_the_guide_has_the_guides_first_numbers(self, quiet: Quiet) -> None:
        run = finish(quiet, flat())
        assert (run.job_id, run.run_id, run.number_in_job) == (12345, 98765, 1)

    def test_says_the_exit_code_of_a_failure(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["bad"] = [ended(3)]
        assert view(finish(quiet, flat("bad")))["state"]["state_message"] == "Job failed with exit code 3"

    def test_killed_by_a_signal_fails_with_the_shells_code(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["bad"] = [ended(signal=9)]
        run = finish(quiet, flat("bad"))
        assert run.state.message == "Job failed with exit code 137"

    def test_without_its_file_ends_terminated_so_that_the_guides_loops_end(self, quiet: Quiet) -> None:
        document = flat()
        document["spark_python_task"]["python_file"] = "dbfs:/none.py"
        run = finish(quiet, document)
        assert (run.state.life, run.state.result) == (Life.TERMINATED, Result.FAILED)
        assert "Cannot read the python file dbfs:/none.py" in run.state.message

    def test_on_an_unknown_cluster_is_an_internal_error(self, quiet: Quiet) -> None:
        run = finish(quiet, flat(existing_cluster_id="0000-000000-none"))
        expected = (
            "Run executed on existing cluster ID 0000-000000-none failed since the cluster does not exist."
        )
        assert (run.state.life, run.state.message) == (Life.INTERNAL_ERROR, expected)

    def test_speaks_only_the_guides_five_states(self, quiet: Quiet) -> None:
        run = start(quiet, flat(max_retries=1, min_retry_interval_millis=5000))
        quiet.cluster.outcomes["ok"] = [ended(1)]
        seen = [view(run)["state"]["life_cycle_state"]]
        quiet.clock.work()
        assert run.state.life is Life.WAITING_FOR_RETRY
        seen.append(view(run)["state"]["life_cycle_state"])
        quiet.clock.move(5000)
        seen.append(view(run)["state"]["life_cycle_state"])
        assert seen == ["PENDING", "PENDING", "TERMINATED"]

    def test_parameters_of_run_now_replace_the_jobs(self, quiet: Quiet) -> None:
        finish(quiet, flat(), python_params=("one", "two"))
        assert quiet.cluster.tasks[0].spec.argv == ("one", "two")

    def test_durations_add_up_to_the_whole(self, quiet: Quiet) -> None:
        quiet.cluster.on_start = lambda _: quiet.clock.move(55_000)
        run = start(quiet, flat())
        quiet.clock.move(5000)
        quiet.clock.work()
        shown = view(run)
        parts = [shown[f"{name}_duration"] for name in ("setup", "execution", "cleanup")]
        assert sum(parts) == shown["end_time"] - shown["start_time"] == 60_000

    def test_while_active_has_no_result_and_no_end(self, quiet: Quiet) -> None:
        shown = view(start(quiet, flat()))
        assert "result_state" not in shown["state"]
        assert (shown["end_time"], shown["execution_duration"]) == (0, 0)


class TestTasksJob:
    """A flat job answers in the guide's words, a tasks job in Databricks' own (design, section 3)"""

    def test_task_runs_have_numbers_of_their_own(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a"), task("b", "a")))
        numbers = [run.run_id, *(item.run_id for item in run.task_runs)]
        assert len(set(numbers)) == 3

    def test_a_task_waits_for_those_before_it(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a"), task("b", "a")))
        assert states(run) == {"a": ("PENDING", None), "b": ("BLOCKED", None)}

    def test_a_failure_is_an_internal_error_of_the_run(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["a"] = [ended(1)]
        run = finish(quiet, tasks(task("a")))
        expected = "Task a failed with message: Workload failed, see run output for details."
        assert (run.state.life, run.state.message) == (Life.INTERNAL_ERROR, expected)
        assert states(run) == {"a": ("TERMINATED", "FAILED")}

    def test_what_comes_after_a_failure_is_skipped(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["a"] = [ended(1)]
        run = finish(quiet, tasks(task("a"), task("b", "a")))
        assert states(run)["b"] == ("SKIPPED", "UPSTREAM_FAILED")
        assert run.state.message.endswith("This caused all downstream tasks to get skipped.")

    def test_run_if_all_done_runs_after_a_failure(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["a"] = [ended(1)]
        run = finish(quiet, tasks(task("a"), task("b", "a", run_if="ALL_DONE")))
        assert states(run)["b"] == ("TERMINATED", "SUCCESS")
        assert (run.state.life, run.state.result) == (Life.TERMINATED, Result.SUCCESS_WITH_FAILURES)

    def test_run_if_at_least_one_failed_is_excluded_when_none_has(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a"), task("b", "a", run_if="AT_LEAST_ONE_FAILED")))
        assert states(run)["b"] == ("SKIPPED", "EXCLUDED")
        assert run.state.result is Result.SUCCESS

    def test_job_parameters_and_dynamic_values_are_put_in(self, quiet: Quiet) -> None:
        document = tasks(
            task("a", parameter="{{job.parameters.day}} {{job.run_id}} {{task.name}}"),
            parameters=[{"name": "day", "default": "today"}],
        )
        run = finish(quiet, document, job_parameters={"day": "monday"})
        assert quiet.cluster.tasks[0].spec.argv == (f"monday {run.run_id} a",)

    def test_a_reference_without_a_value_fails_by_name(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a", parameter="{{tasks.b.values.x}}")))
        assert "{{tasks.b.values.x}}" in run.state.message

    def test_only_runs_the_named_tasks(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a"), task("b", "a")), only=("b",))
        assert states(run) == {"b": ("TERMINATED", "SUCCESS")}

    def test_a_cluster_of_its_own_is_made_and_gone_with_the_run(self, quiet: Quiet) -> None:
        document = task("a", existing_cluster_id=None, new_cluster={"spark_version": "15.4.x-scala2.12"})
        job = quiet.workspace.jobs.create(tasks(document), "2.1", "u")
        run = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        attend = quiet.clock.spawned.pop(0)
        made: list[str] = []
        original = quiet.workspace.clusters.create

        def create(*args: Any, **named: Any) -> Any:
            record = original(*args, **named)
            quiet.clock.work()
            made.append(record.cluster_id)
            return record

        quiet.workspace.clusters.create = create  # type: ignore[method-assign]
        attend()
        quiet.clock.work()
        assert run.state.result is Result.SUCCESS
        assert made[0] not in {record.cluster_id for record in quiet.workspace.clusters.list()}

    def test_libraries_are_installed_before_the_task_and_a_failing_one_fails_it(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a", libraries=[{"pypi": {"package": "no-such"}}])))
        assert quiet.cluster.installed == ["install no-such"]
        assert "Library installation failed" in run.state.message


def wheel(key: str, **body: Any) -> dict[str, Any]:
    wheel_task = {"package_name": "p", "entry_point": "e", **body}
    return task(key, spark_python_task=None, python_wheel_task=wheel_task)


class TestJobParameters:
    """Job parameters are pushed down to wheel tasks with keyword arguments and win over task values of the
    same name; parameters that the job does not declare are shown as Databricks shows them."""

    DECLARED: ClassVar[list[dict[str, str]]] = [
        {"name": "day", "default": "today"},
        {"name": "id", "default": "{{job.id}}"},
    ]

    def test_keyword_arguments_have_them_and_they_win(self, quiet: Quiet) -> None:
        document = tasks(
            wheel("named", named_parameters={"day": "never", "own": 1}),
            wheel("empty", named_parameters={}),
            parameters=self.DECLARED,
        )
        run = finish(quiet, document, job_parameters={"day": "monday", "new": "{{task.name}}"})
        common = (f"--id={run.job_id}",)
        assert [item.spec.argv for item in quiet.cluster.tasks] == [
            ("--day=monday", "--own=1", *common, "--new=named"),
            ("--day=monday", *common, "--new=empty"),
        ]

    def test_defaults_are_pushed_down_too(self, quiet: Quiet) -> None:
        finish(quiet, tasks(wheel("a", named_parameters={"day": "x"}), parameters=self.DECLARED[:1]))
        assert quiet.cluster.tasks[0].spec.argv == ("--day=today",)

    def test_positional_arguments_and_files_do_not_have_them(self, quiet: Quiet) -> None:
        document = tasks(
            wheel("positional", parameters=["x"]), wheel("none"), task("file"), parameters=self.DECLARED
        )
        finish(quiet, document)
        assert [item.spec.argv for item in quiet.cluster.tasks] == [("x",), (), ("file",)]

    def test_a_reference_in_a_value_is_resolved(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a", parameter="{{job.parameters.id}}"), parameters=self.DECLARED))
        assert quiet.cluster.tasks[0].spec.argv == (str(run.job_id),)

    def test_one_that_is_not_declared_is_shown_without_a_default(self, quiet: Quiet) -> None:
        one = [{"name": "p", "default": "1"}, {"name": "q", "default": "2"}]
        run = finish(quiet, tasks(task("a"), parameters=one), job_parameters={"q": "3", "new": "4"})
        assert view(run)["job_parameters"] == [
            {"name": "p", "default": "1"},
            {"name": "q", "default": "2", "value": "3"},
            {"name": "new", "value": "4"},
        ]

    def test_arguments_of_both_kinds_are_refused(self, quiet: Quiet) -> None:
        with pytest.raises(InvalidParameter, match="Only one of parameters and named_parameters"):
            start(quiet, tasks(wheel("a", parameters=["x"], named_parameters={"a": "1"})))
        with pytest.raises(
            InvalidParameter, match=r"'python_wheel_task.named_parameters.a' must be a string"
        ):
            start(quiet, tasks(wheel("a", named_parameters={"a": []})))


class TestDisabledTasks:
    """`disabled: true` on a task runs it and says SUCCESS: a false success. Result `DISABLED`, dependants as
    documented."""

    def test_a_disabled_task_and_what_needs_it_do_not_run(self, quiet: Quiet) -> None:
        run = finish(
            quiet,
            tasks(
                task("a", disabled=True),
                task("b", "a"),
                task("c", "b"),
                task("d"),
                task("e", "a", run_if="ALL_DONE"),
            ),
        )
        disabled = ("SKIPPED", "DISABLED")
        success = ("TERMINATED", "SUCCESS")
        assert states(run) == {"a": disabled, "b": disabled, "c": disabled, "d": success, "e": success}
        assert [item.spec.argv for item in quiet.cluster.tasks] == [("d",), ("e",)]
        assert run.state.result is Result.SUCCESS

    def test_is_shown_on_the_task_that_was_disabled_alone(self, quiet: Quiet) -> None:
        shown = view(finish(quiet, tasks(task("a", disabled=True), task("b", "a"))))["tasks"]
        assert [item.get("disabled") for item in shown] == [True, None]
        assert shown[0]["status"]["termination_details"]["code"] == "DISABLED"

    def test_a_run_of_disabled_tasks_alone_is_no_success(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a", disabled=True)))
        assert (run.state.life, run.state.result) == (Life.SKIPPED, Result.DISABLED)

    def test_a_text_is_read_and_another_type_is_refused(self, quiet: Quiet) -> None:
        assert states(finish(quiet, tasks(task("a", disabled="true"))))["a"] == ("SKIPPED", "DISABLED")
        with pytest.raises(InvalidParameter, match=r"Field 'tasks.disabled' must be true or false"):
            start(quiet, tasks(task("a", disabled="yes")))

    def test_a_repair_runs_it_once_it_is_enabled(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(task("a", disabled=True)))
        results = []
        for document in (tasks(task("a", disabled=True)), tasks(task("a"))):
            quiet.workspace.jobs.reset(run.job_id, document, "2.1")
            latest = run.repairs[-1].repair_id if run.repairs else None
            quiet.workspace.scheduler.repair(run.run_id, ["a"], latest, Overrides())
            quiet.clock.work()
            results.append(run.state.result)
        assert results == [Result.DISABLED, Result.SUCCESS]


class TestRetry:
    """Retries are attempts (`max_retries`, `min_retry_interval_millis`, `retry_on_timeout`)"""

    def test_a_failed_attempt_is_followed_by_another_with_its_own_number(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["ok"] = [ended(1), ended(1)]
        run = finish(quiet, flat(max_retries=2))
        assert run.state.result is Result.SUCCESS
        assert [item.attempt for item in run.task_runs] == [0, 1, 2]
        assert run.task_runs[0].run_id == run.run_id
        shown = attempt_view(run, run.task_runs[1], "http://x")
        assert (shown["original_attempt_run_id"], shown["trigger"]) == (run.run_id, "RETRY")

    @pytest.mark.parametrize("retries", [-1, 10**9])
    def test_attempts_without_a_limit_wait_longer_and_longer(self, quiet: Quiet, retries: int) -> None:
        """Issue: "`max_retries: -1` with a missing cluster backs off"."""
        run = finish(quiet, flat(existing_cluster_id="0000-000000-none", max_retries=retries))
        quiet.clock.move(500_000)
        starts = [item.start_time for item in run.task_runs if item.start_time]
        waits = [(later - first) // 1000 for first, later in itertools.pairwise(starts)]
        assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60][: len(waits)]
        assert len(waits) == 14
        assert run.is_active
        quiet.workspace.scheduler.cancel(run.run_id)
        quiet.clock.work()
        assert run.state.result is Result.CANCELED

    def test_an_attempt_that_took_longer_than_the_wait_is_followed_at_once(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["ok"] = [ended(1) for _ in range(9)]
        quiet.cluster.on_start = lambda _: setattr(
            quiet.clock, "milliseconds", quiet.clock.milliseconds + 70_000
        )
        run = finish(quiet, flat(max_retries=-1))
        assert len(run.task_runs) == 10
        assert run.state.result is Result.SUCCESS

    def test_attempts_end_where_max_retries_says(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["ok"] = [ended(1)] * 5
        run = finish(quiet, flat(max_retries=1))
        assert (len(run.task_runs), run.state.result) == (2, Result.FAILED)

    def test_the_interval_counts_from_the_start_of_the_failed_attempt(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["ok"] = [ended(1)]
        quiet.cluster.on_start = lambda _: quiet.clock.move(3000)
        run = start(quiet, flat(max_retries=1, min_retry_interval_millis=10_000))
        quiet.clock.work()
        assert run.state.life is Life.WAITING_FOR_RETRY
        quiet.cluster.on_start = lambda _: None
        quiet.clock.move(6999)
        assert run.state.life is Life.WAITING_FOR_RETRY
        quiet.clock.move(1)
        assert run.state.result is Result.SUCCESS

    def test_a_timeout_is_not_retried_unless_the_job_says_so(self, quiet: Quiet) -> None:
        outcomes = []
        for retry in (False, True):
            run = start(quiet, flat(timeout_seconds=1, max_retries=1, retry_on_timeout=retry))
            quiet.clock.spawned.clear()
            quiet.clock.move(1000)
            outcomes.append((len(run.task_runs), run.state.result))
        assert outcomes == [(1, Result.TIMEDOUT), (2, Result.SUCCESS)]

    def test_a_cancelled_run_is_not_retried(self, quiet: Quiet) -> None:
        run = start(quiet, flat(max_retries=3))
        quiet.workspace.scheduler.cancel(run.run_id)
        quiet.clock.work()
        assert (len(run.task_runs), run.state.result) == (1, Result.CANCELED)


class TestTimeout:
    """`TIMEDOUT` - Job exceeded timeout limit"""

    def test_a_flat_job_that_runs_too_long_is_ended_and_has_no_message(self, quiet: Quiet) -> None:
        run = start(quiet, flat(timeout_seconds=2))
        quiet.clock.spawned.clear()
        quiet.clock.move(2000)
        shown = view(run)["state"]
        assert (shown["life_cycle_state"], shown["result_state"]) == ("TERMINATED", "TIMEDOUT")
        assert "state_message" not in shown

    def test_the_timeout_of_a_tasks_job_counts_for_the_whole_run(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a"), task("b", "a"), timeout_seconds=5))
        quiet.clock.spawned.clear()
        quiet.clock.move(5000)
        assert (run.state.life, run.state.result) == (Life.TERMINATED, Result.TIMEDOUT)

    def test_a_task_out_of_time_makes_its_run_out_of_time(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(task("a", timeout_seconds=5)))
        quiet.clock.spawned.clear()
        quiet.clock.move(5000)
        assert (states(run)["a"], run.state.result) == (("TERMINATED", "TIMEDOUT"), Result.TIMEDOUT)

    def test_an_update_counts_for_the_run_that_is_active(self, quiet: Quiet) -> None:
        run = start(quiet, flat(timeout_seconds=5))
        quiet.clock.spawned.clear()
        job = quiet.workspace.jobs.update(run.job_id, {"timeout_seconds": 60}, (), "2.1")
        quiet.workspace.scheduler.retime(job)
        quiet.clock.move(59_000)
        assert run.is_active
        quiet.clock.move(1000)
        assert run.state.result is Result.TIMEDOUT


class TestConcurrency:
    """Limits to 1 concurrent run"""

    def test_a_run_too_many_is_skipped_and_said_so(self, quiet: Quiet) -> None:
        first = start(quiet, flat())
        job = quiet.workspace.jobs.get(first.job_id)
        second = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        expected = "Skipping this run because the limit of 1 maximum concurrent runs has been reached."
        assert (second.state.life, second.state.message) == (Life.SKIPPED, expected)
        assert "result_state" not in view(second)["state"]

    def test_a_job_with_a_queue_waits_and_starts_when_there_is_a_place(self, quiet: Quiet) -> None:
        first = start(quiet, tasks(task("a"), queue={"enabled": True}))
        job = quiet.workspace.jobs.get(first.job_id)
        second = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        assert (second.state.life, second.start_time) == (Life.QUEUED, 0)
        quiet.clock.work()
        assert second.state.result is Result.SUCCESS

    @pytest.mark.parametrize("call", ["update", "reset"])
    def test_a_queued_run_begins_when_the_limit_is_raised(self, quiet: Quiet, call: str) -> None:
        """Runs that hang: it waited for the end of the first; after a limit of 0 for ever."""
        document = tasks(task("a"), queue={"enabled": True})
        first = start(quiet, document)
        job = quiet.workspace.jobs.get(first.job_id)
        second = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        third = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        body: Any = {"job_id": job.job_id, "new_settings": {**document, "max_concurrent_runs": 2}}
        called(quiet, f"POST /api/2.1/jobs/{call}", body)
        assert (second.state.life, third.state.life) == (Life.PENDING, Life.QUEUED)
        body["new_settings"]["max_concurrent_runs"] = 0
        called(quiet, f"POST /api/2.1/jobs/{call}", body)
        quiet.clock.work()
        assert (first.state.result, second.state.result) == (Result.SUCCESS, Result.SUCCESS)
        assert third.state.life is Life.QUEUED
        body["new_settings"]["max_concurrent_runs"] = 1
        called(quiet, f"POST /api/2.1/jobs/{call}", body)
        quiet.clock.work()
        assert third.state.result is Result.SUCCESS

    def test_a_limit_of_none_skips_every_run(self, quiet: Quiet) -> None:
        assert finish(quiet, flat(max_concurrent_runs=0)).state.life is Life.SKIPPED

    def test_a_cancelled_queued_run_never_starts(self, quiet: Quiet) -> None:
        first = start(quiet, tasks(task("a"), queue={"enabled": True}))
        job = quiet.workspace.jobs.get(first.job_id)
        second = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        quiet.workspace.scheduler.cancel(second.run_id)
        quiet.clock.work()
        assert second.state.result is Result.CANCELED
        assert len(quiet.cluster.tasks) == 1


class TestHowManyAreKept:
    """Issue: "The server's memory after 500 runs, its state folder's growth: bounded (`--keep-runs`)"."""

    def keep(self, quiet: Quiet, number: int) -> Workspace:
        """Return the workspace as a later server with this option finds it."""
        workspace = Workspace("1", dataclasses.replace(quiet.surroundings, keep_runs=number))
        workspace.open("token", "http://127.0.0.1:1")
        quiet.clock.work()
        return workspace

    def run(self, quiet: Quiet, workspace: Workspace, token: str = "") -> Run:
        job = workspace.jobs.list()[0]
        run = workspace.scheduler.run_now(job, Overrides(), token, "u")
        quiet.clock.work()
        return run

    def outputs(self, quiet: Quiet) -> set[int]:
        return {int(key) for key, _ in quiet.storage.all("1", "output")}

    def test_the_oldest_are_deleted_with_their_outputs(self, quiet: Quiet) -> None:
        quiet.workspace.jobs.create(flat(), "2.1", "u")
        workspace = self.keep(quiet, 3)
        made = [self.run(quiet, workspace).run_id for _ in range(5)]
        assert [run.run_id for run in workspace.runs.list(RunFilter())] == made[:1:-1]
        assert self.outputs(quiet) == set(made[2:])
        with pytest.raises(InvalidParameter, match=f"Run {made[0]} does not exist"):
            workspace.runs.get(made[0])
        assert workspace.runs.counts() == (0, 3)

    def test_active_runs_do_not_count_and_the_end_decides(self, quiet: Quiet) -> None:
        quiet.workspace.jobs.create(flat(max_concurrent_runs=9), "2.1", "u")
        workspace = self.keep(quiet, 2)
        job = workspace.jobs.list()[0]
        slow = workspace.scheduler.run_now(job, Overrides(), "", "u")
        waiting, quiet.clock.spawned = quiet.clock.spawned, []
        others = [self.run(quiet, workspace).run_id for _ in range(3)]
        assert workspace.runs.counts() == (1, 2)
        quiet.clock.spawned = waiting
        quiet.clock.work()
        assert {run.run_id for run in workspace.runs.list(RunFilter())} == {slow.run_id, others[2]}

    def test_a_later_server_keeps_fewer(self, quiet: Quiet) -> None:
        for _ in range(4):
            quiet.clock.move(1000)
            finish(quiet, flat())
        assert self.keep(quiet, 2).runs.counts() == (0, 2)
        assert len(self.outputs(quiet)) == 2

    def test_an_idempotency_token_is_forgotten_with_its_run(self, quiet: Quiet) -> None:
        quiet.workspace.jobs.create(flat(), "2.1", "u")
        workspace = self.keep(quiet, 1)
        first = self.run(quiet, workspace, "token")
        assert self.run(quiet, workspace, "token") is first
        self.run(quiet, workspace)
        assert self.run(quiet, workspace, "token").run_id > first.run_id

    def test_a_repaired_run_is_the_newest(self, quiet: Quiet) -> None:
        quiet.workspace.jobs.create(flat(), "2.1", "u")
        workspace = self.keep(quiet, 2)
        first, second = self.run(quiet, workspace), self.run(quiet, workspace)
        workspace.scheduler.repair(first.run_id, ["flat"], None, Overrides())
        quiet.clock.work()
        third = self.run(quiet, workspace)
        kept = {run.run_id for run in workspace.runs.list(RunFilter())}
        assert kept == {first.run_id, third.run_id} - {second.run_id}
