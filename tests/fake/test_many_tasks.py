"""Runs of many tasks: what a step costs does not grow with the number of tasks."""

from __future__ import annotations

import cProfile
import json
from typing import TYPE_CHECKING, Any

import pytest

from fake_databricks.jobs.lifecycle import Result
from fake_databricks.jobs.model import Overrides
from fake_databricks.jobs.run_store import ATTEMPT, RUN, SETTINGS
from tests.fake.doubles import ended
from tests.fake.jobs import start, task, tasks

if TYPE_CHECKING:
    from tests.fake.conftest import Quiet

FEW, MANY = 40, 160


def side_by_side(number: int) -> dict[str, Any]:
    return tasks(*(task(f"t{index}") for index in range(number)))


def chain(number: int, first: str = "ok") -> dict[str, Any]:
    """Each task waits for the one that stands after it."""
    rest = [task(f"t{index}", f"t{index + 1}") for index in range(number - 1)]
    return tasks(*rest, task(f"t{number - 1}", parameter=first))


def loop(number: int) -> dict[str, Any]:
    inputs = json.dumps(list(range(number)))
    return tasks(
        {
            "task_key": "loop",
            "for_each_task": {"inputs": inputs, "concurrency": 10, "task": task("nested")},
        }
    )


SHAPES = {
    "side by side": side_by_side,
    "chain": chain,
    "chain that fails": lambda number: chain(number, "bad"),
    "loop": loop,
}


def calls_in(profile: cProfile.Profile) -> int:
    return sum(entry.callcount for entry in profile.getstats())


class TestManyTasks:
    """Huge inputs: run-now of a job of 1000 tasks took 13 s, in which no other request was answered."""

    def test_a_run_is_stored_once_when_its_tasks_begin(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stored, put = [], quiet.storage.put

        def count(workspace: str, kind: str, key: str | int, document: Any, more: Any = ()) -> None:
            stored.extend([kind, *(item[0] for item in more)])
            put(workspace, kind, key, document, more)

        monkeypatch.setattr(quiet.storage, "put", count)
        run = start(quiet, side_by_side(50))
        assert stored.count(RUN) == 2  # it is new; its tasks begin
        assert (stored.count(SETTINGS), stored.count(ATTEMPT)) == (1, 2 * 50)
        assert len(quiet.clock.spawned) == 50
        quiet.clock.work()
        assert run.state.result is Result.SUCCESS
        assert stored.count(SETTINGS) == 1
        assert stored.count(ATTEMPT) <= 5 * 50

    @pytest.mark.parametrize("shape", SHAPES)
    def test_four_times_as_many_tasks_cost_about_four_times_as_much(
        self, quiet: Quiet, monkeypatch: pytest.MonkeyPatch, shape: str
    ) -> None:
        """A run of 1,000 tasks that did nothing took 95 s: each step stored and looked at all of them."""
        written, encrypt = [0], quiet.storage.cipher.encrypt

        def count(value: bytes) -> str:
            written[0] += len(value)
            return encrypt(value)

        monkeypatch.setattr(quiet.storage.cipher, "encrypt", count)
        costs = []
        for number in (FEW, MANY):
            quiet.cluster.outcomes["bad"] = [ended(1)]
            job = quiet.workspace.jobs.create(SHAPES[shape](number), "2.2", "u")
            written[0] = 0
            with cProfile.Profile() as profile:
                run = quiet.workspace.scheduler.run_now(job, Overrides(), "", "u")
                quiet.clock.work()
                result = run.state.result
                quiet.workspace.scheduler.repair(run.run_id, list(run.latest()), None, Overrides())
                quiet.clock.work()
            assert result is (Result.FAILED if "fails" in shape else Result.SUCCESS)
            assert run.state.result is Result.SUCCESS
            costs.append((written[0], calls_in(profile)))
        (few_bytes, few_calls), (many_bytes, many_calls) = costs
        times = MANY / FEW  # four times as many pairs of tasks would be sixteen times as much
        assert many_bytes < 1.2 * times * few_bytes
        assert many_calls < 1.6 * times * few_calls

    def test_four_times_as_many_queued_runs_cost_about_four_times_as_much(self, quiet: Quiet) -> None:
        """Each end of a run counted the active runs once for every run that waits: 400 took 6 s."""

        def calls_of(number: int) -> int:
            job = quiet.workspace.jobs.create(tasks(task("a")), "2.2", "u")
            with cProfile.Profile() as profile:
                runs = [quiet.workspace.scheduler.run_now(job, Overrides(), "", "u") for _ in range(number)]
                quiet.clock.work()
            assert {run.state.result for run in runs} == {Result.SUCCESS}
            return calls_in(profile)

        assert calls_of(MANY) < 1.6 * (MANY / FEW) * calls_of(FEW)

    def test_a_job_of_a_thousand_tasks_in_a_chain_is_checked_at_once(self, quiet: Quiet) -> None:
        def calls_of(number: int) -> int:
            with cProfile.Profile() as profile:
                quiet.workspace.jobs.create(chain(number), "2.2", "u")
            return calls_in(profile)

        assert calls_of(MANY) < 1.2 * (MANY / FEW) * calls_of(FEW)
