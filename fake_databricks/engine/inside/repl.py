"""The process of a context: executes commands one after the other in one namespace.

Commands come as lines of JSON on one file descriptor, results go back as lines of JSON on another; the two
arguments are their numbers.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import Any

from . import displays, failures, names, supervisor
from .cells import Namespace
from .spark import Plan
from .workflows import NotebookExit

MAX_RESULT = 5_000_000
"""The characters of a result."""


def shortened(text: str) -> str:
    """Return the begin of a result that is too long for the server to hold, and say what is left out."""
    left_out = len(text) - MAX_RESULT
    return text if left_out <= 0 else f"{text[:MAX_RESULT]}\n*** WARNING: skipped {left_out} characters ***"


class Repl:
    """The namespace and the counter of the commands."""

    def __init__(self) -> None:
        self._namespace = Namespace()
        self._count = 0

    def execute(self, source: str, language: str) -> dict[str, Any]:
        """Return the result of one command, with what it has shown; an exception is a result too."""
        displays.SHOWN.take()
        self._count += 1
        try:
            result = self._run(source, language)
        except NotebookExit as done:
            result = {"kind": "text", "data": f"Notebook exited: {done.value}"}
        except BaseException as error:  # noqa: BLE001  it is the result
            result = self._failure(error)
        return {**result, "displays": displays.SHOWN.take()}

    def _run(self, source: str, language: str) -> dict[str, Any]:
        """Return the last table that was shown, else all HTML and the last value as one text."""
        if language == "sql":
            table = displays.table(self._namespace.sql(source))
            displays.SHOWN.shown.append(table)
            return table
        value = self._namespace.python(source, f"<command-{self._count}>")
        is_drawn = names.draw(value)
        own = displays.SHOWN.own()
        tables = [display for display in own if display["kind"] == "table"]
        if tables:
            return tables[-1]
        texts = [display["data"] for display in own if display["kind"] == "html"]
        texts += [] if value is None or is_drawn else [repr(value)]
        return {"kind": "text", "data": shortened("\n".join(texts))}

    @staticmethod
    def _failure(error: BaseException) -> dict[str, Any]:
        return {
            "kind": "error",
            "summary": failures.one_line(error),
            "cause": failures.full_text(error),
            "cancelled": isinstance(error, KeyboardInterrupt),
        }


def _flush() -> None:
    """Write what commands have printed; one may have closed or replaced a stream."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()


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
                _flush()
            except KeyboardInterrupt:  # it came between two commands: there is nothing to interrupt
                continue
            sink.write(json.dumps(answer, default=str, ensure_ascii=False) + "\n")
            sink.flush()


if __name__ == "__main__":
    main()
