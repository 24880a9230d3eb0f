"""What several parts of the page are made of: badges, heads of tables, links to places. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Dict, Mapping, Optional, Set, Tuple

from nuvyn_executor.reports.markup import Content, Markup, element, name

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Report

_HIGH, _MIDDLE = 90, 75  # the cuts of the levels Excellent and Good


class Places:
    """The places in the page that a finding or a change may lead to."""

    def __init__(self, report: Report) -> None:
        self._anchors = {one.table_id: one.anchor for one in report.tables}
        self._columns: Set[Tuple[str, str]] = {
            (one.table_id, column.name) for one in report.tables for column in one.columns
        }
        sources = names_of_sources(report)
        same = Counter((one.source_id, one.name) for one in report.tables)
        self._around: Dict[str, str] = {}
        for one in report.tables:
            folder = one.folder if same[one.source_id, one.name] > 1 else ""
            self._around[one.table_id] = ", ".join(filter(None, (sources.get(one.source_id), folder)))

    def link(self, table: Optional[str], table_id: Optional[str], column: Optional[str]) -> Content:
        """Return the name of a table or column, as a link where the page has it."""
        if table is None:
            return "everywhere"
        anchor = self._anchors.get(table_id or "")
        shown = element("a", name(table), href=f"#{anchor}") if anchor else name(table)
        around = self._around.get(table_id or "")
        small = element("small", name(around)) if around else None
        if column is None:
            return [shown, small]
        there = name(column)
        if anchor and (table_id or "", column) in self._columns:
            there = element("a", there, href=f"#{anchor}-columns")
        return [shown, ".", Markup("<wbr>"), there, small]


def names_of_sources(report: Report) -> Mapping[str, str]:
    """Return the paths of sources by id, with the tenant where two have one path; none of one source."""
    if len(report.sources) == 1:
        return {}
    same = Counter(one.path for one in report.sources)
    return {
        one.source_id: f"{one.path} ({one.tenant})" if same[one.path] > 1 else one.path
        for one in report.sources
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


def css_of(value: Optional[float]) -> str:
    """Return the class of a bar: how low a score is."""
    if value is None:
        return ""
    return "high" if value >= _HIGH else "middle" if value >= _MIDDLE else "low"


def sentence(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]
