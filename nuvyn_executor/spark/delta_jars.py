"""Delta's jars for a Spark of our own: where they are, and how they get there the first time.

Spark can resolve them at every start (``spark.jars.packages``), which costs 1.5 s and a network. Here Spark's
own Ivy fetches them once into a folder, and every later start names the files (``spark.jars``).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Mapping, Optional, Tuple

from nuvyn_executor.errors import ConfigError, EngineError

VARIABLE = "EXECUTOR_DELTA_JARS"
DISTRIBUTION = "delta-spark"
REMEDY_LOCAL = "Install it with: pip install 'nuvyn-executor-script[local]'."
_FETCH_SECONDS = 900


def find_delta_jars(environment: Optional[Mapping[str, str]] = None) -> Tuple[Path, ...]:
    """Find Delta's jars on this machine, without a network.

    Looks at ``EXECUTOR_DELTA_JARS`` (paths separated by commas, or a folder), then in :func:`jar_folder`.

    Returns:
        The jars, or nothing when they were not fetched yet.

    Raises:
        ConfigError: ``EXECUTOR_DELTA_JARS`` names what is not there.
        EngineError: delta-spark is not installed, so its version is not known.
    """
    environment = os.environ if environment is None else environment
    named = environment.get(VARIABLE, "").strip()
    if named:
        return _named_jars(named)
    return _jars_in(jar_folder(environment))


def jar_folder(environment: Optional[Mapping[str, str]] = None) -> Path:
    """Name the folder that keeps the jars of the installed delta-spark: one folder a version.

    In a checkout (an editable install) it lies in its ``.cache``, elsewhere in the user's.

    Raises:
        EngineError: delta-spark is not installed.
    """
    environment = os.environ if environment is None else environment
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        cache = checkout / ".cache"
    else:
        cache = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nuvyn-executor"
    return cache / "jars" / _delta_version()


def fetch_delta_jars(folder: Path, java_home: Path) -> Tuple[Path, ...]:
    """Fetch Delta's jars from Maven Central through Spark's Ivy; at once when they are there.

    The folder appears whole or not at all, also when this process is killed or a second one does the same.

    Args:
        folder: where to put them, as :func:`jar_folder` names it.
        java_home: a Java that Spark runs on.

    Raises:
        EngineError: pyspark or delta-spark is missing, or the jars could not be fetched.
    """
    there = _jars_in(folder)
    if there:
        return there
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=str(folder.parent), prefix="fetching-") as scratch:
        _resolve(Path(scratch), java_home)
        fetched = Path(scratch) / "ivy" / "jars"
        if not _jars_in(fetched):
            raise EngineError("Spark's Ivy fetched no jar of Delta.", _remedy())
        try:
            fetched.replace(folder)
        except OSError:
            if not _jars_in(folder):  # else another process was faster, and its jars are as good
                raise
    return _jars_in(folder)


def _named_jars(named: str) -> Tuple[Path, ...]:
    """Read ``EXECUTOR_DELTA_JARS``."""
    jars = []
    for part in named.split(","):
        path = Path(part.strip()).expanduser()
        found = sorted(path.glob("*.jar")) if path.is_dir() else [path]
        if not found or not found[0].is_file():
            raise ConfigError(
                f"{VARIABLE} names {path}, which is neither a jar nor a folder of jars.",
                "Correct it, or unset it to have them fetched.",
            )
        jars.extend(found)
    return tuple(path.resolve() for path in jars)


def _jars_in(folder: Path) -> Tuple[Path, ...]:
    """All jars of a folder, if Delta's two are among them and are whole."""
    jars = tuple(sorted(folder.glob("*.jar")))
    names = " ".join(jar.name for jar in jars)
    whole = "delta-spark_" in names and "delta-storage-" in names and all(map(zipfile.is_zipfile, jars))
    return jars if whole else ()


def _delta_version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as error:
        raise EngineError("delta-spark is not installed for this Python.", REMEDY_LOCAL) from error


def _coordinates(spark_home: Path) -> str:
    """Maven's name of Delta for this Spark: its Scala version is that of Spark's own jars."""
    library = next((spark_home / "jars").glob("scala-library-*.jar"), None)
    scala = ".".join(library.stem.split("-")[-1].split(".")[:2]) if library else "2.12"
    return f"io.delta:delta-spark_{scala}:{_delta_version()}"


def _resolve(scratch: Path, java_home: Path) -> None:
    """Let spark-submit resolve Delta into ``scratch/ivy`` and then run a program of no lines."""
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise EngineError("pyspark is not installed for this Python.", REMEDY_LOCAL)
    spark_home = Path(found.origin).parent
    program = scratch / "nothing.py"
    program.write_text("", encoding="utf-8")
    command = [
        str(spark_home / "bin" / ("spark-submit.cmd" if os.name == "nt" else "spark-submit")),
        *("--master", "local[1]", "--packages", _coordinates(spark_home)),
        *("--conf", f"spark.jars.ivy={scratch / 'ivy'}", str(program)),
    ]
    environment = dict(
        os.environ, JAVA_HOME=str(java_home), SPARK_HOME=str(spark_home), PYSPARK_PYTHON=sys.executable
    )
    try:
        done = subprocess.run(  # noqa: S603  Spark's own program, with arguments made here
            command, env=environment, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"Delta's jars did not arrive in {_FETCH_SECONDS} s.", _remedy()) from error
    if done.returncode:
        raise EngineError(f"Delta's jars could not be fetched: {_reason(done.stderr)}", _remedy())


def _reason(output: str) -> str:
    """Pick the one line of Ivy's report that says why."""
    lines = [line.strip(" :\t") for line in output.splitlines() if line.strip(" :\t")]
    telling = [line for line in lines if "unresolved dependency" in line or "not found" in line]
    return (telling or lines or ["no reason given"])[-1]


def _remedy() -> str:
    return f"Connect to the network once, or put the jars in a folder and name it in {VARIABLE}."
