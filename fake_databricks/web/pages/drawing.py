"""Boxes and arrows as numbers for an SVG; a template writes them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Collection, Sequence

from fake_databricks.web.pages.layers import Edge, places

WIDTH, HEIGHT = 190, 46
ACROSS, DOWN = 76, 26
MARGIN = 24
LANE = 9
"""How far apart the arrows are that pass above the boxes between their ends."""
BELOW = 70
MAX_LABEL = 22
MOST_IN_THE_MIDDLE = 10
"""A column of more boxes begins at the top, and so do all: else the first box is a long way down."""
Point = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """One box: its name, what it says, and where its link leads."""

    name: str
    label: str
    note: str = ""
    tone: str = "plain"
    target: str = ""


@dataclass(frozen=True)
class Frame:
    """A frame around boxes: an arrow from it stands for one from each of them."""

    names: tuple[str, ...]
    targets: tuple[str, ...]


def draw(
    boxes: Sequence[Box],
    forward: Sequence[Edge],
    back: Sequence[Edge] = (),
    *,
    last: Collection[str] = (),
    frame: Frame | None = None,
) -> dict[str, Any]:
    """Return a drawing: arrows from left to right, and dashed ones that lead back below.

    Args:
        boxes: in the order in which they stand below each other.
        forward: pairs of names.
        back: pairs of names, which have no say in where the boxes stand.
        last: the names that stand in a column after all others.
        frame: a frame around some of the boxes.
    """
    placed = places([box.name for box in boxes], forward, last)
    far = [source for source, target in forward if placed[target][0] - placed[source][0] > 1]
    lanes = {source: MARGIN + LANE * number for number, source in enumerate(dict.fromkeys(far))}
    corners = _corners(placed, MARGIN + LANE * len(lanes) + (LANE if lanes else 0))
    bottom = max((top for _, top in corners.values()), default=0) + HEIGHT + DOWN
    paths = [
        _path(_forward(corners[source], corners[target], lanes[source] if _is_far(placed, edge) else None))
        for edge in forward
        for source, target in (edge,)
    ]
    paths += [
        _path(_back(corners[source], corners[target], bottom + 12 * (number % 4)), is_back=True)
        for number, (source, target) in enumerate(back)
    ]
    framed = _frame([corners[name] for name in frame.names], bottom) if frame else None
    if frame and framed:
        edge_of_frame = (framed["x"] + framed["width"] - WIDTH, framed["y"] + framed["height"] - HEIGHT)
        paths += [_path(_forward(edge_of_frame, corners[target])) for target in frame.targets]
    return {
        "width": 2 * MARGIN + max((left for left, _ in corners.values()), default=0) + WIDTH,
        "height": bottom + (BELOW if back else 0),
        "boxes": [_view(box, *corners[box.name]) for box in boxes],
        "paths": paths,
        "frame": framed,
    }


def _is_far(placed: dict[str, Point], edge: Edge) -> bool:
    return placed[edge[1]][0] - placed[edge[0]][0] > 1


def _corners(placed: dict[str, Point], top: int) -> dict[str, Point]:
    """Return the upper left corner of each box; a column stands in the middle of one that is not too high."""
    columns = [column for column, _ in placed.values()]
    most = max((columns.count(column) for column in columns), default=0)
    step = HEIGHT + DOWN
    middle = most if most <= MOST_IN_THE_MIDDLE else 0
    return {
        name: (
            MARGIN + column * (WIDTH + ACROSS),
            top + max(0, middle - columns.count(column)) * step // 2 + row * step,
        )
        for name, (column, row) in placed.items()
    }


def _view(box: Box, left: int, top: int) -> dict[str, Any]:
    label = box.label if len(box.label) <= MAX_LABEL else box.label[: MAX_LABEL - 1] + "…"
    return {
        "x": left,
        "y": top,
        "width": WIDTH,
        "height": HEIGHT,
        "middle": left + WIDTH // 2,
        "first": top + (20 if box.note else 28),
        "second": top + 37,
        "title": box.label,
        "label": label,
        "note": box.note,
        "tone": box.tone,
        "target": box.target,
    }


def _frame(corners: Sequence[Point], bottom: int) -> dict[str, int]:
    pad = MARGIN // 2
    left, top = min(x for x, _ in corners) - pad, min(y for _, y in corners) - pad
    right = max(x for x, _ in corners) + WIDTH + pad
    return {"x": left, "y": top, "width": right - left, "height": bottom - DOWN + pad - top}


def _path(d: str, *, is_back: bool = False) -> dict[str, Any]:
    return {"d": d, "is_back": is_back}


def _forward(source: Point, target: Point, lane: int | None = None) -> str:
    """Return a curve to the right; one that passes other columns runs above them, in its lane."""
    x1, y1 = source[0] + WIDTH, source[1] + HEIGHT // 2
    x2, y2 = target[0] - 6, target[1] + HEIGHT // 2
    if lane is None:
        bend = max(20, (x2 - x1) // 2)
        return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    up, down = f"{x1 + 26} {lane} {x1 + ACROSS} {lane}", f"{x2 - 26} {lane} {x2 - 50} {y2}"
    return f"M{x1} {y1}C{x1 + 50} {y1} {up}H{x2 - ACROSS + 6}C{down} {x2} {y2}"


def _back(source: Point, target: Point, below: int) -> str:
    x1, y1 = source[0] + WIDTH // 2, source[1] + HEIGHT
    x2, y2 = target[0] + WIDTH // 2, target[1] + HEIGHT + 6
    return f"M{x1} {y1}C{x1} {below + 40} {x2} {below + 40} {x2} {y2}"
