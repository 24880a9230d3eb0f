"""The port to what a cluster lists and reads a store with, and how it spells the paths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Protocol

if TYPE_CHECKING:
    from nuvyn_executor.sources.object_listing import Meta
    from nuvyn_executor.sources.store_address import StoreAddress

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class NotThisWay(Exception):  # noqa: N818  no error: another way is tried
    """A way does not do what is asked of it; the text is a clause with the reason."""


class ClusterWay(Protocol):
    """One way by which a cluster lists and reads the objects of a store."""

    name: str

    def list(self, key: str) -> Optional[List[Meta]]:
        """List the object of a key, or all objects below a folder.

        An object whose key ends with a slash stands for a folder. Of what is hidden, at least the folders of
        Delta's logs are listed in this way.

        Returns:
            The facts of the objects; ``None`` where nothing lies there.

        Raises:
            NotThisWay: this way does not do that.
            Exception: what Spark, Java or ``dbutils`` raises.
        """
        ...

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``; fewer only at its end.

        Raises:
            NotThisWay: this way does not do that.
            Exception: what Spark, Java or ``dbutils`` raises.
        """
        ...


@dataclass(frozen=True)
class ClusterPaths:
    """The URLs of a store's objects as the cluster spells them.

    Attributes:
        address: the whole bucket or container.
    """

    address: StoreAddress

    def literal(self, key: str) -> str:
        """Return the URL of an object or folder; nothing is escaped in it."""
        return self.address.spark_url_of(key, literal=True)

    def escaped(self, key: str) -> str:
        """Return the URL of an object or folder for readers that expand patterns."""
        return self.address.spark_url_of(key)

    def key_of(self, url: str) -> str:
        """Return the key of an object by a URL that the cluster answered with.

        Raises:
            ValueError: the URL is of another bucket or container.
        """
        root = self.literal("")
        return url[len(root) :] if url.startswith(root) else self.address.key_of(url)


def meta_of(key: str, size: int, micros: int) -> Dict[str, Any]:
    """Return the facts of an object, as a library's listing has them.

    Args:
        key: its name.
        size: in bytes.
        micros: when it was changed, microseconds since 1970 UTC.
    """
    changed = _EPOCH + timedelta(microseconds=micros)
    return {"path": key, "size": size, "last_modified": changed, "e_tag": None}


def folder_meta(folder: str) -> Dict[str, Any]:
    """Return the facts of an object that stands for a folder."""
    return meta_of(f"{folder}/", 0, 0)
