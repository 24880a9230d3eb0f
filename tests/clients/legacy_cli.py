"""Drive a server with the legacy CLI (``databricks-cli`` 0.18), which drops the port of the host.

A server at port 443 is asked directly; any other as a proxy, which it may be for http.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

greet, fail, name = sys.argv[1:]
host = os.environ["DATABRICKS_HOST"]
proxy = {"http_proxy": host} if host.startswith("http://") else {}


def databricks(*arguments: str) -> str:
    """Run the CLI; return what it has printed."""
    command = [str(Path(sys.executable).parent / "databricks"), *arguments]
    return subprocess.run(
        command, env={**os.environ, **proxy}, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def create_job(program: str) -> str:
    """Upload a program and create its job."""
    path = f"dbfs:/clients/{Path(program).name}"
    databricks("fs", "cp", "--overwrite", program, path)
    settings = {
        "name": program,
        "existing_cluster_id": os.environ["DATABRICKS_CLUSTER_ID"],
        "spark_python_task": {"python_file": path, "parameters": [name]},
    }
    created = databricks("jobs", "create", "--version=2.0", "--json", json.dumps(settings))
    return str(json.loads(created)["job_id"])


def run(job_id: str) -> Any:
    """Run a job; return the run at its end."""
    run_id = str(json.loads(databricks("jobs", "run-now", "--version=2.0", "--job-id", job_id))["run_id"])
    for _ in range(100):
        found = json.loads(databricks("runs", "get", "--version=2.0", "--run-id", run_id))
        if found["state"]["life_cycle_state"] == "TERMINATED":
            return found
        time.sleep(0.5)
    raise AssertionError("The run did not end.")


databricks("secrets", "create-scope", "--scope", "clients", "--initial-manage-principal", "users")
databricks(
    "secrets", "put", "--scope", "clients", "--key", "password", "--string-value", os.environ["SECRET"]
)

done = run(create_job(greet))
output = databricks("runs", "get-output", "--version=2.0", "--run-id", str(done["run_id"]))
assert json.loads(output)["logs"].strip() == f"hello {name}, the secret has 11 letters", output

assert run(create_job(fail))["state"]["result_state"] == "FAILED"
