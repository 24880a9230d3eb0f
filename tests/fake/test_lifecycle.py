from __future__ import annotations

import itertools

import pytest

from fake_databricks.jobs.lifecycle import (
    RESULTS,
    TERMINAL,
    TRANSITIONS,
    Event,
    Life,
    Result,
    State,
    advance,
)
from fake_databricks.transitions import IllegalTransition

ENDS = {life: next(iter(sorted(results, key=lambda item: item.value))) for life, results in RESULTS.items()}


def state(life: Life) -> State:
    return State(life, ENDS.get(life))


class TestTransitions:
    """State machines are tables; one function advances them; an illegal event raises and changes nothing."""

    @pytest.mark.parametrize(("life", "event"), list(itertools.product(Life, Event)))
    def test_each_event_leads_where_the_table_says_or_raises(self, life: Life, event: Event) -> None:
        target = TRANSITIONS[life].get(event)
        if target is None:
            with pytest.raises(IllegalTransition):
                advance(state(life), event)
        else:
            assert advance(state(life), event, ENDS.get(target)).life is target

    def test_terminal_states_are_databricks(self) -> None:
        assert {Life.TERMINATED, Life.SKIPPED, Life.INTERNAL_ERROR} == TERMINAL

    @pytest.mark.parametrize(("life", "result"), list(itertools.product(Life, [None, *Result])))
    def test_a_state_has_a_result_exactly_when_it_has_ended(self, life: Life, result: Result | None) -> None:
        fits = result in RESULTS[life] if life in TERMINAL else result is None
        if fits:
            assert State(life, result).is_terminal == (life in TERMINAL)
        else:
            with pytest.raises(ValueError, match="cannot have the result"):
                State(life, result)
