"""Fetches jars from Maven Central with Spark's own Ivy, into a folder that appears whole or not at all."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Optional, Sequence, Tuple

from . import LocalSparkError, PackageMissing

_FETCH_SECONDS = 900


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


def fetch_jars(  # noqa: PLR0913  what is fetched, to where, with what, and the words for errors
    folder: Path,
    coordinates: Sequence[str],
    java_home: Path,
    jars_in: Callable[[Path], Tuple[Path, ...]],
    *,
    excluded: Sequence[str] = (),
    what: str,
    remedy: str,
) -> Tuple[Path, ...]:
    """Fetch jars into a folder, unless they are there.

    The folder appears whole or not at all, also when this process is killed or a second one does the same.

    Args:
        folder: where to put them.
        coordinates: Maven's names, ``group:artifact:version``.
        java_home: a Java that Spark runs on.
        jars_in: returns the jars of a folder, and nothing where one is missing or not whole.
        excluded: ``group:artifact`` of what is needed by those and not wanted.
        what: a word for them, in errors.
        remedy: what to do where they cannot be fetched, in errors.

    Raises:
        PackageMissing: pyspark is not installed.
        LocalSparkError: the jars could not be fetched.
    """
    present = jars_in(folder)
    if present:
        return present
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=str(folder.parent), prefix="fetching-") as scratch:
        reason = _resolve(Path(scratch), java_home, coordinates, excluded)
        if reason is not None:
            raise LocalSparkError(f"{what} could not be fetched: {reason}", remedy)
        fetched = Path(scratch) / "ivy" / "jars"
        if not jars_in(fetched):
            raise LocalSparkError(f"Spark's Ivy fetched something else than {what}.", remedy)
        try:
            fetched.replace(folder)
        except OSError:
            if not jars_in(folder):  # else another process was faster, and its jars are as good
                raise
    return jars_in(folder)


def _resolve(
    scratch: Path, java_home: Path, coordinates: Sequence[str], excluded: Sequence[str]
) -> Optional[str]:
    """Let spark-submit resolve packages into ``scratch/ivy`` and then run an empty program.

    Returns:
        Why it failed, as a text; ``None`` where it did not.
    """
    home = spark_home()
    program = scratch / "nothing.py"
    program.write_text("", encoding="utf-8")
    without = ("--exclude-packages", ",".join(excluded)) if excluded else ()
    command = [
        str(home / "bin" / ("spark-submit.cmd" if os.name == "nt" else "spark-submit")),
        *("--master", "local[1]", "--packages", ",".join(coordinates), *without),
        *("--conf", f"spark.jars.ivy={scratch / 'ivy'}", str(program)),
    ]
    environment = dict(
        os.environ, JAVA_HOME=str(java_home), SPARK_HOME=str(home), PYSPARK_PYTHON=sys.executable
    )
    try:
        done = subprocess.run(  # noqa: S603  Spark's own program, with arguments made here
            command, env=environment, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"they did not arrive in {_FETCH_SECONDS} s."
    return _reason(done.stderr) if done.returncode else None


def _reason(output: str) -> str:
    """Return the line of Ivy's report that says why."""
    lines = [line.strip(" :\t") for line in output.splitlines() if line.strip(" :\t")]
    causes = [line for line in lines if "unresolved dependency" in line or "not found" in line]
    return (causes or lines or ["no reason given"])[-1]
