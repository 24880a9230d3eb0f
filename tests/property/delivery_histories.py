"""Histories of the simulated world, as hypothesis makes and shrinks them."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.delivery_world import NAMES, PLACES, Arrive, Calm, Edit, GoOn, Jump, Kind, Start, Weather

_PLACES = st.integers(0, len(PLACES) - 1)
_CALLS = st.one_of(st.none(), st.integers(1, 14))
_WEATHER = st.lists(st.sampled_from(Weather), max_size=4).map(tuple)
_STARTS = st.builds(Start, st.sampled_from(Kind), _PLACES, _CALLS, st.booleans(), _WEATHER, st.booleans())
_EVENTS = st.one_of(
    _STARTS,
    _STARTS,
    st.builds(GoOn, st.integers(0, 2), _CALLS, st.booleans(), _WEATHER),
    st.builds(Edit, _PLACES, st.sampled_from(NAMES), st.integers(0, 3), st.integers(1, 3)),
    st.one_of(
        st.builds(Arrive, st.integers(0, 3)),
        st.builds(Calm),
        st.builds(Jump, st.sampled_from([-86_400, -60, 60, 3 * 86_400])),
    ),
)
HISTORY = st.lists(_EVENTS, min_size=1, max_size=14)
SHORT_HISTORY = st.lists(_EVENTS, min_size=2, max_size=4)
GENERATED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
