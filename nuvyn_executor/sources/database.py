# ruff: noqa: S608  only names are put into statements, and they are quoted
"""Databases: each table and each view is a dataset. Spark's JDBC reads the tables and asks the catalogue.

Nothing is written and nothing is locked. The user and the password are options of the reader, which Spark
masks in its plans and its UI; they are never a part of the URL.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple, TypeVar

from nuvyn_executor.errors import DatasetUnreadable, EngineError, ExecutorError, SourceError, SourceNotFound
from nuvyn_executor.model import (
    Dataset,
    DeclaredColumn,
    DeclaredTable,
    Discovery,
    FileFormat,
    ForeignKey,
    Skipped,
)
from nuvyn_executor.sources.database_address import MYSQL, SQLITE, parse_address
from nuvyn_executor.sources.database_dialects import (
    COLUMN_FIELDS,
    DIALECTS,
    REFERENCE_FIELDS,
    TABLE_FIELDS,
)
from nuvyn_executor.sources.database_failures import explained, meaning_of
from nuvyn_executor.sources.locations import python_path
from nuvyn_executor.spark.packages import with_package

logger = logging.getLogger(__name__)

_CATALOGUE_SECONDS = 120
_FETCHED_ROWS = 10_000  # that a driver holds at once; without a number, PostgreSQL's holds the whole table
_WORTH_SPLITTING = 50_000  # rows
_KEY_TYPES = ("tinyint", "smallint", "int", "bigint", "date")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_BIGGEST = 2**63 - 1
_RECREATE = "Drop it, or create again what it selects from."

_Result = TypeVar("_Result")
_Rows = List[Dict[str, Optional[str]]]


@dataclass(frozen=True)
class DatabaseAccess:
    """How databases are asked.

    Attributes:
        user: for paths that name none.
        password: the same.
        connections: the most at one time, for one table.
        retry_seconds: so long a server that does not answer is asked again.
        timeout_seconds: the most that one statement may take.
    """

    user: str = ""
    password: str = ""
    connections: int = 4
    retry_seconds: float = 60.0
    timeout_seconds: int = 3600

    def __repr__(self) -> str:
        return f"{type(self).__name__}(connections={self.connections})"


class DatabaseSource:
    """A table, a schema or a whole database.

    Args:
        path: as :mod:`.database_address` describes it.
        access: user, password, and how much is asked.
        session: returns the Spark session.
        clock: seconds, rising.
        sleep: waits so many seconds.

    Raises:
        SourceError: the path names no database that can be read.
    """

    def __init__(
        self,
        path: str,
        access: DatabaseAccess,
        session: Callable[[], Any],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = parse_address(path)
        self._access = access
        self._session = session
        self._dialect = DIALECTS[self._address.kind]
        self._clock = clock
        self._sleep = sleep

    @property
    def location(self) -> str:
        """The address without user, password and parameters of the driver."""
        return self._address.location

    @property
    def secrets(self) -> Tuple[str, ...]:
        """The secrets of the path."""
        words = ("password", "secret", "token", "key")
        named = (
            value for name, value in self._address.options if any(word in name.lower() for word in words)
        )
        return tuple(secret for secret in (self._address.password, *named) if secret)

    @property
    def allows_scans_at_once(self) -> bool:
        """No: one table has all the connections that the server is asked for."""
        return False

    def discover_tables(self, limit: int) -> Discovery:
        """List tables and views, ordered by schema and name, with what the catalogue says about them.

        Raises:
            SourceNotFound: there is no such database, schema or table.
            SourceAccessDenied: it may not be read.
            SourceError: the server did not answer.
        """
        self._check_file()
        schema, table = self._wanted()
        tables = self._catalogue(self._dialect.tables, TABLE_FIELDS)
        if not tables and (schema or table):
            raise SourceNotFound(
                f"{self.location} has no table{' of this name' if table else ''} that the user may see.",
                "Check schema and table in the path, also capitals, and the user's rights.",
            )
        tables.sort(key=lambda row: (str(row["schema"]), str(row["name"])))
        chosen = tables[:limit]
        columns, broken = self._columns_of(chosen)
        references = _by_table(self._catalogue(self._dialect.references, REFERENCE_FIELDS)) if chosen else {}
        datasets: List[Dataset] = []
        skipped: List[Skipped] = []
        for row in chosen:
            key = (str(row["schema"] or ""), str(row["name"]))
            dataset = _dataset(row, columns.get(key, []), references.get(key, []))
            if key[1] in broken:
                reason, remedy = "is a view of what is not there any more", _RECREATE
                skipped.append(Skipped(dataset.path, reason, remedy, is_failure=True))
            elif row["is_readable"] == "no":
                reason, remedy = "may not be read by this user", "Grant SELECT on it."
                skipped.append(Skipped(dataset.path, reason, remedy, is_failure=True))
            else:
                datasets.append(dataset)
        return Discovery((), tuple(datasets), tuple(skipped), truncated=len(tables) > limit)

    def read_table(self, spark: Any, dataset: Dataset) -> Any:
        """Return a table as a DataFrame. No row is read yet; of SQLite, the kinds of its values are.

        Raises:
            SourceError: the server did not answer, or refused.
        """
        if self._address.kind == SQLITE:
            return self._read_sqlite(spark, dataset)
        name = self._dialect.qualified(dataset.folder, dataset.name)
        reader = self._table_reader(spark).option("dbtable", name)
        data = self._ask(spark, reader.load, dataset.name)
        split = self._split(spark, dataset, name, dict(data.dtypes))
        if split is None:
            return data
        key, lowest, highest = split
        reader = (
            reader.option("partitionColumn", key).option("lowerBound", lowest).option("upperBound", highest)
        )
        return self._ask(
            spark, reader.option("numPartitions", str(self._access.connections)).load, dataset.name
        )

    def explained(self, dataset: Dataset, error: Exception) -> ExecutorError:
        """Return the error that explains what Spark raised while it read a table."""
        found = explained(error, dataset.name)
        return found if isinstance(found, EngineError) else DatasetUnreadable(found.message, found.remedy)

    def _check_file(self) -> None:
        file = Path(python_path(self._address.database)) if self._address.kind == SQLITE else None
        if file is not None and not file.is_file() and not self._relative_file():
            raise SourceNotFound(f"Nothing lies at {self.location}.", "Check the path of the SQLite file.")

    def _relative_file(self) -> str:
        """Return the file that ``sqlite:///x.db`` means to other programs: one in the working folder."""
        relative = self._address.database.lstrip("/")
        return relative if not Path(self._address.database).is_file() and Path(relative).is_file() else ""

    def _jdbc_url(self) -> str:
        if self._address.kind != SQLITE:
            return self._address.jdbc_url
        return f"jdbc:sqlite:{python_path(self._relative_file() or self._address.database)}"

    def _wanted(self) -> Tuple[str, str]:
        address = self._address
        schema = address.schema or (address.database if address.kind == MYSQL else "")
        return schema, address.table

    def _reader(self, spark: Any, seconds: int) -> Any:
        """Return a reader of this database; user, password and parameters of the driver are options of it."""
        address, access = self._address, self._access
        options: Dict[str, str] = dict(self._dialect.options(seconds))
        named = {name.lower() for name, _ in address.options}
        options = {name: value for name, value in options.items() if name.lower() not in named}
        options.update(address.options)
        user, password = address.user or access.user, address.password or access.password
        if address.kind != SQLITE:
            options.update({name: value for name, value in (("user", user), ("password", password)) if value})
        options.update(
            url=self._jdbc_url(),
            driver=self._dialect.driver,
            queryTimeout=str(seconds),
            fetchsize=str(_FETCHED_ROWS),
        )
        return spark.read.format("jdbc").options(**options)

    def _table_reader(self, spark: Any) -> Any:
        reader = self._reader(spark, self._access.timeout_seconds)
        session = self._dialect.session
        return reader.option("sessionInitStatement", session) if session else reader

    def _catalogue(self, sql: str, fields: Sequence[str], table: str = "") -> _Rows:
        schema, wanted = self._wanted()
        statement = self._dialect.statement(sql, schema, table or wanted)
        return self._texts(self._session(), statement, fields, self.location)

    def _columns_of(self, tables: _Rows) -> Tuple[Dict[Tuple[str, str], _Rows], Set[str]]:
        """Return the columns of some tables, and the names of views whose columns cannot be listed.

        One such view makes SQLite refuse the list for all tables. Then each is asked for by itself.
        """
        if not tables:
            return {}, set()
        try:
            return _by_table(self._catalogue(self._dialect.columns, COLUMN_FIELDS)), set()
        except SourceError:
            if self._address.kind != SQLITE:
                raise
        rows: _Rows = []
        broken: Set[str] = set()
        for table in tables:
            name = str(table["name"])
            try:
                rows += self._catalogue(self._dialect.columns, COLUMN_FIELDS, name)
            except SourceError:
                if table["kind"] != "view":
                    raise
                broken.add(name)
        return _by_table(rows), broken

    def _texts(self, spark: Any, sql: str, fields: Sequence[str], what: str) -> _Rows:
        """Return the rows of a statement whose columns are texts called ``f0``, ``f1`` and so on."""
        types = ", ".join(f"f{index} STRING" for index in range(len(fields)))
        reader = self._reader(spark, min(_CATALOGUE_SECONDS, self._access.timeout_seconds))
        reader = reader.option("query", sql).option("customSchema", types)
        rows = self._ask(spark, lambda: reader.load().collect(), what)
        return [dict(zip(fields, row)) for row in rows]

    def _split(
        self, spark: Any, dataset: Dataset, name: str, types: Dict[str, str]
    ) -> Optional[Tuple[str, str, str]]:
        """Return the key by which several connections share a table, and its least and greatest value."""
        declared = dataset.declared or DeclaredTable()
        key = next((one for one in dataset.key_columns if _is_key_type(types.get(one, ""))), None)
        known = declared.rows
        if key is None or self._access.connections < 2 or (known is not None and known < _WORTH_SPLITTING):  # noqa: PLR2004  one and more
            return None
        column = self._dialect.quoted(key)
        ends = ", ".join(
            f"{self._dialect.as_text.replace('{}', f'{end}({column})')} AS f{index}"
            for index, end in enumerate(("MIN", "MAX"))
        )
        (found,) = self._texts(spark, f"SELECT {ends} FROM {name}", ("lowest", "highest"), dataset.name)
        lowest, highest = found["lowest"], found["highest"]
        if lowest is None or highest is None or lowest == highest:
            return None
        if types[key] != "date" and max(abs(int(lowest)), abs(int(highest))) > _BIGGEST:
            return None
        return (
            key,
            lowest[:10] if types[key] == "date" else lowest,
            highest[:10] if types[key] == "date" else highest,
        )

    def _read_sqlite(self, spark: Any, dataset: Dataset) -> Any:
        """Read a table of SQLite, where each value has a kind of its own: a column gets one that fits all."""
        names = [one.name for one in (dataset.declared or DeclaredTable()).columns]
        table = self._dialect.quoted(dataset.name)
        kinds: List[str] = []
        for first in range(0, len(names), 100):
            some = names[first : first + 100]
            flags = " || ' ' || ".join(
                " || ".join(
                    f"coalesce(max(typeof({self._dialect.quoted(name)}) = '{kind}'), 0)"
                    for kind in ("integer", "real", "text", "blob")
                )
                for name in some
            )
            (found,) = self._texts(spark, f"SELECT {flags} AS f0 FROM {table}", ("flags",), dataset.name)
            kinds.extend(str(found["flags"]).split())
        declared = {one.name: one.data_type for one in (dataset.declared or DeclaredTable()).columns}
        types = [_sqlite_type(kind, declared[name]) for name, kind in zip(names, kinds)]
        selected = ", ".join(
            f"CAST({quoted} AS TEXT) AS {quoted}" if spark_type == "STRING" else quoted
            for quoted, spark_type in zip(map(self._dialect.quoted, names), types)
        )
        schema = ", ".join(
            f"`{name.replace('`', '``')}` {spark_type}" for name, spark_type in zip(names, types)
        )
        reader = self._table_reader(spark).option("dbtable", f"(SELECT {selected} FROM {table}) AS t")
        return self._ask(spark, reader.option("customSchema", schema).load, dataset.name)

    def _ask(self, spark: Any, action: Callable[[], _Result], what: str) -> _Result:
        """Do something with the database, with its driver; again for some time where that may help."""
        end = self._clock() + self._access.retry_seconds
        pause = _FIRST_PAUSE
        while True:
            try:
                return with_package(spark, self._dialect.package, action)
            except ExecutorError:
                raise
            except Exception as error:
                meaning = meaning_of(error)
                if not meaning.is_passing or self._clock() + pause > end:
                    logger.debug("%s", what, exc_info=error)
                    raise explained(error, what) from None
                logger.info(
                    "%s: %s; asking again for up to %.0f s", what, meaning.reason, end - self._clock()
                )
            self._sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)


