"""From files to datasets."""

from __future__ import annotations

import gzip
from datetime import date, timedelta
from typing import TYPE_CHECKING, Callable, Dict, List, Tuple

import openpyxl
import pytest

from nuvyn_executor.metadata.discovery import discover
from nuvyn_executor.metadata.grouping import FEW
from nuvyn_executor.metadata.records import table_id
from nuvyn_executor.model import CsvDialect, Dataset, Discovery, FileEntry, FileFormat, SourceType
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

CSV = b"id,name\n1,Anna\n2,Bob\n"
PARQUET = b"PAR1" + b"\x15\x04\x15\x00" * 10 + b"PAR1"
MANY = 1_000_000


def write(root: Path, files: Dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def look(root: object, source_type: SourceType = SourceType.AUTO, max_files: int = MANY) -> Discovery:
    return discover(FileSystemSource(str(root), on_databricks=False), source_type, max_files)


def named(found: Discovery) -> Dict[str, Dataset]:
    return {f"{dataset.folder}/{dataset.name}".lstrip("/"): dataset for dataset in found.datasets}


def reasons(found: Discovery) -> Dict[str, str]:
    return {skipped.name: skipped.reason for skipped in found.skipped}


class TestGrouping:
    """ "`part-0000*.parquet` in one folder, a Hive-partitioned tree, a Delta table are each ONE." """

    def test_a_single_file_is_a_dataset_named_after_it(self, tmp_path: Path) -> None:
        write(tmp_path, {"part-00000.csv": CSV})
        (dataset,) = look(tmp_path / "part-00000.csv").datasets
        assert (dataset.name, dataset.folder, dataset.path) == (
            "part-00000",
            "",
            str(tmp_path / "part-00000.csv"),
        )

    def test_files_of_a_folder_are_datasets_of_their_own(self, tmp_path: Path) -> None:
        write(tmp_path, {"b.csv": CSV, "a.parquet": PARQUET, "n/m/c.json": b'{"a":1}\n'})
        found = named(look(tmp_path))
        assert list(found) == ["a", "b", "n/m/c"]
        assert [dataset.format for dataset in found.values()] == [
            FileFormat.PARQUET,
            FileFormat.CSV,
            FileFormat.JSON,
        ]
        assert found["n/m/c"].path == str(tmp_path / "n" / "m" / "c.json")

    @pytest.mark.parametrize(
        "parts",
        [
            ("part-00000-1b6f-c000.snappy.parquet", "part-00001-1b6f-c000.snappy.parquet"),
            ("part-r-00000.parquet", "part-r-00001.parquet"),
            ("part-00000", "part-00001"),
            ("000000_0", "000001_0", "000001_0_copy_1"),
            ("x-00001-of-00002.parquet", "x-00002-of-00002.parquet"),
        ],
    )
    def test_part_files_of_a_folder_are_one_dataset_named_after_it(
        self, tmp_path: Path, parts: Tuple[str, ...]
    ) -> None:
        write(tmp_path, {f"lake/events/{part}": PARQUET for part in parts})
        (dataset,) = look(tmp_path).datasets
        assert (dataset.name, dataset.folder) == ("events", "lake")
        assert dataset.path == str(tmp_path / "lake" / "events")
        assert [entry.name for entry in dataset.files] == sorted(f"lake/events/{part}" for part in parts)
        assert dataset.size_bytes == len(PARQUET) * len(parts)

    def test_part_files_at_the_top_are_named_after_the_source(self, tmp_path: Path) -> None:
        write(tmp_path, {"events/part-0.csv": CSV, "events/part-1.csv": CSV})
        (dataset,) = look(tmp_path / "events").datasets
        assert (dataset.name, dataset.folder, dataset.path) == ("events", "", str(tmp_path / "events"))
        (dataset,) = look(tmp_path / "events" / "part-*.csv").datasets
        assert (dataset.name, len(dataset.files)) == ("events", 2)

    def test_names_that_only_resemble_parts_are_files_of_their_own(self, tmp_path: Path) -> None:
        write(tmp_path, {"part-a.csv": CSV, "parts-01.csv": CSV, "party-1.csv": CSV, "2024_01.csv": CSV})
        assert list(named(look(tmp_path))) == ["2024_01", "part-a", "parts-01", "party-1"]

    def test_a_hive_tree_is_one_dataset_at_the_folder_above_the_first_partition(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "sales/year=2024/month=01/a.parquet": PARQUET,
                "sales/year=2024/month=02/b.parquet": PARQUET,
                "sales/year=2025/month=01/part-0.parquet": PARQUET,
                "other/x.csv": CSV,
            },
        )
        found = named(look(tmp_path))
        assert sorted(found) == ["other/x", "sales"]
        assert found["sales"].partition_columns == ("year", "month")
        assert (found["sales"].path, len(found["sales"].files)) == (str(tmp_path / "sales"), 3)
        (top,) = look(tmp_path / "sales").datasets
        assert (top.name, top.folder, top.partition_columns) == ("sales", "", ("year", "month"))

    def test_formats_side_by_side_in_one_folder_of_parts_are_datasets_each(self, tmp_path: Path) -> None:
        write(tmp_path, {"events/part-0.csv": CSV, "events/part-1.parquet": PARQUET})
        assert list(named(look(tmp_path))) == ["events_csv", "events_parquet"]

    def test_shards_of_several_tables_in_one_folder_are_told_apart(self, tmp_path: Path) -> None:
        names = ["train-00001-of-00002", "train-00002-of-00002", "test-00001-of-00001"]
        write(tmp_path, {f"d/{name}.csv": CSV for name in names})
        assert {name: len(d.files) for name, d in named(look(tmp_path)).items()} == {
            "d/test": 1,
            "d/train": 2,
        }

    def test_files_of_one_stem_are_named_in_full(self, tmp_path: Path) -> None:
        write(
            tmp_path, {"a.csv": CSV, "a.json": b'{"a":1}\n', "a.csv.gz": gzip.compress(CSV), "n/a.csv": CSV}
        )
        assert sorted(named(look(tmp_path))) == ["a.csv", "a.csv.gz", "a.json", "n/a"]

    def test_a_delta_table_is_one_dataset_whatever_lies_in_it(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "lake/t/_delta_log/00000000000000000000.json": b"{}",
                "lake/t/year=2024/part-0.parquet": PARQUET,
                "lake/t/part-1.parquet": PARQUET,
                "lake/t/deletion_vector_1.bin": b"\0\1",
                "lake/empty/_delta_log/00000000000000000000.json": b"{}",
                "lake/x.csv": CSV,
            },
        )
        found = look(tmp_path)
        assert [(d.folder, d.name, d.format, len(d.files)) for d in found.datasets] == [
            ("lake", "empty", FileFormat.DELTA, 0),
            ("lake", "t", FileFormat.DELTA, 2),
            ("lake", "x", FileFormat.CSV, 1),
        ]
        assert named(found)["lake/empty"].path == str(tmp_path / "lake" / "empty")
        assert len(found.files) == 4
        assert found.skipped == ()
        (top,) = look(tmp_path / "lake" / "t").datasets
        assert (top.name, top.folder, top.path) == ("t", "", str(tmp_path / "lake" / "t"))


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

    def test_no_file_is_read_again_for_it(self, tmp_path: Path) -> None:
        write(tmp_path, numbered("a_{:02d}.csv", 70))
        source = _Counting(tmp_path)
        discover(source, SourceType.AUTO, MANY)
        assert len(source.read) == 71  # one of them tells how all are written
        assert max(source.read.count(name) for name in set(source.read)) == 2


