"""Ways that take turns, and what is made of their seconds.

Every way is gone once in every round, so that what else the machine does meets all of them alike, and is set
against :data:`BASE` of the same round. A first round warms up and is not counted.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Sequence

BASE = "Spark's own read (noop)"
Way = Callable[[], Any]
Seconds = Dict[str, List[float]]


@dataclass(frozen=True)
class Subject:
    """Data, and the ways to go through it.

    Attributes:
        title: what the data are.
        ways: what is timed, by name; the one called :data:`BASE` is what the others are set against.
    """

    title: str
    ways: Mapping[str, Way]


@dataclass(frozen=True)
class Figure:
    """Medians of one way: seconds on the clock, and how many times those of the base of the same round."""

    seconds: float
    ratio: float


def noop(frame: Any) -> None:
    """Read a DataFrame and throw it away: the least that any scan by Spark costs."""
    frame.write.format("noop").mode("overwrite").save()


def timed(ways: Mapping[str, Way], rounds: int, warm: int = 1) -> Seconds:
    """Go every way in every round.

    Args:
        ways: by name.
        rounds: how many count.
        warm: how many go before, and do not.

    Returns:
        The seconds of each way, round by round.
    """
    seconds: Seconds = {name: [] for name in ways}
    for _ in range(warm + rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begin)
    return {name: each[warm:] for name, each in seconds.items()}


def figures(seconds: Mapping[str, Sequence[float]]) -> Dict[str, Figure]:
    """Set each way's seconds against the base's of the same round, and take medians."""
    base = seconds[BASE]
    return {
        name: Figure(statistics.median(each), statistics.median(a / b for a, b in zip(each, base)))
        for name, each in seconds.items()
    }


def measured(ways: Mapping[str, Way], rounds: int) -> Dict[str, Figure]:
    """Go every way in every round; the first round is not counted."""
    return figures(timed(ways, rounds))


def show_head() -> None:
    """Print what stands above the figures."""
    print(f"{'':<58} {'seconds':>10} {'ratio':>8}")


def show(title: str, figured: Mapping[str, Figure]) -> None:
    """Print the figures of a subject."""
    print(title)
    for name, figure in figured.items():
        print(f"  {name:<56} {figure.seconds:>10.2f} {figure.ratio:>8.2f}", flush=True)
