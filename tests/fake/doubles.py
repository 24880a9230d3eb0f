"""A clock and a cluster that the test controls: behaviour without threads, sockets or time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Sequence

from fake_databricks.engine.ports import CommandResult, PipResult, TaskExit

if TYPE_CHECKING:
    from fake_databricks.clock import Cancel
    from fake_databricks.engine.ports import ClusterPlan, TaskSpec


def ended(exit_code: int = 0, logs: str = "", *, signal: int | None = None) -> TaskExit:
    """Return the exit of a program."""
    error = None if exit_code == 0 and signal is None else "RuntimeError: as planned"
    trace = None if error is None else f"Traceback (most recent call last):\n{error}"
    code = None if signal else exit_code
    return TaskExit(code, signal, logs, False, error, trace, None, False)  # noqa: FBT003  fields in order


class ManualClock:
    """Time stands still until the test moves it; spawned work waits until the test runs it."""

    def __init__(self, now: int = 1_600_000_000_000) -> None:
        self.milliseconds = now
        self.timers: list[tuple[int, dict[str, Callable[[], None]]]] = []
        self.spawned: list[Callable[[], None]] = []

    def now(self) -> int:
        return self.milliseconds

    def call_later(self, seconds: float, action: Callable[[], None]) -> Cancel:
        entry = {"action": action}
        self.timers.append((self.milliseconds + int(seconds * 1000), entry))
        return entry.clear

    def spawn(self, action: Callable[[], None]) -> None:
        self.spawned.append(action)

    def work(self) -> None:
        """Run the spawned work, and what that spawns."""
        while self.spawned:
            self.spawned.pop(0)()

    def move(self, milliseconds: int) -> None:
        """Let time pass; each timer that is due acts at its own moment."""
        end = self.milliseconds + milliseconds
        while due := [item for item in self.timers if item[0] <= end]:
            first = min(due, key=lambda item: item[0])
            self.timers.remove(first)
            self.milliseconds = max(self.milliseconds, first[0])
            action = first[1].get("action")
            if action is not None:
                action()
            self.work()
        self.milliseconds = end


@dataclass
class ScriptedTask:
    """A task that runs until the test sets its exit."""

    spec: TaskSpec
    exit: TaskExit | None = None
    is_cancelled: bool = False

    def wait(self) -> TaskExit:
        assert self.exit is not None, "the test must end the task before its worker goes on"
        return self.exit

    def cancel(self) -> None:
        self.is_cancelled = True

    def logs_so_far(self) -> str:
        return f"began {' '.join(self.spec.argv)}\n"


@dataclass
class ScriptedContext:
    """A REPL whose result of a command is the command's text."""

    commands: list[str] = field(default_factory=list)

    def execute(self, source: str, language: str | None = None, command_id: str = "") -> CommandResult:
        del command_id
        self.commands.append(source)
        if source.startswith("raise"):
            return CommandResult(
                "error", summary="RuntimeError: as planned", cause="Traceback\nRuntimeError: as planned"
            )
        return CommandResult("text", f"{language}: {source}")

    def cancel(self, command_id: str = "") -> None:
        del command_id
        self.commands.append("cancelled")

    def close(self) -> None:
        self.commands.append("closed")


@dataclass
class ScriptedCluster:
    """A cluster whose programs end as ``outcomes`` says for their first argument; others succeed."""

    plan: ClusterPlan
    outcomes: dict[str, list[TaskExit]] = field(default_factory=dict)
    tasks: list[ScriptedTask] = field(default_factory=list)
    installed: list[str] = field(default_factory=list)
    is_closed: bool = False
    on_start: Callable[[ScriptedTask], None] = lambda _: None

    def start_task(self, spec: TaskSpec) -> ScriptedTask:
        planned = self.outcomes.get(spec.argv[0] if spec.argv else "", [])
        task = ScriptedTask(spec, planned.pop(0) if planned else ended(0, f"ran {' '.join(spec.argv)}\n"))
        self.tasks.append(task)
        self.on_start(task)
        return task

    def pip(self, args: Sequence[str]) -> PipResult:
        self.installed.append(" ".join(args))
        return PipResult("no-such" not in " ".join(args), "ERROR: No matching distribution found")

    def open_context(self, language: str) -> ScriptedContext:
        del language
        return ScriptedContext()

    def close(self) -> None:
        self.is_closed = True
