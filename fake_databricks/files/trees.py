"""Folders of a workspace on this machine's disk: DBFS with its handles, and the tree under it all."""

from __future__ import annotations

import itertools
import posixpath
import shutil
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fake_databricks.engine.inside.path_table import SCHEME, VOLUMES
from fake_databricks.errors import (
    AlreadyExists,
    BadRequest,
    BlockTooLarge,
    DoesNotExist,
    InvalidParameter,
    ReadTooLarge,
)

if TYPE_CHECKING:
    from pathlib import Path

MAX_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """One file or folder: its path in the tree, size in bytes and time of change in milliseconds."""

    path: str
    is_folder: bool
    size: int
    modified: int


class Tree:
    """Absolute POSIX paths in one folder of the disk; a path cannot leave it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def locate(self, path: str) -> Path:
        """Where a path lies on the disk.

        Raises:
            InvalidParameter: the path is not absolute, or leads out of the tree by a link.
        """
        if not path.startswith("/"):
            raise InvalidParameter(f"Path must be absolute: {path}")
        if "\0" in path:
            raise InvalidParameter("Path must not contain a null character.")
        local = self.root / posixpath.normpath("/" + path.lstrip("/")).lstrip("/")
        resolved = local.resolve()
        if resolved != self.root.resolve() and self.root.resolve() not in resolved.parents:
            raise InvalidParameter(f"Path leads out of the file system: {path}")
        return local

    def entry(self, path: str) -> Entry | None:
        """Return what lies at a path, or None."""
        local = self.locate(path)
        try:
            status = local.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        is_folder = local.is_dir()
        shown = posixpath.normpath("/" + path.lstrip("/"))
        return Entry(shown, is_folder, 0 if is_folder else status.st_size, status.st_mtime_ns // 1_000_000)

    def children(self, path: str) -> list[Entry]:
        """Return what lies in a folder, by name."""
        names = sorted(child.name for child in self.locate(path).iterdir())
        entries = (self.entry(posixpath.join(path, name)) for name in names)
        return [entry for entry in entries if entry is not None]

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole; folders on the way are made."""
        local = self.locate(path)
        self.make_folder(posixpath.dirname(posixpath.normpath(path)))
        if local.is_dir():
            raise AlreadyExists(f"A directory already exists at the input path {path}.")
        partial = local.with_name(f".{local.name}.{threading.get_ident()}.partial")
        partial.write_bytes(content)
        partial.replace(local)  # a reader sees the old file or the new one, never half

    def make_folder(self, path: str) -> None:
        """Make a folder and those on the way."""
        try:
            self.locate(path or "/").mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise AlreadyExists(f"A file already exists at the input path {path}.") from None

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all in it; the root is emptied and stays."""
        local = self.locate(path)
        if local.is_symlink() or local.is_file():
            local.unlink()
        elif local.is_dir():
            shutil.rmtree(local)
        self.root.mkdir(parents=True, exist_ok=True)


@dataclass
class _Handle:
    path: str
    local: Path
    file: BinaryIO


class Dbfs:
    """The calls of ``/api/2.0/dbfs`` on a tree. Paths may begin with ``dbfs:``."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._handles: dict[int, _Handle] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def status(self, path: str) -> Entry:
        """Return what lies at a path."""
        entry = self.tree.entry(_plain(path))
        if entry is None:
            raise DoesNotExist(f"No file or directory exists on path {_plain(path)}.")
        return entry

    def list(self, path: str) -> list[Entry]:
        """Return what lies in a folder; a file lists itself."""
        entry = self.status(path)
        return self.tree.children(_plain(path)) if entry.is_folder else [entry]

    def put(self, path: str, content: bytes, *, overwrite: bool) -> None:
        """Write a file in one call."""
        self._make_room(path, overwrite=overwrite)
        self.tree.write(_plain(path), content)

    def create(self, path: str, *, overwrite: bool) -> int:
        """Open a file for blocks; the handle."""
        self._make_room(path, overwrite=overwrite)
        plain = _plain(path)
        self.tree.write(plain, b"")
        local = self.tree.locate(plain)
        with self._lock:
            number = next(self._numbers)
            self._handles[number] = _Handle(plain, local, local.open("wb"))
        return number

    def add_block(self, number: int, block: bytes) -> None:
        """Append a block of at most 1 MB."""
        if len(block) > MAX_BLOCK_BYTES:
            raise BlockTooLarge(f"A block must have at most {MAX_BLOCK_BYTES} bytes.")
        with self._lock:
            self._handle(number).file.write(block)

    def close(self, number: int) -> None:
        """Close a handle."""
        with self._lock:
            self._handle(number).file.close()
            del self._handles[number]

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return a part of a file; nothing past its end."""
        if self.status(path).is_folder:
            raise InvalidParameter(f"Cannot read a directory: {_plain(path)}")
        if offset < 0 or length < 0:
            raise InvalidParameter("offset and length must not be negative.")
        if length > MAX_BLOCK_BYTES:
            raise ReadTooLarge(f"At most {MAX_BLOCK_BYTES} bytes can be read in one call.")
        with self.tree.locate(_plain(path)).open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def make_folder(self, path: str) -> None:
        """Make a folder and those on the way."""
        self.tree.make_folder(_plain(path))

    def move(self, source: str, target: str) -> None:
        """Move a file or a folder; the target must be free."""
        self.status(source)
        if self.tree.entry(_plain(target)) is not None:
            raise AlreadyExists(
                f"A file or directory already exists at the input path dbfs:{_plain(target)}."
            )
        self.tree.make_folder(posixpath.dirname(_plain(target)))
        shutil.move(self.tree.locate(_plain(source)), self.tree.locate(_plain(target)))

    def delete(self, path: str, *, recursive: bool) -> None:
        """Remove; what is not there counts as removed."""
        entry = self.tree.entry(_plain(path))
        if entry is None:
            return
        if entry.is_folder and not recursive and self.tree.children(_plain(path)):
            raise BadRequest("Directory is not empty. Use recursive delete or remove contents first.")
        self.tree.remove(_plain(path))

    def close_all(self) -> None:
        """Close every open handle."""
        with self._lock:
            for handle in self._handles.values():
                handle.file.close()
            self._handles.clear()

    def _make_room(self, path: str, *, overwrite: bool) -> None:
        entry = self.tree.entry(_plain(path))
        if entry is not None and (entry.is_folder or not overwrite):
            raise AlreadyExists(f"A file or directory already exists at the input path dbfs:{_plain(path)}.")

    def _handle(self, number: int) -> _Handle:
        try:
            return self._handles[number]
        except KeyError:
            raise DoesNotExist(f"No stream with handle {number} does exist.") from None


def _plain(path: str) -> str:
    plain = path.removeprefix(SCHEME)
    if not plain.startswith("/"):
        raise InvalidParameter(f"Path must be absolute: {path}")
    if plain.startswith(f"{VOLUMES}/"):
        raise InvalidParameter("No operations allowed on this path: use the Files API for volumes.")
    return posixpath.normpath("/" + plain.lstrip("/"))
