"""Makes Java's archive of the classes that Spark and Delta load, by which a server is ready sooner.

``python -m fake_databricks.engine.archive`` takes 40 seconds and 160 MB in ``~/.cache/fake-databricks``;
once is enough for a machine, until Spark, Java or our few Java classes change (Java then ignores it). With it
the first job of a server that just started takes half of the time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from py4j.protocol import Py4JError

from fake_databricks.engine.driver import REHEARSAL, session_plan, spark_properties
from fake_databricks.engine.ports import Places
from fake_databricks.engine.warm_jvm import ARCHIVE, Jvm, JvmFailed, classes_folder


def make_archive() -> Path:
    """Run a JVM through what a first run does, and keep what it loaded; raises JvmFailed."""
    archive = classes_folder() / ARCHIVE
    with tempfile.TemporaryDirectory(prefix="archive") as scratch:
        home = Path(scratch)
        if not (classes_folder() / "warm.jar").exists():
            Jvm(home, spark_properties(home), "1g").kill()  # compiles our classes
        part = archive.with_suffix(".part")
        part.unlink(missing_ok=True)
        jvm = Jvm(home, spark_properties(home), "1g", dump_to=part)
        places = Places(*(str(home / name) for name in ("dbfs", "volumes", "workspace")))
        session = jvm.warm.attach("archive", *session_plan(home / "none", "archive", places).texts())
        for statement in REHEARSAL:
            session.sql(statement).collectAsList()
        jvm.leave()
        part.replace(archive)
    return archive


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{make_archive()}\n")
    except (JvmFailed, Py4JError, OSError) as error:
        sys.exit(f"There is no archive of Java's classes, so the first job of a server waits longer: {error}")
