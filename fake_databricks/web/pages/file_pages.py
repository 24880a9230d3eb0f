"""The files of the workspace: DBFS, Volumes, and its own tree; small texts are shown."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from fake_databricks.errors import DoesNotExist

if TYPE_CHECKING:
    from fake_databricks.files.trees import Entry, Tree
    from fake_databricks.web.pages.visit import Visit

MAX_SHOWN = 100_000
MOST = 1000
PREFIXES = {"dbfs": "", "volumes": "/Volumes", "workspace": "/Workspace"}
"""The names of the trees in addresses, and how the paths in them begin."""


def view(visit: Visit) -> dict[str, Any]:
    """Return the values of the page with the three trees."""
    del visit  # each workspace has all three
    return {
        "trees": [{"name": name, "shown": prefix or "dbfs:/"} for name, prefix in PREFIXES.items()],
    }


def view_one(visit: Visit) -> dict[str, Any]:
    """Return the values of a folder or a file.

    Raises:
        DoesNotExist: there is none.
    """
    name = visit.names[0]
    if name not in PREFIXES:
        raise DoesNotExist(f"There is no tree {name[:60]!r}: one of {', '.join(PREFIXES)}.")
    path = posixpath.normpath("/" + visit.query.get("path", "").lstrip("/"))
    prefix, tree = PREFIXES[name], _tree(visit, name)
    visit.workspace.mounts.before_reading(f"{prefix}{path}".rstrip("/") or "/")
    entry = tree.entry(path)
    if entry is None:
        raise DoesNotExist(f"No file or folder is at {prefix}{path}.")
    children = tree.children(path) if entry.is_folder else []
    return {
        "title": f"{prefix or 'dbfs:'}{path}".rstrip("/") or "/",
        "tree": name,
        "path": path,
        "parent": posixpath.dirname(path) if path != "/" else "",
        "is_folder": entry.is_folder,
        "entries": [_row(child) for child in children[:MOST]],
        "left_out": max(0, len(children) - MOST),
        "size": entry.size,
        "modified": entry.modified,
        "text": None if entry.is_folder else _text(tree, path),
    }


def _tree(visit: Visit, name: str) -> Tree:
    workspace = visit.workspace
    return {"dbfs": workspace.dbfs.tree, "volumes": workspace.volumes, "workspace": workspace.objects.tree}[
        name
    ]


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "path": entry.path,
        "name": posixpath.basename(entry.path) + ("/" if entry.is_folder else ""),
        "is_folder": entry.is_folder,
        "size": entry.size,
        "modified": entry.modified,
    }


def _text(tree: Tree, path: str) -> str | None:
    """Return the text of a file; None for one that is large or no text."""
    with tree.locate(path).open("rb") as file:
        content = file.read(MAX_SHOWN + 1)
    if len(content) > MAX_SHOWN or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
