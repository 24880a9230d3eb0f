"""Runs that the clock starts, and the clock that a test moves."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks import clock as clock_module
from fake_databricks.clock import MovableClock, SystemClock, TooManyTimers
from fake_databricks.jobs.runs import RunFilter
from fake_databricks.workspace import Workspace
from tests.fake.calls import refusal
from tests.fake.calls import view as called
from tests.fake.doubles import ManualClock, ended
from tests.fake.jobs import flat, start, task, tasks
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from tests.fake.conftest import Client, Quiet

HOUR = 3_600_000
HOURLY = {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}


def runs(quiet: Quiet) -> list[dict[str, Any]]:
    quiet.clock.work()
    found: list[dict[str, Any]] = called(quiet, "GET /api/2.1/jobs/runs/list").get("runs", [])
    return found


def create(quiet: Quiet, **settings: Any) -> int:
    return int(called(quiet, "POST /api/2.1/jobs/create", tasks(task("a"), **settings))["job_id"])


class TestSchedule:
    """schedules run by the clock (Quartz, time zones): runs with `trigger: PERIODIC`"""

    def test_a_run_starts_at_each_time(self, quiet: Quiet) -> None:
        job_id = create(quiet, schedule=HOURLY, max_concurrent_runs=2)
        quiet.clock.move(2 * HOUR)
        found = runs(quiet)
        assert [(run["trigger"], run["job_id"]) for run in found] == [("PERIODIC", job_id)] * 2
        assert [run["start_time"] % HOUR for run in found] == [0, 0]
        assert found[0]["schedule"] == {**HOURLY, "pause_status": "UNPAUSED"}
        assert called(quiet, f"GET /api/2.1/jobs/get?job_id={job_id}")["settings"]["schedule"] == {
            **HOURLY,
            "pause_status": "UNPAUSED",
        }

    def test_a_flat_job_has_schedules_too(self, quiet: Quiet) -> None:
        called(quiet, "POST /api/2.1/jobs/create", flat(schedule=HOURLY))
        quiet.clock.move(HOUR)
        assert [run["state"]["result_state"] for run in runs(quiet)] == ["SUCCESS"]

    @pytest.mark.parametrize(
        ("unit", "length"), [("HOURS", HOUR), ("DAYS", 24 * HOUR), ("WEEKS", 7 * 24 * HOUR)]
    )
    def test_a_periodic_trigger_starts_runs_after_equal_times(
        self, quiet: Quiet, unit: str, length: int
    ) -> None:
        create(quiet, trigger={"periodic": {"interval": 2, "unit": unit}})
        quiet.clock.move(2 * length - 1)
        assert runs(quiet) == []
        quiet.clock.move(1)
        assert [run["trigger"] for run in runs(quiet)] == ["PERIODIC"]

    def test_a_change_counts_and_a_pause_and_a_deletion_end_it(self, quiet: Quiet) -> None:
        job_id = create(quiet)
        for schedule in (HOURLY, {**HOURLY, "pause_status": "PAUSED"}, HOURLY):
            settings = {"new_settings": {"schedule": schedule}}
            called(quiet, "POST /api/2.1/jobs/update", {"job_id": job_id, **settings})
            quiet.clock.move(HOUR)
            assert runs(quiet) != []
        assert len(runs(quiet)) == 2
        called(quiet, "POST /api/2.1/jobs/delete", {"job_id": job_id})
        quiet.clock.move(HOUR)
        assert len(runs(quiet)) == 2

    def test_another_change_does_not_begin_the_interval_again(self, quiet: Quiet) -> None:
        job_id = create(quiet, trigger={"periodic": {"interval": 1, "unit": "HOURS"}})
        quiet.clock.move(HOUR - 1000)
        called(quiet, "POST /api/2.1/jobs/update", {"job_id": job_id, "new_settings": {"name": "other"}})
        quiet.clock.move(1000)
        assert len(runs(quiet)) == 1

    def test_two_runs_are_ten_seconds_apart_or_more(self, quiet: Quiet) -> None:
        create(quiet, schedule={**HOURLY, "quartz_cron_expression": "* * * * * ?"}, max_concurrent_runs=9)
        quiet.clock.move(25_000)
        assert len(runs(quiet)) == 3

    def test_a_continuous_job_runs_again_and_later_after_failures(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["a"] = [ended(), ended(1), ended(1)]
        create(quiet, continuous={"pause_status": "UNPAUSED"})
        quiet.clock.move(0)
        quiet.clock.move(10_000 + 20_000 + 40_000)
        found = list(reversed(runs(quiet)))
        starts = [run["start_time"] - found[0]["start_time"] for run in found]
        assert starts == [0, 10_000, 30_000, 70_000]
        assert {run["trigger"] for run in found} == {"CONTINUOUS"}

    def test_a_restart_goes_on_with_the_next_time(self, quiet: Quiet) -> None:
        create(quiet, schedule=HOURLY)
        quiet.workspace.close()
        again = Workspace("1", quiet.surroundings)
        again.open("token", "http://127.0.0.1:1")
        quiet.clock.move(HOUR)
        assert [run.trigger for run in again.runs.list(RunFilter())] == ["PERIODIC"]
        again.close()


class TestRefusals:
    """Bad cron and bad time zone refused at create/reset/update as the service words it"""

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            (
                {"schedule": {**HOURLY, "quartz_cron_expression": "0 30 2,7,11,15 * * *"}},
                "Invalid quartz_cron_expression: 0 30 2,7,11,15 * * *. Databricks uses Quartz cron syntax",
            ),
            ({"schedule": {**HOURLY, "timezone_id": "Mars/Olympus"}}, "Invalid timezone_id: Mars/Olympus"),
            ({"schedule": {**HOURLY, "timezone_id": "../x"}}, "Invalid timezone_id: ../x"),
            ({"schedule": {**HOURLY, "pause_status": "ON"}}, "pause_status must be one of"),
            ({"schedule": {"timezone_id": "UTC"}}, "Missing required field: schedule.quartz_cron_expression"),
            ({"schedule": {**HOURLY, "sql_condition": {}}}, "'schedule.sql_condition' is not supported"),
            ({"trigger": {"periodic": {"interval": 0, "unit": "DAYS"}}}, "interval must be between"),
            ({"trigger": {"periodic": {"interval": 1, "unit": "YEARS"}}}, "unit must be one of"),
            ({"trigger": {}}, "Missing required field: trigger.periodic"),
            ({"trigger": {"file_arrival": {"url": "x"}}}, "'trigger.file_arrival' is not supported"),
            ({"continuous": {"task_retry_mode": "ON_FAILURE"}}, "'continuous.task_retry_mode' is not"),
            ({"continuous": {"maintenance_window": {}}}, "'continuous.maintenance_window' is not"),
            ({"schedule": HOURLY, "trigger": {"periodic": {}}}, "Only one of schedule, trigger"),
        ],
    )
    def test_what_is_wrong_is_named(self, quiet: Quiet, settings: dict[str, Any], words: str) -> None:
        assert words in refusal(quiet, "POST /api/2.1/jobs/create", tasks(task("a"), **settings))[2]

    def test_a_submitted_run_has_no_schedule(self, quiet: Quiet) -> None:
        document = tasks(task("a"), schedule=HOURLY)
        assert "starts once" in refusal(quiet, "POST /api/2.1/jobs/runs/submit", document)[2]


class TestNever:
    """Quartz: "Based on configured schedule, the given trigger will never fire." """

    WORDS = "no day and time to come fits it: based on the configured schedule, the job will never start."

    @pytest.mark.parametrize("text", ["0 0 0 30 2 ?", "0 0 0 31 4,6,9,11 ?", "0 0 12 1 1 ? 2019"])
    def test_a_schedule_without_a_time_to_come_is_refused(self, quiet: Quiet, text: str) -> None:
        schedule = {**HOURLY, "quartz_cron_expression": text}
        body = tasks(task("a"), schedule=schedule)
        status, code, message = refusal(quiet, "POST /api/2.1/jobs/create", body)
        assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
        assert message.startswith(
            f"Invalid quartz_cron_expression: {text}. Databricks uses Quartz cron syntax"
        )
        assert message.endswith(f"Here {self.WORDS}")
        job_id = create(quiet, schedule={**schedule, "pause_status": "PAUSED"})  # it has no trigger
        new = {"job_id": job_id, "new_settings": {"schedule": schedule}}
        assert self.WORDS in refusal(quiet, "POST /api/2.1/jobs/update", new)[2]
        reset = {"job_id": job_id, "new_settings": body}
        assert self.WORDS in refusal(quiet, "POST /api/2.1/jobs/reset", reset)[2]

    def test_a_job_whose_last_time_has_passed_stays(self, quiet: Quiet) -> None:
        schedule = {**HOURLY, "quartz_cron_expression": "0 0 12 31 12 ? 2020"}
        job_id = create(quiet, schedule=schedule)
        quiet.clock.move(366 * 24 * HOUR)
        assert len(runs(quiet)) == 1
        again = Workspace("1", quiet.surroundings)
        again.open("token", "http://127.0.0.1:1")
        assert again.jobs.get(job_id).settings.schedule is not None
        new = {"job_id": job_id, "new_settings": {"timeout_seconds": 9}}
        assert called(quiet, "POST /api/2.1/jobs/update", new) == {}


class TestMovableClock:
    """The clock is settable over `/_fake/clock`, so a test need not wait"""

    def test_what_is_due_on_the_way_acts_at_its_own_time(self) -> None:
        clock = MovableClock(ManualClock(1000))
        seen: list[tuple[str, int]] = []
        for moment in (5000, 3000, 9000):
            clock.call_at(moment, lambda moment=moment: seen.append((str(moment), clock.now())))  # type: ignore[misc]
        clock.call_at(4000, lambda: seen.append(("never", 0)))()
        clock.call_later(1, lambda: seen.append(("later", clock.now())))
        clock.move_to(6000)
        assert seen == [("3000", 3000), ("5000", 5000)]
        assert (clock.now(), clock.offset) == (6000, 5000)

    def test_after_a_move_the_rest_waits_for_what_the_clock_shows(self) -> None:
        base = ManualClock(0)
        clock = MovableClock(base)
        seen: list[int] = []
        clock.call_at(10_000, lambda: seen.append(clock.now()))
        clock.move_to(9000)
        base.move(1000)
        assert seen == [10_000]
        clock.call_at(12_000, lambda: seen.append(clock.now()))
        clock.move_back()
        assert (clock.now(), clock.offset) == (1000, 0)
        base.move(11_000)
        assert seen == [10_000, 12_000]

    def test_a_move_over_too_much_stops(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock_module, "MAX_TIMERS_OF_A_MOVE", 3)
        clock = MovableClock(ManualClock(0))

        def again() -> None:
            clock.call_at(clock.now() + 10, again)

        again()
        with pytest.raises(TooManyTimers):
            clock.move_to(1000)
        assert clock.now() == 30

    def test_a_retry_comes_when_the_clock_is_moved_and_no_run_is_out_of_time(self, quiet: Quiet) -> None:
        quiet.cluster.outcomes["a"] = [ended(1)]
        document = task("a", max_retries=1, min_retry_interval_millis=HOUR, timeout_seconds=60)
        run = start(quiet, tasks(document))
        quiet.clock.work()
        quiet.workspace.set_time(quiet.workspace.clock.now() + HOUR)
        quiet.clock.work()
        assert [item.state.result for item in run.task_runs][1].value == "SUCCESS"  # type: ignore[union-attr]

    def test_a_clock_that_went_back_waits_for_the_times_from_there(self, quiet: Quiet) -> None:
        create(quiet, schedule=HOURLY, max_concurrent_runs=9)
        now = quiet.workspace.clock.now()
        quiet.workspace.set_time(now + 10 * HOUR)
        assert len(runs(quiet)) == 10
        quiet.workspace.set_time(None)
        quiet.clock.move(HOUR)
        assert len(runs(quiet)) == 11

    def test_the_true_clock_calls_what_is_due(self) -> None:
        clock, done = MovableClock(SystemClock()), threading.Event()
        clock.call_at(clock.now() + 5, done.set)
        assert done.wait(LONGEST)


class TestOverHttp:
    """`/_fake/clock` (GET, POST {"now": ...} or {"advance_seconds": ...}, DELETE = real time)"""

    @pytest.mark.process
    def test_a_moved_clock_starts_the_runs_of_the_callers_workspace(self, client: Client) -> None:
        before = client.get("/_fake/clock")
        # half an hour from now: the full hour may pass while this test runs
        minute = (before["now"] // 60_000 + 30) % 60
        hourly = {**HOURLY, "quartz_cron_expression": f"0 {minute} * * * ?"}
        job_id = client.flat_job("print('hourly')", schedule=hourly)
        assert before["offset_ms"] == 0
        moved = client.post("/_fake/clock", advance_seconds=3600)
        assert 3_480_000 < moved["offset_ms"] <= 3_720_000
        (run,) = client.get(f"/api/2.1/jobs/runs/list?job_id={job_id}")["runs"]
        done = client.wait(run["run_id"])
        assert (done["trigger"], done["state"]["result_state"]) == ("PERIODIC", "SUCCESS")
        assert client.output(run["run_id"])["logs"] == "hourly"
        assert client.post("/_fake/clock", now=1_600_000_000_000)["now"] < 1_600_000_120_000
        assert client.send("DELETE", "/_fake/clock").body["offset_ms"] == 0

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({}, "exactly one of now"),
            ({"now": 1, "advance_seconds": 1}, "exactly one of now"),
            ({"now": -1}, "out of the years"),
            ({"advance_seconds": 10**12}, "out of the years"),
            ({"now": "tomorrow"}, "must be an integer"),
        ],
    )
    def test_what_is_wrong_is_named(self, client: Client, body: dict[str, Any], words: str) -> None:
        assert words in client.refused("POST", "/_fake/clock", **body)[2]
