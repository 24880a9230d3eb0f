"""Jobs over the example data in real object stores: the same scores as for local files."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Sequence

import pytest

from nuvyn_executor.schema.tables import TABLES
from tests.installation import Installation, Run, spark_installation
from tests.storage.stores import Store, store_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"
FILES = sorted(path for path in EXAMPLES.rglob("*") if path.is_file())


@pytest.fixture(name="store", params=["s3", "azure"], scope="module")
def _store(request: pytest.FixtureRequest) -> Store:
    store = store_of(request.param, request)
    for path in FILES:
        store.write(f"shop/{path.relative_to(EXAMPLES).as_posix()}", path.read_bytes())
    return store


def new_installation(folder: Path) -> Installation:
    return spark_installation(folder / "warehouse", f"s{uuid.uuid4().hex[:8]}")


@dataclass(frozen=True)
class Site:
    """An installation after a run over the store, and what the run left in the folder of temporary files."""

    installation: Installation
    run: Run
    left: Sequence[str]


def run_at(folder: Path, store: Store, job: str, engine: str) -> Site:
    """Run a job over all files of a store, with a temporary folder of its own."""
    installation = new_installation(folder)
    (folder / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder / "tmp"))
        run = installation.run(job, f"{store.root}shop", **store.environment, EXECUTOR_ENGINE=engine)
    return Site(installation, run, [path.name for path in (folder / "tmp").glob("nuvyn-*")])


@pytest.fixture(name="pipeline", scope="module")
def _pipeline(spark: SparkSession, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The full pipeline over the store, once for all tests that look at what it did."""
    del spark
    return run_at(tmp_path_factory.mktemp("pipeline"), store, "full_pipeline", "auto")


def scores(assessment: Mapping[str, Any]) -> Dict[str, Any]:
    """Return what does not depend on when a file was written, of the result of ``quality_assessment``."""
    metrics = {name: one for name, one in assessment["quality_metrics"].items() if name != "timeliness"}
    details = assessment["details"]
    unreadable = [entry["name"] for entry in details["unreadable"]]
    return {"metrics": metrics, "checked": details["checked"], "unreadable": unreadable}


def counts(installation: Installation) -> List[Mapping[str, Any]]:
    keys = ("table_name", "file_format", "file_count", "size_bytes", "row_count", "column_count", "validity")
    rows = [{key: row[key] for key in keys} for row in installation.rows(TABLES)]
    return sorted(rows, key=lambda row: str(row["table_name"]))


@pytest.fixture(name="local", scope="module")
def _local(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Any:
    del spark
    installation = new_installation(tmp_path_factory.mktemp("local"))
    run = installation.run("quality_assessment", EXAMPLES)
    return scores(run.document), counts(installation)


@pytest.fixture(name="installation")
def _installation(spark: SparkSession, tmp_path: Path) -> Installation:
    del spark
    return new_installation(tmp_path)


class TestFullPipeline:
    """Full Pipeline: validates, extracts, reads samples, assesses."""

    def test_scores_are_those_of_the_same_files_on_this_machine(self, pipeline: Site, local: Any) -> None:
        assert scores(pipeline.run.details["quality_assessment"]) == local[0]
        assert counts(pipeline.installation) == local[1]

    def test_it_previews_every_file(self, pipeline: Site) -> None:
        assert pipeline.run.document["data_reading"]["files_read"] == 19
        assert pipeline.run.document["metadata_extraction"]["files_found"] == 23

    def test_no_copy_of_the_data_is_left_on_this_machine(self, pipeline: Site) -> None:
        assert "Copying" in pipeline.run.log
        assert pipeline.left == []

    def test_what_has_not_changed_is_not_read_again(self, pipeline: Site, store: Store) -> None:
        second = pipeline.installation.run("metadata_extraction", f"{store.root}shop", **store.environment)

        told = [line for run in (pipeline.run, second) for line in run.log.splitlines() if " rows, " in line]
        first_told, second_told = told[: len(told) // 2], told[len(told) // 2 :]
        assert any("order_items: 603 rows" in line for line in first_told)
        assert [line.endswith("(as before, not read again)") for line in first_told] == [False] * 9
        assert [line.endswith("(as before, not read again)") for line in second_told] == [True] * 9
        assert second.log.count("Copying") <= 2  # the workbook's sheets, and the log of the Delta table


class TestSparkAlone:
    """Auto-detect connector (Azure Blob, S3, Database, etc.), where Spark counts and not Polars."""

    def test_scores_are_the_same_and_no_copy_is_left(
        self, spark: SparkSession, store: Store, local: Any, tmp_path: Path
    ) -> None:
        del spark
        site = run_at(tmp_path, store, "quality_assessment", "spark")

        assert scores(site.run.document) == local[0]
        assert counts(site.installation) == local[1]
        assert "Copying" in site.run.log
        assert site.left == []


class TestDelta:
    """ "Delta with time travel (`@v3`, `@20260101`)" """

    def test_an_earlier_version(
        self, spark: Any, installation: Installation, store: Store, tmp_path: Path
    ) -> None:
        table = tmp_path / "sales"
        for rows in (3, 7):
            spark.range(rows).coalesce(1).write.format("delta").mode("append").save(str(table))
        for path in table.rglob("*"):
            if path.is_file() and not path.name.endswith(".crc"):
                store.write(f"lake/{path.relative_to(tmp_path)}", path.read_bytes())

        runs = {
            as_of: installation.run(
                "metadata_extraction", f"{store.root}lake/sales{as_of}", **store.environment
            )
            for as_of in ("@v0", "", "@v7")
        }

        assert [(one["name"], one["rows"]) for one in runs["@v0"].details["tables"]] == [("sales", 3)]
        assert [(one["name"], one["rows"]) for one in runs[""].details["tables"]] == [("sales", 10)]
        assert "sales has no version @v7: its versions are 0 to 1." in runs["@v7"].error["message"]
        fetched = [json.loads(row["details"])["fetched"] for row in installation.rows(TABLES)]
        assert fetched == ["copies", "copies"]


class TestTroubles:
    """Verify data source path is accessible."""

    def test_wrong_keys_are_one_sentence_with_the_variable(
        self, installation: Installation, azure_server: Any
    ) -> None:
        wrong = azure_server.connection_string.replace(azure_server.key, "AAAA" + azure_server.key[4:])
        azure_server.create_container(name := f"c{uuid.uuid4().hex[:8]}")

        run = installation.run(
            "metadata_extraction",
            f"abfss://{name}@{azure_server.account}.dfs.core.windows.net/x",
            AZURE_STORAGE_CONNECTION_STRING=wrong,
            EXECUTOR_SOURCE_RETRY_SECONDS="20",
        )

        assert (run.exit_code, run.error["type"]) == (1, "SourceAccessDenied")
        assert "AZURE_STORAGE_CONNECTION_STRING" in run.error["remedy"]

    def test_a_bucket_that_is_not_there(self, installation: Installation, s3_server: Any) -> None:
        run = installation.run("metadata_extraction", "s3://no-such-bucket-here/x", **s3_server.environment())

        assert (run.exit_code, run.error["type"]) == (1, "SourceNotFound")
