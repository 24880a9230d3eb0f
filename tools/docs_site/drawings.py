"""Draws the Mermaid blocks of pages as SVG, so that the site needs no script from elsewhere.

Knows what ``tools/draw_diagrams.py`` writes, and refuses everything else.
"""

from __future__ import annotations

import re
from html import escape
from textwrap import wrap
from typing import NamedTuple, Sequence

from fake_databricks.web.pages.drawing import Box, draw

_BLOCK = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_STEP = re.compile(r"(\S+) --> (\S+?)(?:: (\w+))?")
_MESSAGE = re.compile(r"(\w+)(-?-)>>(\w+): (.+)")
_ENDS = "[*]"
COLUMN, LINE, HEAD, SIDE = 420, 34, 40, 250
WIDEST, WIDEST_FIELDS = 100, 34


class Step(NamedTuple):
    """An arrow of a state diagram."""

    source: str
    target: str
    event: str | None


class UnknownDiagramError(ValueError):
    """A block has a line that is not drawn here; the message has the line."""


def with_pictures(text: str) -> str:
    """Return a page with a picture in the place of each Mermaid block."""
    return _BLOCK.sub(lambda block: drawing(block.group(1)), text)


def drawing(text: str) -> str:
    """Return the picture of one block, and a table of what a state diagram says on its arrows.

    Raises:
        UnknownDiagramError: the block is not what ``tools/draw_diagrams.py`` writes.
    """
    kind, *lines = (line.strip() for line in text.splitlines())
    if kind == "stateDiagram-v2":
        return _states(lines)
    if kind == "sequenceDiagram":
        return _sequence(lines)
    raise UnknownDiagramError(kind)


def _states(lines: Sequence[str]) -> str:
    steps = []
    for line in lines:
        step = _STEP.fullmatch(line)
        if step is None:
            raise UnknownDiagramError(line)
        steps.append(Step(*step.groups()))
    names = list(dict.fromkeys(name for step in steps for name in (step.source, step.target)))
    names.remove(_ENDS)
    table = _table(names, steps)
    if any(step.event for step in steps):
        return table  # with an event at each arrow it says more than a picture
    first = {step.target for step in steps if step.source == _ENDS}
    last = {step.source for step in steps if step.target == _ENDS}
    boxes = [
        Box(name, name, "may be the first" if name in first else "the end" if name in last else "")
        for name in names
    ]
    edges = [(step.source, step.target) for step in steps if _ENDS not in (step.source, step.target)]
    found = draw(boxes, edges, last=sorted(last))
    parts = [f'<path d="{path["d"]}" class="arrow"/>' for path in found["paths"]]
    for box in found["boxes"]:
        parts += [
            f'<rect x="{box["x"]}" y="{box["y"]}" width="{box["width"]}" height="{box["height"]}" rx="8"/>',
            _text(box["middle"], box["first"], box["label"]),
            _text(box["middle"], box["second"], box["note"], "note"),
        ]
    label = "States, and what may follow each of them"
    return f"{_svg(found['width'], found['height'], label, parts)}\n\n{table}"


def _table(names: Sequence[str], steps: Sequence[Step]) -> str:
    """Return what may follow each state."""
    rows = []
    for name in names:
        after: dict[str, list[str]] = {}
        for step in steps:
            if step.source == name and step.target != _ENDS:
                after.setdefault(step.target, []).extend([f"`{step.event}`"] if step.event else [])
        words = [
            f"`{target}`" + (f" ({', '.join(events)})" if events else "") for target, events in after.items()
        ]
        rows.append(f"| `{name}` | {', '.join(words) or 'nothing: the end'} |")
    return "\n".join(["| state | what may follow |", "|---|---|", *rows])


def _sequence(lines: Sequence[str]) -> str:
    picture = _Sequence()
    for line in lines:
        picture.add(line)
    return picture.svg()


class _Sequence:
    """A picture of messages that grows downwards, line by line."""

    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._heads: list[str] = []
        self._parts: list[str] = []
        self._frames: list[int] = []
        self._y = HEAD + LINE

    def add(self, line: str) -> None:
        """Draw one line of the block."""
        word, _, rest = line.partition(" ")
        message = _MESSAGE.fullmatch(line)
        if message is not None:
            source, dash, target, text = message.groups()
            self._message(self._columns[source], self._columns[target], text, is_answer=dash == "--")
        elif word == "participant":
            name, _, title = rest.partition(" as ")
            self._columns[name] = SIDE + COLUMN * len(self._columns)
            self._heads.append(title)
        elif word in ("loop", "alt"):
            self._frames.append(self._y - LINE // 2)
            self._words(rest)
        elif word == "else":
            self._parts.append(f'<path d="M20 {self._y - LINE // 2}H{self._width - 20}" class="parted"/>')
            self._words(rest)
        elif word == "end":
            top = self._frames.pop()
            size = f'width="{self._width - 24}" height="{self._y - LINE // 3 - top}"'
            self._parts.append(f'<rect x="12" y="{top}" {size} rx="8" class="frame"/>')
            self._y += LINE // 2
        elif word == "Note":
            self._parts.append(_text(40, self._y, rest.partition(": ")[2], "note start"))
            self._y += LINE
        else:
            raise UnknownDiagramError(line)

    def _words(self, text: str) -> None:
        for line in wrap(text, WIDEST):
            self._parts.append(_text(28, self._y + 6, line, "start"))
            self._y += LINE
        self._y += LINE // 2

    def _message(self, x1: int, x2: int, text: str, *, is_answer: bool) -> None:
        end = x2 - 7 if x2 > x1 else x2 + 7
        name, _, fields = text.partition(" (")
        self._parts.append(f'<path d="M{x1} {self._y}H{end}" class="arrow{" answer" if is_answer else ""}"/>')
        self._parts.append(_text((x1 + x2) // 2, self._y - 8, name))
        lines = wrap(fields.rstrip(")"), WIDEST_FIELDS)
        for number, line in enumerate(lines):
            self._parts.append(_text(max(x1, x2) + 12, self._y + 4 + 17 * number, line, "note start"))
        self._y += LINE + 17 * max(0, len(lines) - 1)

    @property
    def _width(self) -> int:
        return 2 * SIDE + COLUMN * (len(self._columns) - 1)

    def svg(self) -> str:
        """Return the picture."""
        shown = []
        for title, x in zip(self._heads, self._columns.values()):
            shown.append(f'<path d="M{x} {HEAD}V{self._y}" class="life"/>')
            shown.append(f'<rect x="{x - 95}" y="4" width="190" height="{HEAD - 4}" rx="8"/>')
            shown.append(_text(x, HEAD - 13, title))
        label = "Who sends what to whom, from top to bottom"
        return _svg(self._width, self._y + 8, label, [*shown, *self._parts])


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'


def _svg(width: int, height: int, label: str, parts: Sequence[str]) -> str:
    box = f'viewBox="0 0 {width} {height}" style="min-width: {width // 2}px"'
    head = f'<svg {box} role="img" aria-label="{label}">'
    arrow = (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="8" markerHeight="8"'
        ' orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker></defs>'
    )
    return f'<div class="drawing" tabindex="0">{head}{arrow}{"".join(parts)}</svg></div>'
