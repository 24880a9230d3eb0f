"""Objects of S3, Azure Blob Storage and Google Cloud Storage: one library, ``obstore``, reads them all."""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Tuple

from nuvyn_executor.errors import DatasetUnreadable, EngineError, ExecutorError, SourceError, SourceNotFound
from nuvyn_executor.model import FileEntry, Listing
from nuvyn_executor.sources.glob_levels import GlobLevels, split_at_wildcard
from nuvyn_executor.sources.instance_identity import has_identity
from nuvyn_executor.sources.locations import is_hidden
from nuvyn_executor.sources.object_listing import Odd, PageRefused, Pages, is_odd, objects, refused_name
from nuvyn_executor.sources.object_survey import ObjectSurvey
from nuvyn_executor.sources.store_address import StoreAddress, StoreKind
from nuvyn_executor.sources.store_credentials import find_access
from nuvyn_executor.sources.store_failures import Failure, source_error

if TYPE_CHECKING:
    from nuvyn_executor.sources.object_listing import Found, Meta
    from nuvyn_executor.sources.store_credentials import HasIdentity, StoreAccess

logger = logging.getLogger(__name__)

_PAGE = 1000  # objects of one answer
_PROGRESS = 10_000  # objects, after which a line says how far the listing is
_LOOKS = 8  # requests at a time about empty objects
_LONGEST_REQUEST = 30.0  # seconds; a request for 8 MB takes them at 270 KB/s
_LONGEST_RETRY = 240.0  # a request keeps its signature when it is repeated, and that ages
_CONNECT = 5.0

_clients: Dict[Tuple[int, ObjectStorage], Any] = {}
_clients_lock = threading.Lock()


@dataclass(frozen=True)
class ObjectStorage:
    """A bucket or container and how it is read: plain data, which travels to tasks.

    The library's client is made when it is first needed, once in each process.

    Attributes:
        address: the whole bucket or container.
        access: what requests are signed with.
        retry_seconds: how long a request may be repeated; 0 means one attempt.
    """

    address: StoreAddress
    access: StoreAccess
    retry_seconds: float = 60.0

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``.

        Args:
            path: the object's URL.
            offset: the first byte.
            length: how many bytes.
            etag: what the listing said; another one means that the object has changed.

        Raises:
            DatasetUnreadable: the object has vanished or changed, may not be read, or the store failed.
        """
        if length <= 0:
            return b""
        options: Dict[str, Any] = {"range": (offset, offset + length)}
        if etag:  # Azure's listings have it without the quotes that a request wants
            options["if_match"] = etag if etag.endswith('"') else f'"{etag}"'
        key = self.address.key_of(path)
        try:
            return bytes(_library().get(self._client(), key, options=options).bytes())
        except ExecutorError:
            raise
        except Exception as error:  # noqa: BLE001  the library has errors of no common class
            if Failure.of(error).is_behind_end:
                return b""
            raise self._unreadable(error, key) from None

    def find(self, key: str) -> Optional[Meta]:
        """Look for one object by its key.

        Returns:
            Its facts; ``None`` where it is not there, and where it only stands for a folder.

        Raises:
            SourceError: the store did not answer, or not this question.
        """
        try:
            found = _library().get(self._client(), key, options={"head": True})
        except FileNotFoundError:
            return None
        except ExecutorError:
            raise
        except Exception as error:  # noqa: BLE001  as above
            raise source_error(error, replace(self.address, key=key), self.access) from None
        # Azure's clients write an empty blob for a folder, and mark it so.
        is_folder = str(dict(found.attributes).get("hdi_isfolder", "")).lower() == "true"
        return None if is_folder else dict(found.meta)

    def list(self, folder: str) -> Iterator[Found]:
        """List what lies below a folder: facts of objects, and :class:`Odd` for names that cannot be read.

        Raises:
            SourceNotFound: there is no such bucket or container.
            SourceAccessDenied: it may not be listed.
            SourceError: the store did not answer.
        """
        pages = Pages(self._flat, self._level, self.find, self.address.kind is not StoreKind.AZURE)
        return objects(pages, folder)

    def _flat(self, folder: str, after: str) -> Iterator[Meta]:
        deadline = time.monotonic() + self.retry_seconds
        last = after
        while True:
            try:
                pages = _library().list(self._client(), folder or None, offset=last or None, chunk_size=_PAGE)
                for page in pages:
                    for meta in page:
                        yield meta
                        last = meta["path"]
            except Exception as error:  # noqa: BLE001  as above
                failure = self._failed_page(error, folder)
                # The library repeats a request, but not one whose answer breaks off.
                is_broken = not Failure.of(error).status and "body" in str(error)
                if not is_broken or time.monotonic() > deadline:
                    raise failure from None
                time.sleep(min(1.0, self.retry_seconds / 10))
            else:
                return

    def _level(self, folder: str) -> Tuple[List[str], List[Meta]]:
        try:
            found = _library().list_with_delimiter(self._client(), folder or None)
        except Exception as error:  # noqa: BLE001  as above
            raise self._failed_page(error, folder) from None
        return list(found["common_prefixes"]), list(found["objects"])

    def _failed_page(self, error: Exception, folder: str) -> Exception:
        if isinstance(error, ExecutorError):
            return error
        if type(error).__name__ == "InvalidPathError":
            name = refused_name(str(error))
            if name is not None:
                return PageRefused(name)
        return source_error(error, replace(self.address, key=folder), self.access, "listed")

    def _unreadable(self, error: Exception, key: str) -> DatasetUnreadable:
        name = key.rpartition("/")[2]
        if Failure.of(error).is_changed:
            return DatasetUnreadable(
                f"{name} has changed since it was listed.", "Run the job again when the folder is at rest."
            )
        if isinstance(error, FileNotFoundError) and self.access.origin:
            return DatasetUnreadable(
                f"{name} has vanished since it was listed.", "Run the job again when the folder is at rest."
            )
        found = source_error(error, replace(self.address, key=key), self.access)
        return DatasetUnreadable(found.message, found.remedy)

    def _client(self) -> Any:
        place = (os.getpid(), self)
        with _clients_lock:
            if place not in _clients:
                _clients[place] = _build(self)
            return _clients[place]


def storage_at(
    address: StoreAddress,
    settings: Mapping[str, str],
    retry_seconds: float = 60.0,
    identity: HasIdentity = has_identity,
) -> ObjectStorage:
    """Return the storage that holds an address, with what the environment has to sign requests with.

    Args:
        address: of whatever in it.
        settings: environment variables by name, secrets from the secret scope among them.
        retry_seconds: how long a request may be repeated.
        identity: whether the machine has an identity of its own in a cloud.

    Raises:
        ConfigError: a variable is malformed, or half of a credential is missing.
    """
    access = find_access(address, settings, identity)
    return ObjectStorage(replace(address.whole, account=access.account), access, retry_seconds)


class ObjectStoreSource:
    """An object, all objects below a folder, or those that a glob matches (``*``, ``?``, ``[..]``, ``**``).

    Args:
        storage: the bucket or container.
        key: what is asked for in it: an object, a folder or a pattern; ``""`` for everything.
        location: the path as the caller named it, secrets masked.
    """

    def __init__(self, storage: ObjectStorage, key: str, location: str) -> None:
        self._storage = storage
        self._key = key
        self._location = location
        self._delta_keys: Tuple[str, ...] = ()

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked."""
        return self._location

    @property
    def storage(self) -> ObjectStorage:
        """What reads the objects, also in tasks."""
        return self._storage

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


