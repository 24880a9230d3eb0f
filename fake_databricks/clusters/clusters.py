"""The clusters of a workspace: their settings, states, events and libraries, and the engine behind each."""

from __future__ import annotations

import dataclasses
import json
import secrets as randomness
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from fake_databricks.engine.ports import ClusterPlan
from fake_databricks.errors import InvalidParameter, InvalidState
from fake_databricks.jobs.model import ClusterRecord

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.engine.ports import Cluster, PipResult, Places
    from fake_databricks.storage import Storage

START = {"TERMINATED": "PENDING", "ERROR": "PENDING"}
RESTART = {"RUNNING": "RESTARTING"}
TERMINATE = dict.fromkeys(("PENDING", "RUNNING", "RESTARTING", "ERROR"), "TERMINATING")
READY_SECONDS = 120.0
MAX_EVENTS = 1000
DEFAULT_RUNTIME = "15.4"


@dataclass(frozen=True)
class ClusterSurroundings:
    """What the clusters of a workspace have in common.

    Attributes:
        places: the file trees on this machine.
        resolve: puts secrets into a text.
        redact: gives all secret values.
        seen: ``id``, ``url`` and ``token`` of the workspace as programs see them.
        install: puts a library on a cluster, in the background.
    """

    places: Places
    resolve: Callable[[str], str]
    redact: Callable[[], Sequence[str]]
    seen: Callable[[], Mapping[str, str]]
    install: Callable[[str, Mapping[str, Any]], None]


ClusterFactory = Callable[[ClusterPlan], "Cluster"]


class ClusterUnavailable(Exception):  # noqa: N818  it says what happened
    """A cluster that cannot be used now; the message is for a run's state."""


