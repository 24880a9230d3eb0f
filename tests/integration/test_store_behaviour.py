"""One behaviour suite for the port ``MetadataStore``, run over both implementations."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Iterator
from uuid import uuid4

import pytest

from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS, REQUIRED_TABLES, SOURCES, TABLES, Column, Table
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.store.delta import DeltaMetadataStore
from nuvyn_executor.store.memory import MemoryMetadataStore

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

    from nuvyn_executor.store.base import MetadataStore

NOW = datetime(2026, 3, 29, 1, 30, 15, 123456, tzinfo=timezone.utc)  # an hour that Berlin skips


@pytest.fixture(name="store", params=["memory", pytest.param("delta", marks=pytest.mark.spark)])
def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MetadataStore]:
    if request.param == "memory":
        yield MemoryMetadataStore()
        return
    spark = request.getfixturevalue("spark")
    name = f"behaviour_{uuid4().hex[:8]}"
    yield DeltaMetadataStore(spark, name, tmp_path)
    spark.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")


def create(store: MetadataStore, *tables: Table) -> None:
    """Create the schema and some tables: each costs half a second in Delta."""
    store.create_schema()
    for table in tables:
        store.create_table(table)


def _source(key: str, **values: Any) -> dict[str, Any]:
    return {"source_id": key, "tenant_id": "t", "created_at": NOW, "metadata_version": 1, **values}


class TestMetadataStore:
    """The port's docstrings, sentence by sentence."""

    def test_knows_nothing_before_the_schema_is_created(self, store: MetadataStore) -> None:
        assert not store.schema_exists()
        store.create_schema()
        store.create_schema()
        assert store.schema_exists()
        assert store.describe("sources") is None

    def test_a_created_table_has_the_columns_it_was_created_with(self, store: MetadataStore) -> None:
        store.create_schema()
        for table in REQUIRED_TABLES:
            store.create_table(table)
            store.create_table(table)
            assert store.describe(table.name) == table.column_types()

    def test_added_columns_are_null_in_older_rows(self, store: MetadataStore) -> None:
        create(store, LOGS)
        store.append(LOGS, [{"log_id": "1", "run_id": "r"}])
        store.add_columns("logs", [Column("host", "string", "")])
        described = store.describe("logs")
        assert described is not None
        assert described["host"] == "string"
        assert store.rows(LOGS)[0]["host"] is None

    def test_append_keeps_every_value(self, store: MetadataStore) -> None:
        create(store, LOGS)
        row = {
            "log_id": "1",
            "run_id": "job_1",
            "log_level": "INFO",
            "logger": "l",
            "log_message": 'it\'s a \\ "test" – 日本 \n 🚀',  # noqa: RUF001  the dash is there to be kept
            "log_timestamp": NOW,
        }
        store.append(LOGS, [row, {**row, "log_id": "2"}])
        assert store.rows(LOGS, {"log_id": "1"}) == [row]
        assert len(store.rows(LOGS)) == 2

    def test_rows_of_any_of_some_keys_and_of_some_columns(self, store: MetadataStore) -> None:
        create(store, LOGS)
        store.append(LOGS, [{"log_id": key, "log_message": key * 2} for key in ("a", "b'", "c")])
        found = store.rows(LOGS, {"log_id": ["a", "b'", "z"]}, ["log_message", "log_id"])
        assert sorted(found, key=lambda row: str(row["log_id"])) == [
            {"log_message": "aa", "log_id": "a"},
            {"log_message": "b'b'", "log_id": "b'"},
        ]

    def test_rows_are_read_one_after_another_in_an_order(self, store: MetadataStore) -> None:
        """Issue: "streamed in pages with flat memory at 100,000 columns"."""
        create(store, LOGS)
        keys = ["b", None, "B", "\u00e9", "\U0001f680", "\uff5e", "a'", "b"]
        store.append(
            LOGS, [{"log_id": key, "run_id": f"r{i}", "log_timestamp": NOW} for i, key in enumerate(keys)]
        )
        store.append(LOGS, [{"log_id": "a", "run_id": "other"}])
        found = store.iter_rows(
            LOGS, {"run_id": [f"r{i}" for i in range(8)]}, ["log_id", "log_timestamp"], ["log_id", "run_id"]
        )
        assert iter(found) is found
        store.append(LOGS, [{"log_id": "0", "run_id": "r0"}])
        expected = [None, "B", "a'", "b", "b", "\u00e9", "\uff5e", "\U0001f680"]
        assert list(found) == [{"log_id": key, "log_timestamp": NOW} for key in expected]

    def test_reading_one_after_another_may_end_early(self, store: MetadataStore) -> None:
        create(store, LOGS)
        store.append(LOGS, [{"log_id": str(i)} for i in range(5)])
        assert next(store.iter_rows(LOGS, {}, ["log_id"], ["log_id"])) == {"log_id": "0"}
        assert list(store.iter_rows(LOGS, {"log_id": "x"}, ["log_id"], ["log_id"])) == []

    def test_an_older_table_of_sources_gets_its_columns(self, store: MetadataStore) -> None:
        """Issue: "a delta of what changed since the confirmed version"; older installations have no base."""
        store.create_schema()
        older = replace(SOURCES, columns=tuple(c for c in SOURCES.columns if c.name != "transmitted_tables"))
        store.create_table(older)
        store.append(older, [_source("a", transmitted_version=1)])
        SchemaValidator(store).validate()
        assert store.rows(SOURCES, {"transmitted_tables": None}, ["source_id"]) == [{"source_id": "a"}]
        store.update(SOURCES, {"source_id": "a", "transmitted_tables": None}, {"transmitted_tables": "x"})
        store.update(SOURCES, {"source_id": "a", "transmitted_tables": None}, {"transmitted_tables": "y"})
        assert store.rows(SOURCES, columns=["transmitted_tables"]) == [{"transmitted_tables": "x"}]

    def test_rows_that_are_too_much_for_one_statement_are_all_written(
        self, store: MetadataStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        create(store, TABLES)
        monkeypatch.setattr("nuvyn_executor.store.delta._MOST_CHARACTERS", 100)
        rows = [{"table_id": str(i), "scan_state": "x" * (60 * i)} for i in range(4)]
        store.upsert(TABLES, rows)
        found = store.rows(TABLES, columns=["table_id", "scan_state"])
        assert sorted(found, key=lambda row: str(row["table_id"])) == rows

    def test_append_of_nothing_is_nothing(self, store: MetadataStore) -> None:
        create(store, SOURCES, LOGS)
        store.append(LOGS, [])
        store.upsert(SOURCES, [])
        assert store.rows(LOGS) == store.rows(SOURCES) == []

    def test_upsert_inserts_then_updates_and_never_duplicates(self, store: MetadataStore) -> None:
        create(store, SOURCES)
        store.upsert(SOURCES, [_source("a"), _source("b")])
        store.upsert(SOURCES, [_source("b", files_found=3), _source("c")])
        rows = {row["source_id"]: row for row in store.rows(SOURCES)}
        assert sorted(rows) == ["a", "b", "c"]
        assert rows["b"]["files_found"] == 3
        assert rows["a"]["files_found"] is None

    def test_upsert_leaves_what_it_does_not_name(self, store: MetadataStore) -> None:
        create(store, SOURCES)
        store.upsert(SOURCES, [_source("a", confirmation="yes")])
        store.upsert(SOURCES, [{"source_id": "a", "files_found": 7}])
        (row,) = store.rows(SOURCES)
        assert (row["confirmation"], row["files_found"], row["tenant_id"]) == ("yes", 7, "t")

    def test_upsert_writes_kept_columns_only_once(self, store: MetadataStore) -> None:
        create(store, SOURCES)
        later = NOW + timedelta(days=1)
        store.upsert(SOURCES, [_source("a", updated_at=NOW)], insert_only=["created_at"])
        store.upsert(SOURCES, [_source("a", created_at=later, updated_at=later)], insert_only=["created_at"])
        (row,) = store.rows(SOURCES)
        assert (row["created_at"], row["updated_at"]) == (NOW, later)

    def test_update_sets_values_where_all_of_where_holds(self, store: MetadataStore) -> None:
        create(store, EXECUTOR_RUNS)
        store.append(
            EXECUTOR_RUNS,
            [{"run_id": "a", "status": "Running"}, {"run_id": "b", "status": "Success", "started_at": NOW}],
        )
        store.update(EXECUTOR_RUNS, {"run_id": "b", "status": "Running"}, {"status": "Failed"})
        store.update(
            EXECUTOR_RUNS, {"started_at": None}, {"error_message": "it's \\ gone", "finished_at": NOW}
        )
        rows = {row["run_id"]: row for row in store.rows(EXECUTOR_RUNS)}
        assert rows["b"]["status"] == "Success"
        assert rows["a"]["error_message"] == "it's \\ gone"
        assert rows["a"]["finished_at"] == NOW
        assert rows["b"]["finished_at"] is None

    def test_a_text_that_spark_would_expand_stays_as_it_is(self, store: MetadataStore) -> None:
        create(store, LOGS)
        text = "${env:HOME} ${x} \\${y} $ {z} {"
        store.append(LOGS, [{"log_id": text, "log_message": "before"}])
        store.update(LOGS, {"log_id": text}, {"log_message": text})
        assert [row["log_message"] for row in store.rows(LOGS, {"log_id": text})] == [text]

    def test_upsert_can_count_how_often_a_row_was_written(self, store: MetadataStore) -> None:
        create(store, SOURCES)
        store.append(SOURCES, [{"source_id": "b"}, {"source_id": "c", "metadata_version": 4}])
        for _ in range(2):
            rows = [{"source_id": key, "source_name": key} for key in ("a", "c")]
            store.upsert(SOURCES, rows, increment="metadata_version")
        store.upsert(SOURCES, [{"source_id": "b", "source_name": "b"}], increment="metadata_version")
        versions = {row["source_id"]: row["metadata_version"] for row in store.rows(SOURCES)}
        assert versions == {"a": 2, "b": 1, "c": 6}

    def test_update_can_set_null_and_numbers(self, store: MetadataStore) -> None:
        create(store, TABLES)
        store.upsert(TABLES, [{"table_id": "t", "overall_score": 12.5, "row_count": 1, "removed_at": NOW}])
        store.update(
            TABLES, {"table_id": "t"}, {"overall_score": None, "row_count": 2**53 + 1, "removed_at": None}
        )
        (row,) = store.rows(TABLES)
        assert (row["overall_score"], row["row_count"], row["removed_at"]) == (None, 2**53 + 1, None)

    def test_rows_are_copies(self, store: MetadataStore) -> None:
        create(store, LOGS)
        store.append(LOGS, [{"log_id": "1"}])
        store.rows(LOGS)[0]["log_id"] = "changed"
        assert store.rows(LOGS)[0]["log_id"] == "1"


@pytest.mark.spark
class TestHalfATable:
    """The disk full [...]: the next run repairs all."""

    def test_what_a_creation_left_that_did_not_end_is_no_hindrance(
        self, spark: SparkSession, tmp_path: Path
    ) -> None:
        name = f"half_{uuid4().hex[:8]}"
        log = tmp_path / name / LOGS.name / "_delta_log"
        log.mkdir(parents=True)
        (log / ".00000000000000000000.json.0a1b.tmp").write_text("{")
        store = DeltaMetadataStore(spark, name, tmp_path, sleep=lambda _: None)
        try:
            store.create_schema()
            store.create_table(LOGS)
            assert store.rows(LOGS) == []
        finally:
            spark.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
