"""Packages that a Spark session lacks are added when they are first needed, and once for each application."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import pytest

from nuvyn_executor.errors import EngineError
from nuvyn_executor.spark import packages
from nuvyn_executor.spark.packages import with_package

if TYPE_CHECKING:
    from pathlib import Path

AVRO = "org.apache.spark:spark-avro"
MISSING = "Failed to find data source: avro. Avro is built-in but external data source module."


class _Spark:
    """A session of which an action says that it lacks a package, until a jar is added."""

    def __init__(
        self, ivy: Path, *, is_online: bool = True, version: str = "3.5.9", is_connect: bool = False
    ) -> None:
        self.version = version
        self.java_system = _System()
        scala = SimpleNamespace(Properties=SimpleNamespace(versionNumberString=lambda: "2.12.18"))
        if not is_connect:
            self._jvm = SimpleNamespace(
                java=SimpleNamespace(lang=SimpleNamespace(System=self.java_system)),
                scala=SimpleNamespace(util=scala),
            )
        self._is_connect = is_connect
        self._is_online = is_online
        self.settings: Dict[str, str] = {"spark.app.id": str(ivy), "spark.jars.ivy": str(ivy)}
        self.conf = SimpleNamespace(get=self.settings.get)
        self.statements: List[str] = []

    def sql(self, statement: str) -> None:
        self.statements.append(statement)
        assert self._is_connect or self.java_system.out == "stderr"
        if not self._is_online:
            raise RuntimeError("unresolved dependency")

    def load(self) -> str:
        if not self.statements or not self._is_online:
            raise RuntimeError(MISSING)
        return "rows"


class _System:
    out, err = "stdout", "stderr"

    def setOut(self, stream: str) -> None:  # noqa: N802  Java's name
        self.out = stream


@pytest.fixture(autouse=True)
def _no_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_failures", {})


def load_without(spark: Any, package: str = AVRO) -> Optional[EngineError]:
    try:
        with_package(spark, package, spark.load)
    except EngineError as error:
        return error
    return None


class TestPackages:
    """ "fetched only when first needed" """

    def test_a_missing_package_is_fetched_and_the_action_done_again(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        spark = _Spark(tmp_path)
        with caplog.at_level(logging.INFO, logger="nuvyn_executor"):
            assert with_package(spark, AVRO, spark.load) == "rows"
        assert spark.statements == ["ADD JAR 'ivy://org.apache.spark:spark-avro_2.12:3.5.9?transitive=false'"]
        assert "Spark lacks spark-avro_2.12 3.5.9" in caplog.text

    def test_what_ivy_prints_is_no_part_of_the_result(self, tmp_path: Path) -> None:
        spark = _Spark(tmp_path)
        with_package(spark, AVRO, spark.load)
        assert spark.java_system.out == "stdout"

    def test_a_jar_that_was_fetched_before_needs_no_network(self, tmp_path: Path) -> None:
        jar = tmp_path / "jars" / "org.apache.spark_spark-avro_2.12-3.5.9.jar"
        jar.parent.mkdir()
        jar.touch()
        spark = _Spark(tmp_path)
        with_package(spark, AVRO, spark.load)
        assert spark.statements == [f"ADD JAR '{jar}'"]

    @pytest.mark.parametrize("package", ["", AVRO])
    def test_where_nothing_is_missing_nothing_is_fetched(self, tmp_path: Path, package: str) -> None:
        spark = _Spark(tmp_path)
        assert with_package(spark, package, lambda: 1) == 1
        assert spark.statements == []

    @pytest.mark.parametrize(("package", "words"), [("", MISSING), (AVRO, "Path does not exist")])
    def test_another_failure_stays_what_it_is(self, tmp_path: Path, package: str, words: str) -> None:
        def fail() -> None:
            raise RuntimeError(words)

        with pytest.raises(RuntimeError, match=words):
            with_package(_Spark(tmp_path), package, fail)

    def test_without_a_network_the_jar_and_the_remedy_are_named_and_it_is_tried_once(
        self, tmp_path: Path
    ) -> None:
        spark = _Spark(tmp_path, is_online=False)
        first, second = load_without(spark), load_without(spark)
        assert first is not None
        assert first is second
        assert "spark-avro_2.12-3.5.9.jar" in first.message
        assert "EXECUTOR_DELTA_JARS" in first.remedy
        assert len(spark.statements) == 1

    @pytest.mark.parametrize(("version", "scala"), [("3.3.0", "2.12"), ("4.0.1", "2.13")])
    def test_where_java_is_out_of_reach_the_version_of_spark_decides(
        self, tmp_path: Path, version: str, scala: str
    ) -> None:
        spark = _Spark(tmp_path, version=version, is_connect=True)
        with_package(spark, AVRO, spark.load)
        assert f"spark-avro_{scala}:{version}?" in spark.statements[0]
