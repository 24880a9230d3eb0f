"""``/api/2.x/clusters`` with the lists that clients choose from, and ``/api/2.0/libraries``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.clusters import listing
from fake_databricks.clusters.clusters import SIZES
from fake_databricks.clusters.events import events_page
from fake_databricks.clusters.fields import CLUSTER_FIELDS, CREATE_FIELDS, EDIT_FIELDS
from fake_databricks.clusters.libraries import check_package, notes_of
from fake_databricks.clusters.lifecycle import Life
from fake_databricks.clusters.node_types import NODE_TYPES
from fake_databricks.clusters.runtimes import RUNTIMES
from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import all_unknown_fields, read_object, read_text

if TYPE_CHECKING:
    from fake_databricks.clusters.record import ClusterRecord

VERSIONS = ("2.0", "2.1")
MASK_ALL = "*"


def create(call: Call) -> dict[str, Any]:
    """Create a cluster and start it, with the libraries of the cluster that it is cloned from."""
    call.notes.extend(all_unknown_fields(call.document, CREATE_FIELDS))
    clusters, source = call.workspace.clusters, call.parameters.object("clone_from")
    libraries = []
    if source:
        cloned = clusters.get(read_text("clone_from.source_cluster_id", source.get("source_cluster_id")))
        libraries = [item["library"] for item in cloned.libraries.values()]
    record = clusters.create(call.document, libraries=libraries)
    return {"cluster_id": record.cluster_id}


def get(call: Call) -> dict[str, Any]:
    """Return one cluster."""
    return cluster_view(call.workspace.clusters.get(call.parameters.text("cluster_id")), call.workspace.user)


def list_(call: Call) -> dict[str, Any]:
    """Return the clusters that a filter admits, one page of them; version 2.0 has no pages by itself."""
    parameters = call.parameters
    call.notes.extend(listing.notes_of(parameters))
    page = listing.page(call.workspace.clusters.list(), parameters, has_pages=call.version != "2.0")
    views = [cluster_view(record, call.workspace.user) for record in page.items]
    return {**({"clusters": views} if views else {}), **page.tokens}


def start(call: Call) -> dict[str, Any]:
    """Start a terminated cluster."""
    call.workspace.clusters.start(call.parameters.text("cluster_id"))
    return {}


def restart(call: Call) -> dict[str, Any]:
    """Restart a running cluster."""
    parameters = call.parameters
    call.workspace.restart_cluster(parameters.text("cluster_id"), parameters.text("restart_user", ""))
    return {}


def delete(call: Call) -> dict[str, Any]:
    """Terminate a cluster; it can be started again."""
    call.workspace.terminate_cluster(call.parameters.text("cluster_id"))
    return {}


def permanent_delete(call: Call) -> dict[str, Any]:
    """Remove a cluster."""
    cluster_id = call.parameters.text("cluster_id")
    call.workspace.commands.destroy_contexts(cluster_id)
    call.workspace.clusters.remove(cluster_id)
    call.workspace.permissions.forget(f"/clusters/{cluster_id}")
    return {}


def edit(call: Call) -> dict[str, Any]:
    """Replace the settings of a cluster; a running one restarts."""
    call.notes.extend(all_unknown_fields(call.document, EDIT_FIELDS))
    _edit(call, call.document)
    return {}


def update(call: Call) -> dict[str, Any]:
    """Change the settings that a mask names; those that it names and the request lacks are removed."""
    parameters = call.parameters
    given = parameters.object("cluster")
    call.notes.extend(all_unknown_fields(given, CLUSTER_FIELDS, "cluster."))
    record = call.workspace.clusters.get(parameters.text("cluster_id"))
    names = [name.strip() for name in parameters.text("update_mask").split(",")]
    if MASK_ALL in names:
        _edit(call, given)
        return {}
    document = dict(record.request)
    for name in names:
        first, _, rest = name.partition(".")
        parts = CLUSTER_FIELDS[first].parts if first in CLUSTER_FIELDS else None
        if first not in CLUSTER_FIELDS or (rest and rest not in (parts or {})):
            raise InvalidParameter(f"The update_mask names '{name}', which is no field of a cluster.")
        value = given.get(first)
        if rest:
            inner = read_object(f"cluster.{first}", value or {})
            value = {**document.get(first, {}), rest: inner.get(rest)}
        document[first] = value
    _edit(call, document)
    return {}


def _edit(call: Call, document: Mapping[str, Any]) -> None:
    cluster_id = call.parameters.text("cluster_id")
    call.workspace.clusters.edit(cluster_id, document)
    call.workspace.commands.destroy_contexts(cluster_id)


def resize(call: Call) -> dict[str, Any]:
    """Record another size of a running cluster."""
    parameters = call.parameters
    size = {name: parameters.values[name] for name in SIZES if parameters.has(name)}
    if len(size) != 1:
        raise InvalidParameter(f"Exactly one of {' and '.join(SIZES)} must be given.")
    call.workspace.clusters.resize(parameters.text("cluster_id"), size)
    return {}


def change_owner(call: Call) -> dict[str, Any]:
    """Change the owner of a terminated cluster."""
    parameters = call.parameters
    call.workspace.clusters.change_owner(parameters.text("cluster_id"), parameters.text("owner_username"))
    return {}


def pin(call: Call) -> dict[str, Any]:
    """Pin a cluster."""
    call.workspace.clusters.pin(call.parameters.text("cluster_id"), is_pinned=True)
    return {}


def unpin(call: Call) -> dict[str, Any]:
    """Unpin a cluster."""
    call.workspace.clusters.pin(call.parameters.text("cluster_id"), is_pinned=False)
    return {}


def events(call: Call) -> dict[str, Any]:
    """Return the events of a cluster."""
    record = call.workspace.clusters.get(call.parameters.text("cluster_id"))
    return events_page(record, call.parameters)


def spark_versions(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Return the runtime versions."""
    return {"versions": [{"key": key, "name": name} for key, name in RUNTIMES.items()]}


