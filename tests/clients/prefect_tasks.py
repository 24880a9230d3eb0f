"""Drive a server with Prefect's tasks and flows for Databricks, which know https alone."""

from __future__ import annotations

import asyncio
import base64
import os
import sys
from pathlib import Path
from typing import Any

# A flow starts Prefect's own server, which locks its database while it writes for its makers.
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "120"

from prefect import flow
from prefect_databricks import DatabricksCredentials
from prefect_databricks.flows import (
    DatabricksJobInternalError,
    jobs_runs_submit_by_id_and_wait_for_completion,
)
from prefect_databricks.jobs import (
    jobs_create,
    jobs_runs_get,
    jobs_runs_get_output,
    jobs_runs_list,
)
from prefect_databricks.rest import HTTPMethod, execute_endpoint

greet, fail, name = sys.argv[1:]
credentials = DatabricksCredentials(
    databricks_instance=os.environ["DATABRICKS_HOST"].removeprefix("https://"),
    token=os.environ.get("DATABRICKS_TOKEN"),
    client_id=os.environ.get("DATABRICKS_CLIENT_ID"),
    client_secret=os.environ.get("DATABRICKS_CLIENT_SECRET"),
)


async def post(endpoint: str, **body: Any) -> None:
    """Send a call that has no task of its own in Prefect."""
    answer = await execute_endpoint(endpoint, credentials, http_method=HTTPMethod.POST, json=body)
    answer.raise_for_status()


async def create_job(program: str) -> int:
    """Upload a program and create its job."""
    path = f"/clients/{Path(program).name}"
    contents = base64.b64encode(Path(program).read_bytes()).decode()
    await post("/2.0/dbfs/put", path=path, contents=contents, overwrite=True)
    task = {
        "task_key": "only",
        "existing_cluster_id": os.environ["DATABRICKS_CLUSTER_ID"],
        "spark_python_task": {"python_file": f"dbfs:{path}", "parameters": [name]},
    }
    created = await jobs_create(credentials, name=program, tasks=[task])
    return int(created["job_id"])


async def run(job_id: int) -> None:
    """Run a job to its end."""
    await jobs_runs_submit_by_id_and_wait_for_completion(
        databricks_credentials=credentials, job_id=job_id, poll_frequency_seconds=1
    )


@flow  # type: ignore[untyped-decorator,unused-ignore]
async def trial() -> None:
    """Do what every client does."""
    await post("/2.0/secrets/scopes/create", scope="clients", initial_manage_principal="users")
    await post("/2.0/secrets/put", scope="clients", key="password", string_value=os.environ["SECRET"])
    job_id = await create_job(greet)
    await run(job_id)
    (listed,) = (await jobs_runs_list(credentials, job_id=job_id))["runs"]
    done = await jobs_runs_get(run_id=listed["run_id"], databricks_credentials=credentials)
    output = await jobs_runs_get_output(done["tasks"][0]["run_id"], credentials)
    assert output["logs"] == f"hello {name}, the secret has 11 letters\n", output
    try:
        await run(await create_job(fail))
    except DatabricksJobInternalError as error:  # the state of a job with tasks, one of which has failed
        assert "Task only failed" in str(error)
    else:
        raise AssertionError("The failure was not seen.")


asyncio.run(trial())
