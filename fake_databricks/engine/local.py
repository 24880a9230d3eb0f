"""A cluster on this machine: its environment, its running tasks and contexts, on the server's warm JVM."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine.context import ReplContext, ReplProcess
from fake_databricks.engine.environment import Environment, build_runtime
from fake_databricks.engine.log_tail import Redactor
from fake_databricks.engine.ports import PipResult, TaskExit
from fake_databricks.engine.task import Finished, Starter, TaskProcess, fits_running_interpreter, write_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fake_databricks.engine.driver import Driver, SessionPlan
    from fake_databricks.engine.environment import PipSource
    from fake_databricks.engine.ports import Places, TaskHandle, TaskSpec


@dataclass(frozen=True)
class ClusterSettings:
    """What a cluster is made of.

    ``env`` are the variables of its contexts (a task brings its own), ``redact`` gives the secret values of
    the workspace when it is asked. ``standby`` keeps one interpreter up for the next task.
    """

    cluster_id: str
    workspace_id: str
    places: Places
    spark_conf: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    sources: Sequence[PipSource] = ()
    redact: Callable[[], Sequence[str]] = tuple
    standby: bool = True


class LocalCluster:
    """The Cluster of the seam; ``home`` is the server's folder for its clusters."""

    def __init__(self, settings: ClusterSettings, driver: Driver, home: Path) -> None:
        self._settings = settings
        self._driver = driver
        home.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{settings.cluster_id}-", dir=home))
        self._environment = Environment(
            self._folder / "env", build_runtime(home / "runtime"), settings.sources
        )
        self._lock = threading.Lock()
        self._pip_turn = threading.Lock()
        self._tasks: set[TaskProcess] = set()
        self._contexts: list[ReplContext] = []
        self._spare: Starter | None = None
        self._closed = False
        self._stock()

    @property
    def python(self) -> Path:
        """The interpreter of the cluster's environment."""
        return self._environment.python

    # -- tasks -------------------------------------------------------------------------------------

    def start_task(self, spec: TaskSpec) -> TaskHandle:
        """Start a fresh process for the task."""
        if spec.command is None and not Path(spec.python_file).is_file():
            return Finished(self._missing(spec))
        if self._closed:
            raise RuntimeError(f"Cluster {self._settings.cluster_id} is closed")
        env = {**self._variables(spec.places), **spec.env}
        scratch = Path(tempfile.mkdtemp(prefix=f"run-{spec.run_id}-", dir=self._folder))
        Path(spec.cwd).mkdir(parents=True, exist_ok=True)
        starter = self._starter(env)
        task = TaskProcess(
            spec,
            starter,
            scratch,
            env,
            self._plan(spec.places, starter.mark),
            self._driver.end_run,
            self._ended,
        )
        with self._lock:
            self._tasks.add(task)
        return task

    def _missing(self, spec: TaskSpec) -> TaskExit:
        shown = spec.python_file
        for prefix, root in (
            ("dbfs:", spec.dbfs_root),
            ("/Volumes", spec.volumes_root),
            ("/Workspace", spec.workspace_files_root),
        ):
            if shown.startswith(root + os.sep):
                shown = prefix + shown[len(root) :]
                break
        sentence = f"Cannot read the python file {shown}. Please check driver logs for more details."
        error = Redactor(spec.redact).clean(sentence)
        return TaskExit(2, None, error + "\n", False, error, None, None, False, False)  # noqa: FBT003  fields in order

    def _ended(self, task: TaskProcess) -> None:
        with self._lock:
            self._tasks.discard(task)
        if task.used_spark:
            self._driver.remember_tables(self._settings.workspace_id, task.spec.places)
        shutil.rmtree(task.scratch, ignore_errors=True)
        self._stock()

    def _starter(self, env: Mapping[str, str]) -> Starter:
        base = self._base()
        with self._lock:
            spare, self._spare = self._spare, None
        if spare and spare.process.poll() is None and fits_running_interpreter(env, base):
            return spare
        if spare:
            spare.dismiss()
        return Starter(self.python, env, preload=False)

    def _stock(self) -> None:
        """Have an interpreter up for the next task, unless tasks are running: theirs is the machine."""
        with self._lock:
            if self._closed or not self._settings.standby or self._tasks or self._spare:
                return
            self._spare = Starter(self.python, self._base(), preload=True)

    def _drop_spare(self) -> None:
        with self._lock:
            spare, self._spare = self._spare, None
        if spare:
            spare.dismiss()

    def _base(self) -> dict[str, str]:
        return self._variables(self._settings.places)

    def _variables(self, places: Places) -> dict[str, str]:
        where = {"dbfs": places.dbfs, "volumes": places.volumes, "workspace": places.workspace_files}
        return {**self._environment.variables(), "FAKE_DATABRICKS_PLACES": json.dumps(where)}

    def _plan(self, places: Places, mark: str) -> SessionPlan:
        properties = {"fake.run": mark, "spark.scheduler.pool": mark, "spark.job.interruptOnCancel": "true"}
        tag = {"spark.databricks.clusterUsageTags.clusterId": self._settings.cluster_id}
        conf = {**self._settings.spark_conf, **tag}
        return self._driver.plan(self._settings.workspace_id, places, conf, properties)

    # -- packages ----------------------------------------------------------------------------------

    def pip(self, args: Sequence[str]) -> PipResult:
        """Run pip in the cluster's environment, one at a time."""
        with self._pip_turn:
            result = self._environment.pip(args, self._settings.places.dbfs, self._folder)
        self._drop_spare()  # it may have imported what has just been replaced
        self._stock()
        return PipResult(result.ok, Redactor(self._settings.redact()).clean(result.output))

    # -- contexts ----------------------------------------------------------------------------------

    def open_context(self, language: str) -> ReplContext:
        """Open a REPL; its process starts with the first command that needs one."""
        scratch = Path(tempfile.mkdtemp(prefix="context-", dir=self._folder))
        env = {**self._base(), **self._settings.env}

        def open_process() -> ReplProcess:
            mark = os.urandom(8).hex()  # its own: the end of one process must not be that of the next
            plan = str(write_plan(self._plan(self._settings.places, mark), scratch))
            return ReplProcess(self.python, {**env, "FAKE_DATABRICKS_PLAN": plan}, str(scratch), mark)

        shell = Path(tempfile.mkdtemp(prefix="shell-", dir=self._folder))
        shell_plan = str(write_plan(self._plan(self._settings.places, os.urandom(8).hex()), shell))
        context = ReplContext(
            language,
            open_process,
            self.pip,
            {**env, "FAKE_DATABRICKS_PLAN": shell_plan},
            str(scratch),
            self._driver.cancel_jobs,
            self._settings.redact,
        )
        with self._lock:
            self._contexts.append(context)
        return context

    # -- its end -----------------------------------------------------------------------------------

    def restart(self) -> None:
        """End what runs, and begin with a new environment."""
        self._end_all()
        with self._pip_turn:
            self._environment.create()
        self._stock()

    def close(self) -> None:
        """End what runs, and remove the environment."""
        with self._lock:
            self._closed = True
        self._end_all()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end_all(self) -> None:
        with self._lock:
            tasks, contexts = list(self._tasks), list(self._contexts)
            self._contexts.clear()
        for task in tasks:
            task.cancel()
        for context in contexts:
            context.close()
        for task in tasks:
            task.wait()
        self._drop_spare()
