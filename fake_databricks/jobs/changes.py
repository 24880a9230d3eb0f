"""How a run and its attempts change: made, skipped, ended, retried, repaired, lost. Pure.

These functions change the run in their argument and nothing else. The scheduler decides when: it holds the
lock, passes the time and the numbers, and stores the run. Times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import TYPE_CHECKING, Callable, Mapping, Sequence

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs import outcomes
from fake_databricks.jobs.lifecycle import Event, Life, Result, State, advance
from fake_databricks.jobs.model import Repair, Run, TaskRun, stored_settings
from fake_databricks.jobs.settings import Dialect, Settings, Task

if TYPE_CHECKING:
    from fake_databricks.jobs.model import Job, Overrides

WAITING = "Waiting for cluster"
IN_RUN = "In run"
FEW_RETRIES = 20
FIRST_BACKOFF_MS, MAX_BACKOFF_MS = 1000, 60_000
LOST = "The server ended while this run was active."


def add_first_attempts(run: Run, next_id: Callable[[], int]) -> None:
    """Add the first attempt of each selected task; that of a flat job has the number of its run.

    Raises:
        InvalidParameter: ``only`` names a task that the job does not have.
    """
    only = run.overrides.only
    unknown = sorted(set(only) - {task.key for task in run.settings.tasks})
    if unknown:
        raise InvalidParameter(f"Unknown task in 'only': {', '.join(unknown)}.")
    for task in run.settings.tasks:
        if not only or task.key in only:
            number = run.run_id if run.dialect is Dialect.FLAT else next_id()
            run.task_runs.append(TaskRun(number, task.key, 0, State(Life.BLOCKED), created=run.created))


def selected_tasks(run: Run) -> tuple[Task, ...]:
    """Return the tasks of a run; dependencies on tasks that were left out are removed."""
    attempts = run.latest()
    return tuple(_selected(task, attempts) for task in run.settings.tasks if task.key in attempts)


def _selected(task: Task, attempts: Mapping[str, TaskRun]) -> Task:
    if all(key in attempts for key in task.depends_on):
        return task
    return dataclasses.replace(task, depends_on=tuple(key for key in task.depends_on if key in attempts))


def queue(run: Run, limit: int) -> None:
    """Let a run wait until fewer runs of its job are active."""
    run.state = State(Life.QUEUED, None, f"Queued due to reaching maximum concurrent runs of {limit}.")


def skip(run: Run, limit: int, now: int) -> None:
    """Skip a run, because too many runs of its job are active."""
    message = f"Skipping this run because the limit of {limit} maximum concurrent runs has been reached."
    result = Result.MAXIMUM_CONCURRENT_RUNS_REACHED
    run.state = advance(run.state, Event.SKIP, result, message)
    run.start_time = run.end_time = now
    for task_run in run.task_runs:
        task_run.state = advance(task_run.state, Event.SKIP, result, message)


def skip_blocked(run: Run, now: int, ended: TaskRun | None = None) -> list[TaskRun]:
    """Skip the attempts that can never start; return those that may start now.

    Args:
        run: the run.
        now: the time.
        ended: the one attempt that has ended since the last call: only tasks after it can have changed. None
            looks at every task.
    """
    attempts, settings = run.latest(), run.settings
    room = len(attempts)
    if run.concurrency:
        room = run.concurrency - sum(
            not item.state.is_terminal and item.state.life is not Life.BLOCKED for item in attempts.values()
        )
    waiting = deque(settings.tasks)
    if ended is not None and not run.concurrency:  # the end of an iteration lets any other one start
        waiting = deque(settings.after.get(ended.task_key, ()))
    ready: dict[str, TaskRun] = {}
    while waiting and len(ready) < room:
        task = waiting.popleft()
        task_run = attempts.get(task.key)
        if task_run is None or task_run.state.life is not Life.BLOCKED or task.key in ready:
            continue
        task = _selected(task, attempts)
        before = [attempts[key] for key in task.depends_on]
        conditions = {item.task_key: item.outcome for item in before if item.outcome}
        verdict = outcomes.admission(task, {item.task_key: item.state for item in before}, conditions)
        if verdict is True:
            ready[task.key] = task_run
        elif isinstance(verdict, Result):
            task_run.state = advance(task_run.state, Event.SKIP, verdict, outcomes.UPSTREAM_MESSAGES[verdict])
            task_run.end_time = now
            waiting.extend(settings.after.get(task.key, ()))
    return list(ready.values())


def admit(run: Run, task_run: TaskRun, now: int) -> None:
    """Let an attempt begin; it then waits for its cluster."""
    task_run.state = advance(task_run.state, Event.ADMIT, message=WAITING)
    task_run.start_time = now
    if run.state.life is Life.WAITING_FOR_RETRY:
        run.state = advance(run.state, Event.ADMIT, message=WAITING)


def start(run: Run, task_run: TaskRun, now: int) -> None:
    """Record that the process of an attempt runs."""
    task_run.state = advance(task_run.state, Event.START, message=IN_RUN)
    task_run.execution_start = now
    if run.state.life is Life.PENDING:
        run.state = advance(run.state, Event.START, message=IN_RUN)


def end_attempt(task_run: TaskRun, outcome: outcomes.Outcome, stopped: int, now: int) -> None:
    """End an attempt whose process stopped at one time, and which is cleaned up now.

    Times that an attempt did not reach, because it never started, become the time at which it stopped.
    """
    task_run.start_time = task_run.start_time or stopped
    task_run.execution_start = task_run.execution_start or stopped
    task_run.execution_end = stopped
    task_run.end_time = now
    task_run.state = advance(task_run.state, outcome.event, outcome.result, outcome.message)


def may_retry(run: Run, task_run: TaskRun) -> bool:
    """Whether another attempt follows this one, which has ended."""
    task = run.task_of(task_run)
    if run.stopped_for is not None or task_run.stopped_for is Result.CANCELED:
        return False
    retried = {Result.FAILED} | ({Result.TIMEDOUT} if task.retry_on_timeout else set())
    if task_run.state.result not in retried:
        return False
    return task.max_retries == -1 or _attempts(run, task) <= task.max_retries


def retry_interval(run: Run, before: TaskRun) -> int:
    """Return the time from the start of an ended attempt to the attempt that follows, in ms.

    It is the task's ``min_retry_interval_millis``. Where attempts have no limit, or a high one, it grows
    (0, 1 s, 2 s, 4 s, ...): a cluster that does not exist would fail a hundred times a second, for ever.
    """
    task = run.task_of(before)
    if 0 <= task.max_retries <= FEW_RETRIES:
        return task.min_retry_interval_millis
    doublings = _attempts(run, task) - 2
    backoff = 0 if doublings < 0 else min(FIRST_BACKOFF_MS * 2 ** min(doublings, 10), MAX_BACKOFF_MS)
    return max(task.min_retry_interval_millis, backoff)


def _attempts(run: Run, task: Task) -> int:
    """Return how many attempts a task has had since the run's start or its last repair."""
    since = run.repairs[-1].start_time if run.repairs else 0
    return sum(other.task_key == task.key and other.created >= since for other in run.task_runs)


