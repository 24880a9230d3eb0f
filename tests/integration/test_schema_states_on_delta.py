"""The schema on real Delta in its every state, and what a second run sends of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Callable, Iterator, List

import pytest

from contract.corpus import result_differences
from contract.receiver import Receiver
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, LOGS, REQUIRED_TABLES, SOURCES, Column, Table
from nuvyn_executor.store.delta import DeltaMetadataStore
from tests.both_sides import at_the_platform, in_the_tables
from tests.installation import Installation, delta_installation

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

KEY = "nv-key-0123456789"
NAMES = [table.name for table in REQUIRED_TABLES]


@pytest.fixture(name="install")
def _install(spark: SparkSession, tmp_path: Path) -> Iterator[Callable[[str], Installation]]:
    made: List[str] = []

    def install(schema: str) -> Installation:
        made.append(schema)
        return delta_installation(tmp_path, schema)

    yield install
    for schema in made:
        spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


class TestTwoInstallingAtOnce:
    """Two runs may write at once: a Delta conflict is retried, not shown."""

    def test_a_table_that_another_run_is_just_creating_is_waited_for(
        self, install: Callable[[str], Installation], spark: SparkSession, tmp_path: Path
    ) -> None:
        other = install("installed_first").store
        other.create_schema()
        other.create_table(LOGS)
        log = tmp_path / "installed_second" / "logs" / "_delta_log"
        log.mkdir(parents=True)
        waits: List[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:  # now the other one writes its first commit
                first = "00000000000000000000.json"
                shutil.copy(tmp_path / "installed_first" / "logs" / "_delta_log" / first, log / first)

        install("installed_second")
        store = DeltaMetadataStore(spark, "installed_second", tmp_path, wait)
        store.create_schema()
        assert store.describe("logs") is None
        store.create_table(LOGS)
        assert store.describe("logs") == LOGS.column_types()
        assert len(waits) == 3

    def test_a_schema_whose_folder_another_run_just_made_is_used(
        self, install: Callable[[str], Installation], tmp_path: Path
    ) -> None:
        store = install("folder_only").store
        (tmp_path / "folder_only").mkdir()
        assert store.schema_exists()
        store.create_table(LOGS)
        assert store.describe("logs") == LOGS.column_types()


OLD_RUNS = Table(
    "executor_runs",
    "run_id",
    (Column("run_id", "string", ""), Column("status", "string", ""), Column("site_note", "string", "")),
    "of an older installation",
)


class TestAnOlderInstallation:
    """Creates the schema and missing tables, adds missing columns to older ones without loss."""

    def test_is_completed_and_keeps_what_it_had(self, install: Callable[[str], Installation]) -> None:
        site = install("older_installation")
        site.store.create_schema()
        site.store.create_table(OLD_RUNS)
        site.store.append(OLD_RUNS, [{"run_id": "job_old", "status": "Success", "site_note": "keep me"}])
        run = site.run("schema_validation")
        assert run.exit_code == 0
        assert run.document["validation_status"] == "valid"
        assert run.document["tables_found"] == NAMES
        assert run.details["schema_created"] is False
        assert run.details["tables_created"] == [name for name in NAMES if name != "executor_runs"]
        added = run.details["columns_added"]["executor_runs"]
        assert added == [name for name in EXECUTOR_RUNS.column_types() if name not in ("run_id", "status")]
        rows = {row["run_id"]: row for row in site.rows(EXECUTOR_RUNS)}
        assert rows["job_old"] == {
            **dict.fromkeys(EXECUTOR_RUNS.column_types()),
            "run_id": "job_old",
            "status": "Success",
            "site_note": "keep me",
        }
        assert rows[run.job_id]["status"] == "Success"


class TestAConflict:
    """A conflicting column type: `invalid`, named in `recommendations`, exit code 1, nothing touched."""

    def test_makes_the_schema_invalid_and_every_other_job_fail(
        self, install: Callable[[str], Installation], tmp_path: Path
    ) -> None:
        site = install("conflict")
        other = Table("logs", "log_id", (Column("log_id", "bigint", ""), Column("x", "int", "")), "")
        site.store.create_schema()
        site.store.create_table(other)
        run = site.run("schema_validation")
        assert run.exit_code == 1
        assert result_differences("schema_validation", run.document) == []
        assert run.document["validation_status"] == "invalid"
        assert run.document["tables_found"] == ["logs"]
        assert run.document["tables_missing"] == NAMES[:-1]
        (advice,) = run.document["recommendations"]
        assert advice.startswith("Column logs.log_id is bigint and should be string")
        failed = site.run("metadata_extraction", tmp_path)
        assert (failed.exit_code, failed.error["type"]) == (1, "SchemaError")
        assert "logs.log_id is bigint and should be string" in failed.error["message"]
        assert site.store.describe("logs") == {"log_id": "bigint", "x": "int"}
        assert [site.store.describe(name) for name in NAMES[:-1]] == [None] * 4
        assert site.store.rows(other) == []
        assert LOGS.name == other.name


class TestADelta:
    """Issue: "unchanged tables are not sent again: a delta of what changed since the confirmed version"."""

    def test_of_two_pipelines_the_second_sends_the_file_that_changed(
        self, install: Callable[[str], Installation], tmp_path: Path
    ) -> None:
        site, folder = install("delta_of_what_changed"), tmp_path / "data"
        folder.mkdir()
        for name in ("a", "b", "c"):
            (folder / f"{name}.csv").write_text(f"word,count\n{name},1\nother,2\n")
        with Receiver(KEY) as receiver:
            environ = {"NUVYN_API_ENDPOINT": receiver.url, "NUVYN_API_KEY": KEY}
            assert site.run("full_pipeline", folder, **environ).exit_code == 0
            (folder / "b.csv").write_text("word,count\nanother,1\nother,2\nthird,3\n")
            run = site.run("full_pipeline", folder, **environ)
            assert run.exit_code == 0
            first, second = (received.body["metadata"] for received in receiver.received)
            assert [len(first[section]) for section in ("sources", "tables", "columns")] == [1, 3, 6]
            assert [row["table_name"] for row in second["tables"]] == ["b"]
            assert {row["table_id"] for row in second["columns"]} == {second["tables"][0]["table_id"]}
            assert second["sources"][0]["base_version"] == 1
            (entry,) = run.details["api_transmission"]["details"]["tenants"]
            assert (entry["tables_sent"], entry["tables_unchanged"]) == (1, 2)
            assert at_the_platform(receiver, KEY) == in_the_tables(site)
        (source,) = site.rows(SOURCES)
        assert source["transmitted_version"] == source["metadata_version"] == 2