def _dataset(row: Dict[str, Optional[str]], columns: _Rows, references: _Rows) -> Dataset:
    """Build a dataset of the rows of a catalogue."""
    schema, name = row["schema"] or "", str(row["name"])
    in_key = sorted((int(one["key"] or 0), str(one["column"])) for one in columns if one["key"])
    keys: Dict[str, _Rows] = {}
    for one in references:
        keys.setdefault(str(one["constraint"]), []).append(one)
    declared = DeclaredTable(
        kind=row["kind"] or "table",
        comment=row["comment"] or "",
        rows=_whole(row["rows"]),
        size_bytes=_whole(row["bytes"]),
        columns=tuple(
            DeclaredColumn(str(one["column"]), one["type"] or "", one["comment"] or "") for one in columns
        ),
        foreign_keys=tuple(
            ForeignKey(
                tuple(str(one["column"]) for one in key),
                ".".join(filter(None, (key[0]["to_schema"], key[0]["to_table"]))),
                tuple(str(one["to_column"] or "") for one in key),
            )
            for _, key in sorted(keys.items())
        ),
    )
    return Dataset(
        name=name,
        folder=schema,
        path=f"{schema}.{name}" if schema else name,
        format=FileFormat.TABLE,
        files=(),
        key_columns=tuple(column for _, column in in_key),
        declared=declared,
    )


def _by_table(rows: _Rows) -> Dict[Tuple[str, str], _Rows]:
    found: Dict[Tuple[str, str], _Rows] = {}
    for row in rows:
        found.setdefault((str(row["schema"] or ""), str(row["name"])), []).append(row)
    return found


def _whole(text: Optional[str]) -> Optional[int]:
    return None if text is None else int(float(text))


def _is_key_type(data_type: str) -> bool:
    return data_type in _KEY_TYPES or (data_type.startswith("decimal(") and data_type.endswith(",0)"))


def _sqlite_type(found: str, declared: str) -> str:
    """Return the type of Spark's that holds all values of a column of SQLite.

    Args:
        found: four digits, whether it has values that are integer, real, text, blob.
        declared: its declared type, which decides where it has no value at all.
    """
    integer, real, text, blob = (digit == "1" for digit in found)
    if blob and not (integer or real or text):
        return "BINARY"
    if text or blob:
        return "STRING"
    if real:
        return "DOUBLE"
    if integer:
        return "BIGINT"
    # https://sqlite.org/datatype3.html#determination_of_column_affinity
    if "INT" in declared:
        return "BIGINT"
    return "DOUBLE" if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else "STRING"
