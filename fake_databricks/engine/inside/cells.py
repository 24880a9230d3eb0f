"""One command or cell: Python and SQL in one namespace. For contexts and notebooks."""

from __future__ import annotations

import ast
import linecache
import os
import re
import sys
import types
from typing import TYPE_CHECKING, Any

from . import names

if TYPE_CHECKING:
    from collections.abc import Callable

IS_COROUTINE = 0x80
"""The flag of code that awaits something (``inspect.CO_COROUTINE``, whose module takes 10 ms)."""

FIGURES = "_fakebricks.figures"
MATPLOTLIB_BACKEND = f"module://{FIGURES}"
"""How ``plt.show()`` shows; a program that has no page keeps matplotlib's own way."""


class Namespace:
    """The module ``__main__`` of a process, in which its commands or cells run one after the other."""

    def __init__(self) -> None:
        os.environ.setdefault("MPLBACKEND", MATPLOTLIB_BACKEND)
        main = types.ModuleType("__main__")
        main.__dict__["__builtins__"] = names.LazyBuiltins()
        sys.modules["__main__"] = main
        self.names = main.__dict__
        self._loop: Any = None

    def python(self, source: str, name: str) -> Any:
        """Run Python code; return the value of its last expression. ``name`` is its file in tracebacks."""
        remember(source, name)
        tree = compile(
            source, name, "exec", ast.PyCF_ONLY_AST, dont_inherit=True
        )  # ast.parse would be in traces
        assert isinstance(tree, ast.Module)
        end = tree.body[-1] if tree.body else None
        last = end if isinstance(end, ast.Expr) else None
        if last is not None:
            tree.body.pop()
        value = None
        try:
            self._evaluate(tree, name, "exec")
            if last is not None:
                value = self._evaluate(ast.Expression(last.value), name, "eval")
        finally:
            backend = sys.modules.get(FIGURES)
            if backend is not None:
                backend.end_cell(value)
        return value

    def _evaluate(self, tree: ast.Module | ast.Expression, name: str, mode: str) -> Any:
        """Run code, in which ``await`` may stand outside of functions, as in a notebook."""
        code = compile(tree, name, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        value = eval(code, self.names)  # noqa: S307  running it is the purpose
        if not code.co_flags & IS_COROUTINE:
            return value
        if self._loop is None:
            import asyncio  # noqa: PLC0415  only code that awaits needs it

            self._loop = asyncio.new_event_loop()
        return self._loop.run_until_complete(value)

    @staticmethod
    def sql(source: str, parameters: dict[str, str] | None = None) -> Any:
        """Run the statements of a SQL command; return the DataFrame of the last one.

        Args:
            source: one statement or more.
            parameters: what ``:name`` and ``{{name}}`` stand for.
        """
        result = None
        for statement in statements(source):
            text, named = with_parameters(statement, parameters or {})
            result = names.spark().sql(text, named) if named else names.spark().sql(text)
        if result is None:
            raise ValueError("There is no statement in this command")
        return result

    @staticmethod
    def called(action: Callable[[], Any], source: str, name: str) -> Any:
        """Run what stands for a text that is no Python; its first line is in the traceback of an error."""
        remember(source, name)
        return eval(compile("action()", name, "eval"), {"action": action})  # noqa: S307  the text is this one


def with_parameters(statement: str, parameters: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return a statement with each ``{{name}}`` replaced, and the parameters that it names as ``:name``."""
    text = re.sub(r"\{\{\s*([\w.-]+)\s*\}\}", lambda found: parameters.get(found[1], found[0]), statement)
    return text, {name: value for name, value in parameters.items() if _names(name, text)}


def _names(name: str, statement: str) -> bool:
    return re.search(rf"(?<![:\w]):{re.escape(name)}\b", statement) is not None


def remember(source: str, name: str) -> None:
    """Have the lines of a text in tracebacks."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)


def statements(source: str) -> list[str]:
    """Return the statements of a SQL command, split at the semicolons outside of quotes and comments."""
    found, current, quote, index = [], "", "", 0
    while index < len(source):
        two, letter = source[index : index + 2], source[index]
        if quote:
            end = {"--": "\n", "/*": "*/"}.get(quote, quote)
            taken = two if quote not in {"--", "/*"} and letter == "\\" else source[index : index + len(end)]
            taken = taken if taken == end or letter == "\\" else letter
            quote = "" if taken == end else quote
        elif two in {"--", "/*"}:
            quote = taken = two
        elif letter in "'\"`":
            quote = taken = letter
        elif letter == ";":
            found.append(current)
            current, taken = "", letter
            index += 1
            continue
        else:
            taken = letter
        current += taken
        index += len(taken)
    return [each.strip() for each in [*found, current] if each.strip()]
