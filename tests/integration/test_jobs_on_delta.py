"""The six jobs on real Spark and Delta, each by the guide's output: what every runtime is tried with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping

import pytest

from contract.corpus import JOB_TYPES, result_differences
from contract.receiver import Receiver
from nuvyn_executor.schema.tables import (
    COLUMNS,
    EXECUTOR_RUNS,
    REQUIRED_TABLES,
    SOURCES,
    TABLES,
)
from tests.installation import Run, delta_installation

if TYPE_CHECKING:
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
