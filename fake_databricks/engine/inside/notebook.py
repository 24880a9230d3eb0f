"""Runs a notebook: its cells one after the other in one namespace, and what their magics ask for.

In a traceback the file of the third cell is ``<command-3>``, that of an included notebook
``<command-3 of /its/path>``.
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH112, PTH120
from __future__ import annotations

import os
import sys
from typing import Any

from . import names, notebooks
from .cells import Namespace
from .magics import Magic, parse_magics
from .run_context import RunContext
from .workflows import read_workspace

TEXTS = ("md", "md-sandbox")
"""Cells that are read by people alone."""


class Notebook:
    """The notebook of a run, with those that it includes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._namespace = Namespace()

    def run(self, content: bytes) -> None:
        """Run all cells; the first error ends them."""
        folder = f"/Workspace{os.path.dirname(self._path)}"
        if os.path.isdir(folder):  # the working folder of a notebook is its own
            os.chdir(folder)
        self._run_cells(self._path, content)

    def _run_cells(self, path: str, content: bytes) -> None:
        suffix = "" if path == self._path else f" of {path}"
        for cell in notebooks.read_cells(path, content):
            for part in parse_magics(cell.text, cell.language):
                self._run_part(part, f"<command-{cell.number}{suffix}>", path)

    def _run_part(self, part: Magic, name: str, path: str) -> None:
        if part.kind in TEXTS or not part.text.strip():
            return
        if part.kind == "python":
            value = self._namespace.python(part.text, name)
            self._show(value)
            return
        if part.kind == "run":
            self._include(part.text, name, path)
            return
        actions = {"sql": self._sql, "sh": self._shell, "pip": self._pip}
        action = actions.get(part.kind, lambda _: self._refuse(part.kind))
        self._namespace.called(lambda: action(part.text), part.text.lstrip("\n"), name)

    @staticmethod
    def _show(value: Any) -> None:
        """Show the last value of a cell."""
        if not names.draw(value) and value is not None:
            print(repr(value))  # noqa: T201  that is its task

    def _sql(self, text: str) -> None:
        frame = self._namespace.sql(text, names.dbutils().widgets.getAll())
        self._namespace.names["_sqldf"] = frame
        if frame.columns:
            names.display(frame)

    @staticmethod
    def _shell(text: str) -> None:
        import subprocess  # noqa: PLC0415  only a cell that needs it

        first, _, rest = text.partition("\n")
        is_strict = first.strip() == "-e"
        sys.stdout.flush()
        done = subprocess.run(["bash", "-c", ("set -e\n" + rest) if is_strict else text], check=False)  # noqa: S603, S607  what the cell says
        if is_strict and done.returncode:
            raise subprocess.CalledProcessError(done.returncode, "%sh -e")

    @staticmethod
    def _pip(text: str) -> None:
        """Refuse what was not installed before the first cell; the rest is there."""
        if text.strip() not in RunContext.installed:
            raise NotImplementedError(
                f"%pip {text.strip()} was not run: %pip is not available here in a notebook that "
                "dbutils.notebook.run starts. Put it into the notebook of the task."
            )

    @staticmethod
    def _refuse(kind: str) -> None:
        raise NotImplementedError(
            f"The magic %{kind} is not available here: %python, %sql, %sh, %pip, %run and %md are."
        )

    def _include(self, text: str, name: str, path: str) -> None:
        """Run the cells of another notebook in this namespace."""

        def found() -> tuple[str, bytes]:
            reference, widgets = notebooks.run_arguments(text)
            wanted = notebooks.resolve(reference, path)
            there = notebooks.find(wanted, read_workspace)
            if there is None:
                raise notebooks.NotebookError(notebooks.missing(wanted))
            RunContext.widgets.update(widgets)
            return there

        self._run_cells(*self._namespace.called(found, f"%run {text}", name))
