"""Which clusters clusters/list returns, and in which order. Pure.

A value that is not understood is refused: a script that deletes what it filtered would hit every cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping, Sequence

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Parameters
from fake_databricks.request.pages import Order, Page, Place, page_of
from fake_databricks.request.values import Field, unknown_fields

if TYPE_CHECKING:
    from fake_databricks.clusters.record import ClusterRecord

DEFAULT_PAGE = 20
MAX_PAGE = 100
STATES = (
    "RUNNING",
    "RESIZING",
    "RESTARTING",
    "PENDING",
    "TERMINATING",
    "ERROR",
    "TERMINATED",
    "UNKNOWN",
)
"""The states of a cluster, in the order in which a list has them."""

SOURCES = ("UI", "JOB", "API", "SQL", "MODELS", "PIPELINE", "PIPELINE_MAINTENANCE")
DIRECTIONS = ("ASC", "DESC")
SORT_FIELDS = ("DEFAULT", "CLUSTER_NAME")
FILTERS: Mapping[str, Field] = {
    "cluster_sources": Field("list"),
    "cluster_states": Field("list"),
    "is_pinned": Field("boolean"),
    "policy_id": Field("text"),
}
SORTS: Mapping[str, Field] = {"direction": Field("text"), "field": Field("text")}
PARAMETERS: Mapping[str, Field] = {
    "filter_by": Field("object"),
    "sort_by": Field("object"),
    "page_size": Field("integer"),
    "page_token": Field("text"),
    "can_use_client": Field("text", "recorded"),
}


@dataclass(frozen=True)
class ClusterFilter:
    """Which clusters a list contains; empty, or None, is any.

    Attributes:
        sources: who created them: ``API``, ``JOB``, ...
        states: their states.
        is_pinned: whether they are pinned.
        policy_id: the policy that they were created with.
    """

    sources: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    is_pinned: bool | None = None
    policy_id: str = ""

    def admits(self, record: ClusterRecord) -> bool:
        """Whether a cluster belongs to the list."""
        return (
            (not self.sources or record.source in self.sources)
            and (not self.states or record.state in self.states)
            and self.is_pinned in (None, record.is_pinned)
            and self.policy_id in ("", record.settings.get("policy_id", ""))
        )


def page(
    records: Sequence[ClusterRecord], parameters: Parameters, *, has_pages: bool = True
) -> Page[ClusterRecord]:
    """Return a page of the clusters that the parameters ask for, in their order.

    Args:
        records: all clusters.
        parameters: filters, order and page of a request.
        has_pages: whether the list has pages where none is asked for.

    Raises:
        InvalidParameter: a filter, the order, or the size or the token of the page is not valid.
    """
    wanted = _nested(parameters, "filter_by", FILTERS)
    chosen = ClusterFilter(
        _choices(wanted, "cluster_sources", SOURCES),
        _choices(wanted, "cluster_states", STATES),
        wanted.boolean("is_pinned") if wanted.has("is_pinned") else None,
        wanted.text("policy_id", ""),
    )
    sort = _nested(parameters, "sort_by", SORTS)
    direction = _choice("sort_by.direction", sort.text("direction", "ASC"), DIRECTIONS)
    field = _choice("sort_by.field", sort.text("field", "DEFAULT"), SORT_FIELDS)
    place = _by_name if field == "CLUSTER_NAME" else _by_state
    order = Order(f"clusters by {field}", place, is_descending=direction == "DESC")
    size = parameters.integer("page_size", DEFAULT_PAGE)
    if not 0 <= size <= MAX_PAGE:
        raise InvalidParameter(f"page_size must be between 0 and {MAX_PAGE}, got {size}.")
    found = [record for record in records if chosen.admits(record)]
    if not has_pages and not parameters.has("page_size") and not parameters.has("page_token"):
        return page_of(found, order, max(1, len(found)))
    return page_of(found, order, size or DEFAULT_PAGE, parameters.text("page_token", ""))


def notes_of(parameters: Parameters) -> list[str]:
    """Return a sentence for each parameter that is not known."""
    names = {name.partition(".")[0]: None for name in parameters.values}
    return unknown_fields(names, PARAMETERS)


def _nested(parameters: Parameters, name: str, fields: Mapping[str, Field]) -> Parameters:
    """Return the fields of an object, which a query has as ``name.field``."""
    prefix = f"{name}."
    dotted = {key[len(prefix) :]: value for key, value in parameters.values.items() if key.startswith(prefix)}
    read = {**parameters.object(name), **dotted}
    unknown = unknown_fields(read, fields, prefix)
    if unknown:
        raise InvalidParameter(" ".join(unknown))
    return Parameters(read)


def _choices(parameters: Parameters, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
    return tuple(_choice(f"filter_by.{name}", value, allowed) for value in parameters.texts(name))


def _choice(name: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise InvalidParameter(f"{name} must be one of {', '.join(allowed)}, got '{value}'.")
    return value


def _by_name(record: ClusterRecord) -> Place:
    return str(record.settings.get("cluster_name", "")), record.start_time, record.cluster_id


def _by_state(record: ClusterRecord) -> Place:
    return (STATES.index(record.state), not record.is_pinned, *_by_name(record))
