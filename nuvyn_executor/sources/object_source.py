"""A source of objects in S3, Azure Blob Storage or Google Cloud Storage."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, Iterator, List, Optional, Protocol, Sequence, Tuple, TypeVar

from nuvyn_executor.errors import SourceError, SourceNotFound
from nuvyn_executor.model import FileEntry, Listing
from nuvyn_executor.sources.glob_levels import GlobLevels, split_at_wildcard
from nuvyn_executor.sources.locations import is_hidden
from nuvyn_executor.sources.object_listing import Odd, is_odd
from nuvyn_executor.sources.object_survey import ObjectSurvey

if TYPE_CHECKING:
    from nuvyn_executor.sources.object_listing import Found, Meta
    from nuvyn_executor.sources.store_address import StoreAddress

logger = logging.getLogger(__name__)

_PROGRESS = 10_000  # objects, after which a line says how far the listing is
_LOOKS = 8  # requests at a time about empty objects


class Objects(Protocol):
    """A bucket or container: :class:`.ObjectStorage`, :class:`.ClusterStorage`."""

    @property
    def address(self) -> StoreAddress:
        """The whole bucket or container."""
        ...

    def find(self, key: str) -> Optional[Meta]:
        """Look for one object; ``None`` where it is not there, and where it only stands for a folder."""
        ...

    def list(self, folder: str) -> Iterator[Found]:
        """List what lies below a folder."""
        ...

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        """Read a range of an object."""
        ...


_Storage = TypeVar("_Storage", bound=Objects)


class ObjectStoreSource(Generic[_Storage]):
    """An object, all objects below a folder, or those that a glob matches (``*``, ``?``, ``[..]``, ``**``).

    Args:
        storage: the bucket or container.
        key: what is asked for in it: an object, a folder or a pattern; ``""`` for everything.
        location: the path as the caller named it, secrets masked.
    """

    def __init__(self, storage: _Storage, key: str, location: str) -> None:
        self._storage = storage
        self._key = key
        self._location = location
        self._delta_keys: Tuple[str, ...] = ()

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked."""
        return self._location

    @property
    def storage(self) -> _Storage:
        """What lists and reads the objects."""
        return self._storage

    @property
    def allows_scans_at_once(self) -> bool:
        """Yes: no copies are made."""
        return True

    def survey(self, limit: int) -> Listing:
        """List visible objects by name, and say which folders are Delta tables; nothing is opened.

        Args:
            limit: how many files at most; the first by name.

        Raises:
            SourceNotFound: nothing lies at the path, or nothing matches the glob.
            SourceAccessDenied: it may not be listed.
            SourceError: the store failed.
        """
        folder = self._key[:-1] if self._key.endswith("/") else self._key
        if folder and is_odd(folder):
            raise SourceError(
                f"{self._location} has a level that is empty, '.' or '..': such names are not read.",
                "Rename the objects, or name the folder above.",
            )
        single = self._single() if folder == self._key and folder else None
        if single is not None:
            return single
        base, patterns = split_at_wildcard(folder)
        found = self._walk(folder, (), limit)
        if found is None and patterns:
            found = self._walk(base, patterns, limit)
        if found is None:
            raise self._nothing(patterns)
        self._delta_keys = tuple(
            f"{found.root}/{name}".rstrip("/")[len(self._storage.address.root) :]
            for name in found.delta_folders
        )
        return found

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``.

        Raises:
            DatasetUnreadable: it has vanished or changed, may not be read, or the store failed.
        """
        return self._storage.read(entry.path, offset, length, entry.etag)

    def spark_path(self, path: str) -> str:
        """Return the path of an object or folder as Spark's readers want it.

        Characters that Hadoop takes for a glob are escaped, but not for a Delta table, whose reader expands
        no globs.
        """
        address = self._storage.address
        key = address.key_of(path)
        return address.spark_url_of(key, literal=key in self._delta_keys)

    def spark_paths(self, files: Sequence[FileEntry]) -> List[str]:
        """Return the paths of some objects as Spark's readers want them."""
        return [self.spark_path(entry.path) for entry in files]

    def _single(self) -> Optional[Listing]:
        """Return the object of exactly this name, unless it stands for a folder."""
        try:
            meta = self._storage.find(self._key)
        except SourceError:
            return None  # where listing is not allowed either, that is the error to show
        if meta is None or (not meta["size"] and self._has_children()):
            return None
        folder, _, name = self._key.rpartition("/")
        if is_hidden(name):
            raise SourceError(
                f"{self._location} is hidden ('.' or '_' first): Spark does not read it.",
                "Rename the object.",
            )
        address = self._storage.address
        etag = str(meta.get("e_tag") or "")
        entry = FileEntry(address.url_of(self._key), name, int(meta["size"]), meta["last_modified"], etag)
        return Listing(address.url_of(folder).rstrip("/"), (entry,), is_single_file=True)

    def _has_children(self) -> bool:
        return any(
            isinstance(found, Odd) or found["path"] != self._key for found in self._storage.list(self._key)
        )

    def _walk(self, folder: str, patterns: Tuple[str, ...], limit: int) -> Optional[Listing]:
        root = self._storage.address.url_of(folder).rstrip("/")
        survey = ObjectSurvey(root, folder, GlobLevels(patterns), limit)
        for number, found in enumerate(self._storage.list(folder), 1):
            if isinstance(found, Odd):
                survey.add_odd(found)
            else:
                survey.add(found)
            if number % _PROGRESS == 0:
                logger.info("📁 Listed %s objects of %s so far", f"{number:,}", self._location)
            if survey.is_full:
                break
        listing = survey.listing(self._are_markers)
        return listing if survey.found_anything or not (folder or patterns) else None

    def _are_markers(self, entries: List[FileEntry]) -> Iterator[bool]:
        """Whether each of some empty objects stands for a folder: then no object has exactly its name."""
        keys = [self._storage.address.key_of(entry.path) for entry in entries]
        with ThreadPoolExecutor(_LOOKS) as pool:
            yield from pool.map(lambda key: self._storage.find(key) is None, keys)

    def _nothing(self, patterns: Tuple[str, ...]) -> SourceNotFound:
        if patterns:
            return SourceNotFound(
                f"Nothing matches {self._location}.",
                "Check the pattern; hidden files (a leading '.' or '_') are never matched.",
            )
        return SourceNotFound(
            f"Nothing lies at {self._location}.", "Check the path; names are case-sensitive."
        )
