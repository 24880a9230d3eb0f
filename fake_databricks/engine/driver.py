"""The warm JVM of a server: started in the background, and again when it dies."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
import shutil
import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from py4j.protocol import Py4JError

from fake_databricks.engine import catalog
from fake_databricks.engine.cluster_conf import names_s3, session_conf
from fake_databricks.engine.local_spark import LocalSparkError
from fake_databricks.engine.ports import Places
from fake_databricks.engine.rehearsal import REHEARSAL
from fake_databricks.engine.runtime import JvmFailed, own_runtime
from fake_databricks.engine.s3a_jars import s3a_jars
from fake_databricks.engine.session_plan import SEPARATOR, session_plan
from fake_databricks.engine.shared_tables import SharedTables
from fake_databricks.engine.warm_jvm import Jvm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fake_databricks.engine.runtime import Runtime
    from fake_databricks.engine.session_plan import SessionPlan

LOGGER = logging.getLogger("fake_databricks.driver")
FILE_SYSTEM = "fakedatabricks.MappedFileSystem"
LOCAL_FILE_SYSTEM = "fakedatabricks.MappedLocalFileSystem"
TRIES = 3
"""How many starts may fail one after the other; then the driver gives up."""

State = Literal["new", "starting", "ready", "failed", "closed"]


def spark_properties(home: Path) -> dict[str, str]:
    """Return the conf of the JVM, as system properties."""
    cores = os.cpu_count() or 2
    return {
        "spark.master": f"local[{max(2, cores)}]",
        "spark.app.name": "Databricks Shell",
        "spark.scheduler.mode": "FAIR",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(home / "local"),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.sources.default": "delta",
        "spark.sql.legacy.createHiveTableByDefault": "false",
        "spark.sql.session.timeZone": "Etc/UTC",
        "spark.sql.shuffle.partitions": str(2 * max(2, cores)),
        "spark.databricks.delta.snapshotPartitions": "1",
        # On Databricks too the interval is longer than Delta's 10; each checkpoint here costs a second.
        "spark.databricks.delta.properties.defaults.checkpointInterval": "100",
        "spark.databricks.delta.writeChecksumFile.enabled": "false",  # a commit is read back sooner
        "spark.sql.codegen.cache.maxEntries": "2000",  # runs repeat the same code: it is compiled once
        "spark.delta.logStore.dbfs.impl": "io.delta.storage.LocalLogStore",
        "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
        "spark.hadoop.fs.dbfs.impl": FILE_SYSTEM,
        "spark.hadoop.fs.file.impl": LOCAL_FILE_SYSTEM,
        "spark.hadoop.fs.dbfs.impl.disable.cache": "true",
        "spark.hadoop.fs.file.impl.disable.cache": "true",
        "spark.hadoop.fs.defaultFS": "dbfs:///",
    }


class Peers:
    """The drivers of one server, one for each Spark that is used."""

    def __init__(self) -> None:
        self.drivers: list[Driver] = []
        self._tables = SharedTables()

    def align(self, workspace: str) -> list[catalog.JvmCatalog]:
        """Make the tables of a workspace the same in all JVMs; return its catalogs."""
        if len(self.drivers) == 1:
            return []
        try:
            catalogs = [found for driver in self.drivers if (found := driver.opened(workspace)) is not None]
            self._tables.align(catalogs)
        except (Py4JError, OSError) as error:  # a JVM that has just ended
            LOGGER.warning("The tables of workspace %s were not looked up: %s", workspace, error)
            return []
        return catalogs

    def statements(self, workspace: str, driver: Driver) -> tuple[str, ...]:
        """Return what registers the tables of a workspace in a JVM that others have opened it before."""
        catalogs = self.align(workspace)
        try:
            if not catalogs or driver.opened(workspace) is not None:
                return ()
            return tuple(catalogs[0].entries().values())
        except (Py4JError, OSError):  # as above
            return ()


class Driver:
    """A JVM of one server; every method may be called from any thread.

    Args:
        home: the server's own folder, for the gateway file, the JVM's log and scratch files.
        catalogs: the folder for a list of each workspace's tables, for a later server; None: in ``home``.
        memory: the maximum heap of the JVM.
        warm_up: whether to run some statements at the start, so that the first run need not wait for them.
        runtime: the Python and the Spark; the server's own by default.
        peers: all drivers of the server, to which this one is added; they share the tables of the workspaces.
    """

    def __init__(  # noqa: PLR0913  all but the first have defaults
        self,
        home: Path,
        *,
        catalogs: Path | None = None,
        memory: str = "1g",
        warm_up: bool = True,
        runtime: Runtime | None = None,
        peers: Peers | None = None,
    ) -> None:
        self.home = home
        self._peers = Peers() if peers is None else peers
        self._peers.drivers.append(self)
        self.runtime = runtime or own_runtime()
        self._wants_warm_up = warm_up
        self._catalogs = catalogs or home / "catalogs"
        self._memory = memory
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._state: State = "new"
        self._jvm: Jvm | None = None
        self._starting: Jvm | None = None
        self._failure = ""
        self._thread: threading.Thread | None = None
        self.starts = 0
        home.mkdir(parents=True, exist_ok=True)
        self._catalogs.mkdir(parents=True, exist_ok=True)
        self.gateway_file = home / "gateway.json"
        self.gateway_file.unlink(missing_ok=True)

    @property
    def state(self) -> State:
        """The state of the JVM."""
        return self._state

    def start(self) -> None:
        """Start in the background; a second call does nothing."""
        with self._lock:
            if self._thread is not None:
                return
            self._state = "starting"
            self._thread = threading.Thread(target=self._keep_running, name="spark-driver", daemon=True)
            self._thread.start()

    def wait_ready(self, seconds: float = 120) -> Jvm:
        """Return the JVM when it accepts sessions; raise JvmFailed when there will be none."""
        end = time.monotonic() + seconds
        with self._changed:
            while self._state != "ready" or self._jvm is None:
                if self._state in {"failed", "closed"}:
                    raise JvmFailed(self._failure or "The driver is closed")
                if not self._changed.wait(end - time.monotonic()):
                    raise JvmFailed(f"Spark was not ready within {seconds:g} s")
            return self._jvm

    def close(self) -> None:
        """End the JVM and all that it started."""
        with self._changed:
            self._state = "closed"
            jvm = self._starting
            self._changed.notify_all()
        if jvm:
            jvm.kill()
        if self._thread:
            self._thread.join()
        self.gateway_file.unlink(missing_ok=True)

    def plan(
        self, workspace: str, places: Places, conf: Mapping[str, str], properties: Mapping[str, str]
    ) -> SessionPlan:
        """Return what a process must know to attach; the first one registers an earlier server's tables."""
        plan = session_plan(self.gateway_file, workspace, places)
        registrations = catalog.registrations(places.dbfs, self._catalog_file(workspace))
        return dataclasses.replace(
            plan,
            statements=tuple(self._peers.statements(workspace, self) or registrations),
            conf={**plan.conf, **conf},
            properties={**plan.properties, **properties},
        )

    def cluster_conf(self, spark_conf: Mapping[str, str]) -> dict[str, str]:
        """Return what the sessions of a cluster begin with; raise JvmFailed where jars for it are missing."""
        if not names_s3(spark_conf):
            return session_conf(spark_conf, ())
        try:
            return session_conf(
                spark_conf, s3a_jars(self.runtime.java().parents[1], self.runtime.spark_home())
            )
        except LocalSparkError as error:
            raise JvmFailed(str(error)) from error

    def workspace_session(self, workspace: str, places: Places) -> Any:
        """Return the Java session that holds the workspace's catalog; wait for the JVM."""
        plan = self.plan(workspace, places, {}, {})
        return self.wait_ready().warm.workspace(workspace, *plan.texts()[:2])

    def remember_tables(self, workspace: str, places: Places) -> None:
        """Write a list of the workspace's tables, for those outside of the warehouse and a later server."""
        if self._state != "ready":
            return
        self.share_tables(workspace)
        try:
            session = self.workspace_session(workspace, places)
            catalog.write_tables(session, self._catalog_file(workspace))
        except (Py4JError, OSError, JvmFailed) as error:
            LOGGER.warning("The list of tables of workspace %s could not be written: %s", workspace, error)

    def share_tables(self, workspace: str) -> None:
        """Let programs find the tables of the workspace that were made in the JVM of another driver."""
        self._peers.align(workspace)

    def opened(self, workspace: str) -> catalog.JvmCatalog | None:
        """Return the workspace's catalog in the JVM; None where no program has used it there yet."""
        jvm = self._jvm
        if self._state != "ready" or jvm is None:
            return None
        session = jvm.warm.opened(workspace)
        return session and catalog.JvmCatalog((self.home, self.starts, workspace), jvm.warm, session)

    def forget_workspace(self, workspace: str) -> None:
        """Forget a workspace's catalog (a reset); the caller removes its files."""
        self._catalog_file(workspace).unlink(missing_ok=True)
        jvm = self._jvm
        if self._state == "ready" and jvm:
            jvm.warm.forget(workspace)

    def warm_up(self, jvm: Jvm) -> Any:
        """Let the JVM load what the first run would wait for; return the Java thread that does it."""
        folder = self.home / "warm-up"
        shutil.rmtree(folder, ignore_errors=True)
        places = Places(*(str(folder / name) for name in ("dbfs", "volumes", "workspace")))
        Path(places.dbfs).mkdir(parents=True)
        mark = {"fake.run": "warm-up", "spark.scheduler.pool": "warm-up"}
        texts = self.plan("fake-warm-up", places, {}, mark).texts()
        session = jvm.warm.attach("fake-warm-up", *texts)
        return jvm.gateway.jvm.fakedatabricks.WarmUp.begin(session, texts[3], SEPARATOR.join(REHEARSAL))

    def end_run(self, run: str) -> int:
        """End the Spark jobs of a run, also those that start later; return how many were running."""
        return self._ask("end", run)

    def cancel_jobs(self, run: str) -> int:
        """End the Spark jobs of a run that are running now; return how many there were."""
        return self._ask("cancel", run)

    def _ask(self, question: str, run: str) -> int:
        jvm = self._jvm
        if self._state != "ready" or jvm is None:
            return 0
        try:
            return int(getattr(jvm.warm, question)(run))
        except (Py4JError, OSError) as error:
            LOGGER.warning("The JVM did not answer %s(%s): %s", question, run, error)
            return 0

    def _catalog_file(self, workspace: str) -> Path:
        safe = (
            workspace if re.fullmatch(r"[\w-]{1,64}", workspace) else sha256(workspace.encode()).hexdigest()
        )
        return self._catalogs / f"{safe}.json"

    # -- the thread that starts the JVM and waits for its end ---------------------------------------

    def _keep_running(self) -> None:
        failed = 0
        while self._state not in {"closed", "failed"}:
            try:
                jvm = Jvm(
                    self.home,
                    spark_properties(self.home),
                    self._memory,
                    self.runtime,
                    started=self._started,
                )
            except (JvmFailed, Py4JError, OSError) as error:
                if self._state == "closed":
                    return
                failed += 1
                LOGGER.warning("Spark did not start: %s", error)
                if failed >= TRIES:
                    self._give_up(str(error))
                continue
            failed = 0
            if self._enter_ready(jvm):
                if self._wants_warm_up:
                    self._try_warm_up(jvm)
                jvm.process.wait()
                LOGGER.info("The JVM ended with exit code %s", jvm.process.returncode)
            self._leave_ready()
            jvm.kill()

    def _started(self, jvm: Jvm) -> None:
        with self._lock:
            self._starting = jvm
            closed = self._state == "closed"
        if closed:
            jvm.kill()

    def _try_warm_up(self, jvm: Jvm) -> None:
        try:
            self.warm_up(jvm)
        except (Py4JError, OSError) as error:
            LOGGER.info("The warm-up could not start: %s", error)

    def _enter_ready(self, jvm: Jvm) -> bool:
        with self._changed:
            if self._state == "closed":
                return False
            self.starts += 1
            self._jvm = jvm
            self._write_gateway({"port": jvm.port, "secret": jvm.secret, "start": self.starts})
            self._state = "ready"
            self._changed.notify_all()
            return True

    def _leave_ready(self) -> None:
        with self._changed:
            self.gateway_file.unlink(missing_ok=True)
            self._jvm = None
            if self._state != "closed":
                self._state = "starting"

    def _give_up(self, why: str) -> None:
        with self._changed:
            if self._state != "closed":
                self._state = "failed"
                self._failure = why
                self._write_gateway({"failed": why})
            self._changed.notify_all()

    def _write_gateway(self, content: Mapping[str, object]) -> None:
        part = self.gateway_file.with_suffix(".part")
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
        part.replace(self.gateway_file)
