"""Drive a server with the CLI; host and credentials are in the environment, as it reads them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

cli, greet, fail, name = sys.argv[1:]


def databricks(*arguments: str, is_fine: bool = True) -> str:
    """Run the CLI; return what it has printed. Where a run fails, its exit code must not be 0."""
    done = subprocess.run([cli, *arguments], check=False, text=True, stdout=subprocess.PIPE)
    assert (done.returncode == 0) == is_fine, f"{arguments}: exit code {done.returncode}"
    return done.stdout


def ask(*arguments: str) -> Any:
    """Run the CLI; return its answer."""
    return json.loads(databricks(*arguments, "--output", "json"))


def create_job(program: str) -> str:
    """Upload a program and create its job."""
    path = f"dbfs:/clients/{Path(program).name}"
    databricks("fs", "cp", "--overwrite", program, path)
    task = {
        "task_key": "only",
        "existing_cluster_id": os.environ["DATABRICKS_CLUSTER_ID"],
        "spark_python_task": {"python_file": path, "parameters": [name]},
    }
    settings = {"name": program, "tasks": [task]}
    return str(ask("jobs", "create", "--json", json.dumps(settings))["job_id"])


databricks("fs", "mkdir", "dbfs:/clients")
databricks("secrets", "create-scope", "clients")
databricks("secrets", "put-secret", "clients", "password", "--string-value", os.environ["SECRET"])

run = ask("jobs", "run-now", create_job(greet))  # it waits for the end
output = ask("jobs", "get-run-output", str(run["tasks"][0]["run_id"]))
assert output["logs"] == f"hello {name}, the secret has 11 letters\n", output

databricks("jobs", "run-now", create_job(fail), is_fine=False)