def add_retry(run: Run, before: TaskRun, number: int, now: int) -> TaskRun:
    """Add the next attempt of a task; it waits for its turn."""
    message = f"Attempt {before.attempt} has ended; another one follows."
    state = State(Life.WAITING_FOR_RETRY, None, message)
    task_run = TaskRun(
        number,
        before.task_key,
        before.attempt + 1,
        state,
        created=now,
        settings_number=before.settings_number,
    )
    run.task_runs.append(task_run)
    if run.repairs:
        latest = run.repairs[-1]
        run.repairs[-1] = dataclasses.replace(latest, task_run_ids=(*latest.task_run_ids, number))
    if run.dialect is Dialect.FLAT:
        run.state = advance(run.state, Event.RETRY, message=message)
    return task_run


def end_run(run: Run, now: int) -> None:
    """End a run whose attempts have all ended."""
    outcome = _outcome(run)
    _close(run, outcome, now)


def _close(run: Run, outcome: outcomes.Outcome, now: int) -> None:
    run.state = advance(run.state, outcome.event, outcome.result, outcome.message)
    run.end_time = now
    run.start_time = run.start_time or now  # it was cancelled while it was queued
    if run.repairs:
        run.repairs[-1] = dataclasses.replace(run.repairs[-1], state=run.state, end_time=run.end_time)


