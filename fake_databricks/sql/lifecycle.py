"""The states of SQL statements, and which event leads from one to the next. Pure.

Every change of a state goes through ``after`` of ``transitions.py``.
"""

from __future__ import annotations

from enum import Enum
from typing import Mapping


class State(str, Enum):
    """``status.state`` of a statement."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class Event(str, Enum):
    """What can happen to a statement."""

    START = "its turn on the warehouse has come"
    FINISH = "it has ended by itself, with a result"
    FAIL = "the warehouse does not start, or the statement has ended with an error"
    CANCEL = "it is cancelled, or has waited too long with on_wait_timeout CANCEL"


TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.PENDING: {
        Event.START: State.RUNNING,
        Event.FAIL: State.FAILED,
        Event.CANCEL: State.CANCELED,
    },
    State.RUNNING: {
        Event.FINISH: State.SUCCEEDED,
        Event.FAIL: State.FAILED,
        Event.CANCEL: State.CANCELED,
    },
    State.SUCCEEDED: {},
    State.FAILED: {},
    State.CANCELED: {},
}
INITIAL = frozenset({State.PENDING})
TERMINAL = frozenset(state for state, events in TRANSITIONS.items() if not events)
