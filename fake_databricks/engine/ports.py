"""What the workspace asks of a cluster, and what comes back: values and protocols, no implementation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LOG_LIMIT = 5 * 1024 * 1024
"""Bytes of a task's output that are kept: the last 5 MB, as Databricks does."""


@dataclass(frozen=True)
class Places:
    """Where a workspace's file trees lie on the local disk (absolute paths of folders)."""

    dbfs: str
    volumes: str
    workspace_files: str


@dataclass(frozen=True)
class TaskSpec:
    """One attempt of one task.

    ``python_file`` is a local path, already resolved by the workspace; ``command`` is source text to run in
    its place. ``redact`` holds the secret values that no output may show. ``timeout_seconds`` of 0 means
    none.
    """

    run_id: int
    workspace_id: str
    cluster_id: str
    python_file: str
    command: str | None
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    dbfs_root: str
    volumes_root: str
    workspace_files_root: str
    redact: tuple[str, ...] = ()
    timeout_seconds: float = 0.0
    widgets: Mapping[str, str] = field(default_factory=dict)

    @property
    def places(self) -> Places:
        """The three roots as one value."""
        return Places(self.dbfs_root, self.volumes_root, self.workspace_files_root)


@dataclass(frozen=True)
class TaskExit:
    """How a task ended.

    ``exit_code`` is None where a signal ended the process. ``error`` is the last line of the traceback (or
    the sentence that stands for it) and ``error_trace`` the whole; both are None after success.
    ``notebook_result`` is what ``dbutils.notebook.exit`` was given.
    """

    exit_code: int | None
    signal: int | None
    logs: str
    logs_truncated: bool
    error: str | None
    error_trace: str | None
    notebook_result: str | None
    timed_out: bool
    cancelled: bool


class TaskHandle(Protocol):
    """A task that was started."""

    def wait(self) -> TaskExit:
        """Block until the task has ended and all its processes with it."""
        ...

    def cancel(self) -> None:
        """Ask for its end: the process tree and its Spark jobs are gone within 2 s. Returns at once."""
        ...

    def logs(self) -> str:
        """What was printed so far, secrets redacted."""
        ...


@dataclass(frozen=True)
class PipResult:
    """What pip said (stdout and stderr, interleaved) and whether it succeeded."""

    ok: bool
    output: str

    @property
    def error(self) -> str:
        """From pip's first ``ERROR:`` on; the whole output where it has none. Empty after success."""
        if self.ok:
            return ""
        _, mark, rest = self.output.partition("ERROR:")
        return (mark + rest if mark else self.output).strip()


@dataclass(frozen=True)
class CommandResult:
    """The result of one command of a context.

    ``data`` is text, or the rows of a table whose columns ``schema`` names (name, Spark type). An error has a
    one-line ``summary`` and its traceback as ``cause``.
    """

    kind: Literal["text", "table", "error"]
    data: str | list[list[object]] = ""
    schema: tuple[tuple[str, str], ...] = ()
    summary: str = ""
    cause: str = ""
    truncated: bool = False
    cancelled: bool = False


class Context(Protocol):
    """A REPL: what one command defines, the next one sees."""

    def execute(self, source: str, language: str | None = None) -> CommandResult:
        """Run one command to its end; ``language`` overrides the context's own."""
        ...

    def cancel(self) -> None:
        """Interrupt the command that is running; the state stays where that is possible."""
        ...

    def close(self) -> None:
        """End the process behind it."""
        ...


class Cluster(Protocol):
    """A Python environment and its settings on the warm JVM."""

    def start_task(self, spec: TaskSpec) -> TaskHandle:
        """Start a fresh process for the task; what the task does wrong is in its exit, never raised."""
        ...

    def pip(self, args: Sequence[str]) -> PipResult:
        """Run pip in the cluster's environment (``["install", "x"]``)."""
        ...

    def open_context(self, language: str) -> Context:
        """Open a REPL for ``python`` or ``sql``."""
        ...

    def restart(self) -> None:
        """End all tasks and contexts, and go back to an environment without installed packages."""
        ...

    def close(self) -> None:
        """End all, and remove the environment."""
        ...
