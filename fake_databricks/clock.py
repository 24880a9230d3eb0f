"""Time and threads as a parameter, so that a test can bring its own."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import Callable, Protocol

LOGGER = logging.getLogger("fake_databricks")
Cancel = Callable[[], None]


class Clock(Protocol):
    """What the fake needs of time: the current time, timers, and work in the background."""

    def now(self) -> int:
        """Return milliseconds since 1970, UTC."""

    def call_later(self, seconds: float, action: Callable[[], None]) -> Cancel:
        """Call ``action`` once after this time, unless the returned function is called first."""

    def spawn(self, action: Callable[[], None]) -> None:
        """Run ``action`` in the background."""


class SystemClock:
    """The time of this machine; one thread serves all timers, each spawned action has a thread of its own."""

    def __init__(self) -> None:
        self._timers: list[tuple[float, int, dict[str, Callable[[], None]]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def now(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return time.time_ns() // 1_000_000

    def call_later(self, seconds: float, action: Callable[[], None]) -> Cancel:
        """Call ``action`` on the thread of the timers; it must be short."""
        entry = {"action": action}
        with self._changed:
            heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), entry))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fake-databricks-timers", daemon=True)
                self._thread.start()
            self._changed.notify()
        return entry.clear

    def spawn(self, action: Callable[[], None]) -> None:
        """Run ``action`` in a thread that ends with the program."""
        threading.Thread(target=action, name="fake-databricks-worker", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._timers:
                    self._changed.wait()
                due = self._timers[0][0] - time.monotonic()
                if due > 0:
                    self._changed.wait(due)
                    continue
                entry = heapq.heappop(self._timers)[2]
            action = entry.get("action")
            if action is not None:
                try:
                    action()
                except Exception:
                    LOGGER.exception("A timer failed")  # the other timers must still be heard
