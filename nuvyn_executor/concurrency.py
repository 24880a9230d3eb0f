"""Runs several actions at the same time, where each mostly waits for Spark."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator, List, Sequence, TypeVar

T = TypeVar("T")


def at_once(*actions: Callable[[], Any], limit: int = 8) -> List[Any]:
    """Run actions at the same time, each in a thread, at most ``limit`` of them, and wait for all of them.

    Returns:
        What they returned, in order.

    Raises:
        Exception: what the first of them raised, after all have ended.
    """
    if len(actions) == 1:
        return [actions[0]()]
    with ThreadPoolExecutor(min(len(actions), limit)) as pool:
        futures = [pool.submit(_inheriting(action)) for action in actions]
    return [future.result() for future in futures]


def in_order(actions: Sequence[Callable[[], T]], limit: int) -> Iterator[T]:
    """Run actions, at most ``limit`` at the same time; yield what they return, in the order of the actions.

    With a limit of 1 the calling thread runs each when the one before has been yielded. When the caller stops
    early or an action raises, those that have not begun are not begun, and those that run are waited for.

    Raises:
        Exception: what an action raised, in its turn.
    """
    if min(limit, len(actions)) <= 1:
        yield from (action() for action in actions)
        return
    with ThreadPoolExecutor(min(limit, len(actions))) as pool:
        futures = [pool.submit(_inheriting(action)) for action in actions]
        try:
            for future in futures:
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


def _inheriting(action: Callable[[], Any]) -> Callable[[], Any]:
    """Run an action in the job group of the thread that starts it: then its Spark jobs can be cancelled."""
    if "pyspark" not in sys.modules:
        return action
    from pyspark import inheritable_thread_target  # noqa: PLC0415  there already

    try:
        inheriting: Callable[[], Any] = inheritable_thread_target(action)
    except Exception:  # noqa: BLE001  Spark Connect and guarded clusters have no context, and other groups
        return action
    return inheriting
