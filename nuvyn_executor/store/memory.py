"""The metadata tables in memory: the reference of the port's behaviour, and the test double."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Sequence

if TYPE_CHECKING:
    from nuvyn_executor.schema.tables import Column, Table
    from nuvyn_executor.store.base import Row


class MemoryMetadataStore:
    """A :class:`~nuvyn_executor.store.base.MetadataStore` of dictionaries."""

    def __init__(self, schema_name: str = "_executor_metadata") -> None:
        self.schema_name = schema_name
        self._exists = False
        self._columns: Dict[str, Dict[str, str]] = {}
        self._rows: Dict[str, List[Dict[str, Any]]] = {}
        self._lock = threading.RLock()

    def schema_exists(self) -> bool:
        """Whether the schema is there."""
        return self._exists

    def create_schema(self) -> None:
        """Create the schema."""
        self._exists = True

    def describe(self, table: str) -> Optional[Dict[str, str]]:
        """Return the columns of a table and their types."""
        columns = self._columns.get(table)
        return dict(columns) if columns is not None else None

    def create_table(self, table: Table) -> None:
        """Create a table."""
        with self._lock:
            self._columns.setdefault(table.name, table.column_types())
            self._rows.setdefault(table.name, [])

    def add_columns(self, table: str, columns: Sequence[Column]) -> None:
        """Add columns; rows already there have None in them."""
        with self._lock:
            for column in columns:
                self._columns[table][column.name] = column.data_type
                for row in self._rows[table]:
                    row.setdefault(column.name, None)

    def append(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows as they are."""
        with self._lock:
            for row in rows:
                self._rows[table.name].append({**dict.fromkeys(self._columns[table.name]), **row})

    def upsert(
        self,
        table: Table,
        rows: Sequence[Row],
        *,
        insert_only: Sequence[str] = (),
        increment: Optional[str] = None,
    ) -> None:
        """Insert rows, or update those with the same key."""
        with self._lock:
            by_key = {row[table.key]: row for row in self._rows[table.name]}
            for row in rows:
                found = by_key.get(row[table.key])
                if found is None:
                    self.append(table, [row])
                    found = by_key[row[table.key]] = self._rows[table.name][-1]
                else:
                    found.update({name: value for name, value in row.items() if name not in insert_only})
                if increment is not None:
                    found[increment] = (found[increment] or 0) + 1

    def update(self, table: Table, where: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Set values in the rows that match."""
        with self._lock:
            for row in self._matching(table, where):
                row.update(values)

    def rows(
        self,
        table: Table,
        where: Optional[Mapping[str, Any]] = None,
        columns: Optional[Sequence[str]] = None,
    ) -> List[Dict[str, Any]]:
        """Return copies of the rows that match."""
        with self._lock:
            return [
                dict(row) if columns is None else {name: row[name] for name in columns}
                for row in self._matching(table, where or {})
            ]

    def iter_rows(
        self, table: Table, where: Mapping[str, Any], columns: Sequence[str], order: Sequence[str]
    ) -> Iterator[Dict[str, Any]]:
        """Read copies of the rows that match, one after another, in order."""
        found = self.rows(table, where, list(dict.fromkeys((*columns, *order))))
        found.sort(key=lambda row: [(row[name] is not None, row[name]) for name in order])
        return ({name: row[name] for name in columns} for row in found)

    def _matching(self, table: Table, where: Mapping[str, Any]) -> List[Dict[str, Any]]:
        return [
            row
            for row in self._rows[table.name]
            if all(
                row[name] in value if isinstance(value, list) else row[name] == value
                for name, value in where.items()
            )
        ]
