"""Makes this Python process one of a Databricks cluster; runs before any program, in child processes too.

The places of the workspace's files come in the environment variable FAKE_DATABRICKS_PLACES (JSON), the way to
Spark in the file that FAKE_DATABRICKS_PLAN names.
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH120
from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import traceback
import types
from typing import TYPE_CHECKING, Any, ClassVar

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # asked for by hasattr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

PLACES = "FAKE_DATABRICKS_PLACES"
PLAN = "FAKE_DATABRICKS_PLAN"
FOLDER = os.path.dirname(__file__)


class AfterImport(importlib.abc.MetaPathFinder):
    """Calls back once a module was imported: what nobody imports costs nothing."""

    def __init__(self) -> None:
        self._callbacks: dict[str, Callable[[ModuleType], None]] = {}

    def add(self, name: str, callback: Callable[[ModuleType], None]) -> None:
        """Call ``callback(module)`` after the import of ``name``, at once if it is there already."""
        if name in sys.modules:
            callback(sys.modules[name])
        else:
            self._callbacks[name] = callback

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that everybody finds, with a loader that calls back."""
        callback = self._callbacks.pop(fullname, None)
        if callback is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        spec.loader = CallingLoader(spec.loader, callback)
        return spec


class CallingLoader(importlib.abc.Loader):
    """Another loader, and a call after it."""

    def __init__(self, loader: Any, callback: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._callback = callback

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """As the other loader does."""
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        """Execute it, hand the other loader back its place, and call."""
        if module.__spec__:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._callback(module)


def die_with_server() -> None:
    """End this process group when the other side of stdin is closed: nothing outlives the server.

    Nothing may come over that pipe any more; the program's own stdin is empty.
    """
    cord = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if not hasattr(fcntl, "F_SETSIG"):
        return  # only Linux can: elsewhere a program runs to its end
    fcntl.fcntl(cord, fcntl.F_SETOWN, -os.getpgid(0))
    fcntl.fcntl(cord, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(cord, fcntl.F_SETFL, fcntl.fcntl(cord, fcntl.F_GETFL) | os.O_ASYNC)


def own_frames_left_out(trace: types.TracebackType | None) -> types.TracebackType | None:
    """A traceback without the frames of this package: they are none of the program's."""
    frames = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(FOLDER):
            frames.append(trace)
        trace = trace.tb_next
    kept = None
    for each in reversed(frames):
        kept = types.TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return kept


def one_line(error: BaseException) -> str:
    """An exception's type and message, as the last part of a traceback begins."""
    lines = traceback.format_exception_only(type(error), error)[-1].strip().splitlines()
    return lines[0] if lines else type(error).__name__


class Installed:
    """What was installed in this process, so that nothing is twice."""

    after: AfterImport | None = None
    names: ClassVar[set[str]] = set()


def install_once() -> None:
    """Put the workspace's files in place and Spark within reach, as far as the environment says how."""
    if Installed.after is None:
        Installed.after = AfterImport()
        sys.meta_path.insert(0, Installed.after)
    places = os.environ.get(PLACES)
    if places and PLACES not in Installed.names:
        from . import paths  # noqa: PLC0415  only where a process is a cluster's

        Installed.names.add(PLACES)
        paths.install(paths.Mapping(json.loads(places)), Installed.after)
    if os.environ.get(PLAN) and PLAN not in Installed.names:
        from . import dbutils, spark  # noqa: PLC0415  as above

        Installed.names.add(PLAN)
        spark.install(Installed.after)
        dbutils.install(Installed.after)
