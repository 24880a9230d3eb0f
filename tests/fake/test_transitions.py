"""The tables of states of clusters, contexts, commands and SQL statements are what a workspace does."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping

import pytest

from fake_databricks.clusters import lifecycle as clusters
from fake_databricks.clusters.lifecycle import Life
from fake_databricks.clusters.record import ClusterRecord
from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.commands import lifecycle as commands
from fake_databricks.commands.commands import Command
from fake_databricks.commands.lifecycle import ContextEvent, ContextStatus, Status
from fake_databricks.engine.context import ReplContext
from fake_databricks.engine.inside.statement import MARK
from fake_databricks.engine.ports import CommandResult, PipResult
from fake_databricks.errors import CommandRefused, InvalidState
from fake_databricks.jobs import lifecycle as runs
from fake_databricks.sql import lifecycle as statements
from fake_databricks.sql.lifecycle import State
from fake_databricks.sql.statements import Statement
from fake_databricks.storage import Storage
from fake_databricks.transitions import IllegalTransition, after
from fake_databricks.workspace import DEFAULT_CLUSTER_ID, Surroundings, Workspace
from tests.fake.doubles import ManualClock, ScriptedCluster, ScriptedContext

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.engine.ports import ClusterPlan

SETTINGS = {"spark_version": "15.4.x-scala2.12", "cluster_name": "mine"}
FINISHED = CommandResult("text", "done")
INTERRUPTED = CommandResult("error", summary="Cancelled", cause="Cancelled", cancelled=True)
Change = tuple[Enum, Enum]


@dataclass
class World:
    """A workspace whose clusters can fail to start, and whose contexts do what the test says.

    Attributes:
        workspace: the workspace; a restart of the server makes a new one on the same storage.
        clock: runs what was spawned.
        changes: all changes of states, in their order.
        is_broken: whether a cluster that starts now fails.
        during: what happens while a command runs; it returns the result.
    """

    surroundings: Surroundings
    clock: ManualClock
    workspace: Workspace
    changes: list[Change] = field(default_factory=list)
    is_broken: bool = False
    during: Callable[[], CommandResult] = lambda: FINISHED

    def reopen(self) -> None:
        """Restart the server; what the earlier one had begun ends with it."""
        self.clock.spawned.clear()
        self.workspace = Workspace("1", self.surroundings)
        self.workspace.open("token", "http://127.0.0.1:1")

    def break_down(self) -> None:
        """Do the spawned work; clusters fail to start."""
        self.is_broken = True
        self.clock.work()
        self.is_broken = False


@dataclass
class ToldContext(ScriptedContext):
    """A context whose commands do what the world says."""

    world: World | None = None

    def execute(self, source: str, language: str | None = None, command_id: str = "") -> CommandResult:
        super().execute(source, language, command_id)
        assert self.world is not None
        return self.world.during()


@dataclass
class ToldCluster(ScriptedCluster):
    """A cluster with such contexts."""

    world: World | None = None

    def open_context(self, language: str) -> ToldContext:
        del language
        return ToldContext(world=self.world)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    clock, storage = ManualClock(), Storage(tmp_path / "state", {})

    def factory(plan: ClusterPlan) -> ToldCluster:
        if made.is_broken:
            raise RuntimeError("as planned")
        return ToldCluster(plan, world=made)

    monkeypatch.setattr("fake_databricks.clusters.clusters.READY_SECONDS", 0.0)  # the test has one thread
    surroundings = Surroundings(storage, clock, factory, tmp_path / "workspaces")
    made = World(surroundings, clock, Workspace("1", surroundings))
    made.workspace.open("token", "http://127.0.0.1:1")
    for kind, name in ((ClusterRecord, "state"), (Command, "status"), (Statement, "state")):
        monkeypatch.setattr(kind, "__setattr__", watching(name, made.changes))
    yield made
    made.workspace.close()
    storage.close()


def watching(attribute: str, changes: list[Change]) -> Callable[[Any, str, Any], None]:
    """A ``__setattr__`` that writes down each change of an attribute."""

    def set_and_write_down(item: Any, name: str, value: Any) -> None:
        before = vars(item).get(name)
        if name == attribute and isinstance(before, Enum):
            changes.append((before, value))
        object.__setattr__(item, name, value)

    return set_and_write_down


def changes_of(transitions: Mapping[Any, Mapping[Any, Any]]) -> set[Change]:
    """From which state a table leads to which one."""
    return {(state, target) for state, events in transitions.items() for target in events.values()}


TABLES: Mapping[str, tuple[Mapping[Any, Mapping[Any, Any]], type[Enum]]] = {
    "runs": (runs.TRANSITIONS, runs.Event),
    "clusters": (clusters.TRANSITIONS, clusters.Event),
    "contexts": (commands.CONTEXT_TRANSITIONS, ContextEvent),
    "commands": (commands.TRANSITIONS, commands.Event),
    "statements": (statements.TRANSITIONS, statements.Event),
}


class TestTables:
    """State machines are tables; an illegal event raises and changes nothing."""

    @pytest.mark.parametrize("name", TABLES)
    def test_every_state_has_a_row(self, name: str) -> None:
        transitions, _ = TABLES[name]
        assert tuple(transitions) == tuple(type(next(iter(transitions))).__members__.values())

    @pytest.mark.parametrize(
        ("name", "state", "event"),
        [
            (name, state, event)
            for name, (transitions, events) in TABLES.items()
            for state, event in itertools.product(transitions, events)
        ],
    )
    def test_each_event_leads_where_the_table_says_or_raises(
        self, name: str, state: Enum, event: Enum
    ) -> None:
        transitions, _ = TABLES[name]
        if event in transitions[state]:
            assert after(transitions, state, event) is transitions[state][event]
        else:
            sentence = f"^{event.name} cannot happen in the state {state.value}$"
            with pytest.raises(IllegalTransition, match=sentence):
                after(transitions, state, event)


class TestClusters:
    """The table equals what the fake does: each change of it is made, and no other one."""

    ways: Mapping[str, Callable[[World, str], None]] = {
        "start": lambda world, key: world.workspace.clusters.start(key),
        "restart": lambda world, key: world.workspace.clusters.restart(key),
        "edit": lambda world, key: world.workspace.clusters.edit(key, SETTINGS),
        "terminate": lambda world, key: world.workspace.clusters.terminate(key),
        "reopen": lambda world, _: world.reopen(),
        "work": lambda world, _: world.clock.work(),
        "fail": lambda world, _: world.break_down(),
    }
    to: Mapping[Life, tuple[str, ...]] = {
        Life.PENDING: (),
        Life.RUNNING: ("work",),
        Life.RESTARTING: ("work", "restart"),
        Life.TERMINATING: ("work", "terminate"),
        Life.TERMINATED: ("work", "terminate", "work"),
        Life.ERROR: ("fail",),
    }
    by: Mapping[clusters.Event, str] = {
        clusters.Event.START: "start",
        clusters.Event.READY: "work",
        clusters.Event.BREAK: "fail",
        clusters.Event.RESTART: "restart",
        clusters.Event.TERMINATE: "terminate",
        clusters.Event.END: "work",
        clusters.Event.RESUME: "reopen",
    }
    asked = (clusters.Event.START, clusters.Event.RESTART, clusters.Event.TERMINATE)

    def make(self, world: World, *ways: str) -> str:
        cluster_id = world.workspace.clusters.create(SETTINGS).cluster_id
        for way in ways:
            self.ways[way](world, cluster_id)
        return cluster_id

    @pytest.mark.parametrize(
        ("life", "event"),
        [(life, event) for life, events in clusters.TRANSITIONS.items() for event in events],
    )
    def test_each_change_is_made(self, world: World, life: Life, event: clusters.Event) -> None:
        cluster_id = self.make(world, *self.to[life])
        assert world.workspace.clusters.get(cluster_id).state is life
        del world.changes[:]
        self.ways[self.by[event]](world, cluster_id)
        assert (life, clusters.TRANSITIONS[life][event]) in world.changes
        assert world.workspace.clusters.get(cluster_id).state is clusters.TRANSITIONS[life][event]

    @pytest.mark.parametrize(
        ("life", "event"),
        [
            (life, event)
            for life, event in itertools.product(Life, asked)
            if event not in clusters.TRANSITIONS[life]
        ],
    )
    def test_what_cannot_be_asked_for_changes_nothing(
        self, world: World, life: Life, event: clusters.Event
    ) -> None:
        cluster_id = self.make(world, *self.to[life])
        shown = len(world.workspace.clusters.get(cluster_id).events)
        if event is clusters.Event.TERMINATE:  # it does so already
            self.ways[self.by[event]](world, cluster_id)
        else:
            sentence = f"^Cluster {cluster_id} is in unexpected state {life.value.title()}.$"
            with pytest.raises(InvalidState, match=sentence):
                self.ways[self.by[event]](world, cluster_id)
        record = world.workspace.clusters.get(cluster_id)
        assert (record.state, len(record.events)) == (life, shown)

    def test_no_other_change_is_made(self, world: World) -> None:
        for ways in itertools.product(self.ways, repeat=3):
            cluster_id = self.make(world)
            for way in ways:
                try:
                    self.ways[way](world, cluster_id)
                except InvalidState:
                    continue
            world.workspace.clusters.remove(cluster_id)
            world.clock.work()
        assert set(world.changes) == changes_of(clusters.TRANSITIONS)

    @pytest.mark.parametrize("life", Life)
    def test_a_removed_one_ends_before_it_is_gone(self, world: World, life: Life) -> None:
        cluster_id = self.make(world, *self.to[life])
        record = world.workspace.clusters.get(cluster_id)
        world.workspace.clusters.remove(cluster_id)
        assert record.state is Life.TERMINATED
        assert not world.workspace.clusters.exists(cluster_id)
        world.clock.work()
        assert record.state is Life.TERMINATED

    def test_a_start_that_fails_after_the_end_stays_without_effect(self, world: World) -> None:
        cluster_id = self.make(world, "terminate")
        world.clock.spawned.reverse()  # the end comes first
        world.break_down()
        record = world.workspace.clusters.get(cluster_id)
        assert (record.state, record.state_message) == (Life.TERMINATED, "")


class TestCommands:
    """The same of contexts and commands."""

    def send(self, world: World, context_id: str = "") -> Command:
        return world.workspace.commands.execute(DEFAULT_CLUSTER_ID, context_id, "python", "1")

    def cancel(self, world: World, command: Command) -> None:
        world.workspace.commands.cancel(DEFAULT_CLUSTER_ID, command.command_id)

    def destroy(self, world: World, command: Command) -> None:
        world.workspace.commands.destroy_context(DEFAULT_CLUSTER_ID, command.context_id)

    def run(self, world: World, *then: str, result: CommandResult | None = FINISHED) -> Command:
        """Send a command; while it runs it is cancelled, or its context destroyed; then it ends so."""

        def during() -> CommandResult:
            for name in then:
                getattr(self, name)(world, command)
            if result is None:
                raise OSError("the pipe is closed")
            return result

        world.during = during
        world.clock.work()
        command = self.send(world)
        world.clock.work()
        return command

    @pytest.mark.parametrize(
        ("then", "result", "path"),
        [
            ((), FINISHED, [Status.FINISHED]),
            ((), INTERRUPTED, [Status.CANCELLED]),
            ((), None, [Status.ERROR]),
            (("cancel",), FINISHED, [Status.CANCELLING, Status.CANCELLED]),
            (("cancel",), INTERRUPTED, [Status.CANCELLING, Status.CANCELLED]),
            (("cancel",), None, [Status.CANCELLING, Status.CANCELLED]),
            (("destroy",), None, [Status.CANCELLING, Status.CANCELLED]),
            (("cancel", "cancel"), INTERRUPTED, [Status.CANCELLING, Status.CANCELLING, Status.CANCELLED]),
            (("destroy", "cancel"), FINISHED, [Status.CANCELLING, Status.CANCELLING, Status.CANCELLED]),
            (("cancel", "destroy"), FINISHED, [Status.CANCELLING, Status.CANCELLING, Status.CANCELLED]),
        ],
    )
    def test_one_that_runs(
        self, world: World, then: tuple[str, ...], result: CommandResult | None, path: list[Status]
    ) -> None:
        self.run(world, *then, result=result)
        wanted = [Status.QUEUED, Status.RUNNING, *path]
        assert [change for change in world.changes if isinstance(change[0], Status)] == list(
            itertools.pairwise(wanted)
        )

    @pytest.mark.parametrize("way", ["cancel", "destroy"])
    def test_one_that_waits_is_cancelled(self, world: World, way: str) -> None:
        command = self.send(world)
        getattr(self, way)(world, command)
        world.clock.work()
        assert command.status is Status.CANCELLED

    def test_each_change_is_made_and_no_other_one(self, world: World) -> None:
        world.clock.work()
        for count, result in itertools.product(range(3), (FINISHED, INTERRUPTED, None)):
            for then in itertools.product(("cancel", "destroy"), repeat=count):
                if then.count("destroy") < 2:  # there is one context
                    self.run(world, *then, result=result)
        for way in ("cancel", "destroy"):
            command = self.send(world)
            getattr(self, way)(world, command)
        self.in_a_broken_cluster(world)
        made = {change for change in world.changes if isinstance(change[0], Status)}
        assert made == changes_of(commands.TRANSITIONS)

    def in_a_broken_cluster(self, world: World) -> tuple[str, Command, Command]:
        """Send two commands to a context that does not open; the second is cancelled before."""
        world.workspace.clusters.restart(DEFAULT_CLUSTER_ID)
        context_id = world.workspace.commands.create_context(DEFAULT_CLUSTER_ID, "python")
        first, second = (self.send(world, context_id) for _ in range(2))
        self.cancel(world, second)
        world.break_down()
        return context_id, first, second

    def test_a_context_that_cannot_be_opened_is_an_error_and_so_are_its_commands(self, world: World) -> None:
        world.clock.work()
        context_id, first, second = self.in_a_broken_cluster(world)
        status = world.workspace.commands.context_status(DEFAULT_CLUSTER_ID, context_id)
        assert (status, first.status, second.status) == ("Error", Status.ERROR, Status.CANCELLED)
        assert first.summary == f"Cluster {DEFAULT_CLUSTER_ID} is not usable: PENDING"
        later = self.send(world, context_id)
        assert (later.status, later.summary) == (Status.ERROR, first.summary)

    def test_so_is_one_whose_session_cannot_be_opened(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Answers that hang: it was Pending for ever, and its commands Queued"""

        def refuse(*_: Any) -> None:
            raise OSError("no more processes")

        monkeypatch.setattr(ToldCluster, "open_context", refuse)
        world.clock.work()
        context_id = world.workspace.commands.create_context(DEFAULT_CLUSTER_ID, "python")
        command = self.send(world, context_id)
        world.clock.work()
        status = world.workspace.commands.context_status(DEFAULT_CLUSTER_ID, context_id)
        assert (status, command.status, command.summary) == ("Error", Status.ERROR, "no more processes")

    def test_a_destroyed_context_is_closed_in_the_background(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Answers that hang: a command that ignores interrupts held up every other request for 1.2 s"""
        closed: list[str] = []
        monkeypatch.setattr(ToldContext, "close", lambda _: closed.append("closed"))
        world.clock.work()
        command = self.send(world)
        world.clock.work()
        self.destroy(world, command)
        assert closed == []
        world.clock.work()
        assert closed == ["closed"]

    def test_a_cluster_gets_another_context_of_its_own_in_place_of_a_failed_one(self, world: World) -> None:
        world.clock.work()
        world.workspace.clusters.restart(DEFAULT_CLUSTER_ID)
        failed = self.send(world)
        world.break_down()
        assert failed.status is Status.ERROR
        with pytest.raises(CommandRefused, match="not currently ready"):
            self.send(world)
        world.workspace.clusters.start(DEFAULT_CLUSTER_ID)
        command = self.send(world)
        world.clock.work()
        assert command.status is Status.FINISHED

    def test_a_context_waits_for_its_cluster(self, world: World) -> None:
        context_id = world.workspace.commands.create_context(DEFAULT_CLUSTER_ID, "python")
        seen = []
        for _ in range(2):
            seen.append(world.workspace.commands.context_status(DEFAULT_CLUSTER_ID, context_id))
            world.clock.work()
        assert seen == [ContextStatus.PENDING.value, ContextStatus.RUNNING.value]


ROWS = CommandResult("table", [["1"]], (("n", "int"),))
WRONG = CommandResult("error", summary=f'StatementFailed: {MARK}{{"message": "wrong", "sql_state": null}}')


class TestStatements:
    """The same of SQL statements: "give them one in the same way"."""

    ways: Mapping[str, tuple[CommandResult | None, State]] = {
        "rows": (ROWS, State.SUCCEEDED),
        "error": (WRONG, State.FAILED),
        "no result": (FINISHED, State.FAILED),
        "no process": (None, State.FAILED),
    }

    def send(self, world: World) -> Statement:
        return world.workspace.statements.execute({"statement": "SELECT 1", "row_limit": 1})

    def run(self, world: World, result: CommandResult | None, *, is_cancelled: bool = False) -> Statement:
        """Send a statement; while it runs it is cancelled, or not; then it ends so."""

        def during() -> CommandResult:
            if is_cancelled:
                world.workspace.statements.cancel(made)
            if result is None:
                raise OSError("the pipe is closed")
            return result

        world.during = during
        made = self.send(world)
        world.clock.work()
        return made

    def changes(self, world: World) -> list[Change]:
        return [change for change in world.changes if isinstance(change[0], State)]

    @pytest.mark.parametrize("way", ways)
    def test_one_that_runs(self, world: World, way: str) -> None:
        result, end = self.ways[way]
        made = self.run(world, result)
        assert self.changes(world) == [(State.PENDING, State.RUNNING), (State.RUNNING, end)]
        assert bool(made.error) is (end is State.FAILED)

    @pytest.mark.parametrize("way", ways)
    def test_one_that_is_cancelled_while_it_runs(self, world: World, way: str) -> None:
        made = self.run(world, self.ways[way][0], is_cancelled=True)
        wanted = [(State.PENDING, State.RUNNING), (State.RUNNING, State.CANCELED)]
        assert (self.changes(world), made.rows, made.error) == (wanted, [], "")

    @pytest.mark.parametrize("way", ways)
    def test_one_that_has_ended_stays_as_it_is(self, world: World, way: str) -> None:
        made = self.run(world, self.ways[way][0])
        world.workspace.statements.cancel(made)
        assert made.state is self.ways[way][1]

    def test_a_warehouse_that_does_not_start(self, world: World) -> None:
        made = self.send(world)
        world.break_down()
        assert (made.state, "not usable" in made.error) == (State.FAILED, True)

    def test_a_warehouse_that_opens_no_session(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answers that hang: the statement was PENDING for ever"""

        def refuse(*_: Any) -> None:
            raise OSError("no more processes")

        monkeypatch.setattr(ToldCluster, "open_context", refuse)
        made = self.send(world)
        world.clock.work()
        assert (made.state, made.error) == (State.FAILED, "no more processes")

    def test_one_that_is_cancelled_before_its_session_works_starts_nothing(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A cancel in an odd state: it was CANCELED, and went on in the background"""
        started = []

        def process_env(mark: str) -> tuple[dict[str, str], str]:
            started.append(mark)
            raise OSError("no process")

        session = ReplContext("python", process_env, lambda _: PipResult(ok=True, output=""), str, tuple)

        @dataclass
        class Late(ToldContext):
            def execute(
                self, source: str, language: str | None = None, command_id: str = ""
            ) -> CommandResult:
                world.workspace.statements.cancel(made)
                return session.execute(source, language, command_id)

            def cancel(self, command_id: str = "") -> None:
                session.cancel(command_id)

            def close(self) -> None:
                session.close()

        monkeypatch.setattr(ToldCluster, "open_context", lambda *_: Late(world=world))
        made = self.send(world)
        world.clock.work()
        assert (made.state, started) == (State.CANCELED, [])

    def test_each_change_is_made_and_no_other_one(self, world: World) -> None:
        for result, _ in self.ways.values():
            for is_cancelled in (False, True):
                self.run(world, result, is_cancelled=is_cancelled)
        world.workspace.statements.cancel(self.send(world))
        world.workspace.clusters.remove(WAREHOUSE_ID)
        self.send(world)
        world.break_down()
        assert set(self.changes(world)) == changes_of(statements.TRANSITIONS)