class TestWorkbooks:
    """ "`excel` (each sheet)" """

    def save(self, path: Path, *sheets: str) -> None:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for sheet in sheets:
            below = book.create_sheet(sheet)
            if not sheet.startswith("Empty"):
                below.append(["id"])
        book.save(path)

    def test_each_sheet_that_is_not_empty_is_a_dataset(self, tmp_path: Path) -> None:
        self.save(tmp_path / "book.xlsx", "Sales 2024", "Empty", "A")
        found = look(tmp_path)
        assert [(d.name, d.sheet, d.format) for d in found.datasets] == [
            ("book.Sales 2024", "Sales 2024", FileFormat.EXCEL),
            ("book.A", "A", FileFormat.EXCEL),
        ]
        assert found.datasets[0].path == str(tmp_path / "book.xlsx")

    def test_a_workbook_of_empty_sheets_is_skipped(self, tmp_path: Path) -> None:
        self.save(tmp_path / "book.xlsx", "Empty")
        assert reasons(look(tmp_path)) == {"book.xlsx": "is empty: no sheet has a filled cell"}

    def test_a_damaged_workbook_does_not_stop_the_others(self, tmp_path: Path) -> None:
        self.save(tmp_path / "good.xlsx", "A")
        content = (tmp_path / "good.xlsx").read_bytes()
        write(tmp_path, {"bad.xlsx": content.replace(b"PK\x03\x04", b"PK\x03\x05")})
        found = look(tmp_path)
        assert [dataset.name for dataset in found.datasets] == ["good.A"]
        assert list(reasons(found)) == ["bad.xlsx"]


