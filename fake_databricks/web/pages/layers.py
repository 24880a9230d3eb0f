"""Where the boxes of a drawing stand: each in the column after all that lead to it. Pure."""

from __future__ import annotations

from typing import Collection, Sequence

Edge = tuple[str, str]


def places(
    nodes: Sequence[str], edges: Sequence[Edge], last: Collection[str] = ()
) -> dict[str, tuple[int, int]]:
    """Return column and row of each node, in the order of the nodes.

    Args:
        nodes: names, each once.
        edges: pairs of names that lead forward; in a circle they end after one round.
        last: the names that stand in a column after all others.
    """
    column = dict.fromkeys(nodes, 0)
    for _ in nodes:
        before = dict(column)
        for source, target in edges:
            column[target] = min(max(column[target], column[source] + 1), len(nodes) - 1)
        if column == before:
            break
    others = [found for node, found in column.items() if node not in last]
    column.update(dict.fromkeys(last, max(others, default=-1) + 1))
    rows: dict[int, int] = {}
    found = {}
    for node in nodes:
        row = rows.get(column[node], 0)
        rows[column[node]] = row + 1
        found[node] = (column[node], row)
    return found
