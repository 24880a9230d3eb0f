"""A run of several sources: each has its own status, and the result has the guide's keys. In memory."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, List

import pytest

from contract.corpus import failure_differences, result_differences
from nuvyn_executor.model import JobRequest, JobType, RequestedSource, RunStatus
from nuvyn_executor.parameters import parse_parameters
from nuvyn_executor.quality.tallies import ColumnTally, DatasetTally, Shape
from nuvyn_executor.schema.tables import EXECUTOR_RUNS, SOURCES, TABLES
from nuvyn_executor.sources.factory import DataSourceFactory
from tests.installation import DAMAGE, Installation, LineScanner, Run, memory_installation
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pathlib import Path

JOBS_WITH_SOURCE = ["metadata_extraction", "data_reading", "quality_assessment"]
GUIDE_KEYS = {
    "metadata_extraction": (
        "source_path source_type files_found total_size_bytes schema_info quality_metrics details"
    ),
    "data_reading": "source_path files_found sample_data connection_status details",
    "quality_assessment": ("source_path overall_score quality_level quality_metrics recommendations details"),
}


@pytest.fixture(name="orders")
def _orders(tmp_path: Path) -> Path:
    return written(tmp_path / "orders", {"2024": "id,word\n1,one\n2,two\n", "open": "id\n1\n"})


@pytest.fixture(name="returns")
def _returns(tmp_path: Path) -> Path:
    return written(tmp_path / "returns", {"2024": "id,why\n1,late\n2,\n3,\n"})


def written(folder: Path, tables: Dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def run(site: Installation, job_type: str, *paths: object, **environ: str) -> Run:
    request = parse_parameters([job_type, ",".join(map(str, paths))])
    assert len(request.sources) == len(paths)
    return site.run_request(request, **environ)


def statuses(run: Run) -> List[str]:
    return [one["status"] for one in run.details["sources"]]


class TestTheResult:
    """The guide's keys exactly: sums, scores over all datasets together, the list as it was written."""

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_has_the_guides_keys_in_their_order(
        self, site: Installation, orders: Path, returns: Path, job_type: str
    ) -> None:
        result = run(site, job_type, orders, returns)
        assert (result.exit_code, result.status) == (0, RunStatus.SUCCESS)
        assert result_differences(job_type, result.document) == []
        assert " ".join(result.document) == GUIDE_KEYS[job_type]
        assert result.document["source_path"] == f"{orders},{returns}"
        assert statuses(result) == ["Success", "Success"]

    def test_sums_what_it_counts(self, site: Installation, orders: Path, returns: Path) -> None:
        document = run(site, "metadata_extraction", orders, returns).document
        sizes = [path.stat().st_size for folder in (orders, returns) for path in folder.iterdir()]
        assert (document["files_found"], document["total_size_bytes"]) == (3, sum(sizes))
        assert document["schema_info"] == {"tables": 3, "columns": 5}
        assert document["source_type"] == "csv"
        assert document["details"]["sources"][0] == {
            "source_id": site.rows(SOURCES, source_path=str(orders))[0]["source_id"],
            "requested_source_id": None,
            "location": str(orders),
            "status": "Success",
            "source_type": "csv",
            "files_found": 2,
            "total_size_bytes": sum((orders / name).stat().st_size for name in ("2024.csv", "open.csv")),
            "tables": 2,
            "columns": 3,
            "unreadable": 0,
            "overall_score": document["details"]["sources"][0]["overall_score"],
        }

    def test_scores_all_datasets_together_as_one_source_would(self, tmp_path: Path) -> None:
        """Not a mean of means: a source of many values weighs more than one of few."""

        class CountsGaps(LineScanner):
            def scan(self, source: Any, dataset: Any, *more: Any) -> Any:
                profile = super().scan(source, dataset, *more)
                rows = profile.scan.tally.rows
                nulls = rows if dataset.name == "b" else 0
                column = ColumnTally(rows=rows, nulls=nulls, shapes={Shape.TEXT: rows - nulls})
                return replace(profile, scan=replace(profile.scan, tally=DatasetTally(rows, (column,))))

        site = memory_installation(CountsGaps())
        written(tmp_path / "all", {})
        large = written(tmp_path / "all" / "large", {"a": "id\n" + "1\n" * 90})
        small = written(tmp_path / "all" / "small", {"b": "id\n1\n2\n"})
        together = site.run("quality_assessment", tmp_path / "all").document
        apart = run(site, "quality_assessment", large, small).document
        for key in ("overall_score", "quality_level", "quality_metrics", "recommendations"):
            assert apart[key] == together[key]
        assert apart["quality_metrics"]["completeness"] == pytest.approx(90 / 92 * 100, abs=0.01)

    def test_names_of_two_sources_do_not_collide(
        self, site: Installation, orders: Path, returns: Path
    ) -> None:
        samples = run(site, "data_reading", orders, returns).document["sample_data"]
        assert list(samples) == ["orders/2024.csv", "open.csv", "returns/2024.csv"]
        assert samples["returns/2024.csv"]["preview"].startswith("id,why")
        result = run(site, "metadata_extraction", orders, returns)
        assert result.names("tables") == ["orders/2024", "open", "returns/2024"]
        assert {row["table_name"] for row in site.rows(TABLES)} == {"2024", "open"}

    def test_sources_of_one_name_are_told_apart_by_their_paths(
        self, site: Installation, tmp_path: Path
    ) -> None:
        folders = []
        for client in ("one", "two"):
            (tmp_path / client).mkdir()
            folders.append(written(tmp_path / client / "data", {"a": "id\n1\n"}))
        samples = run(site, "data_reading", *folders).document["sample_data"]
        assert list(samples) == [f"{folder}/a.csv" for folder in folders]

    def test_one_source_has_no_list_of_sources(self, site: Installation, orders: Path) -> None:
        for job_type in JOBS_WITH_SOURCE:
            assert "sources" not in site.run(job_type, orders).details

    def test_the_order_is_that_of_the_list(self, site: Installation, tmp_path: Path) -> None:
        folders = [written(tmp_path / f"s{n}", {"a": f"id\n{n}\n"}) for n in (3, 1, 2, 0)]
        first = run(site, "metadata_extraction", *folders, EXECUTOR_SOURCES_AT_ONCE="4")
        assert [one["location"] for one in first.details["sources"]] == [str(one) for one in folders]
        assert first.names("tables") == ["s3/a", "s1/a", "s2/a", "s0/a"]
        second = run(site, "metadata_extraction", *folders, EXECUTOR_SOURCES_AT_ONCE="1")
        assert second.document == first.document


