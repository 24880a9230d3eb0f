"""What a change does to a run, without lock, clock and storage."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs import changes, outcomes
from fake_databricks.jobs.lifecycle import Event, Life, Result, State
from fake_databricks.jobs.model import Overrides, Run
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.jobs.settings import parse_settings
from tests.fake.jobs import flat, states, task, tasks

FAILED = outcomes.Outcome(Event.END, Result.FAILED, "It broke.")
DONE = outcomes.Outcome(Event.END, Result.SUCCESS)
WAITING = State(Life.PENDING, None, changes.WAITING)


def run_of(document: dict[str, Any], **overrides: Any) -> Run:
    """Run 1 of a document, created at 100; the numbers of further attempts begin at 2."""
    run = Run(1, 5, 1, "run", parse_settings(document), Overrides(**overrides), WAITING, 100, "u")
    changes.add_first_attempts(run, count(2).__next__)
    return run


def end(run: Run, key: str, outcome: outcomes.Outcome, now: int = 300) -> None:
    """Let the newest attempt of a task run and end."""
    task_run = run.latest()[key]
    changes.admit(run, task_run, now - 100)
    changes.start(run, task_run, now - 50)
    changes.end_attempt(task_run, outcome, now, now)


class TestFirstAttempts:
    """A flat job's first attempt has the number of its run; `only` selects tasks"""

    def test_numbers_of_a_flat_job_and_of_a_tasks_job(self) -> None:
        assert [item.run_id for item in run_of(flat()).task_runs] == [1]
        assert [item.run_id for item in run_of(tasks(task("a"), task("b"))).task_runs] == [2, 3]

    def test_a_task_that_was_left_out_holds_up_no_other(self) -> None:
        run = run_of(tasks(task("a"), task("b", "a")), only=("b",))
        assert [item.task_key for item in changes.skip_blocked(run, 200)] == ["b"]

    def test_an_unknown_task_is_refused(self) -> None:
        with pytest.raises(InvalidParameter, match=r"Unknown task in 'only': x, y."):
            run_of(tasks(task("a")), only=("y", "x"))


class TestSkipping:
    """run_if decides once the tasks before have ended; a skip may decide for the tasks after it"""

    def test_a_failure_skips_every_task_after_it_at_once(self) -> None:
        run = run_of(tasks(task("a"), task("b", "a"), task("c", "b"), task("d")))
        end(run, "a", FAILED)
        assert [item.task_key for item in changes.skip_blocked(run, 400)] == ["d"]
        assert states(run)["c"] == ("SKIPPED", "UPSTREAM_FAILED")
        assert run.latest()["c"].end_time == 400

    def test_too_many_runs_skip_the_run_and_its_attempts(self) -> None:
        run = run_of(tasks(task("a")))
        changes.skip(run, 1, 150)
        assert (run.state.life, run.start_time, run.end_time) == (Life.SKIPPED, 150, 150)
        assert states(run)["a"] == ("SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED")


class TestRetries:
    """Retries are attempts (`max_retries`, `min_retry_interval_millis`, `retry_on_timeout`)"""

    @pytest.mark.parametrize(
        ("settings", "result", "expected"),
        [
            ({}, Result.FAILED, False),
            ({"max_retries": 1}, Result.FAILED, True),
            ({"max_retries": -1}, Result.FAILED, True),
            ({"max_retries": 1}, Result.SUCCESS, False),
            ({"max_retries": 1}, Result.CANCELED, False),
            ({"max_retries": 1}, Result.TIMEDOUT, False),
            ({"max_retries": 1, "retry_on_timeout": True}, Result.TIMEDOUT, True),
        ],
    )
    def test_what_is_retried(self, settings: dict[str, Any], result: Result, expected: object) -> None:
        run = run_of(flat(**settings))
        end(run, "flat", outcomes.Outcome(Event.END, result))
        assert changes.may_retry(run, run.task_runs[0]) is expected

    def test_a_stopped_run_is_not_retried(self) -> None:
        run = run_of(flat(max_retries=1))
        end(run, "flat", FAILED)
        run.stopped_for = Result.CANCELED
        assert not changes.may_retry(run, run.task_runs[0])

    def test_attempts_before_a_repair_do_not_count(self) -> None:
        run = run_of(flat(max_retries=1))
        end(run, "flat", FAILED, 300)
        end_of_retry = changes.add_retry(run, run.task_runs[0], 7, 310)
        end(run, "flat", FAILED, 500)
        assert not changes.may_retry(run, end_of_retry)
        changes.end_run(run, 500)
        changes.repair(run, ["flat"], Overrides(), count(10).__next__, 600)
        end(run, "flat", FAILED, 800)
        assert changes.may_retry(run, run.latest()["flat"])


