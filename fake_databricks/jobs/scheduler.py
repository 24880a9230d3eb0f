"""How a run goes from asked for to ended: admission, attempts, retries, timeouts, cancelling.

Nothing here knows HTTP, SQL or Spark. All state changes happen under one lock; what takes time (starting a
cluster, a process) happens outside it, in a worker of its own for each attempt.
"""

from __future__ import annotations

import dataclasses
import threading
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Protocol

from fake_databricks.jobs import outcomes
from fake_databricks.jobs.lifecycle import Event, Life, Result, State, advance
from fake_databricks.jobs.model import Output, Run, TaskRun
from fake_databricks.jobs.settings import Dialect, Task

if TYPE_CHECKING:
    from fake_databricks.clock import Cancel, Clock
    from fake_databricks.engine.ports import Cluster, TaskExit, TaskHandle, TaskSpec

WAITING = "Waiting for cluster"
IN_RUN = "In run"
LOST = "The server ended while this run was active."


class UnrunnableTask(Exception):  # noqa: N818  it says what happened
    """A task that cannot be started; the message is for its state.

    Attributes:
        is_program_missing: the program is not there, while the cluster is.
    """

    def __init__(self, message: str, *, is_program_missing: bool = False) -> None:
        super().__init__(message)
        self.is_program_missing = is_program_missing


class Preparer(Protocol):
    """Makes a task ready to start, and cleans up after it."""

    def prepare(self, run: Run, task: Task, task_run: TaskRun) -> tuple[Cluster, TaskSpec]:
        """Return the engine and what it shall run; waits for the cluster, installs libraries.

        Raises:
            UnrunnableTask: it cannot be.
        """

    def clean(self, task_run: TaskRun) -> None:
        """Remove an attempt's working folder."""

    def release(self, run: Run) -> None:
        """End the clusters that were made for a run."""


class Ledger(Protocol):
    """Keeps runs and outputs, gives numbers, and is told of ends."""

    def keep(self, run: Run) -> None:
        """Store a run that has changed."""

    def keep_output(self, run_id: int, output: Output) -> None:
        """Store what an attempt left behind."""

    def next_run_id(self) -> int:
        """Return a number for a run or a task run."""

    def ended(self, run: Run) -> None:
        """Hear that a run has ended, and admit who waits."""


@dataclass
class _Live:
    handles: dict[int, TaskHandle] = field(default_factory=dict)
    timers: dict[int, Cancel] = field(
        default_factory=dict
    )  # by task run id; the run's own by its id, negative


