"""Runs of the command on a warehouse whose disk is full, and then read only: a program in a mount namespace.

``unshare --map-root-user --mount python -m tests.troubled_warehouse FOLDER`` mounts a disk of some megabytes
at ``FOLDER/disk``, and prints for each run a line of JSON: its name, exit code and stdout.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, List, Sequence, Tuple

from nuvyn_executor import cli
from nuvyn_executor.spark.session import build_local_session

DISK_BYTES = 4_000_000


def main(folder: Path) -> None:
    """Run the command in each state of the disk."""
    disk, data = folder / "disk", folder / "data"
    disk.mkdir()
    data.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk))
    filler = disk / "filler"
    os.environ["EXECUTOR_WAREHOUSE_DIR"] = str(disk / "warehouse")
    # Of the JVM's own folders none is on the disk.
    session = build_local_session(folder / "spark", java_options=os.environ.get("EXECUTOR_JAVA_OPTIONS"))
    steps: Sequence[Tuple[str, Callable[[], None]]] = (
        ("full at the first run", lambda: _fill(filler)),
        ("after that", filler.unlink),
        ("full", lambda: _fill(filler)),
        ("free again", filler.unlink),
        ("read only", lambda: _mount("-o", "remount,ro", str(disk))),
        ("writable again", lambda: _mount("-o", "remount,rw", str(disk))),
    )
    for number, (name, prepare) in enumerate(steps, 1):
        prepare()
        (data / "a.csv").write_text("id,word\n" + "1,one\n" * number, encoding="utf-8")
        stdout = io.StringIO()
        with contextlib.redirect_stdout(stdout):
            code = cli.main(["full_pipeline", str(data), "csv", "client-123"])
        print(json.dumps({"name": name, "code": code, "stdout": stdout.getvalue()}), flush=True)  # noqa: T201  its result
    session.stop()


def _fill(filler: Path) -> None:
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 512)


def _mount(*options: str) -> None:
    command: List[str] = ["mount", *options]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
