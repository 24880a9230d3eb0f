"""The states of runs and attempts, and which event leads from one to the next. Pure.

Every change of a state goes through :func:`advance`. The states have Databricks' names; ``run_views.py``
translates them for flat jobs (``CANCELLED``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Mapping

from fake_databricks.transitions import after


class Life(str, Enum):
    """``life_cycle_state`` of a run or an attempt."""

    QUEUED = "QUEUED"
    BLOCKED = "BLOCKED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    TERMINATING = "TERMINATING"
    WAITING_FOR_RETRY = "WAITING_FOR_RETRY"
    TERMINATED = "TERMINATED"
    SKIPPED = "SKIPPED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class Result(str, Enum):
    """``result_state`` of a run or an attempt that has ended."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TIMEDOUT = "TIMEDOUT"
    CANCELED = "CANCELED"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"
    MAXIMUM_CONCURRENT_RUNS_REACHED = "MAXIMUM_CONCURRENT_RUNS_REACHED"
    EXCLUDED = "EXCLUDED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    UPSTREAM_CANCELED = "UPSTREAM_CANCELED"
    DISABLED = "DISABLED"


class Event(str, Enum):
    """What can happen to a run or an attempt."""

    ADMIT = "it may start: few enough runs are active, its dependencies have ended, its wait is over"
    START = "its process has started"
    STOP = "it is asked to end: it was cancelled or is out of time"
    RETRY = "this attempt has ended, and another one follows"
    END = "it has ended"
    SKIP = "it will not run"
    BREAK = "it could not be started, or the service failed"
    REPAIR = "it runs again after its end"


TRANSITIONS: Mapping[Life, Mapping[Event, Life]] = {
    Life.QUEUED: {
        Event.ADMIT: Life.PENDING,
        Event.STOP: Life.TERMINATING,
        Event.SKIP: Life.SKIPPED,
        Event.BREAK: Life.INTERNAL_ERROR,
        Event.END: Life.TERMINATED,
    },
    Life.BLOCKED: {
        Event.ADMIT: Life.PENDING,
        Event.STOP: Life.TERMINATING,
        Event.SKIP: Life.SKIPPED,
        Event.BREAK: Life.INTERNAL_ERROR,
        Event.END: Life.TERMINATED,
    },
    Life.PENDING: {
        Event.START: Life.RUNNING,
        Event.STOP: Life.TERMINATING,
        Event.SKIP: Life.SKIPPED,
        Event.RETRY: Life.WAITING_FOR_RETRY,
        Event.BREAK: Life.INTERNAL_ERROR,
        Event.END: Life.TERMINATED,
    },
    Life.RUNNING: {
        Event.STOP: Life.TERMINATING,
        Event.RETRY: Life.WAITING_FOR_RETRY,
        Event.BREAK: Life.INTERNAL_ERROR,
        Event.END: Life.TERMINATED,
    },
    Life.TERMINATING: {
        Event.RETRY: Life.WAITING_FOR_RETRY,
        Event.BREAK: Life.INTERNAL_ERROR,
        Event.END: Life.TERMINATED,
    },
    Life.WAITING_FOR_RETRY: {
        Event.ADMIT: Life.PENDING,
        Event.STOP: Life.TERMINATING,
        Event.BREAK: Life.INTERNAL_ERROR,
        Event.END: Life.TERMINATED,
    },
    Life.TERMINATED: {Event.REPAIR: Life.PENDING},
    Life.SKIPPED: {Event.REPAIR: Life.PENDING},
    Life.INTERNAL_ERROR: {Event.REPAIR: Life.PENDING},
}

INITIAL = frozenset({Life.QUEUED, Life.BLOCKED, Life.PENDING, Life.WAITING_FOR_RETRY})
"""Where a run, a task or a new attempt begins."""
TERMINAL = frozenset(life for life, events in TRANSITIONS.items() if set(events) == {Event.REPAIR})

RESULTS: Mapping[Life, frozenset[Result]] = {
    Life.TERMINATED: frozenset(
        {Result.SUCCESS, Result.FAILED, Result.TIMEDOUT, Result.CANCELED, Result.SUCCESS_WITH_FAILURES}
    ),
    Life.SKIPPED: frozenset(
        {
            Result.MAXIMUM_CONCURRENT_RUNS_REACHED,
            Result.EXCLUDED,
            Result.UPSTREAM_FAILED,
            Result.UPSTREAM_CANCELED,
            Result.DISABLED,
        }
    ),
    Life.INTERNAL_ERROR: frozenset({Result.FAILED}),
}


@dataclass(frozen=True)
class State:
    """The state of a run or an attempt.

    Attributes:
        life: the life-cycle state.
        result: how it ended; None exactly while it is active.
        message: ``state_message``.
    """

    life: Life
    result: Result | None = None
    message: str = ""

    def __post_init__(self) -> None:
        """Refuse a result of an active state, and an end without a result."""
        allowed = RESULTS.get(self.life, frozenset())
        if (self.result is None) != (not allowed) or (allowed and self.result not in allowed):
            raise ValueError(f"{self.life.value} cannot have the result {self.result}")

    @property
    def is_terminal(self) -> bool:
        """Whether the run or attempt has ended."""
        return self.result is not None


def advance(state: State, event: Event, result: Result | None = None, message: str = "") -> State:
    """Return the state after an event.

    Args:
        state: the state before the event.
        event: what happened.
        result: how it ended, for an event that ends it.
        message: the new ``state_message``.

    Raises:
        IllegalTransition: the event cannot happen in this state.
        ValueError: the result does not fit the new state.
    """
    return State(after(TRANSITIONS, state.life, event), result, message)
