"""The process of a context: executes commands one after the other in one namespace.

Commands come as lines of JSON on one file descriptor, results go back as lines of JSON on another; the two
arguments are their numbers.
"""

from __future__ import annotations

import ast
import json
import linecache
import os
import signal
import sys
import types
from typing import Any

from . import failures, names, supervisor
from .dbutils import NotebookExit
from .spark import Plan

MAX_RESULT = 5_000_000
"""The characters of a result."""
ROWS = 1000
"""Rows of a table that are shown, as in a notebook."""


def plain(value: Any) -> Any:
    """Return a cell as a JSON value; as text where JSON has no such type."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return str(value)


def table(frame: Any) -> dict[str, Any]:
    """Return the first rows of a DataFrame as a result."""
    rows = frame.limit(ROWS + 1).collect()
    return {
        "kind": "table",
        "schema": [[field.name, field.dataType.simpleString()] for field in frame.schema.fields],
        "data": [[plain(cell) for cell in row] for row in rows[:ROWS]],
        "truncated": len(rows) > ROWS,
    }


def shortened(text: str) -> str:
    """Return the begin of a result that is too long for the server to hold, and say what is left out."""
    left_out = len(text) - MAX_RESULT
    return text if left_out <= 0 else f"{text[:MAX_RESULT]}\n*** WARNING: skipped {left_out} characters ***"


class Repl:
    """The namespace and the counter of the commands."""

    def __init__(self) -> None:
        main = types.ModuleType("__main__")
        main.__dict__["__builtins__"] = names.LazyBuiltins()
        sys.modules["__main__"] = main
        self._names = main.__dict__
        self._count = 0

    def execute(self, source: str, language: str) -> dict[str, Any]:
        """Return the result of one command; an exception is a result too."""
        names.SHOWN.clear()
        self._count += 1
        try:
            value = self._sql(source) if language == "sql" else self._python(source)
            if language == "sql":
                return table(value)
            if names.SHOWN:
                return table(names.SHOWN[-1])
            return {"kind": "text", "data": "" if value is None else shortened(repr(value))}
        except NotebookExit as done:
            return {"kind": "text", "data": f"Notebook exited: {done.value}"}
        except BaseException as error:  # noqa: BLE001  it is the result
            return self._failure(error)

    def _sql(self, source: str) -> Any:
        result = None
        for statement in statements(source):
            result = names.spark().sql(statement)
        if result is None:
            raise ValueError("There is no statement in this command")
        return result

    def _python(self, source: str) -> Any:
        name = f"<command-{self._count}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        end = tree.body[-1] if tree.body else None
        last = end if isinstance(end, ast.Expr) else None
        if last is not None:
            tree.body.pop()
        exec(compile(tree, name, "exec", dont_inherit=True), self._names)  # noqa: S102  running it is the purpose
        if last is None:
            return None
        expression = ast.Expression(last.value)
        return eval(compile(expression, name, "eval", dont_inherit=True), self._names)  # noqa: S307  as above

    @staticmethod
    def _failure(error: BaseException) -> dict[str, Any]:
        return {
            "kind": "error",
            "summary": failures.one_line(error),
            "cause": failures.full_text(error),
            "cancelled": isinstance(error, KeyboardInterrupt),
        }


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


def main() -> None:
    """Execute commands until their descriptor is closed."""
    supervisor.watch()
    commands, results = int(sys.argv[1]), int(sys.argv[2])
    sys.argv = [""]
    sys.path[0] = ""
    os.set_inheritable(commands, False)  # noqa: FBT003  the function's form
    os.set_inheritable(results, False)  # noqa: FBT003  as above
    Plan.is_program = True
    # Below a server that a shell started in the background, SIGINT is ignored: make it an interrupt again.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    repl = Repl()
    # "replace": half of a surrogate pair in a result is no text
    sink = os.fdopen(results, "w", encoding="utf-8", errors="replace")
    with os.fdopen(commands, encoding="utf-8") as source, sink:
        while True:
            try:
                line = source.readline()
                if not line:
                    return
                command = json.loads(line)
                answer = repl.execute(command["source"], command["language"])
                sys.stdout.flush()
                sys.stderr.flush()
            except KeyboardInterrupt:  # it came between two commands: there is nothing to interrupt
                continue
            sink.write(json.dumps(answer, default=str, ensure_ascii=False) + "\n")
            sink.flush()


if __name__ == "__main__":
    main()
