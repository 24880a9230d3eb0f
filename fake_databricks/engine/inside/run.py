"""Runs one program as ``python file`` would, and reports how it ended.

It is started before there is a program to run: the interpreter comes up and pyspark is imported meanwhile.
Then one line of JSON comes on stdin and says everything (``TaskOrder`` in ``engine/task.py``).
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH105, PTH120, PTH123
from __future__ import annotations

import json
import os
import select
import sys
import traceback
import types
from typing import Any

from . import startup

PRELOADED = ("py4j.java_gateway", "pyspark", "pyspark.sql")
"""Imported while nobody waits; what Spark programs import first."""


def preload() -> None:
    """Import ahead until an order comes."""
    for name in PRELOADED:
        if select.select([0], [], [], 0)[0]:
            return
        try:
            __import__(name)
        except ImportError:
            return


def read_order() -> dict[str, Any]:
    """The order; ends the process when there will be none."""
    line = b""
    while not line.endswith(b"\n"):
        chunk = os.read(0, 65536)
        if not chunk:
            os._exit(0)
        line += chunk
    startup.die_with_server()
    order: dict[str, Any] = json.loads(line)
    return order


def obey(order: dict[str, Any]) -> None:
    """Take on the order's environment, working folder and arguments."""
    os.environ.clear()
    os.environ.update(order["env"])
    startup.install_once()
    os.chdir(order["cwd"])
    sys.argv = [order["file"], *order["argv"]]
    sys.path[0] = os.path.dirname(order["file"]) if order["command"] is None else ""


def execute(order: dict[str, Any]) -> None:
    """Run the program as ``__main__``."""
    from .names import LazyBuiltins  # noqa: PLC0415  after the environment is set

    if order["command"] is None:
        with open(order["file"], "rb") as file:
            source: str | bytes = file.read()
    else:
        source = order["command"]
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=order["file"], __builtins__=LazyBuiltins())
    sys.modules["__main__"] = main
    exec(compile(source, order["file"], "exec", dont_inherit=True), main.__dict__)  # noqa: S102  it is what we are for


def verdict(error: BaseException | None) -> dict[str, Any]:
    """What to report of how the program ended; prints what ``python`` would."""
    from .dbutils import NotebookExit  # noqa: PLC0415  after the environment is set
    from .spark import Plan  # noqa: PLC0415  as above

    report: dict[str, Any] = {
        "used_spark": Plan.attached,
        "exit_code": 0,
        "error": None,
        "error_trace": None,
        "notebook_result": None,
    }
    if isinstance(error, NotebookExit):
        report["notebook_result"] = error.value
        return report
    if error is None or (isinstance(error, SystemExit) and error.code in {None, 0}):
        return report
    trace = startup.own_frames_left_out(error.__traceback__)
    error.__traceback__ = trace
    report["exit_code"] = 1
    if isinstance(error, SystemExit):
        if isinstance(error.code, int):
            report["exit_code"] = error.code & 0xFF
        else:
            print(error.code, file=sys.stderr)  # noqa: T201  as python does
    else:
        sys.excepthook(type(error), error, trace)
    report["error"] = startup.one_line(error)
    report["error_trace"] = "".join(traceback.format_exception(type(error), error, trace))
    return report


def main() -> None:
    """Wait for an order, run it, write the report, and end as the program did."""
    if "--preload" in sys.argv:
        preload()
    order = read_order()
    failure: BaseException | None = None
    try:
        obey(order)
        execute(order)
    except BaseException as error:  # noqa: BLE001  it is told, below
        failure = error
    report = verdict(failure)
    sys.stdout.flush()
    part = order["report"] + ".part"
    with open(part, "w", encoding="utf-8", errors="backslashreplace") as file:
        json.dump(report, file)
    os.replace(part, order["report"])
    sys.exit(report["exit_code"])


if __name__ == "__main__":
    main()
