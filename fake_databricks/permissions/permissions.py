"""The access lists of a workspace's objects, except those of jobs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Mapping, Sequence

if TYPE_CHECKING:
    from fake_databricks.storage import Storage

KIND = "permissions"


class Permissions:
    """From each object to its access list, in memory and in the storage."""

    def __init__(self, workspace_id: str, storage: Storage) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._lock = threading.Lock()
        self._lists: dict[str, list[Mapping[str, Any]]] = dict(storage.all(workspace_id, KIND))

    def get(self, object_id: str) -> list[Mapping[str, Any]] | None:
        """Return the list of an object (``/clusters/...``), or None if none was ever set."""
        return self._lists.get(object_id)

    def set(self, object_id: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Replace the list of an object."""
        with self._lock:
            self._storage.put(self._workspace_id, KIND, object_id, list(items))
            self._lists[object_id] = list(items)

    def forget(self, object_id: str) -> None:
        """Delete the list of an object that is gone."""
        with self._lock:
            if self._lists.pop(object_id, None) is not None:
                self._storage.delete(self._workspace_id, KIND, object_id)
