"""The spellings of a path: the caller's, Python's, Spark's. Pure."""

from __future__ import annotations

import os
import re
from typing import Mapping, Tuple
from urllib.parse import unquote

# Hadoop's globber takes these for patterns unless a backslash stands before them. Per cent signs, blanks,
# `#`, `,` and letters beyond ASCII go as they are: Path(String) decodes nothing. (Tried on Spark 3.5.)
_GLOB_CHARACTERS = re.compile(r"[\\\[\]{}*?]")
_WILDCARD = re.compile(r"[*?\[]")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):")


def scheme_of(path: str) -> str:
    """Return the URL scheme of a path in lower case (``jdbc``, ``s3a``); ``""`` for a plain path."""
    found = _SCHEME.match(path)
    return found.group(1).lower() if found else ""


def plain_path(path: str) -> str:
    """Return a path of files without its scheme; all else as it is.

    ``dbfs:/mnt/x`` is ``/dbfs/mnt/x``, ``dbfs:/Volumes/x`` is ``/Volumes/x``, ``file:///x`` is ``/x``.
    """
    scheme = scheme_of(path)
    if scheme not in ("dbfs", "file"):
        return path
    rest = path[len(scheme) + 1 :]
    if scheme == "file" and rest.startswith("//localhost/"):
        rest = rest[len("//localhost") :]
    rest = "/" + rest.lstrip("/")
    return "/dbfs" + rest if scheme == "dbfs" and not rest.startswith("/Volumes/") else rest


def python_path(path: str) -> str:
    """Return a path as ``open`` takes it: absolute, without a scheme.

    The percent escapes of a ``file:`` URL are decoded only when no file has the name as it is written.
    """
    plain = plain_path(path)
    if scheme_of(path) == "file":
        decoded = unquote(plain)
        plain = decoded if not os.path.lexists(plain) and os.path.lexists(decoded) else plain
    return os.path.abspath(plain)  # noqa: PTH100  resolve() would follow links


def under_root(path: str, roots: Mapping[str, str]) -> str:
    """Return an absolute path below the folder that stands for its root on this machine.

    Args:
        path: as :func:`python_path` returns it.
        roots: folders by what they stand for: ``/dbfs`` and ``/Volumes``.
    """
    for root, folder in roots.items():
        if path == root or path.startswith(root + "/"):
            return os.path.normpath(os.path.abspath(folder) + path[len(root) :])  # noqa: PTH100  as above
    return path


def spark_url(path: str, *, on_databricks: bool, literal: bool = False) -> str:
    """Return an absolute path as Spark's readers take it.

    Args:
        path: as ``open`` takes it.
        on_databricks: there ``/dbfs/x`` is ``dbfs:/x`` and ``/Volumes/x`` stays as it is.
        literal: the reader expands no globs (Delta's does not), so nothing is escaped.
    """
    spelled = path if literal else _GLOB_CHARACTERS.sub(lambda found: "\\" + found.group(), path)
    if on_databricks and path.startswith("/dbfs/"):
        return "dbfs:" + spelled[len("/dbfs") :]
    if on_databricks and path.startswith("/Volumes/"):
        return spelled
    return "file://" + spelled


def split_glob(path: str) -> Tuple[str, Tuple[str, ...]]:
    """Split a path at its first wildcard: the folder to start at, and one pattern a level.

    A path that exists as it is written is no pattern, whatever characters it has.
    """
    if os.path.lexists(path) or not _WILDCARD.search(path):
        return path, ()
    parts = path.split("/")
    first = next(index for index, part in enumerate(parts) if _WILDCARD.search(part))
    return "/".join(parts[:first]) or "/", tuple(part for part in parts[first:] if part)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is ignored: by Spark's readers, or because it is no data.

    Spark ignores names with a leading dot or underscore (but not partitions, ``_year=2024``), and files that
    are still being copied. ``~$report.xlsx`` says that somebody has the workbook open.
    """
    if name.startswith("~$"):
        return True
    return name.startswith(".") or (name.startswith("_") and "=" not in name) or name.endswith("._COPYING_")