def _outcome(run: Run) -> outcomes.Outcome:
    if run.stopped_for is not None:
        return outcomes.stopped(run.stopped_for)
    if run.dialect is Dialect.FLAT:
        last = run.task_runs[-1].state
        assert last.result is not None
        event = Event.BREAK if last.life is Life.INTERNAL_ERROR else Event.END
        return outcomes.Outcome(event, last.result, last.message)
    tasks, attempts = selected_tasks(run), run.latest()
    return outcomes.of_run(tasks, {task.key: attempts[task.key].state for task in tasks})


def end_lost(run: Run, now: int) -> list[TaskRun]:
    """End a run whose server has ended, in the words of its dialect; return the attempts that were lost."""
    event = Event.END if run.dialect is Dialect.FLAT else Event.BREAK
    lost = [task_run for task_run in run.task_runs if not task_run.state.is_terminal]
    for task_run in lost:
        task_run.start_time = task_run.start_time or now
        task_run.execution_start = task_run.execution_start or task_run.start_time
        task_run.execution_end = task_run.end_time = now
        task_run.state = advance(task_run.state, event, Result.FAILED, LOST)
    _close(run, outcomes.Outcome(event, Result.FAILED, LOST), now)
    return lost


def settings_for_repair(run: Run, job: Job | None) -> Settings:
    """Return the settings of a repair: those that the job has now, or those of the run if it has no job.

    The task of a flat job has its key from the name of the job, so the name of the run stays.

    Raises:
        InvalidParameter: the job was a flat job and is now a job with tasks, or the other way round.
    """
    if job is None:
        return run.settings
    if job.settings.dialect is not run.dialect:
        raise InvalidParameter(
            f"Run {run.run_id} cannot be repaired: its job has another form now; start a new run."
        )
    if run.dialect is Dialect.TASKS:
        return job.settings
    return stored_settings(
        {**job.settings.document, "name": run.settings.name}, is_queueing=job.settings.is_queueing
    )


def renew_settings(run: Run, settings: Settings) -> None:
    """Change the settings of an ended run. Earlier attempts keep the settings that they ran with."""
    if settings != run.settings:
        run.earlier_settings.append(run.settings)
        run.settings = settings


def check_repair(run: Run, tasks: Sequence[str], latest_repair_id: int | None, settings: Settings) -> None:
    """Refuse a repair that does not fit the run.

    Raises:
        InvalidParameter: no task, an unknown one, one that the settings do not have, or another repair came
            between.
    """
    if len(run.repairs) > 1 and latest_repair_id != run.repairs[-1].repair_id:
        raise InvalidParameter("latest_repair_id must be the id of the latest repair of the run.")
    unknown = sorted(set(tasks) - set(run.latest()))
    if unknown:
        raise InvalidParameter(f"Unknown task: {', '.join(unknown)}.")
    gone = sorted(set(tasks) - {task.key for task in settings.tasks})
    if gone:
        raise InvalidParameter(f"The job does not have the task {', '.join(gone)} any more.")
    if not tasks:
        raise InvalidParameter("There is no task to be run again.")


def repair(run: Run, tasks: Sequence[str], overrides: Overrides, next_id: Callable[[], int], now: int) -> int:
    """Add an attempt of each of these tasks to an ended run, which becomes PENDING; return the id."""
    if not run.repairs:
        original = tuple(task_run.run_id for task_run in run.task_runs)
        run.repairs.append(Repair(run.run_id, "ORIGINAL", run.start_time, run.end_time, run.state, original))
    changed = {
        name: value for name, value in dataclasses.asdict(overrides).items() if value and name != "only"
    }
    run.overrides = dataclasses.replace(run.overrides, **changed)
    number = len(run.earlier_settings)
    before = run.latest()
    added = [
        TaskRun(
            next_id(),
            task.key,
            before[task.key].attempt + 1,
            State(Life.BLOCKED),
            created=now,
            settings_number=number,
        )
        for task in run.settings.tasks
        if task.key in tasks
    ]
    run.task_runs.extend(added)
    run.state = advance(run.state, Event.REPAIR, message=WAITING)
    run.stopped_for = None
    run.end_time = 0
    repair_id = next_id()
    ids = tuple(task_run.run_id for task_run in added)
    run.repairs.append(Repair(repair_id, "REPAIR", now, 0, run.state, ids))
    return repair_id
