"""Jobs on the local Databricks that read S3, Azure and PostgreSQL: scores, credentials, no secret."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, Mapping
from urllib.parse import parse_qs, quote

import pytest

from examples.demo_cloud import statements
from examples.make_data import DATA
from fake_databricks.storage_servers import azure
from nuvyn_executor.schema.tables import REQUIRED_TABLES
from tests.canaries import Canaries, Watch
from tests.fake.conftest import ROOT, Client
from tests.repacked import repack
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.storage_servers.azure import AzureServer
    from fake_databricks.storage_servers.databases import DatabaseServer
    from fake_databricks.storage_servers.s3 import S3Server

pytest.importorskip("obstore")
pytestmark = [pytest.mark.process, pytest.mark.jvm, pytest.mark.timeout(600)]

FILES = ("customers.csv", "orders/year=2024/month=01/part-00000.parquet")
GIT = "nuvyn-executor-script[cloud] @ git+https://github.com/nuvyn-bldr/executor-script.git@main"
# With a random part: pip copies this file, too, into the temporary folder.
KEY_ID, KEY, TOKEN, PASSWORD, WRONG, SIGNATURE = (
    f"c4nary/{name}+x=%46{secrets.token_hex(8)}" for name in ("id", "key", "token", "scope", "wrong", "sig")
)


@pytest.fixture(scope="module")
def azurite() -> Iterator[AzureServer]:
    """Azurite with a key of its own: the one that everybody knows is in our programs, too."""
    missing = azure.KIND.missing()
    if missing:
        pytest.skip(f"Azurite cannot be started here: {missing}")
    with azure.launch(key=base64.b64encode(f"c4nary {secrets.token_hex(24)}".encode()).decode()) as server:
        yield server


@dataclass
class Site:
    """A workspace on Spark whose cluster and secret scopes have the credentials of real stores."""

    client: Client
    folder: Path
    state: Path
    log: Path
    canaries: Canaries
    local: str
    s3: str
    azure: str
    signed: str
    database: str

    def install(self, requirement: str) -> None:
        """Install a package on the cluster, as the guide does."""
        sent = self.client.post(
            "/api/2.0/commands/execute",
            language="python",
            clusterId=self.client.cluster_id,
            command=f"%pip install '{requirement}'",
        )
        path = f"/api/2.0/commands/status?clusterId={self.client.cluster_id}&commandId={sent['id']}"
        ended = self.client.wait_for(path, "status", "Finished", "Error")
        assert "Successfully installed" in json.dumps(ended), ended

    def guide_job(self, *parameters: str) -> Ended:
        """Run a job in the guide's form."""
        task = {"python_file": "dbfs:/executor/main.py", "parameters": [*parameters]}
        body = {"existing_cluster_id": self.client.cluster_id, "spark_python_task": task}
        job_id = self.client.post("/api/2.1/jobs/create", name="a source", **body)["job_id"]
        run_id = self.client.post("/api/2.1/jobs/run-now", job_id=job_id)["run_id"]
        state = self.client.wait(run_id, 240)["state"]
        return Ended(state["result_state"], self.client.output(run_id))


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    s3_server: S3Server,
    azurite: AzureServer,
    postgres_server: DatabaseServer,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("sources")
    for name in ("wheels", "shop", "tmp"):
        (folder / name).mkdir()
    bucket = f"j{secrets.token_hex(6)}"
    s3_server.create_bucket(bucket)
    azurite.create_container(bucket)
    for file in FILES:
        content = (DATA / file).read_bytes()
        s3_server.put(bucket, f"shop/{file}", content)
        azurite.put(bucket, f"shop/{file}", content)
        (folder / "shop" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "shop" / file).write_bytes(content)
    fill(postgres_server)
    repack("obstore", folder / "wheels")

    signature = azurite.sas_token("rl")
    place = f"{postgres_server.host}:{postgres_server.port}/{postgres_server.database}"
    token = f"dapi{secrets.token_hex(16)}"
    command = [sys.executable, "-m", "fake_databricks", "--port", "0", "--state", str(folder / "state")]
    # pip finds obstore here, and needs no network.
    environ = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "wheels")}
    environ["TMPDIR"] = str(folder / "tmp")
    canaries = Canaries(
        {
            "the key's id": KEY_ID,
            "the key": KEY,
            "the session token": TOKEN,
            "the password": PASSWORD,
            "a wrong password": WRONG,
            "the account's key": azurite.key,
            "the signature": parse_qs(signature)["sig"][0],
            "a wrong signature": base64.b64encode(SIGNATURE.encode()).decode(),
        }
    )
    with (folder / "server.log").open("w") as log, Watch(canaries, folder / "tmp"):
        process = subprocess.Popen(
            [*command, "--token", token], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdout
        printed = [process.stdout.readline().strip() for _ in range(7)]
        values = dict(line[len("export ") :].split("=", 1) for line in printed if line.startswith("export "))
        client = Client(values["DATABRICKS_HOST"], token, values["DATABRICKS_CLUSTER_ID"])
        try:
            yield Site(
                client,
                folder,
                folder / "state",
                folder / "server.log",
                canaries,
                (folder / "shop").as_uri(),
                f"s3://{bucket}/shop",
                f"abfss://{bucket}@{azurite.account}.dfs.core.windows.net/shop",
                f"{azurite.endpoint}/{bucket}/shop?{signature}",
                f"postgresql://{place}?schema=of_jobs",
            )
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(LONGEST)
            process.stdout.close()


def fill(server: DatabaseServer) -> None:
    """Make the table ``customers``, and a user whose password is a canary."""
    if server.execute("SELECT 1 FROM pg_roles WHERE rolname = 'of_jobs'"):
        server.execute("DROP OWNED BY of_jobs", "DROP ROLE of_jobs")
    server.execute(
        "DROP SCHEMA IF EXISTS of_jobs CASCADE",
        "CREATE SCHEMA of_jobs",
        "SET search_path TO of_jobs",
        *statements(),
        f"CREATE ROLE of_jobs LOGIN PASSWORD '{PASSWORD}'",
        "GRANT USAGE ON SCHEMA of_jobs TO of_jobs",
        "GRANT SELECT ON ALL TABLES IN SCHEMA of_jobs TO of_jobs",
    )


@pytest.fixture(scope="module")
def prepared(site: Site, s3_server: S3Server, azurite: AzureServer) -> Site:
    """Return the site, with S3's keys as the cluster's variables and the others in the executor's scope."""
    put = {
        "sources": {"key-id": KEY_ID, "key": KEY, "token": TOKEN},
        "nuvyn-executor": {
            "azure-storage-connection-string": azurite.connection_string,
            "database-user": "of_jobs",
            "database-password": PASSWORD,
        },
    }
    for scope, values in put.items():
        site.client.post("/api/2.0/secrets/scopes/create", scope=scope)
        for key, value in values.items():
            site.client.post("/api/2.0/secrets/put", scope=scope, key=key, string_value=value)
    cluster = f"/api/2.1/clusters/get?cluster_id={site.client.cluster_id}"
    site.client.wait_for(cluster, "state", "RUNNING")
    site.client.post(
        "/api/2.1/clusters/edit",
        cluster_id=site.client.cluster_id,
        spark_version="15.4.x-scala2.12",
        spark_env_vars={
            "AWS_ENDPOINT_URL": s3_server.endpoint,
            "AWS_ACCESS_KEY_ID": "{{secrets/sources/key-id}}",
            "AWS_SECRET_ACCESS_KEY": "{{secrets/sources/key}}",
            "AWS_SESSION_TOKEN": "{{secrets/sources/token}}",
            "EXECUTOR_LOG_LEVEL": "DEBUG",
            "EXECUTOR_SOURCE_RETRY_SECONDS": "20",
        },
    )
    site.client.wait_for(cluster, "state", "RUNNING")
    site.install(GIT)
    return site


@dataclass(frozen=True)
class Ended:
    """A run that has ended, as `runs/get` and `runs/get-output` show it."""

    result: str
    output: Mapping[str, Any]

    @property
    def document(self) -> Any:
        """The result of the job: the last line of the logs."""
        return json.loads(self.output["logs"].splitlines()[-1])

    @property
    def scores(self) -> dict[str, Any]:
        """The scores of each dataset, but for the age of the data, and types, of which CSV has none."""
        details = self.document["details"]
        return {
            one["name"]: {
                "rows": one["rows"],
                "columns": [
                    {name: value for name, value in column.items() if name != "data_type"}
                    for column in one["columns"]
                ],
                **{name: value for name, value in one["quality_metrics"].items() if name != "timeliness"},
            }
            for one in details.get("quality_assessment", {"details": details})["details"]["datasets"]
        }


@pytest.fixture(scope="module")
def runs(prepared: Site) -> dict[str, Ended]:
    """The runs of this module, by what they read: `refused` is one that may read nothing."""
    client = prepared.client
    found = {"local": prepared.guide_job("quality_assessment", prepared.local)}
    wheel = {"package_name": "nuvyn-executor-script", "entry_point": "nuvyn-executor"}
    file = "dbfs:/executor/main.py"
    named, signed = (["quality_assessment", path] for path in (prepared.azure, prepared.signed))
    tasks = {
        "s3": {"python_wheel_task": {**wheel, "parameters": ["full_pipeline", prepared.s3]}},
        "azure": {"spark_python_task": {"python_file": file, "parameters": named}},
        "signed": {"spark_python_task": {"python_file": file, "parameters": signed}},
    }
    settings = [
        {"task_key": name, "existing_cluster_id": client.cluster_id, **task} for name, task in tasks.items()
    ]
    job_id = client.post("/api/2.2/jobs/create", name="sources", tasks=settings)["job_id"]
    run = client.wait(client.post("/api/2.2/jobs/run-now", job_id=job_id)["run_id"], 240)
    for task in run["tasks"]:
        found[task["task_key"]] = Ended(task["state"]["result_state"], client.output(task["run_id"]))
    found["database"] = prepared.guide_job("full_pipeline", prepared.database)
    found["database again"] = prepared.guide_job("metadata_extraction", prepared.database)
    wrong = re.sub(r"sig=[^&]+", f"sig={quote(base64.b64encode(SIGNATURE.encode()))}", prepared.signed)
    place = prepared.database.partition("//")[2]
    paths = (
        f"{prepared.s3.rpartition('/')[0]}-not-there/shop",
        wrong,
        f"postgresql://of_jobs:{quote(WRONG, safe='')}@{place}",
    )
    found["refused"] = prepared.guide_job("full_pipeline", ",".join(paths))
    return found


class TestScores:
    """S3, Azure and PostgreSQL also as jobs on fake_databricks"""

    @pytest.mark.parametrize("name", ["s3", "azure", "signed"])
    def test_a_store_is_scored_as_the_same_files_here(self, runs: dict[str, Ended], name: str) -> None:
        assert runs[name].result == "SUCCESS", runs[name].output
        assert sorted(runs["local"].scores) == ["customers", "orders"]
        assert runs[name].scores == runs["local"].scores

    def test_postgresql_is_scored_as_the_same_table_in_a_file(self, runs: dict[str, Ended]) -> None:
        assert runs["database"].result == "SUCCESS", runs["database"].output
        assert runs["database"].scores == {"customers": runs["local"].scores["customers"]}

    def test_a_second_run_in_the_same_jvm_reads_the_database_too(self, runs: dict[str, Ended]) -> None:
        again = runs["database again"]
        assert again.result == "SUCCESS", again.output
        assert runs["database"].document["metadata_extraction"] == {"files_found": 1}
        assert again.document["files_found"] == 1


class TestNoSecretIsShown:
    """No secret of any source in stdout, stderr, tables, payload, process lists, the fake's state"""

    def test_whether_a_run_may_read_or_is_refused(self, runs: dict[str, Ended], prepared: Site) -> None:
        canaries = prepared.canaries
        assert runs["refused"].result == "FAILED"
        extraction = runs["refused"].document["details"]["metadata_extraction"]["details"]
        assert [one["status"] for one in extraction["sources"]] == ["Failed"] * 3

        for name, run in runs.items():
            # But for its parameters: an answer has the settings of a job as they were made, as Databricks'.
            shown = {key: value for key, value in run.output.items() if key != "metadata"}
            canaries.look(f"the output of {name}", json.dumps(shown))
            canaries.look(f"the logs of {name}", run.output["logs"])
        canaries.look("the journal", prepared.client.send("GET", "/_fake/journal").content)
        canaries.look("the server's log", prepared.log.read_bytes())
        assert canaries.look_into(prepared.state) > 50
        canaries.look_into_tables(prepared.state, [table.name for table in REQUIRED_TABLES])
        assert "\n".join(sorted(canaries.found)) == ""
