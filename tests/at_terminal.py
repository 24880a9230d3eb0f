"""A program at a terminal of its own, with a person who types; its stdout goes to a file."""

from __future__ import annotations

import codecs
import os
import pty
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[1]
_FIRST = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background hands down "ignore"
"""


@contextmanager
def at_terminal(code: str, stdout: Path, *argv: str, **environ: str) -> Iterator[AtTerminal]:
    """Run a program as :class:`AtTerminal` does; it has ended at the end."""
    command = AtTerminal(code, stdout, *argv, **environ)
    try:
        yield command
    finally:
        command.close()


class AtTerminal:
    """Runs Python code as the program in the foreground of a terminal of its own.

    Args:
        code: the program.
        stdout: the file that its stdout goes to.
        argv: its parameters.
        environ: its environment beside this one's.
    """

    def __init__(self, code: str, stdout: Path, *argv: str, **environ: str) -> None:
        self._leader, follower = pty.openpty()
        with stdout.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _FIRST + code, *argv],
                stdin=follower,
                stdout=file,
                stderr=follower,
                cwd=ROOT,
                env={**os.environ, "TERM": "xterm", "COLUMNS": "80", **environ},
                start_new_session=True,
            )
        os.close(follower)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.seen = ""
        """What the terminal has got."""

    def close(self) -> None:
        """Close the terminal, and end the program if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._leader)

    def until(self, text: str) -> None:
        """Wait until the terminal has got a text."""
        end = time.monotonic() + LONGEST
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} is not in {self.seen!r}"
            assert self._read(), f"it ended without {text!r}: {self.seen}"

    def press(self, keys: bytes) -> None:
        """Press keys: ``\\x03`` is Ctrl-C."""
        os.write(self._leader, keys)

    def end(self) -> int:
        """Wait for its end, and return its exit code; a signal is negative."""
        while self._read():
            pass
        return self.process.wait(LONGEST)

    def _read(self) -> bool:
        """Read what has come; return whether more may come."""
        readable, _, _ = select.select([self._leader], [], [], LONGEST)
        try:
            data = os.read(self._leader, 65_536) if readable else b""
        except OSError:  # so Linux says that nobody has the terminal any more
            data = b""
        self.seen = (self.seen + self._decoder.decode(data)).replace("\r\n", "\n")  # both may come in parts
        return bool(data)
