"""File trees of a workspace on this machine's disk, and DBFS with its open files."""

from __future__ import annotations

import contextlib
import itertools
import os
import posixpath
import shutil
import stat
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from fake_databricks.engine.inside.path_table import (
    DBFS,
    LOCAL_SCHEME,
    SCHEME,
    VOLUMES,
    WORKSPACE,
    python_path,
    tree_of,
)
from fake_databricks.errors import (
    AlreadyExists,
    BadRequest,
    BlockTooLarge,
    DoesNotExist,
    InvalidParameter,
    ReadTooLarge,
)

MAX_BLOCK_BYTES = 1024 * 1024
MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 4000
"""A little less than what Linux takes."""


@dataclass(frozen=True)
class Entry:
    """One file or folder: path in its tree, size in bytes, time of change in milliseconds."""

    path: str
    is_folder: bool
    size: int
    modified: int


class Tree:
    """Absolute POSIX paths in one folder of the disk; no path leads out of that folder.

    A file that is not whole yet lies in a folder beside it. What a server that was killed has left there is
    removed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._unfinished = root.with_name(f"{root.name}.unfinished")
        shutil.rmtree(self._unfinished, ignore_errors=True)
        root.mkdir(parents=True, exist_ok=True)
        self._finishing = threading.Lock()

    def locate(self, path: str) -> Path:
        """Return where a path lies on the disk.

        Raises:
            InvalidParameter: the path is not absolute, too long or no text, or a link on it leads out of the
                tree or in a circle.
        """
        if not path.startswith("/"):
            raise InvalidParameter(f"Path must be absolute: {path}")
        if "\0" in path:
            raise InvalidParameter("Path must not contain a null character.")
        local = self.root / posixpath.normpath("/" + path.lstrip("/")).lstrip("/")
        try:
            encoded = os.fsencode(local)
        except UnicodeEncodeError:
            raise InvalidParameter("Path must be text that UTF-8 can write.") from None
        if max(len(name) for name in encoded.split(b"/")) > MAX_NAME_BYTES:
            raise InvalidParameter(f"A name in a path must have at most {MAX_NAME_BYTES} bytes in UTF-8.")
        if len(encoded) > MAX_PATH_BYTES:
            raise InvalidParameter(f"The path is too long: {path[:100]}...")
        try:
            resolved = local.resolve()
        except (OSError, RuntimeError):
            raise InvalidParameter(f"The links on this path lead in a circle: {path}") from None
        if resolved != self.root.resolve() and self.root.resolve() not in resolved.parents:
            raise InvalidParameter(f"Path leads out of the file system: {path}")
        return local

    def entry(self, path: str) -> Entry | None:
        """Return the file or folder at a path, or None; a pipe, a socket or a device is neither."""
        local = self.locate(path)
        try:
            status = local.stat()
        except OSError:
            return None  # it does not exist, or a link on it leads nowhere
        is_folder = stat.S_ISDIR(status.st_mode)
        if not is_folder and not stat.S_ISREG(status.st_mode):
            return None
        shown = _shown(posixpath.normpath("/" + path.lstrip("/")))
        return Entry(shown, is_folder, 0 if is_folder else status.st_size, status.st_mtime_ns // 1_000_000)

    def children(self, path: str) -> list[Entry]:
        """Return the files and folders of a folder, sorted by name; links that lead nowhere are left out.

        A program may have made a name that is no UTF-8. It is shown with a replacement character.
        """
        found = []
        for name in sorted(child.name for child in self.locate(path).iterdir()):
            with contextlib.suppress(InvalidParameter):  # a link out of the tree, or in a circle
                found.append(self.entry(posixpath.join(path, name)))
        return [entry for entry in found if entry is not None]

    def is_empty(self, path: str) -> bool:
        """Whether nothing is in a folder, not even what ``children`` leaves out."""
        return next(self.locate(path).iterdir(), None) is None

    def write(self, path: str, content: bytes, *, is_new: bool = False) -> None:
        """Write a whole file; as ``finish`` otherwise."""
        self.locate(path)
        partial = self.begin()
        try:
            partial.write_bytes(content)
            self.finish(partial, path, is_new=is_new)
        finally:
            partial.unlink(missing_ok=True)

    def begin(self) -> Path:
        """Return where a file may be written that is not whole yet."""
        self._unfinished.mkdir(exist_ok=True)
        return self._unfinished / uuid.uuid4().hex

    def finish(self, partial: Path, path: str, *, is_new: bool = False) -> None:
        """Put a file that is whole at its path: a reader sees the old file or the new one, never a half.

        Args:
            partial: where the file is; afterwards it is not there any more.
            path: its path; missing parent folders are created.
            is_new: whether nothing may be there. Of several requests at once one succeeds.

        Raises:
            AlreadyExists: a folder is there, or something where nothing may be.
        """
        local = self.locate(path)
        self.make_folder(posixpath.dirname(posixpath.normpath(path)))
        if local.is_dir():
            raise AlreadyExists(f"A directory already exists at the input path {path}.")
        with self._finishing:
            if is_new and os.path.lexists(local):
                raise AlreadyExists(f"A file already exists at the input path {path}.")
            partial.replace(local)

    def move(self, source: str, target: str) -> bool:
        """Move a file or a folder; return False, and move nothing, where something is at the target."""
        if self.entry(target) is not None:
            return False
        self.make_folder(posixpath.dirname(target))
        with self._finishing:
            if os.path.lexists(self.locate(target)):
                return False
            shutil.move(self.locate(source), self.locate(target))
        return True

    def make_folder(self, path: str) -> None:
        """Create a folder and its parents."""
        try:
            self.locate(path or "/").mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise AlreadyExists(f"A file already exists at the input path {path}.") from None

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with its content; the root itself stays.

        Raises:
            InvalidParameter: the path is the root.
        """
        local = self.locate(path)
        if local == self.root:
            raise InvalidParameter("The root cannot be deleted.")
        if local.is_dir() and not local.is_symlink():
            shutil.rmtree(local)
        else:
            with contextlib.suppress(NotADirectoryError):
                local.unlink(missing_ok=True)
        self.root.mkdir(parents=True, exist_ok=True)


