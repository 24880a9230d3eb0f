"""Contexts and commands: a program's text sent to a cluster, magics included."""

from __future__ import annotations

import random
import re
import shlex
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fake_databricks.errors import CommandRefused
from fake_databricks.installations import bring_files
from fake_databricks.model import Command
from fake_databricks.workspace_clusters import ClusterUnavailable

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.cluster.ports import CommandResult, Context, PipResult
    from fake_databricks.installations import Installations
    from fake_databricks.workspace_clusters import ClusterPark
    from fake_databricks.workspace_files import Tree
    from fake_databricks.workspace_secrets import SecretVault

LANGUAGES = ("python", "sql")
MAX_CONTEXTS = 150
ENDED = ("Finished", "Cancelled", "Error")
_MAGIC = re.compile(r"^\s*%(?P<name>pip|sh|sql|python|md|scala|r|fs|run)\b(?P<rest>.*)\Z", re.DOTALL)
_SHELL = (
    "import subprocess as _s\n"
    "_p = _s.run(['/bin/bash', '-c', {text!r}], stdout=_s.PIPE, stderr=_s.STDOUT, text=True)\n"
    "print(_p.stdout, end='')\n"
    "if _p.returncode:\n"
    "    raise _s.CalledProcessError(_p.returncode, 'sh')\n"
)


@dataclass
class _Context:
    context_id: str
    cluster_id: str
    language: str
    status: str = "Pending"
    repl: Context | None = None
    queue: list[tuple[Command, str, str]] = field(default_factory=list)
    running: Command | None = None


