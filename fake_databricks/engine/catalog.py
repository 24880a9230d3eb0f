"""Brings a workspace's tables back after a restart: the catalog is in memory, the data are on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_databricks.engine.inside.path_table import SCHEME

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        yield from listed(json.loads(catalog_file.read_text(encoding="utf-8")))


def listed(content: dict[str, Any]) -> Iterator[str]:
    """Return the statements for the list that an earlier server wrote."""
    for name, location in content["databases"].items():
        yield f"CREATE DATABASE IF NOT EXISTS {quoted(name)} LOCATION {text(location)}"
    for table in content["tables"]:
        yield table_statement(table["database"], table["table"], table["provider"], table["location"])
    for view in content["views"]:
        yield f"CREATE VIEW IF NOT EXISTS {quoted(view['database'])}.{quoted(view['view'])} AS {view['text']}"


def write_tables(session: Any, catalog_file: Path) -> None:
    """Write a list of what the catalog of a Java session holds."""
    external = session.sharedState().externalCatalog().unwrapped()
    content: dict[str, Any] = {"databases": {}, "tables": [], "views": []}
    for database in each(external.listDatabases()):
        if database != "default":
            content["databases"][database] = external.getDatabase(database).locationUri().toString()
        for name in each(external.listTables(database)):
            add_table(content, database, name, external.getTable(database, name))
    part = catalog_file.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1), encoding="utf-8")
    part.replace(catalog_file)


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
    entry = {"database": database, "table": name, "provider": table.provider().get()}
    content["tables"].append({**entry, "location": table.location().toString()})
