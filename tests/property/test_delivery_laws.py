"""Delivery that loses nothing, in a simulated world: histories that hypothesis makes up."""

from __future__ import annotations

import os
from typing import Any, List

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.delivery_mutants import MUTANTS
from tests.delivery_world import (
    NAMES,
    PLACES,
    Arrive,
    Calm,
    Edit,
    GoOn,
    Jump,
    Kind,
    Start,
    Unequal,
    Weather,
    World,
)

HISTORIES = int(os.environ.get("DELIVERY_HISTORIES", "1000"))
"""How many are played."""
FOR_A_MUTANT = 1000
"""So many find every mutant; most are found by a few."""

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
_GENERATED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class TestDelivery:
    """In the end both sides are equal, no record lost, none counted twice."""

    @settings(_GENERATED, max_examples=HISTORIES)
    @given(history=HISTORY)
    def test_whatever_happened_both_sides_are_equal_in_the_end(self, history: List[Any]) -> None:
        World().play(history)


class TestTheWorldItself:
    """A test that cannot fail is a defect."""

    @pytest.mark.parametrize("name", MUTANTS)
    def test_a_fault_of_delivery_is_noticed(self, name: str) -> None:
        @settings(_GENERATED, max_examples=FOR_A_MUTANT, phases=[Phase.generate], print_blob=False)
        @given(history=HISTORY)
        def play(history: List[Any]) -> None:
            World(changed=MUTANTS[name]).play(history)

        with pytest.raises(Unequal):
            play()
