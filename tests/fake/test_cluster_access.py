"""A cluster whose ``spark_conf`` alone knows a store: programs, ``dbutils.fs`` and the executor read it."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest

from tests.installation import spark_installation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fake_databricks.storage_servers.s3 import S3Server
    from tests.fake.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "data"
# CSV, Parquet in partitions and a Delta table; a cluster has no reader of workbooks.
CHOSEN = ("customers.csv", "orders/year=2024/month=01", "stock")
SECRET = f"secret-{uuid.uuid4().hex}"
pytestmark = [pytest.mark.process, pytest.mark.jvm, pytest.mark.timeout(600)]
EXECUTOR = (
    f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom nuvyn_executor.cli import main\nsys.exit(main())\n"
)
PROGRAM = """
import json, sys
from pyspark.dbutils import DBUtils
root, dbutils = sys.argv[1], DBUtils()
names = [entry.name for entry in dbutils.fs.ls(root)]
other = spark.newSession()
try:
    dbutils.fs.put(root + "/new", "x")
    refused = ""
except NotImplementedError as error:
    refused = str(error)
try:
    dbutils.fs.ls("s3a://no-such-bucket-here/x")
    missing = ""
except Exception as error:
    missing = str(error)
print(json.dumps({
    "names": names,
    "head": dbutils.fs.head(root + "/customers.csv", 4),
    "rows": other.read.option("header", True).csv(root + "/customers.csv").count(),
    "by s3": spark.read.text(root.replace("s3a:", "s3:") + "/customers.csv").count(),
    "refused": refused,
    "missing": missing.split(":")[0],
}))
"""


@pytest.fixture(name="shop", scope="module")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for name in CHOSEN:
        path = EXAMPLES / name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / name)
    return folder


@pytest.fixture(name="bucket", scope="module")
def _bucket(s3_server: S3Server, shop: Path) -> str:
    name = f"b{uuid.uuid4().hex[:12]}"
    s3_server.create_bucket(name)
    for path in sorted(shop.rglob("*")):
        if path.is_file():
            s3_server.put(name, f"shop/{path.relative_to(shop).as_posix()}", path.read_bytes())
    return name


@pytest.fixture(name="client", scope="module")
def _client(spark_server: Callable[[], Client], s3_server: S3Server) -> Client:
    """A workspace with a cluster that knows moto from its ``spark_conf`` alone."""
    client = spark_server()
    client.post("/api/2.0/secrets/scopes/create", scope="stores")
    client.post("/api/2.0/secrets/put", scope="stores", key="s3", string_value=SECRET)
    conf = {
        "fs.s3a.endpoint": s3_server.endpoint,
        "fs.s3a.access.key": s3_server.access_key,
        "fs.s3a.secret.key": "{{secrets/stores/s3}}",
        "fs.s3a.path.style.access": "true",
        "fs.s3a.connection.ssl.enabled": "false",
    }
    created = client.post(
        "/api/2.0/clusters/create",
        spark_version="15.4.x-scala2.12",
        cluster_name="with a store",
        node_type_id="m5.large",
        num_workers=1,
        spark_conf={f"spark.hadoop.{name}": value for name, value in conf.items()},
    )
    client.cluster_id = created["cluster_id"]
    state = client.wait_for(
        f"/api/2.0/clusters/get?cluster_id={client.cluster_id}", "state", "RUNNING", "ERROR"
    )
    assert state["state"] == "RUNNING", state["state_message"]
    return client


def output_of(client: Client, source: str, *parameters: str) -> tuple[Any, Any]:
    """Run a program; return the run and its output."""
    run_id = client.post("/api/2.1/jobs/run-now", job_id=client.flat_job(source, *parameters))["run_id"]
    return client.wait(run_id, 300), client.output(run_id)


def document_of(output: Any) -> Any:
    return json.loads(output["logs"].strip().splitlines()[-1])


def scores(assessed: Any) -> Any:
    """Return what does not depend on where and when a file was written."""
    tables = {one["name"]: (one["rows"], untimely(one)) for one in assessed["details"]["datasets"]}
    unreadable = [one["name"] for one in assessed["details"]["unreadable"]]
    return untimely(assessed), tables, unreadable


def untimely(scored: Any) -> Any:
    return {name: score for name, score in scored["quality_metrics"].items() if name != "timeliness"}


class TestPrograms:
    """A cluster's `spark_conf`: `spark.hadoop.NAME` is Hadoop's setting NAME"""

    def test_spark_and_dbutils_read_the_store_with_the_settings_of_the_cluster(
        self, client: Client, bucket: str
    ) -> None:
        run, output = output_of(client, PROGRAM, f"s3a://{bucket}/shop")

        assert run["state"]["result_state"] == "SUCCESS", output
        seen = document_of(output)
        assert seen.pop("names") == ["customers.csv", "orders/", "stock/"]
        assert "lists and reads object stores" in seen.pop("refused")
        text = (EXAMPLES / "customers.csv").read_text(encoding="utf-8")
        assert seen == {
            "head": text[:4],
            "rows": len(text.splitlines()) - 1,
            "by s3": len(text.splitlines()),
            "missing": "org.apache.hadoop.fs.s3a.UnknownStoreException",
        }

    def test_another_cluster_of_the_server_has_no_such_store(
        self, spark_server: Callable[[], Client], client: Client, bucket: str
    ) -> None:
        del client  # its cluster is there
        run, output = output_of(spark_server(), f"spark.read.text('s3a://{bucket}/shop').count()")

        assert run["state"]["result_state"] == "FAILED"
        assert "S3AFileSystem not found" in json.dumps(output)


class TestTheExecutor:
    """Where no credentials are set, list and read through what the cluster has."""

    @pytest.mark.spark
    def test_full_pipeline_has_the_scores_of_the_same_files_on_this_machine(
        self, client: Client, bucket: str, shop: Path, tmp_path: Path, spark: SparkSession
    ) -> None:
        del spark
        installation = spark_installation(tmp_path, f"s{uuid.uuid4().hex[:8]}")
        local = installation.run("quality_assessment", shop)

        run, output = output_of(client, EXECUTOR, "full_pipeline", f"s3://{bucket}/shop", "auto", "client-1")

        assert run["state"]["result_state"] == "SUCCESS", output["logs"]
        shown = json.dumps(output)
        assert SECRET not in shown
        assert f"s3://{bucket}/shop is listed by dbutils.fs and read by Spark" in output["logs"]
        document = document_of(output)
        assert scores(document["details"]["quality_assessment"]) == scores(local.document)
        assert document["metadata_extraction"] == {"files_found": 6}
        assert document["data_reading"]["files_read"] > 0
