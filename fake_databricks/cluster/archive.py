"""Makes Java's archive of the classes that Spark and Delta load, by which a server is ready sooner.

``python -m fake_databricks.cluster.archive`` takes half a minute and 160 MB in ``~/.cache/fake-databricks``;
once is enough for a machine, until Spark, Java or our few Java classes change (Java then ignores it).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from fake_databricks.cluster.driver import WARM_UP, session_plan, spark_properties
from fake_databricks.cluster.jvm import ARCHIVE, Jvm, classes_folder
from fake_databricks.cluster.ports import Places


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
        for statement in WARM_UP:
            session.sql(statement).collectAsList()
        jvm.leave()
        part.replace(archive)
    return archive


if __name__ == "__main__":
    sys.stdout.write(f"{make_archive()}\n")
