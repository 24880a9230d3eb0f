"""Clock, environment and randomness are parameters: modules take them, and `bootstrap` chooses them."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import List

import pytest

if sys.version_info < (3, 9):
    pytest.skip("ast.unparse came with Python 3.9; the sources are the same on 3.8", allow_module_level=True)

PACKAGE = Path(__file__).resolve().parents[2] / "nuvyn_executor"
ROOTS = ("cli.py", "bootstrap.py")
CALLS = ("time.", "random.", "secrets.", "datetime.now", "datetime.utcnow", "datetime.today", "date.today")
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ROOTS)


def direct_calls(source: str) -> List[str]:
    """Return the calls of a clock or a random generator that are not defaults of a parameter."""
    tree = ast.parse(source)
    defaults = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.Lambda))
        for default in (*function.args.defaults, *function.args.kw_defaults)
        if default is not None
        for node in ast.walk(default)
    }
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith(CALLS)
        and id(node) not in defaults
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_module_reads_a_clock_or_draws_random_numbers_by_itself(path: Path) -> None:
    assert direct_calls(path.read_text(encoding="utf-8")) == []


def test_the_search_sees_calls_and_lets_defaults_pass() -> None:
    source = (
        "import time\ndef f(clock=time.time, new=lambda: secrets.token_hex(6)):\n    return time.sleep(1)"
    )
    assert direct_calls(source) == ["time.sleep(1)"]
