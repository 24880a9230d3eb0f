"""Time and threads as a parameter, so that a test can bring its own."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from dataclasses import dataclass
from typing import Callable, Protocol

LOGGER = logging.getLogger("fake_databricks")
Cancel = Callable[[], None]
MAX_TIMERS_OF_A_MOVE = 1000


class Clock(Protocol):
    """What the fake needs of time: the current time, timers, and work in the background."""

    def now(self) -> int:
        """Return milliseconds since 1970, UTC."""

    def call_later(self, seconds: float, action: Callable[[], None]) -> Cancel:
        """Call ``action`` once after this time, unless the returned function is called first."""

    def spawn(self, action: Callable[[], None]) -> None:
        """Run ``action`` in the background."""


class TooManyTimers(Exception):  # noqa: N818  the name is what happened
    """A clock was moved over so many timers that it stopped; it shows the time of the last one."""


@dataclass
class _Timer:
    """When a timer of a movable clock is due, what it does, and the timer of the clock below."""

    due: int
    action: Callable[[], None]
    cancel: Cancel


class MovableClock:
    """A clock that shows another time than the one below it, once it was moved; it goes on from there.

    ``call_later`` counts the time that passes in truth. ``call_at`` waits for what the clock shows: moved
    over that time, it acts at once, and the clock shows that time meanwhile.
    """

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._offset = 0
        self._lock = threading.RLock()
        self._moving = threading.Lock()
        self._timers: dict[int, _Timer] = {}
        self._numbers = itertools.count()

    @property
    def offset(self) -> int:
        """How many milliseconds it is ahead of the clock below."""
        return self._offset

    def now(self) -> int:
        """Return milliseconds since 1970, UTC."""
        return self._base.now() + self._offset

    def call_later(self, seconds: float, action: Callable[[], None]) -> Cancel:
        """Call ``action`` once after this time, however the clock is moved."""
        return self._base.call_later(seconds, action)

    def call_at(self, moment: int, action: Callable[[], None]) -> Cancel:
        """Call ``action`` once when the clock shows this time; the returned function prevents it."""
        number = next(self._numbers)
        with self._lock:
            self._timers[number] = _Timer(moment, action, self._below(number, moment))
        return lambda: self._drop(number)

    def spawn(self, action: Callable[[], None]) -> None:
        """Run ``action`` in the background."""
        self._base.spawn(action)

    def move_to(self, moment: int) -> None:
        """Show another time; what is due on the way acts, each at its own time.

        Raises:
            TooManyTimers: more was due than one move may start; the clock stands at the last of it.
        """
        with self._moving:
            fired = 0
            while (timer := self._take_due(moment)) is not None:
                timer.action()
                fired += 1
                if fired >= MAX_TIMERS_OF_A_MOVE:
                    self._show(self._offset)
                    raise TooManyTimers
            self._show(moment - self._base.now())

    def move_back(self) -> None:
        """Show the time of the clock below; what was due in between acts then."""
        with self._moving:
            self._show(0)

    def _take_due(self, moment: int) -> _Timer | None:
        with self._lock:
            due = [(timer.due, number) for number, timer in self._timers.items() if timer.due <= moment]
            if not due:
                return None
            when, number = min(due)
            self._offset = max(self.now(), when) - self._base.now()
            timer = self._timers.pop(number)
        timer.cancel()
        return timer

    def _show(self, offset: int) -> None:
        with self._lock:
            self._offset = offset
            for number, timer in self._timers.items():
                timer.cancel()
                timer.cancel = self._below(number, timer.due)

    def _below(self, number: int, moment: int) -> Cancel:
        return self._base.call_later(max(0, moment - self.now()) / 1000, lambda: self._act(number))

    def _act(self, number: int) -> None:
        with self._lock:
            timer = self._timers.pop(number, None)
        if timer is not None:
            timer.action()

    def _drop(self, number: int) -> None:
        with self._lock:
            timer = self._timers.pop(number, None)
        if timer is not None:
            timer.cancel()


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
