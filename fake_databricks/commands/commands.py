"""Execution contexts and commands: the text of a program, sent to a cluster."""

from __future__ import annotations

import random
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Sequence

from fake_databricks.clusters.lifecycle import ENDING, Life
from fake_databricks.commands.lifecycle import (
    CONTEXT_TRANSITIONS,
    TERMINAL,
    TRANSITIONS,
    ContextEvent,
    ContextStatus,
    Event,
    Status,
)
from fake_databricks.errors import CommandRefused, DoesNotExist
from fake_databricks.transitions import after

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.clusters.clusters import Clusters
    from fake_databricks.engine.ports import CommandResult, Context, Display
    from fake_databricks.secrets.secrets import Secrets

LANGUAGES = ("python", "sql")
MAX_CONTEXTS = 150
KEEP_COMMANDS = 1000
"""How many commands of a workspace can be asked for their results; the oldest ended ones are forgotten."""


@dataclass
class Command:
    """One command of the Commands API.

    Attributes:
        command_id: its id.
        cluster_id: the cluster on which it runs.
        context_id: the context in which it runs.
        status: where it is between its arrival and its end.
        kind: ``text``, ``table``, ``image`` or ``error`` once it has ended, else None.
        data: the text, or the rows of the table.
        schema: the columns of the table.
        summary: the error in one line.
        cause: the traceback of the error.
        text: the source of the command.
        is_cut: whether the table has more rows.
        displays: all that it has shown with ``display`` and ``displayHTML``.
        printed: what it has printed beside a table.
    """

    command_id: str
    cluster_id: str
    context_id: str
    status: Status = Status.QUEUED
    kind: str | None = None
    data: Any = None
    schema: list[dict[str, str]] = field(default_factory=list)
    summary: str | None = None
    cause: str | None = None
    text: str = ""
    is_cut: bool = False
    displays: Sequence[Display] = ()
    printed: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in TERMINAL

    def apply(self, event: Event) -> None:
        """Change the status.

        Raises:
            IllegalTransition: this cannot happen to a command of this status.
        """
        self.status = after(TRANSITIONS, self.status, event)

    def fail(self, message: str) -> None:
        """Record that it could not be run."""
        self.kind, self.data, self.summary = "error", message, message
        self.apply(Event.FAIL)  # last: from then on a client may read the rest


@dataclass
class _Context:
    context_id: str
    cluster_id: str
    language: str
    status: ContextStatus = ContextStatus.PENDING
    message: str = ""
    repl: Context | None = None
    queue: list[tuple[Command, str, str]] = field(default_factory=list)
    running: Command | None = None

    def apply(self, event: ContextEvent) -> None:
        self.status = after(CONTEXT_TRANSITIONS, self.status, event)

    def take_queue(self) -> list[Command]:
        """Empty the queue; return its commands that have not ended."""
        waiting = [command for command, _, _ in self.queue if not command.is_over]
        self.queue.clear()
        return waiting


