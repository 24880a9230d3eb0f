"""The Spark of a cluster: which one its version chooses, and what happens where that one is not installed."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any, Iterator

import pytest

from fake_databricks.clock import SystemClock
from fake_databricks.clusters.api import cluster_view
from fake_databricks.clusters.clusters import ClusterUnavailable
from fake_databricks.clusters.runtimes import SPARKS, runtime_of, spark_asked_for
from fake_databricks.engine.backends import Backend
from fake_databricks.engine.drivers import Drivers
from fake_databricks.engine.ports import ClusterPlan, Places
from fake_databricks.engine.runtime import (
    DESCRIPTION,
    JvmFailed,
    installed_runtime,
    own_runtime,
    runtimes_folder,
)
from fake_databricks.engine.warm_jvm import CLASSES, SOURCES, source_of
from fake_databricks.errors import InvalidParameter
from fake_databricks.storage import Storage
from fake_databricks.workspace import Surroundings, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Quiet
    from tests.fake.doubles import ScriptedCluster

SENTENCE = (
    "Databricks 17.3 has Spark 4.0, which is not installed beside this server."
    " Install it with: fake-databricks install-runtime 17"
)
NEW = {"cluster_name": "new", "spark_version": "17.3.x-scala2.13"}


def installed(folder: Path, spark: str = "4.0.1") -> Path:
    """Make what an installed runtime looks like; no Python in it works."""
    home = folder / f"spark-{spark[:3]}"
    packages = "lib/python3.12/site-packages"
    (home / packages / "pyspark" / "jars").mkdir(parents=True)
    (home / "delta").mkdir()
    (home / "delta" / "delta-spark.jar").touch()
    (home / "bin").mkdir()
    (home / "bin" / "python").touch()
    (home / DESCRIPTION).write_text(
        json.dumps({"spark": spark, "python": "bin/python", "packages": packages})
    )
    return home


class TestVersions:
    """Issue 17: "the cluster's Spark is chosen by `spark_version` (15.4 -> 3.5, 17.x -> 4.0 and so on)\""""

    @pytest.mark.parametrize(
        ("version", "spark"),
        [
            ("14.3", "3.5"),
            ("15.4", "3.5"),
            ("16.4", "3.5"),
            ("17.0", "4.0"),
            ("17.3", "4.0"),
            ("13.3", "3.4"),
        ],
    )
    def test_each_has_one_spark(self, version: str, spark: str) -> None:
        assert SPARKS[version] == spark

    @pytest.mark.parametrize("asked", ["17", "17.3", "17.3.x-scala2.13", "17.1"])
    def test_a_person_may_write_it_in_short(self, asked: str) -> None:
        assert spark_asked_for(asked) == "4.0"

    @pytest.mark.parametrize("asked", ["", "17.9", "99", "spark"])
    def test_what_is_no_version_is_refused(self, asked: str) -> None:
        with pytest.raises(InvalidParameter, match=rf"no Databricks {asked};.*15\.4"):
            spark_asked_for(asked)

    @pytest.mark.parametrize(
        ("asked", "sparks", "meant"),
        [
            ("auto:latest-lts", {"3.5"}, "16.4.x-scala2.12"),
            ("auto:latest", {"3.5"}, "16.4.x-scala2.12"),
            ("auto:latest-lts", {"3.5", "4.0"}, "17.3.x-scala2.13"),
            ("auto:latest-lts-ml", {"3.5"}, "16.4.x-cpu-ml-scala2.12"),
            ("auto:latest", {"3.5", "4.2"}, "19.x-scala2.13"),
            ("auto:latest-lts", {"4.2"}, "17.3.x-scala2.13"),
            ("17.3.x-scala2.13", {"3.5"}, "17.3.x-scala2.13"),
        ],
    )
    def test_automatic_versions_are_the_newest_that_can_run(
        self, asked: str, sparks: set[str], meant: str
    ) -> None:
        assert runtime_of(asked, sparks.__contains__) == meant


