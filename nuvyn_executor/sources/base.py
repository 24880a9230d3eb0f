"""The ports to a data source: files (:mod:`.filesystem`, :mod:`.spooled`), and tables (:mod:`.database`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, List, Optional, Protocol, Sequence, Union, runtime_checkable

if TYPE_CHECKING:
    from nuvyn_executor.errors import ExecutorError
    from nuvyn_executor.model import Dataset, Discovery, FileEntry, Listing


class Storage(Protocol):
    """What reads ranges of files that the machine does not see as files; it pickles, so tasks have it too."""

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        """Read up to ``length`` bytes of a file, from ``offset``; fewer only at the file's end.

        Args:
            path: of a :class:`~nuvyn_executor.model.FileEntry`.
            offset: the first byte.
            length: how many bytes.
            etag: of the entry; another one means that the file has changed.

        Raises:
            DatasetUnreadable: the file has vanished or changed, may not be read, or the storage failed.
        """
        ...


@dataclass(frozen=True)
class OnlySpark:
    """Stands for a storage that Python in Spark's tasks cannot read: Spark's own readers have to.

    Attributes:
        reason: why, as a clause.
    """

    reason: str


class DataSource(Protocol):
    """A place with files."""

    @property
    def location(self) -> str:
        """The root as the caller named it, secrets masked."""
        ...

    def survey(self, limit: int) -> Listing:
        """List the visible files, ordered by name, at most ``limit``. No file is opened, but archives are.

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

    @property
    def storage(self) -> Union[Storage, OnlySpark, None]:
        """What reads ranges of the files, also in tasks; ``None`` where all machines see them as files."""
        ...

    @property
    def allows_scans_at_once(self) -> bool:
        """Whether datasets may be scanned at the same time: not where each scan removes all copies."""
        ...

    def spark_path(self, path: str) -> str:
        """Return the path (of a file or folder of this source) as Spark's readers want it."""
        ...

    def spark_paths(self, files: Sequence[FileEntry]) -> List[str]:
        """Return the paths of some files as Spark's readers want them.

        Raises:
            DatasetUnreadable: one of them cannot be brought to where Spark reads it.
        """
        ...

    def local_path(self, entry: FileEntry) -> str:
        """Return the path of a file, or of a copy of it, as Python's ``open`` takes it.

        Raises:
            DatasetUnreadable: it cannot be copied.
        """
        ...

    def fetched_by(self, *, spark: bool) -> Optional[str]:
        """Return how objects of a store were fetched, as in ``tables.details``; ``None`` for other files.

        Args:
            spark: Spark counted them, and not Polars.
        """
        ...

    def release(self) -> None:
        """Remove the copies that were made of files."""
        ...


@runtime_checkable
class UnpacksFiles(Protocol):
    """A source with files that are compressed or in archives."""

    def unpacked(self, dataset: Dataset) -> Dataset:
        """Return a dataset as it is read: with copies of its packed files, and the sizes of their content.

        The copies are there until :meth:`DataSource.release`. Names of files stay as they are.

        Raises:
            DatasetUnreadable: a file is damaged, or too large for the disk, or tasks would not see its copy.
        """
        ...


@runtime_checkable
class TableSource(Protocol):
    """A database or a catalog: its tables are the datasets, and no file is listed."""

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked."""
        ...

    @property
    def allows_scans_at_once(self) -> bool:
        """Whether several tables may be read at the same time."""
        ...

    def discover_tables(self, limit: int) -> Discovery:
        """List the tables, ordered by name, at most ``limit``; each has the format ``TABLE`` and no files.

        Raises:
            SourceNotFound: there is no such table, schema or database.
            SourceAccessDenied: it may not be read.
            SourceError: the server did not answer.
        """
        ...

    def read_table(self, spark: Any, dataset: Dataset) -> Any:
        """Return a table as a Spark DataFrame with typed columns; no row is read yet."""
        ...


@runtime_checkable
class ExplainsErrors(Protocol):
    """A source whose errors mean something else than those of files."""

    def explained(self, dataset: Dataset, error: Exception) -> ExecutorError:
        """Return the error that explains what Spark raised while it read a dataset; without a secret."""
        ...


Source = Union[DataSource, TableSource]
"""What a path leads to: files, or tables."""
