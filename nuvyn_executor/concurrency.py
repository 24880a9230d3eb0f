"""Runs several actions at the same time, where each mostly waits for Spark."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator, List, Sequence, TypeVar

T = TypeVar("T")

# The first Spark that wants the session, whose tags a thread inherits; it warns of an action alone.
_WITH_SESSION = 4


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
    from pyspark import __version__, inheritable_thread_target  # noqa: PLC0415  there already

    try:
        if not (is_remote() or int(__version__.split(".", maxsplit=1)[0]) >= _WITH_SESSION):
            return inheritable_thread_target(action)  # type: ignore[no-any-return]
        session = running_session()
        return action if session is None else inheritable_thread_target(session)(action)
    except Exception:  # noqa: BLE001  guarded clusters have no context, and Connect before Spark 3.5 no way
        return action


def is_remote() -> bool:
    """Whether sessions of this process are those of Spark Connect."""
    from pyspark.sql import utils  # noqa: PLC0415  as above

    return bool(getattr(utils, "is_remote", bool)())  # came with Spark 3.4


def running_session() -> Any:
    """Return Spark's session of this thread or else of this process; ``None`` where there is none.

    The active session is one of the thread that made it; a program may run a job in another.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415  as above

    names = ("_instantiatedSession", "_default_session")  # of Java, and of Connect
    ours = (getattr(SparkSession, name, None) for name in names)
    return SparkSession.getActiveSession() or next((one for one in ours if one is not None), None)
