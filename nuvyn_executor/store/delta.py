"""The metadata tables in Delta, written through Spark.

On Databricks the tables are managed by the workspace's catalog. Elsewhere (where ``location`` is set) Spark's
catalog is in memory and ends with the process. There each table has a folder below ``location``, and ``CREATE
TABLE IF NOT EXISTS ... LOCATION`` adds the tables that other processes wrote to the catalog.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from contextlib import contextmanager
from datetime import datetime, timezone
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

from nuvyn_executor.errors import ExecutorError, SchemaError
from nuvyn_executor.model import epoch_micros
from nuvyn_executor.spark.conditions import failure_of
from nuvyn_executor.store.read_failures import unreadable
from nuvyn_executor.store.write_failures import explained

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.schema.tables import Column, Table
    from nuvyn_executor.store.base import Row

# Delta's optimistic concurrency: another writer was faster, and the same statement succeeds when repeated.
# https://docs.delta.io/latest/concurrency-control.html
_CONFLICTS = (
    "DELTA_CONCURRENT*",
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
    # another process made the table's folder and is about to write its first commit
    "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION",
)
_CONFLICT_WORDS = re.compile(  # of Hadoop, and of Delta where an error has no name
    r"Concurrent\w*Exception|MetadataChangedException|ProtocolChangedException|DELTA_CONCURRENT"
    r"|DELTA_METADATA_CHANGED|ConcurrentModification|FileAlreadyExistsException"
    r"|DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION"
)
_ATTEMPTS = 12
_WAITS_FOR_ANOTHER = 6  # which creates the same table; some three seconds
_MOST_CHARACTERS = 8_000_000  # of one statement, which is sent to Spark and held there as a whole


class DeltaMetadataStore:
    """A :class:`~nuvyn_executor.store.base.MetadataStore` of Delta tables.

    Args:
        spark: a session with Delta. Never stopped here.
        schema_name: ``_executor_metadata``, or with a catalog: ``main._executor_metadata``.
        location: folder for the tables where there is no persistent catalog; ``None`` on Databricks.
        sleep: waits so many seconds, between two attempts after a conflict.
        uniform: a random number from [0, 1): which part of a pause is waited, and what views are called.
    """

    def __init__(
        self,
        spark: Any,
        schema_name: str,
        location: Optional[Path] = None,
        sleep: Callable[[float], None] = time.sleep,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._spark = spark
        self.schema_name = schema_name
        self._location = location
        self._sleep = sleep
        self._uniform = uniform
        self._known_types: Dict[str, Dict[str, str]] = {}

    def schema_exists(self) -> bool:
        """Whether the schema is there."""
        if self._location is not None:
            return self._folder("").is_dir()
        # Not catalog.databaseExists: Spark 3.3 finds no name in backquotes, and a catalog's name needs them.
        *catalog, schema = self.schema_name.split(".")
        where = f"IN {_quoted(catalog[0])} " if catalog else ""
        return bool(self._spark.sql(f"SHOW SCHEMAS {where}LIKE {_literal(schema)}").collect())

    def create_schema(self) -> None:
        """Create the schema; no error when it is there."""
        if self._location is not None:
            try:
                self._folder("").mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._explained(error) from error
        self._run("", f"CREATE SCHEMA IF NOT EXISTS {self._sql_schema()}")

    def describe(self, table: str) -> Optional[Dict[str, str]]:
        """Return the columns of a table and their types, or ``None``."""
        with self._read(table):
            return self._described(table)

    def _described(self, table: str) -> Optional[Dict[str, str]]:
        if self._location is not None:
            # A log without a commit belongs to a table that another process is just creating.
            if not any((self._folder(table) / "_delta_log").glob("[0-9]*.json")):
                return None
            self._attach(table)
        elif not self._spark.catalog.tableExists(self._sql_name(table)):
            return None
        fields = self._spark.table(self._sql_name(table)).schema.fields
        self._known_types[table] = {field.name.lower(): field.dataType.simpleString() for field in fields}
        return dict(self._known_types[table])

    def create_table(self, table: Table) -> None:
        """Create a table; no error when another process just did."""
        columns = ", ".join(
            f"{_quoted(column.name)} {column.data_type} COMMENT {_literal(column.comment)}"
            for column in table.columns
        )
        if self._location is not None:  # another process may have made the folder; this catalog is empty
            self._run("", f"CREATE SCHEMA IF NOT EXISTS {self._sql_schema()}")
        statement = (
            f"CREATE TABLE IF NOT EXISTS {self._sql_name(table.name)} ({columns}) USING DELTA "
            f"{self._sql_location(table.name)} COMMENT {_literal(table.comment)}"
        )

        attempts = count()

        def create() -> None:
            # Another machine, whose lock is not seen here, may be creating it: that is waited for first.
            if next(attempts) >= _WAITS_FOR_ANOTHER:
                self._remove_half_created(table.name)
            self._spark.sql(statement)

        self._retried(table.name, create)
        self._known_types.pop(table.name, None)

    def add_columns(self, table: str, columns: Sequence[Column]) -> None:
        """Add columns; rows already there have NULL in them."""
        listed = ", ".join(
            f"{_quoted(column.name)} {column.data_type} COMMENT {_literal(column.comment)}"
            for column in columns
        )
        try:
            self._run(table, f"ALTER TABLE {self._sql_name(table)} ADD COLUMNS ({listed})")
        except Exception:
            # Another process may have added the columns meanwhile; then there is nothing to do.
            present = self.describe(table) or {}
            if any(column.name not in present for column in columns):
                raise
        self._known_types.pop(table, None)

    def append(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows as they are."""
        if rows:
            known = table.column_types()
            frame = self._frame(table, rows, [name for name in self._types(table) if name in known])
            # saveAsTable would use the session of the thread, and the thread of the heartbeat has none.
            self._retried(table.name, lambda: frame.writeTo(self._sql_name(table.name)).append())

    def upsert(
        self,
        table: Table,
        rows: Sequence[Row],
        *,
        insert_only: Sequence[str] = (),
        increment: Optional[str] = None,
    ) -> None:
        """Insert rows, or update those with the same key, some megabytes of them in one transaction."""
        for some in _batches(rows):
            self._merge(table, some, insert_only, increment)

    def _merge(
        self, table: Table, rows: Sequence[Row], insert_only: Sequence[str], increment: Optional[str]
    ) -> None:
        named = [name for name in self._types(table) if name in rows[0]]
        view = f"incoming_{int(self._uniform() * 2**53):014x}"  # two threads may merge in one session
        self._frame(table, rows, named).createOrReplaceTempView(view)
        inserts = {_quoted(name): f"incoming.{_quoted(name)}" for name in named}
        updates = {
            _quoted(name): f"incoming.{_quoted(name)}"
            for name in named
            if name not in (table.key, *insert_only)
        }
        if increment is not None:
            inserts[_quoted(increment)] = "1"
            updates[_quoted(increment)] = f"coalesce(target.{_quoted(increment)}, 0) + 1"
        assignments = ", ".join(f"target.{name} = {value}" for name, value in updates.items())
        try:
            self._run(
                table.name,
                f"MERGE INTO {self._sql_name(table.name)} AS target USING {view} AS incoming "  # noqa: S608  names are quoted by _quoted, the view is hex
                f"ON target.{_quoted(table.key)} = incoming.{_quoted(table.key)} "
                f"WHEN MATCHED THEN UPDATE SET {assignments} "
                f"WHEN NOT MATCHED THEN INSERT ({', '.join(inserts)}) VALUES ({', '.join(inserts.values())})",
            )
        finally:
            self._spark.catalog.dropTempView(view)

    def update(self, table: Table, where: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Set values in the rows that match."""
        types = self._types(table)
        assignments = ", ".join(
            f"{_quoted(name)} = {_literal(value, types[name])}" for name, value in values.items()
        )
        target = self._sql_name(table.name)
        self._run(table.name, f"UPDATE {target} SET {assignments} {_where(where, types)}")  # noqa: S608  names are quoted by _quoted, values by _literal

    def rows(
        self,
        table: Table,
        where: Optional[Mapping[str, Any]] = None,
        columns: Optional[Sequence[str]] = None,
    ) -> List[Dict[str, Any]]:
        """Return the rows that match."""
        named = "*" if columns is None else ", ".join(map(_quoted, columns))
        with self._read(table.name):
            return [_plain(row) for row in self._spark.sql(self._query(table, named, where or {})).collect()]

    def iter_rows(
        self, table: Table, where: Mapping[str, Any], columns: Sequence[str], order: Sequence[str]
    ) -> Iterator[Dict[str, Any]]:
        """Read the rows that match one after another; Spark sorts them, and sends one part at a time.

        The first row is read at once: Spark Connect chooses the table's version when it sends a row, and rows
        that are written after this call are not a part of the answer.
        """
        terms = ", ".join(f"{_quoted(name)} ASC NULLS FIRST" for name in order)
        query = f"{self._query(table, ', '.join(map(_quoted, columns)), where)} ORDER BY {terms}"
        rows = self._spark.sql(query).toLocalIterator()
        return map(_plain, chain(list(islice(rows, 1)), rows))

    @contextmanager
    def _read(self, table: str) -> Iterator[None]:
        try:
            yield
        except ExecutorError:
            raise
        except Exception as error:
            raise unreadable(error, f"{self.schema_name}.{table}") from error

    def _query(self, table: Table, named: str, where: Mapping[str, Any]) -> str:
        terms = _where(where, self._types(table))
        return f"SELECT {named} FROM {self._sql_name(table.name)} {terms}"  # noqa: S608  names are quoted by _quoted, values by _literal

    def _types(self, table: Table) -> Dict[str, str]:
        types = self._known_types.get(table.name) or self.describe(table.name)
        if types is None:
            raise SchemaError(
                f"The table {self.schema_name}.{table.name} does not exist.",
                "Run the job schema_validation, which creates it.",
            )
        return types

    def _frame(self, table: Table, rows: Sequence[Row], names: Sequence[str]) -> Any:
        """Return a DataFrame of rows, made of one JSON text that Spark parses.

        ``createDataFrame`` would send the rows through a Python worker, whose start alone costs a second.
        """
        from pyspark.sql import functions as f  # noqa: PLC0415  imported where a table is written

        types = self._types(table)
        moments = {name for name in names if types[name] == "timestamp"}
        schema = ", ".join(
            f"{_quoted(name)}: {'bigint' if name in moments else types[name]}" for name in names
        )
        text = json.dumps([{name: _to_json(row.get(name)) for name in names} for row in rows])
        parsed = f.from_json(f.lit(text), f"array<struct<{schema}>>", {"mode": "FAILFAST"})
        columns = [
            f"timestamp_micros({_quoted(name)}) AS {_quoted(name)}" if name in moments else _quoted(name)
            for name in names
        ]
        everything = self._spark.range(1).select(parsed.alias("everything"))
        # As SQL: functions.inline came with Spark 3.4.
        return everything.selectExpr("inline(everything)").selectExpr(*columns)

    def _attach(self, table: str) -> None:
        """Add a table that already lies in its folder to the in-memory catalog."""
        self._run("", f"CREATE SCHEMA IF NOT EXISTS {self._sql_schema()}")
        self._run(
            table,
            f"CREATE TABLE IF NOT EXISTS {self._sql_name(table)} USING DELTA {self._sql_location(table)}",
        )

    def _run(self, table: str, statement: str) -> None:
        self._retried(table, lambda: self._spark.sql(statement))

    def _retried(self, table: str, action: Callable[[], Any]) -> None:
        """Run an action that changes a table (``""``: the schema); repeat it after a conflict."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._alone(table):
                    action()
            except Exception as error:
                if attempt == _ATTEMPTS - 1 or not failure_of(error).means(_CONFLICTS, _CONFLICT_WORDS):
                    known = self._explained(error)
                    if known is error:
                        raise
                    raise known from error
                self._sleep(self._uniform() * 0.1 * 2 ** min(attempt, 5))
            else:
                return

    def _remove_half_created(self, table: str) -> None:
        """Remove what a creation left that did not end: Delta would refuse the folder.

        It is called while the table is locked, so nobody on this machine is creating it. A log without a
        commit is no table, and beside it there is no data.
        """
        if self._location is None:
            return
        log = self._folder(table) / "_delta_log"
        if log.is_dir() and list(self._folder(table).iterdir()) == [log] and not any(log.glob("[0-9]*.json")):
            shutil.rmtree(log)

    def _explained(self, error: Exception) -> Exception:
        if self._location is None:
            return explained(error, self.schema_name, "EXECUTOR_SCHEMA_NAME")
        return explained(error, str(self._location), "EXECUTOR_WAREHOUSE_DIR")

    @contextmanager
    def _alone(self, table: str) -> Iterator[None]:
        """Lock a table that is a local folder against other writers of this machine, for one transaction.

        On a local file system Delta commits by a check and a rename: two processes may both succeed, and one
        commit is lost. Object stores and Databricks commit in other ways.
        """
        if self._location is None or fcntl is None:
            yield
            return
        self._location.mkdir(parents=True, exist_ok=True)
        with (self._location / f".{self.schema_name}.{table}.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _folder(self, table: str) -> Path:
        assert self._location is not None
        return self._location / self.schema_name / table

    def _sql_schema(self) -> str:
        return ".".join(_quoted(part) for part in self.schema_name.split("."))

    def _sql_name(self, table: str) -> str:
        return f"{self._sql_schema()}.{_quoted(table)}"

    def _sql_location(self, table: str) -> str:
        return f"LOCATION {_literal(self._folder(table).as_uri())}" if self._location is not None else ""


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Cut rows into groups whose texts are not too long for one statement."""
    begin = size = 0
    for index, row in enumerate(rows):
        length = sum(len(value) for value in row.values() if isinstance(value, str))
        if index > begin and size + length > _MOST_CHARACTERS:
            yield rows[begin:index]
            begin, size = index, 0
        size += length
    if begin < len(rows):
        yield rows[begin:]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(value: Any, data_type: str = "string") -> str:
    if value is None:
        return f"CAST(NULL AS {data_type})"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S.%f}Z'"
    if isinstance(value, (bool, int, float)):
        return f"CAST('{value}' AS {data_type})"
    escaped = str(value).replace("\\", "\\\\").replace("'", "\\'")
    # Spark replaces ${env:NAME} in a statement before it parses it, and a client's file may hold such a text.
    escaped = escaped.replace("${", "\\u0024{")
    return f"'{escaped}'"


def _where(where: Mapping[str, Any], types: Mapping[str, str]) -> str:
    if not where:
        return ""
    return "WHERE " + " AND ".join(_term(name, value, types[name]) for name, value in where.items())


def _term(name: str, value: Any, data_type: str) -> str:
    if value is None:
        return f"{_quoted(name)} IS NULL"
    if isinstance(value, list):
        return f"{_quoted(name)} IN ({', '.join(_literal(one, data_type) for one in value)})"
    return f"{_quoted(name)} = {_literal(value, data_type)}"


def _to_json(value: Any) -> Any:
    return epoch_micros(value) if isinstance(value, datetime) else value


def _plain(row: Any) -> Dict[str, Any]:
    return {name.lower(): _from_spark(value) for name, value in row.asDict().items()}


def _from_spark(value: Any) -> Any:
    """Return a value with its time zone: Spark returns timestamps as naive local times of this process."""
    return value.astimezone(timezone.utc) if isinstance(value, datetime) else value
