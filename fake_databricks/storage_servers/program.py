"""Start a server as a process under the supervisor, wait until it answers, end it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Mapping, TypeVar

from fake_databricks.storage_servers import supervisor

Server = TypeVar("Server")

START_SECONDS = 120.0
POLL_SECONDS = 0.05
ATTEMPTS = 3
"""A free port may be taken by another process before the server binds it."""
PORT_IS_TAKEN = "already in use"
LOG_CHARACTERS = 4000
UNPRIVILEGED_USER = "nobody"


class StartFailed(Exception):  # noqa: N818  it says what happened
    """A server that did not start, with the end of its log."""


@dataclass(frozen=True)
class Spec:
    """What the supervisor runs.

    Attributes:
        program: the server's command.
        steps: commands that end before the server starts.
        unprivileged: whether root must start it as an ordinary user.
        stop_signal: the signal for a quick and orderly end.
        environment: additional variables.
    """

    program: tuple[str, ...]
    steps: tuple[tuple[str, ...], ...] = ()
    unprivileged: bool = False
    stop_signal: int = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Program:
    """A server that was started and may not answer yet."""

    folder: Path

    def log(self) -> str:
        """Return what the server and the steps before it have printed."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / supervisor.LOG).read_text(encoding="utf-8", errors="replace")
        return ""

    def has_ended(self) -> bool:
        """Return whether the server, or a step before it, has ended by itself."""
        return (self.folder / supervisor.EXIT_CODE).exists()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def runs_as_root() -> bool:
    """Return whether this process is root's."""
    return os.geteuid() == 0


def reachable_by_others(path: Path) -> bool:
    """Return whether an ordinary user may enter a folder."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.resolve().parents))


def readable_copy(folder: Path, installed: Path) -> Path:
    """Return the installed files, or a copy in the server's folder where its user could not read them."""
    if not runs_as_root() or reachable_by_others(installed):
        return installed
    copy = folder / "installed"
    if not copy.exists():
        shutil.copytree(installed, copy, symlinks=True)
    return copy


@contextlib.contextmanager
def running(
    name: str,
    build: Callable[[Path], tuple[Spec, Callable[[Program], Server | None]]],
    seconds: float = START_SECONDS,
) -> Iterator[Server]:
    """Start a server and end it with the block.

    Args:
        name: for the folder's name and the errors.
        build: returns, for a new folder, what to run there and a function that returns the server once it
            answers, else ``None``. An ``OSError`` of that function counts as no answer.
        seconds: how long to wait for the first answer.

    Raises:
        StartFailed: the server ended, or did not answer in time.
    """
    for attempt in range(ATTEMPTS):
        with _started(name, build) as (program, ready):
            end = time.monotonic() + seconds
            server = _answer(program, ready, end)
            if server is not None:
                yield server
                return
            log = program.log()
            if attempt + 1 < ATTEMPTS and program.has_ended() and PORT_IS_TAKEN in log:
                continue
            what = "ended" if program.has_ended() else f"did not answer within {seconds:g} s"
            raise StartFailed(f"{name} {what}. The end of its log:\n{log[-LOG_CHARACTERS:]}")


def _answer(program: Program, ready: Callable[[Program], Server | None], end: float) -> Server | None:
    """Poll until the server answers, ends or the time is up."""
    while time.monotonic() < end and not program.has_ended():
        server = None
        with contextlib.suppress(OSError):
            server = ready(program)
        if server is not None and not program.has_ended():
            return server
        time.sleep(POLL_SECONDS)
    return None


@contextlib.contextmanager
def _started(
    name: str, build: Callable[[Path], tuple[Spec, Callable[[Program], Server | None]]]
) -> Iterator[tuple[Program, Callable[[Program], Server | None]]]:
    """Start the supervisor in a new folder; both are gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix=f"nuvyn-{name}-"))
    try:
        spec, ready = build(folder)
        document = _document(folder, spec)
        process = subprocess.Popen(  # noqa: S603  a program of this package
            [sys.executable, "-I", "-S", supervisor.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C ends pytest, which then ends the server
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    assert process.stdin is not None
    try:
        process.stdin.write(f"{document}\n".encode())
        process.stdin.flush()
        yield Program(folder), ready
    finally:
        process.stdin.close()
        process.wait()


def _document(folder: Path, spec: Spec) -> str:
    """Return what the supervisor reads; the folder belongs to the server's user afterwards."""
    user = group = None
    if spec.unprivileged and runs_as_root():
        import pwd  # noqa: PLC0415  there is none on Windows, where pytest loads this module too

        account = pwd.getpwnam(UNPRIVILEGED_USER)
        user, group = account.pw_uid, account.pw_gid
        os.chown(folder, user, group)
    return json.dumps(
        {
            "folder": str(folder),
            "user": user,
            "group": group,
            "steps": spec.steps,
            "program": spec.program,
            "stop_signal": int(spec.stop_signal),
            "environment": {"HOME": str(folder), **spec.environment},
        }
    )