class TestInstalledRuntime:
    """A runtime is a folder with a description, which is written last"""

    def test_is_found(self, tmp_path: Path) -> None:
        home = installed(tmp_path)
        found = installed_runtime(tmp_path, "4.0")
        assert found is not None
        assert (found.spark, found.minor, found.python_version) == ("4.0.1", "4.0", "3.12")
        assert (found.python, found.jars) == (home / "bin/python", (home / "delta" / "delta-spark.jar",))

    @pytest.mark.parametrize("lost", [DESCRIPTION, "bin/python", "delta/delta-spark.jar"])
    def test_one_that_is_not_whole_is_none(self, tmp_path: Path, lost: str) -> None:
        (installed(tmp_path) / lost).unlink()
        assert installed_runtime(tmp_path, "4.0") is None

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"spark": "4.0.1", "python": 1, "packages": ""}'])
    def test_a_broken_description_is_none(self, tmp_path: Path, text: str) -> None:
        (installed(tmp_path) / DESCRIPTION).write_text(text)
        assert installed_runtime(tmp_path, "4.0") is None

    def test_the_folder_is_a_setting_or_in_the_users_cache(self, tmp_path: Path) -> None:
        assert runtimes_folder({"FAKE_DATABRICKS_RUNTIMES": str(tmp_path)}) == tmp_path
        found = runtimes_folder({"XDG_CACHE_HOME": str(tmp_path), "FAKE_DATABRICKS_RUNTIMES": " "})
        assert found == tmp_path / "fake-databricks" / "runtimes"

    @pytest.mark.parametrize("name", CLASSES)
    def test_our_classes_import_the_names_of_each_spark(self, name: str) -> None:
        text = (SOURCES / f"{name}.java").read_text(encoding="utf-8")
        assert source_of(name, "3.5.9") == text
        moved = source_of(name, "4.0.1")
        assert "import org.apache.spark.sql.SparkSession;" not in moved
        assert ("import org.apache.spark.sql.classic.SparkSession;" in moved) == ("SparkSession" in text)


def plan_for(version: str, spark: str) -> ClusterPlan:
    return ClusterPlan("w", "c", {}, {}, Places("/a", "/b", "/c"), tuple, version, spark)


class TestDrivers:
    """Issue 17: "... when that runtime is installed beside it, ... else refused by name\""""

    @pytest.fixture
    def drivers(self, tmp_path: Path) -> Drivers:
        return Drivers(tmp_path / "home", None, tmp_path / "runtimes")

    @pytest.mark.parametrize("plan", [plan_for("15.4", "3.5"), plan_for("", "")])
    def test_the_servers_own_spark_needs_no_installation(self, drivers: Drivers, plan: ClusterPlan) -> None:
        assert drivers.of(plan) is drivers.own
        assert drivers.own.state == "new"

    def test_one_that_is_missing_is_named_with_the_remedy(self, drivers: Drivers) -> None:
        with pytest.raises(JvmFailed) as refused:
            drivers.of(plan_for("17.3", "4.0"))
        assert str(refused.value) == SENTENCE

    def test_one_that_cannot_be_installed_names_those_that_can(self, drivers: Drivers) -> None:
        with pytest.raises(JvmFailed, match=r"Databricks 9\.1 has Spark 3\.1,.* can install Spark .*4\.0"):
            drivers.of(plan_for("9.1", "3.1"))

    def test_what_is_installed_while_the_server_runs_counts(self, drivers: Drivers, tmp_path: Path) -> None:
        assert (drivers.has("3.5"), drivers.has("4.0")) == (True, False)
        installed(tmp_path / "runtimes")
        assert drivers.has("4.0")

    def test_a_server_that_has_ended_starts_no_other(self, drivers: Drivers, tmp_path: Path) -> None:
        installed(tmp_path / "runtimes")
        drivers.close()
        with pytest.raises(JvmFailed, match="ends"):
            drivers.of(plan_for("17.3", "4.0"))

    def test_a_server_without_spark_takes_every_version(self, tmp_path: Path) -> None:
        backend = Backend(None, tmp_path, ())
        assert backend.can_run("9.9")
        made = backend.make(plan_for("17.3", "4.0"))
        made.close()

    def test_the_own_runtime_is_this_python(self) -> None:
        assert own_runtime().minor == "3.5"
        assert own_runtime().distribution("pyspark") is not None


