"""Lists a store with ``dbutils.fs``, which every access mode of a Databricks cluster has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from nuvyn_executor.sources.cluster_ways import NotThisWay, folder_meta, meta_of
from nuvyn_executor.sources.folder_walk import DELTA_LOG
from nuvyn_executor.sources.locations import is_hidden

if TYPE_CHECKING:
    from nuvyn_executor.sources.cluster_ways import ClusterPaths
    from nuvyn_executor.sources.object_listing import Meta

_AT_ONCE = 8  # folders
_UNKNOWN = "\ufffd"  # what stands for bytes that are no text


class DbutilsFiles:
    """A store as ``dbutils.fs`` shows it: one request for each folder.

    Args:
        paths: how the cluster spells the objects.
        files: ``dbutils.fs``.
    """

    name = "dbutils.fs"

    def __init__(self, paths: ClusterPaths, files: Any) -> None:
        self._paths = paths
        self._files = files

    def list(self, key: str) -> Optional[List[Meta]]:
        """List the object of a key, or all objects below a folder; hidden folders are not entered."""
        entries = self._files.ls(self._paths.literal(key))
        if len(entries) == 1 and not _is_folder(entries[0]) and self._key(entries[0]) == key:
            return [self._meta(entries[0])]
        metas: List[Meta] = [folder_meta(key)] if key else []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while True:
                files, folders = self._sorted(entries)
                metas += files
                if not folders:
                    return metas
                levels = pool.map(self._files.ls, [self._paths.literal(one) for one in folders])
                entries = [entry for level in levels for entry in level]

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Read the beginning of a text in UTF-8, which is all that ``dbutils.fs.head`` gives.

        Raises:
            NotThisWay: it is not the beginning, or no such text.
        """
        if offset:
            raise NotThisWay("dbutils.fs reads files from their beginning alone")
        text = str(self._files.head(self._paths.literal(key), length)).rstrip(_UNKNOWN)
        if _UNKNOWN in text:
            raise NotThisWay("dbutils.fs reads texts in UTF-8 alone")
        return text.encode()[:length]

    def _sorted(self, entries: List[Any]) -> Tuple[List[Meta], List[str]]:
        """Return the files among some entries, and the folders to list next."""
        files: List[Meta] = []
        folders: List[str] = []
        for entry in entries:
            key = self._key(entry)
            name = key.rpartition("/")[2]
            if not _is_folder(entry):
                files.append(self._meta(entry))
            elif name == DELTA_LOG:
                files.append(folder_meta(key))
            elif not is_hidden(name):
                folders.append(key)
        return files, folders

    def _key(self, entry: Any) -> str:
        return self._paths.key_of(str(entry.path)).rstrip("/")

    def _meta(self, entry: Any) -> Meta:
        return meta_of(self._key(entry), int(entry.size), int(entry.modificationTime) * 1000)


def _is_folder(entry: Any) -> bool:
    return str(entry.name).endswith("/")
