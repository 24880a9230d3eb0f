"""Part files with other columns, in another order, or in another dialect: counted as one table, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Dict, List

import pytest

from nuvyn_executor import wire
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.quality.assessment import assess
from nuvyn_executor.quality.dimensions import Policy
from tests.discovering import write
from tests.scans import scan

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.profiler import DatasetProfile

pytestmark = pytest.mark.spark

ENGINES = ("auto", "spark")
PARTS: Dict[str, bytes] = {
    "part-0.csv": b"price,qty\n1.5,7\n2.5,8\n2.5,8\n",
    "part-1.csv": b"qty,price\n9,3.5\n,4.5\n",
    "part-2.csv": b"price;qty;note\n5.5;1;hello\n6.5;2\n",
    "part-3.csv": b"7.5,3\n8.5,4\n",
    "part-4.csv": b'PRICE,qty\n9.5,"5"\n',
}
TOGETHER = (
    b"price,qty,note\n1.5,7,\n2.5,8,\n2.5,8,\n3.5,9,\n4.5,,\n5.5,1,hello\n6.5,2\n7.5,3,\n8.5,4,\n9.5,5,\n"
)


def counted(profile: DatasetProfile) -> Any:
    """Return what does not depend on the time of writing and on how rows lie in files."""
    scan_ = replace(profile.scan, name="", modified_micros=None)
    return scan_, profile.columns


def missing(profile: DatasetProfile) -> List[Dict[str, Any]]:
    (assessment,) = assess([profile.scan], Policy(), 0).datasets
    details = wire.table_details(profile, assessment, listing_was_cut=False)
    found: List[Dict[str, Any]] = details["missing_columns"]
    return found


@pytest.mark.parametrize("engine", ENGINES)
class TestByName:
    def test_as_if_one_file_had_all_rows(self, spark: Any, tmp_path: Path, engine: str) -> None:
        write(tmp_path, {f"parts/{name}": text for name, text in PARTS.items()})
        write(tmp_path, {"whole/part-0.csv": TOGETHER})

        parts = scan(spark, tmp_path / "parts", engine=engine)

        assert parts.state.engine == ("polars" if engine == "auto" else "spark")
        assert counted(parts) == counted(scan(spark, tmp_path / "whole", engine=engine))
        assert parts.scan.tally.corrupt_rows == 1
        assert missing(parts) == [{"column": "note", "missing_in": 4, "of": 5, "first": "part-0.csv"}]
        assert parts.state.read_as["layouts"] == 4  # names differ in capitals only

    def test_with_columns_of_folders(self, spark: Any, tmp_path: Path, engine: str) -> None:
        write(
            tmp_path,
            {"year=2024/a.csv": b"a,b\n1,x\n", "year=2025/a.csv": b"b,c\ny,2024-05-01\nz,2024-05-02\n"},
        )

        found = scan(spark, tmp_path, engine=engine)

        assert [one.name for one in found.scan.columns] == ["a", "b", "c", "year"]
        assert [one.missing for one in found.scan.tally.columns] == [2, 0, 1, 0]
        assert [one.data_type for one in found.scan.columns] == ["bigint", "string", "date", "bigint"]

    def test_a_file_that_came_later(self, spark: Any, tmp_path: Path, engine: str) -> None:
        write(tmp_path, {"part-0.csv": PARTS["part-0.csv"] * 1})
        before = scan(spark, tmp_path, engine=engine)
        write(tmp_path, {"part-1.csv": PARTS["part-1.csv"]})

        after = scan(spark, tmp_path, before, engine=engine)

        assert [one.missing for one in after.scan.tally.columns] == [0, 1]
        assert [one.maximum for one in after.columns] == [4.5, 9]
        assert scan(spark, tmp_path, after, engine=engine).rows_read == 0


class TestDeclaredTypes:
    def test_a_column_of_some_files_is_named(self, spark: Any, tmp_path: Path) -> None:
        spark.range(5).coalesce(1).write.parquet(str(tmp_path / "t"))
        extended = spark.range(3).selectExpr("id", "id AS qty", "named_struct('a', id) AS s")
        extended.coalesce(1).write.mode("append").parquet(str(tmp_path / "t"))
        for place in (tmp_path / "t").glob("part-*"):
            holds_more = spark.read.parquet(str(place)).columns != ["id"]
            place.rename(place.with_name(f"part-0000{int(holds_more)}.parquet"))

        found = scan(spark, tmp_path / "t")

        assert missing(found) == [
            {"column": "qty", "missing_in": 1, "of": 2, "first": "part-00000.parquet"},
            {"column": "s", "missing_in": 1, "of": 2, "first": "part-00000.parquet"},
        ]
        assert [one.missing for one in found.scan.tally.columns] == [0, 5, 5]


class TestRowsThatAreDeclared:
    """ "Rows read against rows declared ...: a difference makes it unreadable by name." """

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_footer_of_more_rows_than_there_are(self, spark: Any, tmp_path: Path, engine: str) -> None:
        spark.range(25).coalesce(1).write.parquet(str(tmp_path / "t"))
        (part,) = (tmp_path / "t").glob("part-*")
        part.with_name(f".{part.name}.crc").unlink()
        data = part.read_bytes()
        length = int.from_bytes(data[-8:-4], "little")
        footer = data[-8 - length : -8]
        # Thrift writes 25 as 50: the rows of the file come after its schema, before its row groups.
        at = footer.index(b"\x16\x32\x19")
        part.write_bytes(data[: -8 - length] + footer[:at] + b"\x16\x36" + footer[at + 2 :] + data[-8:])

        with pytest.raises(
            DatasetUnreadable, match=f"{part.name} says that it has 27 rows, and 25 can be read"
        ):
            scan(spark, tmp_path / "t", engine=engine)


class TestJson:
    """JSON part files whose documents lie in them in different ways are each read in their own."""

    PARTS = (
        '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n',
        '[\n{"a":3,"b":"x"},\n{"a":4}\n]\n',
        '{"meta":{"n":2},"data":[{"a":5,"c":{"d":1}},{"b":"z"}]}',
        '{\n"a": 6\n}\n{\n"a": 7\n}\n',
        '{"a":8}{"a":9}',
    )

    def test_each_document_is_a_row(self, spark: Any, tmp_path: Path) -> None:
        write(tmp_path, {f"part-{index}.json": text.encode() for index, text in enumerate(self.PARTS)})

        found = scan(spark, tmp_path)

        assert (found.rows, found.scan.tally.corrupt_rows) == (10, 0)
        assert [one.name for one in found.scan.columns] == ["a", "b", "c.d"]
        assert [one.missing for one in found.scan.tally.columns] == [1, 6, 9]
        assert found.columns[0].maximum == 9
        assert found.state.read_as["layouts"] == 4

    def test_a_file_that_came_later(self, spark: Any, tmp_path: Path) -> None:
        write(
            tmp_path, {f"part-{index}.json": text.encode() * 5 for index, text in enumerate(self.PARTS[:1])}
        )
        before = scan(spark, tmp_path)
        write(tmp_path, {"part-1.json": self.PARTS[1].encode()})

        after = scan(spark, tmp_path, before)

        assert (before.rows, after.rows, after.scan.tally.corrupt_rows) == (10, 12, 0)
