"""Ends a command at once when a person presses Ctrl-C.

Python's own way is an exception in whatever call is under way. py4j takes it for a broken connection, the
pools of threads wait for the scans that run, and Spark, when it is stopped, tells of each job at length.
And a handler of Python's waits until the main thread is back from a call into C. So a thread is told of the
signal as soon as it comes, by the file that Python writes to for that (``signal.set_wakeup_fd``).
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterator

EXIT_CODE = 130
"""What shells say of a program that Ctrl-C has ended."""

_LONGEST = 10.0  # seconds for Spark to stop


@contextmanager
def ended_by_interrupt(last_words: Callable[[], int]) -> Iterator[None]:
    """Let Ctrl-C end this process meanwhile. A second one ends it without last words.

    A program that has a handler of its own, or ignores Ctrl-C (``nohup``), keeps to that.

    Args:
        last_words: says what there is to say, in another thread than the main one, and returns the exit code.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    ending = _Ending(last_words)
    reader, writer = socket.socketpair()
    writer.settimeout(0)
    watcher = threading.Thread(target=_watch, args=(reader, ending), daemon=True)
    watcher.start()
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, lambda *_: None)  # Python writes to the file only where there is a handler
    try:
        yield
    except KeyboardInterrupt:  # pyspark has a handler of its own while it starts
        ending.begin()
    finally:
        ending.wait()  # whatever has come of the call that was under way, this ends the process
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.set_wakeup_fd(wakeup)
        writer.close()
        watcher.join()
        reader.close()
        ending.wait()  # it came just now
        signal.signal(signal.SIGINT, signal.default_int_handler)


def stopped() -> int:
    """Print that Ctrl-C has ended a command that stores nothing. Return the exit code."""
    print("Ctrl-C has ended it.", file=sys.stderr)  # noqa: T201  one sentence for a person
    return EXIT_CODE


class _Ending:
    """The end of this process, which begins once."""

    def __init__(self, last_words: Callable[[], int]) -> None:
        # Not the main thread: it may hold what last words need, such as the lock of a stream.
        self._thread = threading.Thread(target=_end, args=(last_words,), daemon=True)
        self._lock = threading.Lock()
        self._has_begun = False

    def begin(self) -> None:
        """Begin it, unless it has begun."""
        with self._lock:
            if not self._has_begun:
                self._has_begun = True
                self._thread.start()

    def wait(self) -> None:
        """Do not return, if it has begun."""
        if self._has_begun:
            self._thread.join()


def _watch(reader: socket.socket, ending: _Ending) -> None:
    """Begin the end at the first Ctrl-C, and end at the second, until there is no more to be read."""
    presses = 0
    for number in iter(lambda: reader.recv(1), b""):
        presses += number[0] == signal.SIGINT
        if presses:
            ending.begin()
        if presses > 1:
            os._exit(EXIT_CODE)


def _end(last_words: Callable[[], int]) -> None:
    logging.disable(logging.CRITICAL)  # what breaks from now on breaks because of this
    code = EXIT_CODE
    try:
        code = last_words()
        stopper = threading.Thread(target=_stop_spark, daemon=True)
        stopper.start()
        stopper.join(_LONGEST)
    finally:
        os._exit(code)  # threads that wait for Spark are not waited for


def _stop_spark() -> None:
    pyspark: Any = sys.modules.get("pyspark")
    context: Any = getattr(getattr(pyspark, "SparkContext", None), "_active_spark_context", None)
    with suppress(Exception):  # py4j has many errors for a Java that has ended
        context.setLogLevel("OFF")
        java: Any = getattr(context, "_jvm").java  # noqa: B009  pyspark has no public name for it
        java.lang.System.setErr(java.io.PrintStream(os.devnull))  # Scala prints there what comes too late
        context.stop()
