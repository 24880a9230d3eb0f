"""The mounts of a workspace: mount points and Volumes whose files are objects of a store."""

from __future__ import annotations

import json
import logging
import posixpath
import shutil
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping

from fake_databricks.engine.inside.path_table import DBFS, SCHEME, VOLUMES
from fake_databricks.errors import AlreadyExists, ApiError, DoesNotExist, InvalidParameter
from fake_databricks.files.mirror import Copy, Mirror
from fake_databricks.files.mount_sources import Access, Source, access_of, parse_source
from fake_databricks.files.object_stores import ObjectStore

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.files.trees import Trees
    from fake_databricks.storage import Storage

LOGGER = logging.getLogger("fake_databricks")
MOUNT, COPIES = "mount", "mount_copies"
"""The kinds of document: a mount, and what its folder has of the storage."""
REST_SECONDS = 1.0
"""How old the folder of a mount may be when a REST call reads it."""
VOLUME_PARTS = 3
StoreMaker = Callable[[Source, Access], ObjectStore]


def check_source(point: str, text: str, environment: Mapping[str, str]) -> None:
    """Ask a source for its first objects.

    Raises:
        ApiError: the mount point or source is malformed, the source is not there, refuses the credentials, or
            does not answer.
    """
    plain_point(point)
    source, configs = parse_source(text)
    ObjectStore(source, access_of(source, configs, environment)).check()


def plain_point(point: str) -> str:
    """Return a mount point as DBFS spells it, ``/mnt/x`` or ``/Volumes/catalog/schema/name``.

    Raises:
        InvalidParameter: nothing can be mounted there.
    """
    parts = point.removeprefix(SCHEME).strip("/").split("/")
    if point.startswith(f"{DBFS}/"):
        parts = parts[1:]
    if not point.startswith(("/", SCHEME)) or not parts or not all(parts) or {".", ".."} & set(parts):
        raise InvalidParameter(f"Invalid mount point {point}: an absolute path such as /mnt/client-data.")
    plain = "/" + "/".join(parts)
    if plain.startswith(f"{VOLUMES}/") and len(parts) != VOLUME_PARTS + 1:
        raise InvalidParameter(f"Invalid Volume {point}: {VOLUMES}/catalog/schema/name is its form.")
    return plain


@dataclass
class _Mounted:
    point: str
    source: Source
    configs: Mapping[str, str] = field(repr=False)
    access: Access | None = field(default=None, repr=False)
    mirror: Mirror | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    fetched: float = float("-inf")
    is_closed: bool = False


