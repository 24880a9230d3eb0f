from __future__ import annotations

import itertools

import pytest

from fake_databricks.errors import InvalidParameter
from fake_databricks.jobs.lifecycle import (
    RESULTS,
    TERMINAL,
    TRANSITIONS,
    Event,
    IllegalTransition,
    Life,
    Result,
    State,
    advance,
)
from fake_databricks.jobs.settings import Dialect, parse_settings

FLAT = {"existing_cluster_id": "c", "spark_python_task": {"python_file": "dbfs:/x.py"}}
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


class TestSettings:
    """how a job was created decides how it answers"""

    def test_a_task_at_the_top_is_flat_and_tasks_are_tasks(self) -> None:
        tasks = {"tasks": [{"task_key": "a", **FLAT}]}
        assert [parse_settings(item).dialect for item in (FLAT, tasks)] == [Dialect.FLAT, Dialect.TASKS]

    def test_settings_are_the_same_after_they_were_shown(self) -> None:
        document = {"tasks": [{"task_key": "a", **FLAT}], "parameters": [{"name": "p", "default": "1"}]}
        read = parse_settings(document)
        assert parse_settings(read.document) == read

    def test_only_the_newest_version_queues_by_itself(self) -> None:
        document = {"tasks": [{"task_key": "a", **FLAT}]}
        queues = {version: parse_settings(document, version).is_queueing for version in ("2.0", "2.1", "2.2")}
        assert queues == {"2.0": False, "2.1": False, "2.2": True}

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            ({**FLAT, "name": "x" * 4097}, "4096 bytes"),
            ({**FLAT, "max_concurrent_runs": 1001}, "max_concurrent_runs"),
            ({**FLAT, "timeout_seconds": -1}, "timeout_seconds"),
            ({**FLAT, "timeout_seconds": True}, "integer"),
            ({**FLAT, "new_cluster": {"spark_version": "x"}}, "Only one of"),
            ({**FLAT, "job_clusters": [{"job_cluster_key": "k", "new_cluster": {}}]}, "Shared job cluster"),
            ({"existing_cluster_id": "c"}, "exactly one of spark_python_task"),
            ({"tasks": [{"task_key": "a b", **FLAT}]}, "task_key"),
            ({"tasks": [{"task_key": "a", **FLAT}] * 2}, "duplicate"),
            (
                {"tasks": [{"task_key": "a", "depends_on": [{"task_key": "z"}], **FLAT}]},
                "unknown task: z",
            ),
            ({"tasks": [{"task_key": "a", "run_if": "NEVER", **FLAT}]}, "run_if"),
            (
                {"tasks": [{"task_key": f"t{number}", **FLAT} for number in range(101)]},
                "API 2.2 and above",
            ),
        ],
    )
    def test_what_is_wrong_is_named(self, document: dict[str, object], words: str) -> None:
        with pytest.raises(InvalidParameter, match=words):
            parse_settings(document)
