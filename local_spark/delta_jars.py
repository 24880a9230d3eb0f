"""Find Delta's jars for a Spark on this machine, and fetch them once.

Spark can resolve them at every start (``spark.jars.packages``), which costs 1.5 s and a network. Here Spark's
own Ivy fetches them once into a folder, and every later start names the files (``spark.jars``).
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import zipfile
from pathlib import Path
from typing import Mapping, Optional, Tuple

from . import PackageMissing, WrongSetting
from .maven import fetch_jars, spark_home

VARIABLE = "EXECUTOR_DELTA_JARS"
"""The environment variable that names the jars: a folder, or paths separated by commas."""
DISTRIBUTION = "delta-spark"
# Since which version of Delta, the name of its artifact, and that of the folder for its jars. One version of
# Delta is made for several versions of Spark since 4.1; before 3.0 it had another name.
_NAMES: Tuple[Tuple[Tuple[int, ...], str, str], ...] = (
    ((4, 1), "delta-spark_{spark}_{scala}", "{delta}-spark-{spark}"),
    ((3, 0), "delta-spark_{scala}", "{delta}"),
    ((0,), "delta-core_{scala}", "{delta}"),
)
_REMEDY = f"Connect to the network once, or put the jars in a folder and name it in {VARIABLE}."


def delta_jars(
    named: Optional[str], java_home: Path, environ: Optional[Mapping[str, str]] = None
) -> Tuple[Path, ...]:
    """Return Delta's jars. The first call on a machine fetches them and needs a network; no later one does.

    A library that Spark has too is left out, in whatever version: these jars come first on the class path,
    and Spark 4.2 does not start a query with the older Jackson that Delta 4.4 asks for.

    Args:
        named: the value of ``EXECUTOR_DELTA_JARS``; empty or ``None`` for the jars of :func:`jar_folder`.
        java_home: a Java that Spark runs on.
        environ: environment variables, for :func:`jar_folder`; ``os.environ`` by default.

    Raises:
        WrongSetting: ``named`` names files that are not there.
        PackageMissing: pyspark or delta-spark is not installed.
        LocalSparkError: the jars could not be fetched.
    """
    jars = _named_jars(named) if named and named.strip() else fetch_delta_jars(jar_folder(environ), java_home)
    return _unknown_to_spark(jars)


def jar_folder(environ: Optional[Mapping[str, str]] = None) -> Path:
    """Return the folder for the jars of the installed delta-spark: one folder for each version.

    In a checkout it is in ``.cache``, so that ``make install`` fetches the jars for all that runs from the
    checkout. Elsewhere it is in the user's cache folder.

    Raises:
        PackageMissing: delta-spark is not installed, or pyspark, for which the jars are made.
    """
    environ = os.environ if environ is None else environ
    delta = _delta_version()
    _, name = _names_of(delta)
    return cache_folder(environ) / "jars" / name.format(delta=delta, spark=_spark_of_name(name))


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder for what is fetched once: that of the checkout, or the user's.

    Args:
        environ: environment variables.
    """
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".cache"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nuvyn-executor"


def fetch_delta_jars(folder: Path, java_home: Path) -> Tuple[Path, ...]:
    """Fetch Delta's jars from Maven Central into a folder, unless they are there.

    The folder appears whole or not at all, also when this process is killed or a second one does the same.

    Args:
        folder: where to put them, as :func:`jar_folder` names it.
        java_home: a Java that Spark runs on.

    Raises:
        PackageMissing: pyspark or delta-spark is not installed.
        LocalSparkError: the jars could not be fetched.
    """
    present = _jars_in(folder)
    if present:
        return present
    coordinates = (_coordinates(spark_home()),)
    return fetch_jars(folder, coordinates, java_home, _jars_in, what="Delta's jars", remedy=_REMEDY)


def _named_jars(named: str) -> Tuple[Path, ...]:
    """Return the jars that ``EXECUTOR_DELTA_JARS`` names, in its order."""
    jars = []
    for part in named.split(","):
        path = Path(part.strip()).expanduser()
        found = sorted(path.glob("*.jar")) if path.is_dir() else [path]
        if not found or not found[0].is_file():
            raise WrongSetting(
                f"{VARIABLE} names {path}, which is neither a jar nor a folder of jars.",
                "Correct it, or unset it to have them fetched.",
            )
        jars.extend(found)
    return tuple(path.resolve() for path in jars)


def _unknown_to_spark(jars: Tuple[Path, ...]) -> Tuple[Path, ...]:
    """Return the jars of libraries that are not among Spark's own jars."""
    try:
        own = {_library(jar) for jar in (spark_home() / "jars").glob("*.jar")}
    except PackageMissing:  # then there is no Spark to start
        return jars
    return tuple(jar for jar in jars if _library(jar) not in own)


def _library(jar: Path) -> str:
    """Return the name of a library without its version, and without the group that Ivy writes before it."""
    name = re.sub(r"-\d+\..*$", "", jar.name)
    return re.sub(r"^[a-z0-9-]+(\.[a-z0-9-]+)+_", "", name)


def _jars_in(folder: Path) -> Tuple[Path, ...]:
    """Return all jars of a folder, if Delta's two are among them and are whole."""
    # A link to a shared cache is followed: one jar has one path, whichever checkout asks.
    jars = tuple(sorted(folder.resolve().glob("*.jar")))
    names = " ".join(jar.name for jar in jars)
    is_there = ("delta-spark_" in names or "delta-core_" in names) and "delta-storage-" in names
    whole = is_there and all(map(zipfile.is_zipfile, jars))
    return jars if whole else ()


def _coordinates(home: Path) -> str:
    """Return Maven's name of Delta for a Spark: its Scala version is that of Spark's own jars."""
    library = next((home / "jars").glob("scala-library-*.jar"), None)
    scala = ".".join(library.stem.split("-")[-1].split(".")[:2]) if library else "2.12"
    delta = _delta_version()
    artifact, _ = _names_of(delta)
    return f"io.delta:{artifact.format(spark=_spark_of_name(artifact), scala=scala)}:{delta}"


def _names_of(delta: str) -> Tuple[str, str]:
    """Return the pattern of Delta's artifact and that of the folder for its jars, for a version of Delta."""
    version = tuple(int(part) for part in re.findall(r"\d+", delta)[:2])
    return next((artifact, folder) for since, artifact, folder in _NAMES if version >= since)


def _spark_of_name(pattern: str) -> str:
    """Return the version of Spark that a pattern asks for: ``4.2``."""
    return ".".join(_version_of("pyspark", "pyspark").split(".")[:2]) if "{spark}" in pattern else ""


def _delta_version() -> str:
    return _version_of(DISTRIBUTION, "delta-spark")


def _version_of(distribution: str, name: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError as error:
        raise PackageMissing(
            f"{name} is not installed for this Python.", f"Install it with: pip install {name}"
        ) from error
