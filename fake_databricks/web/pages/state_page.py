"""The states of runs and what leads from one to the next, drawn from their table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.jobs.lifecycle import INITIAL, RESULTS, TERMINAL, TRANSITIONS, Event, Life
from fake_databricks.web.pages.drawing import Box, Frame, draw

if TYPE_CHECKING:
    from fake_databricks.web.pages.visit import Visit

AGAIN = frozenset({Event.RETRY, Event.REPAIR})
"""What leads back."""


def picture(here: Life | None = None) -> dict[str, Any]:
    """Return the drawing; the state of a run is marked.

    Around the states of active runs is a frame. An arrow from it is an event that each of them has.
    """
    active = {life: events for life, events in TRANSITIONS.items() if life not in TERMINAL}
    common = frozenset.intersection(*(frozenset(events.items()) for events in active.values()))
    steps = [
        (life, event, target)
        for life, events in TRANSITIONS.items()
        for event, target in events.items()
        if (event, target) not in common
    ]
    boxes = [
        Box(
            life.value,
            life.value,
            "may be the first" if life in INITIAL else "the end" if life in TERMINAL else "",
            "here" if life is here else "plain",
        )
        for life in TRANSITIONS
    ]
    return draw(
        boxes,
        [(life.value, target.value) for life, event, target in steps if event not in AGAIN],
        [(life.value, target.value) for life, event, target in steps if event in AGAIN],
        last=[life.value for life in TRANSITIONS if life in TERMINAL],
        frame=Frame(
            tuple(life.value for life in active),
            tuple(target.value for event, target in sorted(common)),
        ),
    )


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page."""
    del visit  # the states are those of every workspace
    return {
        "picture": picture(),
        "events": [{"name": event.name, "meaning": event.value} for event in Event],
        "states": [
            {
                "name": life.value,
                "results": sorted(result.value for result in RESULTS.get(life, ())),
                "next": [events[event].value if event in events else "" for event in Event],
            }
            for life, events in TRANSITIONS.items()
        ],
    }
