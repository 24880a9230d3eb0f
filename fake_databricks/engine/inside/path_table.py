"""The names of a workspace's file trees, and how Python and Spark spell a path in them.

The server and the processes of its clusters share this table. The Java file system gets the names as data.
"""

from __future__ import annotations

DBFS = "/dbfs"
VOLUMES = "/Volumes"
WORKSPACE = "/Workspace"
TREES = (DBFS, VOLUMES, WORKSPACE)
"""The folders in which plain Python finds the trees."""
SCHEME = "dbfs:"
"""Spark's scheme for all of them; what is in no other tree is in DBFS."""
LOCAL_SCHEME = "file:"
"""Spark's scheme for a path as Python spells it."""


def tree_of(path: str) -> str:
    """Return the tree that a path of Python is in; empty text where it is in none."""
    return next((tree for tree in TREES if path == tree or path.startswith(tree + "/")), "")


def is_store(path: str) -> bool:
    """Whether a path of Spark names an object store: it has another scheme than those of files."""
    return "://" in path and not path.startswith((SCHEME, LOCAL_SCHEME))


def python_path(path: str) -> str:
    """Return a path of Spark as Python's file functions know it."""
    if path.startswith(LOCAL_SCHEME):
        return "/" + path[len(LOCAL_SCHEME) :].lstrip("/")
    if path.startswith(SCHEME):
        path = "/" + path[len(SCHEME) :].lstrip("/")
    return path if tree_of(path) in {VOLUMES, WORKSPACE} else DBFS + path


def spark_path(path: str) -> str:
    """Return a path of Python as Spark shows it."""
    tree = tree_of(path)
    if tree == DBFS:
        return SCHEME + (path[len(DBFS) :] or "/")
    return (SCHEME if tree else LOCAL_SCHEME) + path