class TestABadSource:
    """Each source has its own status; one that cannot be read gives `Partial`, and all of them `Failed`."""

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_is_named_and_the_others_are_read(
        self, site: Installation, orders: Path, returns: Path, tmp_path: Path, job_type: str
    ) -> None:
        result = run(site, job_type, orders, tmp_path / "gone", returns)
        assert (result.exit_code, result.status) == (0, RunStatus.PARTIAL)
        assert result_differences(job_type, result.document) == []
        assert result.document["source_path"] == f"{orders},{tmp_path}/gone,{returns}"
        assert statuses(result) == ["Success", "Failed", "Success"]
        assert result.details["sources"][1]["error"] == {
            "type": "SourceNotFound",
            "message": f"Nothing lies at {tmp_path}/gone.",
            "remedy": "Check the path.",
        }
        (row,) = site.rows(EXECUTOR_RUNS)
        assert row["status"] == "Partial"
        assert row["error_message"] == f"{tmp_path}/gone: Nothing lies at {tmp_path}/gone."
        assert (row["source_id"], row["source_path"]) == (None, result.document["source_path"])

    def test_all_bad_sources_fail_the_job(self, site: Installation, tmp_path: Path) -> None:
        result = run(site, "metadata_extraction", tmp_path / "x", tmp_path / "y")
        assert (result.exit_code, result.status) == (1, RunStatus.FAILED)
        assert failure_differences(result.document) == []
        assert result.error["message"].startswith("None of the 2 sources could be read; the first, ")
        assert statuses(result) == ["Failed", "Failed"]
        assert site.rows(EXECUTOR_RUNS)[0]["status"] == "Failed"

    def test_a_damaged_file_makes_its_source_partial(
        self, site: Installation, orders: Path, returns: Path
    ) -> None:
        (returns / "bad.csv").write_text(f"id\n{DAMAGE}\n")
        result = run(site, "metadata_extraction", orders, returns)
        assert (statuses(result), result.status) == (["Success", "Partial"], RunStatus.PARTIAL)
        assert result.names("unreadable") == ["bad.csv"]

    def test_an_unforeseen_error_is_that_of_its_source(self, orders: Path, returns: Path) -> None:
        class Broken(LineScanner):
            def scan(self, source: Any, dataset: Any, *more: Any) -> Any:
                if dataset.name == "open":
                    raise RuntimeError("a bug with password=hunter2secret")
                return super().scan(source, dataset, *more)

        result = run(memory_installation(Broken()), "metadata_extraction", orders, returns)
        assert statuses(result) == ["Failed", "Success"]
        assert result.details["sources"][0]["error"]["type"] == "RuntimeError"
        assert "hunter2" not in str(result)

    def test_a_source_that_is_named_twice_is_read_once(
        self, site: Installation, orders: Path, returns: Path
    ) -> None:
        result = run(site, "metadata_extraction", orders, returns, f"{orders}/")
        assert statuses(result) == ["Success", "Success", "Failed"]
        assert "is in the list twice" in result.details["sources"][2]["error"]["message"]
        assert result.document["files_found"] == 3

    def test_a_secret_of_a_source_is_shown_nowhere(self, site: Installation, orders: Path) -> None:
        url = "https://user:geheim99@example.com/x.csv?sig=a1b2c3d4e5"
        result = run(site, "metadata_extraction", orders, url)
        assert statuses(result) == ["Success", "Failed"]
        shown = str([result, *site.rows(EXECUTOR_RUNS)])
        assert "geheim99" not in shown
        assert "a1b2c3d4e5" not in shown
        assert site.rows(EXECUTOR_RUNS)[0]["source_path"].startswith(f"{orders},https://")