@dataclass(frozen=True)
class Trees:
    """The file trees of a workspace: DBFS, volumes, and the workspace's own tree."""

    dbfs: Tree
    volumes: Tree
    objects: Tree

    def locate(self, path: str) -> Path:
        """Return where a path of the workspace lies on this machine.

        Raises:
            InvalidParameter: the path is relative, or in a store that is not supported here (``s3:``).
        """
        plain = path.removeprefix(SCHEME)
        if tree_of(plain) == VOLUMES:
            return self.volumes.locate(plain[len(VOLUMES) :])
        if path.startswith(SCHEME):
            return self.dbfs.locate(plain)
        if path.startswith(f"{LOCAL_SCHEME}/"):
            return Path(python_path(path))
        if tree_of(path) == DBFS:
            return self.dbfs.locate(path[len(DBFS) :])
        if not path.startswith("/"):
            raise InvalidParameter(
                f"Cannot read {path}: only dbfs:/, /Volumes, /Workspace and file:/ are supported."
            )
        return self.objects.locate(workspace_path(path))


class Dbfs:
    """The behaviour of ``/api/2.0/dbfs`` on a tree; paths may begin with ``dbfs:``."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._handles: dict[int, tuple[str, Path]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def status(self, path: str) -> Entry:
        """Return the file or folder at a path."""
        entry = self.tree.entry(_plain(path))
        if entry is None:
            raise DoesNotExist(f"No file or directory exists on path {_plain(path)}.")
        return entry

    def list(self, path: str) -> list[Entry]:
        """Return the content of a folder; for a file, the file itself."""
        entry = self.status(path)
        return self.tree.children(_plain(path)) if entry.is_folder else [entry]

    def put(self, path: str, content: bytes, *, overwrite: bool) -> None:
        """Write a file in one call."""
        self._check_free(path, overwrite=overwrite)
        self.tree.write(_plain(path), content, is_new=not overwrite)

    def create(self, path: str, *, overwrite: bool) -> int:
        """Create a file that blocks are added to, and return its handle; until it is closed it is empty.

        No descriptor stays open: a client may never close it.
        """
        self._check_free(path, overwrite=overwrite)
        plain = _plain(path)
        self.tree.write(plain, b"", is_new=not overwrite)
        partial = self.tree.begin()
        partial.touch()
        with self._lock:
            number = next(self._numbers)
            self._handles[number] = (plain, partial)
        return number

    def add_block(self, number: int, block: bytes) -> None:
        """Append a block of at most 1 MB."""
        if len(block) > MAX_BLOCK_BYTES:
            raise BlockTooLarge(f"A block must have at most {MAX_BLOCK_BYTES} bytes.")
        with self._lock, self._handle(number)[1].open("ab", buffering=0) as file:
            before = file.tell()
            try:
                rest = memoryview(block)
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError:
                file.truncate(before)  # the block can be sent again
                raise

    def close(self, number: int) -> str:
        """Close an open file and return its path."""
        with self._lock:
            path, partial = self._handle(number)
            self.tree.finish(partial, path)
            del self._handles[number]
        return path

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return a part of a file, which may be shorter at its end."""
        if self.status(path).is_folder:
            raise InvalidParameter(f"Cannot read a directory: {_plain(path)}")
        if offset < 0 or length < 0:
            raise InvalidParameter("offset and length must not be negative.")
        if length > MAX_BLOCK_BYTES:
            raise ReadTooLarge(f"At most {MAX_BLOCK_BYTES} bytes can be read in one call.")
        with self.tree.locate(_plain(path)).open("rb") as file:
            if offset >= os.fstat(file.fileno()).st_size:  # no system seeks beyond 2**63
                return b""
            file.seek(offset)
            return file.read(length)

    def make_folder(self, path: str) -> None:
        """Create a folder and its parents."""
        self.tree.make_folder(_plain(path))

    def move(self, source: str, target: str) -> None:
        """Move a file or a folder; nothing may exist at the target."""
        self.status(source)
        if _plain(target).startswith(_plain(source).rstrip("/") + "/"):
            raise InvalidParameter(f"{_plain(source)} cannot be moved into itself: {_plain(target)}.")
        if not self.tree.move(_plain(source), _plain(target)):
            raise AlreadyExists(
                f"A file or directory already exists at the input path dbfs:{_plain(target)}."
            )

    def delete(self, path: str, *, recursive: bool) -> None:
        """Delete a file or a folder; it need not exist."""
        plain = _plain(path)
        entry = self.tree.entry(plain)
        is_kept = entry is not None and entry.is_folder and not recursive and plain != "/"
        if is_kept and not self.tree.is_empty(plain):
            raise BadRequest("Directory is not empty. Use recursive delete or remove contents first.")
        self.tree.remove(plain)

    def close_all(self) -> None:
        """Forget every open file."""
        with self._lock:
            for _, partial in self._handles.values():
                partial.unlink(missing_ok=True)
            self._handles.clear()

    def _check_free(self, path: str, *, overwrite: bool) -> None:
        entry = self.tree.entry(_plain(path))
        if entry is not None and (entry.is_folder or not overwrite):
            raise AlreadyExists(f"A file or directory already exists at the input path dbfs:{_plain(path)}.")

    def _handle(self, number: int) -> tuple[str, Path]:
        try:
            return self._handles[number]
        except KeyError:
            raise DoesNotExist(f"No stream with handle {number} does exist.") from None


def _shown(path: str) -> str:
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "replace")


def _plain(path: str) -> str:
    plain = path.removeprefix(SCHEME)
    if not plain.startswith("/"):
        raise InvalidParameter(f"Path must be absolute: {path}")
    normal = posixpath.normpath("/" + plain.lstrip("/"))
    if tree_of(normal) == VOLUMES:
        raise InvalidParameter("No operations allowed on this path: use the Files API for volumes.")
    return normal


def workspace_path(path: str) -> str:
    """Return a path of the workspace's own tree, without ``/Workspace`` and without dots.

    Raises:
        InvalidParameter: the path is not absolute.
    """
    if not path.startswith("/"):
        raise InvalidParameter(f"Path ({path}) is not an absolute path.")
    plain = posixpath.normpath("/" + path.lstrip("/"))
    return plain[len(WORKSPACE) :] or "/" if tree_of(plain) == WORKSPACE else plain