class Commands:
    """Every context of a workspace; the commands of one context run one after another."""

    def __init__(self, clusters: Clusters, clock: Clock, secrets: Secrets) -> None:
        self._clusters = clusters
        self._clock = clock
        self._secrets = secrets
        self._lock = threading.RLock()
        self._contexts: dict[str, _Context] = {}
        self._implicit: dict[tuple[str, str], str] = {}
        self._commands: dict[str, Command] = {}

    def create_context(self, cluster_id: str, language: str) -> str:
        """Create a context and return its id."""
        self._check_cluster(cluster_id)
        if language.lower() not in LANGUAGES:
            raise CommandRefused(
                f"IllegalArgumentException: language {language!r} is not supported here: "
                f"one of {', '.join(LANGUAGES)}"
            )
        with self._lock:
            open_now = sum(context.cluster_id == cluster_id for context in self._contexts.values())
            if open_now >= MAX_CONTEXTS:
                raise CommandRefused(
                    f"Too many execution contexts are open right now. (Limit set to {MAX_CONTEXTS})"
                )
            context_id = str(random.randint(10**18, 9 * 10**18))  # noqa: S311  an id, no secret
            context = _Context(context_id, cluster_id, language.lower())
            self._contexts[context_id] = context
        self._clock.spawn(lambda: self._open(context))
        return context_id

    def context_status(self, cluster_id: str, context_id: str) -> str:
        """Return ``Pending``, ``Running`` or ``Error``."""
        return self._context(cluster_id, context_id).status.value

    def destroy_context(self, cluster_id: str, context_id: str) -> None:
        """Destroy a context; a command that runs in it is cancelled."""
        context = self._context(cluster_id, context_id)
        with self._lock:
            del self._contexts[context_id]
            running = [context.running] if context.running and not context.running.is_over else []
            for command in (*context.take_queue(), *running):
                command.apply(Event.CANCEL)
        if context.repl is not None:
            self._clock.spawn(context.repl.close)  # it may wait a moment before it uses force

    def execute(self, cluster_id: str, context_id: str, language: str, text: str) -> Command:
        """Send a command to a context; an empty ``context_id`` is the cluster's own of that language."""
        if not context_id:
            context_id = self._implicit_context(cluster_id, language)
        context = self._context(cluster_id, context_id)
        command = Command(uuid.uuid4().hex, cluster_id, context_id, text=text)
        with self._lock:
            self._commands[command.command_id] = command
            self._forget_oldest()
            if context.status is ContextStatus.ERROR:
                command.fail(context.message)
                return command
            context.queue.append((command, text, language.lower() or context.language))
            is_idle = context.status is ContextStatus.RUNNING and context.running is None
        if is_idle:
            self._clock.spawn(lambda: self._run_commands(context))
        return command

    def status(self, cluster_id: str, command_id: str) -> Command:
        """Return a command with its status."""
        with self._lock:
            command = self._commands.get(command_id)
        if command is None or command.cluster_id != cluster_id:
            raise CommandRefused(f"RuntimeException: no command with id {command_id} on cluster {cluster_id}")
        return command

    def find(self, command_id: str) -> Command:
        """Return a command, whichever its cluster is."""
        with self._lock:
            command = self._commands.get(command_id)
        if command is None:
            raise DoesNotExist(
                f"There is no command {command_id[:60]}; the newest {KEEP_COMMANDS} are there."
            )
        return command

    def contexts(self) -> Sequence[tuple[str, str, str, str]]:
        """Return id, cluster, language and status of each context, the newest first."""
        with self._lock:
            return tuple(
                (item.context_id, item.cluster_id, item.language, item.status.value)
                for item in reversed(self._contexts.values())
            )

    def list(self) -> Sequence[Command]:
        """Return the commands that are there, the newest first."""
        with self._lock:
            return tuple(reversed(self._commands.values()))

    def cancel(self, cluster_id: str, command_id: str) -> None:
        """Cancel a command."""
        command = self.status(cluster_id, command_id)
        with self._lock:
            if command.is_over:
                return
            command.apply(Event.CANCEL)
            context = self._contexts.get(command.context_id)
        if context is not None and context.repl is not None and context.running is command:
            repl = context.repl
            self._clock.spawn(lambda: repl.cancel(command_id))  # it may wait a moment before it uses force

    def close(self) -> None:
        """Close every context."""
        with self._lock:
            contexts, self._contexts = list(self._contexts.values()), {}
        for context in contexts:
            if context.repl is not None:
                context.repl.close()

    def destroy_contexts(self, cluster_id: str) -> None:
        """Destroy the contexts of a cluster that was restarted or terminated."""
        for context in [item for item in self._contexts.values() if item.cluster_id == cluster_id]:
            self.destroy_context(cluster_id, context.context_id)

    def _implicit_context(self, cluster_id: str, language: str) -> str:
        key = (cluster_id, language.lower())
        with self._lock:
            context = self._contexts.get(self._implicit.get(key, ""))
            if context is not None and context.status is not ContextStatus.ERROR:
                return context.context_id
            self._implicit[key] = made = self.create_context(cluster_id, language)
            return made

    def _open(self, context: _Context) -> None:
        try:
            cluster = self._clusters.running(context.cluster_id)
            repl = cluster.open_context(context.language)
        except Exception as error:  # noqa: BLE001  any error is the state of the context
            self._fail(context, str(error))
            return
        with self._lock:
            is_wanted = self._contexts.get(context.context_id) is context
            if is_wanted:
                context.repl = repl
                context.apply(ContextEvent.OPEN)
        if not is_wanted:  # it was destroyed while it was being opened
            repl.close()
            return
        self._run_commands(context)

    def _fail(self, context: _Context, message: str) -> None:
        with self._lock:
            context.apply(ContextEvent.FAIL)
            context.message = message
            for command in context.take_queue():
                command.fail(message)

    def _run_commands(self, context: _Context) -> None:
        while True:
            with self._lock:
                if context.running is not None or not context.queue:
                    return
                command, text, language = context.queue.pop(0)
                if command.is_over:  # it was cancelled
                    continue
                command.apply(Event.START)
                context.running = command
            try:
                assert context.repl is not None
                self._finish(command, context.repl.execute(text, language, command.command_id))
            except Exception as error:  # noqa: BLE001  an error of the context is the Error of the command
                with self._lock:
                    if command.status is Status.CANCELLING:  # its process was ended
                        command.apply(Event.STOP)
                    else:
                        command.fail(str(error))
            finally:
                with self._lock:
                    context.running = None

    def _finish(self, command: Command, result: CommandResult) -> None:
        command.kind = result.kind
        command.data = self._secrets.redact(result.data)
        command.schema = [
            {"name": name, "type": f'"{kind}"', "metadata": "{}"} for name, kind in result.schema
        ]
        command.is_cut = result.truncated
        command.summary = self._secrets.redact(result.summary)
        command.cause = self._secrets.redact(result.cause)
        command.displays = self._secrets.redact(result.displays)
        command.printed = self._secrets.redact(result.printed)
        with self._lock:
            is_cancelled = result.cancelled or command.status is Status.CANCELLING
            command.apply(Event.STOP if is_cancelled else Event.FINISH)

    def _forget_oldest(self) -> None:
        ended = [key for key, command in self._commands.items() if command.is_over]
        for key in ended[: max(0, len(self._commands) - KEEP_COMMANDS)]:
            del self._commands[key]

    def _context(self, cluster_id: str, context_id: str) -> _Context:
        with self._lock:
            context = self._contexts.get(context_id)
        if context is None or context.cluster_id != cluster_id:
            raise CommandRefused(
                f"ContextNotFound: no execution context {context_id} on cluster {cluster_id}"
            )
        return context

    def _check_cluster(self, cluster_id: str) -> None:
        known = {record.cluster_id: record.state for record in self._clusters.list()}
        if cluster_id not in known:
            raise CommandRefused(f"ClusterNotFoundException: Cluster {cluster_id} not found")
        if known[cluster_id] in {*ENDING, Life.ERROR}:
            raise CommandRefused(
                f"ClusterNotReadyException: Cluster {cluster_id} not currently ready for driver client "
                f"(currently {known[cluster_id].title()})"
            )
