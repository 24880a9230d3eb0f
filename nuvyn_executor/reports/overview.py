"""The parts of the page about the whole: scores, findings, changes, method. Pure."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional, Sequence, Set, Tuple

from nuvyn_executor.reports import pictures
from nuvyn_executor.reports.contents import (
    DIMENSIONS,
    Change,
    Finding,
    LeftOut,
    Method,
    Report,
    Scores,
    Source,
)
from nuvyn_executor.reports.figures import NOTHING, count, moment, plural, score, share, signed, size
from nuvyn_executor.reports.markup import Content, Markup, element, joined, name

Anchors = Mapping[Optional[str], str]
"""The anchor of a table's section by its id."""

MOST_FINDINGS = 200
_MOST_CHANGES = 100
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
_KINDS = {
    "new table": "New table",
    "gone table": "Gone table",
    "new column": "New column",
    "gone column": "Gone column",
    "type": "Type",
    "rows": "Rows",
    "score": "Score",
}


def badge(level: str) -> Markup:
    """Return the name of a level in its colour."""
    return element("span", level, class_=f"badge {level.lower()}")


def scroller(table: Markup, label: str) -> Markup:
    """Let a wide table scroll by itself, also by keyboard."""
    return element("div", table, class_="scroll", tabindex=0, role="group", aria_label=label)


def head_cells(*titles: str, numeric: Tuple[str, ...] = (), sortable: Tuple[str, ...] = ()) -> Markup:
    """Return the head of a table; the script makes buttons of the titles that sort."""
    cells = []
    for title in titles:
        css = "n" if title in numeric else None
        cells.append(element("th", title, scope="col", class_=css, data_sort=title in sortable))
    return element("thead", element("tr", cells))


def section(report: Report) -> Markup:
    """Return scores, what they rest on, the sources, and what limits the figures."""
    return joined(
        [
            _notices(report.notices),
            element("div", _verdict(report), _dimensions(report), class_="cards"),
            _sources(report.sources) if len(report.sources) > 1 else None,
            _left_out(report.left_out),
        ]
    )


def _notices(notices: Sequence[str]) -> Content:
    if not notices:
        return None
    return element("ul", [element("li", one) for one in notices], class_="notices")


def _verdict(report: Report) -> Markup:
    scores = report.scores
    cuts = report.method.levels
    drawn: Content = None
    if scores.overall is not None and cuts:
        label = f"{score(scores.overall)} of 100, {scores.level}"
        drawn = pictures.level_scale(scores.overall, cuts, label)
    rows = [one.rows for one in report.tables if one.rows is not None]
    facts: List[Tuple[str, Content]] = [
        ("Tables", count(len(report.tables))),
        ("Columns", count(sum(len(one.columns) for one in report.tables))),
        ("Rows", count(sum(rows)) if rows else NOTHING),
        ("Files", count(sum(one.files or 0 for one in report.sources))),
        ("Size", size(sum(one.size_bytes or 0 for one in report.sources))),
        ("Findings", count(sum(not one.is_note for one in report.findings))),
    ]
    listed = [element("div", element("dt", term), element("dd", figure)) for term, figure in facts]
    return element(
        "div",
        element("h3", "Overall score"),
        element(
            "p",
            element("span", score(scores.overall), class_="big"),
            " ",
            badge(scores.level),
            class_="verdict",
        ),
        drawn,
        element("dl", listed, class_="tiles"),
        _worst(report),
        class_="card",
    )


def _worst(report: Report) -> Content:
    """Name what costs most."""
    worst = [one for one in report.findings if one.points_lost and not one.is_note][:_MOST_WORST]
    if not worst:
        return None
    lines = []
    for one in worst:
        where = ".".join(filter(None, (one.table, one.column)))
        lost = element("b", signed(-(one.points_lost or 0.0)))
        lines.append(element("li", lost, " ", name(where), element("small", one.dimension)))
    return [element("h3", "What costs most"), element("ol", lines, class_="worst")]


def _dimensions(report: Report) -> Markup:
    scores = report.scores
    body = [
        element("tr", _dimension_cells(dimension, scores, report.method.weights)) for dimension in DIMENSIONS
    ]
    table = element(
        "table",
        element("caption", "The six dimensions, and what each rests on"),
        head_cells("Dimension", "Score", "Rests on", numeric=("Score", "Rests on")),
        element("tbody", body),
        class_="dimensions",
    )
    return element("div", element("h3", "Dimensions"), table, class_="card wide")


