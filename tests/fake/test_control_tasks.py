"""Tasks that run no program: conditions, loops, runs of other jobs; on a workspace without time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.jobs.control import outcome_of_condition
from fake_databricks.jobs.lifecycle import Life, Result
from fake_databricks.jobs.model import Overrides
from fake_databricks.workspace import Workspace
from tests.fake.calls import refusal
from tests.fake.calls import view as called
from tests.fake.doubles import ended
from tests.fake.jobs import finish, start, states, task, tasks, view

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Run
    from tests.fake.conftest import Quiet


def condition(
    key: str, left: str = "1", right: str = "1", op: str = "EQUAL_TO", **more: Any
) -> dict[str, Any]:
    return {"task_key": key, "condition_task": {"op": op, "left": left, "right": right}, **more}


def after(key: str, outcome: str, *before: str) -> dict[str, Any]:
    """A task that wants an outcome of each of some conditions."""
    return {**task(key), "depends_on": [{"task_key": other, "outcome": outcome} for other in before]}


def before(*keys: str) -> dict[str, Any]:
    return {"depends_on": [{"task_key": key} for key in keys]}


def loop(inputs: str, parameter: str = "{{input}}", **more: Any) -> dict[str, Any]:
    nested = task("one", parameter=parameter)
    del nested["depends_on"]
    return {"task_key": "loop", "for_each_task": {"inputs": inputs, "task": nested, **more}}


def other_job(job_id: int, **more: Any) -> dict[str, Any]:
    return {"task_key": "other", "run_job_task": {"job_id": job_id, **more}}


def arguments(quiet: Quiet) -> list[tuple[str, ...]]:
    return [item.spec.argv for item in quiet.cluster.tasks]


def attempt(quiet: Quiet, run: Run, key: str) -> dict[str, Any]:
    return called(quiet, f"GET /api/2.2/jobs/runs/get?run_id={run.latest()[key].run_id}")


def output(quiet: Quiet, run: Run, key: str) -> dict[str, Any]:
    return called(quiet, f"GET /api/2.2/jobs/runs/get-output?run_id={run.latest()[key].run_id}")


class TestCondition:
    """`condition_task` (op EQUAL_TO, NOT_EQUAL, GREATER_THAN, ..., left, right with dynamic references)"""

    @pytest.mark.parametrize(
        ("left", "op", "right", "expected"),
        [
            ("12.0", "EQUAL_TO", "12", "false"),
            ("a", "NOT_EQUAL", "b", "true"),
            ("12.0", "GREATER_THAN_OR_EQUAL", "12", "true"),
            ("10.0", "GREATER_THAN_OR_EQUAL", "12", "false"),
            ("2", "LESS_THAN", "10", "true"),
            ("2", "GREATER_THAN", "10", "false"),
            ("{{x}}", "LESS_THAN_OR_EQUAL", "3", "true"),
        ],
    )
    def test_texts_are_equal_and_numbers_are_compared(
        self, left: str, op: str, right: str, expected: str
    ) -> None:
        assert outcome_of_condition({"left": left, "op": op, "right": right}, {"x": "3"}) == expected

    def test_the_branch_that_is_not_taken_is_excluded(self, quiet: Quiet) -> None:
        run = finish(
            quiet,
            tasks(
                condition("if", "{{job.parameters.p}}", "yes"),
                after("then", "true", "if"),
                after("else", "false", "if"),
                task("after_else", "else", run_if="ALL_DONE"),
                task("both", "then", "else"),
                parameters=[{"name": "p", "default": "yes"}],
            ),
        )
        assert states(run) == {
            "if": ("TERMINATED", "SUCCESS"),
            "then": ("TERMINATED", "SUCCESS"),
            "else": ("SKIPPED", "EXCLUDED"),
            "after_else": ("SKIPPED", "EXCLUDED"),
            "both": ("TERMINATED", "SUCCESS"),
        }
        assert run.state.result is Result.SUCCESS
        assert attempt(quiet, run, "if")["condition_task"]["outcome"] == "true"
        assert view(run)["tasks"][2]["depends_on"] == [{"task_key": "if", "outcome": "false"}]
        assert set(output(quiet, run, "if")) == {"metadata"}

    @pytest.mark.parametrize(
        ("task", "words"),
        [
            (condition("a", "x", op="GREATER_THAN"), "The operand 'x' of GREATER_THAN is not a number."),
            (condition("a", "{{tasks.b.values.c}}"), "has no value in this run"),
        ],
    )
    def test_what_cannot_be_compared_fails_the_task(
        self, quiet: Quiet, task: dict[str, Any], words: str
    ) -> None:
        run = finish(quiet, tasks(task))
        assert (run.state.life, run.state.result) == (Life.INTERNAL_ERROR, Result.FAILED)
        assert words in output(quiet, run, "a")["error"]

    def test_task_values_decide(self, quiet: Quiet) -> None:
        run = start(
            quiet, tasks(task("a"), {**condition("if", "{{tasks.a.values.n}}", "true"), **before("a")})
        )
        quiet.cluster.outcomes["a"] = [dataclasses.replace(ended(), task_values={"n": True})]
        quiet.clock.work()
        assert run.latest()["if"].outcome == "true"


class TestOtherJob:
    """`run_job_task` (starts another job's run with job_parameters, waits for it, its result is
    the task's)"""

    def job(self, quiet: Quiet, *items: dict[str, Any], **settings: Any) -> int:
        return quiet.workspace.jobs.create(tasks(*items, **settings), "2.1", "u").job_id

    def test_its_run_has_the_parameters_and_its_number_is_shown(self, quiet: Quiet) -> None:
        inner = self.job(
            quiet,
            task("x", parameter="{{job.parameters.p}} {{job.trigger.type}}"),
            parameters=[{"name": "p", "default": "d"}],
        )
        run = finish(quiet, tasks(other_job(inner, job_parameters={"p": "{{job.name}}"})))
        assert run.state.result is Result.SUCCESS
        assert arguments(quiet) == [("tasks run_job_task",)]
        child_id = output(quiet, run, "other")["run_job_output"]["run_id"]
        child = called(quiet, f"GET /api/2.2/jobs/runs/get?run_id={child_id}")
        assert (child["job_id"], child["trigger"]) == (inner, "RUN_JOB_TASK")
        assert child["trigger_info"] == {"run_id": run.latest()["other"].run_id}

    def test_it_waits_and_a_failure_is_its_own(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["x"] = [ended(1)]
        run = start(quiet, tasks(other_job(self.job(quiet, task("x"))), task("next", "other")))
        quiet.clock.spawned.pop(0)()
        assert states(run)["other"] == ("RUNNING", None)
        quiet.clock.work()
        assert states(run) == {"other": ("TERMINATED", "FAILED"), "next": ("SKIPPED", "UPSTREAM_FAILED")}
        assert "did not succeed: Task x failed" in output(quiet, run, "other")["error"]

    def test_a_skipped_run_fails_the_task(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(other_job(self.job(quiet, task("x"), max_concurrent_runs=0))))
        assert states(run)["other"] == ("TERMINATED", "FAILED")

    def test_a_cancel_reaches_the_other_run(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(other_job(self.job(quiet, task("x")))))
        quiet.clock.spawned.pop(0)()
        child = quiet.workspace.runs.live(run.task_runs[0].child_run_id)
        quiet.workspace.scheduler.cancel(run.run_id)
        assert [item.state.result for item in (child, run)] == [Result.CANCELED] * 2
        quiet.clock.work()
        assert quiet.cluster.tasks == []

    def test_a_timeout_of_the_task_cancels_the_other_run(self, quiet: Quiet) -> None:
        document = {**other_job(self.job(quiet, task("x"))), "timeout_seconds": 5}
        run = start(quiet, tasks(document))
        quiet.clock.spawned.pop(0)()
        quiet.clock.spawned.clear()  # the program of the other run never begins
        quiet.clock.move(5000)
        assert states(run)["other"] == ("TERMINATED", "TIMEDOUT")

    def test_jobs_in_a_circle_and_unknown_jobs_fail(self, quiet: Quiet) -> None:
        first = self.job(quiet, task("x"))
        second = self.job(quiet, other_job(first))
        quiet.workspace.jobs.reset(first, tasks(other_job(second)), "2.1")
        job = quiet.workspace.jobs.get(first)
        run = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
        quiet.clock.work()
        assert run.state.result is Result.FAILED
        assert "the jobs form a circle" in run.state.message
        assert "Job 7 does not exist." in finish(quiet, tasks(other_job(7))).state.message


class TestLoop:
    """`for_each_task` (inputs: JSON array text or reference, concurrency, nested task with `{{input}}`)"""

    def test_each_element_is_an_iteration_with_its_own_run(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(loop('["a", 2, {"k": "v"}]', "{{input}} {{task.execution_count}}")))
        assert run.state.result is Result.SUCCESS
        assert arguments(quiet) == [("a 1",), ("2 1",), ('{"k": "v"} 1',)]
        shown = attempt(quiet, run, "loop")
        assert [item["state"]["result_state"] for item in shown["iterations"]] == ["SUCCESS"] * 3
        assert shown["for_each_task"]["stats"]["task_run_stats"] == {
            "total_iterations": 3,
            "scheduled_iterations": 3,
            "active_iterations": 0,
            "completed_iterations": 3,
            "succeeded_iterations": 3,
            "failed_iterations": 0,
        }
        first = shown["iterations"][0]["run_id"]
        assert called(quiet, f"GET /api/2.2/jobs/runs/get-output?run_id={first}")["logs"] == "ran a 1\n"
        assert called(quiet, f"GET /api/2.2/jobs/runs/get?run_id={first}")["job_run_id"] == run.run_id
        assert [item["run_id"] for item in called(quiet, "GET /api/2.2/jobs/runs/list")["runs"]] == [
            run.run_id
        ]

    def test_the_inputs_may_be_a_job_parameter_and_keys_of_an_element_are_named(self, quiet: Quiet) -> None:
        document = tasks(
            loop("{{job.parameters.list}}", "{{input.k}} of {{job.parameters.list}}"),
            parameters=[{"name": "list", "default": '[{"k": 1}]'}],
        )
        finish(quiet, document)
        assert arguments(quiet) == [('1 of [{"k": 1}]',)]

    def test_iterations_find_what_tasks_before_the_loop_have_set(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["a"] = [dataclasses.replace(ended(), task_values={"list": [1, 2]})]
        finish(quiet, tasks(task("a"), {**loop("{{tasks.a.values.list}}"), **before("a")}))
        assert arguments(quiet) == [("a",), ("1",), ("2",)]
        assert quiet.cluster.tasks[2].spec.task_values["a"] == {"list": [1, 2]}

    def test_no_more_than_concurrency_are_active(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(loop("[1, 2, 3]", concurrency=2)))
        quiet.clock.spawned.pop(0)()
        assert (
            attempt(quiet, run, "loop")["for_each_task"]["stats"]["task_run_stats"]["active_iterations"] == 2
        )
        quiet.clock.work()
        assert run.state.result is Result.SUCCESS

    def test_a_failed_iteration_fails_the_task_and_the_others_run(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["1"] = [ended(1)]
        run = finish(quiet, tasks(loop("[1, 2]"), task("next", "loop")))
        assert states(run) == {"loop": ("TERMINATED", "FAILED"), "next": ("SKIPPED", "UPSTREAM_FAILED")}
        assert output(quiet, run, "loop")["error"] == "1 of 2 iterations did not succeed."
        errors = attempt(quiet, run, "loop")["for_each_task"]["stats"]["error_message_stats"]
        assert errors == [{"error_message": "Workload failed, see run output for details", "count": 1}]

    def test_no_element_is_a_success_and_no_array_a_failure(self, quiet: Quiet) -> None:
        assert finish(quiet, tasks(loop("[]"))).state.result is Result.SUCCESS
        run = finish(quiet, tasks(loop("{{job.name}}")))
        assert "for_each_task.inputs must be a JSON array: tasks" in run.state.message

    def test_a_cancel_ends_all_iterations(self, quiet: Quiet) -> None:
        run = start(quiet, tasks(loop("[1, 2]")))
        quiet.clock.spawned.pop(0)()
        quiet.workspace.scheduler.cancel_all(run.job_id)
        quiet.clock.work()
        assert run.state.result is Result.CANCELED
        found = [item["state"]["result_state"] for item in attempt(quiet, run, "loop")["iterations"]]
        assert found == ["CANCELED"] * 2

    def test_a_deleted_run_takes_its_iterations_along(self, quiet: Quiet) -> None:
        run = finish(quiet, tasks(loop("[1]")))
        child = run.task_runs[0].child_run_id
        quiet.workspace.runs.delete(run.run_id)
        assert (
            refusal(quiet, f"GET /api/2.2/jobs/runs/get?run_id={child}")[2] == f"Run {child} does not exist."
        )


class TestRestart:
    """With `--state` runs survive a restart"""

    def test_an_ended_loop_is_as_it_was_and_an_active_one_has_failed(self, quiet: Quiet) -> None:
        done = finish(quiet, tasks(condition("if"), loop("[1]")))
        active = start(quiet, tasks(loop("[1]")))
        quiet.clock.spawned.pop(0)()
        again = Workspace("1", quiet.surroundings)
        assert again.runs.get(done.run_id)[0] == done
        lost = again.runs.live(active.run_id)
        assert [lost.state.result, again.runs.live(lost.task_runs[0].child_run_id).state.result] == [
            Result.FAILED
        ] * 2


class TestRefusals:
    """each field is honoured, recorded and shown, or refused by name"""

    @pytest.mark.parametrize(
        ("items", "words"),
        [
            ([condition("a", op="IS")], "condition_task.op must be one of"),
            ([{"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "x"}}], "condition_task.right"),
            ([{**condition("a"), "existing_cluster_id": "c"}], "'existing_cluster_id' is not allowed for a"),
            ([task("a"), after("b", "true", "a")], "which is no condition_task"),
            ([condition("a"), after("b", "maybe", "a")], "must be 'true' or 'false'"),
            ([loop("x")], "must be a JSON array"),
            ([loop("[]", concurrency=101)], "between 1 and 100"),
            (
                [{"task_key": "a", "for_each_task": {"inputs": "[]", "task": loop("[]")}}],
                "'for_each_task.task.for_each_task' is not allowed",
            ),
            ([other_job(1, jar_params=["x"])], "'run_job_task.jar_params' is not supported"),
            ([{"task_key": "a", "run_job_task": {}}], "Missing required field: run_job_task.job_id"),
        ],
    )
    def test_what_is_wrong_is_named(self, quiet: Quiet, items: list[dict[str, Any]], words: str) -> None:
        assert words in refusal(quiet, "POST /api/2.1/jobs/create", {"tasks": items})[2]
