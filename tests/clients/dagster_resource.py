"""Drive a server with Dagster: its resource for Databricks, and its op that runs a job."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import dagster
from dagster_databricks import DatabricksClientResource, create_databricks_run_now_op
from dagster_databricks.resources import OauthCredentials
from databricks.sdk.service.jobs import SparkPythonTask, Task

greet, fail, name = sys.argv[1:]
if "DATABRICKS_TOKEN" in os.environ:
    resource = DatabricksClientResource(
        host=os.environ["DATABRICKS_HOST"], token=os.environ["DATABRICKS_TOKEN"]
    )
else:
    robot = OauthCredentials(
        client_id=os.environ["DATABRICKS_CLIENT_ID"], client_secret=os.environ["DATABRICKS_CLIENT_SECRET"]
    )
    resource = DatabricksClientResource(host=os.environ["DATABRICKS_HOST"], oauth_credentials=robot)
workspace = resource.get_client().workspace_client


def create_job(program: str) -> int:
    """Upload a program and create its job."""
    with Path(program).open("rb") as file:
        workspace.dbfs.upload(f"/clients/{Path(program).name}", file, overwrite=True)
    python = SparkPythonTask(f"dbfs:/clients/{Path(program).name}", parameters=[name])
    cluster = os.environ["DATABRICKS_CLUSTER_ID"]
    task = Task(task_key="only", existing_cluster_id=cluster, spark_python_task=python)
    return workspace.jobs.create(name=program, tasks=[task]).job_id or 0


def run(job_id: int) -> dagster.ExecuteInProcessResult:
    """Run a job of the server as an op of a job of Dagster."""
    operation = create_databricks_run_now_op(databricks_job_id=job_id, poll_interval_seconds=0.5)

    @dagster.job(resource_defs={"databricks": resource})  # type: ignore[untyped-decorator,unused-ignore]
    def trial() -> None:
        operation()

    return trial.execute_in_process(raise_on_error=False)


workspace.secrets.create_scope("clients")
workspace.secrets.put_secret("clients", "password", string_value=os.environ["SECRET"])

job_id = create_job(greet)
assert run(job_id).success
(done,) = workspace.jobs.list_runs(job_id=job_id, expand_tasks=True)
output = workspace.jobs.get_run_output((done.tasks or [])[0].run_id or 0)
assert output.logs == f"hello {name}, the secret has 11 letters\n", output

assert not run(create_job(fail)).success
