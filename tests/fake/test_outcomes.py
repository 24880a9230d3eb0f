from __future__ import annotations

import pytest

from fake_databricks.jobs import outcomes
from fake_databricks.jobs.lifecycle import Event, Life, Result, State
from fake_databricks.jobs.outcomes import Outcome, admission, of_exit, of_missing_program, of_run, stopped
from fake_databricks.jobs.settings import Dialect, Task, parse_settings

RUNNING = State(Life.RUNNING)
DONE = {result: State(Life.TERMINATED, result) for result in (Result.SUCCESS, Result.FAILED, Result.TIMEDOUT)}
CANCELED = State(Life.TERMINATED, Result.CANCELED)
EXCLUDED = State(Life.SKIPPED, Result.EXCLUDED)
DISABLED = State(Life.SKIPPED, Result.DISABLED)
SUCCESS, FAILED, TIMEDOUT = DONE[Result.SUCCESS], DONE[Result.FAILED], DONE[Result.TIMEDOUT]


def tasks_of(run_if: str = "ALL_SUCCESS", **dependencies: str) -> tuple[Task, ...]:
    """Tasks by name; ``c="ab"`` depends on ``a`` and ``b``."""
    documents = [
        {
            "task_key": key,
            "existing_cluster_id": "c",
            "spark_python_task": {"python_file": "dbfs:/p.py"},
            "depends_on": [{"task_key": other} for other in before],
            "run_if": run_if if before else "ALL_SUCCESS",
        }
        for key, before in dependencies.items()
    ]
    return parse_settings({"tasks": documents}).tasks


class TestExit:
    """**Failed Job** ... "state_message": "Job failed with exit code 1" """

    @pytest.mark.parametrize(
        ("code", "dialect", "result", "message"),
        [
            (0, Dialect.FLAT, Result.SUCCESS, ""),
            (0, Dialect.TASKS, Result.SUCCESS, ""),
            (1, Dialect.FLAT, Result.FAILED, "Job failed with exit code 1"),
            (137, Dialect.FLAT, Result.FAILED, "Job failed with exit code 137"),
            (-9, Dialect.FLAT, Result.FAILED, "Job failed with exit code 137"),
            (-15, Dialect.FLAT, Result.FAILED, "Job failed with exit code 143"),
            (1, Dialect.TASKS, Result.FAILED, "Workload failed, see run output for details"),
            (-9, Dialect.TASKS, Result.FAILED, "Workload failed, see run output for details"),
        ],
    )
    def test_an_exit_code_decides_result_and_message(
        self, code: int, dialect: Dialect, result: Result, message: str
    ) -> None:
        assert of_exit(code, dialect) == Outcome(Event.END, result, message)

    def test_a_missing_program_ends_a_flat_job_and_breaks_a_tasks_job(self) -> None:
        events = {dialect: of_missing_program("no file", dialect).event for dialect in Dialect}
        assert events == {Dialect.FLAT: Event.END, Dialect.TASKS: Event.BREAK}

    def test_only_a_cancelled_run_has_a_message(self) -> None:
        assert stopped(Result.CANCELED).message == "Run cancelled."
        assert stopped(Result.TIMEDOUT).message == ""


