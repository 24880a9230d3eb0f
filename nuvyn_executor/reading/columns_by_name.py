"""Columns of files that do not all have the same ones. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

MOST_NAMED = 100


def union_of(parts: Iterable[Sequence[str]]) -> Tuple[str, ...]:
    """Return all column names, in the order in which they first occur; one that a part has twice, twice."""
    names: List[str] = []
    most: Counter[str] = Counter()
    for part in parts:
        seen: Counter[str] = Counter()
        for name in part:
            seen[name] += 1
            if seen[name] > most[name]:
                most[name] += 1
                names.append(name)
    return tuple(names)


def places_of(columns: Sequence[str], names: Sequence[str]) -> Tuple[Optional[int], ...]:
    """Return where each column is among some names; ``None`` where it is not."""
    where: Dict[str, List[int]] = {}
    for index, name in enumerate(names):
        where.setdefault(name, []).append(index)
    return tuple(where[name].pop(0) if where.get(name) else None for name in columns)


def missing_columns(files: Sequence[Tuple[str, Sequence[str]]]) -> List[Dict[str, Any]]:
    """Return which columns some files do not have, for ``tables.details``.

    Args:
        files: the name of each file, and those of its columns.

    Returns:
        Up to 100 columns, in the order in which they first occur: ``column``, in how many files it is missing
        (``missing_in``, of ``of``), and the ``first`` of these.
    """
    held = Counter(name for _, names in files for name in set(names))
    return [
        {
            "column": column,
            "missing_in": len(files) - held[column],
            "of": len(files),
            "first": next(file for file, names in files if column not in names),
        }
        for column in dict.fromkeys(name for _, names in files for name in names)
        if held[column] < len(files)
    ][:MOST_NAMED]
