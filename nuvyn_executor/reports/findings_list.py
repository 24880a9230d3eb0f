"""The list of findings, by the points that they cost. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nuvyn_executor.reports import pictures
from nuvyn_executor.reports.figures import NOTHING, share
from nuvyn_executor.reports.markup import Content, Markup, element
from nuvyn_executor.reports.parts import Places, head_cells, scroller, sentence

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Finding, Report

MOST_FINDINGS = 200


def section(report: Report) -> Markup:
    """Return the findings by points lost."""
    if not report.findings:
        return element("p", "There are no findings.")
    shown = report.findings[:MOST_FINDINGS]
    most = max((one.points_lost or 0.0 for one in shown), default=0.0)
    places = Places(report)
    body = [
        element("tr", _finding_cells(one, most, places), class_="note" if one.is_note else None)
        for one in shown
    ]
    what = "the overall score of its source" if report.are_points_of_each_source else "the overall score"
    caption = f"Findings by the points that they take from {what}"
    if all(one.points_lost is None for one in shown):
        caption = "Findings; how many points each takes is not stored"
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


def _finding_cells(one: Finding, most: float, places: Places) -> Content:
    lost = one.points_lost
    points: Content = NOTHING
    if lost is not None and not one.is_note:
        points = [
            # What rounds to nothing is some, also in a result. Only a doubt costs nothing.
            f"{lost:.2f}" if lost >= 0.005 or one.dimension is None else "<0.01",  # noqa: PLR2004  as above
            pictures.bar(100 * lost / most if most else 0, "lost"),
        ]
    many, small = NOTHING, None
    if one.count is not None and one.of is not None and one.dimension is not None:
        many = f"{one.count:,} of {one.of:,}"
        small = element("small", share(one.count, one.of)) if one.of else None
    return [
        element("td", points, class_="n", data_v=lost if lost is not None else -1),
        element("th", places.link(one.table, one.table_id, one.column), scope="row"),
        element("td", sentence(one.what)),
        element("td", many, small, class_="n", data_v=one.count or 0),
        element("td", _kind(one)),
        element("td", sentence(one.remedy)),
    ]


def _kind(one: Finding) -> str:
    """Return the dimension of a finding; a doubt about how a table was read has none."""
    if one.dimension is None and not one.is_note and one.points_lost is None:
        return NOTHING  # of a recommendation it is not stored
    return (one.dimension or ("note" if one.is_note else "doubt")).capitalize()
