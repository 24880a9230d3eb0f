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
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

from nuvyn_executor.concurrency import is_remote, running_session
from nuvyn_executor.errors import ConfigError, EngineError
from nuvyn_executor.output import programs_write_to_stderr
from nuvyn_executor.spark.class_archive import archive_options
from nuvyn_executor.spark.local_spark import LocalSparkError, PackageMissing, WrongSetting
from nuvyn_executor.spark.local_spark.delta_jars import delta_jars as find_delta_jars
from nuvyn_executor.spark.local_spark.java import require_java, supported_versions

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

logger = logging.getLogger(__name__)

MEMORY_VARIABLE = "EXECUTOR_DRIVER_MEMORY"
MEMORY = "2g"
_REMEDY = "Install it with: pip install 'nuvyn-executor-script[local]'."
_LOGGING = Path(__file__).resolve().parent / "log4j2-quiet.properties"


def build_local_session(
    warehouse: Path,
    *,
    driver_memory: Optional[str] = None,
    java_options: Optional[str] = None,
    delta_jars: Optional[str] = None,
    app_name: str = "nuvyn-executor",
) -> SparkSession:
    """Start Spark with Delta in this process, or return the session that runs already.

    Sets ``JAVA_HOME`` and ``PYSPARK_PYTHON`` of this process, because pyspark takes them from there. The
    first call on a machine fetches Delta's jars, which needs a network; no later one does.

    Args:
        warehouse: folder of managed tables; need not exist.
        driver_memory: memory of Java as Spark writes it (``2g``, the default).
        java_options: more options for Java.
        delta_jars: Delta's jars: a folder, or paths separated by commas; fetched once where it is ``None``.
        app_name: Spark's name for the application.

    Raises:
        EngineError: there is no pyspark, no Delta or no suitable Java, or Spark did not start.
        ConfigError: ``driver_memory`` is no size, or ``delta_jars`` names what is not there.
    """
    _require_pyspark()
    from pyspark import __version__  # noqa: PLC0415  no other job of the package needs it
    from pyspark.sql import SparkSession  # noqa: PLC0415  as above

    memory = _memory_size(driver_memory or MEMORY)
    java_home, jars = _java_and_jars(__version__, delta_jars)
    given = java_options or ""
    options = " ".join([*archive_options(java_home, jars, given), given])
    settings = _settings(warehouse, jars, memory, options)
    os.environ["JAVA_HOME"] = str(java_home)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable

    builder = SparkSession.builder.master("local[*]").appName(app_name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        with programs_write_to_stderr():
            session = builder.getOrCreate()
    except RuntimeError as error:  # pyspark's word for a JVM that ended before it answered
        raise EngineError(
            f"Spark did not start with the Java at {java_home}: {str(error).splitlines()[0]}",
            f"Read what Java wrote above; if memory is short, lower {MEMORY_VARIABLE} (now {memory}).",
        ) from error
    if on_interrupt is not None and threading.current_thread() is threading.main_thread():
        # pyspark's own handler calls Java while another call may be under way. Ctrl-C then looks like a
        # broken connection, so like a dataset that cannot be read, and the run goes on.
        signal.signal(signal.SIGINT, on_interrupt)
    return session


def stop_session(session: Any) -> None:
    """Stop a session of our own. When its Java has ended already nothing is left to stop: that is logged."""
    try:
        session.stop()
    except Exception as error:  # noqa: BLE001  the job has its result, whatever py4j raises now
        logger.warning("Spark could not be stopped (%s); its Java process has ended", type(error).__name__)


def find_session(*, on_databricks: bool) -> Optional[SparkSession]:
    """Find the session that runs in this process already; it is not ours to stop.

    Args:
        on_databricks: this is a Databricks process, where there always is one to be had; so there is where
            Spark's variable ``SPARK_REMOTE`` names a server of Spark Connect.

    Raises:
        EngineError: there is no pyspark.
    """
    _require_pyspark()
    from pyspark.sql import SparkSession  # noqa: PLC0415  no other job of the package needs it

    _log_no_errors()
    active = running_session()
    return SparkSession.builder.getOrCreate() if active is None and (on_databricks or is_remote()) else active


def _log_no_errors() -> None:
    """Let pyspark 4 write no errors to stderr by itself: jobs report them, with secrets masked."""
    try:
        from pyspark.logger import PySparkLogger  # noqa: PLC0415  as above
    except ImportError:  # before Spark 4
        return
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        PySparkLogger.getLogger(name).setLevel(logging.CRITICAL)


def _java_and_jars(spark_version: str, named: Optional[str]) -> Tuple[Path, Tuple[Path, ...]]:
    """Return the home of a Java that Spark runs on, and Delta's jars."""
    try:
        java_home = require_java(spark_version, supported_versions(spark_version))
        return java_home, find_delta_jars(named, java_home)
    except WrongSetting as error:
        raise ConfigError(error.message, error.remedy) from error
    except PackageMissing as error:
        raise EngineError(error.message, _REMEDY) from error
    except LocalSparkError as error:
        raise EngineError(error.message, error.remedy) from error


def _require_pyspark() -> None:
    if importlib.util.find_spec("pyspark") is None:
        raise EngineError("pyspark is not installed for this Python.", _REMEDY)


def _memory_size(memory: str) -> str:
    """Return a size of memory as it is, if Java can take it."""
    if not re.fullmatch(r"[1-9]\d*[kmgtKMGT]", memory):
        raise ConfigError(
            f"{MEMORY_VARIABLE} is {memory!r}, which is no size of memory.", "Write it as 2g or 1500m."
        )
    return memory


def _settings(warehouse: Path, jars: Tuple[Path, ...], memory: str, java_options: str) -> Dict[str, str]:
    """Spark's settings: what Delta needs, and what makes small work on one machine fast and quiet."""
    return {
        # On the class path and not in spark.jars: only so are their classes in the archive.
        "spark.driver.extraClassPath": os.pathsep.join(str(jar) for jar in jars),
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
        # Untuned, each commit starts some fifteen programs (chmod, readlink), writes a checksum that nobody
        # reads, and stores the rows of a merge once more, which are a text in the statement. This log store
        # is for one process at a time: the tables are locked while they are written.
        "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
        "spark.databricks.delta.writeChecksumFile.enabled": "false",
        "spark.databricks.delta.merge.materializeSource": "none",
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


def has_file_system(spark: Any, scheme: str) -> bool:
    """Whether Spark reads URLs of a scheme such as ``s3a``, as far as this process can ask.

    Spark Connect does not answer that; a server of it is a cluster of Databricks, which reads all of them.
    """
    try:
        context = spark.sparkContext
        context._jvm.org.apache.hadoop.fs.FileSystem.getFileSystemClass(  # noqa: SLF001  no other way to ask
            scheme,
            context._jsc.hadoopConfiguration(),  # noqa: SLF001  as above
        )
    except Exception as error:  # noqa: BLE001  Hadoop's and Connect's errors have no common class
        return re.search(r"UnsupportedFileSystem|No FileSystem for scheme|ClassNotFound", str(error)) is None
    return True


def runs_on_this_machine(spark: Any) -> bool:
    """Whether all of Spark runs on this machine. Spark Connect does not say, so of it that is not known."""
    try:
        master = str(spark.sparkContext.master)
    except Exception:  # noqa: BLE001  whatever Connect raises where there is no context
        return False
    return master.startswith("local")
