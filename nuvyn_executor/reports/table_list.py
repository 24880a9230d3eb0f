"""The list of tables: sortable, searchable, with a small picture for each question. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional

from nuvyn_executor.reports import pictures
from nuvyn_executor.reports.figures import count, day, plural, score, size
from nuvyn_executor.reports.markup import Content, Markup, element, joined, name
from nuvyn_executor.reports.parts import badge, css_of, head_cells, names_of_sources, scroller

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Report, Table

_SORTABLE = ("Table", "Score", "Findings", "Rows", "Columns", "Timeliness", "Newest file")
_NUMERIC = ("Score", "Findings", "Rows", "Columns", "Timeliness")


def section(report: Report) -> Markup:
    """Return the list, with a field to search in it."""
    if not report.tables:
        return element("p", "There are no tables.")
    search = element(
        "div",
        element("label", "Search tables and columns", for_="search"),
        element("input", id="search", type="search", autocomplete="off", spellcheck="false"),
        element("p", plural(len(report.tables), "table"), id="found", role="status"),
        class_="search",
        hidden=True,
    )
    sources = names_of_sources(report)
    has_trend = any(pictures.trend(one.trend) for one in report.tables)
    titles = ["Table", "Score", "Level", *(["Trend"] if has_trend else []), "Findings", "Rows", "Columns"]
    titles += ["Types", "Missing by column", "Timeliness", "Newest file"]
    rows = [_row(one, sources.get(one.source_id), has_trend=has_trend) for one in report.tables]
    table = element(
        "table",
        element("caption", "Tables, with a link to the columns of each"),
        head_cells(*titles, numeric=_NUMERIC, sortable=_SORTABLE),
        element("tbody", rows),
        id="table-list",
        class_="list",
    )
    is_cut = any(len(one.columns) > pictures.MOST_COLUMNS for one in report.tables)
    return joined([search, scroller(table, "Tables"), _legend(is_cut=is_cut)])


def _row(one: Table, source: Optional[str], *, has_trend: bool) -> Markup:
    overall, timely = one.scores.overall, one.scores.dimensions.get("timeliness")
    modified = one.last_modified.timestamp() if one.last_modified else 0
    found = sum(not finding.is_note for finding in one.findings)
    about = [[name(each), ", "] for each in (source, one.folder) if each]
    small = element("small", about, f"{one.file_format}, {size(one.size_bytes)}")
    cells: List[Content] = [
        element("th", element("a", name(one.name), href=f"#{one.anchor}"), small, scope="row"),
        element(
            "td",
            element("b", score(overall)),
            pictures.bar(overall, css_of(overall)),
            class_="n",
            data_v=overall if overall is not None else -1,
        ),
        element("td", badge(one.scores.level)),
        element("td", pictures.trend(one.trend)) if has_trend else None,
        element("td", found, class_="n"),
        element("td", count(one.rows), class_="n", data_v=one.rows or 0),
        element("td", len(one.columns), class_="n"),
        element("td", pictures.types_of(one.columns)),
        element("td", pictures.missing_by_column(one.columns, one.measured.rows_scanned or one.rows)),
        element(
            "td",
            score(timely),
            pictures.bar(timely, css_of(timely)),
            class_="n",
            data_v=timely if timely is not None else -1,
        ),
        element("td", day(one.last_modified), data_v=int(modified)),
    ]
    return element("tr", cells, data_for=one.anchor)


def _legend(*, is_cut: bool) -> Markup:
    """Explain the pictures; ``is_cut``: of some table not all columns are drawn."""
    first = f", the first {pictures.MOST_COLUMNS}" if is_cut else ""
    keys = [
        element("li", pictures.parts([(f"type-{one}", 1.0)], one), " ", one) for one in pictures.TYPE_CLASSES
    ]
    return element(
        "div",
        element("p", "Types: "),
        element("ul", keys),
        element(
            "p",
            f"Missing by column: one bar a column, in their order{first}; a full bar is a column without "
            "values.",
        ),
        class_="legend",
    )
