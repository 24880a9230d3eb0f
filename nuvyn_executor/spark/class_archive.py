"""Java's archive of the classes that Spark and Delta load. With it a local job needs two thirds of the time.

``python -m nuvyn_executor.spark.class_archive`` makes it: 30 seconds and 160 MB in the cache folder, once for
a machine. It is valid for one Java, one Spark and one Delta; without a valid one a session starts as usual.
What Java does: https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, Optional, Sequence

from nuvyn_executor.spark.local_spark import LocalSparkError
from nuvyn_executor.spark.local_spark.delta_jars import VARIABLE, cache_folder, delta_jars
from nuvyn_executor.spark.local_spark.java import java_version, require_java, supported_versions

_FIRST_JAVA = 13  # the first that writes an archive when a program ends
_SECONDS = 300
_DUMP = "NUVYN_CLASS_ARCHIVE_DUMP"  # where the process of make_archive lets Java write the archive
_QUIET = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")  # Java's words about an archive that does not fit
# Options that look at each class as it is loaded. With a recording and an archive Java 17 ends at once.
_LOOKS_AT_CLASSES = re.compile(r"-javaagent:|-agentlib:|-agentpath:|-XX:\+?\w*FlightRecord")
# What a first run of the main job does, over a file of each of the plainest formats.
_REHEARSAL = ("n,name,at\n1,a,2024-01-02\n2,b,2024-01-03\n", '{"n": 1, "name": "a"}\n')


def archive_options(java_home: Path, jars: Sequence[Path], java_options: str = "") -> List[str]:
    """Return Java's options to use the archive; none where there is no archive for this Java and these jars.

    Each is quoted as Spark wants it, because a path may hold a blank.

    Args:
        java_home: the Java that will run Spark.
        jars: the jars on its class path beside Spark's own.
        java_options: its other options; with a recording or an agent there is no archive.
    """
    if _LOOKS_AT_CLASSES.search(java_options):
        return []
    dump_to = os.environ.get(_DUMP)
    if dump_to:
        return [f'"-XX:ArchiveClassesAtExit={dump_to}"', *_QUIET]
    archive = archive_file(java_home, jars)
    return [f'"-XX:SharedArchiveFile={archive}"', *_QUIET] if archive.is_file() else []


def archive_file(java_home: Path, jars: Sequence[Path]) -> Path:
    """Return the path of the archive for a Java, the installed Spark and some jars; it need not exist."""
    from pyspark import __file__ as pyspark_file  # noqa: PLC0415  no other job of the package needs it
    from pyspark import __version__  # noqa: PLC0415  as above

    digest = hashlib.sha256(f"{__version__}\0{pyspark_file}\0{java_home}\0".encode())
    release = java_home / "release"
    digest.update(release.read_bytes() if release.is_file() else b"")
    for jar in jars:
        digest.update(f"{jar}\0{jar.stat().st_size}\0".encode())
    return cache_folder(os.environ) / "classes" / f"{digest.hexdigest()[:16]}.jsa"


def make_archive() -> Path:
    """Run the main job on small files, and let Java store the classes that it loaded.

    The archive appears whole or not at all, also when this process is killed or a second one does the same.

    Raises:
        LocalSparkError: there is no suitable Java, or it wrote no archive.
    """
    from pyspark import __version__  # noqa: PLC0415  as above

    java_home = require_java(__version__, supported_versions(__version__))
    jars = delta_jars(os.environ.get(VARIABLE), java_home)
    archive = archive_file(java_home, jars)
    if archive.is_file():
        return archive
    if java_version(java_home) < _FIRST_JAVA:
        raise LocalSparkError(f"The Java at {java_home} writes no archive.", "Use Java 17.")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=str(archive.parent), prefix="making-") as scratch:
        part = Path(scratch) / archive.name
        reason = _rehearse(Path(scratch), part)
        if not part.is_file():
            raise LocalSparkError(
                f"Java wrote no archive: {reason or 'it gave no reason'}.", "Sessions start without one."
            )
        part.replace(archive)
    return archive


def _rehearse(scratch: Path, dump_to: Path) -> Optional[str]:
    """Run ``full_pipeline`` in a process of its own; return the last line of its log if it failed."""
    data = scratch / "data"
    data.mkdir()
    for name, text in zip(("a.csv", "b.json"), _REHEARSAL):
        (data / name).write_text(text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUVYN_API_")}
    environment.update({_DUMP: str(dump_to), "EXECUTOR_WAREHOUSE_DIR": str(scratch / "warehouse")})
    command = [sys.executable, "-m", "nuvyn_executor", "full_pipeline", str(data)]
    try:
        done = subprocess.run(  # noqa: S603  this package's own command
            command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"the job took more than {_SECONDS} s"
    return (done.stderr.strip().splitlines() or [""])[-1] if done.returncode else None


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{make_archive()}\n")
    except (LocalSparkError, OSError) as error:
        sys.exit(f"No archive of Java's classes was made: {error}")
