"""Waits and bounds on time that hold on a busy machine, too."""

from __future__ import annotations

import time
from typing import Callable, List

LONGEST = 120.0
"""Seconds after which something is broken and not only slow; less than the time-out of a test."""
PAUSE = 0.02
"""Seconds between two looks: who looks without a pause takes the processor from what it waits for."""
_TRIES = 5


def until(is_so: Callable[[], object], seconds: float = LONGEST, pause: float = PAUSE) -> None:
    """Wait until something is so; AssertionError after ``seconds``."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"it was not so after {seconds:g} s"
        time.sleep(pause)


def takes_less_than(seconds: float, attempt: Callable[[], float]) -> None:
    """Hold that something takes less than so many seconds.

    Other programs on the machine make it slower and never faster. So the quickest of a few attempts counts,
    and the first that is quick enough is the last.

    Args:
        seconds: the bound.
        attempt: does it, holds what else is claimed, and returns the seconds that it took.
    """
    taken: List[float] = []
    while not taken or taken[-1] >= seconds:
        assert len(taken) < _TRIES, f"all of {taken} s are {seconds:g} s or more"
        taken.append(attempt())
