"""Histories of the simulated world, as hypothesis makes and shrinks them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.delivery_world import NAMES, PLACES, Arrive, Calm, Edit, GoOn, Jump, Kind, Start, Weather

_PLACES = st.integers(0, len(PLACES) - 1)
_CALLS = st.one_of(st.none(), st.integers(1, 5), st.integers(1, 20))
_DIES = st.sampled_from([False, False, True])
_WEATHER = st.lists(st.sampled_from(Weather), max_size=4).map(tuple)
_STARTS = st.builds(Start, st.sampled_from(Kind), _PLACES, _CALLS, _DIES, _WEATHER, st.booleans())
_EVENTS = st.one_of(
    _STARTS,
    _STARTS,
    st.builds(GoOn, st.integers(0, 2), _CALLS, _DIES, _WEATHER),
    st.builds(Edit, _PLACES, st.sampled_from(NAMES), st.integers(0, 3), st.integers(1, 3)),
    st.one_of(
        st.builds(Arrive, st.integers(0, 3)),
        st.builds(Calm),
        st.builds(Jump, st.sampled_from([-86_400, -60, 60, 3 * 86_400])),
    ),
)


def _overlap(first: Start, calls: int, second: Start) -> List[Any]:
    """Let one process stand still in the middle while another one runs, then let it go on."""
    return [replace(first, calls=calls, dies=False), replace(second, calls=None), GoOn(-1), Calm()]


_OVERLAPS = st.builds(_overlap, _STARTS, st.integers(1, 20), _STARTS)
_SOME = st.one_of(_EVENTS.map(lambda event: [event]), _EVENTS.map(lambda event: [event]), _OVERLAPS)


def _histories(shortest: int, longest: int) -> st.SearchStrategy[List[Any]]:
    parts = st.lists(_SOME, min_size=shortest, max_size=longest)
    return parts.map(lambda some: [event for events in some for event in events])


HISTORY = _histories(1, 12)
SHORT_HISTORY = _histories(2, 3)
GENERATED = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
