"""``SchemaValidator`` against the memory store; ``tests/integration`` runs it on Delta."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from nuvyn_executor.schema.tables import LOGS, REQUIRED_TABLES, SOURCES, Column
from nuvyn_executor.schema.validator import Conflict, SchemaValidator
from nuvyn_executor.store.memory import MemoryMetadataStore

NAMES = ("sources", "tables", "columns", "executor_runs", "logs")


@pytest.fixture(name="store")
def _store() -> MemoryMetadataStore:
    return MemoryMetadataStore()


class TestSchemaValidation:
    """Creates missing tables if needed; validates 5 required tables."""

    def test_creates_everything_at_first_and_reports_what_is_there_then(
        self, store: MemoryMetadataStore
    ) -> None:
        report = SchemaValidator(store).validate()
        assert report.valid
        assert report.schema_created
        assert (report.tables_found, report.tables_missing, report.tables_created) == (NAMES, (), NAMES)

    def test_changes_nothing_the_second_time(self, store: MemoryMetadataStore) -> None:
        SchemaValidator(store).validate()
        report = SchemaValidator(store).validate()
        assert report.valid
        assert (report.schema_created, report.tables_created, report.columns_added) == (False, (), {})

    def test_creates_the_one_table_that_is_missing(self, store: MemoryMetadataStore) -> None:
        store.create_schema()
        for table in REQUIRED_TABLES[:-1]:
            store.create_table(table)
        assert SchemaValidator(store).validate().tables_created == ("logs",)

    def test_adds_columns_to_an_older_table_and_loses_no_row(self, store: MemoryMetadataStore) -> None:
        store.create_schema()
        older = replace(LOGS, columns=LOGS.columns[:3])
        store.create_table(older)
        store.append(older, [{"log_id": "1", "run_id": "r", "log_level": "INFO"}])
        report = SchemaValidator(store).validate()
        assert report.columns_added == {"logs": ["logger", "log_message", "log_timestamp"]}
        assert store.rows(LOGS) == [
            {
                "log_id": "1",
                "run_id": "r",
                "log_level": "INFO",
                "logger": None,
                "log_message": None,
                "log_timestamp": None,
            }
        ]

    def test_leaves_columns_alone_that_it_does_not_know(self, store: MemoryMetadataStore) -> None:
        store.create_schema()
        store.create_table(replace(SOURCES, columns=(*SOURCES.columns, Column("owner", "string", ""))))
        assert SchemaValidator(store).validate().valid
        assert "owner" in (store.describe("sources") or {})

    def test_column_names_are_compared_without_case(self, store: MemoryMetadataStore) -> None:
        store.create_schema()
        upper = tuple(replace(column, name=column.name.upper()) for column in LOGS.columns)
        store.create_table(replace(LOGS, columns=upper))
        assert SchemaValidator(store).validate().columns_added == {}

    def test_a_conflicting_type_is_named_and_nothing_is_touched(self, store: MemoryMetadataStore) -> None:
        store.create_schema()
        store.create_table(replace(LOGS, columns=(Column("log_id", "bigint", ""),)))
        report = SchemaValidator(store).validate()
        assert not report.valid
        assert report.conflicts == (Conflict("logs", "log_id", "string", "bigint"),)
        assert store.describe("logs") == {"log_id": "bigint"}
        assert store.describe("sources") is None
        assert report.tables_missing == ("sources", "tables", "columns", "executor_runs")

    def test_says_what_the_guide_says(
        self, store: MemoryMetadataStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, logger="nuvyn_executor"):
            SchemaValidator(store).validate()
        said = [(record.name, record.getMessage()) for record in caplog.records]
        assert said[0] == ("nuvyn_executor.schema.validator", "🔍 Validating schema: _executor_metadata")
        for line in ("✅ Schema validation successful", "✅ All tables validated", "✅ Schema ready for use"):
            assert ("nuvyn_executor.schema.validator", line) in said
