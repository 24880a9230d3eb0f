"""The parameters that each call knows, from the parity table: what else is sent is named in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Mapping

from fake_databricks.errors import ApiError
from fake_databricks.request.values import Field, unknown_fields
from fake_databricks.web.parity import PARITY, Row

if TYPE_CHECKING:
    from fake_databricks.request.call import Call, Route

_ANY = Field("text")


def _names(row: Row) -> dict[str, Field]:
    """Return the names of a row: the first word of each entry."""
    entries = (*row.honoured, *row.recorded, *row.refused)
    return {entry.partition(" ")[0].partition(".")[0]: _ANY for entry in entries}


PARAMETERS: Mapping[tuple[str, str], Mapping[str, Field]] = {
    call: _names(row) for call, row in PARITY.items() if not call[1].startswith("/_fake")
}


def unknown_parameters(method: str, path: str, names: Iterable[str]) -> list[str]:
    """Return a sentence for each parameter that a call does not know; ``path`` is that of its route."""
    known = PARAMETERS.get((method, path))
    if known is None:
        return []
    return unknown_fields({name.partition(".")[0]: None for name in names}, known)


def notes_of(route: Route, call: Call) -> list[str]:
    """Return what the journal says about the parameters of a call, and does not say already."""
    try:
        sentences = unknown_parameters(route.method, route.path, call.names_read)
    except ApiError:  # a query that the handler did not read, and that nobody can
        return []
    said = {note.partition(";")[0].rstrip(".") for note in call.notes}
    return [item for item in sentences if item.partition(";")[0].rstrip(".") not in said]
