"""Calls a function after a module was imported: a module that nobody imports costs nothing.

The two classes have the methods of ``importlib.abc``'s finder and loader, and do not inherit from them: in
Python 3.11 the import of ``importlib.abc`` takes 15 ms, because it imports ``pathlib`` and ``tempfile``.
"""

from __future__ import annotations

import importlib.machinery
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

PLACES = "FAKE_DATABRICKS_PLACES"
"""The environment variable with the folders of the workspace's file trees: a JSON object, folder by tree."""
PLAN = "FAKE_DATABRICKS_PLAN"
"""The environment variable that names the file with the way to Spark (``spark.Plan``)."""


class AfterImport:
    """A finder of modules, to be the first of ``sys.meta_path``."""

    def __init__(self) -> None:
        self._callbacks: dict[str, Callable[[ModuleType], None]] = {}

    def add(self, name: str, callback: Callable[[ModuleType], None]) -> None:
        """Call ``callback(module)`` after the import of ``name``; at once if it is imported already."""
        if name in sys.modules:
            callback(sys.modules[name])
        else:
            self._callbacks[name] = callback

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec that Python finds, with a loader that calls the callback; None if there is none."""
        callback = self._callbacks.pop(fullname, None)
        if callback is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        spec.loader = CallingLoader(spec.loader, callback)  # type: ignore[assignment]  # it has a loader's methods
        return spec


class CallingLoader:
    """A loader that loads with another loader and then calls a function."""

    def __init__(self, loader: Any, callback: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._callback = callback

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Return what the other loader creates."""
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        """Make the other loader the module's own, execute the module, and call the function."""
        if module.__spec__:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._callback(module)
