"""Rows under deletion vectors: both engines count the rows of the table, and no others."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict

import pytest

pytest.importorskip("polars")
from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import Dataset, SourceType
from nuvyn_executor.profiling.counts import total
from nuvyn_executor.profiling.polars.kernel import count_part
from nuvyn_executor.profiling.polars.parts import Piece
from nuvyn_executor.reading.deletion_vectors import read_deleted_rows
from nuvyn_executor.reading.delta_log import with_deletion_vectors
from nuvyn_executor.reading.delta_table import current_version
from nuvyn_executor.reading.readers import open_frame
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.polars_ways import NOW, assert_same, reading_of
from tests.scans import count_frame, rows_of, scan
from tests.unit.test_deletion_vectors import rows_in, serialized, z85

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.spark

WITH_VECTORS = "'delta.enableDeletionVectors' = 'true'"
ROWS = 150_000
LOST = "id < 70000 AND id % 7 < 5 OR id BETWEEN 80000 AND 92000 OR id IN (131071, 131072, 149999)"
VALUES = (
    "id",
    "IF(id % 9 = 0, NULL, CONCAT(' user', id % 5000, '@x.org')) AS email",
    "CASE WHEN id % 11 = 0 THEN DOUBLE('NaN') WHEN id % 12 = 0 THEN -0D ELSE id / 7D END AS price",
    "CAST(id % 999 AS DECIMAL(9,2)) AS the_sum",
    "IF(id IN (1, 149999), TIMESTAMP'9999-12-31 00:00:00', TIMESTAMP'2024-01-01 10:00:00') AS at",
    "NAMED_STRUCT('a', id % 3, 'b', IF(id % 5 = 0, NULL, 'b')) AS inner",
)


def entries_of(spark: Any, folder: Path) -> Dataset:
    """Return the table as its data files with their deletion vectors."""
    source = FileSystemSource(str(folder), on_databricks=False)
    (dataset,) = discover(source, SourceType.AUTO, 1000).datasets
    table = current_version(spark, source.spark_path(dataset.path))
    as_files = table.as_files(replace(dataset, version=table.version))
    assert as_files is not None
    return replace(as_files, files=with_deletion_vectors(spark, source, as_files))


def assert_both_engines_agree(spark: Any, folder: Path) -> int:
    """Let both engines scan a table, and return how many rows they counted."""
    fast, slow = scan(spark, folder), scan(spark, folder, engine="spark")
    assert (fast.state.engine, slow.state.engine) == ("polars", "spark")
    assert fast.scan == slow.scan
    assert fast.columns == slow.columns
    return rows_of(fast)


@pytest.fixture(scope="module", name="every_kind")
def _every_kind(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "things"
    data = spark.range(0, ROWS, 1, 1).selectExpr(*VALUES)
    data.write.option("parquet.block.size", 512 * 1024).parquet(str(folder))
    spark.sql(f"CONVERT TO DELTA parquet.`{folder}`")
    spark.sql(f"ALTER TABLE delta.`{folder}` SET TBLPROPERTIES ({WITH_VECTORS})")
    spark.sql(f"DELETE FROM delta.`{folder}` WHERE {LOST}")  # noqa: S608  the test's own
    assert list(folder.glob("*.bin")), "there is no deletion vector"
    return folder


class TestEveryKind:
    """A file of several row groups with a vector that has lists, runs and bits."""

    def test_both_engines_count_the_same(self, spark: Any, every_kind: Path) -> None:
        left = spark.range(ROWS).where(f"NOT ({LOST})").count()
        assert assert_both_engines_agree(spark, every_kind) == left

    def test_in_shares_of_the_file(self, spark: Any, every_kind: Path) -> None:
        source = FileSystemSource(str(every_kind), on_databricks=False)
        dataset = entries_of(spark, every_kind)
        frame = open_frame(spark, source, dataset)
        profile = count_frame(frame, dataset.name, NOW)
        (entry,) = dataset.files
        assert entry.deleted is not None
        reading = reading_of(replace(dataset, format=formats.PARQUET), profile.plan)
        pieces = [Piece(entry.path, entry.size_bytes, index, 3, deleted=entry.deleted) for index in range(3)]
        counted = [count_part([piece], reading) for piece in pieces]
        assert all(0 < one.tally.rows < frame.rows for one in counted)
        assert_same(profile, total(counted))


def appended(spark: Any, folder: Path, start: int, rows: int) -> None:
    data = spark.range(start, start + rows, 1, 1).selectExpr("id", "id % 5 AS five", "id % 2 AS half")
    data.write.format("delta").mode("append").partitionBy("half").save(str(folder))


class TestHistories:
    @pytest.mark.parametrize("policy", ["classic", "v2"])
    def test_the_vectors_are_those_of_the_version(self, spark: Any, folder: Path, policy: str) -> None:
        """Vectors that replace others, files that are gone, a restored version, checkpoints, cleaned logs."""
        table = f"delta.`{folder}`"
        appended(spark, folder, 0, 1000)
        interval = "'delta.checkpointInterval' = '4'"
        spark.sql(
            f"ALTER TABLE {table} SET TBLPROPERTIES ({WITH_VECTORS}, {interval}, "
            f"'delta.checkpointPolicy' = '{policy}')"
        )
        spark.sql(f"DELETE FROM {table} WHERE id < 10")  # noqa: S608  a folder of the test
        spark.sql(f"DELETE FROM {table} WHERE id BETWEEN 500 AND 599")  # noqa: S608  as above
        appended(spark, folder, 1000, 500)
        spark.sql(f"DELETE FROM {table} WHERE id >= 1000 AND half = 1")  # noqa: S608  as above
        log = folder / "_delta_log"
        assert list(log.glob("*.checkpoint*")), "there is no checkpoint"
        for path in log.glob("0000000000000000000[0-3].json"):
            path.unlink()
        spark.sql(f"UPDATE {table} SET five = -1 WHERE id % 50 = 1")  # noqa: S608  as above
        assert assert_both_engines_agree(spark, folder) == 1140
        spark.sql(f"RESTORE TABLE {table} TO VERSION AS OF 4")
        deleted = [one.deleted.rows for one in entries_of(spark, folder).files if one.deleted is not None]
        assert sorted(deleted) == [55, 55]
        found = scan(spark, folder)
        assert (found.state.engine, rows_of(found)) == ("polars", 1390)


@pytest.fixture(name="written", scope="module")
def _written(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "things"
    spark.range(0, 1000, 1, 1).selectExpr("id", "id % 5 AS five").write.format("delta").save(str(folder))
    spark.sql(f"ALTER TABLE delta.`{folder}` SET TBLPROPERTIES ({WITH_VECTORS})")
    spark.sql(f"DELETE FROM delta.`{folder}` WHERE id % 3 = 1")  # noqa: S608  a folder of the test
    return folder


class TestOtherPlaces:
    """Other writers put a vector into the log itself, or into a file somewhere else."""

    @pytest.fixture(name="table")
    def _table(self, written: Path, folder: Path) -> Path:
        shutil.copytree(written, folder, dirs_exist_ok=True)
        return folder

    @staticmethod
    def write_again(folder: Path, changed: Callable[[Dict[str, Any]], Dict[str, Any]]) -> None:
        """Change the vector in the last commit, before anybody has read it."""
        log = folder / "_delta_log"
        commit = max(log.glob("*.json"))
        actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
        for action in actions:
            if "add" in action:
                action["add"]["deletionVector"] = changed(action["add"]["deletionVector"])
        other = folder.parent / "other" / folder.name
        other.parent.mkdir()
        folder.rename(other)  # Delta remembers what it has read of a path
        new = other / "_delta_log" / commit.name
        new.write_text("".join(json.dumps(one) + "\n" for one in actions), encoding="utf-8")
        (new.parent / f".{commit.name}.crc").unlink()
        for path in new.parent.glob("*.crc"):  # what Delta says of the files of a version
            path.unlink()

    def test_in_the_log(self, spark: Any, table: Path) -> None:
        data = serialized(range(1, 1000, 3))

        def inline(vector: Dict[str, Any]) -> Dict[str, Any]:
            text = z85(data + bytes(-len(data) % 4))
            return {
                "storageType": "i",
                "pathOrInlineDv": text,
                "sizeInBytes": len(data),
                "cardinality": vector["cardinality"],
            }

        self.write_again(table, inline)
        assert assert_both_engines_agree(spark, table.parent / "other" / table.name) == 667

    def test_an_absolute_path_is_for_spark(self, spark: Any, table: Path) -> None:
        (file,) = table.glob("*.bin")
        moved = table.parent / "elsewhere.bin"
        moved.write_bytes(file.read_bytes())
        self.write_again(table, lambda one: {**one, "storageType": "p", "pathOrInlineDv": moved.as_uri()})
        found = scan(spark, table.parent / "other" / table.name)
        assert (found.state.read_by, rows_of(found)) == ("spark", 667)

    def test_what_delta_writes_is_read_to_the_row(self, spark: Any, table: Path) -> None:
        (entry,) = entries_of(spark, table).files
        assert entry.deleted is not None
        assert re.search(r"/deletion_vector_[0-9a-f-]{36}\.bin$", entry.deleted.path)
        read = read_deleted_rows(entry.deleted, 1000, local_bytes)
        assert rows_in(read, 1000) == set(range(1, 1000, 3))


def local_bytes(path: str, offset: int, length: int) -> bytes:
    with open(path, "rb") as stream:  # noqa: PTH123  a text
        stream.seek(offset)
        return stream.read(length)
