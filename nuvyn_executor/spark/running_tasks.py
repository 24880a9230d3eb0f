"""How far Spark is with what it does just now."""

from __future__ import annotations

from typing import Any, Optional, Tuple


def running_tasks(spark: Any) -> Optional[Tuple[int, int]]:
    """Return how many tasks of Spark's running stages are done, and how many there are.

    Returns:
        ``None`` where nothing runs, or where Spark does not say (Spark Connect, a session that was stopped).
    """
    try:
        tracker = spark.sparkContext.statusTracker()
        stages = [tracker.getStageInfo(one) for one in tracker.getActiveStageIds()]
    except Exception:  # noqa: BLE001  errors of Java and of Connect have no common class
        return None
    running = [one for one in stages if one is not None]  # one may have ended since
    done, tasks = (sum(getattr(one, name) for one in running) for name in ("numCompletedTasks", "numTasks"))
    return (done, tasks) if running else None
