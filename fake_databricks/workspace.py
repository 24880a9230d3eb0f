"""A workspace: everything that one token sees. State and behaviour, no HTTP."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Mapping

from fake_databricks.clusters.clusters import ClusterFactory, Clusters, ClusterSurroundings
from fake_databricks.commands.commands import Commands
from fake_databricks.engine.ports import Places
from fake_databricks.files.trees import Dbfs, Tree
from fake_databricks.files.uploads import Uploads
from fake_databricks.files.workspace_objects import WorkspaceObjects
from fake_databricks.jobs.jobs import Jobs, Numbers
from fake_databricks.jobs.runs import Runs
from fake_databricks.jobs.tasks import Paths, TaskPreparer
from fake_databricks.secrets.secrets import Secrets

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.clock import Clock
    from fake_databricks.storage import Storage

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
USER = "user@fake.databricks.local"


@dataclass(frozen=True)
class Surroundings:
    """What all workspaces of a server share.

    Attributes:
        storage: where state is kept.
        clock: time and threads.
        factory: makes the engine of a cluster.
        folder: holds a folder for each workspace.
        cluster_id: the id of the cluster that is there from the start.
        forget: told when a workspace is erased, for what else is kept of it.
    """

    storage: Storage
    clock: Clock
    factory: ClusterFactory
    folder: Path
    cluster_id: str = DEFAULT_CLUSTER_ID
    forget: Callable[[str], None] = lambda _: None


def workspace_id_of(token: str) -> str:
    """Return the workspace of a token: sixteen digits, the same after every restart, and no way back."""
    return f"{int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], 'big') % 10**15 + 10**15}"


class Workspace:
    """Jobs, runs, commands, secrets, files and clusters of one token.

    Attributes:
        workspace_id: its number, as text.
        user: who its token belongs to.
        url: the server as the programs of its runs see it.
    """

    def __init__(self, workspace_id: str, surroundings: Surroundings) -> None:
        self.workspace_id = workspace_id
        self.user = USER
        self.url = ""
        self._token = ""
        self._is_open = False
        self._surroundings = surroundings
        storage, clock = surroundings.storage, surroundings.clock
        self.folder = surroundings.folder / self.workspace_id
        self.secrets = Secrets(self.workspace_id, storage, clock)
        dbfs = Tree(self.folder / "dbfs")
        self.dbfs = Dbfs(dbfs)
        self.volumes = Tree(self.folder / "volumes")
        self.uploads = Uploads(self.folder / "uploads")
        self.objects = WorkspaceObjects(
            self.workspace_id, Tree(self.folder / "workspace_files"), storage, clock
        )
        self.objects.make_folder(f"/Users/{self.user}")
        self.clusters = Clusters(
            self.workspace_id,
            storage,
            clock,
            surroundings.factory,
            ClusterSurroundings(
                Places(str(dbfs.root), str(self.volumes.root), str(self.objects.tree.root)),
                self.secrets.resolve,
                self.secrets.values,
                self._seen_by_programs,
                self.install_library,
            ),
        )
        paths = Paths(dbfs, self.volumes, self.objects.tree)
        self.tasks = TaskPreparer(
            self.clusters,
            paths,
            self.folder / "runs",
            self._seen_by_programs,
        )
        numbers = Numbers(self.workspace_id, storage)
        self.jobs = Jobs(self.workspace_id, storage, clock, numbers)
        self.runs = Runs(
            self.workspace_id, storage, clock, numbers, self.jobs, self.tasks, self.secrets.redact
        )
        self.commands = Commands(self.clusters, clock, self.secrets)

    def open(self, token: str, url: str) -> None:
        """Bring its clusters up, for the first request of its token.

        Args:
            token: what programs of its runs authenticate with.
            url: the server as they see it.
        """
        if self._is_open:
            return
        self._is_open, self._token, self.url = True, token, url
        self.clusters.bring_up()
        default = self._surroundings.cluster_id
        if default not in {record.cluster_id for record in self.clusters.list()}:
            self.clusters.create(DEFAULT_CLUSTER, default)

    def delete_job(self, job_id: int) -> None:
        """Forget a job and end its active runs."""
        self.jobs.delete(job_id)
        self.runs.cancel_all(job_id)

    def restart_cluster(self, cluster_id: str) -> None:
        """Restart a cluster; its contexts are gone."""
        self.clusters.restart(cluster_id)
        self.commands.forget_cluster(cluster_id)

    def terminate_cluster(self, cluster_id: str) -> None:
        """Terminate a cluster; its contexts are gone."""
        self.clusters.terminate(cluster_id)
        self.commands.forget_cluster(cluster_id)

    def install_library(self, cluster_id: str, library: Mapping[str, Any]) -> None:
        """Install a library on a cluster, in the background; its status tells."""
        self.clusters.set_library(cluster_id, library, "PENDING")

        def work() -> None:
            self.clusters.set_library(cluster_id, library, "INSTALLING")
            try:
                ok, output = self.tasks.install(cluster_id, library)
            except Exception as error:  # noqa: BLE001  whatever went wrong is the library's status
                ok, output = False, str(error)
            status = "INSTALLED" if ok else "FAILED"
            self.clusters.set_library(cluster_id, library, status, "" if ok else output[-1000:])

        self._surroundings.clock.spawn(work)

    def close(self) -> None:
        """End every process of this workspace."""
        self.runs.execution.stop_all()
        self.commands.close()
        self.clusters.close()
        self.dbfs.close_all()

    def erase(self) -> None:
        """End and forget everything: state and files."""
        self.runs.cancel_all(None)
        self.close()
        self._surroundings.forget(self.workspace_id)
        self._surroundings.storage.clear(self.workspace_id)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _seen_by_programs(self) -> Mapping[str, str]:
        return {"id": self.workspace_id, "url": self.url, "token": self._token}
