"""Let a program clean up when it is ended by SIGTERM, as it does after Ctrl-C."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import Iterator


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` at SIGTERM, for the length of a ``with``; in the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
