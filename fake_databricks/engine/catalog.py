"""The tables of a workspace over a restart: its catalog is in memory, its Delta folders are on the disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WAREHOUSE = "/user/hive/warehouse"
"""Where Databricks' hive_metastore keeps managed tables, in DBFS."""


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """A value as a SQL string."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def table_statement(database: str, table: str, provider: str, location: str) -> str:
    """The statement that registers an existing table."""
    name = f"{quoted(database)}.{quoted(table)}"
    return f"CREATE TABLE IF NOT EXISTS {name} USING {provider} LOCATION {text(location)}"


def registrations(dbfs_root: str, catalog_file: Path) -> Iterator[str]:
    """The statements that bring back what is in the warehouse, and what was written down."""
    warehouse = Path(dbfs_root + WAREHOUSE)
    databases = [path for path in sorted(warehouse.glob("*.db")) if path.is_dir()]
    for path in databases:
        yield f"CREATE DATABASE IF NOT EXISTS {quoted(path.name[:-3])}"
    for path, database in [(warehouse, "default"), *((each, each.name[:-3]) for each in databases)]:
        for log in sorted(path.glob("*/_delta_log")):
            place = f"dbfs:{WAREHOUSE}/{log.parent.relative_to(warehouse)}"
            yield table_statement(database, log.parent.name, "DELTA", place)
    if catalog_file.exists():
        yield from written_down(json.loads(catalog_file.read_text(encoding="utf-8")))


def written_down(content: dict[str, Any]) -> Iterator[str]:
    """The statements for what an earlier server wrote down."""
    for name, location in content["databases"].items():
        yield f"CREATE DATABASE IF NOT EXISTS {quoted(name)} LOCATION {text(location)}"
    for table in content["tables"]:
        yield table_statement(table["database"], table["table"], table["provider"], table["location"])
    for view in content["views"]:
        yield f"CREATE VIEW IF NOT EXISTS {quoted(view['database'])}.{quoted(view['view'])} AS {view['text']}"


def write_tables(session: Any, catalog_file: Path) -> None:
    """Write down what the catalog of a Java session holds."""
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
    """The elements of a Scala sequence."""
    for index in range(sequence.size()):
        yield sequence.apply(index)


def add_table(content: dict[str, Any], database: str, name: str, table: Any) -> None:
    """One entry of the catalog, if it is one that a statement can bring back."""
    if table.tableType().name() == "VIEW":
        content["views"].append({"database": database, "view": name, "text": table.viewText().get()})
        return
    if table.provider().isEmpty() or table.storage().locationUri().isEmpty():
        return
    entry = {"database": database, "table": name, "provider": table.provider().get()}
    content["tables"].append({**entry, "location": table.location().toString()})
