"""The states of a run and its attempts over time, as lengths of bars. Pure."""

from __future__ import annotations

from typing import Any, Sequence

LENGTH = 1000
"""How long the drawing is; a page scales it."""
Mark = tuple[str, int]


def phases(marks: Sequence[Mark], end: int, now: int) -> list[dict[str, Any]]:
    """Return what follows what: name, begin and length of each phase, in ms.

    Args:
        marks: names with their begin; 0 is one that never began.
        end: when all ended; 0 while it goes on.
        now: the time of the workspace.
    """
    begun = [mark for mark in marks if mark[1]]
    ends = [*(begin for _, begin in begun[1:]), end or max(now, begun[-1][1] if begun else now)]
    return [
        {
            "name": name,
            "begin": begin,
            "length": max(0, stop - begin),
            "is_open": not end and stop == ends[-1],
        }
        for (name, begin), stop in zip(begun, ends, strict=False)
    ]


def bars(rows: Sequence[Sequence[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Return the bars of each row on one common scale: start and width, each with its phase's name."""
    every = [phase for row in rows for phase in row]
    first = min((phase["begin"] for phase in every), default=0)
    whole = max((phase["begin"] + phase["length"] for phase in every), default=0) - first or 1
    return [
        [
            {
                "name": phase["name"],
                "x": (phase["begin"] - first) * LENGTH // whole,
                "width": max(2, phase["length"] * LENGTH // whole),
            }
            for phase in row
        ]
        for row in rows
    ]
