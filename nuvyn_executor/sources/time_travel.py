"""A Delta table in an earlier version: paths ending with ``@v3``, ``@20260101`` or ``@20260101123000000``."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple, Union

from nuvyn_executor.errors import SourceError
from nuvyn_executor.sources.locations import python_path, scheme_of

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry, Listing
    from nuvyn_executor.sources.base import DataSource, OnlySpark, Storage

_AS_OF = re.compile(r"(?P<path>.*[^/@])/?@(?P<as_of>v\d{1,18}|\d{8}|\d{17})/?", re.DOTALL)
_FILES = ("", "dbfs", "file")


def split_as_of(path: str) -> Tuple[str, str]:
    """Split a path into that of a table and the version that is meant: ``v3``, or the digits of a moment.

    A path that exists as it is written names no version, whatever its end.

    Returns:
        The path and ``""`` where no version is meant.
    """
    found = _AS_OF.fullmatch(path)
    is_authority = "://" in path and "/" not in path.split("://", 1)[1]  # abfss://container@account
    if found is None or is_authority or (scheme_of(path) in _FILES and os.path.lexists(python_path(path))):
        return path, ""
    return found.group("path"), found.group("as_of")


class VersionSource:
    """One version of the Delta table of another source.

    Args:
        source: the folder of the table.
        location: the path as the caller named it, with the version.
        as_of: the version, as :func:`split_as_of` returns it.
    """

    def __init__(self, source: DataSource, location: str, as_of: str) -> None:
        self._source = source
        self._location = location
        self._as_of = as_of

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked."""
        return self._location

    @property
    def storage(self) -> Union[Storage, OnlySpark, None]:
        """What reads the files by ranges."""
        return self._source.storage

    @property
    def allows_scans_at_once(self) -> bool:
        """What the folder's source allows."""
        return self._source.allows_scans_at_once

    def survey(self, limit: int) -> Listing:
        """List the files of the table, of all its versions.

        Raises:
            SourceError: it is no Delta table; and what the source of the folder raises.
        """
        listing = self._source.survey(limit)
        if "" not in listing.delta_folders:
            raise SourceError(
                f"{self._source.location} is no Delta table, so it has no version @{self._as_of}.",
                "Name the folder that holds _delta_log, or leave the version out.",
            )
        return replace(listing, as_of=self._as_of)

    def fetched_by(self, *, spark: bool) -> Optional[str]:
        """Return how objects of a store were fetched; ``None`` where all machines see them as files."""
        return self._source.fetched_by(spark=spark)

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of a file, from ``offset``."""
        return self._source.read_range(entry, offset, length)

    def spark_path(self, path: str) -> str:
        """Return the path as Spark's readers want it."""
        return self._source.spark_path(path)

    def spark_paths(self, files: Sequence[FileEntry]) -> List[str]:
        """Return the paths of some files as Spark's readers want them."""
        return self._source.spark_paths(files)

    def local_path(self, entry: FileEntry) -> str:
        """Return the path of a file as Python's ``open`` takes it."""
        return self._source.local_path(entry)

    def release(self) -> None:
        """Remove the copies that were made of files."""
        self._source.release()