class Clusters:
    """All clusters of one workspace. Engines are started in the background."""

    def __init__(
        self,
        workspace_id: str,
        storage: Storage,
        clock: Clock,
        factory: ClusterFactory,
        surroundings: ClusterSurroundings,
    ) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._clock = clock
        self._factory = factory
        self._around = surroundings
        self._changed = threading.Condition(threading.RLock())
        self._is_closed = False
        self._records: dict[str, ClusterRecord] = {}
        self._engines: dict[str, Cluster] = {}
        self._pip_locks: dict[str, threading.Lock] = {}
        for key, document in storage.all(workspace_id, "cluster"):
            self._records[key] = ClusterRecord(**document)

    def bring_up(self) -> None:
        """Start again the engines of the clusters that were running when the server ended."""
        for record in self.list():
            if record.is_job_cluster:
                self.forget(record.cluster_id)
            elif record.state not in ("TERMINATED", "TERMINATING"):
                self._start(record, "PENDING")
            elif record.state == "TERMINATING":
                self._set(record, "TERMINATED", "TERMINATED")

    def create(
        self, settings: Mapping[str, Any], cluster_id: str = "", *, is_job_cluster: bool = False
    ) -> ClusterRecord:
        """Make a cluster and start it; its id is made up where none is given."""
        now = self._clock.now()
        cluster_id = cluster_id or f"{_stamp(now)}-{randomness.token_hex(4)}"
        record = ClusterRecord(
            cluster_id, dict(settings), start_time=now, is_job_cluster=is_job_cluster, last_state_time=now
        )
        with self._changed:
            self._records[cluster_id] = record
            self._event(record, "CREATING", {"attributes": dict(settings)})
        self._start(record, "PENDING")
        return record

    def get(self, cluster_id: str) -> ClusterRecord:
        """One cluster.

        Raises:
            InvalidParameter: there is none of that id.
        """
        with self._changed:
            try:
                return self._records[cluster_id]
            except KeyError:
                raise InvalidParameter(f"Cluster {cluster_id} does not exist") from None

    def list(self) -> list[ClusterRecord]:
        """All clusters, the oldest first."""
        with self._changed:
            return sorted(self._records.values(), key=lambda record: record.start_time)

    def start(self, cluster_id: str) -> None:
        """Start one that was terminated."""
        record = self._expect(cluster_id, START)
        self._event(record, "STARTING", {})
        self._start(record, "PENDING")

    def restart(self, cluster_id: str) -> None:
        """End all on it, and go back to an environment without installed packages."""
        record = self._expect(cluster_id, RESTART)
        self._event(record, "RESTARTING", {})
        self._start(record, "RESTARTING")

    def terminate(self, cluster_id: str) -> None:
        """End all on it; its settings stay."""
        record = self.get(cluster_id)
        if record.state in ("TERMINATED", "TERMINATING"):
            return
        self._expect(cluster_id, TERMINATE)
        self._set(record, "TERMINATING", "TERMINATING")
        self._clock.spawn(lambda: self._end(record))

    def forget(self, cluster_id: str) -> None:
        """Remove it for good."""
        record = self.get(cluster_id)
        self._end(record)
        with self._changed:
            self._records.pop(cluster_id, None)
            self._storage.delete(self._workspace_id, "cluster", cluster_id)

    def edit(self, cluster_id: str, settings: Mapping[str, Any]) -> None:
        """Return it other settings; a running one is restarted."""
        record = self.get(cluster_id)
        if record.state not in ("RUNNING", "TERMINATED"):
            raise InvalidState(f"Cluster {cluster_id} is in unexpected state {record.state.title()}.")
        with self._changed:
            record.settings = dict(settings)
            self._event(record, "EDITED", {"attributes": dict(settings)})
            self._keep(record)
        if record.state == "RUNNING":
            self._start(record, "RESTARTING")

    def pin(self, cluster_id: str, *, is_pinned: bool) -> None:
        """Pin or unpin it."""
        record = self.get(cluster_id)
        record.is_pinned = is_pinned
        self._keep(record)

    def engine(self, cluster_id: str) -> Cluster:
        """Return the engine of a running cluster; waits while it starts, and starts a terminated one.

        Raises:
            ClusterUnavailable: no such cluster, or it does not come up.
        """
        with self._changed:
            record = self._records.get(cluster_id)
        if record is None:
            raise ClusterUnavailable(
                f"Run executed on existing cluster ID {cluster_id} failed since the cluster does not exist."
            )
        if record.state == "TERMINATED":
            self.start(cluster_id)
        with self._changed:
            self._changed.wait_for(lambda: record.state in ("RUNNING", "ERROR", "TERMINATED"), READY_SECONDS)
            if record.state != "RUNNING":
                raise ClusterUnavailable(f"Cluster {cluster_id} is not usable: {record.state_message}")
            return self._engines[cluster_id]

    def environment(self, cluster_id: str) -> dict[str, str]:
        """Return the variables that programs see: Databricks' own, then ``spark_env_vars`` with secrets."""
        record = self.get(cluster_id)
        seen = self._around.seen()
        variables = record.settings.get("spark_env_vars") or {}
        version = str(record.settings.get("spark_version") or DEFAULT_RUNTIME)
        return {
            "DATABRICKS_RUNTIME_VERSION": ".".join(version.split(".")[:2]),
            "DATABRICKS_HOST": seen["url"],
            "DATABRICKS_TOKEN": seen["token"],
            "DB_CLUSTER_ID": cluster_id,
            "DB_CLUSTER_NAME": str(record.settings.get("cluster_name", "")),
            "DB_IS_DRIVER": "TRUE",
            "DB_IS_JOB_CLUSTER": str(record.is_job_cluster).upper(),
            **{str(name): self._around.resolve(str(value)) for name, value in variables.items()},
        }

    def pip(self, cluster_id: str, arguments: Sequence[str]) -> PipResult:
        """Run pip in a cluster's environment; one at a time on each."""
        engine = self.engine(cluster_id)
        with self._changed:
            lock = self._pip_locks.setdefault(cluster_id, threading.Lock())
        with lock:
            return engine.pip(arguments)

    def set_library(
        self, cluster_id: str, library: Mapping[str, Any], status: str, message: str = ""
    ) -> None:
        """Note what became of a library."""
        with self._changed:
            record = self.get(cluster_id)
            record.libraries[json.dumps(library, sort_keys=True)] = {
                "library": dict(library),
                "status": status,
                "is_library_for_all_clusters": False,
                **({"messages": [message]} if message else {}),
            }
            self._keep(record)

    def close(self) -> None:
        """End every engine."""
        with self._changed:
            self._is_closed = True
            engines, self._engines = dict(self._engines), {}
        for engine in engines.values():
            engine.close()

    def _expect(self, cluster_id: str, allowed: Mapping[str, str]) -> ClusterRecord:
        record = self.get(cluster_id)
        if record.state not in allowed:
            raise InvalidState(f"Cluster {cluster_id} is in unexpected state {record.state.title()}.")
        return record

    def _start(self, record: ClusterRecord, state: str) -> None:
        self._set(record, state)
        self._clock.spawn(lambda: self._run_engine(record))

    def _run_engine(self, record: ClusterRecord) -> None:
        try:
            with self._changed:
                engine = self._engines.pop(record.cluster_id, None)
            if engine is not None:
                engine.close()
            made = self._factory(self._plan(record))
        except Exception as error:  # noqa: BLE001  whatever the engine's start raises is the cluster's state
            self._set(record, "ERROR", "DRIVER_UNAVAILABLE", str(error))
            return
        with self._changed:
            is_wanted = not self._is_closed and record.state in ("PENDING", "RESTARTING")
            if is_wanted:
                self._engines[record.cluster_id] = made
                self._set(record, "RUNNING", "RUNNING")
        if not is_wanted:  # it was terminated, or the server ended, while it was starting
            made.close()
            return
        self._install_again(record)

    def _install_again(self, record: ClusterRecord) -> None:
        """Bring a cluster's libraries back, but those marked to go; what %pip installed is gone."""
        with self._changed:
            known = list(record.libraries.values())
            record.libraries.clear()
        for item in known:
            if item["status"] != "UNINSTALL_ON_RESTART":
                self._around.install(record.cluster_id, item["library"])

    def _plan(self, record: ClusterRecord) -> ClusterPlan:
        conf = record.settings.get("spark_conf") or {}
        return ClusterPlan(
            self._workspace_id,
            record.cluster_id,
            {str(key): self._around.resolve(str(value)) for key, value in conf.items()},
            self.environment(record.cluster_id),
            self._around.places,
            self._around.redact,
        )

    def _end(self, record: ClusterRecord) -> None:
        with self._changed:
            engine = self._engines.pop(record.cluster_id, None)
        if engine is not None:
            engine.close()
        record.terminated_time = self._clock.now()
        self._set(record, "TERMINATED", "TERMINATED")

    def _set(self, record: ClusterRecord, state: str, event: str = "", message: str = "") -> None:
        with self._changed:
            record.state = state
            record.state_message = message
            record.last_state_time = self._clock.now()
            if event:
                self._event(record, event, {"reason": {"code": "USER_REQUEST"}} if event == state else {})
            if record.cluster_id in self._records:
                self._keep(record)
            self._changed.notify_all()

    def _event(self, record: ClusterRecord, kind: str, details: Mapping[str, Any]) -> None:
        record.events.append(
            {
                "cluster_id": record.cluster_id,
                "timestamp": self._clock.now(),
                "type": kind,
                "details": dict(details),
            }
        )
        del record.events[:-MAX_EVENTS]

    def _keep(self, record: ClusterRecord) -> None:
        self._storage.put(self._workspace_id, "cluster", record.cluster_id, dataclasses.asdict(record))


def _stamp(now: int) -> str:
    digits = f"{now:013d}"
    return f"{digits[3:7]}-{digits[7:13]}"
