"""Makes the archive of Java's classes while nobody works, so that later servers start sooner."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from fake_databricks.engine.runtime import JvmFailed, own_runtime
from fake_databricks.engine.warm_jvm import ARCHIVE, classes_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PAUSE_SECONDS = 10.0
IDLE_LOAD = 0.25
"""The machine is idle when this share of its cores, or less, was busy in the minute before."""
COMMAND = (sys.executable, "-m", "fake_databricks.engine.archive", "--until-end-of-input")


def share_of_busy_cores() -> float:
    """Return the load of the minute before for each core; infinity where the system does not say."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (AttributeError, OSError):
        return float("inf")


def archive_path() -> Path | None:
    """Return where the archive is or will be; ``None`` where Spark cannot run."""
    try:
        return classes_folder(own_runtime()) / ARCHIVE
    except JvmFailed:
        return None


class IdleArchive:
    """A thread that makes the archive once, when the machine is idle.

    Args:
        path: returns where the archive is or will be; ``None`` if there can be none.
        load: returns the share of busy cores.
        command: makes the archive; it ends when its input does.
        pause: seconds between two looks at the load.
    """

    def __init__(
        self,
        path: Callable[[], Path | None] = archive_path,
        load: Callable[[], float] = share_of_busy_cores,
        command: Sequence[str] = COMMAND,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self._path = path
        self._load = load
        self._command = command
        self._pause = pause
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._make, name="idle-archive", daemon=True)

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def close(self) -> None:
        """End the thread, and the process that makes the archive."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _make(self) -> None:
        while not self._closed.wait(self._pause):
            path = self._path()
            if path is None or path.exists():
                return
            if self._load() <= IDLE_LOAD:
                self._run()
                return

    def _run(self) -> None:
        with subprocess.Popen(  # noqa: S603  our own command
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.nice(19),  # noqa: PLW1509  nice is safe there
        ) as process:
            while process.poll() is None and not self._closed.wait(0.2):
                pass
            process.kill()
