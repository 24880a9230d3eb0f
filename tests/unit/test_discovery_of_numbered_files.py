"""Many files whose names differ in nothing but their numbers are one table."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from typing import TYPE_CHECKING, Callable, Dict

import openpyxl
import pytest

from nuvyn_executor.discovery.grouping import FEW
from nuvyn_executor.metadata.table_rows import table_id
from nuvyn_executor.model import CsvDialect, Discovery
from tests.discovering import CSV, PARQUET, case_id, look, named, write

if TYPE_CHECKING:
    from pathlib import Path


def numbered(pattern: str, count: int, content: bytes = CSV, first: int = 1) -> Dict[str, bytes]:
    return {pattern.format(number): content for number in range(first, first + count)}


def sizes(found: Discovery) -> Dict[str, int]:
    return {name: len(dataset.files) for name, dataset in named(found).items()}


def day(number: int) -> str:
    return (date(2024, 1, 1) + timedelta(days=number)).isoformat()


class TestNumberedFiles:
    """ "Many small files of one shape are one job" """

    @pytest.mark.parametrize(
        ("file_name", "content", "table"),
        [
            (lambda n: f"orders_2024_{n:05d}.csv", CSV, "lake/daily/orders"),
            (lambda n: f"orders{n}.csv", CSV, "lake/daily/orders"),
            (lambda n: f"events-{day(n)}.json.gz", gzip.compress(b'{"a":1}\n'), "lake/daily/events"),
            (lambda n: f"{day(n)}.parquet", PARQUET, "lake/daily"),
            (lambda n: f"report ({n}).csv", CSV, "lake/daily/report"),
            (lambda n: f"daily-{n}.csv", CSV, "lake/daily"),
            (lambda n: f"{n}_orders.csv", CSV, "lake/daily"),
        ],
        ids=case_id,
    )
    def test_many_are_one_dataset_named_by_what_comes_before_the_number(
        self, tmp_path: Path, file_name: Callable[[int], str], content: bytes, table: str
    ) -> None:
        write(tmp_path, {f"lake/daily/{file_name(n)}": content for n in range(FEW + 1)})
        ((name, dataset),) = named(look(tmp_path)).items()
        assert (name, dataset.path) == (table, str(tmp_path / "lake" / "daily"))
        assert [entry.name for entry in dataset.files] == sorted(entry.name for entry in dataset.files)
        assert len(dataset.files) == FEW + 1

    def test_a_few_are_a_dataset_each(self, tmp_path: Path) -> None:
        write(tmp_path, numbered("orders_{:02d}.csv", FEW))
        write(tmp_path, numbered("other/orders_{:02d}.csv", FEW, first=100))
        assert set(sizes(look(tmp_path)).values()) == {1}
        write(tmp_path, {"orders_65.csv": CSV})
        found = sizes(look(tmp_path))
        assert found.pop("orders") == FEW + 1
        assert len(found) == FEW

    def test_without_a_folder_of_their_own_they_are_named_after_the_source(self, tmp_path: Path) -> None:
        write(tmp_path / "events", numbered("{}.csv", 70))
        (dataset,) = look(tmp_path / "events").datasets
        assert (dataset.name, dataset.folder, dataset.path) == ("events", "", str(tmp_path / "events"))
        (dataset,) = look(tmp_path / "events" / "*.csv").datasets
        assert (dataset.name, len(dataset.files)) == ("events", 70)

    def test_names_that_differ_in_more_are_told_apart(self, tmp_path: Path) -> None:
        write(tmp_path, {f"a{letter}{n}.csv": CSV for letter in "bc" for n in range(60)})
        write(tmp_path, numbered("d_{}.csv", 70))
        write(tmp_path, numbered("d_{}.csv.gz", 70, gzip.compress(CSV), first=71))
        write(tmp_path, numbered("e_{}.csv", 70))
        write(tmp_path, numbered("e_{}.json", 70, b'{"a":1}\n'))
        write(tmp_path, {"f.csv": CSV, **numbered("f{}.csv", 70)})
        found = {name: files for name, files in sizes(look(tmp_path)).items() if files > 1}
        assert found == {"d": 70, "d_2": 70, "e_csv": 70, "e_json": 70, "f_csv": 70}
        assert "f.csv" in sizes(look(tmp_path))

    def test_parts_shards_and_partitions_are_what_they_were(self, tmp_path: Path) -> None:
        write(tmp_path, numbered("t/part-{:05d}.csv", 70))
        write(tmp_path, numbered("u/x-{:05d}-of-00070.csv", 70))
        write(tmp_path, numbered("v/year={}/a.csv", 70, first=1950))
        write(tmp_path, numbered("w/part-{:05d}.csv", 70))
        write(tmp_path, numbered("w/w-{:05d}.csv", 71))
        assert sizes(look(tmp_path)) == {"t": 70, "u": 70, "v": 70, "w_csv": 70, "w_csv_2": 71}
        ids = {table_id("", dataset) for dataset in look(tmp_path).datasets}
        assert len(ids) == 5

    def test_workbooks_never_are(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.append(["id"])
        book.save(tmp_path / "b_0.xlsx")
        content = (tmp_path / "b_0.xlsx").read_bytes()
        write(tmp_path, numbered("b_{}.xlsx", FEW, content))
        assert len(look(tmp_path).datasets) == FEW + 1

    def test_what_cannot_be_read_is_named_and_the_rest_is_one(self, tmp_path: Path) -> None:
        good = gzip.compress(CSV)
        write(tmp_path, {**numbered("a_{}.csv.gz", 70, good), "a_7.csv.gz": good[:-12], "a_8.csv.gz": b""})
        found = look(tmp_path)
        assert sizes(found) == {"a": 68}
        assert [(one.name, one.is_failure) for one in found.skipped] == [
            ("a_7.csv.gz", True),
            ("a_8.csv.gz", False),
        ]

    @pytest.mark.parametrize("folder", ["orders", "all"])
    def test_a_dataset_keeps_its_name_and_its_id_when_files_are_added(
        self, tmp_path: Path, folder: str
    ) -> None:
        def ids() -> Dict[str, str]:
            return {name: table_id("source", dataset) for name, dataset in named(look(tmp_path)).items()}

        write(tmp_path, numbered(f"{folder}/orders_{{}}.csv", 70, first=20))
        ((name, before),) = ids().items()
        write(tmp_path, numbered(f"{folder}/orders_{{}}.csv", 10, first=90))
        assert ids() == {name: before}
        # these come before the others by name, but not by number
        write(tmp_path, numbered(f"{folder}/orders_{{}}.csv", 70, b"id;city\n1;Oslo\n", first=100))
        after = ids()
        assert after.pop(name) == before
        assert list(after) == [f"{name}_2"]


class TestFormsOfNumberedFiles:
    """A folder of files with different headers is not read as if all had the first one's."""

    def test_each_header_makes_a_dataset(self, tmp_path: Path) -> None:
        write(tmp_path, numbered("a_{}.csv", 70))
        write(tmp_path, numbered("a_{}.csv", 80, b"id,name,city\n1,Anna,Oslo\n", first=71))
        assert sizes(look(tmp_path)) == {"a": 70, "a_2": 80}

    def test_of_rare_headers_each_file_is_a_dataset(self, tmp_path: Path) -> None:
        write(tmp_path, numbered("a_{:03d}.csv", 70))
        write(tmp_path, numbered("a_{:03d}.csv", 2, b"name,id\nAnna,1\n", first=71))
        write(tmp_path, numbered("b_{:03d}.csv", 50))
        write(tmp_path, numbered("b_{:03d}.csv", 50, b"name,id\nAnna,1\n", first=51))
        found = sizes(look(tmp_path))
        assert (found["a"], found["a_071"], found["a_072"]) == (70, 1, 1)
        assert len(found) == 3 + 100

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (CSV, CSV.replace(b"\n", b"\r\n")),
            (CSV, b"\xef\xbb\xbf" + CSV),
            (CSV, b"\n \n" + CSV),
            (b"id\rone\rtwo\r", b"id\rone\rthree\r"),
            (b'"id\n(new)",a\n1,2\n3,4\n', b'"id\n(new)",a\n5,6\n'),
            (CSV, b"id,name\n"),
            (CSV, b'id,name\n1,15" screen\n2,"Bob"\n'),
            (b"id,id,1\n1,2,3\n", b'id,id,1\n1,2,"3\n'),
            (b"region,2019,2020\nA,1,2\nB,3,4\n", b"region,2019,2020\nC,,\nD,5,6\n"),
            (b"1,Anna,2024-01-01\n2,Bob,\n", b"3,,2024-01-01\n4,4,2024-01-01\n"),
        ],
        ids=case_id,
    )
    def test_what_does_not_matter_makes_no_difference(self, tmp_path: Path, one: bytes, other: bytes) -> None:
        write(tmp_path, {**numbered("a_{}.csv", 40, one), **numbered("a_{}.csv", 40, other, first=41)})
        assert sizes(look(tmp_path)) == {"a": 80}

    @pytest.mark.parametrize(
        ("name", "one", "other"),
        [
            ("a_{}.csv", b"region,2019,2020\nA,1,2\nB,3,4\n", b"region,2021,2022\nA,1,2\nB,3,4\n"),
            ("a_{}.csv", b"1,Anna,2024-01-01\n2,Bob,\n", b"1,Anna\n2,Bob\n"),
            ("a_{}.csv", b"1,Anna\n2,Bob\n", b"1;Anna\n2;Bob\n"),
            ("a_{}.csv", b"id,name\n1,2\n", b"id;name\n1;2\n"),
            ("a_{}.csv", CSV, b'id,name\n1,"Anna\nBerta"\n2,Bob\n'),
            ("a_{}.csv", CSV, "id,name\n1,Anna\n".encode("utf-16")),
            ("a_{}.csv", b'"id\n(new)",a\n1,2\n3,4\n', b'"id\n(old)",b\n1,2\n3,4\n'),
            ("a_{}.tsv", b"id\tname\n1\tAnna\n", b"\tid\tname\n1\t2\tAnna\n"),
            ("a_{}.csv", b"id\rone\rtwo\r", b"key\rone\rtwo\r"),
            ("a_{}.json", b'{"a":1}\n{"a":2}\n', b'[\n{"a":1},\n{"a":2}\n]'),
        ],
        ids=case_id,
    )
    def test_what_is_read_in_another_way_is_apart(
        self, tmp_path: Path, name: str, one: bytes, other: bytes
    ) -> None:
        write(tmp_path, {**numbered(name, 70, one), **numbered(name, 71, other, first=71)})
        assert sizes(look(tmp_path)) == {"a": 70, "a_2": 71}

    def test_a_file_of_plain_letters_does_not_decide_the_encoding(self, tmp_path: Path) -> None:
        write(tmp_path, numbered("a_{:02d}.csv", 70))
        write(tmp_path, {"a_30.csv": "id,name\n1,Jürgen\n".encode("iso-8859-1")})
        (dataset,) = look(tmp_path).datasets
        assert dataset.dialect == CsvDialect(encoding="ISO-8859-1")
