"""What is stored of a cluster, and what the API shows: settings, state, events, libraries."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Mapping

from fake_databricks.clusters.lifecycle import Life

MAX_EVENTS = 1000


@dataclass
class ClusterRecord:
    """A cluster as the API shows it.

    Attributes:
        cluster_id: its id.
        settings: with which it runs: those of the request, and what its policy and its pools add.
        state: where it is in its life.
        state_message: the reason of the state.
        start_time: when it was created.
        terminated_time: when it was terminated, or 0.
        events: what happened to it, the newest last.
        libraries: the status of each library, by its JSON text.
        is_job_cluster: whether it was made for one run, and is removed with it.
        is_serverless: whether it is the environment of a serverless task, and is not listed.
        is_pinned: whether it was pinned; for lists alone, as nothing is cleaned up here.
        requested: the settings of the request alone; empty for a cluster of an older version.
        owner: who owns it; empty is the user who created it.
    """

    cluster_id: str
    settings: dict[str, Any]
    state: Life = Life.PENDING
    state_message: str = ""
    start_time: int = 0
    terminated_time: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    libraries: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_job_cluster: bool = False
    is_serverless: bool = False
    is_pinned: bool = False
    requested: dict[str, Any] = field(default_factory=dict)
    owner: str = ""

    @property
    def source(self) -> str:
        """Who created it: ``cluster_source``."""
        return "JOB" if self.is_job_cluster else "API"

    @property
    def request(self) -> dict[str, Any]:
        """The settings of the request alone."""
        return self.requested or self.settings

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ClusterRecord:
        """Return the record that was stored; fields that only an older version had are left out."""
        names = {item.name for item in dataclasses.fields(cls)}
        record = cls(**{name: value for name, value in document.items() if name in names})
        record.state = Life(record.state)
        return record

    def add_event(self, now: int, kind: str, details: Mapping[str, Any]) -> None:
        """Add an event; the oldest are dropped."""
        self.events.append(
            {"cluster_id": self.cluster_id, "timestamp": now, "type": kind, "details": dict(details)}
        )
        del self.events[:-MAX_EVENTS]

    def set_library(self, library: Mapping[str, Any], status: str, message: str = "") -> None:
        """Record the status of a library."""
        self.libraries[json.dumps(library, sort_keys=True)] = {
            "library": dict(library),
            "status": status,
            "is_library_for_all_clusters": False,
            **({"messages": [message]} if message else {}),
        }

    def has_library(self, library: Mapping[str, Any]) -> bool:
        """Whether the library has a status on this cluster."""
        return json.dumps(library, sort_keys=True) in self.libraries
