"""What a second extraction leaves, updates, and finds gone. On tables in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, List

from nuvyn_executor.model import RunStatus
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from tests.installation import DAMAGE, Installation, tables

if TYPE_CHECKING:
    from pathlib import Path


class TestASecondExtraction:
    """Sources, tables and columns are upserted; datasets that are gone get `removed_at`."""

    def test_updates_and_never_duplicates(self, site: Installation, folder: Path) -> None:
        site.run("metadata_extraction", folder)
        before = [len(site.rows(table)) for table in (SOURCES, TABLES, COLUMNS)]
        (folder / "a.csv").write_text("id,word\n1,one\n2,two\n3,three\n")
        site.run("metadata_extraction", folder)
        assert [len(site.rows(table)) for table in (SOURCES, TABLES, COLUMNS)] == before == [1, 3, 6]
        assert tables(site)["a"]["row_count"] == 3
        (source,) = site.rows(SOURCES)
        assert source["metadata_version"] == 2
        assert source["created_at"] < source["updated_at"]

    def test_a_slash_at_the_end_names_the_same_source(self, site: Installation, folder: Path) -> None:
        site.run("metadata_extraction", folder)
        site.run("metadata_extraction", f"{folder}/")
        assert len(site.rows(SOURCES)) == 1
        assert len(tables(site)) == 3

    def test_what_is_gone_gets_removed_at_and_comes_back_without(
        self, site: Installation, folder: Path
    ) -> None:
        site.run("metadata_extraction", folder)
        (folder / "b.csv").rename(folder / ".b.csv")
        site.run("metadata_extraction", folder)
        gone = tables(site)["b"]
        assert gone["removed_at"] is not None
        assert {name for name, row in tables(site).items() if row["removed_at"] is None} == {"a", "c"}
        assert all(row["removed_at"] for row in site.rows(COLUMNS, table_id=gone["table_id"]))
        site.run("metadata_extraction", folder)
        assert tables(site)["b"]["removed_at"] == gone["removed_at"]
        (folder / ".b.csv").rename(folder / "b.csv")
        site.run("metadata_extraction", folder)
        assert all(row["removed_at"] is None for row in [*site.rows(TABLES), *site.rows(COLUMNS)])

    def test_a_column_that_is_gone_gets_removed_at(self, site: Installation, folder: Path) -> None:
        site.run("metadata_extraction", folder)
        (folder / "a.csv").write_text("id,term\n1,one\n")
        site.run("metadata_extraction", folder)
        rows = site.rows(COLUMNS, table_id=tables(site)["a"]["table_id"])
        assert {row["column_name"]: row["removed_at"] is not None for row in rows} == {
            "id": False,
            "word": True,
            "term": False,
        }

    def test_a_table_that_cannot_be_read_this_time_is_not_gone(
        self, site: Installation, folder: Path
    ) -> None:
        site.run("metadata_extraction", folder)
        (folder / "b.csv").write_text(f"id,word\n1,{DAMAGE}\n")
        run = site.run("metadata_extraction", folder)
        assert run.status is RunStatus.PARTIAL
        assert tables(site)["b"]["removed_at"] is None
        assert tables(site)["b"]["row_count"] == 2

    def test_the_65th_numbered_file_makes_one_table_of_64_and_without_it_they_are_64_again(
        self, site: Installation, folder: Path
    ) -> None:
        def there() -> List[str]:
            return sorted(row["table_name"] for row in site.rows(TABLES) if row["removed_at"] is None)

        for number in range(64):
            (folder / f"orders_{number:02d}.csv").write_text("id,word\n1,one\n")
        site.run("metadata_extraction", folder)
        assert there() == ["a", "b", "c", *(f"orders_{number:02d}" for number in range(64))]
        (folder / "orders_64.csv").write_text("id,word\n1,one\n")
        site.run("metadata_extraction", folder)
        assert there() == ["a", "b", "c", "orders"]
        assert tables(site)["orders_00"]["removed_at"] is not None
        (folder / "orders_64.csv").unlink()
        site.run("metadata_extraction", folder)
        assert len(there()) == 3 + 64
        assert tables(site)["orders"]["removed_at"] is not None

    def test_a_listing_that_was_cut_short_removes_nothing(self, site: Installation, folder: Path) -> None:
        site.run("metadata_extraction", folder)
        site.run("metadata_extraction", folder, EXECUTOR_MAX_FILES_PER_JOB="2")
        assert all(row["removed_at"] is None for row in site.rows(TABLES))

    def test_what_is_gone_is_gone_where_the_source_type_is_named_too(
        self, site: Installation, folder: Path
    ) -> None:
        site.run("metadata_extraction", folder, "csv")
        (folder / "b.csv").unlink()
        site.run("metadata_extraction", folder, "csv")
        assert [row["table_name"] for row in site.rows(TABLES) if row["removed_at"]] == ["b"]
        assert len([row for row in site.rows(COLUMNS) if row["removed_at"]]) == 2

    def test_another_source_type_removes_nothing(self, site: Installation, folder: Path) -> None:
        (folder / "d.json").write_text('{"id": 1}\n')
        site.run("metadata_extraction", folder, "json")
        site.run("metadata_extraction", folder, "csv")
        assert all(row["removed_at"] is None for row in site.rows(TABLES))

    def test_another_source_type_removes_nothing_of_the_same_folder(
        self, site: Installation, folder: Path
    ) -> None:
        (folder / "sales").mkdir()
        (folder / "sales" / "part-0.json").write_text('{"id": 1}\n')
        (folder / "sales" / "part-0.csv").write_text("id,word\n1,one\n")
        site.run("metadata_extraction", folder, "json")
        site.run("metadata_extraction", folder, "csv")
        assert all(row["removed_at"] is None for row in site.rows(TABLES))
        (folder / "sales" / "part-0.json").unlink()
        site.run("metadata_extraction", folder)
        assert [row["file_format"] for row in site.rows(TABLES) if row["removed_at"]] == ["json"]

    def test_one_path_of_two_tenants_is_two_sources(self, site: Installation, folder: Path) -> None:
        for tenant in ("t1", "t2"):
            site.run("metadata_extraction", folder, tenant=tenant)
        (folder / "a.csv").unlink()
        site.run("metadata_extraction", folder, tenant="t1")
        assert [row["tenant_id"] for row in site.rows(TABLES) if row["removed_at"]] == ["t1"]
        assert len(site.rows(SOURCES)) == 2

    def test_shards_of_two_tables_in_one_folder_are_two_rows(self, site: Installation, folder: Path) -> None:
        for name in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001"):
            (folder / f"{name}.csv").write_text("id,word\n1,one\n")
        for _ in range(2):
            site.run("metadata_extraction", folder)
            assert {name: row["row_count"] for name, row in tables(site).items() if len(name) > 1} == {
                "train": 2,
                "test": 1,
            }

    def test_part_files_and_a_tree_of_one_folder_are_two_rows(self, site: Installation, folder: Path) -> None:
        (folder / "sales" / "year=2024").mkdir(parents=True)
        for name in ("part-00000.csv", "year=2024/x.csv"):
            (folder / "sales" / name).write_text("id,word\n1,one\n")
        for _ in range(2):
            site.run("metadata_extraction", folder)
            assert len([row for row in site.rows(TABLES) if "sales" in row["table_name"]]) == 2
            assert len({row["table_id"] for row in site.rows(TABLES)}) == len(site.rows(TABLES)) == 5
