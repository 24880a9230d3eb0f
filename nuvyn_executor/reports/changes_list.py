"""Scores over time, and what is different since the run before. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from nuvyn_executor.quality.dimensions import DIMENSIONS
from nuvyn_executor.reports import pictures
from nuvyn_executor.reports.figures import NOTHING, count, moment, score, signed, signed_share
from nuvyn_executor.reports.markup import Content, Markup, element, joined, name
from nuvyn_executor.reports.parts import Places, head_cells, scroller

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Change, Report

_MOST_CHANGES = 100
_KINDS = {
    "new table": "New table",
    "gone table": "Gone table",
    "new column": "New column",
    "gone column": "Gone column",
    "type": "Type",
    "rows": "Rows",
    "score": "Score",
}


def section(report: Report) -> Markup:
    """Return scores over time, and what is different since the run before."""
    parts: List[Content] = []
    if len(report.history) > 1:
        drawn = pictures.scores_over_time(report.history, report.method.levels)
        parts += [element("h3", "Scores over time"), scroller(drawn, "Scores over time"), _runs(report)]
    if report.compared is not None:
        before, after = report.compared
        parts.append(element("h3", "Since the run before"))
        parts.append(
            element("p", "The run of ", moment(after), " compared with that of ", moment(before), ".")
        )
    if report.changes:
        parts.append(_changes(report))
    elif report.compared is not None:
        parts.append(
            element("p", "No table or column came, went or changed its type; rows and scores are the same.")
        )
    if not parts:
        return element("p", "Changes are shown as soon as two runs have scores.")
    return joined(parts)


def _runs(report: Report) -> Markup:
    body = []
    for one in reversed(report.history):
        values = [one.scores.dimensions.get(dimension) for dimension in DIMENSIONS]
        body.append(
            element(
                "tr",
                element("th", moment(one.at), element("small", f"{one.job}, {one.status}"), scope="row"),
                element("td", score(one.scores.overall), class_="n"),
                *(element("td", score(value), class_="n") for value in values),
                element("td", count(one.tables), class_="n"),
                element("td", count(one.rows), class_="n"),
                element("td", one.formula_version or NOTHING),
            )
        )
    short = tuple(dimension.capitalize() for dimension in DIMENSIONS)
    table = element(
        "table",
        element("caption", "The runs of the picture, the newest first"),
        head_cells(
            "Started",
            "Score",
            *short,
            "Tables",
            "Rows",
            "Formula",
            numeric=("Score", *short, "Tables", "Rows"),
        ),
        element("tbody", body),
        class_="runs",
    )
    return scroller(table, "Runs")


def _changes(report: Report) -> Markup:
    shown = report.changes[:_MOST_CHANGES]
    places = Places(report)
    body = [element("tr", _change_cells(one, places)) for one in shown]
    caption = "What is different"
    if len(report.changes) > len(shown):
        caption += f": the first {len(shown)} of {len(report.changes):,}"
    table = element(
        "table",
        element("caption", caption),
        head_cells(
            "What",
            "Where",
            "Before",
            "After",
            "Difference",
            numeric=("Before", "After", "Difference"),
            sortable=("What", "Where", "Difference"),
        ),
        element("tbody", body),
    )
    return scroller(table, "Changes")


def _change_cells(one: Change, places: Places) -> Content:
    difference = NOTHING
    if one.difference is not None:
        difference = signed_share(one.difference) if one.kind == "rows" else signed(one.difference)
    css = {"new": "came", "gone": "went"}.get(one.kind.split(" ")[0])
    return [
        element("td", element("span", _KINDS[one.kind], class_=f"tag {css or ''}".strip())),
        element("th", places.link(one.table, one.table_id, one.column), scope="row"),
        element("td", name(one.before) if one.before else NOTHING, class_="n"),
        element("td", name(one.after) if one.after else NOTHING, class_="n"),
        element("td", difference, class_="n", data_v=one.difference if one.difference is not None else 0),
    ]
