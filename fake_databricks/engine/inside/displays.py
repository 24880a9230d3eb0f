"""What ``display`` and ``displayHTML`` show: collected for a page, and as text for an output."""

from __future__ import annotations

import json
from typing import Any

from . import pictures

ROWS = 1000
"""Rows of a table that are shown, as in a notebook."""
MAX_DISPLAYS = 100
MAX_CHARACTERS = 5_000_000
"""The characters of all that one command or one run shows."""
WARNING = (
    "*** WARNING: {kind} of {length} characters is not on the page, which shows at most "
    f"{MAX_DISPLAYS} of them and {MAX_CHARACTERS} characters ***"
)
PANDAS_TYPES = {"i": "bigint", "u": "bigint", "f": "double", "b": "boolean", "M": "timestamp"}
"""The Spark type of a pandas column, by the kind of its ``dtype``; others are ``string``."""


def plain(value: Any) -> Any:
    """Return a cell as a JSON value; as text where JSON has no such type."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return str(value)


def table(frame: Any) -> dict[str, Any]:
    """Return the first rows of a Spark DataFrame."""
    rows = frame.limit(ROWS + 1).collect()
    return {
        "kind": "table",
        "schema": [[field.name, field.dataType.simpleString()] for field in frame.schema.fields],
        "data": [[plain(cell) for cell in row] for row in rows[:ROWS]],
        "truncated": len(rows) > ROWS,
    }


def pandas_table(frame: Any) -> dict[str, Any]:
    """Return the first rows of a pandas DataFrame, without its index, as Databricks shows it."""
    kinds = [PANDAS_TYPES.get(getattr(kind, "kind", ""), "string") for kind in frame.dtypes]
    rows = frame.head(ROWS).astype(object).where(frame.head(ROWS).notna(), None).values.tolist()
    return {
        "kind": "table",
        "schema": [[str(name), kind] for name, kind in zip(frame.columns, kinds, strict=True)],
        "data": [[plain(cell) for cell in row] for row in rows],
        "truncated": len(frame) > ROWS,
    }


def drawn_of(value: Any) -> dict[str, Any] | None:
    """Return how a value draws itself: as HTML, as a PNG, or as SVG, which is shown as HTML.

    Returns:
        None where it does not draw itself.

    Raises:
        NoPicture: it draws itself as what is no PNG, or as one that is too large.
    """
    html = _text_by(value, "_repr_html_")
    if html is not None:
        return {"kind": "html", "data": html}
    png = pictures.png_of(value)
    if png is not None:
        return {"kind": "image", "data": pictures.text_of(png)}
    svg = _text_by(value, "_repr_svg_")
    return None if svg is None else {"kind": "html", "data": svg}


def _text_by(value: Any, name: str) -> str | None:
    method = getattr(type(value), name, None)
    found = method(value) if callable(method) else None
    return found if isinstance(found, str) else None


def display_of(value: Any) -> dict[str, Any] | None:
    """Return what ``display`` shows of a value; None for one that is only text.

    Raises:
        NoPicture: as :func:`drawn_of`.
    """
    if hasattr(value, "schema") and hasattr(value, "limit"):
        return table(value)
    kind = type(value)
    if kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] == "pandas":
        return pandas_table(value)
    return drawn_of(value)


def text_of(display: dict[str, Any]) -> str:
    """Return a table as Spark's ``show`` prints it; of HTML and of a picture how large it is."""
    if display["kind"] == "html":
        return f"HTML of {len(display['data'])} characters"
    if display["kind"] == "image":
        return "Picture of {} by {} pixels".format(*pictures.size_of(pictures.png_in(display["data"])))
    if not display["schema"]:
        return ""
    heads = [name for name, _ in display["schema"]]
    lines = [heads, *([_cell(value) for value in row] for row in display["data"])]
    widths = [max(3, *(len(line[place]) for line in lines)) for place in range(len(heads))]
    rule = "+" + "+".join("-" * width for width in widths) + "+"
    written = [
        "|" + "|".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + "|"
        for line in lines
    ]
    note = [f"only showing top {len(display['data'])} rows"] if display["truncated"] else []
    return "\n".join([rule, written[0], rule, *written[1:], rule, *note])


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "NULL" if value is None else json.dumps(value, ensure_ascii=False)


class Displays:
    """What was shown, in order."""

    def __init__(self) -> None:
        self.shown: list[dict[str, Any]] = []

    def own(self) -> list[dict[str, Any]]:
        """Return what was shown by this process itself, and not by a notebook that it has run."""
        return [display for display in self.shown if "notebook" not in display]

    def take(self) -> list[dict[str, Any]]:
        """Return what a page shows, and begin anew; say in the output what is too much for it."""
        shown, self.shown = self.shown, []
        within: list[dict[str, Any]] = []
        total = 0
        for display in shown:
            data = display["data"]
            length = len(data) if isinstance(data, str) else len(json.dumps(data))
            if len(within) == MAX_DISPLAYS or total + length > MAX_CHARACTERS:
                print(WARNING.format(kind=display["kind"], length=length))  # noqa: T201  its author looks there
                continue
            total += length
            within.append(display)
        return within


SHOWN = Displays()
"""What this process has shown."""
