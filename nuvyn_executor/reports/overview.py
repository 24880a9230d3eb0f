"""The parts of the page about the whole: scores, what they rest on, sources. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Sequence, Tuple

from nuvyn_executor.quality.dimensions import DIMENSIONS
from nuvyn_executor.reports import pictures
from nuvyn_executor.reports.figures import NOTHING, count, moment, plural, points, score, size, total_of
from nuvyn_executor.reports.markup import Content, Markup, element, joined, name
from nuvyn_executor.reports.parts import Places, badge, css_of, head_cells, scroller

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import LeftOut, Report, Scores, Source

_MOST_LEFT_OUT = 100
_MOST_WORST = 3

_UNITS = {
    "completeness": "cell",
    "accuracy": "value",
    "consistency": "value",
    "timeliness": "row",
    "validity": "value",
    "uniqueness": "row",
}
_MEANINGS = {
    "completeness": "cells that hold a value",
    "accuracy": "values that could be true",
    "consistency": "values written like their neighbours",
    "timeliness": "how recent the data is",
    "validity": "values that are what their column expects",
    "uniqueness": "rows and keys that do not repeat",
}


def section(report: Report) -> Markup:
    """Return scores, what they rest on, the sources, and what limits the figures."""
    return joined(
        [
            _notices(report.notices),
            _cards(report),
            _sources(report.sources) if len(report.sources) > 1 else None,
            _left_out(report.left_out),
        ]
    )


def _notices(notices: Sequence[str]) -> Content:
    if not notices:
        return None
    return element("ul", [element("li", one) for one in notices], class_="notices")


def _cards(report: Report) -> Markup:
    """Return the score with its dimensions; where the whole has none, what was read."""
    scores = report.scores
    if scores.overall is None and not scores.dimensions:
        inside: List[Content] = [element("h3", "What was read"), _sizes(report), _worst(report)]
        return element("div", element("div", inside, class_="card"), class_="cards")
    drawn: Content = None
    if scores.overall is not None and report.method.levels:
        label = f"{score(scores.overall)} of 100, {scores.level}"
        drawn = pictures.level_scale(scores.overall, report.method.levels, label)
    big = element("span", score(scores.overall), class_="big")
    inside = [
        element("h3", "Overall score"),
        element("p", big, " ", badge(scores.level), class_="verdict"),
        drawn,
        _sizes(report),
        _worst(report),
    ]
    return element("div", element("div", inside, class_="card"), _dimensions(report), class_="cards")


def _sizes(report: Report) -> Markup:
    facts: List[Tuple[str, str]] = [
        ("Tables", count(len(report.tables))),
        ("Columns", count(sum(len(one.columns) for one in report.tables))),
        ("Rows", count(total_of(one.rows for one in report.tables))),
        ("Files", count(total_of(one.files for one in report.sources))),
        ("Size", size(total_of(one.size_bytes for one in report.sources))),
        ("Findings", count(sum(not one.is_note for one in report.findings))),
    ]
    listed = [element("div", element("dt", term), element("dd", figure)) for term, figure in facts]
    return element("dl", listed, class_="tiles")


def _worst(report: Report) -> Content:
    """Name what costs most."""
    costly = [one for one in report.findings if one.points_lost and not one.is_note]
    worst = sorted(costly, key=lambda one: -(one.points_lost or 0.0))[:_MOST_WORST]
    if not worst:
        return None
    places = Places(report)
    lines = []
    for one in worst:
        lost = element("b", points(one.points_lost or 0.0))
        where = element("span", places.link(one.table, one.table_id, one.column))
        lines.append(element("li", lost, " ", where, element("small", one.dimension)))
    return [element("h3", "What costs most"), element("ol", lines, class_="worst")]


def _dimensions(report: Report) -> Markup:
    """Return the scores of the six dimensions; with lines over the last runs where there are two."""
    lines = {dimension: pictures.trend(report.trends[dimension]) for dimension in DIMENSIONS}
    body = [
        element(
            "tr",
            element("th", dimension.capitalize(), element("small", _meaning(dimension, report)), scope="row"),
            element("td", lines[dimension], *_score_cell(dimension, report.scores), class_="n"),
            element("td", _rests_on(dimension, report.scores), class_="n"),
        )
        for dimension in DIMENSIONS
    ]
    over_time = ", their scores in the last runs" if any(lines.values()) else ""
    table = element(
        "table",
        element("caption", f"The six dimensions{over_time}, and what each rests on"),
        head_cells("Dimension", "Score", "Rests on", numeric=("Score", "Rests on")),
        element("tbody", body),
        class_="dimensions",
    )
    return element("div", element("h3", "Dimensions"), table, class_="card wide")


def _meaning(dimension: str, report: Report) -> str:
    weight = report.method.weights.get(dimension)
    counts = f", counts {weight:g} times" if weight is not None and weight != 1 else ""
    return f"{_MEANINGS[dimension]}{counts}"


def _score_cell(dimension: str, scores: Scores) -> Tuple[Content, ...]:
    value = scores.dimensions.get(dimension)
    unknown = "not assessed" if dimension in scores.dimensions else NOTHING
    shown = score(value) if value is not None else unknown
    return element("b", shown), pictures.bar(value, css_of(value))


def _rests_on(dimension: str, scores: Scores) -> str:
    checked = scores.checked.get(dimension)
    return NOTHING if checked is None else plural(checked, _UNITS[dimension])


def _sources(sources: Sequence[Source]) -> Markup:
    body = []
    for one in sources:
        cells: List[Content] = [
            element("th", name(one.path), scope="row"),
            element("td", name(one.tenant)),
            element("td", score(one.scores.overall), class_="n"),
            element("td", badge(one.scores.level)),
            *(
                element("td", score(one.scores.dimensions.get(dimension)), class_="n")
                for dimension in DIMENSIONS
            ),
            element("td", pictures.trend(one.trend)),
            element("td", moment(one.measured_at)),
        ]
        body.append(element("tr", cells))
    short = tuple(dimension.capitalize() for dimension in DIMENSIONS)
    sortable = ("Source", "Tenant", "Score", *short, "Measured")
    table = element(
        "table",
        element("caption", "Sources, with the scores of the last run over each one alone"),
        head_cells(
            "Source",
            "Tenant",
            "Score",
            "Level",
            *short,
            "Trend",
            "Measured",
            numeric=("Score", *short),
            sortable=sortable,
        ),
        element("tbody", body),
    )
    return joined([element("h3", "Sources"), scroller(table, "Sources")])


def _left_out(left_out: Sequence[LeftOut]) -> Content:
    if not left_out:
        return None
    failed = sum(one.is_failure for one in left_out)
    ordered = sorted(left_out, key=lambda one: not one.is_failure)
    body = [
        element(
            "tr",
            element("th", name(one.name), scope="row"),
            element("td", "could not be read" if one.is_failure else "skipped"),
            element("td", one.reason),
            element("td", one.remedy),
        )
        for one in ordered[:_MOST_LEFT_OUT]
    ]
    words = f"{plural(failed, 'file or table')} could not be read" if failed else "None failed"
    words = words.replace("file or tables", "files or tables")
    others = len(left_out) - failed
    were = "was" if others == 1 else "were"
    caption = f"{words}; {others:,} {were} skipped" if others else words
    if len(left_out) > _MOST_LEFT_OUT:
        caption += f". The first {_MOST_LEFT_OUT} are listed"
    table = element(
        "table",
        element("caption", caption),
        head_cells("Name", "What happened", "Why", "What to do"),
        element("tbody", body),
    )
    return joined([element("h3", "Not in the scores"), scroller(table, "Not in the scores")])
