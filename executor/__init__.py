"""The module that the guide promises: ``import executor`` is ``import nuvyn_executor``.

``executor.job_manager`` *is* ``nuvyn_executor.job_manager``, not a second copy. So an enum or an error class
of one module is also that of the other. Only ``executor.main`` is a file of this folder.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Sequence

import nuvyn_executor

if TYPE_CHECKING:
    from types import ModuleType

_ALIAS = "executor."
_HERE = Path(__file__).resolve().parent
_REAL = Path(nuvyn_executor.__file__).resolve().parent
# Files that run as programs: runpy needs their code, so they are found as files and not aliased.
_PROGRAMS = {"executor.main": _HERE / "main.py", "executor.__main__": _REAL / "__main__.py"}


class _AliasLoader(Loader):
    """Replaces the module that is imported by the module of ``nuvyn_executor``."""

    def exec_module(self, module: ModuleType) -> None:
        real = "nuvyn_executor." + module.__name__[len(_ALIAS) :]
        sys.modules[module.__name__] = importlib.import_module(real)


class _AliasFinder(MetaPathFinder):
    """Finds ``executor.x`` where there is a ``nuvyn_executor.x``."""

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]],  # noqa: ARG002  the signature is Python's
        target: Optional[ModuleType] = None,  # noqa: ARG002  as path
    ) -> Optional[ModuleSpec]:
        if fullname in _PROGRAMS:
            return importlib.util.spec_from_file_location(fullname, _PROGRAMS[fullname])
        if not fullname.startswith(_ALIAS):
            return None
        if importlib.util.find_spec("nuvyn_executor." + fullname[len(_ALIAS) :]) is None:
            return None
        return ModuleSpec(fullname, _AliasLoader())


sys.meta_path.insert(0, _AliasFinder())
sys.modules[__name__] = nuvyn_executor
