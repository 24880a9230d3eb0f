"""/dbfs, /Volumes and /Workspace for plain Python, without root: the file functions look in the real folders.

Covered: ``open``, ``os``, ``os.path``, ``pathlib``, ``glob``, ``shutil``, ``zipfile`` and whatever else opens
its files with those; arguments and working folders of subprocesses, and imports from such folders. Not
covered: code in C that opens files by itself (``sqlite3``, ``pyarrow``), and other programs that build such a
path themselves.
"""

from __future__ import annotations

import builtins
import functools
import importlib.machinery
import io
import os
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Mapping as MappingType
    from types import ModuleType

    from .import_hook import AfterImport

ONE_PATH = (
    "access chdir chmod chown lchown listdir listxattr getxattr setxattr removexattr lstat mkdir mkfifo"
    " mknod open pathconf readlink remove rmdir stat statvfs truncate unlink utime"
)
TWO_PATHS = "link rename replace symlink"


class Mapping:
    """The folder on the disk of each file tree (``/dbfs``: ``/home/me/state/dbfs``)."""

    def __init__(self, places: MappingType[str, str]) -> None:
        self._roots = tuple(places.items())
        self._prefixes = tuple(places)
        names = "|".join(prefix[1:] for prefix in self._prefixes)
        self._mentioned = re.compile(rf"(?<![\w./:~-])/(?:{names})(?![\w.-])[^\s'\"|&;<>()]*")

    def real(self, path: Any) -> Any:
        """Return the path on the disk; the argument itself where it is in none of the trees."""
        text = path if isinstance(path, str) else self._as_text(path)
        if text is None or not text.startswith(self._prefixes):
            return path
        for prefix, root in self._roots:
            rest = text[len(prefix) :]
            if text.startswith(prefix) and (not rest or rest[0] == "/"):
                found = root + os.path.normpath(rest or "/") + ("/" if rest.endswith("/") else "")
                found = root + "/" if found == root + "//" else found
                return found if isinstance(path, str) or not isinstance(path, bytes) else os.fsencode(found)
        return path

    @staticmethod
    def _as_text(path: Any) -> str | None:
        if isinstance(path, int) or path is None:
            return None
        try:
            return os.fsdecode(path)
        except TypeError:
            return None

    def virtual(self, path: str) -> str:
        """Return the name by which a program knows a path of the disk."""
        for prefix, root in self._roots:
            if path == root or path.startswith(root + "/"):
                return prefix + path[len(root) :]
        return path

    def mentioned(self, command: str) -> str:
        """Return a shell command with the real paths in the place of those that it mentions."""
        return self._mentioned.sub(lambda match: str(self.real(match.group())), command)


class Entry:
    """An ``os.DirEntry`` whose path begins with the folder's name as the program wrote it."""

    def __init__(self, entry: os.DirEntry[Any], folder: Any) -> None:
        self._entry = entry
        self.name = entry.name
        self.path = os.path.join(folder, entry.name)  # noqa: PTH118  what os.scandir gives, bytes too

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return f"<DirEntry {self.name!r}>"


class Entries:
    """The result of ``os.scandir``: an iterator that can be closed."""

    def __init__(self, found: Any, folder: Any) -> None:
        self._found = found
        self._folder = folder

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Entry:
        return Entry(next(self._found), self._folder)

    def __enter__(self) -> Entries:  # noqa: PYI034  Self is not in Python 3.10
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder."""
        self._found.close()


def rename_files(error: OSError, mapping: Mapping) -> None:
    """Put the names that the program used into an error."""
    for attribute in ("filename", "filename2"):
        name = getattr(error, attribute)
        if isinstance(name, str):
            setattr(error, attribute, mapping.virtual(name))


def mapped(function: Callable[..., Any], mapping: Mapping, count: int) -> Callable[..., Any]:
    """Return the function for real paths: its first ``count`` arguments are paths."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        known = [mapping.real(arg) for arg in args[:count]]
        for name in ("path", "src", "dst", "target"):
            if name in kwargs:
                kwargs[name] = mapping.real(kwargs[name])
        try:
            return function(*known, *args[count:], **kwargs)
        except OSError as error:
            rename_files(error, mapping)
            raise

    return call


