"""A workspace's tables, as statements: the catalog is in the JVM's memory, the data are on the disk.

With them a workspace has its tables again after a restart, and in a second JVM.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_databricks.engine.inside.path_table import SCHEME

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

Name = tuple[str, ...]
"""What a catalog holds: a word for its kind, its database and its own name; a database has one name."""
WAREHOUSE = "/user/hive/warehouse"
"""Where Databricks' hive_metastore keeps managed tables, in DBFS."""


def quoted(name: str) -> str:
    """Return a name as a SQL identifier."""
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """Return a value as a SQL string."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def table_statement(database: str, table: str, provider: str, location: str) -> str:
    """Return the statement that registers an existing table."""
    name = f"{quoted(database)}.{quoted(table)}"
    return f"CREATE TABLE IF NOT EXISTS {name} USING {provider} LOCATION {text(location)}"


def registrations(dbfs_root: str, catalog_file: Path) -> Iterator[str]:
    """Return the statements that register the tables of the warehouse and of an earlier server's list."""
    warehouse = Path(dbfs_root + WAREHOUSE)
    databases = [path for path in sorted(warehouse.glob("*.db")) if path.is_dir()]
    for path in databases:
        yield f"CREATE DATABASE IF NOT EXISTS {quoted(path.name[:-3])}"
    for path, database in [(warehouse, "default"), *((each, each.name[:-3]) for each in databases)]:
        for log in sorted(path.glob("*/_delta_log")):
            place = f"{SCHEME}{WAREHOUSE}/{log.parent.relative_to(warehouse)}"
            yield table_statement(database, log.parent.name, "DELTA", place)
    if catalog_file.exists():
        yield from listed(json.loads(catalog_file.read_text(encoding="utf-8"))).values()


def listed(content: dict[str, Any]) -> dict[Name, str]:
    """Return the statements for a list of what a catalog holds: databases first, views last."""
    found: dict[Name, str] = {}
    for name, location in content["databases"].items():
        found["database", name] = f"CREATE DATABASE IF NOT EXISTS {quoted(name)} LOCATION {text(location)}"
    for table in content["tables"]:
        database, name = table["database"], table["table"]
        statement = table_statement(database, name, table["provider"], table["location"])
        is_managed = table.get("is_managed", False)  # the list of an older version does not say
        found["table", database, name] = managed(database, name, statement) if is_managed else statement
    for view in content["views"]:
        database, name = view["database"], view["view"]
        statement = f"CREATE VIEW IF NOT EXISTS {quoted(database)}.{quoted(name)} AS {view['text']}"
        found["view", database, name] = statement
    return found


def managed(database: str, table: str, statement: str) -> str:
    """Return a statement for a managed table: its first line, a comment of SQL, names it for the JVM."""
    return f"--managed\t{database}\t{table}\n{statement}"


def write_tables(session: Any, catalog_file: Path) -> None:
    """Write a list of what the catalog of a Java session holds."""
    part = catalog_file.with_suffix(".part")
    part.write_text(json.dumps(content_of(session), indent=1), encoding="utf-8")
    part.replace(catalog_file)


def content_of(session: Any) -> dict[str, Any]:
    """Return a list of what the catalog of a Java session holds."""
    external = external_catalog(session)
    content: dict[str, Any] = {"databases": {}, "tables": [], "views": []}
    for database in each(external.listDatabases()):
        if database != "default":
            content["databases"][database] = external.getDatabase(database).locationUri().toString()
        for name in each(external.listTables(database)):
            add_table(content, database, name, external.getTable(database, name))
    return content


def external_catalog(session: Any) -> Any:
    """Return the catalog of a Java session."""
    return session.sharedState().externalCatalog().unwrapped()


class JvmCatalog:
    """The catalog of a workspace in one JVM (the ``OpenCatalog`` of ``shared_tables``).

    Args:
        key: which catalog it is.
        warm: the Java class ``Warm``.
        session: the Java session that holds the catalog.
    """

    def __init__(self, key: Hashable, warm: Any, session: Any) -> None:
        self.key = key
        self._warm = warm
        self._session = session

    def entries(self) -> dict[Name, str]:
        """Return the statement that registers each database, table and view."""
        return listed(content_of(self._session))

    def add(self, statement: str) -> None:
        """Register a database, table or view; a failure is in the JVM's log."""
        self._warm.register(self._session, statement)

    def remove(self, name: Name) -> None:
        """Forget one; the files of a table stay."""
        if name[0] == "database":
            external_catalog(self._session).dropDatabase(name[1], True, True)  # noqa: FBT003  Scala has no names for them
        elif name[0] == "table":
            self._warm.forgetTable(self._session, name[1], name[2])
        else:
            external_catalog(self._session).dropTable(name[1], name[2], True, True)  # noqa: FBT003  as above


def each(sequence: Any) -> Iterator[Any]:
    """Return the elements of a Scala sequence."""
    for index in range(sequence.size()):
        yield sequence.apply(index)


def add_table(content: dict[str, Any], database: str, name: str, table: Any) -> None:
    """Add a table or view to the list, if a statement can register it again."""
    if table.tableType().name() == "VIEW":
        content["views"].append({"database": database, "view": name, "text": table.viewText().get()})
        return
    if table.provider().isEmpty() or table.storage().locationUri().isEmpty():
        return
    content["tables"].append(
        {
            "database": database,
            "table": name,
            "provider": table.provider().get().lower(),
            "location": table.location().toString(),
            "is_managed": table.tableType().name() == "MANAGED",
        }
    )
