"""Starts the runs of jobs that have a schedule, when the clock of the workspace shows their time.

A continuous job starts again some time after each of its runs, and later after one failure upon another.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from fake_databricks.errors import ApiError
from fake_databricks.jobs.lifecycle import Result
from fake_databricks.jobs.model import Origin, Overrides
from fake_databricks.jobs.schedules import SHORTEST, Schedule

if TYPE_CHECKING:
    from fake_databricks.clock import Cancel, MovableClock
    from fake_databricks.jobs.jobs import Jobs
    from fake_databricks.jobs.model import Run
    from fake_databricks.jobs.scheduler import RunScheduler

LONGEST_PAUSE = 3_600_000
"""The longest time between two runs of a continuous job whose runs fail, in ms."""
MOST_DOUBLINGS = 9
LOGGER = logging.getLogger("fake_databricks")


class ScheduledRuns:
    """The next run of each job with a schedule; times that nobody waited for are not made up."""

    def __init__(self, jobs: Jobs, scheduler: RunScheduler, clock: MovableClock) -> None:
        self._jobs = jobs
        self._scheduler = scheduler
        self._clock = clock
        self._lock = threading.RLock()
        self._failures: dict[int, int] = {}
        self._planned: dict[int, tuple[Schedule, Cancel]] = {}

    def plan(self, job_id: int) -> None:
        """Wait for the next time of a job that is new, has changed, or is gone; others wait on."""
        job = self._jobs.find(job_id)
        schedule = None if job is None else job.settings.schedule
        with self._lock:
            known = self._planned.get(job_id)
            if known is not None and known[0] == schedule:
                return
            self._forget(job_id)
            if schedule is not None:
                self._wait(job_id, schedule, self._clock.now())

    def ended(self, run: Run) -> None:
        """Wait for the next run of a continuous job whose run has ended."""
        with self._lock:
            known = self._planned.get(run.job_id)
            if known is None or not known[0].is_continuous or run.is_nested:
                return
            has_failed = run.state.result is not Result.SUCCESS
            failures = self._failures.get(run.job_id, 0) + 1 if has_failed else 0
            self._failures[run.job_id] = failures
            pause = min(SHORTEST * 2 ** min(failures, MOST_DOUBLINGS), LONGEST_PAUSE)
            known[1]()
            self._wait(run.job_id, known[0], self._clock.now() + pause)

    def plan_all(self) -> None:
        """Wait for the next time of every job, from the time that the clock shows now."""
        with self._lock:
            for job_id in list(self._planned):
                self._forget(job_id)
            for job in self._jobs.list():
                self.plan(job.job_id)

    def close(self) -> None:
        """Start no more runs, until ``plan_all``."""
        with self._lock:
            for job_id in list(self._planned):
                self._forget(job_id)

    def _forget(self, job_id: int) -> None:
        known = self._planned.pop(job_id, None)
        if known is not None:
            known[1]()

    def _wait(self, job_id: int, schedule: Schedule, since: int) -> None:
        due = since if schedule.is_continuous else schedule.next_after(since)
        if due is not None:
            cancel = self._clock.call_at(due, lambda: self._start(job_id, schedule, due))
            self._planned[job_id] = (schedule, cancel)

    def _start(self, job_id: int, schedule: Schedule, due: int) -> None:
        with self._lock:
            known = self._planned.get(job_id)
            if known is None or known[0] != schedule:
                return  # it has changed meanwhile
            if not schedule.is_continuous:
                self._wait(job_id, schedule, due if schedule.interval else due + SHORTEST - 1)
        job = self._jobs.find(job_id)
        if job is None or (schedule.is_continuous and self._scheduler.is_active(job_id)):
            return
        origin = Origin("CONTINUOUS" if schedule.is_continuous else "PERIODIC")
        try:
            self._scheduler.run_now(job, Overrides(), "", job.creator, origin=origin)
        except ApiError as error:
            LOGGER.warning("The schedule of job %s started no run: %s", job_id, error.message)
