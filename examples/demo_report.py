"""What the demo prints, as plain text of at most 100 columns. Pure."""

from __future__ import annotations

import textwrap
import unicodedata
from datetime import datetime, timezone
from typing import Any, Iterable, List, Mapping, Optional, Sequence

from nuvyn_executor.quality.dimensions import DIMENSIONS

WIDTH = 100
_NUMBER_WIDTH = 7


def heading(text: str) -> str:
    """Set a line apart."""
    return f"\n{text}\n{'-' * len(text)}"


def log_line(line: str) -> str:
    """Set a log line apart by two blanks; what does not fit goes on below."""
    return "\n".join(
        textwrap.wrap(
            line,
            WIDTH,
            initial_indent="  ",
            subsequent_indent=" " * 13,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )


def shorten(line: str, width: int = WIDTH) -> str:
    """Cut a line to a width, as a terminal counts it: wide and combining characters, too."""
    used = 0
    for index, character in enumerate(line):
        used += _cells(character)
        if used > width - 1 and _cells(line) > width:
            return line[:index] + "…"
    return line


def place_table(datasets: Mapping[str, Mapping[str, Any]], dimensions: Sequence[str]) -> str:
    """Lay out the scores of one dataset in several places: a line for each place."""
    rows = [
        [place, f"{one['rows']:,}", *[_score(one["quality_metrics"][name]) for name in dimensions]]
        for place, one in datasets.items()
    ]
    return aligned([["place", "rows", *dimensions], *rows], right=set(range(1, len(dimensions) + 2)))


def score_table(quality: Mapping[str, Any]) -> str:
    """Lay out the scores of a ``quality_assessment``: a line for each dataset, and one for the source."""
    datasets = quality["details"]["datasets"]
    together = {**quality, "name": "all together", "rows": sum(one["rows"] for one in datasets)}
    rows = [
        [
            str(one["name"]),
            f"{one['rows']:,}",
            _score(one["overall_score"]),
            str(one["quality_level"]),
            *[_score(one["quality_metrics"][name]) for name in DIMENSIONS],
        ]
        for one in (*datasets, together)
    ]
    head = ["dataset", "rows", "overall", "level", *[f"{name[:5]}." for name in DIMENSIONS]]
    return aligned([head, *rows], right={1, 2, 4, 5, 6, 7, 8, 9})


def worst_findings(quality: Mapping[str, Any], limit: int) -> str:
    """Return the reasons that cost most, each with the points it takes from the overall score."""
    findings = quality["details"]["findings"]
    lines: List[str] = []
    for one in findings[:limit]:
        start = f"{-(one['points_lost'] or 0):>{_NUMBER_WIDTH}.2f}  {one['dimension'] or '':<13}"
        lines.extend(
            textwrap.wrap(
                str(one["text"]), WIDTH, initial_indent=start, subsequent_indent=" " * len(start), max_lines=3
            )
        )
    if len(findings) > limit:
        lines.append(f"{'':{_NUMBER_WIDTH}}  and {len(findings) - limit} more in details.findings")
    return "\n".join(lines) if lines else "nothing"


def not_read(quality: Mapping[str, Any]) -> str:
    """Name what was not read, and why; empty where everything was."""
    details = quality["details"]
    lines = []
    for one in (*details["unreadable"], *details["skipped"]):
        text = f"{one['name']}: {one['reason']}. {one['remedy']}"
        lines.extend(textwrap.wrap(text, WIDTH - 2, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(lines)


def arrivals(bodies: Iterable[Mapping[str, Any]]) -> str:
    """Return what a platform received: a line for each request."""
    rows = [["tenant", "sources", "tables", "columns", "overall", *[f"{name[:5]}." for name in DIMENSIONS]]]
    for body in bodies:
        metadata, quality = body["metadata"], body["quality_metrics"]
        rows.append(
            [
                str(body["tenant_id"]),
                *[str(len(metadata[section])) for section in ("sources", "tables", "columns")],
                *[_score(quality.get(name)) for name in ("overall_score", *DIMENSIONS)],
            ]
        )
    return aligned(rows, right=set(range(1, 11)))


def query_answer(columns: Sequence[str], rows: Sequence[Sequence[Any]], limit: int) -> str:
    """Lay out the first rows of a query's answer; the widest column gives way until they fit."""
    shown = [list(columns), *[[_cell(value) for value in row] for row in rows[:limit]]]
    widths = [max(_cells(row[index]) for row in shown) for index in range(len(columns))]
    widest = widths.index(max(widths))
    room = WIDTH - (sum(widths) - widths[widest]) - 2 * (len(columns) - 1)
    for row in shown:
        row[widest] = shorten(row[widest], room)
    lines = [shorten(line) for line in aligned(shown).splitlines()]
    if len(rows) > limit:
        lines.append(f"... {len(rows) - limit} more rows")
    return "\n".join(lines)


def aligned(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Align cells in columns; the first row is the head."""
    rightwards = set(right)
    widths = [max(_cells(row[index]) for row in rows) for index in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for index, cell in enumerate(row):
            gap = " " * (widths[index] - _cells(cell))
            cells.append(gap + cell if index in rightwards else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _score(score: Optional[float]) -> str:
    return "-" if score is None else f"{score:.2f}"


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(timezone.utc):%H:%M:%S}"  # Spark hands it over as a local time
    return "" if value is None else str(value)


def _cells(text: str) -> int:
    """Count the cells of a terminal that a text takes."""
    cells = 0
    for character in text:
        if unicodedata.combining(character) or character in "\ufe0f\u200d":
            continue
        cells += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return cells
