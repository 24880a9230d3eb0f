"""A cluster on this machine: its environment, tasks and contexts, on the server's JVM or without Spark."""

from __future__ import annotations

import functools
import json
import shlex
import shutil
import tempfile
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine.context import ReplContext
from fake_databricks.engine.environment import Environment, build_runtime
from fake_databricks.engine.inside.import_hook import PLACES, PLAN
from fake_databricks.engine.inside.path_table import SCHEME, python_path, tree_of
from fake_databricks.engine.ports import PipResult
from fake_databricks.engine.runtime import own_runtime
from fake_databricks.engine.session_plan import WITHOUT_SPARK
from fake_databricks.engine.task import EndedTask, Starter, TaskProcess, fits_running_interpreter
from fake_databricks.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fake_databricks.engine.driver import Driver
    from fake_databricks.engine.environment import PipSource
    from fake_databricks.engine.ports import ClusterPlan, TaskSpec


class LocalCluster:
    """The ``Cluster`` of the port.

    Args:
        plan: what it is made from.
        driver: the server's JVM; None where the server runs without Spark. Then a program that asks for Spark
            gets an error, and no interpreter is started ahead of a task: it would cost each cluster 40 ms.
        home: the server's folder for its clusters.
        sources: the git URLs that pip installs from folders of this machine.
        standby: whether to start an interpreter ahead of the next task.

    Raises:
        JvmFailed: its ``spark_conf`` needs jars that cannot be fetched.
    """

    def __init__(
        self,
        plan: ClusterPlan,
        driver: Driver | None,
        home: Path,
        sources: Sequence[PipSource] = (),
        *,
        standby: bool = True,
    ) -> None:
        self._plan = plan
        self._driver = driver
        self._runtime = own_runtime() if driver is None else driver.runtime
        self._conf = {} if driver is None else driver.cluster_conf(plan.spark_conf)
        self._home = home
        self._sources = sources
        self._standby = standby and driver is not None
        home.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{plan.cluster_id}-", dir=home))
        self._lock = threading.Lock()
        self._environment_lock = threading.Lock()
        self._pip_lock = threading.Lock()
        self._made: Environment | None = None
        self._tasks: set[TaskProcess] = set()
        self._contexts: list[ReplContext] = []
        self._spare: Starter | None = None
        self._closed = False
        self._start_spare()

    @property
    def _environment(self) -> Environment:
        """The virtual environment, made on first use: most clusters of a test suite run nothing."""
        with self._environment_lock:
            if self._made is None:
                packages = build_runtime(self._home / f"runtime-{self._runtime.name}", self._runtime)
                self._made = Environment(self._folder / "env", self._runtime, packages, self._sources)
            return self._made

    # -- tasks -------------------------------------------------------------------------------------

    def start_task(self, spec: TaskSpec) -> TaskProcess | EndedTask:
        """Start a new process for the task, once no pip works here.

        One with packages of its own has an environment of its own.
        """
        if self._is_closed():
            raise RuntimeError(f"Cluster {self._plan.cluster_id} is closed")
        with self._pip_lock:  # a program must not find half of a package that pip is just replacing
            pass
        scratch = Path(tempfile.mkdtemp(prefix=f"run-{spec.run_id}-", dir=self._folder))
        Path(spec.cwd).mkdir(parents=True, exist_ok=True)
        redactor = Redactor(self._plan.redact())
        own, output = None, ""
        if spec.packages:
            own = self._environment.extend(scratch / "env")
            result = self._install_for_task(own, spec)
            output = redactor.clean(result.output)
            if not result.ok:
                shutil.rmtree(scratch, ignore_errors=True)
                first = redactor.clean(result.error).partition("\n")[0]
                return EndedTask(output, f"%pip has failed: {first}")
        env = {**self._variables(own), **spec.env}
        starter = Starter(own.python, env, preload=False) if own else self._starter(env)
        try:
            full = {**env, PLAN: self._write_session_plan(starter.mark, scratch)}
        except OSError:  # the cluster was closed meanwhile, and its folder removed
            starter.dismiss()
            raise
        task = TaskProcess(spec, starter, scratch, full, redactor, self._end_jobs, self._ended)
        task.log_first(output)
        with self._lock:  # before it starts: a task that has ended already must not be added
            self._tasks.add(task)
            was_closed = self._is_closed()
        task.start()
        if was_closed:
            task.cancel()
        return task

    def _install_for_task(self, environment: Environment, spec: TaskSpec) -> PipResult:
        """Run each pip of a task in its environment, up to the first that fails; return all output."""
        output = ""
        for line in spec.packages:
            try:
                words = shlex.split(line)
            except ValueError as error:
                return PipResult(ok=False, output=f"{output}ERROR: %pip {line}: {error}\n")
            folder = Path(spec.python_file).parent  # where its relative paths begin
            result = environment.pip(self._located(words), self._plan.places.dbfs, folder)
            output += result.output
            if not result.ok:
                return PipResult(ok=False, output=output)
        return PipResult(ok=True, output=output)

    def _is_closed(self) -> bool:  # a call, because mypy takes the attribute for the same after a check
        return self._closed

    def _end_jobs(self, mark: str) -> None:
        if self._driver:
            self._driver.end_run(mark)

    def _cancel_jobs(self, mark: str) -> None:
        if self._driver:
            self._driver.cancel_jobs(mark)

    def _share_tables(self) -> None:
        if self._driver:
            self._driver.share_tables(self._plan.workspace_id)

    def _ended(self, task: TaskProcess) -> None:
        with self._lock:
            self._tasks.discard(task)
        if self._driver and task.used_spark:
            self._driver.remember_tables(self._plan.workspace_id, self._plan.places)
        shutil.rmtree(task.scratch, ignore_errors=True)
        self._start_spare()

    def _starter(self, env: Mapping[str, str]) -> Starter:
        with self._lock:
            spare, self._spare = self._spare, None
        if spare:
            if spare.process.poll() is None and fits_running_interpreter(env, self._variables()):
                return spare
            spare.dismiss()
        return Starter(self._environment.python, env, preload=False)

    def _start_spare(self) -> None:
        """Start an interpreter for the next task, unless tasks are running: they need the processor."""
        with self._lock:
            if self._closed or not self._standby or self._tasks or self._spare:
                return
            self._spare = Starter(self._environment.python, self._variables(), preload=True)

    def _drop_spare(self) -> None:
        with self._lock:
            spare, self._spare = self._spare, None
        if spare:
            spare.dismiss()

    def _variables(self, own: Environment | None = None) -> dict[str, str]:
        environment = own or self._environment
        return {**environment.variables(), PLACES: json.dumps(self._plan.places.by_tree())}

    def _write_session_plan(self, mark: str, folder: Path) -> str:
        """Write how a process reaches Spark (``inside/spark.py`` reads it); return the file's path."""
        found = WITHOUT_SPARK
        if self._driver:
            properties = {
                "fake.run": mark,
                "spark.scheduler.pool": mark,
                "spark.job.interruptOnCancel": "true",
            }
            conf = {
                **self._conf,
                "spark.databricks.clusterUsageTags.clusterId": self._plan.cluster_id,
            }
            found = self._driver.plan(self._plan.workspace_id, self._plan.places, conf, properties)
        file = folder / f"plan-{mark}.json"
        file.write_text(json.dumps(asdict(found)), encoding="utf-8")
        return str(file)

    # -- packages ----------------------------------------------------------------------------------

    def pip(self, args: Sequence[str]) -> PipResult:
        """Run pip in the cluster's environment, one call at a time."""
        with self._pip_lock:
            result = self._environment.pip(self._located(args), self._plan.places.dbfs, self._folder)
        self._drop_spare()  # it may have imported a module that pip has just replaced
        self._start_spare()
        return PipResult(result.ok, Redactor(self._plan.redact()).clean(result.output))

    def _located(self, words: Sequence[str]) -> list[str]:
        """Return arguments of pip with paths of the workspace as those of this machine."""
        roots = self._plan.places.by_tree()
        plain = [python_path(word) if word.startswith(SCHEME) else word for word in words]
        return [f"{roots[tree]}{word[len(tree) :]}" if (tree := tree_of(word)) else word for word in plain]

    # -- contexts ----------------------------------------------------------------------------------

    def open_context(self, language: str) -> ReplContext:
        """Open a REPL; its process starts with the first command that needs one."""

        # Made by the first command, so that a context can be opened while the cluster is being closed.
        @functools.cache
        def folder() -> Path:
            return Path(tempfile.mkdtemp(prefix="context-", dir=self._folder))

        def process_env(mark: str) -> tuple[dict[str, str], str]:
            plan = self._write_session_plan(mark, folder())
            return {**self._variables(), **self._plan.environment, PLAN: plan}, str(folder())

        context = ReplContext(
            language, process_env, self.pip, self._cancel_jobs, self._plan.redact, self._share_tables
        )
        with self._lock:
            self._contexts.append(context)
            was_closed = self._closed
        if was_closed:
            context.close()
        return context

    # -- its end -----------------------------------------------------------------------------------

    def close(self) -> None:
        """End all tasks and contexts, and remove the environment."""
        with self._lock:
            self._closed = True
            tasks, contexts = list(self._tasks), list(self._contexts)
            self._contexts.clear()
        for task in tasks:
            task.cancel()
        for context in contexts:
            context.close()
        for task in tasks:
            task.wait()
        self._drop_spare()
        shutil.rmtree(self._folder, ignore_errors=True)
