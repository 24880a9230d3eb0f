"""Files that Python can open: local ones, ``/dbfs`` mounts, Unity Catalog volumes."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.errors import DatasetUnreadable, SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.model import FileEntry, Listing
from nuvyn_executor.sources.folder_walk import DELTA_LOG, FolderWalk, entry_of
from nuvyn_executor.sources.locations import is_hidden, python_path, spark_url, split_glob, under_root

_GRANT = "Grant read access to the user that runs this job."


class FileSystemSource:
    """A file, a folder with all below it, or a glob (``*``, ``?``, ``[..]``, ``**``).

    Args:
        root: as the caller named it: ``/dbfs/x``, ``dbfs:/x``, ``/Volumes/x``, ``file:/x``, ``file:///x``,
            ``/x`` or ``x``. ``~`` is not expanded.
        on_databricks: how Spark wants paths spelled, see :func:`~.locations.spark_url`.
        roots: folders that stand for ``/dbfs`` and ``/Volumes`` on this machine, by these names.
        follow_links: whether links are followed that lead out of the folder.
    """

    def __init__(
        self,
        root: str,
        *,
        on_databricks: bool,
        roots: Optional[Mapping[str, str]] = None,
        follow_links: bool = False,
    ) -> None:
        self._location = root
        self._on_databricks = on_databricks
        self._follow_links = follow_links
        self._roots = roots or {}
        self._path = under_root(python_path(root), self._roots)

    @property
    def location(self) -> str:
        """The root as the caller named it."""
        return self._location

    @property
    def storage(self) -> None:
        """``None``: every machine can open these files."""

    @property
    def allows_scans_at_once(self) -> bool:
        """Yes: no copies are made."""
        return True

    def survey(self, limit: int) -> Listing:
        """List visible files, the folders that are Delta tables, and what could not be listed.

        The listing of an empty folder is empty. A folder that several links lead to is listed once, by its
        first name.

        Args:
            limit: how many files at most; the first by name.

        Raises:
            SourceNotFound: nothing lies at the path, or nothing matches the glob.
            SourceAccessDenied: it may not be read.
        """
        try:
            found = Path(self._path).stat() if os.path.lexists(self._path) else None
        except (OSError, ValueError) as error:
            raise self._failure(error) from error
        if found is not None and stat.S_ISREG(found.st_mode):
            return self._survey_file(found)
        base, patterns = self._split_or_fail()
        walk = FolderWalk(base, patterns, limit, follow_links=self._follow_links)
        try:
            walk.run()
        except OSError as error:
            raise self._failure(error) from error
        if patterns and not walk.found_anything:
            raise SourceNotFound(
                f"Nothing matches {self._location}.",
                "Check the pattern; hidden files (a leading '.' or '_') are never matched.",
            )
        return walk.listing()

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of a file, from ``offset``.

        Raises:
            DatasetUnreadable: the file has vanished, may not be read, or the storage failed.
        """
        try:
            with Path(entry.path).open("rb") as stream:
                stream.seek(offset)
                return stream.read(length)
        except FileNotFoundError as error:
            raise DatasetUnreadable(
                f"{entry.name} has vanished since it was listed.",
                "Run the job again when the folder is at rest.",
            ) from error
        except PermissionError as error:
            raise DatasetUnreadable(f"{entry.name} may not be read.", _GRANT) from error
        except OSError as error:
            raise DatasetUnreadable(
                f"{entry.name} cannot be read: {error.strerror}.", "Check the storage and run the job again."
            ) from error

    def spark_path(self, path: str) -> str:
        """Return the path (of a file or folder of this source) as Spark's readers want it.

        Characters that Hadoop takes for a glob are escaped, but not in the path of a Delta table: its reader
        expands no globs, and would look for the backslash.
        """
        literal = Path(path, DELTA_LOG).is_dir()
        return spark_url(path, on_databricks=self._on_databricks, literal=literal)

    def spark_paths(self, files: Sequence[FileEntry]) -> List[str]:
        """Return the paths of some files as Spark's readers want them."""
        return [self.spark_path(entry.path) for entry in files]

    def local_path(self, entry: FileEntry) -> str:
        """Return the path of a file as Python's ``open`` takes it."""
        return entry.path

    def fetched_by(self, *, spark: bool) -> Optional[str]:
        """Return ``None``: files were read where they are."""
        del spark
        return None

    def release(self) -> None:
        """Do nothing: no file was copied."""

    def _survey_file(self, found: os.stat_result) -> Listing:
        name = Path(self._path).name
        if is_hidden(name):
            raise SourceError(
                f"{self._location} is hidden ('.' or '_' first): Spark does not read it.",
                "Rename the file.",
            )
        try:
            with Path(self._path).open("rb"):
                entry = entry_of(self._path, name, found)
                return Listing(str(Path(self._path).parent), (entry,), is_single_file=True)
        except OSError as error:
            raise self._failure(error) from error

    def _split_or_fail(self) -> Tuple[str, Tuple[str, ...]]:
        base, patterns = split_glob(self._path)
        try:
            if Path(base).is_dir():
                return base, patterns
            Path(base).stat()
        except (OSError, ValueError) as error:
            raise self._failure(error) from error
        raise SourceError(
            f"{self._location} is neither a file nor a folder.", "Name a file, a folder or a pattern."
        )

    def _failure(self, error: Exception) -> SourceError:
        if isinstance(error, PermissionError):
            return SourceAccessDenied(f"{self._location} may not be read.", _GRANT)
        if isinstance(error, (FileNotFoundError, NotADirectoryError, ValueError)):
            return SourceNotFound(f"Nothing lies at {self._location}.", self._remedy())
        reason = error.strerror if isinstance(error, OSError) else error
        return SourceError(f"{self._location} cannot be read: {reason}.", "Check the path and the storage.")

    def _remedy(self) -> str:
        if self._location.startswith("~"):
            return "Write the path in full: ~ is not expanded."
        if self._path.startswith("/dbfs/") and not Path("/dbfs").is_dir():
            return "This machine has no /dbfs: name a Unity Catalog volume (/Volumes/...) or a local path."
        if self._path.startswith("/") and os.path.lexists(under_root(f"/dbfs{self._path}", self._roots)):
            return f"DBFS has this path: name it dbfs:{self._path}."  # as Spark on Databricks takes it
        if self._path != python_path(self._location):
            return f"Check the path; here it means {self._path} (EXECUTOR_DBFS_ROOT, EXECUTOR_VOLUMES_ROOT)."
        return "Check the path."
