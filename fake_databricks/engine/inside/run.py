"""Runs one program as ``python file`` would, or one notebook, and reports how it ended.

The process is started before there is a program to run: the interpreter comes up and imports pyspark while
nobody waits. Then a line of JSON comes on stdin and names the program (``TaskOrder`` in ``engine/task.py``).
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH105, PTH120, PTH123
from __future__ import annotations

import json
import os
import select
import sys
import types
from typing import Any

from . import displays, failures, startup, supervisor
from .names import LazyBuiltins
from .run_context import RunContext
from .spark import Plan
from .workflows import NotebookExit

PRELOADED = ("py4j.java_gateway", "pyspark", "pyspark.sql")
"""What Spark programs import first; imported while nobody waits."""


def preload() -> None:
    """Import the preloaded modules until an order comes."""
    for name in PRELOADED:
        if select.select([0], [], [], 0)[0]:
            return
        try:
            __import__(name)
        except ImportError:
            return


def read_order() -> dict[str, Any]:
    """Return the order; end the process where stdin ends without one."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(0, 65536)
        if not chunk:
            os._exit(0)
        line += chunk
    supervisor.empty_input()
    order: dict[str, Any] = json.loads(line)
    return order


def apply(order: dict[str, Any]) -> None:
    """Take on the environment, the working folder and the arguments of the order."""
    os.environ.clear()
    os.environ.update(order["env"])
    startup.install_once()
    Plan.is_program = True
    RunContext.take(order)
    os.chdir(order["cwd"])
    sys.argv = [order["notebook"] or order["file"], *order["argv"]]
    sys.path[0] = os.path.dirname(order["file"])


def execute(file: str) -> None:
    """Run the program or notebook as ``__main__``."""
    with open(file, "rb") as source:
        text = source.read()
    if RunContext.notebook:
        from .notebook import Notebook  # noqa: PLC0415  a program does without

        Notebook(RunContext.notebook).run(text)
        return
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=file, __builtins__=LazyBuiltins())
    sys.modules["__main__"] = main
    exec(compile(text, file, "exec", dont_inherit=True), main.__dict__)  # noqa: S102  running it is the purpose


def is_success(code: object) -> bool:
    """Whether ``sys.exit(code)`` ends a program well: with nothing, or with the integer 0."""
    return code is None or (isinstance(code, int) and code == 0)


def report_of(error: BaseException | None) -> dict[str, Any]:
    """Return how the program ended; print what ``python`` would print then."""
    report: dict[str, Any] = {
        "used_spark": Plan.attached,
        "exit_code": 0,
        "error": None,
        "error_trace": None,
        "notebook_result": None,
        "task_values": RunContext.new_values,
        "displays": displays.SHOWN.take(),
    }
    if isinstance(error, NotebookExit):
        report["notebook_result"] = error.value
        return report
    if error is None or (isinstance(error, SystemExit) and is_success(error.code)):
        return report
    trace = failures.without_own_frames(error.__traceback__)
    error.__traceback__ = trace
    report["exit_code"] = 1
    if isinstance(error, SystemExit):
        if isinstance(error.code, int):
            report["exit_code"] = error.code & 0xFF or 1  # 256 must not become the 0 of a success
        else:
            print(error.code, file=sys.stderr)  # noqa: T201  as python does
    else:
        show(error, trace)
    report["error"] = failures.one_line(error)
    report["error_trace"] = failures.full_text(error)
    return report


def show(error: BaseException, trace: types.TracebackType | None) -> None:
    """Print the traceback with the names of a cluster; a hook of the program prints its own."""
    has_hook = sys.excepthook is not sys.__excepthook__
    if has_hook or sys.stderr is None or getattr(sys.stderr, "closed", False):
        sys.excepthook(type(error), error, trace)
    else:
        sys.stderr.write(failures.full_text(error))


def main() -> None:
    """Wait for an order, run the program, write the report, and exit with the program's code."""
    supervisor.watch(keeps_input=True)
    if "--preload" in sys.argv:
        preload()
    order = read_order()
    failure: BaseException | None = None
    try:
        apply(order)
        execute(order["file"])
    except BaseException as error:  # noqa: BLE001  it becomes the report
        failure = error
    report = report_of(failure)
    sys.stdout.flush()
    part = order["report"] + ".part"
    with open(part, "w", encoding="utf-8", errors="replace") as file:  # half of a surrogate pair is no text
        json.dump(report, file, ensure_ascii=False)
    os.replace(part, order["report"])
    sys.exit(report["exit_code"])


if __name__ == "__main__":
    main()
