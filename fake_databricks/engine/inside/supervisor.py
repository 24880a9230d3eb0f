"""Watches one program and everything that it starts, and ends all of it with the program or with the server.

The server holds the other end of this process's standard input: it closes when the server lets go of the
program, and when the server ends in whatever way, by SIGKILL too. On Linux this process is a child subreaper:
a process whose parent has ended becomes its child, in whatever session and with whatever environment. So
nothing of the program is left when it has no child left. Elsewhere the process group of the program is ended.

SIGTERM asks all processes to end, and kills those that are left after a grace. SIGINT goes to the program
alone. This process ends as the program did: with its exit code or by the same signal.
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH123, PTH208
from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

GRACE_SECONDS = 0.7
"""The time between SIGTERM and SIGKILL; all processes must have ended within 2 s."""
KILL_SECONDS = 3.0
"""How long to wait for processes that SIGKILL does not end at once."""
HOLD_INPUT = "--hold-input"
"""Before a command: its standard input stays open and empty until this process ends."""
PR_SET_CHILD_SUBREAPER = 36
HEARD = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)
INPUT = 0


def watch(*, keeps_input: bool = False) -> None:
    """Fork: return in the child, which is the program; the parent watches it and does not return.

    Args:
        keeps_input: whether the child reads the pipe from the server; else its standard input is empty.
    """
    adopt_orphans()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    program = os.fork()
    if program:
        try:
            status = watched(program)
        except BaseException:  # noqa: BLE001  nothing may go on in this process but its end
            os._exit(1)
        end_as(status)
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if not keeps_input:
        empty_input()


def adopt_orphans() -> None:
    """Become a child subreaper, where there is such a thing."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # noqa: PLC0415  2 ms that other systems need not spend

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def empty_input() -> None:
    """Let the standard input be empty."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, INPUT)
    os.close(nothing)


def watched(program: int) -> int:
    """Wait until the program and all that it started have ended, and see to it; return its wait status."""
    wake, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    for number in HEARD:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    poll = select.poll()
    poll.register(wake, select.POLLIN)
    poll.register(INPUT, 0)  # without an event: that its other end is closed is told anyway
    with contextlib.suppress(
        AttributeError, OSError
    ):  # Linux 5.3; a child of the server may hold that end open
        poll.register(os.pidfd_open(os.getppid()), select.POLLIN)
    status: int | None = None
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        ready = dict(poll.poll(left))
        signals = os.read(wake, 64) if wake in ready else b""
        status, is_any_left = reap(program, status)
        if not is_any_left:
            break
        if signal.SIGTERM in signals and deadline is None:
            deadline = time.monotonic() + GRACE_SECONDS
            send(program, signal.SIGTERM)
        if signal.SIGINT in signals and status is None:
            os.kill(program, signal.SIGINT)
        is_late = deadline is not None and time.monotonic() >= deadline
        if ready.keys() - {wake} or is_late or (status is not None and deadline is None):
            status = kill(program, status)
            break
    return signal.SIGKILL if status is None else status


def reap(program: int, status: int | None) -> tuple[int | None, bool]:
    """Take note of ended children; return the program's wait status, and whether any child is left."""
    while True:
        try:
            child, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status, False
        if not child:
            return status, True
        if child == program:
            status = ended


def kill(program: int, status: int | None) -> int | None:
    """Kill until no child is left; return the program's wait status."""
    end = time.monotonic() + KILL_SECONDS
    is_any_left = True
    while is_any_left and time.monotonic() < end:
        send(program, signal.SIGKILL)
        time.sleep(0.001)
        status, is_any_left = reap(program, status)
    return status


def send(program: int, number: int) -> None:
    """Send a signal to all that the program has started; without ``/proc``, to its process group."""
    if os.path.isdir("/proc/self"):  # noqa: PTH112  pathlib would be imported for nothing
        for pid in descendants(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, number)
        return
    for target in (program, -program):
        with contextlib.suppress(OSError):
            os.kill(target, number)


def descendants(root: int) -> list[int]:
    """Return the processes below a process, parents first."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                with open(f"/proc/{name}/stat", "rb") as file:
                    parent = int(file.read().rpartition(b")")[2].split()[1])
                children.setdefault(parent, []).append(int(name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found[1:]


def end_as(status: int) -> None:
    """End this process as a process with this wait status has ended."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        import resource  # noqa: PLC0415  most programs end without a signal

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the program has written its own
        if -code not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


def main(arguments: list[str]) -> None:
    """Watch a command."""
    holds_input = arguments[:1] == [HOLD_INPUT]
    held = os.pipe() if holds_input else None
    watch()
    if held:
        os.dup2(held[0], INPUT)  # the other end, which no program inherits, stays with the parent alone
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)  # which Python ignores
    command = arguments[1:] if holds_input else arguments
    try:
        os.execvp(command[0], command)  # noqa: S606  the command of the server
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        os._exit(127)


if __name__ == "__main__":
    main(sys.argv[1:])