class TestMissingSpark:
    """A cluster whose Spark is missing is made, as its settings are good; it does not start, and says why"""

    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Iterator[Workspace]:
        """A workspace on a server with Spark, whose JVM is not started."""
        storage = Storage(tmp_path / "state", {})
        backend = Backend(Drivers(tmp_path / "home", None, tmp_path / "runtimes"), tmp_path / "home", ())
        surroundings = Surroundings(
            storage, SystemClock(), backend.make, tmp_path / "workspaces", can_run=backend.can_run
        )
        made = Workspace("1", surroundings)
        made.open(f"dapi{secrets.token_hex(16)}", "http://127.0.0.1:1")
        yield made
        made.close()
        backend.close()
        storage.close()

    def test_its_state_and_its_event_name_version_and_remedy(self, workspace: Workspace) -> None:
        record = workspace.clusters.create(NEW)
        with pytest.raises(ClusterUnavailable) as refused:
            workspace.clusters.running(record.cluster_id)
        assert str(refused.value) == f"Cluster {record.cluster_id} is not usable: {SENTENCE}"
        shown = cluster_view(record, "user")
        assert (shown["state"], shown["state_message"]) == ("ERROR", SENTENCE)
        assert shown["termination_reason"] == {
            "code": "SPARK_STARTUP_FAILURE",
            "type": "CLIENT_ERROR",
            "parameters": {"databricks_error_message": SENTENCE},
        }

    def test_the_other_clusters_run(self, workspace: Workspace) -> None:
        workspace.clusters.create(NEW)
        running = workspace.clusters.running("0123-456789-abcdef01")
        assert workspace.clusters.environment("0123-456789-abcdef01")["DATABRICKS_RUNTIME_VERSION"] == "15.4"
        assert running is not None

    def test_an_automatic_version_is_one_that_runs(self, workspace: Workspace) -> None:
        record = workspace.clusters.create({**NEW, "spark_version": "auto:latest-lts"})
        workspace.clusters.running(record.cluster_id)
        assert record.settings["spark_version"] == "16.4.x-scala2.12"
        definition = {"spark_version": {"type": "allowlist", "values": ["auto:latest-lts"]}}
        policy = workspace.policies.create({"name": "p", "definition": json.dumps(definition)}, "user")
        body = {**NEW, "policy_id": policy.policy_id, "spark_version": "16.4.x-scala2.12"}
        assert workspace.cluster_rules.read(body).effective["spark_version"] == "16.4.x-scala2.12"

    def test_a_run_starts_it_again_once_it_is_installed(self, quiet: Quiet) -> None:
        clusters: Any = quiet.workspace.clusters
        factory, refusals = clusters._factory, [JvmFailed(SENTENCE)]  # noqa: SLF001  nothing public fails

        def once(plan: ClusterPlan) -> ScriptedCluster:
            if refusals:
                raise refusals.pop()
            made: ScriptedCluster = factory(plan)
            return made

        clusters._factory = once  # noqa: SLF001  as above
        cluster_id = clusters.create(NEW).cluster_id
        quiet.clock.work()
        assert clusters.get(cluster_id).state == "ERROR"
        clusters.start(cluster_id)
        quiet.clock.work()
        assert clusters.running(cluster_id) is not None
        assert clusters.environment(cluster_id)["DATABRICKS_RUNTIME_VERSION"] == "17.3"

    def test_the_warehouse_of_a_stored_workspace_has_a_spark_that_is_here(self, quiet: Quiet) -> None:
        made = quiet.workspace.clusters.create(
            {"cluster_name": "warehouse", "spark_version": "auto:latest-lts"}, "w", is_serverless=True
        )
        assert made.settings["spark_version"] == "17.3.x-scala2.13"
        rules: Any = quiet.workspace.cluster_rules
        rules._can_run = "3.5".__eq__  # noqa: SLF001  the runtime was removed
        quiet.workspace.clusters.bring_up()
        assert quiet.workspace.clusters.get("w").settings["spark_version"] == "16.4.x-scala2.12"
