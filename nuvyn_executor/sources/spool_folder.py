"""A temporary folder for copies of a client's data, which does not outlive the process that made it.

It is removed with its owner, and at the end of the process. After a ``kill -9`` it is removed by the next
folder that is made in the same place: the process that uses a folder holds a lock on a file in it, and a lock
ends with its process. (A process id would not do: containers that share a disk do not share ids.)
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Optional

try:
    import fcntl
except ImportError:  # Windows: there what a killed process leaves stays
    fcntl = None  # type: ignore[assignment]

_PREFIX = "nuvyn-spool-"
_LOCK = ".lock"


class SpoolFolder:
    """A folder that only this user may read.

    Args:
        parent: where it is made; ``None`` is the machine's folder for temporary files (``TMPDIR``).

    Attributes:
        path: the folder.
    """

    def __init__(self, parent: Optional[Path] = None) -> None:
        home = Path(tempfile.gettempdir() if parent is None else parent)
        _remove_left(home)
        # It gets its name when it is locked, so that nobody finds it without its lock.
        made = Path(tempfile.mkdtemp(prefix="nuvyn-new-", dir=home))
        lock = os.open(made / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        _is_locked(lock)
        self.path = home / made.name.replace("nuvyn-new-", _PREFIX, 1)
        made.rename(self.path)
        self.remove = weakref.finalize(self, _end, self.path, lock)
        """Remove the folder; a second call does nothing."""


def _end(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)


def _remove_left(home: Path) -> None:
    """Remove the folders whose processes have ended."""
    for folder in home.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:  # another user's, or just being removed
            continue
        try:
            if _is_locked(lock):
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _is_locked(lock: int) -> bool:
    """Take a lock; return whether nobody else holds it and the disk knows locks."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (OSError, AttributeError):  # it is locked, the disk has no locks, or this is Windows
        return False
    return True
