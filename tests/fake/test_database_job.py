"""A job on the local Databricks reads PostgreSQL, its password in the secret scope, in the warm JVM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import pytest

if TYPE_CHECKING:
    from fake_databricks.storage_servers.databases import DatabaseServer
    from tests.fake.conftest import Client

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.process, pytest.mark.jvm, pytest.mark.timeout(600)]


def test_two_runs_in_one_jvm_read_a_database(
    spark_server: Callable[[], Client], postgres_server: DatabaseServer
) -> None:
    postgres_server.execute(
        "DROP SCHEMA IF EXISTS of_the_fake CASCADE",
        "CREATE SCHEMA of_the_fake",
        "CREATE TABLE of_the_fake.sales (id INTEGER PRIMARY KEY, amount NUMERIC(8, 2))",
        "INSERT INTO of_the_fake.sales VALUES (1, 2.50), (2, 3.75)",
    )
    client = spark_server()
    client.post("/api/2.0/secrets/scopes/create", scope="nuvyn-executor")
    for key, value in (("user", postgres_server.user), ("password", postgres_server.password)):
        client.post("/api/2.0/secrets/put", scope="nuvyn-executor", key=f"database-{key}", string_value=value)
    place = f"{postgres_server.host}:{postgres_server.port}/{postgres_server.database}"
    program = (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from nuvyn_executor.cli import main\nsys.exit(main())\n"
    )
    job = client.flat_job(
        program, "metadata_extraction", f"postgresql://{place}#of_the_fake", "auto", "client-1"
    )

    for _ in range(2):
        run_id = client.post("/api/2.1/jobs/run-now", job_id=job)["run_id"]
        run = client.wait(run_id, 240)
        output = client.output(run_id)

        assert run["state"]["result_state"] == "SUCCESS", json.dumps(output)
        assert postgres_server.password not in json.dumps(output)
        assert '"files_found": 1' in json.dumps(output).replace("\\", "")
