"""``/api/2.x/clusters`` with the lists that clients choose from, and ``/api/2.0/libraries``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fake_databricks.clusters import listing
from fake_databricks.clusters.libraries import check_library
from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Call, Route
from fake_databricks.request.values import read_object

if TYPE_CHECKING:
    from fake_databricks.clusters.record import ClusterRecord

VERSIONS = ("2.0", "2.1")
DEFAULT_EVENTS = 50
MAX_EVENTS = 500
NODE_TYPE: dict[str, Any] = {
    "node_type_id": "local.2",
    "instance_type_id": "local.2",
    "memory_mb": 8192,
    "num_cores": 2.0,
    "num_gpus": 0,
    "description": "this machine",
    "category": "General Purpose",
    "is_deprecated": False,
    "is_hidden": False,
    "is_graviton": False,
    "is_io_cache_enabled": False,
    "support_port_forwarding": False,
    "support_cluster_tags": True,
    "photon_driver_capable": False,
    "photon_worker_capable": False,
    "node_info": {"status": [], "available_core_quota": 2.0, "total_core_quota": 2.0},
    "node_instance_type": {
        "instance_type_id": "local.2",
        "local_disks": 1,
        "local_disk_size_gb": 100,
        "local_nvme_disks": 0,
        "local_nvme_disk_size_gb": 0,
    },
}
SPARK_VERSIONS = (
    ("15.4.x-scala2.12", "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)"),
    ("14.3.x-scala2.12", "14.3 LTS (includes Apache Spark 3.5.0, Scala 2.12)"),
)
REFUSED = {
    "docker_image": "no container is started here",
    "init_scripts": "no init script is run here",
    "instance_pool_id": "there are no pools here",
}


def create(call: Call) -> dict[str, Any]:
    """Create a cluster and start it."""
    record = call.workspace.clusters.create(_settings(call))
    return {"cluster_id": record.cluster_id}


def get(call: Call) -> dict[str, Any]:
    """Return one cluster."""
    return cluster_view(call.workspace.clusters.get(call.parameters.text("cluster_id")), call.workspace.user)


def list_(call: Call) -> dict[str, Any]:
    """Return the clusters that a filter admits, one page of them; version 2.0 has no pages by itself."""
    parameters = call.parameters
    call.notes.extend(listing.notes_of(parameters))
    records = listing.select(call.workspace.clusters.list(), parameters)
    tokens: dict[str, str] = {}
    if call.version != "2.0" or parameters.has("page_size") or parameters.has("page_token"):
        records, tokens = listing.page(records, parameters)
    views = [cluster_view(record, call.workspace.user) for record in records]
    return {**({"clusters": views} if views else {}), **tokens}


def start(call: Call) -> dict[str, Any]:
    """Start a terminated cluster."""
    call.workspace.clusters.start(call.parameters.text("cluster_id"))
    return {}


def restart(call: Call) -> dict[str, Any]:
    """Restart a running cluster."""
    call.workspace.restart_cluster(call.parameters.text("cluster_id"))
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
    return {}


def edit(call: Call) -> dict[str, Any]:
    """Replace the settings of a cluster; a running one restarts."""
    cluster_id = call.parameters.text("cluster_id")
    call.workspace.clusters.edit(cluster_id, _settings(call))
    call.workspace.commands.destroy_contexts(cluster_id)
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
    parameters = call.parameters
    record = call.workspace.clusters.get(parameters.text("cluster_id"))
    limit, offset = parameters.integer("limit", DEFAULT_EVENTS), parameters.integer("offset", 0)
    if not 0 < limit <= MAX_EVENTS or offset < 0:
        raise InvalidParameter(f"limit must be between 1 and {MAX_EVENTS}, offset not negative.")
    kinds = parameters.texts("event_types")
    found = [event for event in record.events if not kinds or event["type"] in kinds]
    if parameters.text("order", "DESC") == "DESC":
        found.reverse()
    page = found[offset : offset + limit]
    view: dict[str, Any] = {"events": page, "total_count": len(found)}
    if offset + limit < len(found):
        view["next_page"] = {"cluster_id": record.cluster_id, "offset": offset + limit, "limit": limit}
    return view


def spark_versions(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Return the runtime versions."""
    return {"versions": [{"key": key, "name": name} for key, name in SPARK_VERSIONS]}


def node_types(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Return the only node type: this machine."""
    return {"node_types": [NODE_TYPE]}


def zones(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Return the only zone."""
    return {"zones": ["local"], "default_zone": "local"}


def policies(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Return no policies."""
    return {"policies": []}


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
            call.workspace.clusters.set_library(cluster_id, library, "UNINSTALL_ON_RESTART")
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
    view = {
        "autotermination_minutes": 0,
        "num_workers": 0,
        **{key: value for key, value in record.settings.items() if key not in ("cluster_id", "libraries")},
        "cluster_id": record.cluster_id,
        "cluster_source": record.source,
        "creator_user_name": user,
        "state": record.state,
        "state_message": record.state_message,
        "start_time": record.start_time,
        "last_state_loss_time": 0,
        "default_tags": {"ClusterId": record.cluster_id, "Creator": user, "Vendor": "Databricks"},
        "spec": record.settings,
    }
    if record.state == "RUNNING":
        view["spark_context_id"] = record.start_time
    if record.state == "TERMINATED":
        view["terminated_time"] = record.terminated_time
        view["termination_reason"] = {
            "code": "USER_REQUEST",
            "type": "SUCCESS",
            "parameters": {"username": user},
        }
    return view


def _settings(call: Call) -> dict[str, Any]:
    settings = dict(call.document)
    if not settings.get("spark_version"):
        raise InvalidParameter("Missing required field: spark_version")
    for name, why in REFUSED.items():
        if settings.get(name):
            raise InvalidParameter(f"Field '{name}' is not supported: {why}.")
    for name in ("spark_conf", "spark_env_vars", "custom_tags"):
        if not isinstance(settings.get(name, {}), dict):
            raise InvalidParameter(f"Field '{name}' must be an object.")
    return settings


def _statuses(call: Call, cluster_id: str) -> dict[str, Any]:
    libraries = list(call.workspace.clusters.get(cluster_id).libraries.values())
    return {"cluster_id": cluster_id, **({"library_statuses": libraries} if libraries else {})}


def _asked_libraries(call: Call) -> tuple[str, list[dict[str, Any]]]:
    parameters = call.parameters
    cluster_id = parameters.text("cluster_id")
    call.workspace.clusters.get(cluster_id)
    libraries = [read_object("libraries", item) for item in parameters.list("libraries")]
    if not libraries:
        raise InvalidParameter("Missing required field: libraries")
    for library in libraries:
        check_library(library)
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
    Route("POST", "/clusters/pin", pin, VERSIONS),
    Route("POST", "/clusters/unpin", unpin, VERSIONS),
    Route("POST", "/clusters/events", events, VERSIONS),
    Route("GET", "/clusters/spark-versions", spark_versions, VERSIONS),
    Route("GET", "/clusters/list-node-types", node_types, VERSIONS),
    Route("GET", "/clusters/list-zones", zones, VERSIONS),
    Route("GET", "/policies/clusters/list", policies),
    Route("POST", "/libraries/install", install_libraries),
    Route("POST", "/libraries/uninstall", uninstall_libraries),
    Route("GET", "/libraries/cluster-status", library_statuses),
    Route("GET", "/libraries/all-cluster-statuses", all_library_statuses),
)
