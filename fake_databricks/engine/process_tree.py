"""All processes of one run: its children, their children, and those that cut themselves loose."""

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
"""The environment variable by which a process is known as one of a run, whoever its parent is now."""
GRACE_SECONDS = 0.7
"""Between SIGTERM and SIGKILL; all must be gone within 2 s."""


def members(mark: str) -> set[int]:
    """The processes that bear the mark (Linux); empty elsewhere, where the process group has to do."""
    wanted = f"{MARK}={mark}".encode()
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        # A process may end while we look, or be somebody else's.
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0") and not is_zombie(entry):
                found.add(int(entry.name))
    return found


def is_zombie(entry: Path) -> bool:
    """Whether a process has ended and only waits for its parent to notice."""
    return (entry / "stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] == "Z"


def send(process: subprocess.Popen[bytes], mark: str, number: signal.Signals) -> None:
    """Signal the process group and all who bear the mark."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
    for pid in members(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def terminate(process: subprocess.Popen[bytes], mark: str) -> None:
    """End the tree: a polite word first, then none. Returns when the main process has ended."""
    send(process, mark, signal.SIGTERM)
    end = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < end and (process.poll() is None or members(mark)):
        time.sleep(0.02)
    kill(process, mark)


def kill(process: subprocess.Popen[bytes], mark: str) -> None:
    """End what is left of the tree at once."""
    send(process, mark, signal.SIGKILL)
    process.wait()
