"""Jobs over the example data in real object stores: the same scores as for local files."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping

import pytest

from nuvyn_executor.schema.tables import COLUMNS, LOGS, SOURCES, TABLES
from tests.installation import Installation, Run, delta_installation
from tests.storage.stores import Store, store_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "data"
FILES = sorted(path for path in EXAMPLES.rglob("*") if path.is_file())
CANARY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq"  # the key of every Azurite


@pytest.fixture(name="installation")
def _installation(spark: SparkSession, tmp_path: Path) -> Installation:
    del spark
    return delta_installation(tmp_path / "warehouse", f"s{uuid.uuid4().hex[:8]}")


@pytest.fixture(name="store", params=["s3", "azure"], scope="module")
def _store(request: pytest.FixtureRequest) -> Store:
    store = store_of(request.param, request)
    for path in FILES:
        store.write(f"shop/{path.relative_to(EXAMPLES).as_posix()}", path.read_bytes())
    return store


def scores(run: Run) -> Dict[str, Any]:
    """Return what does not depend on when a file was written."""
    metrics = {name: one for name, one in run.document["quality_metrics"].items() if name != "timeliness"}
    return {"metrics": metrics, "checked": run.details["checked"], "unreadable": run.names("unreadable")}


def counts(installation: Installation) -> List[Mapping[str, Any]]:
    keys = ("table_name", "file_format", "file_count", "size_bytes", "row_count", "column_count", "validity")
    rows = [{key: row[key] for key in keys} for row in installation.rows(TABLES)]
    return sorted(rows, key=lambda row: str(row["table_name"]))


@pytest.fixture(name="local", scope="module")
def _local(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Any:
    del spark
    installation = delta_installation(tmp_path_factory.mktemp("local"), f"s{uuid.uuid4().hex[:8]}")
    run = installation.run("quality_assessment", EXAMPLES)
    return scores(run), counts(installation)


class TestScores:
    """Auto-detect connector (Azure Blob, S3, Database, etc.)."""

    @pytest.mark.parametrize("engine", ["auto", "spark"])
    def test_they_are_those_of_the_same_files_on_this_machine(
        self, installation: Installation, store: Store, local: Any, engine: str
    ) -> None:
        environ = {**store.environment, "EXECUTOR_ENGINE": engine}

        run = installation.run("quality_assessment", f"{store.root}shop", **environ)

        assert scores(run) == local[0]
        assert counts(installation) == local[1]

    def test_what_has_not_changed_is_not_read_again(self, installation: Installation, store: Store) -> None:
        installation.run("metadata_extraction", f"{store.root}shop", **store.environment)
        second = installation.run("metadata_extraction", f"{store.root}shop", **store.environment)

        assert "order_items, 603 rows" not in second.log
        assert second.log.count("Copying") <= 2  # the workbook's sheets, and the log of the Delta table


class TestEveryJob:
    """Full Pipeline: validates, extracts, reads samples, assesses."""

    def test_full_pipeline_previews_every_file(self, installation: Installation, store: Store) -> None:
        run = installation.run("full_pipeline", f"{store.root}shop", **store.environment)

        assert run.document["data_reading"]["files_read"] == 19
        assert run.document["metadata_extraction"]["files_found"] == 23

    def test_no_copy_of_the_data_is_left_on_this_machine(
        self,
        installation: Installation,
        store: Store,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        (tmp_path / "tmp").mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

        run = installation.run(
            "data_reading", f"{store.root}shop", EXECUTOR_ENGINE="spark", **store.environment
        )

        assert "Copying" in run.log
        assert [path.name for path in (tmp_path / "tmp").glob("nuvyn-*")] == []

    def test_no_secret_is_shown_or_stored(self, installation: Installation, store: Store) -> None:
        path = store.paths[0] if store.kind == "azure" else store.root
        run = installation.run("metadata_extraction", f"{path}shop", **store.environment)
        stored = [installation.rows(table) for table in (SOURCES, TABLES, COLUMNS, LOGS)]

        shown = run.log + str(run.document) + str(stored)
        assert "files_found" in shown
        assert CANARY not in shown
        assert "'testing'" not in shown


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
            EXECUTOR_SOURCE_RETRY_SECONDS="2",
        )

        assert (run.exit_code, run.error["type"]) == (1, "SourceAccessDenied")
        assert "AZURE_STORAGE_CONNECTION_STRING" in run.error["remedy"]

    def test_a_bucket_that_is_not_there(self, installation: Installation, s3_server: Any) -> None:
        run = installation.run("metadata_extraction", "s3://no-such-bucket-here/x", **s3_server.environment())

        assert (run.exit_code, run.error["type"]) == (1, "SourceNotFound")
