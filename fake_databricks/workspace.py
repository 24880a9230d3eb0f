"""A workspace: everything that one token sees. State and behaviour, no HTTP."""

from __future__ import annotations

import hashlib
import logging
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Mapping

from fake_databricks.clock import MovableClock
from fake_databricks.clusters.clusters import ClusterFactory, Clusters
from fake_databricks.clusters.instance_pools import InstancePools
from fake_databricks.clusters.plans import ClusterSurroundings
from fake_databricks.clusters.policies import Policies
from fake_databricks.clusters.rules import ClusterRules
from fake_databricks.commands.commands import Commands
from fake_databricks.engine.ports import Places
from fake_databricks.errors import ApiError
from fake_databricks.files.mounted_cluster import MountedCluster
from fake_databricks.files.mounts import Mounts
from fake_databricks.files.trees import Dbfs, Tree, Trees
from fake_databricks.files.uploads import Uploads
from fake_databricks.files.workspace_objects import WorkspaceObjects
from fake_databricks.identity.directory import Directory
from fake_databricks.identity.tokens import IssuedTokens, Tokens
from fake_databricks.jobs.jobs import Jobs
from fake_databricks.jobs.runs import KEEP_RUNS, Runs
from fake_databricks.jobs.scheduled_runs import ScheduledRuns
from fake_databricks.jobs.scheduler import RunScheduler
from fake_databricks.jobs.tasks import TaskPreparer
from fake_databricks.permissions.permissions import Permissions
from fake_databricks.secrets.secrets import Secrets
from fake_databricks.sql.statements import Statements
from fake_databricks.storage import Numbers

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.clock import Clock
    from fake_databricks.storage import Storage

LOGGER = logging.getLogger("fake_databricks")
DEFAULT_CLUSTER_ID = "0123-456789-abcdef01"  # the guide's
DEFAULT_CLUSTER: Mapping[str, Any] = {
    "cluster_name": "fake",
    "spark_version": "15.4.x-scala2.12",
    "node_type_id": "local.2",
    "driver_node_type_id": "local.2",
    "num_workers": 0,
    "autotermination_minutes": 0,
    "data_security_mode": "SINGLE_USER",
}
MIN_HIDDEN_TOKEN = 8
USER = "user@fake.databricks.local"


@dataclass(frozen=True)
class Surroundings:
    """What all workspaces of a server share.

    Attributes:
        storage: stores the state.
        clock: time and threads.
        factory: starts a cluster.
        folder: contains a folder for each workspace.
        cluster_id: the id of the cluster that every workspace has from the start.
        mounts: pairs of a mount point or Volume and the source that every workspace has there.
        environment: the variables with endpoints and credentials of mounts.
        keep_runs: how many ended runs each workspace keeps.
        trust: the variables with which programs trust the server's certificate; none without TLS.
        issued: the tokens that workspaces have made.
        can_run: whether a Spark, ``4.0``, is on this machine.
        on_erase: called with the id of a workspace that is erased, to delete what else is stored of it.
    """

    storage: Storage
    clock: Clock
    factory: ClusterFactory
    folder: Path
    cluster_id: str = DEFAULT_CLUSTER_ID
    on_erase: Callable[[str], None] = lambda _: None
    mounts: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    keep_runs: int = KEEP_RUNS
    trust: Mapping[str, str] = field(default_factory=dict)
    issued: IssuedTokens = field(default_factory=IssuedTokens)
    can_run: Callable[[str], bool] = lambda _: True


def workspace_id_of(token: str) -> str:
    """Return the workspace id of a token: sixteen digits from a hash, the same after every restart."""
    return f"{int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], 'big') % 10**15 + 10**15}"


