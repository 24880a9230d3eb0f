"""Drive a server with Airflow's operators and hook, outside of a scheduler, by a connection of its own."""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

greet, fail, name = sys.argv[1:]
address = urlsplit(os.environ["DATABRICKS_HOST"])
connection: dict[str, Any] = {
    "conn_type": "databricks",
    "host": address.hostname,
    "port": address.port,
    "schema": address.scheme,
}
if "DATABRICKS_TOKEN" in os.environ:
    connection["password"] = os.environ["DATABRICKS_TOKEN"]
else:
    connection["login"] = os.environ["DATABRICKS_CLIENT_ID"]
    connection["password"] = os.environ["DATABRICKS_CLIENT_SECRET"]
    connection["extra"] = {"service_principal_oauth": True}
os.environ["AIRFLOW_CONN_DATABRICKS_DEFAULT"] = json.dumps(connection)
os.environ["AIRFLOW_HOME"] = str(Path.cwd() / "airflow")

from airflow.exceptions import AirflowException  # noqa: E402  it reads the environment when it is imported
from airflow.providers.databricks.hooks.databricks import DatabricksHook  # noqa: E402  as above
from airflow.providers.databricks.operators.databricks import (  # noqa: E402  as above
    DatabricksCreateJobsOperator,
    DatabricksRunNowOperator,
)

hook = DatabricksHook()


def post(call: str, **body: Any) -> None:
    """Send a call that the hook has no method for."""
    hook._do_api_call(("POST", call), body)  # noqa: SLF001  its operators do it in the same way


def create_job(program: str) -> int:
    """Upload a program and create its job."""
    path = f"/clients/{Path(program).name}"
    contents = base64.b64encode(Path(program).read_bytes()).decode()
    post("2.0/dbfs/put", path=path, contents=contents, overwrite=True)
    task = {
        "task_key": "only",
        "existing_cluster_id": os.environ["DATABRICKS_CLUSTER_ID"],
        "spark_python_task": {"python_file": f"dbfs:{path}", "parameters": [name]},
    }
    operator = DatabricksCreateJobsOperator(task_id="create", name=program, tasks=[task], do_xcom_push=False)
    return int(operator.execute({}))


def run(job_id: int) -> int:
    """Run a job to its end; return the number of the run."""
    operator = DatabricksRunNowOperator(
        task_id="run", job_id=job_id, polling_period_seconds=1, do_xcom_push=False
    )
    operator.execute({})
    return int(operator.run_id)


is_fine, message = hook.test_connection()
assert is_fine, message
post("2.0/secrets/scopes/create", scope="clients", initial_manage_principal="users")
post("2.0/secrets/put", scope="clients", key="password", string_value=os.environ["SECRET"])

done = hook.get_run(run(create_job(greet)))
output = hook.get_run_output(done["tasks"][0]["run_id"])
assert output["logs"] == f"hello {name}, the secret has 11 letters\n", output

try:
    run(create_job(fail))
except AirflowException as error:
    assert "no such customer" in str(error)
else:
    raise AssertionError("The failure was not seen.")
