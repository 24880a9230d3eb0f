"""Make an attempt of a task ready to start: its cluster, libraries, program, parameters and environment."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
import threading
from typing import TYPE_CHECKING, Callable, Iterator, Mapping, Sequence

from fake_databricks.clusters.clusters import ClusterUnavailable
from fake_databricks.clusters.warehouse import WAREHOUSE_ID
from fake_databricks.engine.inside import notebooks
from fake_databricks.engine.inside.path_table import SCHEME, WORKSPACE, tree_of
from fake_databricks.engine.ports import TaskSpec
from fake_databricks.errors import ApiError
from fake_databricks.files.trees import workspace_path
from fake_databricks.jobs import references
from fake_databricks.jobs.task_types import FILES, keyword_arguments

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.clusters.clusters import Clusters
    from fake_databricks.engine.ports import Cluster
    from fake_databricks.files.trees import Trees
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


class UnrunnableTask(Exception):  # noqa: N818  the name is what happened
    """A task that cannot be started; the message is for its state.

    Attributes:
        is_program_missing: whether only the program is missing.
    """

    def __init__(self, message: str, *, is_program_missing: bool = False) -> None:
        super().__init__(message)
        self.is_program_missing = is_program_missing


class TaskPreparer:
    """Makes attempts ready to start, and cleans up after them, also after those of a server that was killed.

    Args:
        workspace: returns ``id``, ``url``, ``token`` and ``user`` of the workspace as programs see them.
        fetch: makes the file at a path as it is in the storage behind it.
    """

    def __init__(
        self,
        clusters: Clusters,
        trees: Trees,
        folder: Path,
        workspace: Callable[[], Mapping[str, str]],
        fetch: Callable[[str], None],
    ) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._clusters = clusters
        self._trees = trees
        self._folder = folder
        self._workspace = workspace
        self._fetch = fetch
        self._lock = threading.Lock()
        self._made: dict[int, dict[str, str]] = {}  # run id -> key of a cluster made for it -> cluster id

    def values(self, run: Run, task_run: TaskRun) -> Mapping[str, str]:
        """Return every dynamic value that an attempt can name."""
        return references.values_of(run, task_run, self._workspace())

    def prepare(self, run: Run, task: Task, task_run: TaskRun) -> tuple[Cluster, TaskSpec]:
        """Return the cluster and what to start on it.

        Waits for the cluster, makes one where the task asks for a new one, and installs the libraries.

        Raises:
            UnrunnableTask: the attempt cannot be started.
        """
        try:
            cluster_id = task.cluster_id or self._made_for(run, task)
            if task.dependencies is None:  # a serverless task shows no cluster
                task_run.cluster_id = cluster_id
            cluster = self._clusters.running(cluster_id)
            self._install(cluster_id, task)
            values = self.values(run, task_run)
            folder = self._folder / str(task_run.run_id)
            folder.mkdir(parents=True, exist_ok=True)
            spec = TaskSpec(
                run_id=task_run.run_id,
                python_file="",
                argv=tuple(references.resolve(text, values) for text in _parameters(run, task)),
                env=self._clusters.environment(cluster_id),
                cwd=str(folder),
                task_values=run.values_for(task_run),
            )
            if task.kind == "notebook_task":
                spec = self._notebook(run, task, values, spec)
                task_run.arguments = keyword_arguments(spec.widgets)
            elif task.kind == "sql_task":
                spec = self._sql_file(run, task, values, spec)
                task_run.arguments = keyword_arguments(spec.widgets)
            else:
                spec = dataclasses.replace(spec, python_file=str(self._program(task, folder, values)))
                task_run.arguments = spec.argv
        except ClusterUnavailable as error:
            raise UnrunnableTask(str(error)) from error
        except ApiError as error:
            raise UnrunnableTask(error.message) from error
        return cluster, spec

    def clean(self, task_run: TaskRun) -> None:
        """Remove the working folder of an attempt."""
        shutil.rmtree(self._folder / str(task_run.run_id), ignore_errors=True)

    def release(self, run: Run) -> None:
        """Remove the clusters that were made for a run; those of iterations belong to the run of the loop."""
        with self._lock:
            made = self._made.pop(run.run_id, {})
        for cluster_id in made.values():
            self._clusters.remove(cluster_id)

    def _install(self, cluster_id: str, task: Task) -> None:
        for library in (*task.libraries, *self._clusters.waiting_libraries(cluster_id)):
            result = self._clusters.install(cluster_id, library)
            if not result.ok:
                output = result.output
                lines = [line for line in output.splitlines() if line.startswith("ERROR")] or [output[-300:]]
                raise UnrunnableTask(f"Library installation failed for {dict(library)}: {lines[0]}")

        if task.dependencies:
            result = self._clusters.pip(cluster_id, ["install", *self._words(task.dependencies)])
            if not result.ok:
                first = result.error.partition("\n")[0]
                raise UnrunnableTask(f"The dependencies of task {task.key} could not be installed: {first}")

    def _words(self, dependencies: Sequence[str]) -> Iterator[str]:
        """Return the arguments of pip for the lines of an environment; paths are those of this machine."""
        for line in dependencies:
            for word in shlex.split(line, comments=True):
                is_here = word.startswith(SCHEME) or tree_of(word) != ""
                yield str(self._trees.locate(word)) if is_here else word

    def _made_for(self, run: Run, task: Task) -> str:
        assert task.new_cluster is not None
        key = task.cluster_key or f"task {task.key}"
        with self._lock:
            made = self._made.setdefault(run.shown_run_id, {})
            if key not in made:
                is_serverless = task.dependencies is not None
                try:
                    record = self._clusters.create(
                        task.new_cluster, is_job_cluster=True, is_serverless=is_serverless
                    )
                except ApiError as error:
                    raise UnrunnableTask(
                        "Unexpected user error while preparing the cluster for the job. Cause: "
                        f"{error.error_code}: {error.message}"
                    ) from error
                made[key] = record.cluster_id
            return made[key]

    def _program(self, task: Task, folder: Path, values: Mapping[str, str]) -> Path:
        if task.kind == "python_wheel_task":
            stub = folder / "run_wheel.py"
            package, entry = task.body["package_name"], task.body["entry_point"]
            stub.write_text(_WHEEL.format(package=package, entry=entry), "utf-8")
            return stub
        path = references.resolve(task.body[FILES[task.kind]], values)
        self._fetch(path)
        local = self._trees.locate(path)
        if not local.is_file():
            message = f"Cannot read the python file {path}. Please check driver logs for more details."
            raise UnrunnableTask(message, is_program_missing=True)
        return local

    def _notebook(self, run: Run, task: Task, values: Mapping[str, str], spec: TaskSpec) -> TaskSpec:
        """Return what to start, with the notebook, its widgets, and what its ``%pip`` lines install."""
        path = workspace_path(references.resolve(task.body["notebook_path"], values))
        found = notebooks.find(path, self._read)
        if found is None:
            user = self._workspace()["user"]
            raise UnrunnableTask(
                f'Unable to access the notebook "{path}". Either it does not exist, or the identity used to '
                f"run this job, {user}, lacks the required permissions.",
                is_program_missing=True,
            )
        try:
            languages = {cell.language for cell in notebooks.read_cells(*found)}
            packages = tuple(notebooks.pip_lines(*found, self._read))
        except notebooks.NotebookError as error:
            raise UnrunnableTask(str(error)) from error
        refused = sorted(languages.difference(notebooks.RUNNABLE))
        if refused:
            raise UnrunnableTask(
                f"The notebook {path} is in the language {refused[0]}, which is not available here: "
                f"{' and '.join(notebooks.RUNNABLE)} are."
            )
        return dataclasses.replace(
            spec,
            python_file=str(self._trees.locate(f"{WORKSPACE}{found[0]}")),
            notebook=found[0],
            widgets={
                name: references.resolve(text, values)
                for name, text in notebook_parameters(run, task).items()
            },
            packages=packages,
        )

    def _sql_file(self, run: Run, task: Task, values: Mapping[str, str], spec: TaskSpec) -> TaskSpec:
        """Return what to start: a SQL file is a notebook whose widgets are its parameters."""
        warehouse = task.body["warehouse_id"]
        if warehouse != WAREHOUSE_ID:
            raise UnrunnableTask(f"SQL warehouse {warehouse} does not exist: the one here is {WAREHOUSE_ID}.")
        path = workspace_path(references.resolve(task.body["file"]["path"], values))
        if self._read(path) is None:
            raise UnrunnableTask(f"The SQL file {path} does not exist.", is_program_missing=True)
        named = {**task.body["parameters"], **run.overrides.sql_params, **run.job_parameters}
        return dataclasses.replace(
            spec,
            python_file=str(self._trees.locate(f"{WORKSPACE}{path}")),
            notebook=path,
            widgets={name: references.resolve(text, values) for name, text in named.items()},
        )

    def _read(self, path: str) -> bytes | None:
        """Return the content of a file of the workspace's own tree, or None."""
        try:
            local = self._trees.locate(f"{WORKSPACE}{path}")
        except ApiError:
            return None
        return local.read_bytes() if local.is_file() else None


def notebook_parameters(run: Run, task: Task) -> dict[str, str]:
    """Return the widgets of a notebook: run-now replaces those of the task, job parameters win."""
    return {**task.body.get("base_parameters", {}), **run.overrides.notebook_params, **run.job_parameters}


def _parameters(run: Run, task: Task) -> tuple[str, ...]:
    """Return the arguments of a program; job parameters go to wheel tasks with keyword arguments, and win."""
    if task.kind in ("notebook_task", "sql_task"):
        return ()
    overrides = run.overrides
    is_wheel = task.kind == "python_wheel_task"
    named = overrides.python_named_params if is_wheel else None
    if named is None and overrides.python_params is not None:
        return overrides.python_params
    if named is None and is_wheel:
        named = task.body.get("named_parameters")
    if named is None:
        return task.parameters
    return keyword_arguments({**named, **run.job_parameters})
