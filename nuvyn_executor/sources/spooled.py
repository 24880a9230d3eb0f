"""Objects of a store as local copies, where Spark has no way to the store.

Polars reads objects by ranges, in the tasks. Everything else needs a path of this machine: a dataset's
objects are copied into a temporary folder when they are first needed, by ranges and several at a time. Who
asked for copies releases them when they were read. What has not changed since the last run is not copied, and
what is copied is not fetched a second time.
"""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple, Union

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import FileEntry, Listing
from nuvyn_executor.sources.locations import spark_url
from nuvyn_executor.sources.spool_folder import SpoolPlace

if TYPE_CHECKING:
    from nuvyn_executor.sources.base import Storage
    from nuvyn_executor.sources.object_source import Objects, ObjectStoreSource
    from nuvyn_executor.sources.spool_folder import SpoolFolder

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 8 * 1024 * 1024  # of one request
_AT_ONCE = 8  # objects


@dataclass(frozen=True)
class CopiedStorage:
    """Reads copies where they are, and other objects from their store; plain data, which travels to tasks.

    Attributes:
        objects: the store.
        folder: where the copies are. Copies are made where Spark runs on this machine, so tasks see them.
    """

    objects: Objects
    folder: str

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``.

        Raises:
            DatasetUnreadable: the object has vanished or changed, may not be read, or the store failed.
        """
        try:
            with _copy_in(self.folder, self.objects.address.key_of(path)).open("rb") as stream:
                stream.seek(offset)
                return stream.read(length)
        except FileNotFoundError:
            return self.objects.read(path, offset, length, etag)


class SpooledSource:
    """A source of objects whose files become local copies when Spark is to read them.

    Args:
        source: the objects.
        on_databricks: how Spark wants paths spelled.
        spark_reads: whether Spark reads the store by itself; then only workbooks are copied.
        place: where the copies go.
    """

    def __init__(
        self,
        source: ObjectStoreSource[Any],
        *,
        on_databricks: bool,
        spark_reads: bool = False,
        place: Optional[SpoolPlace] = None,
    ) -> None:
        self._source = source
        self._spark_reads = spark_reads
        self._on_databricks = on_databricks
        self._place = place or SpoolPlace()
        self._folder: Optional[SpoolFolder] = None
        self._entries: Dict[str, FileEntry] = {}
        self._delta_folders: Tuple[str, ...] = ()
        self._lock = threading.Lock()

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked."""
        return self._source.location

    def fetched_by(self, *, spark: bool) -> str:
        """Return how the objects of the dataset that is being read were fetched, for ``tables.details``.

        Args:
            spark: Spark counted them, and not Polars.
        """
        with self._lock:
            if self._folder is not None:
                return "copies"
        return "spark" if spark else "ranges"

    @property
    def storage(self) -> Storage:
        """What reads the objects by ranges, also in tasks; of those that are copied, the copies."""
        with self._lock:
            objects = self._source.storage
            return objects if self._folder is None else CopiedStorage(objects, str(self._folder.path))

    @property
    def allows_scans_at_once(self) -> bool:
        """No: the end of a scan removes all copies."""
        return False

    def survey(self, limit: int) -> Listing:
        """List the visible objects; see :meth:`.ObjectStoreSource.survey`."""
        listing = self._source.survey(limit)
        self._entries = {entry.path: entry for entry in listing.files}
        self._delta_folders = tuple(f"{listing.root}/{name}".rstrip("/") for name in listing.delta_folders)
        return listing

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``."""
        return self._source.read_range(entry, offset, length)

    def local_path(self, entry: FileEntry) -> str:
        """Return the path of a copy of an object; it is made if it is not there.

        Raises:
            DatasetUnreadable: the object cannot be read, or the disk is too small for it.
        """
        self._copy([entry])
        return str(self._target(entry.path))

    def spark_paths(self, files: Sequence[FileEntry]) -> List[str]:
        """Return the paths of copies of some objects, as Spark's readers want them.

        Raises:
            DatasetUnreadable: an object cannot be read, or the disk is too small for them.
        """
        if self._spark_reads:
            return self._source.spark_paths(files)
        for entry in files[:1]:
            self._place.require_tasks(entry.name, "copied")
        self._copy(files)
        return [self._spark_url(self._target(entry.path)) for entry in files]

    def spark_path(self, path: str) -> str:
        """Return the path of the copy of an object or a folder, as Spark's readers want it.

        Of a folder that is a Delta table all objects are copied, its log too.
        """
        if self._spark_reads:
            return self._source.spark_path(path)
        if path in self._entries:
            return self.spark_paths([self._entries[path]])[0]
        self._place.require_tasks(path, "copied")
        target = self._target(path)
        if path.rstrip("/") in self._delta_folders:
            self._copy(self._below(path))
            return self._spark_url(target, literal=True)
        target.mkdir(parents=True, exist_ok=True)
        return self._spark_url(target)

    def release(self) -> None:
        """Remove all copies."""
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            folder.remove()

    def _spark_url(self, target: Path, *, literal: bool = False) -> str:
        return spark_url(str(target), on_databricks=self._on_databricks, literal=literal)

    def _target(self, path: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = self._place.make()
            return _copy_in(self._folder.path, self._source.storage.address.key_of(path))

    def _below(self, folder: str) -> List[FileEntry]:
        """Return all objects below a folder, hidden ones too."""
        address = self._source.storage.address
        found = []
        for meta in self._source.storage.list(address.key_of(folder)):
            if isinstance(meta, dict) and not str(meta["path"]).endswith("/"):
                key, etag = str(meta["path"]), str(meta.get("e_tag") or "")
                size, modified = int(meta["size"]), meta["last_modified"]
                found.append(FileEntry(address.url_of(key), key, size, modified, etag))
        return found

    def _copy(self, files: Sequence[FileEntry]) -> None:
        """Copy objects that are not here yet, several at a time; one that fails leaves nothing behind."""
        missing = [entry for entry in files if not self._target(entry.path).exists()]
        if not missing:
            return
        needed = sum(entry.size_bytes for entry in missing)
        parent = self._target(missing[0].path).parent
        parent.mkdir(parents=True, exist_ok=True)
        self._place.reserve(parent, needed, [entry.name for entry in missing])
        logger.info("⬇️ Copying %d objects, %.1f MB, of %s", len(missing), needed / 1e6, self.location)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(self._copy_one, missing):
                pass

    def _copy_one(self, entry: FileEntry) -> None:
        target = self._target(entry.path)
        part = target.with_name(f"{target.name}.part")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as stream:
                for offset in range(0, entry.size_bytes, _BLOCK_BYTES):
                    length = min(_BLOCK_BYTES, entry.size_bytes - offset)
                    stream.write(self._source.read_range(entry, offset, length))
            moment = entry.modified_at.timestamp()  # Delta takes the moments of versions from its log's files
            with suppress(OSError):  # a folder that several machines share may not let it be set
                os.utime(part, (moment, moment))
            part.rename(target)
        except OSError as error:
            raise DatasetUnreadable(
                f"{entry.name} cannot be copied to the local disk: {error.strerror or error}.",
                "Set EXECUTOR_SPOOL_DIR to a folder that this job may write to.",
            ) from error
        finally:
            part.unlink(missing_ok=True)  # of a copy that failed


def _copy_in(folder: Union[str, Path], key: str) -> Path:
    """Return the place of an object's copy in a folder.

    Raises:
        DatasetUnreadable: its name would lead out of the folder.
    """
    if key.startswith("/") or ".." in PurePosixPath(key).parts:
        raise DatasetUnreadable(f"{key} has a name that is no path below a folder.", "Rename the object.")
    return Path(folder, key)
