"""Drive a server with the CLI and a bundle; host and credentials are in the environment, as it reads them."""

from __future__ import annotations

import json
import os
import shutil
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


def greet_by_bundle() -> None:
    """Deploy the first job as a bundle of this folder, run it, and read its output."""
    shutil.copy(greet, "greet.py")
    task = task_of("greet.py")
    bundle = {
        "bundle": {"name": "clients", "engine": "direct"},  # the other engine is Terraform
        "targets": {"trial": {"default": True}},
        "resources": {"jobs": {"greet": {"name": "greet", "tasks": [task]}}},
    }
    Path("databricks.yml").write_text(json.dumps(bundle), encoding="utf-8")
    databricks("bundle", "deploy")
    output = databricks("bundle", "run", "greet")
    assert f"hello {name}, the secret has 11 letters\n" in output, output


def fail_by_command() -> None:
    """Upload the second program, create its job, and run it."""
    path = "dbfs:/clients/fail.py"
    databricks("fs", "mkdir", "dbfs:/clients")
    databricks("fs", "cp", "--overwrite", fail, path)
    settings = {"name": "fail", "tasks": [task_of(path)]}
    created = json.loads(databricks("jobs", "create", "--json", json.dumps(settings), "--output", "json"))
    databricks("jobs", "run-now", str(created["job_id"]), is_fine=False)  # it waits for the end


def task_of(python_file: str) -> dict[str, Any]:
    """Return the only task of a job."""
    python = {"python_file": python_file, "parameters": [name]}
    cluster = os.environ["DATABRICKS_CLUSTER_ID"]
    return {"task_key": "only", "existing_cluster_id": cluster, "spark_python_task": python}


databricks("secrets", "create-scope", "clients")
databricks("secrets", "put-secret", "clients", "password", "--string-value", os.environ["SECRET"])
greet_by_bundle()
fail_by_command()