class TestAdmission:
    """run_if: an expression on the results of the tasks before it"""

    @pytest.mark.parametrize(
        ("run_if", "a", "b", "verdict"),
        [
            ("ALL_SUCCESS", SUCCESS, RUNNING, False),
            ("ALL_SUCCESS", FAILED, RUNNING, False),
            ("ALL_SUCCESS", SUCCESS, SUCCESS, True),
            ("ALL_SUCCESS", SUCCESS, EXCLUDED, True),
            ("ALL_SUCCESS", SUCCESS, FAILED, Result.UPSTREAM_FAILED),
            ("ALL_SUCCESS", SUCCESS, TIMEDOUT, Result.UPSTREAM_FAILED),
            ("ALL_SUCCESS", SUCCESS, CANCELED, Result.UPSTREAM_CANCELED),
            ("ALL_SUCCESS", EXCLUDED, EXCLUDED, Result.EXCLUDED),
            ("ALL_DONE", FAILED, CANCELED, True),
            ("ALL_DONE", EXCLUDED, EXCLUDED, Result.EXCLUDED),
            ("NONE_FAILED", SUCCESS, CANCELED, True),
            ("NONE_FAILED", SUCCESS, FAILED, Result.UPSTREAM_FAILED),
            ("NONE_FAILED", CANCELED, CANCELED, Result.UPSTREAM_CANCELED),
            ("AT_LEAST_ONE_SUCCESS", SUCCESS, FAILED, True),
            ("AT_LEAST_ONE_SUCCESS", FAILED, FAILED, Result.UPSTREAM_FAILED),
            ("AT_LEAST_ONE_SUCCESS", CANCELED, CANCELED, Result.UPSTREAM_CANCELED),
            ("ALL_FAILED", FAILED, TIMEDOUT, True),
            ("ALL_FAILED", FAILED, SUCCESS, Result.EXCLUDED),
            ("AT_LEAST_ONE_FAILED", FAILED, SUCCESS, True),
            ("AT_LEAST_ONE_FAILED", SUCCESS, SUCCESS, Result.EXCLUDED),
            ("ALL_SUCCESS", DISABLED, SUCCESS, Result.DISABLED),
            ("ALL_SUCCESS", DISABLED, RUNNING, Result.DISABLED),
            ("ALL_DONE", DISABLED, DISABLED, True),
            ("ALL_DONE", DISABLED, RUNNING, False),
            ("AT_LEAST_ONE_SUCCESS", DISABLED, SUCCESS, True),
            ("AT_LEAST_ONE_SUCCESS", DISABLED, FAILED, Result.UPSTREAM_FAILED),
            ("AT_LEAST_ONE_SUCCESS", DISABLED, DISABLED, Result.DISABLED),
            ("NONE_FAILED", DISABLED, SUCCESS, True),
            ("NONE_FAILED", DISABLED, EXCLUDED, True),
            ("NONE_FAILED", DISABLED, FAILED, Result.UPSTREAM_FAILED),
            ("NONE_FAILED", DISABLED, DISABLED, Result.DISABLED),
            ("AT_LEAST_ONE_FAILED", DISABLED, FAILED, True),
            ("AT_LEAST_ONE_FAILED", DISABLED, SUCCESS, Result.EXCLUDED),
            ("AT_LEAST_ONE_FAILED", DISABLED, DISABLED, Result.DISABLED),
            ("ALL_FAILED", DISABLED, FAILED, Result.DISABLED),
        ],
    )
    def test_two_results_decide_for_the_task_after_them(
        self, run_if: str, a: State, b: State, verdict: object
    ) -> None:
        task = tasks_of(run_if, a="", b="", c="ab")[2]
        assert admission(task, {"a": a, "b": b}) is verdict

    def test_a_task_without_dependencies_may_start(self) -> None:
        assert admission(tasks_of(a="")[0], {}) is True

    def test_every_reason_to_skip_has_a_message(self) -> None:
        assert set(outcomes.UPSTREAM_MESSAGES) == {
            Result.UPSTREAM_FAILED,
            Result.UPSTREAM_CANCELED,
            Result.EXCLUDED,
            Result.DISABLED,
        }


class TestRun:
    """the outcome of a tasks job's run: its last tasks decide"""

    @pytest.mark.parametrize(
        ("states", "event", "result"),
        [
            ({"a": SUCCESS, "b": SUCCESS}, Event.END, Result.SUCCESS),
            ({"a": SUCCESS, "b": EXCLUDED}, Event.END, Result.SUCCESS),
            ({"a": FAILED, "b": SUCCESS}, Event.END, Result.SUCCESS_WITH_FAILURES),
            ({"a": SUCCESS, "b": FAILED}, Event.BREAK, Result.FAILED),
            ({"a": SUCCESS, "b": TIMEDOUT}, Event.END, Result.TIMEDOUT),
            ({"a": SUCCESS, "b": CANCELED}, Event.END, Result.CANCELED),
            ({"a": SUCCESS, "b": DISABLED}, Event.END, Result.SUCCESS),
            ({"a": DISABLED, "b": SUCCESS}, Event.END, Result.SUCCESS),
            ({"a": FAILED, "b": DISABLED}, Event.BREAK, Result.FAILED),
            ({"a": DISABLED, "b": DISABLED}, Event.SKIP, Result.DISABLED),
        ],
    )
    def test_the_leaf_of_two_tasks_decides(
        self, states: dict[str, State], event: Event, result: Result
    ) -> None:
        outcome = of_run(tasks_of(a="", b="a"), states)
        assert (outcome.event, outcome.result) == (event, result)

    def test_a_failure_names_the_task_and_says_whether_others_were_skipped(self) -> None:
        failed = State(Life.TERMINATED, Result.FAILED, "It broke.")
        skipped = State(Life.SKIPPED, Result.UPSTREAM_FAILED)
        last = of_run(tasks_of(a="", b="a"), {"a": SUCCESS, "b": failed})
        first = of_run(tasks_of(a="", b="a"), {"a": failed, "b": skipped})
        ran = of_run(tasks_of("ALL_DONE", a="", b="a", c=""), {"a": failed, "b": SUCCESS, "c": failed})
        assert ran.message == last.message.replace("Task b", "Task a")
        assert last.message == "Task b failed with message: It broke."
        assert first.message == (
            "Task a failed with message: It broke. This caused all downstream tasks to get skipped."
        )
