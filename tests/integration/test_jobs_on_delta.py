"""The six jobs on real Spark and Delta, each by the guide's output; and the schema in its every state."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping

import pytest

from contract.corpus import JOB_TYPES, result_differences
from contract.receiver import Receiver
from nuvyn_executor.schema.tables import (
    COLUMNS,
    EXECUTOR_RUNS,
    LOGS,
    REQUIRED_TABLES,
    SOURCES,
    TABLES,
    Column,
    Table,
)
from nuvyn_executor.store.delta import DeltaMetadataStore
from tests.both_sides import at_the_platform, in_the_tables
from tests.installation import Installation, Run, delta_installation

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

KEY = "nv-key-0123456789"
WORDS = "word;count\none;1\ntwo;\nthree;\nfour;\n"
NAMES = [table.name for table in REQUIRED_TABLES]


@dataclass(frozen=True)
class Week:
    """What a week of jobs left behind: one run of each type, on one folder that changed before the last."""

    runs: Mapping[str, Run]
    sources: List[Dict[str, Any]]
    tables: Mapping[str, Dict[str, Any]]
    columns: List[Dict[str, Any]]
    executor_runs: List[Dict[str, Any]]
    received: List[Mapping[str, Any]]


@pytest.fixture(name="install")
def _install(spark: SparkSession, tmp_path: Path) -> Iterator[Callable[[str], Installation]]:
    made: List[str] = []

    def install(schema: str) -> Installation:
        made.append(schema)
        return delta_installation(tmp_path, schema)

    yield install
    for schema in made:
        spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


@pytest.fixture(name="week", scope="module")
def _week(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("data")
    people = "id,mail,born\n" + "".join(f"{n},p{n}@example.org,1990-01-{n:02d}\n" for n in range(1, 20))
    (folder / "people.csv").write_text(people)
    (folder / "words.csv").write_text(WORDS)
    site = delta_installation(tmp_path_factory.mktemp("warehouse"), "week_of_jobs")
    with Receiver(KEY) as receiver:
        platform = {"NUVYN_API_ENDPOINT": receiver.url, "NUVYN_API_KEY": KEY}
        runs = {
            "schema_validation": site.run("schema_validation"),
            "metadata_extraction": site.run("metadata_extraction", folder, "csv", "client-123"),
            "data_reading": site.run("data_reading", folder, tenant="client-123"),
            "quality_assessment": site.run("quality_assessment", folder, tenant="client-123"),
            "api_transmission": site.run("api_transmission", **platform),
        }
        (folder / "words.csv").unlink()
        (folder / "people.csv").write_text(people + "20,not an address,1990-01-20\n")
        runs["full_pipeline"] = site.run("full_pipeline", folder, tenant="client-123", **platform)
        received = [one.body for one in receiver.received]
    yield Week(
        runs=runs,
        sources=site.rows(SOURCES),
        tables={row["table_name"]: row for row in site.rows(TABLES)},
        columns=site.rows(COLUMNS),
        executor_runs=sorted(site.rows(EXECUTOR_RUNS), key=lambda row: str(row["started_at"])),
        received=received,
    )
    spark.sql("DROP SCHEMA week_of_jobs CASCADE")


class TestTheSixJobs:
    """The executor script supports 6 job types."""

    @pytest.mark.parametrize("job_type", JOB_TYPES)
    def test_the_result_has_the_guides_keys_in_the_guides_order(self, week: Week, job_type: str) -> None:
        run = week.runs[job_type]
        assert (run.exit_code, run.status.value) == (0, "Success"), run.log
        assert result_differences(job_type, run.document) == []
        assert result_differences(job_type, json.loads(json.dumps(run.document))) == []

    @pytest.mark.parametrize("job_type", JOB_TYPES)
    def test_each_left_its_row(self, week: Week, job_type: str) -> None:
        (row,) = (one for one in week.executor_runs if one["run_mode"] == job_type)
        assert (row["run_id"], row["status"], row["error_message"]) == (
            week.runs[job_type].job_id,
            "Success",
            None,
        )
        assert row["started_at"] <= row["finished_at"]
        assert json.loads(row["result"]) == week.runs[job_type].document

    def test_a_missing_schema_is_created_and_said_so(self, week: Week) -> None:
        run = week.runs["schema_validation"]
        assert run.document["validation_status"] == "valid"
        assert (run.document["tables_found"], run.document["tables_missing"]) == (NAMES, [])
        assert run.details == {"schema_created": True, "tables_created": NAMES, "columns_added": {}}

    def test_the_extraction_counted(self, week: Week) -> None:
        document = week.runs["metadata_extraction"].document
        assert (document["source_type"], document["files_found"]) == ("csv", 2)
        assert document["schema_info"] == {"tables": 2, "columns": 5}

    def test_the_preview_shows_the_files(self, week: Week) -> None:
        sample = week.runs["data_reading"].document["sample_data"]
        assert sample["words.csv"] == {"size": len(WORDS), "preview": WORDS}

    def test_the_assessment_names_the_missing_values_by_table_column_and_count(self, week: Week) -> None:
        document = week.runs["quality_assessment"].document
        assert document["quality_metrics"]["completeness"] == round(100 * (1 - 3 / (3 * 19 + 2 * 4)), 2)
        (advice,) = document["recommendations"]
        assert advice.startswith("words.count: 3 of 4 values are missing")

    def test_nothing_is_duplicated_and_what_changed_is_updated(self, week: Week) -> None:
        assert len(week.sources) == 1
        assert set(week.tables) == {"people", "words"}
        assert len(week.columns) == len({row["column_id"] for row in week.columns}) == 5
        assert week.tables["people"]["row_count"] == 20
        (mail,) = (row for row in week.columns if row["column_name"] == "mail")
        assert json.loads(mail["details"])["invalid"] == 1

    def test_what_is_gone_has_its_day(self, week: Week) -> None:
        assert week.tables["people"]["removed_at"] is None
        assert week.tables["words"]["removed_at"] == week.sources[0]["updated_at"]
        gone = {row["column_name"] for row in week.columns if row["removed_at"]}
        assert gone == {"word", "count"}

    def test_the_platform_got_both_states(self, week: Week) -> None:
        first, second = week.received
        assert week.runs["api_transmission"].document["api_response"]["record_count"] == 1 + 2 + 5
        assert [len(body["metadata"]["tables"]) for body in (first, second)] == [2, 2]
        assert second["quality_metrics"]["overall_score"] == pytest.approx(
            week.runs["full_pipeline"].document["quality_assessment"]["overall_score"], abs=0.01
        )
        (source,) = week.sources
        assert source["metadata_version"] == source["transmitted_version"] == 3
        assert json.loads(source["confirmation"])["status"] == "received"

    def test_scores_stand_on_tables_and_columns(self, week: Week) -> None:
        people = week.tables["people"]
        assert 0 < people["validity"] < 100
        assert people["quality_level"] in ("Excellent", "Good", "Fair", "Poor")
        assert {row["column_name"]: row["is_primary_key"] for row in week.columns if row["completeness"]}[
            "id"
        ]

    def test_moments_are_utc(self, week: Week) -> None:
        age = datetime.now(timezone.utc) - week.executor_runs[-1]["finished_at"]
        assert 0 <= age.total_seconds() < 3600


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
