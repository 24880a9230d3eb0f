"""The quality report of what jobs left in Delta tables, by the command and by a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nuvyn_executor import report
from tests.installation import delta_installation

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

NAMED_COLUMNS = (
    "'delta.columnMapping.mode' = 'name', 'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'"
)
"""Delta drops no column of a table without them."""


class TestReport:
    """Made from the five tables alone, so it also works for what ran last month."""

    def test_job_and_command_write_the_same_report(
        self,
        spark: SparkSession,
        folder: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        (folder / "people.csv").write_text("id,email\n1,a@example.com\n2,b@example.com\n2,nobody\n")
        warehouse = tmp_path / "warehouse"
        by_job, by_command = tmp_path / "job.html", tmp_path / "command.html"
        site = delta_installation(warehouse, "reported")
        monkeypatch.setenv("EXECUTOR_WAREHOUSE_DIR", str(warehouse))
        monkeypatch.setenv("EXECUTOR_SCHEMA_NAME", "reported")

        run = site.run("quality_assessment", folder, EXECUTOR_REPORT_PATH=str(by_job))
        (folder / "people.csv").unlink()  # no data are read
        # As an older version left it: without a column that came later.
        spark.sql(f"ALTER TABLE reported.tables SET TBLPROPERTIES ({NAMED_COLUMNS})")
        spark.sql("ALTER TABLE reported.tables DROP COLUMN removed_at")
        exit_code = report.main([str(folder), "-o", str(by_command)])

        assert exit_code == 0
        assert capsys.readouterr().err == f"Written: {by_command}\n"
        pages = [file.read_text(encoding="utf-8") for file in (by_job, by_command)]
        bodies = [page.partition("<main")[2] for page in pages]
        assert bodies[0] == bodies[1]
        assert run.job_id in bodies[0]
        assert "1 of 3 values are not valid e-mail addresses" in bodies[0]
        assert "a@example.com" not in bodies[0]

    def test_what_is_not_stored_is_one_sentence(
        self,
        spark: SparkSession,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert spark
        monkeypatch.setenv("EXECUTOR_WAREHOUSE_DIR", str(tmp_path))
        monkeypatch.setenv("EXECUTOR_SCHEMA_NAME", "never_written")

        assert report.main(["/data", "-o", str(tmp_path / "r.html")]) == 1
        assert capsys.readouterr().err.startswith(
            "Nothing is stored in never_written yet. Run metadata_extraction"
        )
        assert not (tmp_path / "never_written").exists()

    def test_a_table_whose_files_are_gone_is_one_sentence(
        self,
        spark: SparkSession,
        folder: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        assert spark
        (folder / "people.csv").write_text("id\n1\n")
        warehouse = tmp_path / "warehouse"
        monkeypatch.setenv("EXECUTOR_WAREHOUSE_DIR", str(warehouse))
        monkeypatch.setenv("EXECUTOR_SCHEMA_NAME", "damaged")
        delta_installation(warehouse, "damaged").run("quality_assessment", folder)
        for file in (warehouse / "damaged" / "columns").glob("*.parquet"):
            file.unlink()

        assert report.main([str(folder), "-o", str(tmp_path / "r.html")]) == 1
        said = capsys.readouterr().err
        assert said.startswith("The metadata table damaged.columns cannot be read: ")
        assert "does not exist" in said
        assert len(said.splitlines()) == 1
