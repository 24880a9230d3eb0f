"""Drive a server with the SDK for Python; it reads host and credentials from the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import OperationFailed
from databricks.sdk.service.jobs import SparkPythonTask, Task

greet, fail, name = sys.argv[1:]
workspace = WorkspaceClient()


def create_job(program: str) -> int:
    """Upload a program and create its job."""
    with Path(program).open("rb") as file:
        workspace.dbfs.upload(f"/clients/{Path(program).name}", file, overwrite=True)
    python = SparkPythonTask(f"dbfs:/clients/{Path(program).name}", parameters=[name])
    cluster = os.environ["DATABRICKS_CLUSTER_ID"]
    task = Task(task_key="only", existing_cluster_id=cluster, spark_python_task=python)
    return workspace.jobs.create(name=program, tasks=[task]).job_id or 0


workspace.secrets.create_scope("clients")
workspace.secrets.put_secret("clients", "password", string_value=os.environ["SECRET"])

run = workspace.jobs.run_now(create_job(greet)).result()
output = workspace.jobs.get_run_output((run.tasks or [])[0].run_id or 0)
assert output.logs == f"hello {name}, the secret has 11 letters\n", output

try:
    workspace.jobs.run_now(create_job(fail)).result()
except OperationFailed as error:
    assert "Task only failed" in str(error)
else:
    raise AssertionError("The failure was not seen.")
