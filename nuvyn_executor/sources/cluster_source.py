"""A source of objects for which there may be two ways: the library, and the cluster's own access."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Callable, List, Optional, Sequence, Tuple, Union

from nuvyn_executor.errors import EngineError, SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.sources.base import OnlySpark
from nuvyn_executor.sources.cluster_failures import OWN_ACCESS

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry, Listing
    from nuvyn_executor.sources.base import DataSource, Storage
    from nuvyn_executor.sources.cluster_storage import ClusterStorage

logger = logging.getLogger(__name__)

_NO_LIBRARY = "the package obstore is not installed"
_BY_SPARK = OnlySpark("the cluster alone has access to the store, and Spark's readers use it")


class LibraryOrClusterSource:
    """Objects that the library reads, or that Spark reads where the library is missing or refused.

    The first listing decides.

    Args:
        library: the objects, as the library reads them.
        cluster: makes the same objects as Spark reads them, and the storage that lists them.
        credentials: what variables name to sign requests with, for a sentence; ``""`` for nothing.
        is_clusters: whether the cluster's settings name keys or a server for this store.
    """

    def __init__(
        self,
        library: DataSource,
        cluster: Callable[[], Tuple[DataSource, ClusterStorage]],
        credentials: str,
        is_clusters: Callable[[], bool],
    ) -> None:
        self._library = library
        self._cluster = cluster
        self._credentials = credentials
        self._is_clusters = is_clusters
        self._chosen: Optional[DataSource] = None

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked."""
        return self._library.location

    @property
    def storage(self) -> Union[Storage, OnlySpark, None]:
        """What reads the objects by ranges, also in tasks; nothing there has the cluster's access."""
        return self._library.storage if self._used is self._library else _BY_SPARK

    @property
    def allows_scans_at_once(self) -> bool:
        """What the way that was chosen allows."""
        return self._used.allows_scans_at_once

    def survey(self, limit: int) -> Listing:
        """List the visible objects; see :meth:`.ObjectStoreSource.survey`.

        Raises:
            SourceNotFound: nothing lies at the path.
            SourceAccessDenied: neither way may list it; the sentence has both reasons.
            SourceError: the store failed.
            EngineError: the library is missing, and the cluster's access is no substitute.
        """
        if self._chosen is not None:
            return self._chosen.survey(limit)
        if not self._credentials and self._is_clusters():
            return self._survey_by_cluster(limit, "the cluster's Spark settings name an access to it")
        try:
            listing = self._library.survey(limit)
        except EngineError:
            unused = f", so {self._credentials} is not used" if self._credentials else ""
            return self._survey_by_cluster(limit, _NO_LIBRARY + unused, _NO_LIBRARY)
        except SourceAccessDenied as error:
            if self._credentials:
                raise
            reason = _reason_of(error)
            return self._survey_by_cluster(limit, reason, reason)
        self._chosen = self._library
        return listing

    def _survey_by_cluster(self, limit: int, why: str, refusal: str = "") -> Listing:
        """List with the cluster's access.

        Args:
            limit: how many files at most.
            why: why this way was taken.
            refusal: why the library did not do it.
        """
        source, storage = self._cluster()
        try:
            listing = source.survey(limit)
        except SourceNotFound:
            raise
        except SourceError as error:
            if not refusal or OWN_ACCESS not in error.message:
                raise
            begin, _, reason = error.message.partition(f" {OWN_ACCESS}: ")
            both = f"{begin}: {refusal}; {OWN_ACCESS}: {reason}"
            more = " Variables need the extra cloud." if refusal == _NO_LIBRARY else ""
            raise type(error)(both, error.remedy + more) from error.__cause__
        logger.info(
            "🔑 %s is listed by %s and read by Spark, %s: %s", self.location, storage.lister, OWN_ACCESS, why
        )
        self._chosen = source
        return listing

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``."""
        return self._used.read_range(entry, offset, length)

    def spark_path(self, path: str) -> str:
        """Return the path of an object or folder as Spark's readers want it."""
        return self._used.spark_path(path)

    def spark_paths(self, files: Sequence[FileEntry]) -> List[str]:
        """Return the paths of some objects as Spark's readers want them."""
        return self._used.spark_paths(files)

    def local_path(self, entry: FileEntry) -> str:
        """Return the path of a copy of an object."""
        return self._used.local_path(entry)

    def fetched_by(self, *, spark: bool) -> Optional[str]:
        """Return how the objects were fetched, for ``tables.details``."""
        return self._used.fetched_by(spark=spark)

    def release(self) -> None:
        """Remove the copies that were made of objects."""
        self._used.release()

    @property
    def _used(self) -> DataSource:
        return self._library if self._chosen is None else self._chosen


def _reason_of(error: SourceError) -> str:
    """Return the clause behind ``... cannot be listed:``."""
    return error.message.rpartition(" cannot be listed: ")[2].rstrip(".")
