"""The states of clusters, and which event leads from one to the next. Pure.

Every change of a state goes through ``after`` of ``transitions.py``. A resize changes no state here: all
workers are this machine.
"""

from __future__ import annotations

from enum import Enum
from typing import Mapping


class Life(str, Enum):
    """``state`` of a cluster."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    RESTARTING = "RESTARTING"
    TERMINATING = "TERMINATING"
    TERMINATED = "TERMINATED"
    ERROR = "ERROR"


class Event(str, Enum):
    """What can happen to a cluster."""

    START = "it is started: by a request, or by a run or a context that needs it"
    READY = "its environment and its Spark are up"
    BREAK = "it could not be started"
    RESTART = "it is restarted, or edited while it runs"
    TERMINATE = "it is asked to end: terminated, removed, or its run is over"
    END = "everything on it has ended"
    RESUME = "the server has ended and has started again"


TRANSITIONS: Mapping[Life, Mapping[Event, Life]] = {
    Life.PENDING: {
        Event.READY: Life.RUNNING,
        Event.BREAK: Life.ERROR,
        Event.TERMINATE: Life.TERMINATING,
        Event.RESUME: Life.PENDING,
    },
    Life.RUNNING: {
        Event.RESTART: Life.RESTARTING,
        Event.TERMINATE: Life.TERMINATING,
        Event.RESUME: Life.PENDING,
    },
    Life.RESTARTING: {
        Event.READY: Life.RUNNING,
        Event.BREAK: Life.ERROR,
        Event.TERMINATE: Life.TERMINATING,
        Event.RESUME: Life.PENDING,
    },
    Life.TERMINATING: {Event.END: Life.TERMINATED},
    Life.TERMINATED: {Event.START: Life.PENDING},
    Life.ERROR: {
        Event.START: Life.PENDING,
        Event.TERMINATE: Life.TERMINATING,
        Event.RESUME: Life.PENDING,
    },
}

INITIAL = frozenset({Life.PENDING})
TERMINAL = frozenset({Life.TERMINATED})
"""Where a cluster stays until it is started, or is removed from."""
ENDING = frozenset({Life.TERMINATING, Life.TERMINATED})
