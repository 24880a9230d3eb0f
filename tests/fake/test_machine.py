from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fake_databricks.errors import ApiError
from fake_databricks.jobs.lifecycle import RESULTS, TERMINAL, Life, Result
from fake_databricks.jobs.model import Overrides, Run
from fake_databricks.storage import Storage
from fake_databricks.workspace import DEFAULT_CLUSTER_ID, Surroundings, Workspace
from tests.fake.doubles import ManualClock, ScriptedCluster, ended

LIMIT = 2


class Machine(RuleBasedStateMachine):
    """A state-machine test of jobs and runs against a small model: what was asked of each run."""

    @initialize(is_queueing=st.booleans(), retries=st.integers(0, 2), is_flat=st.booleans())
    def begin(self, is_queueing: bool, retries: int, is_flat: bool) -> None:  # noqa: FBT001  hypothesis draws it
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.storage = Storage(Path(self.folder.name) / "state", {})
        self.clusters: List[ScriptedCluster] = []
        around = Surroundings(self.storage, self.clock, self.make, Path(self.folder.name) / "workspaces")
        self.around = around
        self.workspace = Workspace("1", around)
        self.workspace.open("t", "http://127.0.0.1:1")
        self.clock.work()
        self.workspace.dbfs.put("/p.py", b"", overwrite=True)
        self.is_queueing, self.retries, self.is_flat = is_queueing, retries, is_flat
        python = {"python_file": "dbfs:/p.py", "parameters": ["p"]}
        task: Dict[str, Any] = {
            "existing_cluster_id": DEFAULT_CLUSTER_ID,
            "spark_python_task": python,
            "max_retries": retries,
        }
        body = task if is_flat else {"tasks": [{"task_key": "a", **task}]}
        document = {**body, "max_concurrent_runs": LIMIT, "queue": {"enabled": is_queueing}}
        self.job = self.workspace.jobs.create(document, "2.1", "u")
        self.cancelled: Dict[int, bool] = {}
        self.asked: List[int] = []
        self.deleted: List[int] = []
        self.ends: Dict[int, Optional[Result]] = {}

    def make(self, plan: Any) -> ScriptedCluster:
        self.clusters.append(ScriptedCluster(plan))
        return self.clusters[-1]

    def run_of(self, number: int) -> Run:
        return self.workspace.runs.get(self.asked[number % len(self.asked)])[0]

    @rule()
    def run_now(self) -> None:
        run = self.workspace.scheduler.run_now(self.job, Overrides(), "", "u")
        assert run.run_id not in self.asked + self.deleted
        self.asked.append(run.run_id)

    @rule(code=st.integers(0, 3))
    def let_one_go_on(self, code: int) -> None:
        if self.clock.spawned:
            self.clusters[0].outcomes["p"] = [ended(code)]
            self.clock.spawned.pop(0)()

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 50))
    def cancel(self, number: int) -> None:
        run = self.run_of(number)
        was_active = run.is_active
        self.workspace.scheduler.cancel(run.run_id)
        if was_active:
            self.cancelled[run.run_id] = True

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 50))
    def delete(self, number: int) -> None:
        run = self.run_of(number)
        try:
            self.workspace.runs.delete(run.run_id)
        except ApiError:
            assert run.is_active
        else:
            assert not run.is_active
            self.asked.remove(run.run_id)
            self.deleted.append(run.run_id)

    @precondition(lambda self: self.asked)
    @rule(number=st.integers(0, 50))
    def repair(self, number: int) -> None:
        run = self.run_of(number)
        latest = run.repairs[-1].repair_id if len(run.repairs) > 1 else None
        try:
            self.workspace.scheduler.repair(run.run_id, list(run.latest()), latest, Overrides())
        except ApiError:
            assert run.is_active
        else:
            self.cancelled.pop(run.run_id, None)
            self.ends.pop(run.run_id, None)

    @invariant()
    def every_state_is_one_that_the_table_allows(self) -> None:
        for run_id in getattr(self, "asked", ()):
            run = self.workspace.runs.get(run_id)[0]
            for state in (run.state, *(item.state for item in run.task_runs)):
                assert (state.result is None) == (state.life not in TERMINAL)
                assert state.result is None or state.result in RESULTS[state.life]
            assert run.is_active == any(not item.state.is_terminal for item in run.latest().values())

    @invariant()
    def an_outcome_stays(self) -> None:
        for run_id in getattr(self, "asked", ()):
            run = self.workspace.runs.get(run_id)[0]
            if not run.is_active:
                assert self.ends.setdefault(run_id, run.state.result) == run.state.result
                assert run.end_time >= run.start_time > 0

    @invariant()
    def no_more_run_at_once_than_allowed_unless_repaired(self) -> None:
        if not hasattr(self, "asked"):
            return
        runs = [self.workspace.runs.get(run_id)[0] for run_id in self.asked]
        busy = [
            run for run in runs if run.is_active and run.state.life is not Life.QUEUED and not run.repairs
        ]
        assert len(busy) <= LIMIT
        if not self.is_queueing:
            assert not [run for run in runs if run.state.life is Life.QUEUED]

    @invariant()
    def a_cancelled_run_ends_cancelled_and_attempts_are_bounded(self) -> None:
        for run_id in getattr(self, "asked", ()):
            run = self.workspace.runs.get(run_id)[0]
            if self.cancelled.get(run_id):
                assert run.is_active or run.state.result is Result.CANCELED
            rounds = max(1, len(run.repairs))
            assert len(run.task_runs) <= (self.retries + 1) * rounds

    def teardown(self) -> None:
        if not hasattr(self, "asked"):
            return
        self.clock.work()
        for run_id in self.asked:
            assert not self.workspace.runs.get(run_id)[0].is_active
        again = Workspace("1", self.around)
        for run_id in self.asked:
            assert again.runs.get(run_id)[0].state == self.workspace.runs.get(run_id)[0].state
        self.workspace.close()
        self.storage.close()
        self.folder.cleanup()


Machine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
TestRunsAgainstAModel = Machine.TestCase
