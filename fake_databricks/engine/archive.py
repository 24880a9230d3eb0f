"""Makes Java's archive of the classes that Spark and Delta load; with it a server is ready sooner.

``python -m fake_databricks.engine.archive`` takes 40 seconds and 160 MB in ``~/.cache/fake-databricks``. One
is enough for a machine, until Spark, Java or our few Java classes change (Java then ignores it). With it the
first job of a server that has just started takes half of the time.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path

from py4j.protocol import Py4JError

from fake_databricks.engine.driver import spark_properties
from fake_databricks.engine.ports import Places
from fake_databricks.engine.rehearsal import REHEARSAL
from fake_databricks.engine.runtime import JvmFailed, own_runtime
from fake_databricks.engine.session_plan import session_plan
from fake_databricks.engine.warm_jvm import ARCHIVE, Jvm, classes_folder


def make_archive() -> Path:
    """Let a JVM do what programs do, and store the classes that it loaded; raise JvmFailed without one."""
    runtime = own_runtime()
    archive = classes_folder(runtime) / ARCHIVE
    with tempfile.TemporaryDirectory(prefix="archive") as scratch:
        home = Path(scratch)
        if not (archive.parent / "warm.jar").exists():
            Jvm(home, spark_properties(home), "1g", runtime).kill()  # compiles our classes
        part = archive.with_suffix(f".{os.getpid()}")  # two servers may make it at the same time
        part.unlink(missing_ok=True)
        jvm = Jvm(home, spark_properties(home), "1g", runtime, dump_to=part)
        places = Places(*(str(home / name) for name in ("dbfs", "volumes", "workspace")))
        session = jvm.warm.attach("archive", *session_plan(home / "none", "archive", places).texts())
        for statement in REHEARSAL:
            session.sql(statement).collectAsList()
        jvm.leave()
        part.replace(archive)
    return archive


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    if "--until-end-of-input" in sys.argv:  # it ends with the server that started it
        threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        sys.stdout.write(f"{make_archive()}\n")
    except (JvmFailed, Py4JError, OSError) as error:
        sys.exit(f"No archive of Java's classes was made, so the first job of a server waits longer: {error}")
