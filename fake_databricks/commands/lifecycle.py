"""The states of contexts and commands, and which event leads from one to the next. Pure.

Every change of a state goes through ``after`` of ``transitions.py``. A context that is destroyed has no state
any more.
"""

from __future__ import annotations

from enum import Enum
from typing import Mapping


class ContextStatus(str, Enum):
    """``status`` of a context."""

    PENDING = "Pending"
    RUNNING = "Running"
    ERROR = "Error"


class ContextEvent(str, Enum):
    """What can happen to a context."""

    OPEN = "its cluster runs"
    FAIL = "its cluster does not start, or opens no session"


CONTEXT_TRANSITIONS: Mapping[ContextStatus, Mapping[ContextEvent, ContextStatus]] = {
    ContextStatus.PENDING: {
        ContextEvent.OPEN: ContextStatus.RUNNING,
        ContextEvent.FAIL: ContextStatus.ERROR,
    },
    ContextStatus.RUNNING: {},
    ContextStatus.ERROR: {},
}
CONTEXT_INITIAL = frozenset({ContextStatus.PENDING})
CONTEXT_TERMINAL = frozenset(status for status, events in CONTEXT_TRANSITIONS.items() if not events)


class Status(str, Enum):
    """``status`` of a command."""

    QUEUED = "Queued"
    RUNNING = "Running"
    CANCELLING = "Cancelling"
    FINISHED = "Finished"
    CANCELLED = "Cancelled"
    ERROR = "Error"


class Event(str, Enum):
    """What can happen to a command."""

    START = "its turn in its context has come"
    CANCEL = "it is asked to end: it is cancelled, or its context is destroyed"
    FINISH = "it has ended by itself, with a result or with an exception"
    STOP = "it has ended because it was interrupted"
    FAIL = "its context could not be opened, or has failed"


TRANSITIONS: Mapping[Status, Mapping[Event, Status]] = {
    Status.QUEUED: {
        Event.START: Status.RUNNING,
        Event.CANCEL: Status.CANCELLED,
        Event.FAIL: Status.ERROR,
    },
    Status.RUNNING: {
        Event.CANCEL: Status.CANCELLING,
        Event.FINISH: Status.FINISHED,
        Event.STOP: Status.CANCELLED,
        Event.FAIL: Status.ERROR,
    },
    Status.CANCELLING: {
        Event.CANCEL: Status.CANCELLING,
        Event.STOP: Status.CANCELLED,
    },
    Status.FINISHED: {},
    Status.CANCELLED: {},
    Status.ERROR: {},
}
INITIAL = frozenset({Status.QUEUED})
TERMINAL = frozenset(status for status, events in TRANSITIONS.items() if not events)
