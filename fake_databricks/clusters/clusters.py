"""The clusters of a workspace: settings, states, events, libraries, and the running clusters."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets as randomness
import threading
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from fake_databricks.clusters.libraries import pip_arguments
from fake_databricks.clusters.lifecycle import ENDING, TRANSITIONS, Event, Life
from fake_databricks.clusters.plans import ClusterSurroundings, environment_of, plan_of
from fake_databricks.clusters.record import ClusterRecord
from fake_databricks.errors import InvalidParameter, InvalidState
from fake_databricks.transitions import IllegalTransition, after

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.engine.ports import Cluster, ClusterPlan, PipResult
    from fake_databricks.storage import Storage

READY_SECONDS = 120.0
MAX_MESSAGE = 1000
SIZES = ("num_workers", "autoscale")
NO_DETAILS: Mapping[str, Any] = {}
REASON: Mapping[str, Any] = {"reason": {"code": "USER_REQUEST"}}


ClusterFactory = Callable[["ClusterPlan"], "Cluster"]


class ClusterUnavailable(Exception):  # noqa: N818  the name is what happened
    """The cluster cannot be used now; the message is for the state of a run."""


class Clusters:
    """Every cluster of a workspace, in memory and in the storage; they start in the background."""

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
        self._surroundings = surroundings
        self._changed = threading.Condition(threading.RLock())
        self._is_closed = False
        self._records: dict[str, ClusterRecord] = {}
        self._running: dict[str, Cluster] = {}
        self._pip_locks: dict[str, threading.Lock] = {}
        for key, document in storage.all(workspace_id, "cluster"):
            self._records[key] = ClusterRecord.from_document(document)

    def bring_up(self) -> None:
        """Start the clusters again that were running when the server ended."""
        for record in list(self._records.values()):
            if record.is_serverless:  # its version stands for the newest Spark, which may be another one now
                record.settings = self._surroundings.rules.read(record.request).effective
            if record.is_job_cluster:
                self.remove(record.cluster_id)
            elif record.state in ENDING:
                self._end(record)
            else:
                self._start(record, Event.RESUME)

    def create(
        self,
        document: Mapping[str, Any],
        cluster_id: str = "",
        *,
        is_job_cluster: bool = False,
        is_serverless: bool = False,
        libraries: Sequence[Mapping[str, Any]] = (),
    ) -> ClusterRecord:
        """Create a cluster and start it.

        Args:
            document: its settings, as a request has them.
            cluster_id: its id; empty for a new one.
            is_job_cluster: whether it is made for one run.
            is_serverless: whether no client sees it.
            libraries: what it installs, besides those of its policy.
        """
        now = self._clock.now()
        cluster_id = cluster_id or f"{_stamp(now)}-{randomness.token_hex(4)}"
        read = self._surroundings.rules.read(document, is_job_cluster=is_job_cluster)
        record = ClusterRecord(
            cluster_id,
            read.effective,
            start_time=now,
            is_job_cluster=is_job_cluster,
            is_serverless=is_serverless,
            requested=read.requested,
        )
        for library in (*(read.policy.libraries if read.policy else ()), *libraries):
            record.set_library(library, "PENDING")
        with self._changed:
            if read.policy is not None:
                policies = [other.settings.get("policy_id") for other in self._records.values()]
                read.policy.check_number(policies.count(read.policy.policy_id))
            record.add_event(self._clock.now(), "CREATING", {"attributes": dict(read.effective)})
            self._save(record)
            self._records[cluster_id] = record
        self._clock.spawn(lambda: self._start_in_background(record))
        return record

    def get(self, cluster_id: str) -> ClusterRecord:
        """Return a cluster.

        Raises:
            InvalidParameter: there is no cluster with this id.
        """
        with self._changed:
            try:
                return self._records[cluster_id]
            except KeyError:
                raise InvalidParameter(f"Cluster {cluster_id} does not exist") from None

    def exists(self, cluster_id: str) -> bool:
        """Whether there is a cluster with this id, listed or not."""
        with self._changed:
            return cluster_id in self._records

    def list(self) -> list[ClusterRecord]:
        """Return all clusters, the oldest first; the environments of serverless tasks are none."""
        with self._changed:
            records = [record for record in self._records.values() if not record.is_serverless]
        return sorted(records, key=lambda record: record.start_time)

    def start(self, cluster_id: str) -> None:
        """Start a terminated cluster."""
        self._start(self.get(cluster_id), Event.START, "STARTING", {})

    def restart(self, cluster_id: str, user: str = "") -> None:
        """End everything on a cluster and start it again without the packages that %pip installed."""
        self._start(self.get(cluster_id), Event.RESTART, "RESTARTING", {"user": user} if user else {})

    def terminate(self, cluster_id: str) -> None:
        """End everything on a cluster; its settings stay."""
        record = self.get(cluster_id)
        if self._stop(record):
            self._clock.spawn(lambda: self._end(record))

    def remove(self, cluster_id: str) -> None:
        """Remove a cluster and its settings."""
        with self._changed:
            record = self.get(cluster_id)
            self._storage.delete(self._workspace_id, "cluster", cluster_id)
            del self._records[cluster_id]
        self._stop(record)
        self._end(record)

    def edit(self, cluster_id: str, document: Mapping[str, Any]) -> None:
        """Replace the settings of a cluster; a running one is restarted."""
        record = self._editable(cluster_id, Life.RUNNING, Life.TERMINATED)
        self._change(record, document, "EDITED", lambda settings: {"attributes": settings})
        with self._changed:
            if record.state is Life.RUNNING:
                self._start(record, Event.RESTART)

    def resize(self, cluster_id: str, size: Mapping[str, Any]) -> None:
        """Record another number of workers for a running cluster: they are none of this machine."""
        record = self._editable(cluster_id, Life.RUNNING)
        others = {key: value for key, value in record.request.items() if key not in SIZES}
        self._change(record, {**others, **size}, "RESIZING", lambda _: {"cluster_size": dict(size)})

    def change_owner(self, cluster_id: str, owner: str) -> None:
        """Change the owner of a terminated cluster."""
        record = self._editable(cluster_id, Life.TERMINATED)
        self._update(record, lambda changed: setattr(changed, "owner", owner))

    def _editable(self, cluster_id: str, *states: Life) -> ClusterRecord:
        record = self.get(cluster_id)
        if record.is_job_cluster:
            raise InvalidParameter(f"Cluster {cluster_id} was made for a run of a job and cannot be changed.")
        if record.state not in states:
            raise _unexpected(record)
        return record

    def _change(
        self,
        record: ClusterRecord,
        document: Mapping[str, Any],
        event: str,
        details: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        read = self._surroundings.rules.read(document)

        def change(changed: ClusterRecord) -> None:
            changed.settings, changed.requested = read.effective, read.requested
            changed.add_event(self._clock.now(), event, details(read.effective))

        self._update(record, change)

    def pin(self, cluster_id: str, *, is_pinned: bool) -> None:
        """Pin or unpin a cluster."""
        self._update(self.get(cluster_id), lambda changed: setattr(changed, "is_pinned", is_pinned))

    def running(self, cluster_id: str) -> Cluster:
        """Return a running cluster; wait while it starts, and start it where it is terminated or has failed.

        Raises:
            ClusterUnavailable: there is no such cluster, or it does not start.
        """
        with self._changed:
            record = self._records.get(cluster_id)
            if record is None:
                raise ClusterUnavailable(
                    f"Run executed on existing cluster ID {cluster_id} failed since the cluster does not "
                    "exist."
                )
            if Event.START in TRANSITIONS[record.state]:
                self.start(cluster_id)
            self._changed.wait_for(
                lambda: record.state in (Life.RUNNING, Life.ERROR, Life.TERMINATED), READY_SECONDS
            )
            if record.state is not Life.RUNNING:
                reason = record.state_message or record.state.value
                raise ClusterUnavailable(f"Cluster {cluster_id} is not usable: {reason}")
            return self._running[cluster_id]

    def environment(self, cluster_id: str) -> dict[str, str]:
        """Return the variables of programs: those of Databricks, then ``spark_env_vars`` with secrets."""
        return environment_of(self.get(cluster_id), self._surroundings)

    def pip(self, cluster_id: str, arguments: Sequence[str]) -> PipResult:
        """Run pip in the environment of a cluster; only one pip at a time runs on each."""
        cluster = self.running(cluster_id)
        with self._changed:
            lock = self._pip_locks.setdefault(cluster_id, threading.Lock())
        with lock:
            return cluster.pip(arguments)

    def install(self, cluster_id: str, library: Mapping[str, Any]) -> PipResult:
        """Install a library on a cluster, and record its status."""
        result = self.pip(
            cluster_id, pip_arguments(library, lambda path: str(self._surroundings.locate(path)))
        )
        if result.ok:
            self.set_library(cluster_id, library, "INSTALLED")
        else:
            self.set_library(cluster_id, library, "FAILED", result.output[-MAX_MESSAGE:])
        return result

    def install_in_background(self, cluster_id: str, library: Mapping[str, Any]) -> None:
        """Install a library on a cluster, in the background; its status shows the result."""
        self.mark_library(cluster_id, library, "PENDING")
        self._spawn_installation(cluster_id, library)

    def _spawn_installation(self, cluster_id: str, library: Mapping[str, Any]) -> None:
        def work() -> None:
            try:
                self.set_library(cluster_id, library, "INSTALLING")
                self.install(cluster_id, library)
            except Exception as error:  # noqa: BLE001  any error is the status of the library
                with contextlib.suppress(InvalidParameter):  # the cluster was removed meanwhile
                    self.set_library(cluster_id, library, "FAILED", str(error)[-MAX_MESSAGE:])

        self._clock.spawn(work)

    def waiting_libraries(self, cluster_id: str) -> tuple[Mapping[str, Any], ...]:
        """Return what the cluster of a run has yet to install, because its policy says so."""
        record = self.get(cluster_id)
        with self._changed:
            items = list(record.libraries.values()) if record.is_job_cluster else []
        return tuple(item["library"] for item in items if item["status"] in ("PENDING", "INSTALLING"))

    def mark_library(self, cluster_id: str, library: Mapping[str, Any], status: str) -> None:
        """Set the status of a library. Refuse the request if it cannot be stored."""
        self._update(self.get(cluster_id), lambda changed: changed.set_library(library, status))

    def set_library(
        self, cluster_id: str, library: Mapping[str, Any], status: str, message: str = ""
    ) -> None:
        """Record what has become of a library, whether that can be stored or not."""
        with self._changed:
            record = self.get(cluster_id)
            record.set_library(library, status, message)
            self._record(record)

    def close(self) -> None:
        """End every running cluster."""
        with self._changed:
            self._is_closed = True
            running, self._running = dict(self._running), {}
        for cluster in running.values():
            cluster.close()

    def _start(
        self, record: ClusterRecord, event: Event, kind: str = "", details: Mapping[str, Any] = NO_DETAILS
    ) -> None:
        try:
            self._apply(record, event, kind, details)
        except IllegalTransition:
            raise _unexpected(record) from None
        self._clock.spawn(lambda: self._start_in_background(record))

    def _start_in_background(self, record: ClusterRecord) -> None:
        try:
            with self._changed:
                former = self._running.pop(record.cluster_id, None)
            if former is not None:
                former.close()
            cluster = self._factory(plan_of(self._workspace_id, record, self._surroundings))
        except Exception as error:  # noqa: BLE001  any error at the start is the state of the cluster
            with self._changed:
                if Event.BREAK in TRANSITIONS[record.state]:  # else it was terminated while it was starting
                    self._apply(record, Event.BREAK, "DRIVER_UNAVAILABLE", message=str(error))
            return
        with self._changed:
            is_wanted = not self._is_closed and Event.READY in TRANSITIONS[record.state]
            if is_wanted:
                self._running[record.cluster_id] = cluster
                self._apply(record, Event.READY, "RUNNING", REASON)
        if not is_wanted:  # it was terminated, or the server ended, while it was starting
            cluster.close()
            return
        self._install_again(record)

    def _install_again(self, record: ClusterRecord) -> None:
        """Install the libraries of a started cluster again, except those marked for removal."""
        with self._changed:
            known = list(record.libraries.values())
            record.libraries.clear()
            for item in known:
                if item["status"] != "UNINSTALL_ON_RESTART":
                    self.set_library(record.cluster_id, item["library"], "PENDING")
                    self._spawn_installation(record.cluster_id, item["library"])

    def _stop(self, record: ClusterRecord) -> bool:
        """Let a cluster terminate; return False if it does or has done so already."""
        with self._changed:
            if record.state in ENDING:
                return False
            self._apply(record, Event.TERMINATE, "TERMINATING", REASON)
            return True

    def _end(self, record: ClusterRecord) -> None:
        """End everything on a terminating cluster."""
        with self._changed:
            cluster = self._running.pop(record.cluster_id, None)
        if cluster is not None:
            cluster.close()
        with self._changed:
            if record.state is Life.TERMINATING:  # else it was removed meanwhile
                record.terminated_time = self._clock.now()
                self._apply(record, Event.END)

    def _apply(
        self,
        record: ClusterRecord,
        event: Event,
        kind: str = "",
        details: Mapping[str, Any] = NO_DETAILS,
        message: str = "",
    ) -> None:
        """Change the state of a cluster.

        Args:
            record: the cluster.
            event: what has happened to it.
            kind: the type of the event as ``clusters/events`` lists it; empty if it is not listed.
            details: the details of the listed event.
            message: the new ``state_message``.

        Raises:
            IllegalTransition: this cannot happen in its state.
        """
        with self._changed:
            record.state = after(TRANSITIONS, record.state, event)
            record.state_message = message
            if kind:
                record.add_event(self._clock.now(), kind, details)
            if record.cluster_id in self._records:
                self._record(record)
            self._changed.notify_all()

    def _update(self, record: ClusterRecord, change: Callable[[ClusterRecord], None]) -> None:
        """Change a cluster as a request asks, once that is stored: what cannot be stored changes nothing."""
        with self._changed:
            changed = dataclasses.replace(
                record, events=list(record.events), libraries=dict(record.libraries)
            )
            change(changed)
            self._save(changed)
            vars(record).update(vars(changed))

    def _record(self, record: ClusterRecord) -> None:
        """Store what has happened to a cluster already; on a full disk a later server will not know it."""
        self._storage.record(self._workspace_id, "cluster", record.cluster_id, dataclasses.asdict(record))

    def _save(self, record: ClusterRecord) -> None:
        self._storage.put(self._workspace_id, "cluster", record.cluster_id, dataclasses.asdict(record))


def _unexpected(record: ClusterRecord) -> InvalidState:
    return InvalidState(f"Cluster {record.cluster_id} is in unexpected state {record.state.title()}.")


def _stamp(now: int) -> str:
    digits = f"{now:013d}"
    return f"{digits[3:7]}-{digits[7:13]}"
