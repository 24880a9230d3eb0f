"""Choose the adapter that reads a path: :class:`DataSourceFactory`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Mapping, Optional, Tuple

from nuvyn_executor.bounds import Bounds
from nuvyn_executor.errors import SourceError
from nuvyn_executor.model import SourceType
from nuvyn_executor.sources.catalog import CatalogSource
from nuvyn_executor.sources.catalog_names import parse_catalog_name
from nuvyn_executor.sources.cluster_settings import names_access
from nuvyn_executor.sources.cluster_source import LibraryOrClusterSource
from nuvyn_executor.sources.cluster_storage import ClusterStorage, cluster_storage
from nuvyn_executor.sources.database import DatabaseAccess, DatabaseSource
from nuvyn_executor.sources.database_address import is_database
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.sources.locations import scheme_of
from nuvyn_executor.sources.object_source import ObjectStoreSource
from nuvyn_executor.sources.object_store import storage_at
from nuvyn_executor.sources.spooled import SpooledSource
from nuvyn_executor.sources.store_address import parse_store_address
from nuvyn_executor.sources.time_travel import VersionSource, split_as_of
from nuvyn_executor.sources.unpacked import UnpackedSource

if TYPE_CHECKING:
    from nuvyn_executor.sources.base import DataSource, Source
    from nuvyn_executor.sources.spool_folder import SpoolPlace

_REMEDIES: Dict[str, str] = {
    "adl": "Azure Data Lake Storage Gen1 has ended; name the path in Gen2: abfss://container@account....",
    "jdbc": "Name a database: jdbc:postgresql://host/name, or the same for mysql, mariadb or sqlserver.",
    "hdfs": "Copy the data to a folder or a volume that this machine sees, and name that path.",
}
_FILE = "Name a path like /dbfs/..., /Volumes/... or a local one."
_STORE = (
    "Name an object store as s3://..., abfss://..., gs://... or https://account.blob.core.windows.net/..."
)
_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//([^/]*)")
_BOUNDS = Bounds()
_FILE_SCHEMES = ("", "file", "dbfs")


class DataSourceFactory:
    """Chooses the adapter of a path by its form.

    Args:
        on_databricks: whether Spark takes paths in Databricks' spelling.
        variables: what requests to object stores are signed with: the environment, and secrets of the scope.
        retry_seconds: how long a request to an object store may be repeated.
        hide: takes the secrets of a source that is opened, so that they are masked wherever they appear.
        spark_reads: whether Spark has a way to the store of a URL of this scheme; else objects are copied.
        session: returns the session that reads tables; without one, every plain name is that of a file.
        database: user, password and limits for databases.
        own_schema: the schema of the executor's own tables, which are never a source.
        roots: folders that stand for ``/dbfs`` and ``/Volumes`` off Databricks, by these names.
        follow_links: whether links are followed that lead out of a folder.
        spool: where copies of files go.
        bounds: what packed files may hold.
    """

    def __init__(  # noqa: PLR0913  what the kinds of sources need, each by its name
        self,
        *,
        on_databricks: bool,
        variables: Optional[Mapping[str, str]] = None,
        retry_seconds: float = 60.0,
        hide: Callable[[Iterable[str]], None] = lambda _: None,
        spark_reads: Callable[[str], bool] = lambda _: False,
        session: Optional[Callable[[], Any]] = None,
        database: Optional[DatabaseAccess] = None,
        own_schema: str = "",
        roots: Optional[Mapping[str, str]] = None,
        follow_links: bool = False,
        spool: Optional[SpoolPlace] = None,
        bounds: Bounds = _BOUNDS,
    ) -> None:
        self._on_databricks = on_databricks
        self._variables = variables or {}
        self._retry_seconds = retry_seconds
        self._hide = hide
        self._spark_reads = spark_reads
        self._session = session
        self._database = database or DatabaseAccess()
        self._own_schema = own_schema
        self._roots = roots or {}
        self._follow_links = follow_links
        self._spool = spool
        self._bounds = bounds

    def create(self, path: str, source_type: SourceType) -> Source:
        """Return the source that a path names.

        A plain name such as ``schema.table`` is a table, see :mod:`.catalog_names` for the rule.
        A path that ends with ``@v3`` is that version of a Delta table, see :mod:`.time_travel`.
        Files that are compressed or in archives are shown as the files that they hold, see :mod:`.unpacked`.
        A plain path of type ``aws_s3`` or ``azure_blob`` is a mount of that storage, and is read like other
        files.

        Raises:
            ConfigError: the variables of the object store are malformed, or half of a credential is missing.
            SourceError: no adapter reads paths of this scheme. The sentence names the scheme and masks
                secrets.
        """
        if is_database(path) and self._session is not None:
            return self._create_database(path, source_type)
        name = parse_catalog_name(path)
        if name is not None and self._session is not None:
            return CatalogSource(name, path, self._session, self._own_schema)
        bare, as_of = split_as_of(path)
        if not as_of:
            return self.create_files(path, source_type)
        return VersionSource(self.create_files(bare, source_type), masked_location(path), as_of)

    def create_files(self, path: str, source_type: SourceType) -> DataSource:
        """Return the source of files that a path names, never a table; raises what :meth:`create` does."""
        source = self._create_stored(path, source_type)
        return UnpackedSource(
            source, on_databricks=self._on_databricks, place=self._spool, bounds=self._bounds
        )

    def _create_stored(self, path: str, source_type: SourceType) -> DataSource:
        scheme = scheme_of(path)
        if scheme in _FILE_SCHEMES or (scheme not in _REMEDIES and "://" not in path):
            return FileSystemSource(
                path,
                on_databricks=self._on_databricks,
                roots=self._roots,
                follow_links=self._follow_links,
            )
        address = parse_store_address(path)
        if address is None:
            raise self._refusal(path, scheme, source_type)
        storage = storage_at(address, self._variables, self._retry_seconds)
        self._hide(storage.access.secrets)
        location = masked_location(path)
        spark_reads = self._spark_reads(scheme_of(storage.address.spark_url_of("")))
        library = self._spooled(ObjectStoreSource(storage, address.key, location), spark_reads=spark_reads)
        if not spark_reads or self._session is None or address.sas:
            return library
        session = self._session

        def by_cluster() -> Tuple[DataSource, ClusterStorage]:
            own = cluster_storage(storage.address, session())
            return self._spooled(ObjectStoreSource(own, address.key, location), spark_reads=True), own

        return LibraryOrClusterSource(
            library,
            by_cluster,
            storage.access.origin if storage.access.is_chosen else "",
            lambda: names_access(storage.address, session()),
        )

    def _spooled(self, objects: ObjectStoreSource[Any], *, spark_reads: bool) -> SpooledSource:
        return SpooledSource(
            objects, on_databricks=self._on_databricks, spark_reads=spark_reads, place=self._spool
        )

    def _create_database(self, path: str, source_type: SourceType) -> DatabaseSource:
        assert self._session is not None
        source = DatabaseSource(path, self._database, self._session)
        if source_type.format is not None:
            raise SourceError(
                f"{source.location} is a database, and no {source_type.value}.", "Name source type auto."
            )
        return source

    def _refusal(self, path: str, scheme: str, source_type: SourceType) -> SourceError:
        asked = "" if source_type == SourceType.AUTO else f" (source type {source_type.value})"
        what, remedy = f"{scheme}: is no scheme that is known", _FILE
        if scheme in _REMEDIES:
            what, remedy = f"{scheme}: paths are not read directly", _REMEDIES[scheme]
        elif scheme in ("http", "https"):
            what, remedy = "it is the URL of no object store", _STORE
        return SourceError(f"{masked_location(path)}{asked} cannot be opened: {what}.", remedy)


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
    found = _AUTHORITY.match(bare)
    authority = found.group(1) if found is not None and "[" not in bare else ""
    user = authority.rpartition("@")[0]
    if user and (":" in user or scheme_of(path) not in ("wasb", "wasbs", "abfs", "abfss")):
        bare = bare.replace(user + "@", "***@", 1)
    return bare + ("" if len(bare) == len(path) or not re.search(r"[?#]", path) else "?***")
