"""The instance pools of a workspace: recorded, because no machine of a cloud is started here."""

from __future__ import annotations

import secrets as randomness
import threading
from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.clusters.fields import POOL_EDITS, POOL_FIELDS
from fake_databricks.clusters.node_types import check_node_type
from fake_databricks.clusters.runtimes import runtime_of
from fake_databricks.errors import DoesNotExist, InvalidParameter
from fake_databricks.request.values import read_fields

if TYPE_CHECKING:
    from fake_databricks.storage import Storage

KIND = "instance_pool"
MAX_IDLE_MINUTES = 10_000
STATS = dict.fromkeys(("used_count", "idle_count", "pending_used_count", "pending_idle_count"), 0)


class InstancePools:
    """Every instance pool of a workspace, in memory and in the storage."""

    def __init__(self, workspace_id: str, storage: Storage) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._lock = threading.Lock()
        self._pools: dict[str, dict[str, Any]] = dict(storage.all(workspace_id, KIND))

    def create(self, document: Mapping[str, Any]) -> str:
        """Save a new pool; return its id."""
        settings = _settings(document)
        pool_id = f"pool-{randomness.token_hex(8)}"
        with self._lock:
            self._check_name(settings["instance_pool_name"], "")
            self._save(pool_id, settings)
        return pool_id

    def edit(self, pool_id: str, document: Mapping[str, Any]) -> None:
        """Replace what can be changed of a pool.

        Raises:
            InvalidParameter: the node type is another one, which no pool can get.
        """
        settings = _settings(document)
        with self._lock:
            before = self.get(pool_id)
            if settings["node_type_id"] != before["node_type_id"]:
                raise InvalidParameter(
                    f"The node type of a pool stays {before['node_type_id']}: create another pool for "
                    f"{settings['node_type_id']}."
                )
            self._check_name(settings["instance_pool_name"], pool_id)
            kept = {name: value for name, value in before.items() if name not in POOL_EDITS}
            self._save(pool_id, {**kept, **{name: settings[name] for name in POOL_EDITS if name in settings}})

    def get(self, pool_id: str) -> Mapping[str, Any]:
        """Return the settings of a pool.

        Raises:
            DoesNotExist: there is none with this id.
        """
        try:
            return self._pools[pool_id]
        except KeyError:
            raise DoesNotExist(f"Can't find an instance pool with id: {pool_id}.") from None

    def list(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the id and the settings of each pool, by name."""
        return sorted(self._pools.items(), key=lambda pair: (pair[1]["instance_pool_name"], pair[0]))

    def delete(self, pool_id: str) -> None:
        """Delete a pool; clusters that name it stay as they are."""
        with self._lock:
            self.get(pool_id)
            self._storage.delete(self._workspace_id, KIND, pool_id)
            del self._pools[pool_id]

    def _check_name(self, name: str, pool_id: str) -> None:
        if any(item["instance_pool_name"] == name and key != pool_id for key, item in self._pools.items()):
            raise InvalidParameter(f"An instance pool with the name '{name}' exists already.")

    def _save(self, pool_id: str, settings: dict[str, Any]) -> None:
        """Store a pool, and only then have it in memory."""
        self._storage.put(self._workspace_id, KIND, pool_id, settings)
        self._pools[pool_id] = settings


def _settings(document: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in document.items() if name in POOL_FIELDS and value not in ("", [])}
    read = read_fields(given, POOL_FIELDS)
    for name in ("instance_pool_name", "node_type_id"):
        if not read.get(name):
            raise InvalidParameter(f"Missing required field: {name}")
    check_node_type(read["node_type_id"])
    for version in read.get("preloaded_spark_versions", []):
        runtime_of(version)
    idle, largest = read.setdefault("min_idle_instances", 0), read.get("max_capacity")
    if idle < 0 or (largest is not None and (largest < 1 or idle > largest)):
        raise InvalidParameter("min_idle_instances must be from 0 to max_capacity, which must be at least 1.")
    minutes = read.setdefault("idle_instance_autotermination_minutes", 60)
    if not 0 <= minutes <= MAX_IDLE_MINUTES:
        raise InvalidParameter(
            f"idle_instance_autotermination_minutes must be between 0 and {MAX_IDLE_MINUTES}, got {minutes}."
        )
    return read
