"""Packages of Spark that a session lacks: they are fetched and added to it when they are first needed.

Databricks has them built in. Elsewhere Spark's own Ivy fetches them from Maven, once for each machine.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Tuple, TypeVar

from nuvyn_executor.errors import EngineError
from nuvyn_executor.spark.conditions import failure_of

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")
_MISSING = ("DATA_SOURCE_NOT_FOUND",)
_MISSING_WORDS = re.compile(  # of Java, and of Spark 3.3 with Avro
    r"Failed to find data source|Failed to find the data source|ClassNotFoundException|No suitable driver"
)
_failures: Dict[Tuple[str, str], EngineError] = {}
"""By application and package: without a network each attempt may take a minute."""


def with_package(spark: Any, package: str, action: Callable[[], _Result]) -> _Result:
    """Do something that may need a package; where Spark lacks it, add it and do that again.

    Args:
        spark: the session.
        package: Maven's ``group:artifact``, without the Scala version, of what has Spark's own version; or
            ``group:artifact:version``, such as that of a JDBC driver. Empty where Spark needs none.
        action: what to do.

    Raises:
        EngineError: the package is missing and cannot be fetched.
        Exception: what the action raises for any other reason.
    """
    try:
        return action()
    except Exception as error:
        if not package or not failure_of(error).means(_MISSING, _MISSING_WORDS):
            raise
    _add(spark, package)
    return action()


def _add(spark: Any, package: str) -> None:
    """Add a package to a session. Only the thread that adds it finds it, so each thread has to."""
    group, artifact, version = _coordinates(spark, package)
    jar = _ivy_folder(spark) / "jars" / f"{group}_{artifact}-{version}.jar"
    application = str(spark.conf.get("spark.app.id", ""))
    failure = _failures.get((application, package))
    if failure is not None:
        raise failure
    name = str(jar) if jar.is_file() else f"ivy://{group}:{artifact}:{version}?transitive=false"
    if not jar.is_file():
        logger.info("Spark lacks %s %s: it is fetched from Maven", artifact, version)
    try:
        with _output_as_errors(spark):
            spark.sql(f"ADD JAR '{name}'")
    except Exception as error:
        failure = EngineError(
            f"Spark lacks {artifact}-{version}.jar, and it could not be fetched from Maven.",
            "Connect to the network once, or name that jar in EXECUTOR_DELTA_JARS, beside those of Delta.",
        )
        _failures[(application, package)] = failure
        logger.debug("%s", name, exc_info=error)
        raise failure from error


def _coordinates(spark: Any, package: str) -> Tuple[str, str, str]:
    group, artifact, *named = package.split(":")
    if named:
        return group, artifact, named[0]
    version = re.sub(r"^(\d+\.\d+\.\d+).*", r"\1", str(spark.version))
    return group, f"{artifact}_{_scala_version(spark)}", version


@contextmanager
def _output_as_errors(spark: Any) -> Iterator[None]:
    """Let Java write to stderr what Ivy writes to stdout, which carries the result of the job."""
    try:
        system = spark._jvm.java.lang.System  # noqa: SLF001  nothing public leads there
        output = system.out
        system.setOut(system.err)
    except Exception:  # noqa: BLE001  Spark Connect: its server has a stdout of its own
        yield
        return
    try:
        yield
    finally:
        system.setOut(output)


def _ivy_folder(spark: Any) -> Path:
    usual = "~/.ivy2" if str(spark.version).startswith("3.") else "~/.ivy2.5.2"  # Spark 4 has a newer Ivy
    return Path(spark.conf.get("spark.jars.ivy", "") or usual).expanduser()


def _scala_version(spark: Any) -> str:
    try:
        full = str(spark._jvm.scala.util.Properties.versionNumberString())  # noqa: SLF001  as above
    except Exception:  # noqa: BLE001  Spark Connect tells none
        return "2.12" if str(spark.version).startswith("3") else "2.13"
    return ".".join(full.split(".")[:2])
