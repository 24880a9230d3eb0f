"""One Java process with Spark and Delta, called through py4j; it ends when this process does."""

from __future__ import annotations

import hashlib
import os
import struct
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from py4j.java_gateway import GatewayParameters, JavaGateway

from fake_databricks.engine import process_tree
from fake_databricks.engine.runtime import JvmFailed, cache_folder

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping

    from fake_databricks.engine.runtime import Runtime

SOURCES = Path(__file__).parent / "java" / "fakedatabricks"
CLASSES = (
    *("AddedFileSystem", "KeyedPath", "MappedFileSystem", "MappedLocalFileSystem", "RunListener", "Warm"),
    "WarmUp",
)
"""In the order in which they must be compiled."""
MOVED = (((4, 0), "org.apache.spark.sql.SparkSession", "org.apache.spark.sql.classic.SparkSession"),)
"""Since which Spark a class that our sources import has another name, the older name and the newer one."""
ARCHIVE = "spark.jsa"
START_SECONDS = 180.0
OPENED = "lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic"
OPENED_SUN = "sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"


def classes_folder(runtime: Runtime) -> Path:
    """Return the folder for our compiled classes and the archive, which later servers use again.

    There is one for each Java, each class path and each state of our sources, because Java ignores an archive
    that was made with others. Raise JvmFailed where Spark cannot run.
    """
    digest = hashlib.sha256("\n".join((str(runtime.java()), *runtime.libraries())).encode())
    for name in CLASSES:
        digest.update((SOURCES / f"{name}.java").read_bytes())
    folder = cache_folder(os.environ) / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def class_path(folder: Path, runtime: Runtime) -> list[str]:
    """Return the class path: our classes, then Delta and Spark."""
    packed = folder / "warm.jar"
    return [str(packed if packed.exists() else folder), *runtime.libraries()]


def source_of(name: str, spark: str) -> str:
    """Return the source of one of our classes, with the names that others have in a version of Spark."""
    text = (SOURCES / f"{name}.java").read_text(encoding="utf-8")
    version = tuple(int(part) for part in spark.split(".")[:2])
    for since, old, new in MOVED:
        if version >= since:
            text = text.replace(f"import {old};", f"import {new};")
    return text


def archive_options(folder: Path, dump_to: Path | None) -> list[str]:
    """Return the options for an archive of loaded classes: to write it at exit, or to use the existing one.

    With it a start costs a third less (``engine/archive.py`` makes it).
    """
    if dump_to is not None:
        return [f"-XX:ArchiveClassesAtExit={dump_to}"]
    archive = folder / ARCHIVE
    return (
        [f"-XX:SharedArchiveFile={archive}", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"]
        if archive.exists()
        else []
    )


class Jvm:
    """A running JVM with a SparkContext; its construction takes some seconds and raises JvmFailed."""

    def __init__(  # noqa: PLR0913  what a command of Java is made from
        self,
        home: Path,
        properties: Mapping[str, str],
        memory: str,
        runtime: Runtime,
        *,
        started: Callable[[Jvm], None] | None = None,
        dump_to: Path | None = None,
    ) -> None:
        self.log = home / "jvm.log"
        self._runtime = runtime
        self._classes = classes_folder(runtime)
        self._dump_to = dump_to
        answer = home / "jvm.answer"
        answer.unlink(missing_ok=True)
        self.process = self._start(home, properties, memory, answer)
        if started:
            started(self)  # from now on it can be killed
        try:
            self.port, self.secret = self._await_port(answer, START_SECONDS)
            self._gateway = JavaGateway(
                gateway_parameters=GatewayParameters(
                    port=self.port,
                    auth_token=self.secret,
                    enable_memory_management=False,  # its clean-up waits for ever for a JVM that has ended
                )
            )
            self._compile()
            self.warm.start()
        except BaseException:
            self.kill()
            raise

    def _start(
        self, home: Path, properties: Mapping[str, str], memory: str, answer: Path
    ) -> subprocess.Popen[bytes]:
        command = [
            str(self._runtime.java()),
            f"-Xmx{memory}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:ReservedCodeCacheSize=240m",  # one compiler gets 48 MB: some dozen runs fill them
            "-Xshare:auto",
        ]
        command += archive_options(self._classes, self._dump_to)
        command += ["-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData", "-Duser.timezone=UTC"]
        command += ["-XX:+IgnoreUnrecognizedVMOptions", "-Djdk.reflect.useDirectMethodHandle=false"]
        opened = [f"java.{name}" for name in OPENED.split()] + OPENED_SUN.split()
        command += [f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in opened]
        command += [f"-D{key}={value}" for key, value in properties.items()]
        command += [f"-Dlog4j2.configurationFile={SOURCES.parent / 'log4j2.properties'}"]
        command += [
            "-cp",
            os.pathsep.join(class_path(self._classes, self._runtime)),
            "org.apache.spark.api.python.PythonGatewayServer",
        ]
        env = {
            **os.environ,
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(answer),
            "SPARK_HOME": str(self._runtime.spark_home()),
        }
        env["PYTHONPATH"] = ""
        # Without a process that watches it, the gateway server in the JVM ends when this pipe is closed, and
        # the JVM writes its archive. With one it ends at once, and with it what Python workers have started.
        if self._dump_to is None:
            command = process_tree.watched(command, holds_input=True)
        with self.log.open("ab") as log:
            return process_tree.start(command, env, home, output=log.fileno())

    def _await_port(self, answer: Path, seconds: float) -> tuple[int, str]:
        end = time.monotonic() + seconds
        while not answer.exists():
            if self.process.poll() is not None:
                raise JvmFailed(f"The JVM ended with exit code {self.process.returncode}; see {self.log}")
            if time.monotonic() > end:
                raise JvmFailed(f"The JVM did not come up within {seconds:g} s; see {self.log}")
            time.sleep(0.01)
        content = answer.read_bytes()
        answer.unlink()
        port, length = struct.unpack(">ii", content[:8])
        return port, content[8 : 8 + length].decode()

    def _compile(self) -> None:
        """Compile our classes with Spark's own compiler, where no earlier server has done it."""
        target = self._classes / "fakedatabricks"
        target.mkdir(exist_ok=True)
        for name in CLASSES:
            if (target / f"{name}.class").exists():
                continue
            compiler = self._gateway.jvm.org.codehaus.janino.SimpleCompiler()
            compiler.setParentClassLoader(compiler.getClass().getClassLoader())
            compiler.cook(source_of(name, self._runtime.spark))
            code = compiler.getBytecodes()[f"fakedatabricks.{name}"]
            part = target / f"{name}.{os.getpid()}"
            part.write_bytes(code)
            part.replace(target / f"{name}.class")
        if not (self._classes / "warm.jar").exists():
            packed = self._classes / f"warm.{os.getpid()}"
            with zipfile.ZipFile(packed, "w") as jar:
                for name in CLASSES:
                    jar.write(target / f"{name}.class", f"fakedatabricks/{name}.class")
            packed.replace(self._classes / "warm.jar")

    @property
    def warm(self) -> Any:
        """The Java class ``fakedatabricks.Warm``."""
        return self._gateway.jvm.fakedatabricks.Warm

    @property
    def gateway(self) -> JavaGateway:
        """The gateway to all other classes of the JVM."""
        return self._gateway

    def leave(self) -> None:
        """Let it end by itself: then it writes its archive."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()

    def kill(self) -> None:
        """End it and the Python workers that it started at once, and wait for the end."""
        process_tree.kill(self.process)
