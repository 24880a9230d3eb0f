"""One server, two Sparks: the version of a cluster chooses the one that its programs run on."""

from __future__ import annotations

import secrets
import sys
import time
from typing import TYPE_CHECKING, Iterator

import pytest

from fake_databricks.engine.runtime import Runtime
from fake_databricks.engine.runtime_install import describe
from fake_databricks.pytest_plugin import DatabricksWorkspace
from fake_databricks.server import FakeDatabricks, Options
from tools.runtimes import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SPARK_4 = BY_NAME["spark-4.0"]
PENDING = ("PENDING", "RESTARTING")
SAY = (
    "import os, sys\n"
    "print(os.environ['DATABRICKS_RUNTIME_VERSION'], '.'.join(spark.version.split('.')[:2]),"
    " '%d.%d' % sys.version_info[:2])\n"
)
pytestmark = [
    pytest.mark.process,
    pytest.mark.jvm,
    pytest.mark.skipif(
        not SPARK_4.stamp.is_file(), reason="spark-4.0 is not prepared (make install-pythons)"
    ),
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabricksWorkspace]:
    """A workspace on a server, beside which the tests' environment of Spark 4.0 is installed."""
    runtimes: Path = tmp_path_factory.mktemp("runtimes")
    python = SPARK_4.interpreter
    java = Runtime("spark-4.0", SPARK_4.spark, python, (), None).java()
    describe(runtimes / "spark-4.0", python, java.parents[1])
    with FakeDatabricks(Options(port=0, runtimes=runtimes)) as fake:
        yield DatabricksWorkspace(fake.url, f"dapi{secrets.token_hex(16)}", fake.cluster_id)


@pytest.fixture(scope="module")
def new_cluster(workspace: DatabricksWorkspace) -> str:
    """A cluster of Databricks 17.3, which is running."""
    body = {"cluster_name": "new", "spark_version": "17.3.x-scala2.13", "num_workers": 0}
    cluster_id: str = workspace.request("POST", "/api/2.1/clusters/create", body)["cluster_id"]
    end = time.monotonic() + 60
    while True:
        shown = workspace.request("GET", f"/api/2.1/clusters/get?cluster_id={cluster_id}")
        if shown["state"] not in PENDING:
            assert shown["state"] == "RUNNING", shown["state_message"]
            return cluster_id
        assert time.monotonic() < end
        time.sleep(0.05)


class Programs:
    """Runs programs on the cluster of each version, and returns what they print."""

    def __init__(self, workspace: DatabricksWorkspace, new_cluster: str) -> None:
        self._workspace = workspace
        self._clusters = {"15.4": workspace.cluster_id, "17.3": new_cluster}

    def out(self, version: str, source: str) -> str:
        run = self._workspace.run_job(source, timeout=300, existing_cluster_id=self._clusters[version])
        assert run["state"]["result_state"] == "SUCCESS", run["output"]["logs"]
        logs: str = run["output"]["logs"]
        return logs.strip()


@pytest.fixture(scope="module")
def programs(workspace: DatabricksWorkspace, new_cluster: str) -> Programs:
    return Programs(workspace, new_cluster)


class TestTwoSparks:
    """Issue 17: "the cluster's Spark is chosen by `spark_version` (15.4 -> 3.5, 17.x -> 4.0 and so on) ...
    one server can run both"
    """

    def test_each_version_has_its_spark_and_both_see_the_same_tables(self, programs: Programs) -> None:
        old = programs.out("15.4", SAY + "spark.sql(\"CREATE TABLE first AS SELECT 1 AS a, 'old' AS who\")")
        new = programs.out(
            "17.3",
            SAY  # noqa: S608  SQL of this test
            + "spark.sql(\"INSERT INTO first VALUES (2, 'new')\")\n"
            "spark.sql('CREATE SCHEMA later')\n"
            "spark.sql('CREATE TABLE later.second AS SELECT count(*) AS n FROM first')",
        )
        assert (old, new) == (f"15.4 3.5 {OWN_PYTHON}", f"17.3 4.0 {SPARK_4.python}")
        read = (
            "print(sorted(row.who for row in spark.table('first').collect()),"
            " spark.table('later.second').first().n)"
        )
        assert programs.out("15.4", read) == "['new', 'old'] 2"

    def test_a_table_that_one_drops_is_gone_for_the_other(self, programs: Programs) -> None:
        programs.out("17.3", "spark.sql('CREATE TABLE short AS SELECT 1 AS a')")
        programs.out("15.4", "assert spark.table('short').count() == 1\nspark.sql('DROP TABLE short')")
        again = "spark.sql(\"CREATE TABLE short AS SELECT 'x' AS b\")\nprint(spark.table('short').first())"
        assert programs.out("17.3", again) == "Row(b='x')"
        assert programs.out("15.4", "print(spark.table('short').columns)") == "['b']"

    def test_a_notebook_that_is_open_finds_what_the_other_has_made(
        self, workspace: DatabricksWorkspace, programs: Programs, new_cluster: str
    ) -> None:
        body = {"clusterId": new_cluster, "language": "python"}
        context = workspace.request("POST", "/api/1.2/contexts/create", body)["id"]

        def command(text: str) -> str:
            asked = {**body, "contextId": context, "command": text}
            number = workspace.request("POST", "/api/1.2/commands/execute", asked)["id"]
            path = f"/api/1.2/commands/status?clusterId={new_cluster}&contextId={context}&commandId={number}"
            while (shown := workspace.request("GET", path))["status"] not in ("Finished", "Error"):
                time.sleep(0.05)
            return str(shown["results"].get("data", shown["results"])).strip()

        assert command("print(spark.version)") == SPARK_4.spark
        programs.out("15.4", "spark.sql('CREATE TABLE between AS SELECT 7 AS a')")
        assert command("print(spark.table('between').first().a)") == "7"