def node_types(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Return the node types of the clouds, and that of this machine."""
    return {"node_types": [item.view() for item in NODE_TYPES.values()]}


def zones(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Return the only zone."""
    return {"zones": ["local"], "default_zone": "local"}


def install_libraries(call: Call) -> dict[str, Any]:
    """Install libraries on a cluster, in the background."""
    cluster_id, libraries = _asked_libraries(call)
    for library in libraries:
        call.workspace.clusters.install_in_background(cluster_id, library)
    return {}


def uninstall_libraries(call: Call) -> dict[str, Any]:
    """Mark libraries for removal at the next restart, as on Databricks."""
    cluster_id, libraries = _asked_libraries(call)
    record = call.workspace.clusters.get(cluster_id)
    for library in libraries:
        if record.has_library(library):
            call.workspace.clusters.mark_library(cluster_id, library, "UNINSTALL_ON_RESTART")
    return {}


def library_statuses(call: Call) -> dict[str, Any]:
    """Return the libraries of one cluster."""
    return _statuses(call, call.parameters.text("cluster_id"))


def all_library_statuses(call: Call) -> dict[str, Any]:
    """Return the libraries of all clusters."""
    records = call.workspace.clusters.list()
    return {"statuses": [_statuses(call, record.cluster_id) for record in records]}


def cluster_view(record: ClusterRecord, user: str) -> dict[str, Any]:
    """Return a cluster as clusters/get shows it."""
    owner = record.owner or user
    view = {
        "autotermination_minutes": 0,
        "num_workers": 0,
        **record.settings,
        "cluster_id": record.cluster_id,
        "cluster_source": record.source,
        "creator_user_name": owner,
        "state": record.state.value,
        "state_message": record.state_message,
        "start_time": record.start_time,
        "last_state_loss_time": 0,
        "default_tags": {"ClusterId": record.cluster_id, "Creator": owner, "Vendor": "Databricks"},
        "spec": record.request,
    }
    if record.state is Life.RUNNING:
        view["spark_context_id"] = record.start_time
    if record.state is Life.ERROR:
        view["termination_reason"] = {
            "code": "SPARK_STARTUP_FAILURE",
            "type": "CLIENT_ERROR",
            "parameters": {"databricks_error_message": record.state_message},
        }
    if record.state is Life.TERMINATED:
        view["terminated_time"] = record.terminated_time
        view["termination_reason"] = {
            "code": "USER_REQUEST",
            "type": "SUCCESS",
            "parameters": {"username": user},
        }
    return view


def _statuses(call: Call, cluster_id: str) -> dict[str, Any]:
    libraries = list(call.workspace.clusters.get(cluster_id).libraries.values())
    return {"cluster_id": cluster_id, **({"library_statuses": libraries} if libraries else {})}


def _asked_libraries(call: Call) -> tuple[str, list[dict[str, Any]]]:
    parameters = call.parameters
    cluster_id = parameters.text("cluster_id")
    call.workspace.clusters.get(cluster_id)
    call.notes.extend(notes_of(parameters.values))
    libraries = [read_object("libraries", item) for item in parameters.list("libraries")]
    if not libraries:
        raise InvalidParameter("Missing required field: libraries")
    for library in libraries:
        check_package(library)
    return cluster_id, libraries


ROUTES = (
    Route("POST", "/clusters/create", create, VERSIONS),
    Route("GET", "/clusters/get", get, VERSIONS),
    Route("GET", "/clusters/list", list_, VERSIONS),
    Route("POST", "/clusters/start", start, VERSIONS),
    Route("POST", "/clusters/restart", restart, VERSIONS),
    Route("POST", "/clusters/delete", delete, VERSIONS),
    Route("POST", "/clusters/permanent-delete", permanent_delete, VERSIONS, is_slow=True),
    Route("POST", "/clusters/edit", edit, VERSIONS),
    Route("POST", "/clusters/update", update, VERSIONS),
    Route("POST", "/clusters/resize", resize, VERSIONS),
    Route("POST", "/clusters/change-owner", change_owner, VERSIONS),
    Route("POST", "/clusters/pin", pin, VERSIONS),
    Route("POST", "/clusters/unpin", unpin, VERSIONS),
    Route("POST", "/clusters/events", events, VERSIONS),
    Route("GET", "/clusters/spark-versions", spark_versions, VERSIONS),
    Route("GET", "/clusters/list-node-types", node_types, VERSIONS),
    Route("GET", "/clusters/list-zones", zones, VERSIONS),
    Route("POST", "/libraries/install", install_libraries),
    Route("POST", "/libraries/uninstall", uninstall_libraries),
    Route("GET", "/libraries/cluster-status", library_statuses),
    Route("GET", "/libraries/all-cluster-statuses", all_library_statuses),
)
