"""Which events clusters/events returns, in which order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.values import read_page_token

if TYPE_CHECKING:
    from fake_databricks.clusters.record import ClusterRecord
    from fake_databricks.request.call import Parameters

DEFAULT = 50
LARGEST = 500
ORDERS = ("ASC", "DESC")
_PAGE = "events-"


def events_page(record: ClusterRecord, parameters: Parameters) -> dict[str, Any]:
    """Return a page of the events of a cluster, and where the next one begins.

    Raises:
        InvalidParameter: the order, the size of the page or its place is not valid.
    """
    order = parameters.text("order", "DESC")
    if order not in ORDERS:
        raise InvalidParameter(f"order must be one of {', '.join(ORDERS)}, got '{order}'.")
    limit = parameters.integer("page_size", parameters.integer("limit", DEFAULT))
    offset = parameters.integer("offset", 0)
    if parameters.has("page_token"):
        offset = read_page_token(parameters.text("page_token"), _PAGE)
    if not 0 < limit <= LARGEST or offset < 0:
        raise InvalidParameter(f"limit must be between 1 and {LARGEST}, offset not negative.")
    kinds = parameters.texts("event_types")
    first, last = parameters.integer("start_time", 0), parameters.optional_integer("end_time")
    found = [
        event
        for event in record.events
        if (not kinds or event["type"] in kinds)
        and first <= event["timestamp"]
        and (last is None or event["timestamp"] <= last)
    ]
    if order == "DESC":
        found.reverse()
    view: dict[str, Any] = {"events": found[offset : offset + limit], "total_count": len(found)}
    if offset + limit < len(found):
        view["next_page"] = {"cluster_id": record.cluster_id, "offset": offset + limit, "limit": limit}
        view["next_page_token"] = f"{_PAGE}{offset + limit}"
    if offset:
        view["prev_page_token"] = f"{_PAGE}{max(0, offset - limit)}"
    return view
