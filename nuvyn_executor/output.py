"""stdout carries what a command answers, and nothing else."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import Iterator, List

from nuvyn_executor.errors import ExecutorError

_kept: List[int] = []  # stdout, while programs that start inherit stderr in its place


@contextmanager
def programs_write_to_stderr() -> Iterator[None]:
    """Let a Java that starts meanwhile inherit stderr as its stdout.

    Java writes warnings of its own to stdout (``CodeCache is full``), whatever Spark's logging is set to.
    """
    try:
        stdout = os.dup(1)
    except OSError:  # this process has none
        yield
        return
    try:
        with suppress(OSError):
            os.dup2(2, 1)
        _kept.append(stdout)
        yield
    finally:
        _kept.remove(stdout)
        os.dup2(stdout, 1)
        os.close(stdout)


def write_stdout(text: str, remedy: str) -> None:
    """Write a text to stdout, in UTF-8.

    Args:
        text: what to write.
        remedy: what to do where that is not possible.

    Raises:
        ExecutorError: stdout cannot be written: its disk is full, or its reader has ended.
    """
    if sys.stdout is None:  # this process has none
        return
    for stdout in _kept:  # Ctrl-C, while Java starts
        os.dup2(stdout, 1)
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        raise ExecutorError(f"stdout cannot be written: {error.strerror or error}.", remedy) from error


def write_utf8() -> None:
    """Write UTF-8 whatever the locale: emoji and names in any script reach every terminal and pipe."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    if sys.stderr is None:  # a program may be started without one
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  for as long as this process
