"""Reads and lists S3, Azure Blob Storage and Google Cloud Storage: the only user of ``obstore``."""

from __future__ import annotations

import os
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple

from nuvyn_executor.errors import DatasetUnreadable, EngineError, ExecutorError, SourceError, is_panic
from nuvyn_executor.sources.instance_identity import has_identity
from nuvyn_executor.sources.object_listing import PageRefused, Pages, objects, refused_name
from nuvyn_executor.sources.store_address import StoreAddress, StoreKind
from nuvyn_executor.sources.store_credentials import find_access
from nuvyn_executor.sources.store_failures import Failure, refused_request, source_error

if TYPE_CHECKING:
    from nuvyn_executor.sources.object_listing import Found, Meta
    from nuvyn_executor.sources.store_credentials import HasIdentity, StoreAccess

_PAGE = 1000  # objects of one answer
_LONGEST_REQUEST = 30.0  # seconds; a request for 8 MB takes them at 270 KB/s
_LONGEST_RETRY = 240.0  # a request keeps its signature when it is repeated, and that ages
_CONNECT = 5.0
_LISTS_ALL_NAMES = (0, 11)
_ENCODED = re.compile(r'[\\{}^%`"<>\[\]~#|*?]')

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
        clock: seconds that only grow, for that time.
        sleep: waits some seconds between attempts.
    """

    address: StoreAddress
    access: StoreAccess
    retry_seconds: float = 60.0
    clock: Callable[[], float] = field(default=time.monotonic, compare=False, repr=False)
    sleep: Callable[[float], None] = field(default=time.sleep, compare=False, repr=False)

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
        deadline = self.clock() + self.retry_seconds
        while True:
            try:
                with _without_panics(self.address):
                    return bytes(_library().get(self._client(), key, options=options).bytes())
            except ExecutorError:
                raise
            except Exception as error:  # noqa: BLE001  the library has errors of no common class
                failure = Failure.of(error)
                if failure.is_behind_end:
                    return b""
                if not failure.is_broken or self.clock() > deadline:
                    raise self._unreadable(error, key) from None
            self.sleep(self._pause)

    def find(self, key: str) -> Optional[Meta]:
        """Look for one object by its key.

        Returns:
            Its facts; ``None`` where it is not there, and where it only stands for a folder.

        Raises:
            SourceError: the store did not answer, or not this question.
        """
        try:
            with _without_panics(self.address):
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
        deadline = self.clock() + self.retry_seconds
        prefix = _listable(folder)
        last = after
        while True:
            try:
                client = self._client()
                with _without_panics(self.address):
                    pages = iter(
                        _library().list(client, prefix or None, offset=last or None, chunk_size=_PAGE)
                    )
                while True:
                    with _without_panics(self.address):
                        page = next(pages, None)
                    if page is None:
                        return
                    for meta in page:
                        if prefix == folder or meta["path"].startswith(folder + "/"):
                            yield meta
                        last = meta["path"]
            except Exception as error:  # noqa: BLE001  as above
                failure = self._failed_page(error, folder)
                if not Failure.of(error).is_broken or self.clock() > deadline:
                    raise failure from None
                self.sleep(self._pause)

    def _level(self, folder: str) -> Tuple[List[str], List[Meta]]:
        if _listable(folder) != folder:
            raise PageRefused(folder)
        try:
            with _without_panics(self.address):
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

    @property
    def _pause(self) -> float:
        """Seconds until an answer that broke off is asked for again."""
        return min(1.0, self.retry_seconds / 10)

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
        address: of the bucket or container, or of something in it.
        settings: environment variables by name, secrets from the secret scope among them.
        retry_seconds: how long a request may be repeated.
        identity: whether the machine has an identity of its own in a cloud.

    Raises:
        ConfigError: a variable is malformed, or half of a credential is missing.
    """
    access = find_access(address, settings, identity)
    return ObjectStorage(replace(address.whole, account=access.account), access, retry_seconds)


@contextmanager
def _without_panics(address: StoreAddress) -> Iterator[None]:
    """Raise an error where the library panics, which is no ``Exception`` and would end the program."""
    try:
        yield
    except Exception:
        raise
    except BaseException as error:
        if not is_panic(error):
            raise
        raise refused_request(address) from None


def _library() -> Any:
    try:
        import obstore  # noqa: PLC0415  an extra
    except ImportError as error:
        raise EngineError(
            "Reading an object store needs the package obstore, and Python 3.9 or later.",
            "Install it: pip install 'nuvyn-executor-script[cloud]'; or mount the store (/dbfs/mnt/...).",
        ) from error
    return obstore


def _listable(folder: str) -> str:
    """Return the folder, or one above it, that the library can list.

    Its releases before 0.11, the last ones for Python 3.9, list nothing below a name with such a character.
    """
    version = tuple(int(part) for part in re.findall(r"\d+", str(_library().__version__))[:2])
    if version >= _LISTS_ALL_NAMES:
        return folder
    found = _ENCODED.search(folder)
    return folder if found is None else folder[: found.start()].rpartition("/")[0]


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
