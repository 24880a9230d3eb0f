"""A section for each table: its scores, its findings, and its columns. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Iterable, List, Optional, Tuple

from nuvyn_executor.quality.dimensions import DIMENSIONS
from nuvyn_executor.reports import pictures
from nuvyn_executor.reports.figures import NOTHING, at_most, count, day, plural, score, share, size, within
from nuvyn_executor.reports.markup import Content, Markup, element, joined, name
from nuvyn_executor.reports.parts import badge, css_of, head_cells, names_of_sources, scroller, sentence

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Column, Distribution, Finding, Report, Table

_MOST_FINDINGS = 20
_MOST_FORMS = 3
_MISSING = {"nulls": "null", "nans": "NaN", "blanks": "blank", "placeholders": "placeholder"}
_QUANTILES = 5
_MOMENTS = "moments"
_FIRST_YEAR, _DAYS_OF_YEAR = 1970, 365.25
_LENGTHS = "lengths"  # the quantiles of these are no cell values


def section(report: Report) -> Markup:
    """Return the sections of all tables."""
    if not report.tables:
        return Markup()
    sources = names_of_sources(report)
    legend = element(
        "div",
        element("p", "Values: "),
        element(
            "ul",
            [
                element("li", pictures.parts([(one, 1.0)], one), " ", one)
                for one in ("sound", "suspect", "invalid", "missing")
            ],
        ),
        class_="legend",
    )
    return joined(
        [
            legend,
            [_table(one, sources.get(one.source_id, ""), report) for one in report.tables],
        ]
    )


def _table(one: Table, source: str, report: Report) -> Markup:
    return element(
        "section",
        element("h3", name(one.name), " ", badge(one.scores.level)),
        element("p", element("a", "Back to the list", href="#tables"), class_="back"),
        element("p", name(one.comment)) if one.comment else None,
        _facts(one, source),
        _scores(one),
        _findings(one),
        _columns(one, shows_values=report.shows_values),
        id=one.anchor,
        class_="table",
    )


def _extent(one: Table) -> Iterable[str]:
    """Return the number of files of a table and their size, where they are known."""
    if one.files is not None:
        yield plural(one.files, "file")
    if one.size_bytes is not None:
        yield size(one.size_bytes)


def _facts(one: Table, source: str) -> Markup:
    measured = one.measured
    scanned: Content = count(one.rows)
    if measured.is_sampled and measured.rows_scanned is not None:
        scanned = f"{count(one.rows)}, of which {measured.rows_scanned:,} were counted"
    pairs: List[Tuple[str, Content]] = [
        ("Rows", scanned),
        ("Format", ", ".join([one.file_format, *_extent(one)])),
        ("Newest file", day(one.last_modified)),
        ("Age by", one.timeliness_source or NOTHING),
        ("Counted by", measured.counted_by or NOTHING),
    ]
    if source:
        pairs.insert(0, ("Source", name(source)))
    if one.corrupt_rows:
        pairs.append(("Unreadable rows", count(one.corrupt_rows)))
    if one.duplicate_rows:
        pairs.append(("Repeated rows", count(one.duplicate_rows)))
    if measured.contract:
        pairs.append(("Data contract", name(measured.contract)))
    if one.read_as:
        pairs.append(("Read as", ", ".join(f"{key} {value}" for key, value in one.read_as)))
    pairs.append(("Path", name(one.path) if one.path else NOTHING))
    listed = [element("div", element("dt", term), element("dd", content)) for term, content in pairs]
    return element("dl", listed, class_="facts")


def _scores(one: Table) -> Markup:
    cells = [element("div", element("dt", "Overall"), element("dd", element("b", score(one.scores.overall))))]
    for dimension in DIMENSIONS:
        value = one.scores.dimensions.get(dimension)
        cells.append(
            element(
                "div",
                element("dt", dimension.capitalize()),
                element("dd", score(value), pictures.bar(value, css_of(value))),
            )
        )
    return element("dl", cells, class_="scores")


def _findings(one: Table) -> Content:
    if not one.findings:
        return None
    shown = [_finding(finding) for finding in one.findings[:_MOST_FINDINGS]]
    left = len(one.findings) - len(shown)
    more = element("li", f"{left:,} more; all are in the result of the run") if left > 0 else None
    return [element("h4", "Findings"), element("ul", shown, more, class_="findings")]


def _finding(one: Finding) -> Markup:
    lost = f"\u2212{one.points_lost:.2f} " if one.points_lost and one.points_lost >= 0.005 else None  # noqa: PLR2004  what rounds to nothing
    where = [name(one.column), ": "] if one.column else None
    remedy = element("span", f" {sentence(one.remedy)}.", class_="remedy") if one.remedy else None
    return element("li", element("b", lost) if lost else None, where, one.what, ".", remedy)


def _columns(one: Table, *, shows_values: bool) -> Markup:
    if not one.columns:
        return element("p", "No columns are stored of this table.")
    has_lengths = any(column.lengths for column in one.columns)
    has_expectations = any(column.expectations for column in one.columns)
    titles = ["Column", "Type", "Values", "Complete", "Valid", "Unique", "Different", "Written as"]
    titles += ["Distribution"]
    titles += ["Bytes"] if has_lengths else []
    titles += ["Data contract"] if has_expectations else []
    titles += ["Sample and range"] if shows_values else []
    body = [
        _column(column, has_lengths=has_lengths, has_expectations=has_expectations, shows_values=shows_values)
        for column in one.columns
    ]
    numeric = ("Complete", "Valid", "Unique", "Different", "Bytes")
    table = element(
        "table",
        element("caption", "Columns of ", name(one.name)),
        head_cells(*titles, numeric=numeric, sortable=("Column", "Type", *numeric[:4])),
        element("tbody", body),
        class_="columns",
        id=f"{one.anchor}-columns",
    )
    return scroller(table, f"Columns of {one.name}")


def _column(one: Column, *, has_lengths: bool, has_expectations: bool, shows_values: bool) -> Markup:
    key = element("span", "key", class_="tag") if one.is_key else None
    comment = element("small", name(one.comment)) if one.comment else None
    kind = element("small", one.kind.replace("_", " ")) if one.kind else None
    distinct: Content = count(one.distinct)
    if one.is_approximate and one.distinct is not None:
        distinct = f"about {one.distinct:,}"
    cells: List[Content] = [
        element("th", name(one.name), key, comment, scope="row"),
        element("td", one.data_type, kind),
        element("td", pictures.values_of(one), _troubles(one)),
        element("td", score(one.completeness), class_="n"),
        element("td", score(one.validity), class_="n"),
        element("td", score(one.uniqueness), class_="n"),
        element("td", distinct, class_="n", data_v=one.distinct if one.is_approximate else None),
        element("td", _forms(one)),
        element("td", _distribution(one, shows_values=shows_values)),
    ]
    if has_lengths:
        length = NOTHING if one.lengths is None else f"{one.lengths[0]:,} to {one.lengths[1]:,}"
        cells.append(element("td", length, class_="n"))
    if has_expectations:
        cells.append(element("td", [_expectation(*each) for each in one.expectations]))
    if shows_values:
        cells.append(
            element(
                "td",
                [element("div", f"{key}: ", element("code", value)) for key, value in one.values.items()],
                _commonest(one),
            )
        )
    return element("tr", cells)


def _troubles(one: Column) -> Content:
    """Return the counts below the picture of a column: missing values by reason, and invalid ones."""
    words = [
        plural(number, _MISSING[way]) if way in _MISSING else f"{number:,} {way}"
        for way, number in one.missing.items()
    ]
    if one.invalid:
        words.append(f"{one.invalid:,} invalid")
    if one.reasons:
        words += [plural(number, reason) for reason, number in one.reasons.items()]
    elif one.suspects:
        words.append(f"{one.suspects:,} suspect")
    return element("small", ", ".join(words)) if words else None


def _forms(one: Column) -> Content:
    total = sum(number for _, number in one.forms)
    if not total:
        return NOTHING
    if len(one.forms) == 1:
        return one.forms[0][0]
    words = [f"{share(number, total)} {form}" for form, number in one.forms[:_MOST_FORMS]]
    left = len(one.forms) - _MOST_FORMS
    if left > 0:
        words.append(f"{left} more")
    return [pictures.forms_of(one), element("small", ", ".join(words))]


def _distribution(one: Column, *, shows_values: bool) -> Content:
    """Return the picture, and below it a middle value, where it may be shown."""
    found = one.distribution
    if found is None:
        return element("small", "not measured")
    if not shows_values and found.of != _LENGTHS:
        found = replace(found, quantiles=())
    if len(found.quantiles) != _QUANTILES:
        return pictures.distribution_of(found)
    lowest, lower, middle, upper, highest = found.quantiles
    words = f"median {middle}"
    if found.of != _LENGTHS:
        words += f", half {lower} to {upper}, 90 % {lowest} to {highest}"
        bound = _bound(found)
        if bound:
            words += f", off by {bound}"
    return [pictures.distribution_of(found), element("small", words)]


def _bound(found: Distribution) -> Optional[str]:
    """Return by how much a quantile may be off; of moments the error is a share of the time since 1970."""
    if not found.error:
        return None
    if found.of != _MOMENTS:
        return at_most(found.error)
    years = [abs(int(one[:4]) - _FIRST_YEAR) + 1 for one in found.quantiles if one[:4].isdecimal()]
    return within(found.error * _DAYS_OF_YEAR * max(years)) if years else None


def _commonest(one: Column) -> Content:
    """Return the values of a column of few, the commonest first."""
    if not one.commonest:
        return None
    total = sum(number for _, number in one.commonest)
    listed = [
        element("li", element("code", value), f" {share(number, total)}") for value, number in one.commonest
    ]
    return [element("div", "commonest:"), element("ul", listed, class_="few")]


def _expectation(rule: str, is_met: Optional[bool]) -> Markup:  # noqa: FBT001  a field of a column
    words = {True: "met", False: "not met", None: "not checked"}[is_met]
    css = "tag went" if is_met is False else "tag"
    return element("div", name(rule), element("span", words, class_=css))