class Mounts:
    """Every mount of a workspace.

    Args:
        workspace_id: the id of the workspace.
        storage: stores the mounts; their credentials are encrypted.
        trees: the file trees in which the folders of the mounts are.
        scratch: a folder for files that are not whole yet.
        environment: the variables with endpoints and credentials.
    """

    def __init__(
        self,
        workspace_id: str,
        storage: Storage,
        trees: Trees,
        scratch: Path,
        environment: Mapping[str, str],
    ) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._trees = trees
        self._scratch = scratch
        self._environment = environment
        self._lock = threading.RLock()
        self._mounted: dict[str, _Mounted] = {}
        for point, document in storage.all(workspace_id, MOUNT):
            configs = json.loads(storage.cipher.decrypt(document["configs"]))
            self._mounted[point] = _Mounted(point, parse_source(document["source"])[0], configs)

    # -- the table ---------------------------------------------------------------------------------

    def mount(self, point: str, text: str, configs: Mapping[str, str]) -> None:
        """Mount a source, and fetch its objects.

        Raises:
            AlreadyExists: the mount point is in use.
            ApiError: the source is malformed, not there, refuses the credentials, or does not answer.
        """
        plain = plain_point(point)
        source, of_url = parse_source(text)
        with self._lock:
            self._check_free(plain)
            mounted = self._add(plain, source, {**of_url, **configs})
        try:
            self._fetch(mounted, time.monotonic())
        except ApiError:
            self._forget(mounted)
            raise
        self._store(mounted)

    def declare(self, point: str, text: str) -> None:
        """Mount a source of a start option, without asking it; a mount of an earlier server is replaced."""
        plain = plain_point(point)
        source, configs = parse_source(text)
        known = self._mounted.get(plain)
        if known is not None and known.source.shown != source.shown:
            self._forget(known)
        with self._lock:
            if plain in self._mounted:
                self._mounted[plain].configs = configs
            else:
                self._check_free(plain)
                self._add(plain, source, configs)
        self._store(self._mounted[plain])

    def unmount(self, point: str) -> None:
        """Upload what programs have written, then remove the mount and its folder.

        Raises:
            DoesNotExist: nothing is mounted there.
            ApiError: what programs have written cannot be uploaded; the mount stays.
        """
        mounted = self._mounted.get(plain_point(point))
        if mounted is None:
            raise DoesNotExist(f"Directory not mounted: {plain_point(point)}")
        self._upload(mounted)
        self._forget(mounted)

    def table(self) -> list[tuple[str, str]]:
        """Return each mount point and its source, without credentials."""
        with self._lock:
            return sorted((each.point, each.source.shown) for each in self._mounted.values())

    def secrets(self) -> tuple[str, ...]:
        """Return the credentials of all mounts, which no output may show."""
        found: list[str] = []
        for mounted in self._all():
            try:
                found.extend(self._access(mounted).secrets())
            except ApiError:  # it has none that can be used
                continue
        return tuple(found)

    # -- the content -------------------------------------------------------------------------------

    def fetch(self) -> list[str]:
        """Make every folder as its storage is now; return a sentence for each that could not be fetched."""
        return self._each(lambda mounted: self._fetch(mounted, time.monotonic()))

    def upload(self) -> list[str]:
        """Upload what programs have written; return a sentence for each mount that refuses it."""
        return self._each(self._upload)

    def before_reading(self, path: str) -> None:
        """Fetch the mounts that a REST call reads, where their folders are older than a second.

        Raises:
            ApiError: the storage of that path does not answer, or refuses.
        """
        for mounted in self._of(path, is_below=False):
            self._fetch(mounted, time.monotonic() - REST_SECONDS)

    def before_starting(self, path: str) -> None:
        """Fetch the mount that a program is in.

        Raises:
            ApiError: as in ``before_reading``.
        """
        for mounted in self._of(path.removeprefix(DBFS), is_below=False):
            self._fetch(mounted, time.monotonic())

    def after_writing(self, *paths: str) -> None:
        """Upload what a REST call has written.

        Raises:
            ApiError: the storage does not answer, or refuses.
        """
        for mounted in {id(each): each for path in paths for each in self._of(path)}.values():
            self._upload(mounted)

    def close(self) -> None:
        """Leave every storage as it is from now on."""
        for mounted in self._all():
            with mounted.lock:
                mounted.is_closed = True

    # -- one mount ---------------------------------------------------------------------------------

    def _all(self) -> list[_Mounted]:
        with self._lock:
            return list(self._mounted.values())

    def _of(self, path: str, *, is_below: bool = True) -> list[_Mounted]:
        """Return the mount that a path is in; with ``is_below`` also the mounts below the path."""
        if not self._mounted:
            return []
        plain = posixpath.normpath("/" + path.removeprefix(SCHEME).lstrip("/")).rstrip("/") + "/"
        return [
            mounted
            for mounted in self._all()
            if plain.startswith(mounted.point + "/") or (is_below and f"{mounted.point}/".startswith(plain))
        ]

    def _each(self, action: Callable[[_Mounted], None]) -> list[str]:
        sentences = []
        for mounted in self._all():
            try:
                action(mounted)
            except ApiError as error:
                LOGGER.warning("The mount %s: %s", mounted.point, error.message)
                sentences.append(f"The mount {mounted.point}: {error.message}")
        return sentences

    def _fetch(self, mounted: _Mounted, wanted: float) -> None:
        """Fetch a mount, unless another thread has done so after the moment ``wanted``."""
        with mounted.lock:
            if mounted.is_closed or mounted.fetched >= wanted:
                return
            began = time.monotonic()
            mirror = self._mirror(mounted)
            try:
                has_changed = mirror.fetch()
            except BaseException:
                self._save_copies(mounted, mirror)
                raise
            mounted.fetched = began
            if has_changed:
                self._save_copies(mounted, mirror)

    def _upload(self, mounted: _Mounted) -> None:
        with mounted.lock:
            if mounted.is_closed:
                return
            mirror = self._mirror(mounted)
            try:
                mirror.upload()
            finally:
                self._save_copies(mounted, mirror)

    def _mirror(self, mounted: _Mounted) -> Mirror:
        if mounted.mirror is None:
            stored = self._storage.get(self._workspace_id, COPIES, mounted.point) or {}
            copies = {name: Copy(*values) for name, values in stored.items()}
            store = ObjectStore(mounted.source, self._access(mounted))
            mounted.mirror = Mirror(self._folder(mounted.point), store, self._scratch, copies)
        return mounted.mirror

    def _access(self, mounted: _Mounted) -> Access:
        if mounted.access is None:
            mounted.access = access_of(mounted.source, mounted.configs, self._environment)
        return mounted.access

    def _folder(self, point: str) -> Path:
        if point.startswith(f"{VOLUMES}/"):
            return self._trees.volumes.locate(point[len(VOLUMES) :])
        return self._trees.dbfs.locate(point)

    def _check_free(self, point: str) -> None:
        for other in self._mounted:
            if point == other:
                raise AlreadyExists(f"Directory already mounted: {point}")
            if f"{point}/".startswith(f"{other}/") or f"{other}/".startswith(f"{point}/"):
                raise AlreadyExists(f"Cannot mount at {point}: {other} is mounted, and mounts cannot nest.")
        folder = self._folder(point)
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise AlreadyExists(f"Cannot mount at {point}: there are files already.")

    def _add(self, point: str, source: Source, configs: Mapping[str, str]) -> _Mounted:
        mounted = _Mounted(point, source, configs)
        self._access(mounted)
        self._mounted[point] = mounted
        self._folder(point).mkdir(parents=True, exist_ok=True)
        return mounted

    def _forget(self, mounted: _Mounted) -> None:
        with self._lock:
            self._mounted.pop(mounted.point, None)
        with mounted.lock:
            mounted.is_closed = True
            for kind in (MOUNT, COPIES):
                self._storage.delete(self._workspace_id, kind, mounted.point)
            shutil.rmtree(self._folder(mounted.point), ignore_errors=True)

    def _store(self, mounted: _Mounted) -> None:
        configs = self._storage.cipher.encrypt(json.dumps(dict(mounted.configs)).encode())
        document = {"source": mounted.source.shown, "configs": configs}
        self._storage.put(self._workspace_id, MOUNT, mounted.point, document)

    def _save_copies(self, mounted: _Mounted, mirror: Mirror) -> None:
        self._storage.put(self._workspace_id, COPIES, mounted.point, mirror.copies)
