"""What the server says about the run of this process; empty in the process of a context."""

from __future__ import annotations

from typing import Any, ClassVar


class RunContext:
    """The run of this process.

    Attributes:
        is_run: whether this process is that of a run.
        notebook: the path of the notebook that it runs; empty for a program.
        widgets: the values of widgets, by their names.
        installed: what ``%pip`` lines have installed before the first cell.
        task_values: what the tasks before this one have set, by task key and name.
        new_values: what this task has set.
    """

    is_run: ClassVar[bool] = False
    notebook: ClassVar[str] = ""
    widgets: ClassVar[dict[str, str]] = {}
    installed: ClassVar[list[str]] = []
    task_values: ClassVar[dict[str, dict[str, Any]]] = {}
    new_values: ClassVar[dict[str, Any]] = {}

    @classmethod
    def take(cls, order: dict[str, Any]) -> None:
        """Take on what an order says."""
        cls.is_run = True
        cls.notebook = order["notebook"]
        cls.widgets = dict(order["widgets"])
        cls.installed = list(order["installed"])
        cls.task_values = dict(order["task_values"])
