"""What the figures of a report rest on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Tuple

from nuvyn_executor.reports.figures import NOTHING, moment, plural
from nuvyn_executor.reports.markup import Content, Markup, element

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Method, Report


def section(report: Report) -> Markup:
    """Return what the figures rest on."""
    method, tables = report.method, report.tables
    engines = sorted({one.measured.engine for one in tables if one.measured.engine})
    sampled = sum(one.measured.is_sampled for one in tables)
    approximate = sum(one.measured.is_approximate for one in tables)
    deviation = max((one.measured.rsd or 0.0 for one in tables), default=0.0)
    is_known = tables and all(one.measured.rows_scanned is not None for one in tables)
    contracts = sum(one.measured.contract is not None for one in tables)
    weights = ", ".join(f"{key} {value:g}" for key, value in method.weights.items())
    levels = ", ".join(f"{key} from {value:g}" for key, value in method.levels.items() if value)
    estimated = (
        f"estimated in {plural(approximate, 'table')} (standard deviation up to {100 * deviation:.1f} %)"
    )

    def known(words: str) -> str:
        return words if is_known else NOTHING

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
        (
            "Rows counted",
            f"a sample in {sampled} of {plural(len(tables), 'table')}" if sampled else known("all"),
        ),
        ("Different values", estimated if approximate else known("counted exactly")),
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
    """Return the words for how the timeliness score falls with the age of the data."""
    if method.grace_hours is None or method.half_life_days is None:
        return NOTHING
    return f"full for {method.grace_hours:g} hours, then halved every {method.half_life_days:g} days"
