"""Finds and ends all processes of a run: also those that left its process group."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

MARK = "FAKE_DATABRICKS_RUN"
"""The environment variable that marks the processes of a run; it stays when the parent process changes."""
GRACE_SECONDS = 0.7
"""The time between SIGTERM and SIGKILL; all processes must have ended within 2 s."""


def members(mark: str) -> set[int]:
    """Return the processes with the mark; empty outside of Linux, where the process group must suffice."""
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


def send(process: subprocess.Popen[bytes], mark: str, number: signal.Signals) -> None:
    """Send a signal to the process group and to all processes with the mark."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
    for pid in members(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def terminate(process: subprocess.Popen[bytes], mark: str) -> None:
    """End the tree: SIGTERM, then SIGKILL. Return when the main process has ended."""
    send(process, mark, signal.SIGTERM)
    end = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < end and (process.poll() is None or members(mark)):
        time.sleep(0.02)
    kill(process, mark)


def kill(process: subprocess.Popen[bytes], mark: str) -> None:
    """End what is left of the tree at once, with SIGKILL."""
    send(process, mark, signal.SIGKILL)
    process.wait()
