"""The states of runs and of their tasks, and what leads from one to the next. Pure.

Rule 1: every state change goes through :func:`advance`. Rule 2: this file knows no dialect; the guide's words
(``CANCELLED``) are put on at the door, in ``jobs/run_views.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Mapping


class Life(str, Enum):
    """``life_cycle_state`` of a run or a task run."""

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
    """``result_state`` of what has ended."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    TIMEDOUT = "TIMEDOUT"
    CANCELED = "CANCELED"
    SUCCESS_WITH_FAILURES = "SUCCESS_WITH_FAILURES"
    MAXIMUM_CONCURRENT_RUNS_REACHED = "MAXIMUM_CONCURRENT_RUNS_REACHED"
    EXCLUDED = "EXCLUDED"
    UPSTREAM_FAILED = "UPSTREAM_FAILED"
    UPSTREAM_CANCELED = "UPSTREAM_CANCELED"


class Event(str, Enum):
    """What can happen to a run or a task run."""

    ADMIT = "may start: a place is free, the tasks before it have ended, or the wait for a retry is over"
    START = "its process runs"
    STOP = "is asked to end: cancelled or out of time"
    RETRY = "this attempt has ended and there will be another"
    END = "has ended"
    SKIP = "will not run"
    BREAK = "could not be run, or the service failed it"
    REPAIR = "is run again after its end"


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
        }
    ),
    Life.INTERNAL_ERROR: frozenset({Result.FAILED}),
}


class IllegalTransition(Exception):  # noqa: N818  it says what happened
    """An event that cannot happen in this state; the state is unchanged."""


@dataclass(frozen=True)
class State:
    """Where a run stands.

    Attributes:
        life: the life-cycle state.
        result: how it ended; None while it is active, and always one when it is not.
        message: ``state_message``.
    """

    life: Life
    result: Result | None = None
    message: str = ""

    def __post_init__(self) -> None:
        """Refuse a result on what is active, and an end without one."""
        allowed = RESULTS.get(self.life, frozenset())
        if (self.result is None) != (not allowed) or (allowed and self.result not in allowed):
            raise ValueError(f"{self.life.value} cannot have the result {self.result}")

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended."""
        return self.life in TERMINAL


def advance(state: State, event: Event, result: Result | None = None, message: str = "") -> State:
    """Return the state after an event.

    Args:
        state: where it stands.
        event: what happened.
        result: how it ended, for an event that ends it.
        message: the new ``state_message``.

    Raises:
        IllegalTransition: the event cannot happen in this state.
        ValueError: the result does not fit the new state.
    """
    try:
        life = TRANSITIONS[state.life][event]
    except KeyError:
        raise IllegalTransition(f"{event.name} cannot happen to what is {state.life.value}") from None
    return State(life, result, message)
