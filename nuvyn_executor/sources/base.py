"""The port to a data source. Its implementation: :mod:`.filesystem`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry, Listing


class DataSource(Protocol):
    """A place with files."""

    @property
    def location(self) -> str:
        """The root as the caller named it, secrets masked."""
        ...

    def survey(self, limit: int) -> Listing:
        """List the visible files, ordered by name, at most ``limit``. No file is opened.

        Raises:
            SourceNotFound: nothing lies at the path.
            SourceAccessDenied: it may not be listed.
        """
        ...

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of a file, from ``offset``.

        Raises:
            DatasetUnreadable: the file has vanished, may not be read, or the storage failed.
        """
        ...

    def spark_path(self, path: str) -> str:
        """Return the path (of a file or folder of this source) as Spark's readers want it."""
        ...
