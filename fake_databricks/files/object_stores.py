"""Lists, fetches, writes and deletes the objects below a path: the only user of ``obstore``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fake_databricks.errors import (
    ApiError,
    DoesNotExist,
    InvalidParameter,
    PermissionDenied,
    TemporarilyUnavailable,
)
from fake_databricks.files.mount_sources import S3, WANTED, Access, Source
from fake_databricks.full_disk import is_full

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 8 * 1024 * 1024
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w+)</Code>")
_RETRIES = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}
_CONNECT, _LONGEST_REQUEST = timedelta(seconds=5), timedelta(seconds=120)


@dataclass(frozen=True)
class StoredObject:
    """An object: the mark of its content (ETag), size in bytes, time of change."""

    mark: str
    size: int
    modified: datetime


class ObjectStore:
    """The objects below a source; their names are relative to it.

    Args:
        source: the bucket or container, and the path in it.
        access: how it is asked.

    Raises:
        InvalidParameter: the package obstore is not installed, or its settings make no sense to it.
    """

    def __init__(self, source: Source, access: Access) -> None:
        self._source = source
        # Without credentials that the URL may have.
        scheme, mark, place = access.endpoint.partition("://")
        self._where = f" at {scheme}{mark}{place.rpartition('@')[2]}" if access.endpoint else ""
        try:
            import obstore  # noqa: PLC0415  an extra
            from obstore.store import AzureStore, S3Store  # noqa: PLC0415  as above
        except ImportError:
            raise InvalidParameter(
                "Mounting storage needs the package obstore: pip install 'fake-databricks[mounts]'."
            ) from None
        self._library = obstore
        config: dict[str, Any] = {**access.options, **access.principal}
        more: dict[str, Any] = {}
        if access.credential:
            # Handed over by a function, so that no variable of this process takes their place.
            more["credential_provider"] = lambda: dict(access.credential)
        elif not access.principal:
            config["skip_signature"] = True
        if source.prefix:
            more["prefix"] = source.prefix
        try:
            self._store = (S3Store if source.kind == S3 else AzureStore)(
                source.container,
                config=config,
                client_options={
                    "allow_http": access.endpoint.startswith("http:"),
                    "connect_timeout": _CONNECT,
                    "timeout": _LONGEST_REQUEST,
                },
                retry_config=_RETRIES,
                **more,
            )
        except Exception as error:  # noqa: BLE001  the library's errors have no common class
            raise self._sentence(error) from None

    def check(self) -> None:
        """Ask for the first objects.

        Raises:
            ApiError: the source is not there, refuses the credentials, or does not answer.
        """
        self._list(only_first=True)

    def objects(self) -> dict[str, StoredObject]:
        """Return every object by its name; objects that stand for folders are left out.

        Raises:
            ApiError: as in ``check``.
        """
        found = self._list(only_first=False)
        folders = {name[:end] for name in found for end in _slashes(name)}
        return {name: item for name, item in found.items() if name not in folders}

    def _list(self, *, only_first: bool) -> dict[str, StoredObject]:
        found: dict[str, StoredObject] = {}
        try:
            for page in self._library.list(self._store, chunk_size=1000):
                for item in page:
                    mark = (item["e_tag"] or item["last_modified"].isoformat()).strip('"')
                    found[item["path"]] = StoredObject(mark, item["size"], item["last_modified"])
                if only_first:
                    break
        except Exception as error:  # noqa: BLE001  the library's errors have no common class
            raise self._sentence(error) from None
        return found

    def fetch(self, name: str, target: Path) -> None:
        """Write an object's content to a file of this machine, a piece at a time.

        Raises:
            ApiError: it cannot be read.
        """
        try:
            pieces = self._library.get(self._store, name).stream(min_chunk_size=CHUNK)
            with target.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
        except Exception as error:
            if is_full(error):
                raise
            raise self._sentence(error, name) from None

    def put(self, name: str, file: Path) -> str:
        """Write a file of this machine as an object; return the mark of its content.

        Raises:
            ApiError: it cannot be written.
        """
        try:
            is_long = file.stat().st_size > CHUNK
            result = self._library.put(self._store, name, file, use_multipart=is_long)
        except Exception as error:  # noqa: BLE001  the library's errors have no common class
            raise self._sentence(error, name) from None
        return str(result["e_tag"] or "").strip('"')

    def delete(self, name: str) -> None:
        """Delete an object; it need not exist.

        Raises:
            ApiError: it cannot be deleted.
        """
        try:
            self._library.delete(self._store, name)
        except FileNotFoundError:
            return
        except Exception as error:  # noqa: BLE001  the library's errors have no common class
            raise self._sentence(error, name) from None

    def _sentence(self, error: Exception, name: str = "") -> ApiError:
        """Return an error of the library as one of Databricks; the library's own text may have a secret."""
        text = str(error)
        status, code = _STATUS.search(text), _CODE.search(text)
        what = f"{self._source.shown}/{name}" if name else self._source.shown
        said = f" ({code[1]})" if code else ""
        kind = type(error).__name__
        if kind == "InvalidPathError":
            return InvalidParameter(f"{what} has an object whose name cannot be the name of a file.")
        if (status and status[1] in {"401", "403"}) or kind in {
            "UnauthenticatedError",
            "PermissionDeniedError",
        }:
            return PermissionDenied(
                f"{what}{self._where} refuses these credentials{said}: check {WANTED[self._source.kind]}."
            )
        if (status and status[1] == "404") or isinstance(error, FileNotFoundError):
            holder = "bucket" if self._source.kind == S3 else "container"
            missing = f"The object {what}" if name else f"The {holder} {self._source.container} of {what}"
            return DoesNotExist(f"{missing} does not exist{self._where}{said}.")
        if status:
            return TemporarilyUnavailable(f"{what}{self._where} answers with status {status[1]}{said}.")
        return TemporarilyUnavailable(f"{what}{self._where} cannot be reached ({kind}).")


def _slashes(name: str) -> list[int]:
    return [position for position, letter in enumerate(name) if letter == "/"]
