"""Delivery that loses nothing, in a simulated world: histories that hypothesis makes up."""

from __future__ import annotations

import os
from typing import Any, List

import pytest
from hypothesis import Phase, given, settings

from tests.delivery_mutants import MUTANTS
from tests.delivery_world import Unequal, World
from tests.property.delivery_histories import GENERATED, HISTORY

HISTORIES = int(os.environ.get("DELIVERY_HISTORIES", "1000"))
"""How many are played."""
FOR_A_MUTANT = 1000
"""So many find every mutant; most are found by a few."""


class TestDelivery:
    """In the end both sides are equal, no record lost, none counted twice."""

    @settings(GENERATED, max_examples=HISTORIES)
    @given(history=HISTORY)
    def test_whatever_happened_both_sides_are_equal_in_the_end(self, history: List[Any]) -> None:
        World().play(history)


@pytest.mark.skipif(HISTORIES < FOR_A_MUTANT, reason="so few histories do not find every fault")
class TestTheWorldItself:
    """A test that cannot fail is a defect."""

    @pytest.mark.parametrize("name", MUTANTS)
    def test_a_fault_of_delivery_is_noticed(self, name: str) -> None:
        @settings(GENERATED, max_examples=FOR_A_MUTANT, phases=[Phase.generate], print_blob=False)
        @given(history=HISTORY)
        def play(history: List[Any]) -> None:
            World(changed=MUTANTS[name]).play(history)

        with pytest.raises(Unequal):
            play()
