"""Find Delta's jars for a Spark on this machine, and fetch them once.

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

from . import LocalSparkError, PackageMissing, WrongSetting

VARIABLE = "EXECUTOR_DELTA_JARS"
"""The environment variable that names the jars: a folder, or paths separated by commas."""
DISTRIBUTION = "delta-spark"
_FETCH_SECONDS = 900
_REMEDY = f"Connect to the network once, or put the jars in a folder and name it in {VARIABLE}."


def delta_jars(
    named: Optional[str], java_home: Path, environ: Optional[Mapping[str, str]] = None
) -> Tuple[Path, ...]:
    """Return Delta's jars. The first call on a machine fetches them and needs a network; no later one does.

    Args:
        named: the value of ``EXECUTOR_DELTA_JARS``; empty or ``None`` for the jars of :func:`jar_folder`.
        java_home: a Java that Spark runs on.
        environ: environment variables, for :func:`jar_folder`; ``os.environ`` by default.

    Raises:
        WrongSetting: ``named`` names files that are not there.
        PackageMissing: pyspark or delta-spark is not installed.
        LocalSparkError: the jars could not be fetched.
    """
    if named and named.strip():
        return _named_jars(named)
    return fetch_delta_jars(jar_folder(environ), java_home)


def jar_folder(environ: Optional[Mapping[str, str]] = None) -> Path:
    """Return the folder for the jars of the installed delta-spark: one folder for each version.

    In a checkout it is in ``.cache``, so that ``make install`` fetches the jars for all that runs from the
    checkout. Elsewhere it is in the user's cache folder.

    Raises:
        PackageMissing: delta-spark is not installed.
    """
    environ = os.environ if environ is None else environ
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        cache = checkout / ".cache"
    else:
        cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nuvyn-executor"
    return cache / "jars" / _delta_version()


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
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=str(folder.parent), prefix="fetching-") as scratch:
        _resolve(Path(scratch), java_home)
        fetched = Path(scratch) / "ivy" / "jars"
        if not _jars_in(fetched):
            raise LocalSparkError("Spark's Ivy fetched no jar of Delta.", _REMEDY)
        try:
            fetched.replace(folder)
        except OSError:
            if not _jars_in(folder):  # else another process was faster, and its jars are as good
                raise
    return _jars_in(folder)


def spark_home() -> Path:
    """Return the folder of pyspark, which is Spark's home; pyspark is not imported for that.

    Raises:
        PackageMissing: pyspark is not installed.
    """
    found = importlib.util.find_spec("pyspark")
    if found is None or found.origin is None:
        raise PackageMissing(
            "pyspark is not installed for this Python.", "Install it with: pip install pyspark"
        )
    return Path(found.origin).parent


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


def _jars_in(folder: Path) -> Tuple[Path, ...]:
    """Return all jars of a folder, if Delta's two are among them and are whole."""
    # A link to a shared cache is followed: one jar has one path, whichever checkout asks.
    jars = tuple(sorted(folder.resolve().glob("*.jar")))
    names = " ".join(jar.name for jar in jars)
    whole = "delta-spark_" in names and "delta-storage-" in names and all(map(zipfile.is_zipfile, jars))
    return jars if whole else ()


def _delta_version() -> str:
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as error:
        raise PackageMissing(
            "delta-spark is not installed for this Python.", "Install it with: pip install delta-spark"
        ) from error


def _coordinates(home: Path) -> str:
    """Return Maven's name of Delta for a Spark: its Scala version is that of Spark's own jars."""
    library = next((home / "jars").glob("scala-library-*.jar"), None)
    scala = ".".join(library.stem.split("-")[-1].split(".")[:2]) if library else "2.12"
    return f"io.delta:delta-spark_{scala}:{_delta_version()}"


def _resolve(scratch: Path, java_home: Path) -> None:
    """Let spark-submit resolve Delta into ``scratch/ivy`` and then run an empty program."""
    home = spark_home()
    program = scratch / "nothing.py"
    program.write_text("", encoding="utf-8")
    command = [
        str(home / "bin" / ("spark-submit.cmd" if os.name == "nt" else "spark-submit")),
        *("--master", "local[1]", "--packages", _coordinates(home)),
        *("--conf", f"spark.jars.ivy={scratch / 'ivy'}", str(program)),
    ]
    environment = dict(
        os.environ, JAVA_HOME=str(java_home), SPARK_HOME=str(home), PYSPARK_PYTHON=sys.executable
    )
    try:
        done = subprocess.run(  # noqa: S603  Spark's own program, with arguments made here
            command, env=environment, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LocalSparkError(f"Delta's jars did not arrive in {_FETCH_SECONDS} s.", _REMEDY) from error
    if done.returncode:
        raise LocalSparkError(f"Delta's jars could not be fetched: {_reason(done.stderr)}", _REMEDY)


def _reason(output: str) -> str:
    """Return the line of Ivy's report that says why."""
    lines = [line.strip(" :\t") for line in output.splitlines() if line.strip(" :\t")]
    causes = [line for line in lines if "unresolved dependency" in line or "not found" in line]
    return (causes or lines or ["no reason given"])[-1]
