"""Tables of states: which event leads from one state to the next. Pure.

Runs, clusters, contexts, commands and SQL statements each have a table (``lifecycle.py`` of their folder).
Every change of a state goes through :func:`after`; the diagrams of the docs are drawn from the same tables.
"""

from __future__ import annotations

from enum import Enum
from typing import Mapping, TypeVar

S = TypeVar("S", bound=Enum)
E = TypeVar("E", bound=Enum)


class IllegalTransition(Exception):  # noqa: N818  the name is what happened
    """An event that cannot happen in this state; the state is unchanged."""


def after(transitions: Mapping[S, Mapping[E, S]], state: S, event: E) -> S:
    """Return the state after an event.

    Args:
        transitions: for each state, the events that can happen in it and the states to which they lead.
        state: the state before the event.
        event: what happened.

    Raises:
        IllegalTransition: the event cannot happen in this state.
    """
    try:
        return transitions[state][event]
    except KeyError:
        raise IllegalTransition(f"{event.name} cannot happen in the state {state.value}") from None
