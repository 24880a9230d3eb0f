"""Shows the scores of a result where a person looks at stderr; in pipes and jobs it shows nothing.

rich (extra ``terminal``) draws it; without it nothing is shown either: the result has the same figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Tuple

from nuvyn_executor.quality.dimensions import DIMENSIONS

if TYPE_CHECKING:
    from typing import TextIO

_MOST_TABLES = 40  # a screen or two; of more, those with the lowest scores
_COLOURS = {"Excellent": "green", "Good": "cyan", "Fair": "yellow", "Poor": "red"}

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
        from rich.console import Console  # noqa: PLC0415  an extra
        from rich.table import Table  # noqa: PLC0415  as above
        from rich.text import Text  # noqa: PLC0415  as above
    except ImportError:
        return
    table = Table("table", pad_edge=False, box=None, header_style="bold")
    for title in ("rows", "score"):
        table.add_column(title, justify="right")
    table.add_column("level")
    for dimension in DIMENSIONS:
        table.add_column(f"{dimension[:5]}.", justify="right")
    for name, rows, score, level, scores in lines:
        # Text is shown as it is: a name may look like rich's markup.
        coloured = Text(level, style=_COLOURS.get(level, ""))
        table.add_row(Text(name), rows, Text(score, style="bold"), coloured, *scores)
    Console(file=stream).print(table)


def score_lines(document: Mapping[str, Any]) -> List[Line]:
    """Return a line for each table of a result, the lowest scores first, and one for the whole."""
    found = _assessment(document)
    if found is None:
        return []
    datasets = sorted(found["details"]["datasets"], key=_lowest_first)[:_MOST_TABLES]
    lines = [_line(str(one["name"]), one) for one in datasets]
    together = sum(one["rows"] for one in found["details"]["datasets"])
    return [*lines, _line("all together", {**found, "rows": together})]


def _assessment(document: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    details = document.get("details") or {}
    found = details.get("quality_assessment") or document
    return found if "overall_score" in found and "datasets" in found.get("details", {}) else None


def _lowest_first(one: Mapping[str, Any]) -> Tuple[bool, float]:
    return one["overall_score"] is None, one["overall_score"] or 0.0


def _line(name: str, one: Mapping[str, Any]) -> Line:
    metrics = one["quality_metrics"]
    scores = tuple(_figure(metrics.get(dimension)) for dimension in DIMENSIONS)
    # A control character of a name would be a command for the terminal.
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return shown, f"{one['rows']:,}", _figure(one["overall_score"]), str(one["quality_level"]), scores


def _figure(score: Optional[float]) -> str:
    return "-" if score is None else f"{score:.2f}"