class CommandRoom:
    """All contexts of a workspace; the commands of one context run one after the other."""

    def __init__(  # noqa: PLR0913  the parts of a workspace that a command touches
        self,
        clusters: ClusterPark,
        clock: Clock,
        vault: SecretVault,
        installations: Installations,
        dbfs: Tree,
    ) -> None:
        self._clusters = clusters
        self._clock = clock
        self._vault = vault
        self._installations = installations
        self._dbfs = dbfs
        self._lock = threading.RLock()
        self._contexts: dict[str, _Context] = {}
        self._implicit: dict[tuple[str, str], str] = {}
        self._commands: dict[str, Command] = {}

    def create_context(self, cluster_id: str, language: str) -> str:
        """Open a context; its id."""
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
        """``Pending``, ``Running`` or ``Error``."""
        return self._context(cluster_id, context_id).status

    def destroy_context(self, cluster_id: str, context_id: str) -> None:
        """Close a context; what runs in it is cancelled."""
        context = self._context(cluster_id, context_id)
        with self._lock:
            del self._contexts[context_id]
            for command, _, _ in context.queue:
                command.status = "Cancelled"
            context.queue.clear()
            if context.running is not None:
                context.running.status = "Cancelling"
        if context.repl is not None:
            context.repl.close()

    def execute(self, cluster_id: str, context_id: str, language: str, text: str) -> Command:
        """Send a command to a context; an empty ``context_id`` is the cluster's own for that language."""
        if not context_id:
            context_id = self._implicit_context(cluster_id, language)
        context = self._context(cluster_id, context_id)
        command = Command(uuid.uuid4().hex, cluster_id, context_id)
        with self._lock:
            self._commands[command.command_id] = command
            context.queue.append((command, text, language.lower() or context.language))
            is_idle = context.status == "Running" and context.running is None
        if is_idle:
            self._clock.spawn(lambda: self._work(context))
        return command

    def status(self, cluster_id: str, command_id: str) -> Command:
        """How a command stands."""
        with self._lock:
            command = self._commands.get(command_id)
        if command is None or command.cluster_id != cluster_id:
            raise CommandRefused(f"RuntimeException: no command with id {command_id} on cluster {cluster_id}")
        return command

    def cancel(self, cluster_id: str, command_id: str) -> None:
        """End a command."""
        command = self.status(cluster_id, command_id)
        with self._lock:
            if command.status in ENDED:
                return
            context = self._contexts.get(command.context_id)
            if context is None or context.running is not command:
                command.status = "Cancelled"
                return
            command.status = "Cancelling"
        if context.repl is not None:
            context.repl.cancel()

    def close(self) -> None:
        """Close every context."""
        with self._lock:
            contexts, self._contexts = list(self._contexts.values()), {}
        for context in contexts:
            if context.repl is not None:
                context.repl.close()

    def forget_cluster(self, cluster_id: str) -> None:
        """Close the contexts of a cluster that was restarted or terminated."""
        for context in [item for item in self._contexts.values() if item.cluster_id == cluster_id]:
            self.destroy_context(cluster_id, context.context_id)

    def _implicit_context(self, cluster_id: str, language: str) -> str:
        key = (cluster_id, language.lower())
        with self._lock:
            context_id = self._implicit.get(key)
            if context_id in self._contexts:
                return str(context_id)
            self._implicit[key] = made = self.create_context(cluster_id, language)
            return made

    def _open(self, context: _Context) -> None:
        try:
            engine = self._clusters.engine(context.cluster_id)
        except ClusterUnavailable as error:
            self._fail(context, str(error))
            return
        context.repl = engine.open_context(context.language)
        with self._lock:
            context.status = "Running"
        self._work(context)

    def _fail(self, context: _Context, message: str) -> None:
        with self._lock:
            context.status = "Error"
            for command, _, _ in context.queue:
                command.kind, command.data, command.summary = "error", message, message
                command.status = "Error"
            context.queue.clear()

    def _work(self, context: _Context) -> None:
        while True:
            with self._lock:
                if context.running is not None or not context.queue:
                    return
                command, text, language = context.queue.pop(0)
                if command.status == "Cancelled":
                    continue
                command.status = "Running"
                context.running = command
            try:
                self._run(context, command, text, language)
            except Exception as error:  # noqa: BLE001  a driver-level failure is the command's Error
                command.kind, command.summary, command.data = "error", str(error), str(error)
                command.status = "Error"
            finally:
                with self._lock:
                    context.running = None

    def _run(self, context: _Context, command: Command, text: str, language: str) -> None:
        match = _MAGIC.match(text)
        magic = match.group("name") if match else ""
        rest = match.group("rest").strip() if match else text
        if magic == "pip":
            line, _, following = rest.partition("\n")
            result = self._pip(context.cluster_id, line)
            if not result.ok or not following.strip():
                self._finish_pip(command, result)
                return
            rest, magic = following, "python"
        assert context.repl is not None
        if magic == "sh":
            self._finish(command, context.repl.execute(_SHELL.format(text=rest), "python"))
        elif magic in ("", "python", "sql"):
            self._finish(command, context.repl.execute(rest, magic or language))
        else:
            raise CommandRefused(f"The magic %{magic} is not supported here.")

    def _pip(self, cluster_id: str, line: str) -> PipResult:
        translated, named = self._installations.translate(shlex.split(line))
        result = self._clusters.pip(cluster_id, translated)
        if result.ok:
            for source in named:
                bring_files(source, self._dbfs)
        return result

    def _finish_pip(self, command: Command, result: PipResult) -> None:
        output = self._vault.redact(result.output).strip()
        command.kind, command.data = ("text", output) if result.ok else ("error", None)
        if not result.ok:
            errors = [line for line in output.splitlines() if line.startswith("ERROR")]
            command.summary = errors[0] if errors else "pip failed"
            command.cause = output
            start = output.find("ERROR:")
            command.data = output[start:] if start >= 0 else output
        self._end(command, is_cancelled=False)

    def _finish(self, command: Command, result: CommandResult) -> None:
        command.kind = result.kind
        command.data = self._vault.redact(result.data)
        command.schema = [{"name": name, "type": f'"{kind}"', "metadata": "{}"} for name, kind in result.schema]
        command.summary = self._vault.redact(result.summary)
        command.cause = self._vault.redact(result.cause)
        self._end(command, is_cancelled=result.cancelled or command.status == "Cancelling")

    def _end(self, command: Command, *, is_cancelled: bool) -> None:
        with self._lock:
            command.status = "Cancelled" if is_cancelled else "Finished"

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
        if known[cluster_id] in ("TERMINATED", "TERMINATING", "ERROR"):
            raise CommandRefused(
                f"ClusterNotReadyException: Cluster {cluster_id} not currently ready for driver client "
                f"(currently {known[cluster_id].title()})"
            )
