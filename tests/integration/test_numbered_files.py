"""Many numbered files of a folder are one table: read together, and a bad one among them is named."""

from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING, Any, Dict

import pytest

from nuvyn_executor.model import RunStatus
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from tests.installation import Installation, memory_installation

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark
FILES = 70
ROWS = 3


@pytest.fixture(name="site")
def _site(spark: Any) -> Installation:
    return memory_installation(SparkScanner(spark))


def rows(first: int, count: int = ROWS) -> str:
    return "".join(f"{number},word {number % 7}\n" for number in range(first, first + count))


def write(folder: Path, files: int = FILES, first: int = 1, header: str = "id,word\n") -> None:
    for number in range(first, first + files):
        (folder / f"orders_2024_{number:05d}.csv").write_text(header + rows(number * ROWS))


def there(site: Installation) -> Dict[str, Dict[str, Any]]:
    return {row["table_name"]: row for row in site.rows(TABLES) if row["removed_at"] is None}


class TestManyNumberedFiles:
    """ "Many small files of one shape are one job [...] with per-file failures still named." """

    def test_are_one_table_with_all_their_rows(self, site: Installation, folder: Path) -> None:
        write(folder)
        run = site.run("metadata_extraction", folder)
        assert run.status is RunStatus.SUCCESS
        (row,) = site.rows(TABLES)
        assert (row["table_name"], row["file_path"]) == ("orders", str(folder))
        assert (row["file_count"], row["row_count"], row["column_count"]) == (FILES, FILES * ROWS, 2)
        (key,) = site.rows(COLUMNS, column_name="id")
        assert (key["distinct_count"], key["null_count"]) == (FILES * ROWS, 0)

    def test_a_file_that_is_cut_short_is_named_and_the_others_are_read(
        self, site: Installation, folder: Path
    ) -> None:
        # So much that does not shrink that the beginning, which is looked at first, is in order.
        noise = random.Random(1)  # noqa: S311  nothing is kept secret with it
        long = "".join(f"{number},{noise.getrandbits(400):x}\n" for number in range(3000))
        for number in range(FILES):
            text = "id,word\n" + (long if number == 30 else rows(number * ROWS))
            (folder / f"orders-{number}.csv.gz").write_bytes(gzip.compress(text.encode()))
        for number in (30, 40):
            content = (folder / f"orders-{number}.csv.gz").read_bytes()
            (folder / f"orders-{number}.csv.gz").write_bytes(content[: len(content) * 2 // 3])
        run = site.run("metadata_extraction", folder)
        assert run.status is RunStatus.PARTIAL
        assert sorted(run.names("unreadable")) == ["orders-30.csv.gz", "orders-40.csv.gz"]
        (row,) = site.rows(TABLES)
        assert (row["table_name"], row["row_count"]) == ("orders", (FILES - 2) * ROWS)

    def test_two_headers_are_two_tables(self, site: Installation, folder: Path) -> None:
        write(folder)
        write(folder, first=FILES + 1, header="number,term\n")
        site.run("metadata_extraction", folder)
        assert {name: row["row_count"] for name, row in there(site).items()} == {
            "orders": FILES * ROWS,
            "orders_2": FILES * ROWS,
        }
        names = {
            name: [column["column_name"] for column in site.rows(COLUMNS, table_id=row["table_id"])]
            for name, row in there(site).items()
        }
        assert names == {"orders": ["id", "word"], "orders_2": ["number", "term"]}

    def test_more_of_them_are_the_same_table(self, site: Installation, folder: Path) -> None:
        write(folder)
        site.run("metadata_extraction", folder)
        (before,) = site.rows(TABLES)
        write(folder, files=2, first=FILES + 1)
        site.run("metadata_extraction", folder)
        (row,) = site.rows(TABLES)
        assert (row["table_id"], row["removed_at"]) == (before["table_id"], None)
        assert (row["file_count"], row["row_count"]) == (FILES + 2, (FILES + 2) * ROWS)
