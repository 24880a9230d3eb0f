"""Spark for a process of the cluster: pyspark attaches to the warm JVM when the program asks for a session.

Each process has a session with its own conf, temporary views and functions; the catalog is the workspace's.
In the program of a run or of a context it is active from the start: what needs an active session attaches.
``spark.stop()`` ends that session and nothing else.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from .import_hook import PLACES, PLAN

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from .import_hook import AfterImport

SEPARATOR = "\u0001"
GATEWAY_SECONDS = 180
"""How long a program waits for a JVM that is starting."""
NO_SPARK = "This needs Spark; this server runs without it"


def joined(pairs: dict[str, str]) -> str:
    """Return names and values in turn as one text, as the JVM reads them."""
    return SEPARATOR.join(text for pair in pairs.items() for text in pair)


class Plan:
    """How to reach the workspace's session: the content of the file that FAKE_DATABRICKS_PLAN names."""

    attached = False
    is_program = False  # whether this process is that of a run or a context, and not a child of it

    def __init__(self) -> None:
        with open(os.environ[PLAN], encoding="utf-8") as file:  # noqa: PTH123  pathlib is not imported for that
            content = json.load(file)
        self.gateway_file: str = content["gateway_file"]
        self.workspace: str = content["workspace"]
        self.options: dict[str, str] = content["options"]
        self.statements: list[str] = content["statements"]
        self.conf: dict[str, str] = content["conf"]
        self.properties: dict[str, str] = content["properties"]

    def await_gateway(self) -> dict[str, Any]:
        """Return the port and the secret of the JVM; wait while it starts."""
        if not self.gateway_file:
            raise RuntimeError(NO_SPARK)
        end = time.monotonic() + GATEWAY_SECONDS
        while time.monotonic() < end:
            try:
                with open(self.gateway_file, encoding="utf-8") as file:  # noqa: PTH123  as above
                    found: dict[str, Any] = json.load(file)
            except FileNotFoundError:
                time.sleep(0.02)
                continue
            if "failed" in found:
                raise RuntimeError(f"Spark is not available on this cluster: {found['failed']}")
            return found
        raise RuntimeError(f"Spark did not come up within {GATEWAY_SECONDS} s")

    def enter_jvm(self) -> None:
        """Set the variables by which pyspark uses a JVM that is running."""
        gateway = self.await_gateway()
        os.environ["PYSPARK_GATEWAY_PORT"] = str(gateway["port"])
        os.environ["PYSPARK_GATEWAY_SECRET"] = gateway["secret"]

    def attach(self, jvm: Any) -> Any:
        """Return a Java session for this process."""
        Plan.attached = True
        return jvm.fakedatabricks.Warm.attach(*self._session_texts(), joined(self.properties))

    def derive(self, jvm: Any) -> Any:
        """Return another Java session for this process, with the conf of the cluster."""
        return jvm.fakedatabricks.Warm.derive(*self._session_texts())

    def _session_texts(self) -> tuple[str, str, str, str]:
        statements = SEPARATOR.join(self.statements)
        return self.workspace, joined(self.options), statements, joined(self.conf)


def install(after: AfterImport) -> None:
    """Change pyspark when a program imports it."""
    for names, patch in PATCHES:
        change = once(patch)
        for name in names:
            after.add(name, change)


def once(patch: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """Return a function that changes a module once: pyspark 4 has some of them under both names."""
    changed: list[ModuleType] = []

    def change(module: ModuleType) -> None:
        if module not in changed:
            changed.append(module)
            patch(module)

    return change


def attach_first() -> None:
    """Attach the session of a program that has had none: on a cluster it is active before it is asked for."""
    if Plan.is_program and not Plan.attached and Plan().gateway_file:
        from pyspark.sql import SparkSession  # noqa: PLC0415  there by now

        SparkSession.builder.getOrCreate()


def attaching(original: Any) -> Any:
    """Return a function that attaches the session before it does what the original one does."""

    @functools.wraps(original)
    def attached(*args: Any, **kwargs: Any) -> Any:
        attach_first()
        return original(*args, **kwargs)

    return attached


def patch_utils(module: ModuleType) -> None:
    """Let columns, windows and functions find the active context, also where their modules are imported."""
    name = "get_active_spark_context"
    original = getattr(module, name, None)
    if original is None:  # another version of pyspark
        return
    wrapped = attaching(original)
    for other in [module, *(sys.modules[key] for key in list(sys.modules) if key.startswith("pyspark.sql."))]:
        if getattr(other, name, None) is original:
            setattr(other, name, wrapped)


def patch_functions(module: ModuleType) -> None:
    """Let ``col("x")`` and the like find the active context."""
    if hasattr(module, "_invoke_function"):
        module._invoke_function = attaching(module._invoke_function)  # type: ignore[attr-defined]  # noqa: SLF001


def patch_context(module: ModuleType) -> None:
    """Make ``SparkContext`` the cluster's: it is neither created nor stopped here."""
    context: Any = module.SparkContext
    ensure = context._ensure_initialized.__func__  # noqa: SLF001  pyspark has no public way; so below

    @classmethod  # type: ignore[misc]  # a classmethod outside of a class
    def ensure_initialized(cls: Any, instance: Any = None, gateway: Any = None, conf: Any = None) -> None:
        if cls._gateway is None and gateway is None:
            Plan().enter_jvm()
            try:
                ensure(cls, instance, gateway, conf)
            finally:
                del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]
        else:
            ensure(cls, instance, gateway, conf)

    def initialize(self: Any, _jconf: Any) -> Any:
        running = self._jvm.JavaSparkContext.fromSparkContext(
            self._jvm.org.apache.spark.SparkContext.getOrCreate()
        )
        if PLACES in os.environ:
            self.environment[PLACES] = os.environ[PLACES]
        return shared_context(self._jvm, running)

    def stop(self: Any) -> None:
        server = getattr(self, "_accumulatorServer", None)
        if server:
            server.shutdown()
            self._accumulatorServer = None
        self._jsc = None
        with context._lock:  # noqa: SLF001
            context._active_spark_context = None  # noqa: SLF001

    def cancel_all(self: Any) -> None:
        # pyspark calls this at Ctrl-C too; the jobs of other runs on the same JVM are none of its.
        self._jvm.fakedatabricks.Warm.cancel(Plan().properties["fake.run"])

    context.cancelAllJobs = cancel_all
    context._ensure_initialized = ensure_initialized  # noqa: SLF001
    context._initialize_context = initialize  # noqa: SLF001
    context.stop = stop


