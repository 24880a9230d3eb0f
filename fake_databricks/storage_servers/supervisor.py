"""Run a server for as long as its parent lives; then end it and remove its folder.

Standard input is a pipe from the parent (``program.py``). Its one line is a JSON document, which may hold a
key: a parameter could be read in the list of processes. The pipe closes when the parent closes it or ends,
by SIGKILL too.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

LOG = "server.log"
EXIT_CODE = "exit_code"
"""The file that says that the server, or a step before it, has ended by itself."""
POLL_SECONDS = 0.05
GRACE_SECONDS = 5.0
"""Between the stop signal and SIGKILL."""


def parent_is_gone(seconds: float) -> bool:
    """Return whether the standard input was closed, after waiting for at most so many seconds."""
    readable, _, _ = select.select([0], [], [], seconds)
    return bool(readable) and not os.read(0, 1)


def start(command: list[str], spec: dict[str, Any], log: int) -> subprocess.Popen[bytes]:
    """Start one command in a process group of its own, as the user of the document."""
    account = {"user": spec["user"], "group": spec["group"], "extra_groups": []} if spec["user"] else {}
    return subprocess.Popen(  # noqa: S603  the command of our own parent
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=spec["folder"],
        env={**os.environ, **spec["environment"]},
        start_new_session=True,
        **account,
    )


def stop(process: subprocess.Popen[bytes], number: int) -> None:
    """End a process group: with the server's own stop signal, then with SIGKILL."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(spec: dict[str, Any], log: int) -> None:
    """Run the steps one after another, then the server, until the parent is gone."""
    exit_code = 0
    for command in [*spec["steps"], spec["program"]]:
        process = start(command, spec, log)
        try:
            while process.poll() is None:
                if parent_is_gone(POLL_SECONDS):
                    return
        finally:
            stop(process, spec["stop_signal"])
        exit_code = process.returncode
        if exit_code:
            break
    (Path(spec["folder"]) / EXIT_CODE).write_text(str(exit_code), encoding="ascii")
    while not parent_is_gone(60):
        pass  # the parent still reads the log


def read_line() -> bytes:
    """Return the line of the standard input; unlike a file object, no later byte and no end of it is read."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(0, 65536)
        if not part:
            sys.exit("the parent has ended before it said what to run")
        line += part
    return line


def main() -> None:
    """Run what the document describes; its folder is gone afterwards."""
    spec = json.loads(read_line())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with (Path(spec["folder"]) / LOG).open("ab") as log:
            run(spec, log.fileno())
    finally:
        shutil.rmtree(spec["folder"], ignore_errors=True)


if __name__ == "__main__":
    main()
