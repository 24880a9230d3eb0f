"""Shows the scores of a result where a person looks at stderr; in pipes and jobs it shows nothing.

rich (extra ``terminal``) draws them; without it a line says so, and the result has the same figures.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Tuple

from nuvyn_executor.log import one_line
from nuvyn_executor.model import RunStatus
from nuvyn_executor.progress import columns_of, obeys
from nuvyn_executor.quality.dimensions import DIMENSIONS

if TYPE_CHECKING:
    from typing import TextIO

_MOST_TABLES = 40  # a screen or two; of more, those with the lowest scores
_NAME = 20  # so many columns of a name are worth more than any column but the score
_COLOURS = {"Excellent": "green", "Good": "cyan", "Fair": "yellow", "Poor": "red"}
_WITHOUT_RICH = "To see the scores as a table here: pip install rich"
_TITLES = ("table", "rows", "score", "level", *(f"{dimension[:5]}." for dimension in DIMENSIONS))
_FIRST = (("score",), _TITLES[4:], ("level",), ("rows",))
"""What a terminal shows beside the names, as far as it is wide enough; what says most comes first."""

Line = Tuple[str, str, str, str, Tuple[str, ...]]
"""A table's name, its rows, its score, its level, and its score in each dimension."""


def show_scores(document: Mapping[str, Any], stream: TextIO) -> None:
    """Show the scores of the result of a job on a terminal.

    Args:
        document: the result; one without scores shows nothing.
        stream: a terminal, or anything else, on which nothing is shown.
    """
    lines = score_lines(document) if stream.isatty() else []
    if not lines:
        return
    try:
        from rich.cells import cell_len  # noqa: PLC0415  an extra
        from rich.console import Console  # noqa: PLC0415  as above
        from rich.table import Table  # noqa: PLC0415  as above
        from rich.text import Text  # noqa: PLC0415  as above
    except ImportError:
        print(_WITHOUT_RICH, file=stream)
        return
    width = columns_of(stream)
    widths = {
        title: max(map(cell_len, (title, *cells))) for title, cells in zip(_TITLES, zip(*map(_cells, lines)))
    }
    titles = fitting(widths, width)
    gap = 2 if sum(widths[title] + 2 for title in titles) - 2 <= width else 1
    table = Table(padding=(0, gap, 0, 0), pad_edge=False, box=None, header_style="bold")
    for title in titles:
        if title == _TITLES[0]:
            table.add_column(title, overflow="fold")
        else:
            justify = "left" if title == "level" else "right"
            table.add_column(title, justify=justify, no_wrap=True, min_width=widths[title])
    for line in lines:
        cells = dict(zip(_TITLES, _cells(line)))
        styles = {"score": "bold", "level": _COLOURS.get(cells["level"], "")}
        # Text is shown as it is: a name may look like rich's markup.
        table.add_row(*(Text(cells[title], style=styles.get(title, "")) for title in titles))
    colours = "auto" if obeys(os.environ.get("TERM", "")) else None
    # Without a height rich takes the width of a dumb terminal for 80.
    console = Console(file=stream, width=width, height=len(lines), color_system=colours)
    console.print(table)
    for note in notes(document):
        console.print(Text(note))


def fitting(widths: Mapping[str, int], width: int) -> Tuple[str, ...]:
    """Return the titles of the columns that a terminal is wide enough for, in their order.

    Args:
        widths: how wide the column of each title is.
        width: of the terminal.
    """
    name = _TITLES[0]
    room = width - min(widths[name], _NAME)
    chosen = {name}
    for titles in _FIRST:
        needed = sum(widths[title] + 1 for title in titles)
        if needed <= room or titles == _FIRST[0]:
            chosen.update(titles)
            room -= needed
    return tuple(title for title in _TITLES if title in chosen)


def score_lines(document: Mapping[str, Any]) -> List[Line]:
    """Return a line for each table of a result, the lowest scores first, and one for the whole."""
    found = _assessment(document)
    if found is None:
        return []
    datasets = sorted(found["details"]["datasets"], key=_lowest_first)[:_MOST_TABLES]
    lines = [_line(str(one["name"]), one) for one in datasets]
    together = sum(one["rows"] for one in found["details"]["datasets"])
    return [*lines, _line("all together", {**found, "rows": together})]


def notes(document: Mapping[str, Any]) -> List[str]:
    """Return what a person should know who sees only the table: what is not in it."""
    found = _assessment(document)
    if found is None:
        return []
    details = found["details"]
    tables, unreadable = len(details["datasets"]), len(details.get("unreadable", ()))
    sources = details.get("sources", ())
    failed = sum(one["status"] == RunStatus.FAILED.value for one in sources)
    said = {
        f"{_MOST_TABLES} of {tables:,} tables, those with the lowest scores": tables > _MOST_TABLES,
        f"could not be read: {unreadable:,} files or tables, see the warnings above": unreadable,
        f"could not be read: {failed:,} of {len(sources):,} sources, see the warnings above": failed,
    }
    return [f"({note})" for note, is_so in said.items() if is_so]


def _assessment(document: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    details = document.get("details") or {}
    found = details.get("quality_assessment") or document
    return found if "overall_score" in found and "datasets" in found.get("details", {}) else None


def _lowest_first(one: Mapping[str, Any]) -> Tuple[bool, float]:
    return one["overall_score"] is None, one["overall_score"] or 0.0


def _line(name: str, one: Mapping[str, Any]) -> Line:
    metrics = one["quality_metrics"]
    scores = tuple(_figure(metrics.get(dimension)) for dimension in DIMENSIONS)
    # Control characters would be commands for the terminal, and of others it does not know the width.
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in one_line(name))
    return shown, f"{one['rows']:,}", _figure(one["overall_score"]), str(one["quality_level"]), scores


def _cells(line: Line) -> Tuple[str, ...]:
    return (*line[:4], *line[4])


def _figure(score: Optional[float]) -> str:
    return "-" if score is None else f"{score:.2f}"
