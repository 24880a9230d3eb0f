"""The file that a Databricks job names (``dbfs:/executor/main.py``).

It works when it is copied there alone, as long as ``nuvyn_executor`` is installed on the cluster.
"""

from __future__ import annotations

import sys

from nuvyn_executor.cli import main

if __name__ == "__main__":
    exit_code = main()
    if exit_code:  # a task that ends with sys.exit(0) has been reported as failed: success returns
        sys.exit(exit_code)
