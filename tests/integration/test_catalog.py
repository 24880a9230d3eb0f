"""Tables of a session's catalog as sources of jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Iterator

import pytest

from nuvyn_executor.model import RunStatus
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from tests.installation import spark_installation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installation import Installation

pytestmark = pytest.mark.spark

SHOP = "catalog_shop"


@pytest.fixture(name="site", scope="module")
def _site(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    spark.sql(f"CREATE SCHEMA {SHOP}")
    spark.sql(
        f"CREATE TABLE {SHOP}.orders (id INT COMMENT 'the key', word STRING) USING delta COMMENT 'all orders'"
    )
    spark.sql(f"INSERT INTO {SHOP}.orders VALUES (1, 'one'), (2, 'two'), (3, NULL)")  # noqa: S608  a schema of the test
    spark.sql(f"CREATE TABLE {SHOP}.old_orders (id INT, year INT) USING parquet PARTITIONED BY (year)")
    spark.sql(f"INSERT INTO {SHOP}.old_orders VALUES (1, 2023), (2, 2024)")  # noqa: S608  a schema of the test
    spark.sql(f"CREATE VIEW {SHOP}.words COMMENT 'a view' AS SELECT word FROM {SHOP}.orders")  # noqa: S608  a schema of the test
    yield spark_installation(tmp_path_factory.mktemp("own"), "catalog_own")
    spark.sql(f"DROP SCHEMA {SHOP} CASCADE")


class TestJobs:
    """ "tables of the metastore (Delta, Parquet, views)" """

    def test_a_schema_is_extracted_table_by_table(self, site: Installation) -> None:
        run = site.run("metadata_extraction", f"{SHOP}.*", tenant="all")
        assert run.status is RunStatus.SUCCESS
        assert run.names("tables") == ["old_orders", "orders", "words"]
        assert [one["rows"] for one in run.details["tables"]] == [2, 3, 3]
        rows = {row["table_name"]: row for row in site.rows(TABLES, tenant_id="all")}
        details = {name: json.loads(row["details"]) for name, row in rows.items()}
        assert {name: one["kind"] for name, one in details.items()} == {
            "old_orders": "table",
            "orders": "table",
            "words": "view",
        }
        assert (details["orders"]["comment"], details["words"]["comment"]) == ("all orders", "a view")
        assert rows["orders"]["schema_name"] == f"spark_catalog.{SHOP}"
        assert rows["orders"]["file_path"] == f"spark_catalog.{SHOP}.orders"
        assert rows["orders"]["size_bytes"] > 0
        assert rows["orders"]["last_modified"] is not None
        (column,) = site.rows(COLUMNS, table_id=rows["orders"]["table_id"], column_name="id")
        assert json.loads(column["details"])["comment"] == "the key"

    def test_only_what_has_changed_is_read_again(self, spark: Any, site: Installation) -> None:
        path = f"spark_catalog.{SHOP}"

        def rows_read() -> Any:
            assert site.run("metadata_extraction", path, tenant="again").exit_code == 0
            rows = site.rows(TABLES, tenant_id="again")
            return {row["table_name"]: json.loads(row["details"])["rows_read"] for row in rows}

        assert rows_read() == {"old_orders": 2, "orders": 3, "words": 3}
        assert rows_read() == {"old_orders": 2, "orders": 0, "words": 3}
        spark.sql(f"UPDATE {SHOP}.orders SET word = 'three' WHERE id = 3")  # noqa: S608  a schema of the test
        assert rows_read() == {"old_orders": 2, "orders": 3, "words": 3}

    def test_a_table_that_was_dropped_is_gone(self, spark: Any, site: Installation) -> None:
        spark.sql(f"CREATE TABLE {SHOP}.passing (id INT) USING delta")
        site.run("metadata_extraction", f"{SHOP}.*", tenant="gone")
        spark.sql(f"DROP TABLE {SHOP}.passing")
        site.run("metadata_extraction", f"{SHOP}.*", tenant="gone")
        gone = {row["table_name"] for row in site.rows(TABLES, tenant_id="gone") if row["removed_at"]}
        assert gone == {"passing"}

    def test_previews(self, site: Installation) -> None:
        run = site.run("data_reading", f"{SHOP}.old_orders")
        head, *rows = run.document["sample_data"]["old_orders"]["preview"].splitlines()
        assert (head, sorted(rows)) == ("id,year", ["1,2023", "2,2024"])

    def test_scores_are_those_of_the_same_rows_in_files(
        self, spark: Any, site: Installation, tmp_path: Path
    ) -> None:
        spark.table(f"{SHOP}.old_orders").coalesce(1).write.parquet(str(tmp_path / "old_orders"))
        there = site.run("quality_assessment", f"spark_catalog.{SHOP}.old_orders").document
        here = site.run("quality_assessment", tmp_path / "old_orders").document
        metrics = [{**one["quality_metrics"], "timeliness": None} for one in (there, here)]
        assert metrics[0] == metrics[1]

    @pytest.mark.parametrize(
        ("path", "sentence"),
        [
            (f"{SHOP}.nothing", "There is no table or schema"),
            ("nowhere.*", "There is no table or schema"),
            ("no_catalog.nowhere.nothing", "There is no table or schema"),
            ("no_catalog.nowhere.*", "There is no table or schema"),
            ("catalog_own.tables", "the executor's own tables"),
            ("spark_catalog.catalog_own", "the executor's own tables"),
        ],
    )
    def test_what_is_no_source(self, site: Installation, path: str, sentence: str) -> None:
        run = site.run("metadata_extraction", path)
        assert run.exit_code == 1
        assert sentence in run.error["message"]

    def test_a_table_whose_data_is_gone_makes_the_run_partial(self, spark: Any, site: Installation) -> None:
        spark.sql(f"CREATE TABLE {SHOP}.base (id INT) USING parquet")
        spark.sql(f"CREATE VIEW {SHOP}.broken AS SELECT id FROM {SHOP}.base")  # noqa: S608  a schema of the test
        spark.sql(f"DROP TABLE {SHOP}.base")
        run = site.run("metadata_extraction", f"{SHOP}.*", tenant="broken")
        spark.sql(f"DROP VIEW {SHOP}.broken")
        assert (run.status, run.names("unreadable")) == (RunStatus.PARTIAL, ["broken"])
