"""Ends a command at once when a person presses Ctrl-C.

Python's own way is an exception in whatever call is under way. py4j takes it for a broken connection, the
pools of threads wait for the scans that run, and Spark, when it is stopped, tells of each job at length.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from typing import Any, Callable, Iterator, List

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

    ending: List[threading.Thread] = []

    def end(*_: object) -> None:
        # Not here: the main thread may hold what last words need, such as the lock of a stream.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        ending.append(threading.Thread(target=_end, args=(last_words,), daemon=True))
        ending[0].start()

    signal.signal(signal.SIGINT, end)
    try:
        yield
    except KeyboardInterrupt:  # pyspark has a handler of its own while it starts
        _end(last_words)
    finally:
        for thread in ending:  # whatever has come of the call that was under way, this ends the process
            thread.join()
        signal.signal(signal.SIGINT, signal.default_int_handler)


def stopped() -> int:
    """Print that Ctrl-C has ended a command that stores nothing. Return the exit code."""
    print("Ctrl-C has ended it.", file=sys.stderr)  # noqa: T201  one sentence for a person
    return EXIT_CODE


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
        context.stop()