class TestLayouts:
    """ "CSV dialect and JSON multiline are decided from the first 64 KB of the first readable file" """

    def test_a_csv_has_its_dialect_and_json_its_layout(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "a.csv": "1;é\n2;ü\n".encode("iso-8859-1"),
                "b.json": b'{"a":1}\n{"a":2}\n',
                "c.json": b'[\n{"a":1},\n{"a":2}\n]',
                "d.json.gz": gzip.compress(b'[\n{"a":1},\n{"a":2}\n]'),
                "e.parquet": PARQUET,
            },
        )
        found = named(look(tmp_path))
        assert found["a"].dialect == CsvDialect(";", '"', header=False, encoding="ISO-8859-1")
        assert [found[name].multiline for name in "bcd"] == [False, True, True]
        assert found["e"].dialect is None

    def test_a_first_part_that_vanishes_leaves_the_second_to_decide(self, tmp_path: Path) -> None:
        write(tmp_path, {"t/part-0.csv": b"a,b\n1,2\n", "t/part-1.csv": b"a;b\n1;2\n"})
        (dataset,) = discover(_Leaking(tmp_path, "t/part-0.csv"), SourceType.AUTO, MANY).datasets
        assert dataset.dialect == CsvDialect(";")

    def test_a_file_that_vanishes_before_it_is_looked_at_is_skipped(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": CSV, "b.csv": CSV})
        found = discover(_Emptied(tmp_path), SourceType.AUTO, MANY)
        assert [dataset.name for dataset in found.datasets] == ["b"]
        assert "has vanished" in reasons(found)["a.csv"]


class _Emptied(FileSystemSource):
    """A real folder from which ``a.csv`` goes away between listing and reading."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root), on_databricks=False)
        self._gone = root / "a.csv"

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        self._gone.unlink(missing_ok=True)  # several threads read
        return super().read_range(entry, offset, length)


class _Counting(FileSystemSource):
    """A real folder that notes what is read of it."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root), on_databricks=False)
        self.read: List[str] = []

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        self.read.append(entry.name)
        return super().read_range(entry, offset, length)


class _Leaking(FileSystemSource):
    """A real folder from which one file goes away after it was read once."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(str(root), on_databricks=False)
        self._leaking = root / name

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        content = super().read_range(entry, offset, length)
        if entry.path == str(self._leaking):
            self._leaking.unlink()
        return content


class TestSkipped:
    """ "a wrong explicit type says so"; "a folder of unknown formats, a corrupt file among good ones" """

    def test_what_is_no_dataset_is_named_with_its_reason(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "good.csv": CSV,
                "empty.csv": b"",
                "cut.parquet": PARQUET[:-4],
                "paper.pdf": b"%PDF-1.4",
                "a:b.csv": CSV,
            },
        )
        found = look(tmp_path)
        assert [dataset.name for dataset in found.datasets] == ["good"]
        assert reasons(found) == {
            "a:b.csv": "has a colon in its name, which Spark's file systems refuse",
            "cut.parquet": "is a Parquet file that is cut short: its end is missing",
            "empty.csv": "is empty",
            "paper.pdf": "is a PDF document",
        }
        assert len(found.files) == 5

    def test_a_corrupt_part_does_not_take_the_others_with_it(self, tmp_path: Path) -> None:
        write(
            tmp_path, {"t/part-0.parquet": PARQUET, "t/part-1.parquet": b"junk", "t/part-2.parquet": PARQUET}
        )
        found = look(tmp_path)
        assert [entry.name for entry in found.datasets[0].files] == ["t/part-0.parquet", "t/part-2.parquet"]
        assert list(reasons(found)) == ["t/part-1.parquet"]

    @pytest.mark.parametrize(
        ("source_type", "taken"),
        [
            (SourceType.CSV, ["a"]),
            (SourceType.PARQUET, ["b"]),
            (SourceType.JSON, ["c"]),
            (SourceType.DELTA, ["d"]),
            (SourceType.EXCEL, []),
            (SourceType.AUTO, ["a", "b", "c", "d"]),
            (SourceType.AWS_S3, ["a", "b", "c", "d"]),
            (SourceType.AZURE_BLOB, ["a", "b", "c", "d"]),
        ],
    )
    def test_a_type_restricts_to_its_format_and_the_rest_is_said_to_be_another(
        self, tmp_path: Path, source_type: SourceType, taken: List[str]
    ) -> None:
        files = {"a.csv": CSV, "b.parquet": PARQUET, "c.json": b'{"a":1}\n', "d/_delta_log/0.json": b"{}"}
        write(tmp_path, {**files, "d/part-0.parquet": PARQUET})
        found = look(tmp_path, source_type)
        assert [dataset.name for dataset in found.datasets] == taken
        assert len(found.skipped) == 4 - len(taken)

    def test_the_reason_names_both_formats_and_the_remedy_the_way_out(self, tmp_path: Path) -> None:
        write(tmp_path, {"x.csv": PARQUET})
        (skipped,) = look(tmp_path, SourceType.CSV).skipped
        assert (skipped.reason, skipped.remedy) == (
            "is parquet, not csv",
            "Name source type parquet or auto.",
        )

    def test_a_caller_who_says_csv_is_believed_about_plain_text(self, tmp_path: Path) -> None:
        write(tmp_path, {"x.txt": b"Dear reader,\nthis is prose.\n"})
        assert look(tmp_path).datasets == ()
        assert [dataset.name for dataset in look(tmp_path, SourceType.CSV).datasets] == ["x"]

    def test_an_empty_folder_has_nothing(self, tmp_path: Path) -> None:
        assert look(tmp_path) == Discovery((), ())

    def test_the_limit_is_kept_and_said(self, tmp_path: Path) -> None:
        write(tmp_path, {f"{n}.csv": CSV for n in range(5)})
        found = look(tmp_path, max_files=3)
        assert (len(found.files), len(found.datasets), found.truncated) == (3, 3, True)

    def test_two_looks_see_the_same(self, tmp_path: Path) -> None:
        write(tmp_path, {f"d{n % 7}/f{n}.csv": CSV for n in range(60)})
        assert look(tmp_path) == look(tmp_path)
