"""The folder of a running server for what no later server needs, in the folder for temporary files.

A server that was killed cannot remove its own. Each one has a locked file while its server runs, so the next
server sees which ones are abandoned, and removes them.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from pathlib import Path

PREFIX = "fake-databricks-"
LOCK = "server.running"


class Scratch:
    """A new folder; construction removes those that servers of this user have left.

    Attributes:
        folder: where it is.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        for other in self.folder.parent.glob(f"{PREFIX}*/{LOCK}"):
            _remove_abandoned(other)
        part = self.folder / f"{LOCK}.part"
        self._lock = part.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        part.rename(self.folder / LOCK)  # nobody sees the file before it is locked

    def remove(self) -> None:
        """Remove it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _remove_abandoned(lock: Path) -> None:
    with contextlib.suppress(OSError), lock.open("r+") as file:  # of another user, or just being removed
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(lock.parent, ignore_errors=True)
