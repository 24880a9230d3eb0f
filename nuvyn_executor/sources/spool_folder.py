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
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Sequence

from nuvyn_executor.errors import DatasetUnreadable

try:
    import fcntl
except ImportError:  # Windows: there what a killed process leaves stays
    fcntl = None  # type: ignore[assignment]

_PREFIX = "nuvyn-spool-"
_LOCK = ".lock"
_RESERVE = 0.9  # of the free space of the disk that copies may take
_LARGER = "Set EXECUTOR_SPOOL_DIR (or TMPDIR) to a folder on a larger disk"


def free_bytes(folder: Path) -> Optional[int]:
    """Return the free space of the disk of a folder; ``None`` where the disk does not say."""
    usage = shutil.disk_usage(folder)
    return usage.free if usage.total else None


@dataclass(frozen=True)
class SpoolPlace:
    """Where copies of files go, and who sees them there.

    Attributes:
        parent: the folder of the setting ``EXECUTOR_SPOOL_DIR``; ``None`` is the machine's folder for
            temporary files (``TMPDIR``).
        tasks_see_it: whether Spark's tasks see the machine's folder for temporary files.
        free: the free space of the disk of a folder.
    """

    parent: Optional[Path] = None
    tasks_see_it: Callable[[], bool] = lambda: True
    free: Callable[[Path], Optional[int]] = free_bytes

    def make(self) -> SpoolFolder:
        """Make a folder.

        Raises:
            DatasetUnreadable: that is not possible.
        """
        try:
            if self.parent is not None:
                self.parent.mkdir(parents=True, exist_ok=True)
            return SpoolFolder(self.parent)
        except OSError as error:
            home = self.parent or tempfile.gettempdir()
            raise DatasetUnreadable(
                f"No folder for copies can be made in {home}: {error.strerror or error}.",
                "Set EXECUTOR_SPOOL_DIR to a folder that this job may write to.",
            ) from error

    def require_tasks(self, name: str, verb: str) -> None:
        """Make sure that Spark's tasks see the copies.

        Args:
            name: what is to be copied.
            verb: what happens to it: ``unpacked``, ``copied``.

        Raises:
            DatasetUnreadable: they do not.
        """
        if self.parent is None and not self.tasks_see_it():
            raise DatasetUnreadable(
                f"{name} would be {verb} to a disk of this machine, and Spark runs on others, too.",
                "Set EXECUTOR_SPOOL_DIR to a folder that all machines see, such as /Volumes/... or /dbfs/...",
            )

    def reserve(self, folder: Path, needed: int, names: Sequence[str]) -> int:
        """Return how many bytes must stay free on the disk.

        Args:
            folder: where copies go.
            needed: bytes that they take at least.
            names: of the files.

        Raises:
            DatasetUnreadable: there is no room for them.
        """
        free = self.free(folder)
        if free is None:
            return 0
        most = int(free * _RESERVE)
        if needed > most:
            others = len(names) - 1
            what = (
                f"{names[0]} and {others} more files of the dataset need" if others else f"{names[0]} needs"
            )
            raise DatasetUnreadable(
                f"{what} {needed // 2**20:,} MB of local disk, and {most // 2**20:,} MB are free.",
                f"{_LARGER}.",
            )
        return free - most

    def check(self, folder: Path, reserve: int, name: str) -> None:
        """Make sure that the disk is not full.

        Args:
            folder: where copies go.
            reserve: what :meth:`reserve` returned.
            name: the file that is being unpacked.

        Raises:
            DatasetUnreadable: less than the reserve is free.
        """
        free = self.free(folder)
        if free is not None and free < reserve:
            raise DatasetUnreadable(
                f"{name} does not fit on the local disk when it is unpacked; the disk was not filled.",
                f"{_LARGER}. If the file should be small, it was made to fill disks: remove it.",
            )


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
