"""Which clusters clusters/list returns, and in which order. Pure.

A value that is not understood is refused: a script that deletes what it filtered would hit every cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Parameters
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
_PAGE = "clusters-"


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


def select(records: Sequence[ClusterRecord], parameters: Parameters) -> list[ClusterRecord]:
    """Return the clusters that the parameters ask for, in their order.

    Raises:
        InvalidParameter: a filter or an order is not known.
    """
    wanted = _nested(parameters, "filter_by", FILTERS)
    chosen = ClusterFilter(
        _choices(wanted, "cluster_sources", SOURCES),
        _choices(wanted, "cluster_states", STATES),
        wanted.boolean("is_pinned") if wanted.has("is_pinned") else None,
        wanted.text("policy_id", ""),
    )
    order = _nested(parameters, "sort_by", SORTS)
    direction = _choice("sort_by.direction", order.text("direction", "ASC"), DIRECTIONS)
    field = _choice("sort_by.field", order.text("field", "DEFAULT"), SORT_FIELDS)
    return sorted(
        (record for record in records if chosen.admits(record)),
        key=_by_name if field == "CLUSTER_NAME" else _by_state,
        reverse=direction == "DESC",
    )


def page(
    records: Sequence[ClusterRecord], parameters: Parameters
) -> tuple[list[ClusterRecord], dict[str, str]]:
    """Return one page of clusters, and the tokens of the next one and of the one before.

    Raises:
        InvalidParameter: the size or the token of the page is not valid.
    """
    size = parameters.integer("page_size", DEFAULT_PAGE)
    if not 0 <= size <= MAX_PAGE:
        raise InvalidParameter(f"page_size must be between 0 and {MAX_PAGE}, got {size}.")
    size = size or DEFAULT_PAGE
    start = _start(parameters.text("page_token", ""))
    tokens = {}
    if start + size < len(records):
        tokens["next_page_token"] = f"{_PAGE}{start + size}"
    if start:
        tokens["prev_page_token"] = f"{_PAGE}{max(0, start - size)}"
    return list(records[start : start + size]), tokens


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


def _start(token: str) -> int:
    number = token[len(_PAGE) :]
    if token and not (token.startswith(_PAGE) and number.isascii() and number.isdigit() and len(number) < 10):  # noqa: PLR2004  no list is so long
        raise InvalidParameter(f"Invalid page token: {token}.")
    return int(number or 0)


def _by_name(record: ClusterRecord) -> Any:
    return str(record.settings.get("cluster_name", "")), record.start_time, record.cluster_id


def _by_state(record: ClusterRecord) -> Any:
    return STATES.index(record.state), not record.is_pinned, _by_name(record)
