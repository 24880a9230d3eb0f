"""``python -m nuvyn_executor``: the command without its script."""

from __future__ import annotations

import sys

from nuvyn_executor.cli import main

if __name__ == "__main__":
    exit_code = main()
    if exit_code:  # as in executor/main.py: on Databricks success returns, it does not exit
        sys.exit(exit_code)