class Workspace:
    """Jobs, runs, commands, secrets, files and clusters of one token.

    Attributes:
        workspace_id: its id, sixteen digits.
        user: the user of its token.
        url: the address of the server, for the programs of its runs.
        clock: its time, which ``/_fake/clock`` moves.
    """

    def __init__(self, workspace_id: str, surroundings: Surroundings) -> None:
        self.workspace_id = workspace_id
        self.user = USER
        self.url = ""
        self._token = ""
        self._is_open = False
        self._surroundings = surroundings
        storage = surroundings.storage
        self.clock = clock = MovableClock(surroundings.clock)
        self.folder = surroundings.folder / self.workspace_id
        self.secrets = Secrets(self.workspace_id, storage, clock)
        trees = Trees(*(Tree(self.folder / name) for name in ("dbfs", "volumes", "workspace_files")))
        self.mounts = Mounts(
            self.workspace_id, storage, trees, self.folder / "mounts", surroundings.environment
        )
        self.secrets.also_hide(self.mounts.secrets)
        self.secrets.also_hide(self._own_token)
        self.dbfs = Dbfs(trees.dbfs)
        self.volumes = trees.volumes
        self.uploads = Uploads(self.folder / "uploads")
        self.objects = WorkspaceObjects(self.workspace_id, trees.objects, storage, clock)
        self.objects.make_folder(f"/Users/{self.user}")
        self.directory = Directory(self.workspace_id, storage, self.user)
        self.tokens = Tokens(self.workspace_id, storage, clock, surroundings.issued)
        self.permissions = Permissions(self.workspace_id, storage)
        self.policies = Policies(self.workspace_id, storage, clock)
        self.pools = InstancePools(self.workspace_id, storage)
        self.cluster_rules = ClusterRules(self.policies, self.pools, self.user, surroundings.can_run)
        self.clusters = Clusters(
            self.workspace_id,
            storage,
            clock,
            lambda plan: MountedCluster(surroundings.factory(plan), self.mounts),
            ClusterSurroundings(
                Places(str(trees.dbfs.root), str(trees.volumes.root), str(trees.objects.root)),
                self.secrets.resolve,
                self.secrets.values,
                self._as_programs_see_it,
                trees.locate,
                self.cluster_rules,
                surroundings.trust,
            ),
        )
        self.preparer = TaskPreparer(
            self.clusters,
            trees,
            self.folder / "runs",
            self._as_programs_see_it,
            self.mounts.before_starting,
        )
        numbers = Numbers(self.workspace_id, storage)
        self.jobs = Jobs(self.workspace_id, storage, clock, numbers, self.cluster_rules)
        self.runs = Runs(self.workspace_id, storage, numbers, self.secrets.redact, surroundings.keep_runs)
        self.scheduler = RunScheduler(self.runs, self.jobs, self.preparer, clock)
        self.schedules = ScheduledRuns(self.jobs, self.scheduler, clock)
        self.jobs.on_change = self.schedules.plan
        self.scheduler.on_end = self.schedules.ended
        self.commands = Commands(self.clusters, clock, self.secrets)
        self.statements = Statements(self.clusters, clock)

    def open(self, token: str, url: str) -> None:
        """Start its clusters; called for the first request of its token.

        Args:
            token: the token with which the programs of its runs authenticate.
            url: the address of the server, for those programs.
        """
        if self._is_open:
            if self._surroundings.issued.owner(self._token) is not None:
                self._token = token  # programs had a token that may be deleted
            return
        self._is_open, self._token, self.url = True, token, url
        for point, source in self._surroundings.mounts:
            try:
                self.mounts.declare(point, source)
            except ApiError as error:  # this workspace has something else there
                LOGGER.warning("Workspace %s: %s", self.workspace_id, error.message)
        self.clusters.bring_up()
        default = self._surroundings.cluster_id
        if default not in {record.cluster_id for record in self.clusters.list()}:
            self.clusters.create(DEFAULT_CLUSTER, default)
        self.schedules.plan_all()

    def set_time(self, moment: int | None) -> None:
        """Move its clock forward, which starts the runs whose time comes.

        Moved back, or to the true time (None), it starts none: schedules wait for their next time from there.
        """
        if moment is not None and moment >= self.clock.now():
            self.clock.move_to(moment)
            return
        self.schedules.close()
        if moment is None:
            self.clock.move_back()
        else:
            self.clock.move_to(moment)
        self.schedules.plan_all()

    def state_bytes(self) -> int:
        """Return the size of the stored state of all workspaces, without their files."""
        return self._surroundings.storage.size()

    def delete_job(self, job_id: int) -> None:
        """Delete a job and cancel its active runs."""
        self.jobs.delete(job_id)
        self.scheduler.cancel_all(job_id)

    def restart_cluster(self, cluster_id: str, user: str = "") -> None:
        """Restart a cluster and destroy its contexts."""
        self.clusters.restart(cluster_id, user)
        self.commands.destroy_contexts(cluster_id)

    def terminate_cluster(self, cluster_id: str) -> None:
        """Terminate a cluster and destroy its contexts."""
        self.clusters.terminate(cluster_id)
        self.commands.destroy_contexts(cluster_id)

    def close(self) -> None:
        """End every process of this workspace."""
        self.schedules.close()
        self.scheduler.close()
        self.commands.close()
        self.statements.close()
        self.clusters.close()
        self.dbfs.close_all()
        self.mounts.close()

    def erase(self) -> None:
        """End everything, and delete state and files."""
        self.scheduler.cancel_all(None)
        self.close()
        self._surroundings.on_erase(self.workspace_id)
        self.tokens.forget()
        self._surroundings.storage.clear(self.workspace_id)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _own_token(self) -> tuple[str, ...]:
        """Return the token that programs get, to hide it in outputs; a short one would garble other words."""
        return (self._token,) if len(self._token) >= MIN_HIDDEN_TOKEN else ()

    def _as_programs_see_it(self) -> Mapping[str, str]:
        return {"id": self.workspace_id, "url": self.url, "token": self._token, "user": self.user}