def shared_context(jvm: Any, running: Any) -> Any:
    """Return the JVM's context, with a Hadoop conf whose settings stay in this process's session."""
    from py4j.java_gateway import JavaObject  # noqa: PLC0415  pyspark has imported it by now

    class Same(JavaObject):  # type: ignore[misc]  # py4j has no types
        """A second reference to a Java object; it holds the first one, whose end would free the object."""

        def __init__(self, first: Any) -> None:
            super().__init__(first._target_id, first._gateway_client)  # noqa: SLF001  py4j's own way to make one
            object.__setattr__(self, "_first", first)

    class HadoopConf(Same):
        def set(self, name: str, value: str) -> None:
            from pyspark.sql import SparkSession  # noqa: PLC0415  there by now

            session = SparkSession._instantiatedSession  # noqa: SLF001  the one of this process
            if session is not None:
                session.conf.set(name, value)
            self._first.set(name, value)

    class Context(Same):
        def hadoopConfiguration(self) -> Any:  # noqa: N802  Java's name
            return self._conf

    shared = Context(running)
    own = jvm.org.apache.hadoop.conf.Configuration(running.hadoopConfiguration())
    for name, value in Plan().conf.items():
        if not name.startswith("spark."):  # the file trees, and Hadoop's settings of the cluster
            own.set(name, value)
    object.__setattr__(shared, "_conf", HadoopConf(own))
    return shared


def patch_session(module: ModuleType) -> None:
    """Make every new session one of the workspace; the JVM's default session stays as it is."""
    session: Any = module.SparkSession
    original = session.__init__

    @functools.wraps(original)
    def init(self: Any, sparkContext: Any, jsparkSession: Any = None, options: Any = None) -> None:  # noqa: N803  pyspark's
        plan = Plan()
        if jsparkSession is None:
            jsparkSession = plan.attach(sparkContext._jvm)  # noqa: N806, SLF001
        known = session._instantiatedSession  # noqa: SLF001
        first = known is None or known._sc._jsc is None  # noqa: SLF001
        if first:
            # pyspark makes the first session the JVM's default, unless there is one already.
            session._instantiatedSession = self  # noqa: SLF001
        original(self, sparkContext, jsparkSession, options or {})
        if first:
            session._activeSession = self  # noqa: SLF001
            enter_threads(sparkContext._gateway, jsparkSession, joined(plan.properties))  # noqa: SLF001

    def new_session(self: Any) -> Any:
        return type(self)(self._sc, Plan().derive(self._jvm))

    session.__init__ = init
    session.getActiveSession = classmethod(attaching(session.getActiveSession.__func__))
    session.newSession = new_session


def enter_threads(gateway: Any, session: Any, properties: str) -> None:
    """Set the session and the run of each JVM thread: each new Python thread has a new one in the JVM."""
    from py4j import protocol  # noqa: PLC0415  there by now

    client = gateway._gateway_client  # noqa: SLF001  py4j has no hook
    if getattr(client, "_fake_session", None) is None:
        original = client.set_thread_connection

        @functools.wraps(original)
        def set_and_enter(connection: Any) -> None:
            original(connection)
            current, joined_properties = client._fake_session  # noqa: SLF001
            if connection.initiated_from_client:
                # Over this connection itself: the client would open another one for the same thread.
                part = protocol.get_command_part
                call = f"{protocol.CALL_COMMAND_NAME}{protocol.STATIC_PREFIX}fakedatabricks.Warm\nenter\n"
                connection.send_command(
                    f"{call}{part(current)}{part(joined_properties)}{protocol.END_COMMAND_PART}"
                )

        client.set_thread_connection = set_and_enter
    client._fake_session = (session, properties)  # noqa: SLF001


PATCHES: tuple[tuple[tuple[str, ...], Callable[[ModuleType], None]], ...] = (
    (("pyspark.context", "pyspark.core.context"), patch_context),
    (("pyspark.sql.session",), patch_session),
    (("pyspark.sql.utils",), patch_utils),
    (("pyspark.sql.functions", "pyspark.sql.functions.builtin"), patch_functions),
)
"""The names that a module has in the versions of pyspark (before 4.0, since 4.0), and what changes it."""
