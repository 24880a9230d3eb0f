"""Lists and reads a store with what the cluster has, for clusters that Python has no keys for."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, Optional, Sequence, Tuple, TypeVar

from nuvyn_executor.dbutils import find_dbutils
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.sources.binary_files import BinaryFiles
from nuvyn_executor.sources.cluster_failures import cluster_error, is_answer, is_nothing
from nuvyn_executor.sources.cluster_ways import ClusterPaths, NotThisWay
from nuvyn_executor.sources.dbutils_files import DbutilsFiles
from nuvyn_executor.sources.hadoop_files import HadoopFiles

if TYPE_CHECKING:
    from nuvyn_executor.errors import SourceError
    from nuvyn_executor.sources.cluster_ways import ClusterWay
    from nuvyn_executor.sources.object_listing import Found, Meta
    from nuvyn_executor.sources.store_address import StoreAddress

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class ClusterStorage:
    """A bucket or container that the cluster lists and reads; it stays in this process.

    Args:
        address: the whole bucket or container.
        listers: the ways to list it, the first choice first.
        readers: the ways to read its objects, the first choice first.

    Attributes:
        lister: the name of the way by which the last listing was made.
    """

    def __init__(
        self, address: StoreAddress, listers: Sequence[ClusterWay], readers: Sequence[ClusterWay]
    ) -> None:
        self._address = address
        self._listers = tuple(listers)
        self._readers = tuple(readers)
        self._last: Tuple[str, List[Meta]] = ("", [])
        self.lister = ""

    @property
    def address(self) -> StoreAddress:
        """The whole bucket or container."""
        return self._address

    def find(self, key: str) -> Optional[Meta]:
        """Look for one object by its key.

        Where the key is that of a folder, all below it is listed at once, for the :meth:`list` that follows.

        Returns:
            Its facts; ``None`` where it is not there, and where it only stands for a folder.

        Raises:
            SourceNotFound: there is no such bucket or container.
            SourceAccessDenied: the cluster may not list it.
            SourceError: the store did not answer the cluster.
        """
        metas = self._listed(key)
        self._last = (key, metas)
        return next((meta for meta in metas if meta["path"] == key), None)

    def list(self, folder: str) -> Iterator[Found]:
        """List what lies below a folder, in the order of the names; raises what :meth:`find` raises."""
        (key, metas), self._last = self._last, ("", [])
        if key != folder or not key:
            metas = self._listed(folder)
        below = f"{folder}/" if folder else ""
        yield from sorted(
            (meta for meta in metas if meta["path"].startswith(below)), key=lambda meta: str(meta["path"])
        )

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``.

        Raises:
            DatasetUnreadable: the object has vanished, may not be read, or the store failed.
        """
        del etag  # no way tells one
        if length <= 0:
            return b""
        key = self.address.key_of(path)
        try:
            return self._first(
                self._readers,
                lambda way: way.read(key, offset, length),
                replace(self.address, key=key),
                "read",
            )[0]
        except _NothingThere:
            name = key.rpartition("/")[2]
            raise DatasetUnreadable(
                f"{name} has vanished since it was listed.", "Run the job again when the folder is at rest."
            ) from None
        except _Failed as failed:
            raise DatasetUnreadable(failed.error.message, failed.error.remedy) from failed.__cause__

    def _listed(self, key: str) -> List[Meta]:
        try:
            metas, self.lister = self._first(
                self._listers, lambda way: way.list(key), replace(self.address, key=key), "listed"
            )
        except _NothingThere:
            return []
        except _Failed as failed:
            raise failed.error from failed.__cause__
        return metas or []

    def _first(
        self,
        ways: Sequence[ClusterWay],
        action: Callable[[ClusterWay], _Result],
        address: StoreAddress,
        done: str,
    ) -> Tuple[_Result, str]:
        """Return the result of the first way that can do it, and the way's name."""
        failure, reasons = Exception("there is no way"), []
        for way in ways:
            try:
                return action(way), way.name
            except NotThisWay as error:
                reasons.append(str(error))
            except Exception as error:
                if is_nothing(error):
                    raise _NothingThere from error
                logger.debug("%s: %s failed", address.url_of(address.key), way.name, exc_info=error)
                failure = error
                reasons.append(f"{way.name} failed ({type(error).__name__})")
                if is_answer(error):
                    break
        raise _Failed(cluster_error(failure, address, done, "; ".join(reasons))) from failure


class _NothingThere(Exception):  # noqa: N818  no error where a listing asks
    """Nothing lies at a path."""


class _Failed(Exception):  # noqa: N818  its reader raises the error in it
    """No way could do it."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(error.message)
        self.error = error


def cluster_storage(address: StoreAddress, spark: Any) -> ClusterStorage:
    """Return a store as the cluster reaches it.

    ``dbutils.fs`` lists where there is one: Unity Catalog's external locations serve it in every access
    mode. Then Java does, where Python has access to it, then Spark's ``binaryFile``. Java reads ranges;
    ``binaryFile`` reads whole objects for them, and ``dbutils.fs`` beginnings of texts.

    Args:
        address: the whole bucket or container.
        spark: the session.
    """
    paths = ClusterPaths(address)
    hadoop, binary = HadoopFiles(paths, spark), BinaryFiles(paths, spark)
    dbutils = find_dbutils()
    by_dbutils = [] if dbutils is None else [DbutilsFiles(paths, dbutils.fs)]
    return ClusterStorage(address, [*by_dbutils, hadoop, binary], [hadoop, binary, *by_dbutils])
