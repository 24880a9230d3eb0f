"""What the API families ask of a cluster, and what it answers: values and protocols, no implementation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

from fake_databricks.engine.inside.path_table import DBFS, VOLUMES, WORKSPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LOG_LIMIT = 5 * 1024 * 1024
"""How much of a task's output is stored, in bytes: the last 5 MB, as on Databricks."""


class Display(TypedDict, total=False):
    """What a program has shown with ``display`` or ``displayHTML``, as JSON has it.

    Attributes:
        kind: what ``data`` is.
        data: HTML; a PNG in base64; or the rows of a table.
        schema: the columns of a table: name and Spark type.
        truncated: whether the table has more rows.
        notebook: the path of the notebook that has shown it, if ``dbutils.notebook.run`` has started one.
    """

    kind: Literal["html", "image", "table"]
    data: str | list[list[object]]
    schema: list[list[str]]
    truncated: bool
    notebook: str


def own_pictures(displays: Sequence[Display]) -> list[Display]:
    """Return the pictures that a program has shown itself, and not a notebook that it has run."""
    return [item for item in displays if item["kind"] == "image" and "notebook" not in item]


@dataclass(frozen=True)
class Places:
    """The folders of a workspace's file trees on the local disk (absolute paths)."""

    dbfs: str
    volumes: str
    workspace_files: str

    def by_tree(self) -> dict[str, str]:
        """Return the folders by the names of their trees, DBFS first."""
        return {DBFS: self.dbfs, VOLUMES: self.volumes, WORKSPACE: self.workspace_files}


@dataclass(frozen=True)
class ClusterPlan:
    """What a cluster is made from.

    Attributes:
        workspace_id: the workspace that it belongs to.
        cluster_id: its id.
        spark_conf: Spark settings, with the values of secrets.
        environment: variables of its contexts; a task brings its own.
        places: the file trees of the workspace.
        redact: returns the secret values that no output may show, at the time of the call.
        version: the version of Databricks that its ``spark_version`` names, ``17.3``; empty for none.
        spark: the Spark of that version, ``4.0``; empty for the server's own.
    """

    workspace_id: str
    cluster_id: str
    spark_conf: Mapping[str, str]
    environment: Mapping[str, str]
    places: Places
    redact: Callable[[], Sequence[str]]
    version: str = ""
    spark: str = ""


@dataclass(frozen=True)
class TaskSpec:
    """One attempt of one task.

    Attributes:
        run_id: the number of the attempt.
        python_file: the program, as a path of this machine.
        argv: its arguments.
        env: its environment variables, beside those of the cluster.
        cwd: its working folder.
        notebook: the path of the notebook that ``python_file`` is; empty for a program.
        widgets: the values of the notebook's widgets.
        packages: the arguments of each pip that runs first, for this task alone.
        task_values: what earlier tasks have set, by task key and name.
    """

    run_id: int
    python_file: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    notebook: str = ""
    widgets: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    task_values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskExit:
    """How a task ended.

    Attributes:
        exit_code: the exit code of the process; None where a signal ended it.
        signal: the number of that signal.
        logs: the end of its output, without secrets.
        logs_truncated: whether the output was longer.
        error: the last line of the traceback, or a sentence in its place; None after success.
        error_trace: the whole traceback.
        notebook_result: the argument of ``dbutils.notebook.exit``.
        cancelled: whether it was ended by ``cancel``.
        task_values: what it has set with ``dbutils.jobs.taskValues``, by name.
        displays: what a notebook has shown.
    """

    exit_code: int | None
    signal: int | None
    logs: str
    logs_truncated: bool
    error: str | None
    error_trace: str | None
    notebook_result: str | None
    cancelled: bool
    task_values: Mapping[str, Any] = field(default_factory=dict)
    displays: list[Display] = field(default_factory=list)


class TaskHandle(Protocol):
    """A task that was started."""

    def wait(self) -> TaskExit:
        """Block until the task and all its processes have ended."""
        ...

    def cancel(self) -> None:
        """Begin to end the process tree and its Spark jobs, and return at once; they end within 2 s."""
        ...

    def logs_so_far(self) -> str:
        """Return the end of what it has written until now, without secrets."""
        ...


@dataclass(frozen=True)
class PipResult:
    """The output of pip (stdout and stderr, interleaved) and whether it succeeded."""

    ok: bool
    output: str

    @property
    def error(self) -> str:
        """The output from pip's first ``ERROR:`` on; all of it where it has none. Empty after success."""
        if self.ok:
            return ""
        _, mark, rest = self.output.partition("ERROR:")
        return (mark + rest if mark else self.output).strip()


@dataclass(frozen=True)
class CommandResult:
    """The result of one command of a context.

    Attributes:
        kind: text, table, image or error. The pictures of an image are among ``displays``.
        data: text, or the rows of a table.
        schema: the columns of a table: name and Spark type.
        summary: one line about an error.
        cause: the traceback of an error.
        truncated: whether the table has more rows.
        cancelled: whether the command was ended by ``cancel``.
        displays: all that it has shown, in order.
        printed: what it has printed, where ``data`` does not begin with it.
    """

    kind: Literal["text", "table", "image", "error"]
    data: str | list[list[object]] = ""
    schema: tuple[tuple[str, str], ...] = ()
    summary: str = ""
    cause: str = ""
    truncated: bool = False
    cancelled: bool = False
    displays: list[Display] = field(default_factory=list)
    printed: str = ""


class Context(Protocol):
    """A REPL: a command sees what earlier ones have defined."""

    def execute(self, source: str, language: str | None = None, command_id: str = "") -> CommandResult:
        """Run one command to its end; ``language`` overrides the context's own."""
        ...

    def cancel(self, command_id: str = "") -> None:
        """Interrupt a command; the state of the context stays where that is possible.

        Args:
            command_id: which one: if it has not begun yet, it ends when it does, and if it has ended, nothing
                happens. Without one the command that runs.
        """
        ...

    def close(self) -> None:
        """End the process of the context."""
        ...


class Cluster(Protocol):
    """A Python environment with its settings; on the warm JVM, if the server has one."""

    def start_task(self, spec: TaskSpec) -> TaskHandle:
        """Start a new process for the task; an error of the program is in its exit, it is not raised."""
        ...

    def pip(self, args: Sequence[str]) -> PipResult:
        """Run pip in the cluster's environment (``["install", "x"]``)."""
        ...

    def open_context(self, language: str) -> Context:
        """Open a REPL for ``python`` or ``sql``."""
        ...

    def close(self) -> None:
        """End all tasks and contexts, and remove the environment."""
        ...
