"""The archive of Java's classes: what it is valid for, and that a job starts without one."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")

from nuvyn_executor.spark import class_archive
from nuvyn_executor.spark.local_spark import LocalSparkError, java

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_archive, "cache_folder", lambda _environ: tmp_path / "a cache")
    monkeypatch.delenv("NUVYN_CLASS_ARCHIVE_DUMP", raising=False)


@pytest.fixture(name="java_home")
def _java_home(tmp_path: Path) -> Path:
    home = tmp_path / "java"
    home.mkdir()
    (home / "release").write_text('JAVA_VERSION="17.0.1"\n')
    return home


@pytest.fixture(name="jar")
def _jar(tmp_path: Path) -> Path:
    jar = tmp_path / "delta.jar"
    jar.write_bytes(b"delta")
    return jar


class TestOptions:
    """Issue: "a class-data archive for local sessions as the fake has"."""

    def test_without_an_archive_java_gets_none(self, java_home: Path, jar: Path) -> None:
        assert class_archive.archive_options(java_home, [jar]) == []

    def test_an_archive_that_is_there_is_used_whatever_its_path_holds(
        self, java_home: Path, jar: Path
    ) -> None:
        archive = class_archive.archive_file(java_home, [jar])
        archive.parent.mkdir(parents=True)
        archive.touch()

        options = class_archive.archive_options(java_home, [jar])

        assert options[0] == f'"-XX:SharedArchiveFile={archive}"'
        assert options[1:] == ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"]

    @pytest.mark.parametrize(
        "option",
        [
            "-XX:StartFlightRecording=filename=a.jfr",
            "-XX:+FlightRecorder",
            "-javaagent:agent.jar",
            "-agentpath:/opt/profiler.so=start",
            "-agentlib:jdwp=transport=dt_socket",
        ],
    )
    def test_none_is_used_where_something_looks_at_each_class(
        self, java_home: Path, jar: Path, option: str
    ) -> None:
        """Java 17.0.15 with a flight recording and an archive ended with SIGSEGV."""
        archive = class_archive.archive_file(java_home, [jar])
        archive.parent.mkdir(parents=True)
        archive.touch()

        assert class_archive.archive_options(java_home, [jar], f"-Xss2m {option}") == []
        assert class_archive.archive_options(java_home, [jar], "-Xss2m")

    def test_one_of_another_java_or_other_jars_is_not(self, java_home: Path, jar: Path) -> None:
        archive = class_archive.archive_file(java_home, [jar])
        archive.parent.mkdir(parents=True)
        archive.touch()

        assert class_archive.archive_options(java_home, []) == []
        jar.write_bytes(b"a later delta")
        assert class_archive.archive_options(java_home, [jar]) == []
        jar.write_bytes(b"delta")
        (java_home / "release").write_text('JAVA_VERSION="17.0.2"\n')
        assert class_archive.archive_options(java_home, [jar]) == []


class TestMake:
    def test_a_java_that_writes_none_is_named(
        self, java_home: Path, jar: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from pyspark import __version__  # noqa: PLC0415  this process may have none

        if 8 not in java.supported_versions(__version__):
            pytest.skip(f"Spark {__version__} runs on no Java that writes no archive")
        (java_home / "release").write_text('JAVA_VERSION="1.8.0_1"\n')
        (java_home / "bin").mkdir()
        java.java_program(java_home).touch()
        monkeypatch.setenv("JAVA_HOME", str(java_home))
        monkeypatch.setenv("EXECUTOR_DELTA_JARS", str(jar))

        with pytest.raises(LocalSparkError, match="writes no archive") as caught:
            class_archive.make_archive()

        assert str(java_home) in str(caught.value)

    @pytest.mark.process
    def test_the_command_says_why_in_one_line(self, tmp_path: Path) -> None:
        environment = {**os.environ, "EXECUTOR_DELTA_JARS": str(tmp_path / "gone.jar")}

        done = subprocess.run(
            [sys.executable, "-m", "nuvyn_executor.spark.class_archive"],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )

        assert done.returncode == 1
        assert done.stderr.startswith("No archive of Java's classes was made: EXECUTOR_DELTA_JARS names ")
        assert len(done.stderr.splitlines()) == 1