class Execution:
    """Carries runs through their lives."""

    def __init__(self, clock: Clock, preparer: Preparer, ledger: Ledger) -> None:
        self.lock = threading.RLock()
        self._clock = clock
        self._preparer = preparer
        self._ledger = ledger
        self._live: dict[int, _Live] = {}
        self._is_closing = False

    def begin(self, run: Run) -> None:
        """Start a run that is PENDING: its free tasks start, the others are blocked."""
        with self.lock:
            self._live[run.run_id] = _Live()
            if run.start_time == 0:
                run.start_time = self._clock.now()
            self.arm(run)
            self._go_on(run)

    def arm(self, run: Run) -> None:
        """Set the clock of a run, and of its running attempts, to what its settings say now."""
        with self.lock:
            live = self._live.get(run.run_id)
            if live is None:
                return
            round_start = run.repairs[-1].start_time if run.repairs else run.start_time
            self._arm(
                live, -run.run_id, round_start, run.settings.timeout_seconds, lambda: self._time_out(run)
            )
            for task_run in run.latest().values():
                if task_run.start_time and not task_run.state.is_terminal:
                    self._arm_attempt(run, task_run)

    def stop(self, run: Run, reason: Result) -> None:
        """End a run: it was cancelled, or is out of time. What has ended stays as it is."""
        with self.lock:
            if not run.is_active or run.stopped_for is not None or self._is_closing:
                return
            run.stopped_for = reason
            if run.run_id not in self._live:
                self._live[run.run_id] = _Live()
            run.state = advance(run.state, Event.STOP)
            for task_run in run.latest().values():
                self._stop_attempt(run, task_run, reason)
            self._ledger.keep(run)
            self._go_on(run)

    def lose(self, run: Run) -> None:
        """End a run whose server has ended, as truthfully as its dialect can say it."""
        event = Event.END if run.dialect is Dialect.FLAT else Event.BREAK
        now = self._clock.now()
        for task_run in run.task_runs:
            if not task_run.state.is_terminal:
                task_run.state = advance(task_run.state, event, Result.FAILED, LOST)
                task_run.start_time = task_run.start_time or now
                task_run.execution_start = task_run.execution_start or task_run.start_time
                task_run.execution_end = task_run.end_time = now
                self._ledger.keep_output(task_run.run_id, Output(error=LOST))
        run.state = advance(run.state, event, Result.FAILED, LOST)
        run.start_time = run.start_time or now
        run.end_time = now
        self._ledger.keep(run)

    def stop_all(self) -> None:
        """End every process with the server; the next start finds the runs as they were, and loses them."""
        with self.lock:
            self._is_closing = True
            handles = [handle for live in self._live.values() for handle in live.handles.values()]
        for handle in handles:
            handle.cancel()

    def _go_on(self, run: Run) -> None:
        """Start or skip what can be, until nothing more can; then see whether the run has ended."""
        tasks = selected_tasks(run)
        changed = run.stopped_for is None
        while changed:
            changed = False
            states = {key: task_run.state for key, task_run in run.latest().items()}
            for task in tasks:
                task_run = run.latest()[task.key]
                if task_run.state.life is not Life.BLOCKED:
                    continue
                verdict = outcomes.admission(task, states)
                if verdict is True:
                    self._admit(run, task_run)
                elif isinstance(verdict, Result):
                    message = outcomes.UPSTREAM_MESSAGES[verdict]
                    task_run.state = advance(task_run.state, Event.SKIP, verdict, message)
                    task_run.end_time = self._clock.now()
                    changed = True
        self._ledger.keep(run)
        if run.is_active and all(task_run.state.is_terminal for task_run in run.latest().values()):
            self._settle(run)

    def _admit(self, run: Run, task_run: TaskRun) -> None:
        task_run.state = advance(task_run.state, Event.ADMIT, message=WAITING)
        task_run.start_time = self._clock.now()
        if run.state.life is Life.WAITING_FOR_RETRY:
            run.state = advance(run.state, Event.ADMIT, message=WAITING)
        self._arm_attempt(run, task_run)
        self._ledger.keep(run)
        self._clock.spawn(lambda: self._attend(run, task_run))

    def _attend(self, run: Run, task_run: TaskRun) -> None:
        """Carry one attempt from PENDING to its end; the worker's whole work."""
        task = run.settings.task(task_run.task_key)
        try:
            engine, spec = self._preparer.prepare(run, task, task_run)
            with self.lock:
                if task_run.state.is_terminal:  # stopped while its cluster was starting
                    return
            handle = engine.start_task(spec)
            self._started(run, task_run, handle)
            task_exit = handle.wait()
        except UnrunnableTask as error:
            outcome = outcomes.Outcome(Event.BREAK, Result.FAILED, str(error))
            if error.is_program_missing:
                outcome = outcomes.of_missing_program(str(error), run.dialect)
            self._conclude(run, task_run, outcome, Output(error=str(error)))
        except Exception as error:  # noqa: BLE001  whatever went wrong in the service is the run's internal error
            outcome = outcomes.Outcome(Event.BREAK, Result.FAILED, f"Internal error: {error}")
            self._conclude(
                run, task_run, outcome, Output(error=str(error), error_trace=traceback.format_exc())
            )
        else:
            self._exited(run, task_run, task_exit)
        finally:
            self._preparer.clean(task_run)

    def _started(self, run: Run, task_run: TaskRun, handle: TaskHandle) -> None:
        with self.lock:
            if task_run.state.is_terminal or self._is_closing:
                handle.cancel()
                return
            self._live[run.run_id].handles[task_run.run_id] = handle
            task_run.state = advance(task_run.state, Event.START, message=IN_RUN)
            task_run.execution_start = self._clock.now()
            if run.state.life is Life.PENDING:
                run.state = advance(run.state, Event.START, message=IN_RUN)
            self._ledger.keep(run)

    def _exited(self, run: Run, task_run: TaskRun, task_exit: TaskExit) -> None:
        code = task_exit.exit_code
        if code is None:
            code = -(task_exit.signal or 1)
        task_run.exit_code = code
        outcome = outcomes.of_exit(code, run.dialect)
        if task_run.stopped_for is not None:
            outcome = outcomes.stopped(task_run.stopped_for)
        output = Output(
            task_exit.logs,
            task_exit.logs_truncated,
            task_exit.error if outcome.result is Result.FAILED else None,
            task_exit.error_trace if outcome.result is Result.FAILED else None,
            task_exit.notebook_result,
        )
        self._conclude(run, task_run, outcome, output)

    def _conclude(
        self, run: Run, task_run: TaskRun, outcome: outcomes.Outcome, output: Output | None = None
    ) -> None:
        """End an attempt; then retry it, or go on with the run."""
        with self.lock:
            if task_run.state.is_terminal or self._is_closing:
                return
            now = self._clock.now()
            if output is not None:
                self._ledger.keep_output(task_run.run_id, output)
            live = self._live[run.run_id]
            live.handles.pop(task_run.run_id, None)
            self._disarm(live, task_run.run_id)
            task_run.start_time = task_run.start_time or now
            task_run.execution_start = task_run.execution_start or now
            task_run.execution_end = now
            task_run.state = advance(task_run.state, outcome.event, outcome.result, outcome.message)
            task_run.end_time = self._clock.now()
            if self._may_retry(run, task_run):
                self._retry(run, task_run)
            else:
                self._go_on(run)

    def _may_retry(self, run: Run, task_run: TaskRun) -> bool:
        task = run.settings.task(task_run.task_key)
        if run.stopped_for is not None or task_run.stopped_for is Result.CANCELED:
            return False
        retried = {Result.FAILED} | ({Result.TIMEDOUT} if task.retry_on_timeout else set())
        if task_run.state.result not in retried:
            return False
        since = run.repairs[-1].start_time if run.repairs else 0
        attempts = sum(other.task_key == task.key and other.created >= since for other in run.task_runs)
        return task.max_retries == -1 or attempts <= task.max_retries

    def _retry(self, run: Run, before: TaskRun) -> None:
        task = run.settings.task(before.task_key)
        now = self._clock.now()
        message = f"Attempt {before.attempt} has ended; another one follows."
        task_run = TaskRun(
            self._ledger.next_run_id(),
            task.key,
            before.attempt + 1,
            State(Life.WAITING_FOR_RETRY, None, message),
            created=now,
        )
        run.task_runs.append(task_run)
        if run.dialect is Dialect.FLAT:
            run.state = advance(run.state, Event.RETRY, message=message)
        wait = (before.start_time + task.min_retry_interval_millis - now) / 1000
        if wait <= 0:
            self._admit(run, task_run)
            return
        self._ledger.keep(run)

        def again() -> None:
            with self.lock:
                if task_run.state.life is Life.WAITING_FOR_RETRY and not self._is_closing:
                    self._admit(run, task_run)

        self._live[run.run_id].timers[task_run.run_id] = self._clock.call_later(wait, again)

    def _stop_attempt(self, run: Run, task_run: TaskRun, reason: Result) -> None:
        if task_run.state.is_terminal or task_run.stopped_for is not None:
            return
        task_run.stopped_for = reason
        live = self._live[run.run_id]
        handle = live.handles.get(task_run.run_id)
        if handle is not None:
            task_run.state = advance(task_run.state, Event.STOP)
            handle.cancel()
            return
        self._disarm(live, task_run.run_id)
        outcome = outcomes.stopped(reason)
        task_run.state = advance(task_run.state, outcome.event, outcome.result, outcome.message)
        now = self._clock.now()
        task_run.start_time = task_run.start_time or now
        task_run.execution_start = task_run.execution_end = task_run.end_time = now

    def _settle(self, run: Run) -> None:
        if run.stopped_for is not None:
            outcome = outcomes.stopped(run.stopped_for)
        elif run.dialect is Dialect.FLAT:
            last = run.task_runs[-1].state
            assert last.result is not None
            event = Event.BREAK if last.life is Life.INTERNAL_ERROR else Event.END
            outcome = outcomes.Outcome(event, last.result, last.message)
        else:
            states = {key: task_run.state for key, task_run in run.latest().items()}
            outcome = outcomes.of_run(selected_tasks(run), states)
        run.state = advance(run.state, outcome.event, outcome.result, outcome.message)
        run.end_time = self._clock.now()
        run.start_time = run.start_time or run.end_time  # it was cancelled while it was queued
        if run.repairs:
            run.repairs[-1] = dataclasses.replace(run.repairs[-1], state=run.state, end_time=run.end_time)
        live = self._live.pop(run.run_id, _Live())
        for number in list(live.timers):
            self._disarm(live, number)
        self._ledger.keep(run)
        self._clock.spawn(lambda: self._preparer.release(run))
        self._ledger.ended(run)

    def _time_out(self, run: Run) -> None:
        self.stop(run, Result.TIMEDOUT)

    def _time_out_attempt(self, run: Run, task_run: TaskRun) -> None:
        with self.lock:
            if task_run.state.is_terminal or task_run.stopped_for is not None or self._is_closing:
                return
            if task_run.run_id in self._live[run.run_id].handles:
                self._stop_attempt(run, task_run, Result.TIMEDOUT)
                self._ledger.keep(run)
            else:
                task_run.stopped_for = Result.TIMEDOUT
                self._conclude(run, task_run, outcomes.stopped(Result.TIMEDOUT))

    def _arm_attempt(self, run: Run, task_run: TaskRun) -> None:
        seconds = run.settings.task(task_run.task_key).timeout_seconds
        live = self._live[run.run_id]
        self._arm(
            live,
            task_run.run_id,
            task_run.start_time,
            seconds,
            lambda: self._time_out_attempt(run, task_run),
        )

    def _arm(self, live: _Live, number: int, start: int, seconds: int, action: Callable[[], None]) -> None:
        self._disarm(live, number)
        if seconds:
            left = start / 1000 + seconds - self._clock.now() / 1000
            live.timers[number] = self._clock.call_later(max(0.0, left), action)

    @staticmethod
    def _disarm(live: _Live, number: int) -> None:
        cancel = live.timers.pop(number, None)
        if cancel is not None:
            cancel()


def selected_tasks(run: Run) -> tuple[Task, ...]:
    """Return the tasks that a run has; what lies before them and was left out counts as done."""
    keys = set(run.latest())
    return tuple(
        dataclasses.replace(task, depends_on=tuple(key for key in task.depends_on if key in keys))
        for task in run.settings.tasks
        if task.key in keys
    )