def mapped_open(function: Callable[..., Any], mapping: Mapping) -> Callable[..., Any]:
    """Return ``open`` for real paths, with an opener: the file's name stays the one that the program used."""

    @functools.wraps(function)
    def call(file: Any, *args: Any, **kwargs: Any) -> Any:
        place = mapping.real(file)
        if place is file or len(args) > 6 or kwargs.get("opener"):  # noqa: PLR2004  the opener is the seventh
            return function(file, *args, **kwargs)
        kwargs["opener"] = lambda _name, flags: os.open(place, flags, 0o666)
        return function(file, *args, **kwargs)

    return call


def mapped_scandir(function: Callable[..., Any], mapping: Mapping) -> Callable[..., Any]:
    """Return ``os.scandir`` for real paths; its entries have the names that the program used."""

    @functools.wraps(function)
    def call(path: Any = ".") -> Any:
        place = mapping.real(path)
        if place is path:
            return function(path)
        try:
            return Entries(function(place), os.fspath(path))
        except OSError as error:
            rename_files(error, mapping)
            raise

    return call


def replace(name: str, by: Callable[..., Any]) -> None:
    """Replace a function of ``os``, also in the sets that name what the functions support."""
    original = getattr(os, name)
    for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if original in known:
            known.add(by)
    setattr(os, name, by)


def install(mapping: Mapping, after: AfterImport) -> None:
    """Replace the file functions of this process."""
    for names, count in ((ONE_PATH, 1), (TWO_PATHS, 2)):
        for name in names.split():
            if hasattr(os, name):
                replace(name, mapped(getattr(os, name), mapping, count))
    replace("scandir", mapped_scandir(os.scandir, mapping))
    folder = os.getcwd
    os.getcwd = functools.wraps(folder)(lambda: mapping.virtual(folder()))
    system = os.system
    os.system = functools.wraps(system)(lambda command: system(mapping.mentioned(command)))
    builtins.open = io.open = mapped_open(builtins.open, mapping)
    sys.path_hooks.insert(0, importer(mapping))
    after.add("pathlib", rebind_accessor)
    after.add("subprocess", lambda module: map_subprocesses(module, mapping))


def importer(mapping: Mapping) -> Callable[[str], importlib.machinery.FileFinder]:
    """Return a path hook that imports from the folders of the trees."""
    loaders = (
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (importlib.machinery.SourceFileLoader, importlib.machinery.SOURCE_SUFFIXES),
        (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
    )

    def hook(path: str) -> importlib.machinery.FileFinder:
        place = mapping.real(path)
        if place is path:
            raise ImportError(path)
        return importlib.machinery.FileFinder(place, *loaders)

    return hook


def rebind_accessor(pathlib: ModuleType) -> None:
    """Replace the functions that Python 3.10's pathlib copied when it was imported."""
    accessor = getattr(pathlib, "_NormalAccessor", None)
    if accessor is None:
        return
    for name in [*ONE_PATH.split(), *TWO_PATHS.split(), "scandir"]:
        if hasattr(accessor, name):
            setattr(accessor, name, staticmethod(io.open if name == "open" else getattr(os, name)))


def map_subprocesses(subprocess: ModuleType, mapping: Mapping) -> None:
    """Map the arguments and the working folder of every subprocess."""
    execute = subprocess.Popen._execute_child  # noqa: SLF001  the one place where all of them pass

    @functools.wraps(execute)
    def call(self: Any, args: Any, *rest: Any, **kwargs: Any) -> Any:
        # Positions as in CPython 3.8 to 3.14: args, executable, preexec_fn, close_fds, pass_fds, cwd, env,
        # ..., shell.
        positions = list(rest)
        if len(positions) > 4:  # noqa: PLR2004  cwd
            positions[4] = mapping.real(positions[4])
        return execute(self, mapped_arguments(args, mapping), *positions, **kwargs)

    subprocess.Popen._execute_child = call  # noqa: SLF001  as above


def mapped_arguments(args: Any, mapping: Mapping) -> Any:
    """Return a subprocess's arguments with real paths, also for those that a ``sh -c`` command mentions."""
    if isinstance(args, str):
        return mapping.mentioned(args)
    if isinstance(args, (bytes, os.PathLike)):
        return mapping.real(args)
    given = [mapping.real(each) for each in args]
    shells = {"sh", "bash", "dash", "zsh"}
    if len(given) > 2 and given[1] == "-c" and os.path.basename(str(given[0])) in shells:  # noqa: PLR2004, PTH119  sh -c X
        given[2] = mapping.mentioned(given[2])
    return given