def _library() -> Any:
    try:
        import obstore  # noqa: PLC0415  an extra
    except ImportError as error:
        raise EngineError(
            "Reading an object store needs the package obstore, and Python 3.9 or later.",
            "Install it: pip install 'nuvyn-executor-script[cloud]'; or mount the store (/dbfs/mnt/...).",
        ) from error
    return obstore


def _build(storage: ObjectStorage) -> Any:
    """Make the library's client; fixed credentials are handed over so that no variable overrides them."""
    _library()
    from obstore import store  # noqa: PLC0415  an extra

    classes = {StoreKind.S3: store.S3Store, StoreKind.AZURE: store.AzureStore, StoreKind.GCS: store.GCSStore}
    access = storage.access
    retry = min(storage.retry_seconds, _LONGEST_RETRY)
    longest = min(_LONGEST_REQUEST, max(1.0, retry / 2)) if retry else _LONGEST_REQUEST
    more: Dict[str, Any] = {}
    if access.credential:
        credential = dict(access.credential)
        more["credential_provider"] = lambda: credential
    try:
        return classes[storage.address.kind](
            storage.address.container,
            config=dict(access.options),
            client_options={
                "allow_http": access.endpoint.startswith("http:"),
                "connect_timeout": timedelta(seconds=min(_CONNECT, longest)),
                "timeout": timedelta(seconds=longest),
            },
            retry_config={
                "max_retries": 1000 if retry else 0,
                "retry_timeout": timedelta(seconds=retry),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=max(0.1, min(10.0, retry / 6))),
                    "base": 2,
                },
            },
            **more,
        )
    except Exception as error:  # noqa: BLE001  the library has errors of no common class
        raise SourceError(
            f"{storage.address.root} cannot be read: its settings are not what the library obstore takes "
            f"({type(error).__name__}).",
            f"Check {access.origin or 'the path'}.",
        ) from None
