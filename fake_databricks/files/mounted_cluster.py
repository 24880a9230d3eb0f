"""A cluster whose programs find the mounts as the storage is; what they write is uploaded at their end."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Sequence

from fake_databricks.engine.ports import CommandResult, PipResult, TaskExit

if TYPE_CHECKING:
    from fake_databricks.engine.ports import Cluster, Context, TaskHandle, TaskSpec
    from fake_databricks.files.mounts import Mounts


class MountedCluster:
    """A cluster and the mounts of its workspace."""

    def __init__(self, cluster: Cluster, mounts: Mounts) -> None:
        self._cluster = cluster
        self._mounts = mounts

    def start_task(self, spec: TaskSpec) -> TaskHandle:
        """Fetch what has changed in the storage, then start the task."""
        sentences = self._mounts.fetch()
        return MountedTask(self._cluster.start_task(spec), self._mounts, sentences)

    def pip(self, args: Sequence[str]) -> PipResult:
        """Run pip."""
        return self._cluster.pip(args)

    def open_context(self, language: str) -> Context:
        """Open a REPL."""
        return MountedContext(self._cluster.open_context(language), self._mounts)

    def close(self) -> None:
        """End all tasks and contexts."""
        self._cluster.close()


class MountedTask:
    """A task; its files are in the storage when ``wait`` returns.

    Args:
        task: the task itself.
        mounts: the mounts of its workspace.
        sentences: which mounts could not be fetched, for its log.
    """

    def __init__(self, task: TaskHandle, mounts: Mounts, sentences: list[str]) -> None:
        self._task = task
        self._mounts = mounts
        self._sentences = sentences

    def wait(self) -> TaskExit:
        """Block until the task has ended and its files are uploaded; it has failed if that is refused."""
        ended = self._task.wait()
        refused = self._mounts.upload()
        sentences = [*self._sentences, *(text for text in refused if text not in self._sentences)]
        if not sentences:
            return ended
        logs = _notes(sentences) + ended.logs
        if refused and ended.exit_code == 0:
            return dataclasses.replace(ended, exit_code=1, error=refused[0], logs=logs)
        return dataclasses.replace(ended, logs=logs)

    def cancel(self) -> None:
        """Begin to end the task."""
        self._task.cancel()

    def logs_so_far(self) -> str:
        """Return what it has written until now."""
        return _notes(self._sentences) + self._task.logs_so_far()


class MountedContext:
    """A REPL; each command finds the mounts as the storage is."""

    def __init__(self, context: Context, mounts: Mounts) -> None:
        self._context = context
        self._mounts = mounts

    def execute(self, source: str, language: str | None = None, command_id: str = "") -> CommandResult:
        """Run one command; it has failed if the storage refuses what it has written."""
        self._mounts.fetch()
        result = self._context.execute(source, language, command_id)
        refused = self._mounts.upload()
        if refused and result.kind != "error":
            return CommandResult("error", refused[0], summary=refused[0], cause=refused[0])
        return result

    def cancel(self, command_id: str = "") -> None:
        """Interrupt a command."""
        self._context.cancel(command_id)

    def close(self) -> None:
        """End the process of the context."""
        self._context.close()


def _notes(sentences: Sequence[str]) -> str:
    return "".join([f"fake_databricks: {text}\n" for text in sentences])
