"""The file that a Databricks job names (``dbfs:/executor/main.py``).

It may be copied there alone, as long as ``nuvyn_executor`` is installed on the cluster.
"""

from __future__ import annotations

from typing import Any

from nuvyn_executor.cli import run_as_task


def _dbutils() -> Any:
    try:
        return dbutils  # type: ignore[name-defined]
    except NameError:
        return None


if __name__ == "__main__":
    run_as_task(_dbutils())
