"""Tables of a catalog: Unity Catalog, the Hive metastore, or the catalog of a local Spark session."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timezone
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Sequence, Tuple

from nuvyn_executor.errors import SourceAccessDenied, SourceError, SourceNotFound
from nuvyn_executor.model import Dataset, DeclaredColumn, DeclaredTable, Discovery, FileFormat
from nuvyn_executor.sources.catalog_names import quoted_name, shown_name
from nuvyn_executor.spark.conditions import failure_of

if TYPE_CHECKING:
    from nuvyn_executor.sources.catalog_names import CatalogName

logger = logging.getLogger(__name__)

_LOOKS = 8  # tables that are described at the same time
_SESSION_CATALOGS = frozenset(("spark_catalog", "hive_metastore"))  # two names of one catalog on Databricks
_TWO_PARTS_WORDS = re.compile(r"Illegal table name")  # Delta's parser, which has no condition for it
_MISSING = (
    *("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "CATALOG_NOT_FOUND", "PATH_NOT_FOUND"),
    *("NO_SUCH_CATALOG_EXCEPTION", "REQUIRES_SINGLE_PART_NAMESPACE", "DELTA_MISSING_DELTA_TABLE"),
)
_MISSING_WORDS = re.compile(
    r"(?:TABLE_OR_VIEW|SCHEMA|CATALOG|PATH)_NOT_FOUND|NO_SUCH_(?:CATALOG|SCHEMA|TABLE)|NoSuch\w+Exception"
    r"|REQUIRES_SINGLE_PART_NAMESPACE|DELTA_MISSING_DELTA_TABLE"
    r"|Nested databases are not supported|single-part namespace|plugin class not found"
    r"|(?:Table or view|Database|Catalog|Schema) [^\n]{0,300}(?:not found|does not exist)",
    re.IGNORECASE,
)
_DENIED = (
    *("PERMISSION_DENIED", "INSUFFICIENT_PERMISSIONS", "INSUFFICIENT_PRIVILEGES"),
    *("UNAUTHORIZED_ACCESS", "UNAUTHORIZED"),
)
_DENIED_WORDS = re.compile(
    r"PERMISSION_DENIED|INSUFFICIENT_PERMISSIONS|INSUFFICIENT_PRIVILEGES|UNAUTHORIZED|AccessControlException"
    r"|Permission denied|does not have (?:permission|privilege|[A-Z_ ]+ on)|User lacks",
    re.IGNORECASE,
)
_DETAILS = "# Detailed Table Information"
# Databricks' sections of a table whose rows depend on who reads it; such a table has no time travel either.
_FILTERED = ("# row filter", "# column mask")
_VIEWS = ("VIEW", "MATERIALIZED_VIEW", "METRIC_VIEW")


class CatalogSource:
    """A table or view of a catalog, or all of a schema.

    Args:
        name: what is asked for.
        location: the same as the caller wrote it.
        spark: returns the session that knows the catalog.
        own_schema: the schema of the executor's own tables, which are never read as data.
    """

    def __init__(
        self, name: CatalogName, location: str, spark: Callable[[], Any], own_schema: str = ""
    ) -> None:
        self._name = name
        self._location = location
        self._spark = spark
        self._own_schema = own_schema

    @property
    def location(self) -> str:
        """The path as the caller named it."""
        return self._location

    @property
    def allows_scans_at_once(self) -> bool:
        """Yes: Spark reads them as it reads files."""
        return True

    def discover_tables(self, limit: int) -> Discovery:
        """List the tables and views by name, at most ``limit``; each of format ``TABLE``, without files.

        ``a.b`` is the table ``b`` of the schema ``a``; where there is none, it is all of the schema ``b`` of
        the catalog ``a``. Temporary views are left out.

        Raises:
            SourceNotFound: there is no such table or schema.
            SourceAccessDenied: it may not be read.
            SourceError: it is the executor's own schema, the schema is empty, or the catalog failed.
        """
        tables = self._tables()
        with ThreadPoolExecutor(_LOOKS) as pool:
            datasets = tuple(pool.map(self._dataset, tables[:limit]))
        return Discovery((), datasets, truncated=len(tables) > limit)

    def read_table(self, spark: Any, dataset: Dataset) -> Any:
        """Return a table as a DataFrame; a Delta table in the version that it had when it was listed.

        Raises:
            SourceError: it has gone, or may not be read.
        """
        name = quoted_name(_parts_of(dataset.path))
        try:
            if dataset.version is None:
                return spark.table(name)
            return spark.read.option("versionAsOf", dataset.version).table(name)
        except Exception as error:
            raise self._failure(error, dataset.path) from error

    def _tables(self) -> List[Tuple[str, ...]]:
        """Return the full names of the tables, ordered."""
        parts = self._name.parts
        if self._name.is_schema:
            return self._tables_of(self._in_catalog(parts, 2))
        table = self._in_catalog(parts, 3)
        self._refuse_own(table[:-1])
        try:
            self._rows(f"DESCRIBE TABLE {quoted_name(table)}")
        except Exception as error:
            if len(parts) == len(table) or not failure_of(error).means(_MISSING, _MISSING_WORDS):
                raise self._failure(error, self._location) from error
        else:
            return [table]
        return self._tables_of(parts)

    def _tables_of(self, schema: Tuple[str, ...]) -> List[Tuple[str, ...]]:
        self._refuse_own(schema)
        try:
            rows = self._rows(f"SHOW TABLES IN {quoted_name(schema)}")
        except Exception as error:
            raise self._failure(error, self._location) from error
        # Older runtimes call the first column `database`; temporary views come with every schema.
        tables = sorted((*schema, str(row["tableName"])) for row in rows if not row["isTemporary"])
        if not tables:
            raise SourceError(
                f"The schema {shown_name(schema)} has no tables that can be seen.",
                "Check the name; on Databricks, grant SELECT on the tables to the user that runs this job.",
            )
        return tables

    def _in_catalog(self, parts: Tuple[str, ...], length: int) -> Tuple[str, ...]:
        """Return a full name. The current catalog is written out: a derived session may have another one."""
        if len(parts) == length:
            return parts
        try:
            (row,) = self._rows("SELECT current_catalog()")
        except Exception as error:
            raise self._failure(error, self._location) from error
        return (str(row[0]), *parts)

    def _refuse_own(self, schema: Tuple[str, ...]) -> None:
        own = tuple(part.lower() for part in self._own_schema.split(".")) if self._own_schema else ()
        asked = tuple(part.lower() for part in schema)
        if not own or asked[-1] != own[-1]:
            return
        if len(own) == 1:
            own = tuple(part.lower() for part in self._in_catalog(own, 2))
        if own[0] == asked[0] or {own[0], asked[0]} <= _SESSION_CATALOGS:
            raise SourceError(
                f"{self._location} is in the schema of the executor's own tables, which is never a source.",
                "Name another schema; EXECUTOR_SCHEMA_NAME names the executor's own.",
            )

    def _dataset(self, table: Tuple[str, ...]) -> Dataset:
        """Return a table with what the catalog says about it; with its name alone where it says nothing."""
        dataset = Dataset(table[-1], shown_name(table[:-1]), shown_name(table), FileFormat.TABLE, ())
        try:
            rows = self._rows(f"DESCRIBE TABLE EXTENDED {quoted_name(table)}")
        except Exception as error:  # noqa: BLE001  where it cannot be read, the scan says so
            logger.debug("%s could not be described: %s", dataset.path, _text(error))
            return dataset
        declared, is_delta = _described(rows)
        return self._of_version(dataset, declared) if is_delta else replace(dataset, declared=declared)

    def _of_version(self, dataset: Dataset, declared: DeclaredTable) -> Dataset:
        """Return a Delta table in its current version; without one where its history may not be seen."""
        table = _parts_of(dataset.path)
        try:
            (last,) = self._delta_rows("DESCRIBE HISTORY {} LIMIT 1", table)
            (detail,) = self._delta_rows("DESCRIBE DETAIL {}", table)
            version = int(last["version"])
            known = replace(
                declared,
                stamp=f"{detail['id']}@{version}",
                size_bytes=int(detail["sizeInBytes"]),
                modified_at=last["timestamp"].astimezone(timezone.utc),
            )
        except Exception as error:  # noqa: BLE001  it is read whole then
            logger.debug("%s has no version that can be seen: %s", dataset.path, _text(error))
            return replace(dataset, declared=declared)
        return replace(dataset, version=version, declared=known)

    def _delta_rows(self, statement: str, table: Tuple[str, ...]) -> List[Any]:
        """Ask Delta about a table. Delta 2 takes no catalog in a name: it means the current one."""
        try:
            return self._rows(statement.format(quoted_name(table)))
        except Exception as error:
            takes_three = not failure_of(error).means((), _TWO_PARTS_WORDS)
            if takes_three or self._in_catalog(table[1:], len(table)) != table:
                raise
        return self._rows(statement.format(quoted_name(table[1:])))

    def _rows(self, statement: str) -> List[Any]:
        rows: List[Any] = self._spark().sql(statement).collect()
        return rows

    def _failure(self, error: Exception, name: str) -> SourceError:
        if isinstance(error, SourceError):
            return error
        failure = failure_of(error)
        if failure.means(_DENIED, _DENIED_WORDS):
            return SourceAccessDenied(
                f"The table or schema {name} may not be read.",
                "Grant USE CATALOG, USE SCHEMA and SELECT on it to the user that runs this job.",
            )
        if failure.means(_MISSING, _MISSING_WORDS):
            return SourceNotFound(
                f"There is no table or schema {name} in the catalog, and no file of that name.",
                "Check the name (SHOW TABLES IN ...); write the path of a file with a slash: ./name.",
            )
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        return SourceError(f"The table or schema {name} cannot be read: {first}", "Try it with spark.table.")


def _parts_of(shown: str) -> Tuple[str, ...]:
    """Return the parts of what :func:`shown_name` returned."""
    found = re.findall(r"`((?:[^`]|``)+)`|([^.`]+)", shown)
    return tuple(ticked.replace("``", "`") if ticked else plain for ticked, plain in found)


def _described(rows: Sequence[Any]) -> Tuple[DeclaredTable, bool]:
    """Read the answer to ``DESCRIBE TABLE EXTENDED``.

    Returns:
        What it says, and whether it is a Delta table whose versions can be read.
    """
    names = [str(row["col_name"] or "") for row in rows]
    end = next((index for index, name in enumerate(names) if not name or name.startswith("#")), len(names))
    details: Dict[str, str] = {}
    if _DETAILS in names:
        for row in rows[names.index(_DETAILS) + 1 :]:
            details.setdefault(str(row["col_name"] or ""), str(row["data_type"] or ""))
    kind = details.get("Type", "").upper()
    declared = DeclaredTable(
        kind="view" if kind in _VIEWS else "table",
        comment=details.get("Comment", ""),
        columns=tuple(
            DeclaredColumn(str(row["col_name"]), str(row["data_type"]), str(row["comment"] or ""))
            for row in rows[:end]
        ),
    )
    is_filtered = any(name.lower().startswith(_FILTERED) for name in names[end:])
    is_delta = details.get("Provider", "").lower() == "delta" and declared.kind == "table"
    return declared, is_delta and not is_filtered


def _text(error: Exception) -> str:
    """Return the type of an error and the first lines of what it says."""
    return f"{type(error).__name__}: {str(error)[:2000]}"
