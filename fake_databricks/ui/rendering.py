"""Templates and their values: everything is escaped, and no control character reaches a browser."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Mapping

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
KIB = 1024
MOST_OF_NAME = 120
Render = Callable[[str, Mapping[str, Any]], bytes]
"""Writes a template with its values, in UTF-8."""
_KEPT = "\t\n"
_NAMED = 0x20
VISIBLE = {
    **{code: chr(0x2400 + code) for code in range(_NAMED) if chr(code) not in _KEPT},  # the picture of each
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),  # half of a surrogate pair, which UTF-8 cannot write
}


def visible(value: Any) -> Any:
    """Return a text with a picture in the place of each control character but tab and line feed."""
    return value.translate(VISIBLE) if isinstance(value, str) else value


def pretty(value: Any) -> str:
    """Return a text as it is, and every other value as indented JSON."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def short(value: Any, most: int = MOST_OF_NAME) -> str:
    """Return the begin of a name, for a list: a name may have thousands of characters."""
    text = str(pretty(value))
    return text if len(text) <= most else text[: most - 1] + "…"


def figure(value: Any) -> str:
    """Return a number with commas, one with a point to two decimals; a dash for none."""
    if value is None:
        return "-"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return pretty(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def moment(milliseconds: int) -> Markup:
    """Return a time of the workspace, UTC; a dash for one that has not come."""
    if not milliseconds:
        return Markup("-")
    try:
        at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return Markup("{}").format(milliseconds)
    iso = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shown = iso.replace("T", " ").removesuffix("Z")
    return Markup('<time datetime="{}">{}</time>').format(iso, shown)


def duration(milliseconds: int) -> str:
    """Return a length of time, as short as a person needs it."""
    if milliseconds < SECOND:
        return f"{milliseconds} ms"
    if milliseconds < MINUTE:
        return f"{milliseconds / SECOND:.1f} s"
    hours, rest = divmod(milliseconds, HOUR)
    minutes, seconds = rest // MINUTE, rest % MINUTE // SECOND
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def size(count: int) -> str:
    """Return a number of bytes."""
    if count < KIB:
        return f"{count} B"
    value, unit = count / KIB, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if value < KIB:
            break
        value, unit = value / KIB, larger
    return f"{value:.1f} {unit}"


def instant(text: str) -> Markup:
    """Return a time in ISO 8601, UTC, as a person reads it; any other text as it is, and a dash for none."""
    if not text:
        return Markup("-")
    try:
        at = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return Markup("{}").format(visible(text))
    return Markup('<time datetime="{}">{}</time>').format(text, f"{at:%Y-%m-%d %H:%M:%S}")


def renderer(package: str) -> Render:
    """Return the function that fills the templates of a package, which may extend those of this one.

    Args:
        package: has a folder ``templates``.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("fake_databricks.ui")]),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        pretty=pretty,
        short=short,
        figure=figure,
        moment=moment,
        instant=instant,
        duration=duration,
        size=size,
    )

    def render(template: str, values: Mapping[str, Any]) -> bytes:
        return environment.get_template(f"{template}.html").render(values).encode()

    return render
