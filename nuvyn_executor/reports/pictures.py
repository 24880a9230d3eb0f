"""Draws small pictures as SVG. Colours are classes of the style sheet; each picture has its words. Pure.

A picture stands for figures that are beside it in the page, or in its label.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.reports.figures import plural, score, share
from nuvyn_executor.reports.markup import Content, Markup, element, shape

if TYPE_CHECKING:
    from nuvyn_executor.reports.contents import Column, Distribution, RunPoint

TYPE_CLASSES = ("number", "text", "moment", "boolean", "other")
MOST_COLUMNS = 60
"""Of a picture of a table; more would be thinner than a pixel."""
_STRIP = 20  # its height
_MOST_FORMS = 3  # of a column; there is a colour for the rest
_STEPS = 9  # in the height of a distribution
_SHAPE_WIDTH = 80  # its width
_AS_WIDE_AS_THE_PAGE = ("chart", "scale")


def bar(value: Optional[float], css: str = "") -> Markup:
    """Draw a score of 0 to 100 as a bar. The figure stands beside it, so that it is no news to a reader."""
    filled = shape("rect", width=f"{_short(value)}%") if value else None
    return element("svg", filled, class_=f"bar {css}".strip(), aria_hidden="true")


def parts(shares: Sequence[Tuple[str, float]], label: str = "") -> Markup:
    """Draw a bar of parts: each a class of the style sheet and a share of 1.

    Without a label it is hidden from screen readers: what it shows stands beside it.
    """
    # What is there is seen, however little it is: the largest part gives way.
    widths = {css: max(1.5, 100 * part) for css, part in shares if part > 0}
    if widths:
        widths[max(widths, key=widths.__getitem__)] -= sum(widths.values()) - 100
    at = 0.0
    drawn: List[Markup] = []
    for css, width in widths.items():
        drawn.append(shape("rect", class_=css, x=f"{_short(at)}%" if at else None, width=f"{_short(width)}%"))
        at += width
    hidden = None if label else "true"
    return element(
        "svg",
        drawn,
        class_="parts",
        role="img" if label else None,
        aria_label=label or None,
        aria_hidden=hidden,
    )


def level_scale(value: float, cuts: Mapping[str, float], label: str) -> Markup:
    """Draw a score on a scale of levels.

    Args:
        value: 0 to 100.
        cuts: the lowest score of each level by its name.
        label: what it says.
    """
    bands: List[Content] = []
    highest = 100.0
    for level, lowest in sorted(cuts.items(), key=lambda item: -item[1]):
        css = f"band {level.lower()}"
        bands.append(
            shape(
                "rect",
                class_=css,
                x=_short(3 * lowest),
                y=10,
                width=_short(3 * (highest - lowest)),
                height=10,
            )
        )
        if lowest:
            bands.append(element("text", f"{lowest:g}", class_="tick", x=_short(3 * lowest), y=34))
        highest = lowest
    x = 3 * value
    marker = shape("path", class_="marker", d=f"M{_short(x)} 22l-6 -14h12z")
    return _svg("scale", (300, 38), [*bands, marker], label, offset=8)


def missing_by_column(columns: Sequence[Column], rows: Optional[int]) -> Markup:
    """Draw the share of missing values of each column: bars from the floor, in the order of the columns."""
    shares = [(sum(one.missing.values()), one.name) for one in columns]
    total = rows or 0
    incomplete = [(count, name) for count, name in shares if count]
    if not incomplete or not total:
        label = "No values are missing" if total else "No rows"
    else:
        count, name = max(incomplete)
        label = f"Values are missing in {len(incomplete)} of {plural(len(columns), 'column')}"
        label += f"; most in {name}: {share(count, total)}"
    shown = shares[:MOST_COLUMNS]
    step = max(2, min(8, 96 // max(1, len(shown))))
    drawn = ""
    for index, (count, _) in enumerate(shown):
        height = _STRIP * min(1.0, count / total) if total else 0
        if height:
            height = max(1.5, height)
            drawn += f"M{index * step} {_short(_STRIP - height)}h{step - 1}V{_STRIP}h-{step - 1}z"
    width = max(1, len(shown) * step - 1)
    track = "".join(f"M{index * step} 0h{step - 1}v{_STRIP}h-{step - 1}z" for index in range(len(shown)))
    content = [
        shape("path", class_="track", d=track),
        shape("path", class_="lack", d=drawn) if drawn else None,
    ]
    return _svg("strip", (width, _STRIP), content, label)


def types_of(columns: Sequence[Column]) -> Markup:
    """Draw how many columns have which type."""
    numbers = {name: sum(one.type_class == name for one in columns) for name in TYPE_CLASSES}
    words = ", ".join(f"{number} {name}" for name, number in numbers.items() if number)
    whole = len(columns) or 1
    return parts(
        [(f"type-{name}", number / whole) for name, number in numbers.items()], words or "No columns"
    )


def values_of(column: Column) -> Markup:
    """Draw what the cells of a column are: sound, suspect, invalid, missing."""
    missing = sum(column.missing.values())
    bad = column.invalid + column.suspects
    total = max((column.present or 0), bad) + missing
    if not total:
        return Markup()
    figures = (
        ("sound", total - missing - bad),
        ("suspect", column.suspects),
        ("invalid", column.invalid),
        ("missing", missing),
    )
    return parts([(word, count / total) for word, count in figures])


def forms_of(column: Column) -> Markup:
    """Draw how the values of a column are written: the most frequent forms, and the rest."""
    total = sum(count for _, count in column.forms)
    shown = [count for _, count in column.forms[:_MOST_FORMS]]
    rest = total - sum(shown)
    return parts([(f"form-{index}", count / total) for index, count in enumerate([*shown, rest])])


def distribution_of(one: Distribution) -> Markup:
    """Draw how many values are in each interval, from the least to the greatest: an outline from the floor.

    What is there is seen, however little it is. Quantiles stand beside it. There is one for each column,
    a tenth of a large page: so heights are digits, and the style sheet has the size.
    """
    most = max(one.bins) or 1
    heights = [max(1, round(_STEPS * count / most)) if count else 0 for count in one.bins]
    step = max(1, _SHAPE_WIDTH // len(heights))
    outline = "".join(
        f"V{_STEPS - height}h{step * len([*alike])}" for height, alike in itertools.groupby(heights)
    )
    path = shape("path", d=f"M0 {_STEPS}{outline}V{_STEPS}")
    return element("svg", path, class_="many", role="img", aria_label=one.of)


def trend(values: Sequence[Optional[float]]) -> Markup:
    """Draw scores of the last runs as a line; nothing where there are less than two."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if len(known) < 2:  # noqa: PLR2004  a line has two ends
        return Markup()
    low, high = min(value for _, value in known), max(value for _, value in known)
    span = max(high - low, 2.0)  # a hundredth of a point is no mountain
    step = 56 / (len(values) - 1)
    places = [
        (2 + index * step, 18 - 16 * (value - low + (span - (high - low)) / 2) / span)
        for index, value in known
    ]
    line = "".join(f"{'L' if index else 'M'}{_short(x)} {_short(y)}" for index, (x, y) in enumerate(places))
    x, y = places[-1]
    first, last = known[0][1], known[-1][1]
    label = f"From {score(first)} to {score(last)} in {len(known)} runs"
    dot = shape("circle", cx=_short(x), cy=_short(y), r=2)
    return _svg("trend", (60, 20), [shape("path", d=line), dot], label)


