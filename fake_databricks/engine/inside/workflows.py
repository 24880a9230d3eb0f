"""``dbutils.notebook`` and ``dbutils.jobs``: how the notebooks and tasks of a job hand over to each other."""

# pathlib would be imported for nothing:
# ruff: noqa: PTH123
from __future__ import annotations

import json
import os
import sys
from typing import Any

from . import displays, notebooks
from .nesting import MAX_VALUE, depth_of
from .run_context import RunContext

MAX_VALUE_BYTES = 48 * 1024
MAX_VALUES = 250
FAILED = "com.databricks.WorkflowException: com.databricks.NotebookExecutionException"


class NotebookExit(BaseException):
    """Ends the program with a value. It is no Exception, so that ``except Exception`` does not catch it."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class WorkflowException(Exception):  # noqa: N818  Databricks' name
    """A notebook that another one has called has failed, ran out of time, or does not exist."""


def read_workspace(path: str) -> bytes | None:
    """Return the content of a file of the workspace, or None."""
    try:
        with open(f"/Workspace{path}", "rb") as file:
            return file.read()
    except OSError:
        return None


class Notebook:
    """``dbutils.notebook``."""

    def exit(self, value: object = "") -> None:
        """End the program with success; the value becomes the run's ``notebook_output.result``."""
        raise NotebookExit(str(value))

    def run(
        self,
        path: str,
        timeout_seconds: int = 0,
        arguments: dict[str, Any] | None = None,
    ) -> str | None:
        """Run another notebook in a process of its own; return the value that it exits with.

        Args:
            path: absolute, or relative to this notebook.
            timeout_seconds: how long it may take; 0 is no limit.
            arguments: its widgets.
        """
        wanted = notebooks.resolve(path, RunContext.notebook or "/")
        found = notebooks.find(wanted, read_workspace)
        if found is None:
            raise WorkflowException(f"com.databricks.WorkflowException: {notebooks.missing(wanted)}")
        order = {
            "file": f"/Workspace{found[0]}",
            "argv": [],
            "env": dict(os.environ),
            "cwd": os.getcwd(),  # noqa: PTH109  as above
            "notebook": found[0],
            "widgets": {str(name): str(value) for name, value in (arguments or {}).items()},
            "installed": RunContext.installed,
            "task_values": RunContext.task_values,
        }
        report = _run_child(order, timeout_seconds)
        displays.SHOWN.shown += [{"notebook": found[0], **item} for item in report.get("displays", [])]
        if report.get("exit_code") != 0:
            raise WorkflowException(f"{FAILED}: FAILED: {report.get('error') or 'the notebook was ended'}")
        value: str | None = report["notebook_result"]
        return value


def _run_child(order: dict[str, Any], timeout_seconds: int) -> dict[str, Any]:
    import subprocess  # noqa: PLC0415  only a program that runs a notebook needs these two
    import tempfile  # noqa: PLC0415  as above

    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="notebook-") as scratch:
        report = f"{scratch}/report.json"
        # A session of its own: when its stdin is closed, the child ends its process group.
        child = subprocess.Popen(
            [sys.executable, "-m", "_fakebricks.run"], stdin=subprocess.PIPE, start_new_session=True
        )
        assert child.stdin is not None
        try:
            child.stdin.write(json.dumps({**order, "report": report}).encode() + b"\n")
            child.stdin.flush()
            child.wait(timeout_seconds or None)
        except subprocess.TimeoutExpired:
            raise WorkflowException(f"{FAILED}: TIMEDOUT") from None
        finally:
            child.kill()
            child.wait()
            child.stdin.close()
        try:
            with open(report, encoding="utf-8") as file:
                content: dict[str, Any] = json.load(file)
        except (FileNotFoundError, ValueError):
            return {}
        return content


class TaskValues:
    """``dbutils.jobs.taskValues``."""

    def set(self, key: str, value: Any) -> None:
        """Set a value that later tasks of the run can read; outside of a run nothing happens."""
        text = json.dumps(value)  # TypeError for what JSON cannot have
        if depth_of(json.loads(text)) > MAX_VALUE:
            raise ValueError(
                f"The value of {key!r} is nested too deeply: at most {MAX_VALUE} levels are read"
            )
        if len(text.encode()) > MAX_VALUE_BYTES:
            raise ValueError(f"The value of {key!r} has more than {MAX_VALUE_BYTES} bytes as JSON")
        if len(RunContext.new_values.keys() | {key}) > MAX_VALUES:
            raise ValueError(f"A task can set at most {MAX_VALUES} values")
        if RunContext.is_run:
            RunContext.new_values[key] = json.loads(text)

    def get(
        self,
        taskKey: str,  # noqa: N803  Databricks' name
        key: str,
        default: Any = None,
        debugValue: Any = None,  # noqa: N803  Databricks' name
    ) -> Any:
        """Return a value that an earlier task has set, ``default`` where there is none."""
        if not RunContext.is_run:
            if debugValue is None:
                raise TypeError(
                    "Must pass debugValue when calling get outside of a job context. "
                    "debugValue cannot be None."
                )
            return debugValue
        values = RunContext.task_values.get(taskKey)
        if values is not None and key in values:
            return values[key]
        if default is not None:
            return default
        if values is None:
            raise ValueError(f"Task key does not exist in run: {taskKey}.")
        raise ValueError(f"Task value with key {key} does not exist for task {taskKey}.")


class Jobs:
    """``dbutils.jobs``."""

    def __init__(self) -> None:
        self.taskValues = TaskValues()
