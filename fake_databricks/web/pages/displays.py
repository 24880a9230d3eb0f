"""What programs have shown: tables as tables; HTML and pictures at addresses of their own, for a page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from fake_databricks.engine.inside.pictures import NoPicture, png_in, size_of
from fake_databricks.errors import DoesNotExist

if TYPE_CHECKING:
    from fake_databricks.engine.ports import Display
    from fake_databricks.web.pages.visit import Visit

COMMAND, ATTEMPT = "command", "attempt"
MOST_ROWS = 100
"""How many rows of a table a page shows: the first ones."""


def display_views(displays: Sequence[Display], kind: str, owner: object) -> list[dict[str, Any]]:
    """Return the values of all that a command or an attempt has shown.

    Args:
        displays: what it has shown.
        kind: whose they are: ``COMMAND`` or ``ATTEMPT``.
        owner: its id.
    """
    return [
        {
            "kind": item["kind"],
            "number": number,
            "notebook": item.get("notebook", ""),
            **_VIEWS[item["kind"]](item, f"{kind}/{owner}/{number}"),
        }
        for number, item in enumerate(displays, 1)
    ]


def _html_view(display: Display, place: str) -> dict[str, Any]:
    return {"address": f"/displays/{place}", "length": len(display["data"])}


def _picture_view(display: Display, place: str) -> dict[str, Any]:
    try:
        width, height = size_of(png_in(str(display["data"])))
    except NoPicture as error:
        return {"address": "", "refusal": str(error)}
    return {"address": f"/pictures/{place}", "width": width, "height": height}


def _table_view(display: Display, _: str) -> dict[str, Any]:
    return {
        "columns": [{"name": name, "type": kind} for name, kind in display["schema"]],
        "rows": [[_cell(value) for value in row] for row in display["data"][:MOST_ROWS]],
        "length": len(display["data"]),
        "is_cut": display["truncated"],
    }


_VIEWS: Mapping[str, Callable[[Display, str], dict[str, Any]]] = {
    "html": _html_view,
    "image": _picture_view,
    "table": _table_view,
}


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def view(visit: Visit) -> dict[str, Any]:
    """Return the HTML that a command or an attempt has shown.

    Raises:
        DoesNotExist: there is none of this number.
    """
    return {"html": _found(visit, "html", "HTML")["data"]}


def view_picture(visit: Visit) -> dict[str, Any]:
    """Return a PNG that a command or an attempt has shown, in base64.

    Raises:
        DoesNotExist: there is none of this number, or it is no PNG.
    """
    display = _found(visit, "image", "picture")
    try:
        png_in(str(display["data"]))
    except NoPicture as error:
        raise DoesNotExist(str(error)) from None
    return {"png": display["data"]}


def _found(visit: Visit, wanted: str, word: str) -> Display:
    kind, owner, number = visit.names
    shown: Sequence[Display] = ()
    if kind == COMMAND:
        shown = visit.workspace.commands.find(owner).displays
    elif kind == ATTEMPT:
        shown = visit.workspace.runs.output(visit.number(1)).displays
    for place, item in enumerate(shown, 1):
        if str(place) == number and item["kind"] == wanted:
            return item
    raise DoesNotExist(f"There is no {word} of the number {number[:60]!r} here.")
