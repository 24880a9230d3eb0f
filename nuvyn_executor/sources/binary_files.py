"""Lists and reads a store with Spark's reader of binary files, which Spark Connect has too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, List, Optional

from nuvyn_executor.sources.cluster_failures import is_nothing
from nuvyn_executor.sources.cluster_ways import NotThisWay, folder_meta, meta_of
from nuvyn_executor.sources.folder_walk import DELTA_LOG

if TYPE_CHECKING:
    from nuvyn_executor.sources.cluster_ways import ClusterPaths
    from nuvyn_executor.sources.object_listing import Meta

MOST_BYTES = 256 * 1024 * 1024
"""A task reads an object as a whole, whatever range of it is asked for."""
_FACTS = ("path", "length", "unix_micros(modificationTime) AS micros")
_LOG = re.compile(rf"(?P<folder>(?:.*/)?{DELTA_LOG})/[^/]*\Z", re.DOTALL)


class BinaryFiles:
    """A store as Spark's format ``binaryFile`` shows it: without hidden objects and without empty ones.

    Args:
        paths: how the cluster spells the objects.
        spark: the session.
        most_bytes: the size of the largest object that is read.
    """

    name = "Spark's binaryFile"

    def __init__(self, paths: ClusterPaths, spark: Any, most_bytes: int = MOST_BYTES) -> None:
        self._paths = paths
        self._spark = spark
        self._most_bytes = most_bytes

    def list(self, key: str) -> Optional[List[Meta]]:
        """List the object of a key, or all visible objects below a folder, and the folders of Delta's logs.

        No content is read: Spark leaves out columns that nobody asks for.
        """
        metas: List[Meta] = [
            meta_of(self._paths.key_of(row["path"]), int(row["length"]), int(row["micros"]))
            for row in self._open(self._paths.escaped(key)).selectExpr(*_FACTS).collect()
        ]
        if len(metas) == 1 and metas[0]["path"] == key:
            return metas
        return [*([folder_meta(key)] if key else []), *metas, *self._logs(key, metas)]

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``.

        Raises:
            NotThisWay: the object is too large.
        """
        frame = self._open(self._paths.escaped(key))
        # Spark reads no content of a file that the condition leaves out.
        rows = (
            frame.where(f"length <= {self._most_bytes}")
            .selectExpr(f"substring(content, {offset + 1}, {length}) AS content")
            .collect()
        )
        if rows:
            return bytes(rows[0]["content"])
        if not frame.where("length > 0").select("length").collect():
            return b""
        raise NotThisWay(f"binaryFile reads no object of more than {self._most_bytes // 2**20} MB here")

    def _open(self, *urls: str) -> Any:
        return self._spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(list(urls))

    def _logs(self, key: str, metas: List[Meta]) -> List[Meta]:
        """Return the folders of Delta's logs, which are hidden: each level of folders is asked for them."""
        start = len(key) + 1 if key else 0
        depth = max((str(meta["path"])[start:].count("/") for meta in metas), default=0)
        base = self._paths.escaped(key).rstrip("/")
        found = set()
        for level in range(depth + 1):
            try:
                rows = self._open(f"{base}{'/*' * level}/{DELTA_LOG}/*.json").select("path").collect()
            except Exception as error:
                if not is_nothing(error):
                    raise
                continue
            matches = [_LOG.match(self._paths.key_of(row["path"])) for row in rows]
            found |= {match.group("folder") for match in matches if match is not None}
        return [folder_meta(folder) for folder in sorted(found)]
