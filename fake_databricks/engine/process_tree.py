"""Starts programs so that nothing of them outlives them or this server, and ends them.

Each program has a process of its own that watches it (``inside/supervisor.py``): the process that this module
starts, and whose standard input it keeps open. A program that kills that process is still found by its mark.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine.inside import supervisor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MARK = "FAKE_DATABRICKS_RUN"
"""The environment variable that marks the processes of a run."""
END_SECONDS = supervisor.GRACE_SECONDS + 0.3
"""How long a watching process may take to end after SIGTERM; then its pipe is closed."""
LOST_SECONDS = supervisor.KILL_SECONDS + 2.0
"""How long it may take after that; then it is killed itself."""


def watched(command: Sequence[str], *, holds_input: bool = False) -> list[str]:
    """Return a command that watches a command.

    Args:
        command: the program and its arguments.
        holds_input: whether its standard input stays open and empty; else it ends at once.
    """
    option = [supervisor.HOLD_INPUT] if holds_input else []
    return [sys.executable, "-I", "-S", str(supervisor.__file__), *option, *command]


def start(
    command: Sequence[str],
    env: Mapping[str, str],
    cwd: str | Path,
    *,
    output: int = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a process that watches itself, with both streams in one output."""
    return subprocess.Popen(  # noqa: S603  our own command, or what a user asked for
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=tuple(pass_fds),
        env=env,
        cwd=cwd,
        start_new_session=True,
    )


def members(mark: str) -> set[int]:
    """Return the processes with the mark in their environment; empty where there is no ``/proc``."""
    wanted = f"{MARK}={mark}".encode()
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        # A process may end meanwhile, or belong to another user.
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and not is_zombie(entry):
                found.add(int(entry.name))
    return found


def is_zombie(entry: Path) -> bool:
    """Whether a process has ended and only waits for its parent."""
    return (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] == "Z"


def terminate(process: subprocess.Popen[bytes], mark: str) -> None:
    """End a program and all that it started: SIGTERM, then SIGKILL. Return when they have ended."""
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    kill(process, mark)


def kill(process: subprocess.Popen[bytes], mark: str = "") -> None:
    """End a program and all that it started at once, with SIGKILL."""
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(LOST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if mark and process.returncode == -signal.SIGKILL:  # perhaps the watching process itself was killed
        for pid in members(mark):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
