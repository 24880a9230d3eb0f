"""Which names a path with wildcards matches, level by level (``*``, ``?``, ``[..]``, ``**``). Pure."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import FrozenSet, Set, Tuple

_WILDCARD = re.compile(r"[*?\[]")

Levels = FrozenSet[int]
"""Which patterns the children of a folder may match, by index; the number of patterns: everything below."""


class GlobLevels:
    """One pattern for each level below a folder; ``**`` stands for any number of levels.

    Args:
        patterns: of the levels; none: everything matches.
    """

    def __init__(self, patterns: Tuple[str, ...]) -> None:
        self._patterns = patterns

    @property
    def top(self) -> Levels:
        """What the children of the folder itself may match."""
        return self._closure({0})

    def below(self, levels: Levels, name: str) -> Levels:
        """Return what the children of a folder of this name may match; nothing when it matches nothing."""
        end = len(self._patterns)
        reached: Set[int] = set()
        for index in levels:
            if index == end:
                reached.add(end)
            elif self._patterns[index] == "**":
                reached.add(index)
            elif fnmatchcase(name, self._patterns[index]):
                reached.add(index + 1)
        return self._closure(reached)

    def is_matched(self, levels: Levels) -> bool:
        """Whether all patterns are matched, so that a file of this name is one that was asked for."""
        return len(self._patterns) in levels

    def _closure(self, reached: Set[int]) -> Levels:
        """Add what ``**`` allows: no level at all."""
        for index, pattern in enumerate(self._patterns):
            if index in reached and pattern == "**":
                reached.add(index + 1)
        return frozenset(reached)


def split_at_wildcard(key: str) -> Tuple[str, Tuple[str, ...]]:
    """Split at the first level that has a wildcard: the folder to start at, and one pattern a level."""
    parts = key.split("/")
    first = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), None)
    if first is None:
        return key, ()
    return "/".join(parts[:first]), tuple(part for part in parts[first:] if part)
