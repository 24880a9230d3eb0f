"""A second job reads only what is new, says so in its log and its rows, and can be told to read all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict

import pytest

from nuvyn_executor.model import RunStatus
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from tests.installation import Installation, memory_installation
from tests.spoiling import spoil

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark
BAD = b"PAR1" + b"\0" * 100 + b"PAR1"


@pytest.fixture(name="site")
def _site(spark: Any) -> Installation:
    return memory_installation(SparkScanner(spark))


def details(site: Installation, table: str) -> Dict[str, Any]:
    (row,) = site.rows(TABLES, table_name=table)
    found: Dict[str, Any] = json.loads(row["details"])
    return found


class TestASecondJob:
    def test_reads_what_changed_and_nothing_else(self, site: Installation, folder: Path) -> None:
        (folder / "a.csv").write_text("id,word\n1,one\n2,two\n")
        (folder / "b.csv").write_text("id,word\n1,one\n")
        first = site.run("metadata_extraction", folder)
        assert "a: 2 rows, 2 columns\n" in first.log
        (folder / "b.csv").write_text("id,word\n1,one\n2,\n")
        second = site.run("quality_assessment", folder)
        assert "a: 2 rows, 2 columns (as before, not read again)\n" in second.log
        assert "b: 2 rows, 2 columns\n" in second.log
        assert (details(site, "a")["rows_read"], details(site, "a")["rows_scanned"]) == (0, 2)
        assert (details(site, "b")["rows_read"], details(site, "b")["rows_scanned"]) == (2, 2)

    def test_takes_what_was_kept_some_tables_at_a_time(
        self, site: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nuvyn_executor.metadata.extractor._STATES_AT_ONCE", 2)
        for name in ("a", "b", "c"):
            (folder / f"{name}.csv").write_text("id,word\n1,one\n2,two\n")
        site.run("metadata_extraction", folder)
        assert site.run("metadata_extraction", folder).log.count("as before, not read again") == 3

    def test_results_are_the_same_as_of_a_first(self, site: Installation, folder: Path) -> None:
        (folder / "a.csv").write_text("id,word\n1,one\n2,\n")
        one = site.run("quality_assessment", folder).document
        columns = site.rows(COLUMNS)
        two = site.run("quality_assessment", folder).document
        assert [two[key] for key in two if key not in ("assessment_id", "details")] == [
            one[key] for key in one if key not in ("assessment_id", "details")
        ]
        assert site.rows(COLUMNS) == columns

    def test_reads_all_when_told_to(self, site: Installation, folder: Path) -> None:
        (folder / "a.csv").write_text("id,word\n1,one\n2,two\n")
        site.run("metadata_extraction", folder)
        again = site.run("metadata_extraction", folder, EXECUTOR_FULL_SCAN="true")
        assert "not read again" not in again.log
        assert details(site, "a")["rows_read"] == 2

    def test_of_another_tenant_reads_for_itself(self, site: Installation, folder: Path) -> None:
        (folder / "a.csv").write_text("id\n1\n")
        site.run("metadata_extraction", folder, tenant="one")
        assert "not read again" not in site.run("metadata_extraction", folder, tenant="two").log

    def test_looks_for_bad_files_among_the_new_ones_only(
        self, spark: Any, site: Installation, folder: Path
    ) -> None:
        spark.range(0, 100, 1, 2).write.parquet(str(folder / "t"))
        site.run("metadata_extraction", folder)
        name = next((folder / "t").glob("part-00000*.parquet")).name
        (folder / "t" / name.replace("part-00000", "part-00009")).write_bytes(BAD)
        run = site.run("metadata_extraction", folder)
        assert run.status is RunStatus.PARTIAL
        assert "t: 100 rows, 1 columns (as before, not read again)" in run.log
        assert [line for line in run.log.splitlines() if "part-0" in line and "part-00009" not in line] == []

    def test_tries_a_bad_file_by_itself(self, spark: Any, site: Installation, folder: Path) -> None:
        spark.range(0, 100, 1, 2).write.parquet(str(folder / "t"))
        good = sorted((folder / "t").glob("part-*.parquet"))
        bad = good[0].with_name("part-00009.parquet")
        bad.write_bytes(BAD)
        assert site.run("metadata_extraction", folder).names("unreadable") == ["t/part-00009.parquet"]
        for path in good:
            spoil(path)
        again = site.run("metadata_extraction", folder)
        assert again.names("unreadable") == ["t/part-00009.parquet"]
        assert details(site, "t")["rows_read"] == 0
        bad.unlink()
        assert site.run("metadata_extraction", folder).status is RunStatus.SUCCESS

    def test_keeps_nothing_that_holds_a_secret(self, site: Installation, folder: Path) -> None:
        secret = "key-" + "5" * 20
        (folder / "a.csv").write_text(f"id,word\n1,{secret}\n")
        for _ in range(2):
            run = site.run("metadata_extraction", folder, NUVYN_API_KEY=secret)
            assert "not read again" not in run.log
        (row,) = site.rows(TABLES)
        assert row["scan_state"] is None


class TestBounds:
    def test_a_bad_file_does_not_cost_the_table_when_time_is_up(
        self, spark: Any, site: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.sampling_limits.WAVE_BYTES", 1)
        spark.range(0, 400, 1, 4).write.parquet(str(folder / "t"))
        (folder / "t" / "part-00009.parquet").write_bytes(BAD)
        run = site.run("metadata_extraction", folder, EXECUTOR_TIME_BUDGET_SECONDS="0.001")
        assert run.status is RunStatus.PARTIAL
        assert (details(site, "t")["sampled"], details(site, "t")["rows_scanned"]) == (True, 100)
        whole = site.run("metadata_extraction", folder)
        assert whole.names("unreadable") == ["t/part-00009.parquet"]
        assert (details(site, "t")["sampled"], details(site, "t")["rows_scanned"]) == (False, 400)

    def test_a_sample_says_so(self, spark: Any, folder: Path) -> None:
        site = memory_installation(SparkScanner(spark, wanted_rows=1000))
        spark.range(20_000).selectExpr("id AS t_id").coalesce(1).write.parquet(str(folder / "t"))
        run = site.run("metadata_extraction", folder)
        (row,) = site.rows(TABLES)
        found = details(site, "t")
        assert (row["row_count"], found["sampled"]) == (20_000, True)
        assert 900 <= found["rows_scanned"] <= 1100
        assert found["coverage"]["table_rows"] == 20_000
        assert f"t: 20000 rows, 1 columns ({found['rows_scanned']} of them counted)" in run.log
        assessed = site.run("quality_assessment", folder).document["details"]["datasets"][0]
        assert (assessed["rows"], assessed["rows_scanned"]) == (20_000, found["rows_scanned"])
        assert (assessed["sampled"], assessed["engine"], found["engine"]) == (True, "polars", "polars")
        assert found["read_by"] == "spark"
        assert (found["approximate"], found["provenance"]["thresholds"]["dimension"]) == (False, 75.0)
        (column,) = site.rows(COLUMNS)
        # what was seen of a part is not known of the whole
        assert (column["is_nullable"], column["is_primary_key"]) == (True, False)
        assert column["distinct_is_approximate"] is True

    def test_time_is_shared_and_every_table_gets_some(
        self, site: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("nuvyn_executor.profiling.sampling_limits.WAVE_BYTES", 1)
        for name in ("a", "b"):
            (folder / name).mkdir()
            for i in range(3):
                (folder / name / f"part-{i}.csv").write_text("id\n1\n2\n")
        site.run("metadata_extraction", folder, EXECUTOR_TIME_BUDGET_SECONDS="0.000001")
        for name in ("a", "b"):
            assert details(site, name)["sampled"] is True
            assert details(site, name)["rows_scanned"] == 2
        site.run("metadata_extraction", folder, EXECUTOR_TIME_BUDGET_SECONDS="1000")
        assert details(site, "a")["sampled"] is False
        assert details(site, "a")["rows_scanned"] == 6
