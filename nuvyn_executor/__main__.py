"""``python -m nuvyn_executor``: the command without its script."""

from __future__ import annotations

from nuvyn_executor.cli import run_as_task

if __name__ == "__main__":
    run_as_task()