class TestThePayload:
    """`source_id` of the payload is shown in `details.sources` as `requested_source_id`."""

    def test_the_callers_ids_come_back(self, site: Installation, orders: Path, returns: Path) -> None:
        payload = {
            "workflow_id": "wf-7",
            "sources": [
                {"source_id": "s-1", "data_source_path": str(orders)},
                {"source_id": "s-2", "data_source_path": str(returns), "data_source_type": "parquet"},
            ],
        }
        result = site.run_request(parse_parameters(["metadata_extraction"], json.dumps(payload)))
        assert [one["requested_source_id"] for one in result.details["sources"]] == ["s-1", "s-2"]
        assert statuses(result) == ["Success", "Failed"]
        assert "NUVYN_JOB_PAYLOAD names 2 sources for workflow wf-7" in result.log


class TestSideBySide:
    """They run side by side within a bound (EXECUTOR_SOURCES_AT_ONCE)."""

    @pytest.mark.parametrize("limit", [1, 2, 3])
    def test_no_more_than_the_bound(self, tmp_path: Path, limit: int) -> None:
        lock, running, most = threading.Lock(), [0], [0]
        together = threading.Barrier(limit)

        class Watched(LineScanner):
            def scan(self, source: Any, dataset: Any, *more: Any) -> Any:
                with lock:
                    running[0] += 1
                    most[0] = max(most[0], running[0])
                together.wait(LONGEST)
                try:
                    return super().scan(source, dataset, *more)
                finally:
                    with lock:
                        running[0] -= 1

        folders = [written(tmp_path / f"s{n}", {"a": "id\n1\n"}) for n in range(2 * limit)]
        site = memory_installation(Watched())
        requested = tuple(RequestedSource(str(one)) for one in folders)
        paths = ",".join(map(str, folders))
        request = JobRequest(JobType.METADATA_EXTRACTION, paths, sources=requested)
        result = site.run_request(request, EXECUTOR_SOURCES_AT_ONCE=str(limit))
        assert statuses(result) == ["Success"] * len(folders)
        assert most[0] == limit

    def test_the_time_budget_is_shared(self, tmp_path: Path) -> None:
        seconds: List[float] = []

        class Timed(LineScanner):
            def scan(self, *args: Any) -> Any:
                seconds.append(args[-1])
                return super().scan(*args)

        folders = [written(tmp_path / f"s{n}", {"a": "id\n1\n"}) for n in range(4)]
        # so many seconds that those which pass meanwhile do not show
        budget = "100000"
        run(
            memory_installation(Timed()), "metadata_extraction", *folders, EXECUTOR_TIME_BUDGET_SECONDS=budget
        )
        assert [round(one / 1000) for one in seconds] == [50] * 4

    def test_the_previews_are_shared(self, site: Installation, orders: Path, returns: Path) -> None:
        result = run(site, "data_reading", orders, returns, EXECUTOR_MAX_PREVIEW_FILES="2")
        assert list(result.document["sample_data"]) == ["orders/2024.csv", "returns/2024.csv"]


class TestAFullPipeline:
    def test_goes_on_with_the_good_sources(self, orders: Path, returns: Path, tmp_path: Path) -> None:
        opened: List[str] = []
        scanned: List[str] = []
        factory = DataSourceFactory(on_databricks=False)

        class Counting(LineScanner):
            def scan(self, source: Any, dataset: Any, *more: Any) -> Any:
                scanned.append(dataset.path)
                return super().scan(source, dataset, *more)

        def open_source(request: JobRequest) -> Any:
            opened.append(str(request.data_source_path))
            return factory.create(str(request.data_source_path), request.source_type)

        site = memory_installation(Counting(), open_source=open_source)
        result = run(site, "full_pipeline", orders, tmp_path / "gone", returns)
        assert (result.exit_code, result.status) == (0, RunStatus.PARTIAL)
        assert result_differences("full_pipeline", result.document) == []
        assert result.document["metadata_extraction"] == {"files_found": 3}
        assert result.document["data_reading"] == {"files_read": 3}
        for job_type in JOBS_WITH_SOURCE:
            assert [one["status"] for one in result.details[job_type]["details"]["sources"]] == [
                "Success",
                "Failed",
                "Success",
            ]
        assert (len(scanned), len(opened)) == (3, 3)
        assert result.log.count("Connecting to data source") == 3
        assert {row["source_path"] for row in site.rows(SOURCES)} == {str(orders), str(returns)}

    def test_fails_when_all_sources_are_bad(self, site: Installation, tmp_path: Path) -> None:
        result = run(site, "full_pipeline", tmp_path / "x", tmp_path / "y")
        assert (result.exit_code, result.status) == (1, RunStatus.FAILED)
        assert result.document["metadata_extraction"]["status"] == "failed"
        assert [one["status"] for one in result.details["metadata_extraction"]["details"]["sources"]] == [
            "Failed"
        ] * 2
