"""A runtime: a Python and the Spark in it, on which clusters run. The server's own, or an installed one."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.engine.local_spark import LocalSparkError
from fake_databricks.engine.local_spark.delta_jars import VARIABLE, delta_jars
from fake_databricks.engine.local_spark.java import java_program, require_java, supported_versions
from fake_databricks.engine.local_spark.maven import spark_home

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER_VARIABLE = "FAKE_DATABRICKS_RUNTIMES"
"""The environment variable with the folder of the installed runtimes."""
DESCRIPTION = "runtime.json"
"""The file of an installed runtime that says what is in it; it is written last, so without it nothing is."""
OWN = "own"
"""The name of the server's own runtime."""
OWN_SPARK = "3.5"
"""The Spark that fake-databricks itself requires."""
OLDEST_JAVA = 9
"""The first that knows ``--add-opens``, with which we start it."""
NO_PYSPARK = "pyspark is not installed for this Python: pip install fake-databricks"


class JvmFailed(Exception):  # noqa: N818  "failed" says what happened; it is no bug of the caller
    """No Java, no Delta, or a JVM that did not come up; the message says which and where its log lies."""


def minor_of(version: str) -> str:
    """Return the first two numbers of a version, ``4.0`` of ``4.0.1``: each runtime has others."""
    return ".".join(version.split(".")[:2])


@dataclass(frozen=True)
class Runtime:
    """A Python, and the Spark in it.

    Attributes:
        name: ``own``, or ``spark-4.0`` of an installed one.
        spark: the version of pyspark; empty where it is not installed.
        python: the interpreter.
        packages: the folders with its packages.
        home: the folder of pyspark; None where it is not installed.
        jars: Delta's jars; None for those that are found, or fetched, when a JVM starts.
    """

    name: str
    spark: str
    python: Path
    packages: tuple[str, ...]
    home: Path | None
    jars: tuple[Path, ...] | None = None

    @property
    def minor(self) -> str:
        """The Spark that clusters choose: ``4.0``."""
        return minor_of(self.spark) or OWN_SPARK

    @property
    def is_own(self) -> bool:
        """Whether it is the server's own."""
        return self.name == OWN

    @property
    def python_version(self) -> str:
        """The version of its Python, as the name of its library folder has it: ``3.12``."""
        if self.is_own:
            return f"{sys.version_info.major}.{sys.version_info.minor}"
        found = re.search(r"python(\d+\.\d+)", self.packages[0])
        return found.group(1) if found else ""

    def distribution(self, name: str) -> importlib.metadata.Distribution | None:
        """Return an installed distribution; None where it is not installed."""
        found = importlib.metadata.Distribution.discover(name=name, path=list(self.packages))
        return next(iter(found), None)

    def java(self) -> Path:
        """Return the command of a Java that its Spark runs on; raise JvmFailed where there is none."""
        if not self.spark:
            raise JvmFailed(NO_PYSPARK)
        supported = tuple(java for java in supported_versions(self.spark) if java >= OLDEST_JAVA)
        try:
            return java_program(require_java(self.spark, supported))
        except LocalSparkError as error:
            raise JvmFailed(str(error)) from error

    def spark_home(self) -> Path:
        """Return the folder of pyspark; raise JvmFailed where there is none."""
        if self.home is None:
            raise JvmFailed(NO_PYSPARK)
        return self.home

    def delta(self) -> tuple[Path, ...]:
        """Return Delta's jars, fetched if need be; raise JvmFailed where that fails."""
        if self.jars is not None:
            return self.jars
        try:
            return delta_jars(os.environ.get(VARIABLE), self.java().parents[1])
        except LocalSparkError as error:
            raise JvmFailed(str(error)) from error

    def libraries(self) -> list[str]:
        """Return the jars of Delta and Spark, in one order: an archive of classes is valid for it alone."""
        return [*map(str, self.delta()), *sorted(map(str, (self.spark_home() / "jars").glob("*.jar")))]


def own_runtime() -> Runtime:
    """Return the runtime of this process, whether pyspark is installed or not."""
    packages = tuple(sys.path)
    try:
        spark, home = importlib.metadata.version("pyspark"), spark_home()
    except (importlib.metadata.PackageNotFoundError, LocalSparkError):
        return Runtime(OWN, "", Path(sys.executable), packages, None)
    return Runtime(OWN, spark, Path(sys.executable), packages, home)


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for what the server makes once for a machine.

    Args:
        environ: environment variables.
    """
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fake-databricks"


def runtimes_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of the installed runtimes.

    Args:
        environ: environment variables; ``os.environ`` by default.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(FOLDER_VARIABLE, "").strip()
    return Path(named).expanduser().absolute() if named else cache_folder(environ) / "runtimes"


def installed_runtime(folder: Path, spark: str) -> Runtime | None:
    """Return the installed runtime of a Spark, ``4.0``; None where there is none that is whole.

    Args:
        folder: that of the installed runtimes.
        spark: the first two numbers of Spark's version.
    """
    home = folder / f"spark-{spark}"
    try:
        found = json.loads((home / DESCRIPTION).read_text(encoding="utf-8"))
        packages, python = home / found["packages"], home / found["python"]
        version, jars = str(found["spark"]), tuple(sorted((home / "delta").glob("*.jar")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not (python.exists() and (packages / "pyspark").is_dir() and jars):
        return None
    return Runtime(home.name, version, python, (str(packages),), packages / "pyspark", jars)