def _dimension_cells(dimension: str, scores: Scores, weights: Mapping[str, float]) -> Content:
    value = scores.dimensions.get(dimension)
    weight = weights.get(dimension)
    twice = f", counts {weight:g} times" if weight is not None and weight != 1 else ""
    checked = scores.checked.get(dimension)
    rests = NOTHING if checked is None else plural(checked, _UNITS[dimension])
    shown = (
        score(value) if value is not None else ("not assessed" if dimension in scores.dimensions else NOTHING)
    )
    return [
        element(
            "th", dimension.capitalize(), element("small", f"{_MEANINGS[dimension]}{twice}"), scope="row"
        ),
        element("td", element("b", shown), pictures.bar(value, css_of(value)), class_="n"),
        element("td", rests, class_="n"),
    ]


def css_of(value: Optional[float]) -> str:
    """Return the class of a bar: how low a score is."""
    if value is None:
        return ""
    return "high" if value >= 90 else "middle" if value >= 75 else "low"  # noqa: PLR2004  the cuts of the levels


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
            element("td", moment(one.updated_at)),
        ]
        body.append(element("tr", cells))
    short = tuple(dimension.capitalize() for dimension in DIMENSIONS)
    sortable = ("Source", "Tenant", "Score", *short, "Measured")
    table = element(
        "table",
        element("caption", "Sources, with the scores of each one's last run"),
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
    caption = f"{words}; {others} of other kinds were skipped" if others else words
    if len(left_out) > _MOST_LEFT_OUT:
        caption += f". The first {_MOST_LEFT_OUT} are listed"
    table = element(
        "table",
        element("caption", caption),
        head_cells("Name", "What happened", "Why", "What to do"),
        element("tbody", body),
    )
    return joined([element("h3", "Not in the scores"), scroller(table, "Not in the scores")])


def findings_section(report: Report) -> Markup:
    """Return the findings by points lost."""
    if not report.findings:
        return element("p", "There are no findings.")
    shown = report.findings[:MOST_FINDINGS]
    most = max((one.points_lost or 0.0 for one in shown), default=0.0)
    anchors: Dict[Optional[str], str] = {one.table_id: one.anchor for one in report.tables}
    linked: Set[Tuple[Optional[str], str]] = {
        (one.table_id, column.name) for one in report.tables for column in one.columns
    }
    body = [
        element("tr", _finding_cells(one, most, anchors, linked), class_="note" if one.is_note else None)
        for one in shown
    ]
    what = "the overall score of its source" if report.are_points_of_each_source else "the overall score"
    caption = f"Findings by the points that they take from {what}"
    if len(report.findings) > len(shown):
        caption += f": the first {len(shown)} of {len(report.findings):,}. Each table lists its own"
    table = element(
        "table",
        element("caption", caption),
        head_cells(
            "Points lost",
            "Where",
            "What was found",
            "How many",
            "Dimension",
            "What to do",
            numeric=("Points lost", "How many"),
            sortable=("Points lost", "Where", "How many", "Dimension"),
        ),
        element("tbody", body),
        class_="findings",
    )
    return scroller(table, "Findings")


def _finding_cells(
    one: Finding, most: float, anchors: Anchors, linked: Set[Tuple[Optional[str], str]]
) -> Content:
    lost = one.points_lost
    points: Content = NOTHING
    if lost is not None and not one.is_note:
        points = [
            f"{lost:.2f}" if lost >= 0.005 or not lost else "<0.01",  # noqa: PLR2004  what rounds to nothing
            pictures.bar(100 * lost / most if most else 0, "lost"),
        ]
    many = NOTHING if one.of is None or one.dimension is None else f"{one.count or 0:,} of {one.of:,}"
    small = element("small", share(one.count or 0, one.of)) if one.of and one.dimension else None
    return [
        element("td", points, class_="n", data_v=lost if lost is not None else -1),
        element("th", place(one, anchors, linked), scope="row"),
        element("td", sentence(one.what)),
        element("td", many, small, class_="n", data_v=one.count or 0),
        element("td", (one.dimension or "note" if one.is_note else one.dimension or "doubt").capitalize()),
        element("td", sentence(one.remedy)),
    ]


def sentence(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def place(one: Finding, anchors: Anchors, linked: Set[Tuple[Optional[str], str]]) -> Content:
    """Return where a finding is, with a link to the table or the column where the page has it."""
    if one.table is None:
        return "everywhere"
    anchor = anchors.get(one.table_id)
    table = name(one.table)
    shown = element("a", table, href=f"#{anchor}") if anchor else table
    if one.column is None:
        return shown
    column = name(one.column)
    if anchor and (one.table_id, one.column) in linked:
        column = element("a", column, href=f"#{anchor}-columns")
    return [shown, element("span", ".", class_="dot-sign"), column]


def changes_section(report: Report) -> Markup:
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
        return element("p", "There is one run yet: the next one shows what changes.")
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
    anchors: Dict[Optional[str], str] = {one.table_id: one.anchor for one in report.tables}
    body = [element("tr", _change_cells(one, anchors)) for one in shown]
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


def _change_cells(one: Change, anchors: Anchors) -> Content:
    where = Finding(one.source_id, one.table, one.column, one.table_id, None, None, None, None, "", "")
    linked = {(one.table_id, one.column or "")} if not one.kind.startswith("gone") else set()
    difference = NOTHING
    if one.difference is not None:
        difference = f"{signed(100 * one.difference, 1)} %" if one.kind == "rows" else signed(one.difference)
    css = {"new table": "came", "new column": "came", "gone table": "went", "gone column": "went"}.get(
        one.kind
    )
    return [
        element("td", element("span", _KINDS[one.kind], class_=f"tag {css or ''}".strip())),
        element("th", place(where, anchors, linked), scope="row"),
        element("td", name(one.before) if one.before else NOTHING, class_="n"),
        element("td", name(one.after) if one.after else NOTHING, class_="n"),
        element("td", difference, class_="n", data_v=one.difference if one.difference is not None else 0),
    ]


def method_section(report: Report) -> Markup:
    """Return what the figures rest on."""
    method, tables = report.method, report.tables
    engines = sorted({one.measured.engine for one in tables if one.measured.engine})
    sampled = sum(one.measured.is_sampled for one in tables)
    approximate = sum(one.measured.is_approximate for one in tables)
    deviation = max((one.measured.rsd or 0.0 for one in tables), default=0.0)
    contracts = sum(one.measured.contract is not None for one in tables)
    weights = ", ".join(f"{key} {value:g}" for key, value in method.weights.items())
    levels = ", ".join(f"{key} from {value:g}" for key, value in method.levels.items() if value)
    estimated = (
        f"estimated in {plural(approximate, 'table')} (standard deviation up to {100 * deviation:.1f} %)"
    )
    rows: List[Tuple[str, Content]] = [
        (
            "Run",
            [element("code", method.run_id), ", ", element("code", method.job), ", ", moment(method.at)]
            if method.run_id
            else "none has scores of the whole",
        ),
        ("Executor version", method.executor_version or NOTHING),
        ("Formula version", [method.formula_version or NOTHING, " (scores of two versions do not compare)"]),
        ("Counted by", ", ".join(engines) or NOTHING),
        ("Rows counted", f"a sample in {sampled} of {plural(len(tables), 'table')}" if sampled else "all"),
        ("Different values", estimated if approximate else "counted exactly"),
        ("Weights", weights or NOTHING),
        ("Levels", f"{levels}, else Poor" if levels else NOTHING),
        ("Timeliness", _pace(method)),
        ("Data contracts", f"applied to {plural(contracts, 'table')}" if contracts else "none"),
    ]
    listed = [element("div", element("dt", term), element("dd", content)) for term, content in rows]
    explained = element(
        "p",
        "Accuracy is plausibility: nothing is compared with the real world. One bad value may cost points in "
        "two dimensions. A dash means: not assessed, or not stored.",
    )
    return element("div", element("dl", listed, class_="pairs"), explained, class_="card")


def _pace(method: Method) -> str:
    """Say how fast data age."""
    if method.grace_hours is None or method.half_life_days is None:
        return NOTHING
    return f"full for {method.grace_hours:g} hours, then halved every {method.half_life_days:g} days"
