"""Data that is too large for memory: it is named, Spark goes on, and so do all other datasets of the run."""

from __future__ import annotations

import bz2
import gzip
import json
from typing import TYPE_CHECKING, Any, Dict

import pytest

from nuvyn_executor.bounds import OBJECT_LEVELS, Bounds
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from nuvyn_executor.schema.tables import COLUMNS
from tests.discovering import CSV, write
from tests.installation import memory_installation, tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installation import Run

pytestmark = pytest.mark.spark

LONG = b"x" * 300_000_000
GOOD = b"id,name\n" + b"".join(b"%d,n%d\n" % (i, i) for i in range(100))
RECORD = "has a record of more than 64 MB, such as a line that does not end."


@pytest.fixture(name="site", params=["auto", "spark"])
def _site(spark: Any, request: pytest.FixtureRequest) -> Any:
    return memory_installation(SparkScanner(spark, request.param), SparkRowPreviews(spark))


def unreadable(run: Run) -> Dict[str, str]:
    return {one["name"]: one["reason"] for one in run.details["unreadable"]}


@pytest.fixture(name="bombs", scope="module")
def _bombs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files for both engines: to write a gigabyte and pack it takes seconds."""
    folder = tmp_path_factory.mktemp("bombs")
    late = GOOD + b"101," + LONG + b"\n102,x\n"
    lines = b'{"id": 1}\n' * 9 + b'{"id": "' + LONG + b'"}\n'
    write(
        folder,
        {
            "good.csv": GOOD,
            "late.csv": late,
            "late.csv.gz": gzip.compress(late, 1),
            "late.json.gz": gzip.compress(lines, 1),
            "one.csv.gz": gzip.compress(LONG, 1),
            "late.csv.bz2": bz2.compress(late),
            "quoted.csv": b'id,name\n1,"a\nb"\n2,"' + b"c\n" * (len(LONG) // 2) + b'"\n',
        },
    )
    return folder


class TestOneLine:
    """Issue: "A gzip of 300 KB that unpacks to one line of 300 MB ends the JVM (`SparkContext was shut down`)
    and takes every other dataset of the run with it."
    """

    def test_packed_or_not_it_is_named_and_the_others_are_read(
        self, site: Any, spark: Any, bombs: Path
    ) -> None:
        run = site.run("quality_assessment", bombs)

        found = unreadable(run)
        assert {name: reason for name, reason in found.items() if RECORD in reason} == {
            name: f"{name} {RECORD}" for name in ("late.csv", "late.csv.gz", "late.json.gz")
        }
        assert found["one.csv.gz"] == "The first line of one.csv.gz does not end in its first 64 MiB."
        assert found["late.csv.bz2"].startswith("late.csv.bz2 holds more than 200 times its size")
        assert "it has a value of more than 64 million characters" in found["quoted.csv"]
        assert len(found) == 6
        assert {name: row["row_count"] for name, row in tables(site).items()} == {"good": 100}
        assert spark.range(3).count() == 3


class TestBoundsOfOneRun:
    """Issue: "JSON nesting, cell length, columns, sheets, names: each bound ..." """

    def test_a_record_up_to_the_bound_is_read(self, site: Any, tmp_path: Path) -> None:
        cell = b"y" * 20_000_000
        document = b'{"id": 1, "name": "' + cell[:19_999_900] + b'"}\n'
        write(tmp_path, {"a.csv": b"id,name\n1," + cell + b"\n2,b\n", "b.json": document + b'{"id": 2}\n'})
        run = site.run("quality_assessment", tmp_path)
        assert not run.details["unreadable"]
        assert {name: row["row_count"] for name, row in tables(site).items()} == {"a": 2, "b": 2}
        assert all(json.loads(row["details"])["corrupt_rows"] == 0 for row in tables(site).values())

    def test_one_bad_part_of_a_table_is_left_out(self, spark: Any, tmp_path: Path) -> None:
        scanner = SparkScanner(spark, bounds=Bounds(record_bytes=1000))
        site = memory_installation(scanner, SparkRowPreviews(spark))
        parts = {f"part-{i:05}.csv": GOOD for i in range(4)}
        write(tmp_path, {**parts, "part-00002.csv": GOOD + b"1," + b"z" * 2000 + b"\n"})
        run = site.run("quality_assessment", tmp_path)
        assert list(unreadable(run)) == ["part-00002.csv"]
        (row,) = tables(site).values()
        assert row["row_count"] == 300

    def test_many_columns(self, site: Any, tmp_path: Path) -> None:
        width = 1_000
        names = ",".join(f"c{i}" for i in range(width))
        values = ",".join(str(i) for i in range(width))
        write(tmp_path, {"wide.csv": f"{names}\n{values}\n{values}\n".encode(), "good.csv": CSV})
        run = site.run("metadata_extraction", tmp_path)
        assert not run.details["unreadable"]
        assert len(site.rows(COLUMNS)) == width + 2

    def test_too_many_columns(self, site: Any, tmp_path: Path) -> None:
        names, values = (",".join(f"{one}{i}" for i in range(100_000)) for one in ("c", ""))
        write(tmp_path, {"wide.csv": f"{names}\n{values}\n".encode(), "good.csv": CSV})
        run = site.run("metadata_extraction", tmp_path)
        assert unreadable(run) == {"wide.csv": "wide.csv has 100,000 columns, and 20,000 can be counted."}
        assert list(tables(site)) == ["good"]

    @pytest.mark.parametrize("depth", [50, 300, 900])
    def test_deep_objects_are_columns_up_to_a_level(self, site: Any, tmp_path: Path, depth: int) -> None:
        deep = b'{"id": 3, "a": ' + b'{"b": ' * depth + b"1" + b"}" * depth + b"}\n"
        write(tmp_path, {"deep.json": b'{"id": 1}\n{"id": 2}\n' + deep})
        run = site.run("metadata_extraction", tmp_path)
        assert not run.details["unreadable"]
        (row,) = tables(site).values()
        assert json.loads(row["details"])["corrupt_rows"] == 0
        names = [one["column_name"] for one in site.rows(COLUMNS)]
        assert max(name.count(".") for name in names) == min(depth, OBJECT_LEVELS - 1)

    def test_a_record_of_too_many_fields(self, site: Any, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": GOOD, "b.csv": b"id,name\n" + b'1,"' * 60_000})
        run = site.run("metadata_extraction", tmp_path)
        assert unreadable(run) == {
            "b.csv": "b.csv could not be read: it has a record of more than 20480 fields."
        }

    @pytest.mark.parametrize("depth", [300, 10_000])
    def test_deep_json(self, site: Any, tmp_path: Path, depth: int) -> None:
        deep = b'{"id": 3, "a": ' + b"[" * depth + b"]" * depth + b"}\n"
        write(tmp_path, {"deep.json": b'{"id": 1, "a": []}\n{"id": 2, "a": []}\n' + deep, "good.csv": CSV})
        run = site.run("metadata_extraction", tmp_path)
        assert not run.details["unreadable"]
        row = tables(site)["deep"]
        assert row["row_count"] == 3
        assert json.loads(row["details"])["corrupt_rows"] == (depth > 1000)
