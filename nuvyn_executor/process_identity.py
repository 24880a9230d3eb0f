"""Identifies the process that runs a job, and checks whether the process of another run is still alive."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Liveness(Enum):
    """What this machine can tell about a process."""

    ALIVE = "alive"
    DEAD = "dead"
    UNKNOWN = "unknown"  # it runs, or ran, on another machine


@dataclass(frozen=True)
class Driver:
    """The identity of a process, which no later process shares.

    Attributes:
        machine: host name and boot; a container that was started again has another one.
        pid: process id.
        started: when the process started, in the kernel's ticks; 0 where that is not known.
    """

    machine: str
    pid: int
    started: int

    def __str__(self) -> str:
        """Return the text of ``executor_runs.driver``."""
        return f"{self.machine}:{self.pid}:{self.started}"

    def liveness_of(self, other: str) -> Liveness:
        """Return whether the process that ``other`` identifies is alive, as far as this machine can tell."""
        if other == str(self):
            return Liveness.ALIVE
        machine, _, rest = other.rpartition(":")[0].rpartition(":")
        started = other.rpartition(":")[2]
        if machine != self.machine or not rest.isdigit():
            return Liveness.UNKNOWN
        now_started = _started(int(rest))
        if now_started == 0 and _may_exist(int(rest)):
            return Liveness.UNKNOWN  # there is no /proc here, or it hides processes of other users
        return Liveness.ALIVE if str(now_started) == started else Liveness.DEAD


def this_driver() -> Driver:
    """Return the identity of this process."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    namespace = Path("/proc/self/ns/pid")
    marks = [socket.gethostname(), boot.read_text().strip() if boot.exists() else f"{uuid.getnode():x}"]
    marks += [os.readlink(namespace)] if namespace.exists() else []
    return Driver("/".join(marks).replace(":", ""), os.getpid(), _started(os.getpid()))


def _may_exist(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def _started(pid: int) -> int:
    """Return when a process started, in ticks since boot (field 22 of ``/proc/<pid>/stat``), 0 if unknown."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The second field, the command in brackets, may itself contain blanks and brackets.
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] == "Z" else int(fields[19])
