"""Checks that the five tables exist with the columns they need, and creates what is missing."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Tuple

from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS, REQUIRED_TABLES

if TYPE_CHECKING:
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.store.base import MetadataStore

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Conflict:
    """A column that has another type than it needs."""

    table: str
    column: str
    expected: str
    found: str


@dataclass(frozen=True)
class SchemaReport:
    """The result of a validation, after it created what was missing.

    Attributes:
        schema_created: the schema itself was missing.
        tables_found: required tables that are there now.
        tables_missing: required tables that are not.
        tables_created: those that this validation created.
        columns_added: columns that it added to older tables, by table.
        conflicts: columns of another type; while there is one, nothing is created or changed.
    """

    schema_name: str
    schema_created: bool = False
    tables_found: Tuple[str, ...] = ()
    tables_missing: Tuple[str, ...] = ()
    tables_created: Tuple[str, ...] = ()
    columns_added: Dict[str, List[str]] = field(default_factory=dict)
    conflicts: Tuple[Conflict, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether the executor can work with the schema."""
        return not self.conflicts and not self.tables_missing

    @property
    def can_record_runs(self) -> bool:
        """Whether the audit trail can be written, even if another table has a conflict."""
        audit = {EXECUTOR_RUNS.name, LOGS.name}
        return audit <= set(self.tables_found) and not any(one.table in audit for one in self.conflicts)


class SchemaValidator:
    """Checks the metadata schema and completes it.

    Args:
        store: where the tables are.
    """

    def __init__(self, store: MetadataStore) -> None:
        self._store = store

    def validate(self) -> SchemaReport:
        """Check the five tables; create what is missing, unless a column has a type that conflicts.

        Missing tables are created. Columns that the tables of an older installation lack are added; their
        rows do not change otherwise. Columns that the executor does not know are left unchanged.
        """
        store = self._store
        logger.info("🔍 Validating schema: %s", store.schema_name)
        existed = store.schema_exists()
        found = {table.name: store.describe(table.name) if existed else None for table in REQUIRED_TABLES}
        created: List[str] = []
        added: Dict[str, List[str]] = {}
        if not _all_conflicts(found):
            if not existed:
                store.create_schema()
                logger.info("Created schema %s", store.schema_name)
            created, added = self._complete(found)
            # Looked up again: another process may have created a table with other columns meanwhile.
            found.update({name: store.describe(name) for name in (*created, *added)})
        report = SchemaReport(
            store.schema_name,
            schema_created=not existed and bool(created),
            tables_found=tuple(name for name, columns in found.items() if columns is not None),
            tables_missing=tuple(name for name, columns in found.items() if columns is None),
            tables_created=tuple(created),
            columns_added=added,
            conflicts=_all_conflicts(found),
        )
        _log(report)
        return report

    def _complete(self, found: Dict[str, Optional[Dict[str, str]]]) -> Tuple[List[str], Dict[str, List[str]]]:
        created: List[str] = []
        added: Dict[str, List[str]] = {}
        for table in REQUIRED_TABLES:
            columns = found[table.name]
            if columns is None:
                self._store.create_table(table)
                created.append(table.name)
                logger.info("Created table %s.%s", self._store.schema_name, table.name)
                continue
            present = {name.lower() for name in columns}
            missing = [column for column in table.columns if column.name not in present]
            if missing:
                self._store.add_columns(table.name, missing)
                added[table.name] = [column.name for column in missing]
                logger.info("Added to table %s: %s", table.name, ", ".join(added[table.name]))
        return created, added


def _log(report: SchemaReport) -> None:
    for one in report.conflicts:
        logger.error("Column %s.%s is %s and should be %s", one.table, one.column, one.found, one.expected)
    if report.valid:
        logger.info("✅ Schema validation successful")
        logger.info("✅ All tables validated")
        logger.info("✅ Schema ready for use")


def _all_conflicts(found: Mapping[str, Optional[Dict[str, str]]]) -> Tuple[Conflict, ...]:
    return tuple(one for table in REQUIRED_TABLES for one in _conflicts(table, found[table.name] or {}))


def _conflicts(table: Table, columns: Dict[str, str]) -> List[Conflict]:
    types = {name.lower(): data_type for name, data_type in columns.items()}
    return [
        Conflict(table.name, column.name, column.data_type, types[column.name])
        for column in table.columns
        if column.name in types and types[column.name] != column.data_type
    ]
