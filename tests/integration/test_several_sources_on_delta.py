"""A run of several sources on real Spark and Delta: a good one, a bad one and a second good one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from contract.corpus import result_differences
from nuvyn_executor.model import RunStatus
from nuvyn_executor.parameters import parse_parameters
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, SOURCES, TABLES
from tests.installation import delta_installation

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
SCHEMA = "several_sources"


def test_a_full_pipeline_reads_the_good_ones_side_by_side(spark: SparkSession, tmp_path: Path) -> None:
    """Each has its own status, one bad source gives `Partial`."""
    for name, text in (("orders", "id,total\n1,9.5\n2,\n"), ("returns", "id,why\n1,late\n2,broken\n3,\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "2024.csv").write_text(text)
    (tmp_path / "returns" / "2023.csv").write_text("id,why\n7,late\n")
    payload = {
        "workflow_id": "wf-7",
        "sources": [
            {"source_id": f"s-{name}", "data_source_path": str(tmp_path / name)}
            for name in ("orders", "gone", "returns")
        ],
    }
    site = delta_installation(tmp_path / "warehouse", SCHEMA)
    try:
        run = site.run_request(parse_parameters(["full_pipeline", "", "csv", "t"], json.dumps(payload)))
        assert (run.exit_code, run.status) == (0, RunStatus.PARTIAL)
        assert result_differences("full_pipeline", run.document) == []
        extraction = run.details["metadata_extraction"]
        assert (extraction["files_found"], extraction["schema_info"]) == (3, {"tables": 3, "columns": 6})
        for job_type in ("metadata_extraction", "data_reading", "quality_assessment"):
            assert [
                (one["requested_source_id"], one["status"])
                for one in run.details[job_type]["details"]["sources"]
            ] == [("s-orders", "Success"), ("s-gone", "Failed"), ("s-returns", "Success")]
        metrics = run.details["quality_assessment"]["quality_metrics"]
        assert metrics["completeness"] == pytest.approx(10 / 12 * 100, abs=0.01)
        assert list(run.details["data_reading"]["sample_data"]) == [
            "orders/2024.csv",
            "2023.csv",
            "returns/2024.csv",
        ]

        sources = {row["source_path"]: row for row in site.rows(SOURCES)}
        assert set(sources) == {str(tmp_path / "orders"), str(tmp_path / "returns")}
        for name, tables in (("orders", 1), ("returns", 2)):
            found = sources[str(tmp_path / name)]
            assert (found["tenant_id"], found["metadata_version"], found["last_run_id"]) == (
                "t",
                1,
                run.job_id,
            )
            assert len(site.rows(TABLES, source_id=found["source_id"])) == tables
            assert len(site.rows(COLUMNS, source_id=found["source_id"])) == 2 * tables
        (row,) = site.rows(EXECUTOR_RUNS)
        assert (row["status"], row["source_id"]) == ("Partial", None)
        assert row["source_path"] == ",".join(str(tmp_path / name) for name in ("orders", "gone", "returns"))
    finally:
        spark.sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
