"""Where ``dbutils`` is found."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from nuvyn_executor.dbutils import find_dbutils

if TYPE_CHECKING:
    import pytest


class TestFindDbutils:
    """Through dbutils where there is one."""

    def test_there_is_none_off_databricks(self) -> None:
        assert find_dbutils() is None

    def test_a_notebook_has_it_in_the_namespace_of_ipython(self, monkeypatch: pytest.MonkeyPatch) -> None:
        shell = SimpleNamespace(user_ns={"dbutils": "of the notebook"})
        monkeypatch.setitem(sys.modules, "IPython", module("IPython", get_ipython=lambda: shell))
        assert find_dbutils() == "of the notebook"

    def test_an_ipython_that_runs_no_shell_is_passed_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "IPython", module("IPython", get_ipython=lambda: None))
        assert find_dbutils() is None

    def test_the_main_module_may_have_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.modules["__main__"], "dbutils", "of main", raising=False)
        assert find_dbutils() == "of main"

    def test_the_runtime_may_have_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        initializer = SimpleNamespace(get_namespace_globals=lambda: {"dbutils": "of the runtime"})
        entry = SimpleNamespace(getOrCreate=lambda: initializer)
        monkeypatch.setitem(sys.modules, "dbruntime", module("dbruntime", UserNamespaceInitializer=entry))
        assert find_dbutils() == "of the runtime"


def module(name: str, **names: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(names)
    return made
