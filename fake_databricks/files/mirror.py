"""A folder of this machine that has the same content as a bucket or container.

Objects that changed (by ETag or size) are fetched, files that programs wrote are uploaded. Where both sides
have changed the same file, the storage wins.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Callable, Iterable, NamedTuple, Protocol, TypeVar

from fake_databricks.errors import DoesNotExist

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.files.object_stores import StoredObject

AT_ONCE = 8
TEMPORARY = "_temporary"
"""The folder in which Spark writes what it has not committed."""
T = TypeVar("T")


class Copy(NamedTuple):
    """An object and its file when they were the same: ETag, size in bytes, the file's time in ns."""

    mark: str
    size: int
    modified: int


class Store(Protocol):
    """The objects behind a mirror."""

    def objects(self) -> dict[str, StoredObject]:
        """Return every object by its name."""
        ...

    def fetch(self, name: str, target: Path) -> None:
        """Write an object's content to a file."""
        ...

    def put(self, name: str, file: Path) -> str:
        """Write a file as an object; return its mark."""
        ...

    def delete(self, name: str) -> None:
        """Delete an object."""
        ...


class Mirror:
    """The folder and the objects; the caller makes sure that one thread at a time uses it.

    Args:
        folder: the folder of this machine.
        store: lists, reads and writes the objects.
        scratch: a folder on the same disk for files that are not whole yet.
        copies: what was the same on both sides, by name; an earlier server may have stored it.
    """

    def __init__(self, folder: Path, store: Store, scratch: Path, copies: dict[str, Copy]) -> None:
        self._folder = folder
        self._store = store
        self._scratch = scratch
        self.copies = copies
        self._lock = threading.Lock()

    def fetch(self) -> bool:
        """Make the folder as the storage is; return whether something changed.

        What programs have written since the last upload stays, unless that object has changed in the storage.
        """
        stored = self._store.objects()
        self._prepare()
        gone = [name for name in self.copies if name not in stored]
        changed = [name for name, item in stored.items() if not self._is_same(name, item)]
        for name in gone:
            self._remove(name)
        self._each(lambda name: self._fetch(name, stored[name]), changed)
        return bool(gone or changed)

    def upload(self) -> bool:
        """Write to the storage what programs have written or deleted; return whether something changed."""
        if not self._folder.is_dir():  # a lost folder is no order to delete every object
            return False
        here = self._files()
        written = [name for name, file in here.items() if not self._is_copied(name, file)]
        removed = [name for name in self.copies if name not in here]
        if not written and not removed:
            return False
        stored = self._store.objects()

        def is_unchanged(name: str) -> bool:
            item, copy = stored.get(name), self.copies.get(name)
            return (item.mark if item else None) == (copy.mark if copy else None)

        self._each(lambda name: self._put(name, here[name]), [name for name in written if is_unchanged(name)])
        self._each(self._delete, [name for name in removed if is_unchanged(name)])
        self.fetch()  # where the storage has changed the same object, it wins
        return True

    def _prepare(self) -> None:
        if not self._folder.is_dir():
            self.copies.clear()
            self._folder.unlink(missing_ok=True)
            self._folder.mkdir(parents=True)
        self._scratch.mkdir(parents=True, exist_ok=True)

    def _is_same(self, name: str, item: StoredObject) -> bool:
        copy = self.copies.get(name)
        return copy is not None and (copy.mark, copy.size) == (item.mark, item.size)

    def _is_copied(self, name: str, file: tuple[int, int]) -> bool:
        copy = self.copies.get(name)
        return copy is not None and (copy.size, copy.modified) == file

    def _files(self) -> dict[str, tuple[int, int]]:
        """Return size and time of every file, by its name."""
        found = {}
        for root, folders, names in os.walk(self._folder):
            folders[:] = [folder for folder in folders if folder != TEMPORARY]
            for name in names:
                path = os.path.join(root, name)  # noqa: PTH118  a Path for each of many files takes long
                if os.path.islink(path):  # noqa: PTH114  as above
                    continue
                with contextlib.suppress(FileNotFoundError):  # a program has removed it meanwhile
                    status = os.stat(path)  # noqa: PTH116  as above
                    if not stat.S_ISREG(status.st_mode) or not _is_text(
                        name
                    ):  # no object can be one of these
                        continue
                    shown = os.path.relpath(path, self._folder).replace(os.sep, "/")
                    found[shown] = (status.st_size, status.st_mtime_ns)
        return found

    def _fetch(self, name: str, item: StoredObject) -> None:
        partial = self._scratch / uuid.uuid4().hex
        target = self._folder / name
        try:
            self._store.fetch(name, partial)
            stamp = int(item.modified.timestamp() * 1e9)
            os.utime(partial, ns=(stamp, stamp))
            self._make_way(target)
            partial.replace(target)  # a reader sees the old file or the new one, never half of one
            status = target.stat()
        except (DoesNotExist, FileNotFoundError):
            return  # it was deleted meanwhile; the next listing shows that
        finally:
            partial.unlink(missing_ok=True)
        with self._lock:
            self.copies[name] = Copy(item.mark, item.size, status.st_mtime_ns)

    def _make_way(self, target: Path) -> None:
        """Remove a folder at the place of a file, or a file at the place of a folder: the storage wins."""
        for parent in reversed(target.relative_to(self._folder).parents):
            place = self._folder / parent
            if place.is_file() or place.is_symlink():
                place.unlink()
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)

    def _remove(self, name: str) -> None:
        self.copies.pop(name, None)
        target = self._folder / name
        if target.is_file() or target.is_symlink():
            target.unlink()
        for parent in target.relative_to(self._folder).parents[:-1]:
            try:
                (self._folder / parent).rmdir()
            except OSError:  # it is not empty
                return

    def _put(self, name: str, file: tuple[int, int]) -> None:
        try:
            mark = self._store.put(name, self._folder / name)
        except FileNotFoundError:
            return  # a program has removed it meanwhile
        with self._lock:
            self.copies[name] = Copy(mark, *file)

    def _delete(self, name: str) -> None:
        self._store.delete(name)
        with self._lock:
            self.copies.pop(name, None)

    @staticmethod
    def _each(action: Callable[[str], None], names: Iterable[str]) -> None:
        """Call an action for every name, some at once; raise the first error when all have ended."""
        wanted = list(names)
        if not wanted:
            return
        with ThreadPoolExecutor(min(AT_ONCE, len(wanted))) as pool:
            for done in [pool.submit(action, name) for name in wanted]:
                done.result()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
