"""The workspace's own tree (``/Workspace``): folders, notebooks, files."""

from __future__ import annotations

import posixpath
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping

from fake_databricks.engine.inside.notebooks import HEADER
from fake_databricks.errors import AlreadyExists, DoesNotExist, InvalidParameter, NotEmpty
from fake_databricks.files.trees import workspace_path

if TYPE_CHECKING:
    from fake_databricks.clock import Clock
    from fake_databricks.files.trees import Entry, Tree
    from fake_databricks.storage import Storage

EXTENSIONS = {".py": "PYTHON", ".sql": "SQL", ".scala": "SCALA", ".r": "R"}
LANGUAGES = ("PYTHON", "SQL", "SCALA", "R")
COMMENTS = {"PYTHON": "#", "SQL": "--", "SCALA": "//", "R": "#"}
"""What begins a comment in a language."""
HEADERS = {language: f"{mark} {HEADER}".encode() for language, mark in COMMENTS.items()}
"""The first line of a notebook in the source format."""
FORMATS = ("SOURCE", "AUTO", "RAW", "JUPYTER")


@dataclass(frozen=True)
class ObjectInfo:
    """One object: path, id, kind (DIRECTORY, NOTEBOOK, FILE), language, times in ms, size in bytes."""

    path: str
    object_id: int
    object_type: str
    language: str | None
    created: int
    modified: int
    size: int


class WorkspaceObjects:
    """The behaviour of ``/api/2.0/workspace``; ``/Workspace/x`` and ``/x`` are the same path."""

    def __init__(self, workspace_id: str, tree: Tree, storage: Storage, clock: Clock) -> None:
        self._workspace_id = workspace_id
        self.tree = tree
        self._storage = storage
        self._clock = clock
        self._lock = threading.RLock()
        self._known: dict[str, dict[str, Any]] = dict(storage.all(workspace_id, "object"))
        self._next_id = max((item["object_id"] for item in self._known.values()), default=0) + 1
        for folder in ("/Shared", "/Users", "/Repos"):
            tree.make_folder(folder)

    def import_(self, path: str, content: bytes, options: Mapping[str, Any]) -> None:
        """Write an object.

        Args:
            path: where it is written.
            content: its bytes.
            options: ``format``, ``language`` and ``overwrite`` of the request.
        """
        plain = workspace_path(path)
        kind, language = _kind(plain, content, options)
        with self._lock:
            parent = posixpath.dirname(plain)
            entry = self.tree.entry(parent)
            if entry is None or not entry.is_folder:
                raise DoesNotExist(f"The parent folder ({parent}) does not exist.")
            if self.tree.entry(plain) is not None and not options.get("overwrite"):
                raise AlreadyExists(f"Path ({plain}) already exists.")
            before = self._known.get(plain)
            self._record(plain, kind, language)
            try:
                self.tree.write(plain, _marked(plain, content, language) if _is_source(options) else content)
            except BaseException:
                self._put_back(plain, before)
                raise

    def export(self, path: str) -> tuple[bytes, str]:
        """Return the content of an object and the extension of its kind."""
        info = self.status(path)
        if info.object_type == "DIRECTORY":
            raise InvalidParameter(f"Path ({info.path}) is a directory and cannot be exported.")
        extension = {language: suffix for suffix, language in EXTENSIONS.items()}.get(info.language or "", "")
        return self.tree.locate(info.path).read_bytes(), extension.lstrip(".") or "txt"

    def status(self, path: str) -> ObjectInfo:
        """Return the object at a path."""
        plain = workspace_path(path)
        entry = self.tree.entry(plain)
        if entry is None:
            raise DoesNotExist(f"Path ({plain}) doesn't exist.")
        return self._info(entry)

    def find(self, object_id: str) -> ObjectInfo | None:
        """Return the object with an id, or None; an object has one once it was shown."""
        with self._lock:
            paths = [path for path, item in self._known.items() if str(item["object_id"]) == object_id]
        entry = self.tree.entry(paths[0]) if paths else None
        return None if entry is None else self._info(entry)

    def _info(self, entry: Entry) -> ObjectInfo:
        plain = entry.path
        with self._lock:
            known = self._known.get(plain)
            if known is None:
                known = self._record(plain, "DIRECTORY" if entry.is_folder else "FILE", None)
        return ObjectInfo(
            plain,
            known["object_id"],
            known["object_type"],
            known["language"],
            known["created"],
            entry.modified,
            entry.size,
        )

    def list(self, path: str) -> list[ObjectInfo]:
        """Return the content of a folder; for another object, the object itself."""
        info = self.status(path)
        if info.object_type != "DIRECTORY":
            return [info]
        return [self._info(entry) for entry in self.tree.children(info.path)]

    def make_folder(self, path: str) -> None:
        """Create a folder and its parents."""
        self.tree.make_folder(workspace_path(path))

    def delete(self, path: str, *, recursive: bool) -> tuple[str, ...]:
        """Delete an object; return the ids of all that are gone with it."""
        info = self.status(path)
        if info.object_type == "DIRECTORY" and not recursive and not self.tree.is_empty(info.path):
            raise NotEmpty(f"Folder ({info.path}) is not empty")
        with self._lock:
            self.tree.remove(info.path)
            gone = [key for key in self._known if key == info.path or key.startswith(info.path + "/")]
            ids = tuple(str(self._known.pop(key)["object_id"]) for key in gone)
            for key in gone:
                self._storage.record_end(self._workspace_id, "object", key)
        return ids

    def _record(self, path: str, kind: str, language: str | None) -> dict[str, Any]:
        before = self._known.get(path)
        item = {
            "object_id": before["object_id"] if before else self._next_id,
            "object_type": kind,
            "language": language,
            "created": before["created"] if before else self._clock.now(),
        }
        self._storage.put(self._workspace_id, "object", path, item)
        self._next_id += 0 if before else 1
        self._known[path] = item
        return item

    def _put_back(self, path: str, before: dict[str, Any] | None) -> None:
        """Restore what was stored about an object before its content could not be written."""
        if before is None:
            del self._known[path]
            self._storage.record_end(self._workspace_id, "object", path)
        else:
            self._known[path] = before
            self._storage.record(self._workspace_id, "object", path, before)


def _is_source(options: Mapping[str, Any]) -> bool:
    return (options.get("format") or "SOURCE") == "SOURCE"


def _marked(path: str, content: bytes, language: str | None) -> bytes:
    """Return a notebook with its header where nothing else says that it is one, and in which language."""
    header = HEADERS[language or "PYTHON"]
    is_plain = language == "PYTHON" and not posixpath.splitext(path)[1]
    return content if is_plain or content.startswith(header) else header + b"\n" + content


def _kind(path: str, content: bytes, options: Mapping[str, Any]) -> tuple[str, str | None]:
    wanted = options.get("format") or "SOURCE"
    if wanted not in FORMATS:
        raise InvalidParameter(
            f"Field 'format' {wanted!r} is not supported: one of {', '.join(FORMATS)} is honoured here."
        )
    guessed = EXTENSIONS.get(posixpath.splitext(path)[1].lower())
    if wanted == "RAW":
        return "FILE", None
    if wanted == "AUTO":
        if path.lower().endswith(".ipynb"):
            return "NOTEBOOK", "PYTHON"
        return ("NOTEBOOK", guessed) if content.startswith(tuple(HEADERS.values())) else ("FILE", None)
    language = options.get("language") or guessed or ("PYTHON" if wanted == "JUPYTER" else None)
    if language not in LANGUAGES:
        raise InvalidParameter("Field 'language' is required for the format SOURCE.")
    return "NOTEBOOK", language