def scores_over_time(runs: Sequence[RunPoint], cuts: Mapping[str, float]) -> Markup:
    """Draw the overall score of runs by their time. Where the formula changes the line is broken."""
    low = min(40.0, *(one.scores.overall or 0.0 for one in runs)) if runs else 0.0
    low = max(0.0, 10 * (low // 10))
    if all((one.scores.overall or 0.0) >= 75 for one in runs):  # noqa: PLR2004  a scale that shows differences
        low = 70.0
    left, top, width, height = 44, 16, 940, 150
    first, last = runs[0].at.timestamp(), runs[-1].at.timestamp()
    spread = (last - first) or 1.0

    def place(one: RunPoint) -> Tuple[float, float]:
        overall = one.scores.overall or 0.0
        x = left + width * (one.at.timestamp() - first) / spread
        return x, top + height * (100 - overall) / (100 - low)

    content: List[Content] = []
    for cut in sorted({low, 100.0, *(cut for cut in cuts.values() if cut > low)}):
        y = top + height * (100 - cut) / (100 - low)
        content.append(shape("path", class_="grid", d=f"M{left} {_short(y)}h{width}"))
        content.append(element("text", f"{cut:g}", class_="tick end", x=left - 6, y=_short(y + 4)))
    line, version = "", None
    for one in runs:
        x, y = place(one)
        is_other = None not in (version, one.formula_version) and version != one.formula_version
        line += f"{'L' if line and not is_other else 'M'}{_short(x)} {_short(y)}"
        version = one.formula_version or version
    content.append(shape("path", class_="line", d=line))
    for one in runs:
        x, y = place(one)
        hint = element("title", f"{one.at:%Y-%m-%d %H:%M} UTC: {score(one.scores.overall)} ({one.job})")
        content.append(element("circle", hint, class_="dot", cx=_short(x), cy=_short(y), r=4))
    for one, css in ((runs[0], "tick begin"), (runs[-1], "tick end")):
        x, _ = place(one)
        content.append(element("text", f"{one.at:%Y-%m-%d}", class_=css, x=_short(x), y=top + height + 20))
    label = (
        f"Overall score of {plural(len(runs), 'run')}, from {score(runs[0].scores.overall)} on "
        f"{runs[0].at:%Y-%m-%d} to {score(runs[-1].scores.overall)} on {runs[-1].at:%Y-%m-%d}"
    )
    return _svg("chart", (left + width + 16, top + height + 34), content, label)


def _svg(
    css: str, size: Tuple[float, float], content: Sequence[Content], label: str, *, offset: int = 0
) -> Markup:
    """Return a picture; ``offset`` is room at its left and right."""
    width, height = size
    return element(
        "svg",
        content,
        class_=css,
        viewBox=f"{-offset} 0 {_short(width + 2 * offset)} {_short(height)}",
        width=None if css in _AS_WIDE_AS_THE_PAGE else _short(width),
        height=None if css in _AS_WIDE_AS_THE_PAGE else _short(height),
        role="img",
        aria_label=label,
    )


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
