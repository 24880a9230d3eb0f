"""How deep a JSON value is nested. For the server, too."""

from __future__ import annotations

from typing import Any

MAX_VALUE = 100
"""The levels of a task value."""
MAX_REPORT = 400
"""The levels of what a process reports; a function of the server that calls itself for each fails at 480."""


def depth_of(value: Any) -> int:
    """Return how many lists and objects lie in each other at most; 0 for any other value."""
    level, depth = [value], 0
    while level := [item for item in level if isinstance(item, (dict, list))]:
        depth += 1
        level = [part for item in level for part in (item.values() if isinstance(item, dict) else item)]
    return depth
