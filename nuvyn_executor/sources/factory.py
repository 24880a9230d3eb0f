"""Choose the adapter that reads a path: :class:`DataSourceFactory`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional
from urllib.parse import urlsplit

from nuvyn_executor.errors import SourceError
from nuvyn_executor.model import SourceType
from nuvyn_executor.sources.database import DatabaseAccess, DatabaseSource
from nuvyn_executor.sources.database_address import is_database
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.sources.locations import scheme_of

if TYPE_CHECKING:
    from nuvyn_executor.sources.base import Source

_MOUNT = "Mount it (/dbfs/mnt/...) or use a Unity Catalog volume (/Volumes/...), and name that path."

_OBJECT_STORE_REMEDIES: Dict[str, str] = {
    "s3": _MOUNT,
    "s3a": _MOUNT,
    "s3n": _MOUNT,
    "abfs": _MOUNT,
    "abfss": _MOUNT,
    "wasb": _MOUNT,
    "wasbs": _MOUNT,
    "adl": _MOUNT,
    "gs": _MOUNT,
    "http": _MOUNT,
    "https": _MOUNT,
    "jdbc": "Name a database: jdbc:postgresql://host/name, or the same for mysql, mariadb or sqlserver.",
    "hdfs": "Copy the data to a folder or a volume that this machine sees, and name that path.",
}
_FILE_SCHEMES = ("", "file", "dbfs")


class DataSourceFactory:
    """Chooses the adapter of a path by its URL scheme.

    Args:
        on_databricks: whether Spark takes paths in Databricks' spelling.
        session: returns the Spark session that databases are asked with; ``None``: they are not.
        database: user, password and limits for databases.
    """

    def __init__(
        self,
        *,
        on_databricks: bool,
        session: Optional[Callable[[], Any]] = None,
        database: Optional[DatabaseAccess] = None,
    ) -> None:
        self._on_databricks = on_databricks
        self._session = session
        self._database = database or DatabaseAccess()

    def create(self, path: str, source_type: SourceType) -> Source:
        """Return the source that a path names.

        A plain path of type ``aws_s3`` or ``azure_blob`` is a mount of that storage, and is read like other
        files.

        Raises:
            SourceError: no adapter reads paths of this scheme. The sentence names the scheme and masks
                secrets.
        """
        if is_database(path) and self._session is not None:
            return self._create_database(path, source_type)
        scheme = scheme_of(path)
        if scheme in _FILE_SCHEMES or (scheme not in _OBJECT_STORE_REMEDIES and "://" not in path):
            return FileSystemSource(path, on_databricks=self._on_databricks)
        raise self._refusal(path, scheme, source_type)

    def _create_database(self, path: str, source_type: SourceType) -> DatabaseSource:
        assert self._session is not None
        source = DatabaseSource(path, self._database, self._session)
        if source_type.format is not None:
            raise SourceError(
                f"{source.location} is a database, and no {source_type.value}.", "Name source type auto."
            )
        return source

    def _refusal(self, path: str, scheme: str, source_type: SourceType) -> SourceError:
        known = scheme in _OBJECT_STORE_REMEDIES
        what = f"{scheme}: paths are not read directly" if known else f"{scheme}: is no scheme that is known"
        asked = "" if source_type == SourceType.AUTO else f" (source type {source_type.value})"
        return SourceError(
            f"{masked_location(path)}{asked} cannot be opened: {what}.",
            _OBJECT_STORE_REMEDIES.get(scheme, "Name a path like /dbfs/..., /Volumes/... or a local one."),
        )


def masked_location(path: str) -> str:
    """Return a URL with ``***`` for what may hold a secret: user, password, query and parameters.

    ``wasbs://container@account...`` stays: its container has the place that a user has in other URLs.
    """
    if scheme_of(path) == "jdbc":
        bare = re.split(r"[?;]", path, maxsplit=1)[0]
        shown = re.sub(r"//[^/]*@", "//***@", bare)
        # Oracle's thin form has no slashes: jdbc:oracle:thin:user/password@host
        shown = re.sub(r":(?!//)[^:/@]+/[^@]*@", ":***@", shown)
        return shown + ("" if bare == path else path[len(bare)] + "***")
    bare = re.split(r"[?#]", path, maxsplit=1)[0]
    authority = urlsplit(bare).netloc if "[" not in bare else ""
    user = authority.rpartition("@")[0]
    if user and (":" in user or scheme_of(path) not in ("wasb", "wasbs", "abfs", "abfss")):
        bare = bare.replace(user + "@", "***@", 1)
    return bare + ("" if len(bare) == len(path) or not re.search(r"[?#]", path) else "?***")
