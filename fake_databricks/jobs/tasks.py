"""Makes one attempt of a task ready: its cluster, libraries, program, parameters and environment."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Mapping

from fake_databricks.clusters.clusters import ClusterUnavailable
from fake_databricks.clusters.libraries import pip_arguments
from fake_databricks.engine.inside.path_table import DBFS, LOCAL_SCHEME, SCHEME, VOLUMES, python_path, tree_of
from fake_databricks.engine.ports import TaskSpec
from fake_databricks.errors import ApiError, InvalidParameter
from fake_databricks.files.workspace_objects import plain_path
from fake_databricks.jobs import references
from fake_databricks.jobs.scheduler import UnrunnableTask

if TYPE_CHECKING:
    from fake_databricks.clusters.clusters import Clusters
    from fake_databricks.engine.ports import Cluster
    from fake_databricks.files.trees import Tree
    from fake_databricks.jobs.model import Run, TaskRun
    from fake_databricks.jobs.settings import Task

_WHEEL = '''"""Runs {package}'s entry point {entry}."""
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution

sys.argv[0] = {package!r}
try:
    points = [point for point in distribution({package!r}).entry_points if point.name == {entry!r}]
except PackageNotFoundError:
    points = []
main = points[0].load() if points else getattr(import_module({package!r}.replace("-", "_")), {entry!r})
main()
'''


class Paths:
    """The file trees of a workspace, and what a path of it means on this machine."""

    def __init__(self, dbfs: Tree, volumes: Tree, objects: Tree) -> None:
        self.dbfs = dbfs
        self.volumes = volumes
        self.objects = objects

    def locate(self, path: str) -> Path:
        """Where a path lies on this machine.

        Raises:
            InvalidParameter: a path of a store that is not here (``s3:``), or none at all.
        """
        plain = path.removeprefix(SCHEME)
        if tree_of(plain) == VOLUMES:
            return self.volumes.locate(plain[len(VOLUMES) :])
        if path.startswith(SCHEME):
            return self.dbfs.locate(plain)
        if path.startswith(f"{LOCAL_SCHEME}/"):
            return Path(python_path(path))
        if tree_of(path) == DBFS:
            return self.dbfs.locate(path[len(DBFS) :])
        if not path.startswith("/"):
            raise InvalidParameter(
                f"Cannot read {path}: only dbfs:/, /Volumes, /Workspace and file:/ are here."
            )
        return self.objects.locate(plain_path(path))


class TaskPreparer:
    """Prepares attempts for one workspace.

    Args:
        workspace: ``id``, ``url`` and ``token`` as the programs are to see them, asked for each attempt.
    """

    def __init__(
        self,
        clusters: Clusters,
        paths: Paths,
        folder: Path,
        workspace: Callable[[], Mapping[str, str]],
    ) -> None:
        self._clusters = clusters
        self._paths = paths
        self._folder = folder
        self._workspace = workspace
        self._lock = threading.Lock()
        self._made: dict[int, dict[str, str]] = {}  # run id -> key of a cluster made for it -> cluster id

    def prepare(self, run: Run, task: Task, task_run: TaskRun) -> tuple[Cluster, TaskSpec]:
        """Return the engine and what it shall run."""
        workspace = self._workspace()
        try:
            cluster_id = task.cluster_id or self._made_for(run, task)
            task_run.cluster_id = cluster_id
            engine = self._clusters.engine(cluster_id)
            self._install(cluster_id, task)
            values = references.values_of(run, task_run, workspace)
            parameters = tuple(references.resolve(text, values) for text in _parameters(run, task))
            folder = self._folder / str(task_run.run_id)
            folder.mkdir(parents=True, exist_ok=True)
            program = self._program(task, folder, values)
            environment = self._clusters.environment(cluster_id)
        except ClusterUnavailable as error:
            raise UnrunnableTask(str(error)) from error
        except ApiError as error:
            raise UnrunnableTask(error.message) from error
        return engine, TaskSpec(
            run_id=task_run.run_id,
            python_file=str(program),
            argv=parameters,
            env=environment,
            cwd=str(folder),
        )

    def clean(self, task_run: TaskRun) -> None:
        """Remove an attempt's working folder."""
        shutil.rmtree(self._folder / str(task_run.run_id), ignore_errors=True)

    def release(self, run: Run) -> None:
        """End the clusters that were made for a run."""
        with self._lock:
            made = self._made.pop(run.run_id, {})
        for cluster_id in made.values():
            self._clusters.forget(cluster_id)

    def install(self, cluster_id: str, library: Mapping[str, object]) -> tuple[bool, str]:
        """Install a library on a cluster; whether it worked, and what pip said."""
        arguments = pip_arguments(library, lambda path: str(self._paths.locate(path)))
        result = self._clusters.pip(cluster_id, arguments)
        return result.ok, result.output

    def _install(self, cluster_id: str, task: Task) -> None:
        for library in task.libraries:
            ok, output = self.install(cluster_id, library)
            status = "INSTALLED" if ok else "FAILED"
            self._clusters.set_library(cluster_id, library, status, "" if ok else output[-1000:])
            if not ok:
                lines = [line for line in output.splitlines() if line.startswith("ERROR")] or [output[-300:]]
                raise UnrunnableTask(f"Library installation failed for {dict(library)}: {lines[0]}")

    def _made_for(self, run: Run, task: Task) -> str:
        assert task.new_cluster is not None
        key = task.cluster_key or f"task {task.key}"
        with self._lock:
            made = self._made.setdefault(run.run_id, {})
            if key not in made:
                record = self._clusters.create(task.new_cluster, is_job_cluster=True)
                made[key] = record.cluster_id
            return made[key]

    def _program(self, task: Task, folder: Path, values: Mapping[str, str]) -> Path:
        if task.kind == "python_wheel_task":
            stub = folder / "run_wheel.py"
            package, entry = task.body["package_name"], task.body["entry_point"]
            stub.write_text(_WHEEL.format(package=package, entry=entry), "utf-8")
            return stub
        path = references.resolve(task.body["python_file"], values)
        local = self._paths.locate(path)
        if not local.is_file():
            message = f"Cannot read the python file {path}. Please check driver logs for more details."
            raise UnrunnableTask(message, is_program_missing=True)
        return local


def _parameters(run: Run, task: Task) -> tuple[str, ...]:
    overrides = run.overrides
    if task.kind == "spark_python_task" and overrides.python_params is not None:
        return overrides.python_params
    if task.kind == "python_wheel_task" and overrides.python_named_params is not None:
        return tuple(f"--{key}={value}" for key, value in overrides.python_named_params.items())
    if task.kind == "python_wheel_task" and overrides.python_params is not None:
        return overrides.python_params
    return task.parameters
