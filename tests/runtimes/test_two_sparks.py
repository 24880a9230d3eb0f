"""One server, two Sparks: the version of a cluster chooses the one that its programs run on."""

from __future__ import annotations

import json
import secrets
import sys
import time
from typing import TYPE_CHECKING, Iterator

import pytest

if sys.version_info < (3, 10):
    pytest.skip("fake_databricks needs Python 3.10", allow_module_level=True)

from fake_databricks.engine.runtime import Runtime
from fake_databricks.engine.runtime_install import describe
from fake_databricks.pytest_plugin import DatabricksWorkspace
from fake_databricks.server import FakeDatabricks, Options
from tests.waiting import LONGEST
from tools.runtimes import BY_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.storage_servers.s3 import S3Server

OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SPARK_4 = BY_NAME["spark-4.0"]
OTHERS = {"17.3": SPARK_4, "19": BY_NAME["spark-4.2"]}
"""By the version of Databricks: what the tests' environments have beside the server's own Spark."""
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
    """A workspace on a server, beside which the tests' environments of Spark 4 are installed."""
    runtimes: Path = tmp_path_factory.mktemp("runtimes")
    for one in OTHERS.values():
        if one.stamp.is_file():
            java = Runtime(one.name, one.spark, one.interpreter, (), None).java()
            describe(runtimes / one.name, one.interpreter, java.parents[1])
    with FakeDatabricks(Options(port=0, runtimes=runtimes)) as fake:
        yield DatabricksWorkspace(fake.url, f"dapi{secrets.token_hex(16)}", fake.cluster_id)


@pytest.fixture(scope="module")
def new_cluster(workspace: DatabricksWorkspace) -> str:
    """A cluster of Databricks 17.3, which is running."""
    return running_cluster(workspace, "17.3")


def running_cluster(workspace: DatabricksWorkspace, version: str, **spark_conf: str) -> str:
    body = {
        "cluster_name": "new",
        "spark_version": f"{version}.x-scala2.13",
        "num_workers": 0,
        "spark_conf": spark_conf,
    }
    cluster_id: str = workspace.request("POST", "/api/2.1/clusters/create", body)["cluster_id"]
    end = time.monotonic() + LONGEST
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


STORE_PROGRAM = """
import json, sys
from pyspark.dbutils import DBUtils
root = sys.argv[1]
read = spark.read.option("header", True).csv(root + "/in.csv")
read.write.parquet(root + "/parquet")
read.write.format("delta").save(root + "/delta")
print(json.dumps({
    "spark": spark.version,
    "rows": sorted(map(list, read.collect())),
    "parquet": spark.read.parquet(root + "/parquet").count(),
    "delta": spark.read.format("delta").load(root.replace("s3a:", "s3:") + "/delta").count(),
    "names": [entry.name for entry in DBUtils().fs.ls(root)],
}))
"""


class TestStores:
    """docs/fake.md, "S3 for a cluster": "Spark reads and writes such a store", whatever its version"""

    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("version", OTHERS)
    def test_a_cluster_reads_and_writes_s3(
        self, workspace: DatabricksWorkspace, s3_server: S3Server, version: str
    ) -> None:
        if not OTHERS[version].stamp.is_file():
            pytest.skip(f"{OTHERS[version].name} is not prepared: make install-pythons")
        bucket = f"b{secrets.token_hex(6)}"
        s3_server.create_bucket(bucket)
        s3_server.put(bucket, "shop/in.csv", b"id,word\n1,a\n2,b\n")
        settings = {
            "endpoint": s3_server.endpoint,
            "access.key": s3_server.access_key,
            "secret.key": s3_server.secret_key,
            "path.style.access": "true",
            "connection.ssl.enabled": "false",
        }
        conf = {f"spark.hadoop.fs.s3a.{name}": value for name, value in settings.items()}
        cluster_id = running_cluster(workspace, version, **conf)

        run = workspace.run_job(
            STORE_PROGRAM, f"s3a://{bucket}/shop", timeout=200, existing_cluster_id=cluster_id
        )

        assert run["state"]["result_state"] == "SUCCESS", run["output"]["logs"]
        assert json.loads(run["output"]["logs"].strip().splitlines()[-1]) == {
            "spark": OTHERS[version].spark,
            "rows": [["1", "a"], ["2", "b"]],
            "parquet": 2,
            "delta": 2,
            "names": ["delta/", "in.csv", "parquet/"],
        }