class TestEnds:
    """times of an attempt, and of a run that never started"""

    def test_an_attempt_that_never_started_has_no_duration(self) -> None:
        attempt = run_of(flat()).task_runs[0]
        changes.end_attempt(attempt, outcomes.stopped(Result.CANCELED), 200, 210)
        times = (attempt.start_time, attempt.execution_start, attempt.execution_end, attempt.end_time)
        assert times == (200, 200, 200, 210)

    @pytest.mark.parametrize(
        ("document", "life"), [(flat(), Life.TERMINATED), (tasks(task("a")), Life.INTERNAL_ERROR)]
    )
    def test_a_lost_run_has_failed_in_the_words_of_its_dialect(
        self, document: dict[str, Any], life: Life
    ) -> None:
        run = run_of(document)
        lost = changes.end_lost(run, 900)
        assert lost == run.task_runs
        assert (run.state, run.end_time) == (State(life, Result.FAILED, changes.LOST), 900)
        assert lost[0].state == run.state

    def test_what_had_ended_is_not_lost(self) -> None:
        run = run_of(tasks(task("a"), task("b")))
        end(run, "a", DONE)
        assert [item.task_key for item in changes.end_lost(run, 900)] == ["b"]
        assert states(run)["a"] == ("TERMINATED", "SUCCESS")


class TestRepair:
    """repair: runs some tasks of an ended run again, as attempts of the same run"""

    @pytest.mark.parametrize(
        ("wanted", "words"), [([], "no task to be run again"), (["x", "a"], "Unknown task: x.")]
    )
    def test_tasks_must_be_named(self, wanted: list[str], words: str) -> None:
        run = run_of(tasks(task("a")))
        with pytest.raises(InvalidParameter, match=words):
            changes.check_repair(run, wanted, None, run.settings)

    def test_new_parameters_replace_and_absent_ones_stay(self) -> None:
        run = run_of(tasks(task("a")), python_params=("old",), job_parameters={"p": "1"})
        end(run, "a", DONE)
        changes.end_run(run, 300)
        changes.repair(run, ["a"], Overrides(python_params=("new",)), count(10).__next__, 400)
        assert run.overrides == Overrides(("new",), None, {"p": "1"})
        assert (run.state.life, run.end_time) == (Life.PENDING, 0)


class TestFilter:
    """Lists all job runs; can filter by active_only or completed_only"""

    @pytest.mark.parametrize(
        ("wanted", "expected"),
        [
            (RunFilter(), True),
            (RunFilter(job_id=5), True),
            (RunFilter(job_id=6), False),
            (RunFilter(active_only=True), True),
            (RunFilter(completed_only=True), False),
            (RunFilter(run_type="JOB_RUN"), True),
            (RunFilter(run_type="SUBMIT_RUN"), False),
            (RunFilter(start_from=100, start_to=100), True),
            (RunFilter(start_from=101), False),
            (RunFilter(start_to=99), False),
            (RunFilter(before=2), True),
            (RunFilter(before=1), False),
        ],
    )
    def test_each_field_selects(self, wanted: RunFilter, expected: object) -> None:
        assert wanted.admits(run_of(flat())) is expected
