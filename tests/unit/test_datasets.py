"""From files to datasets."""

from __future__ import annotations

import gzip
import threading
from typing import TYPE_CHECKING, List, Tuple

import openpyxl
import pytest

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.discovery.formats import source_type_named
from nuvyn_executor.model import CsvDialect, Discovery, FileEntry, SourceType
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.discovering import CSV, MANY, PARQUET, look, named, reasons, workbook, write
from tests.waiting import LONGEST

if TYPE_CHECKING:
    from pathlib import Path


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
            formats.PARQUET,
            formats.CSV,
            formats.JSON,
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

    def test_a_delta_table_and_a_sheet_keep_their_names_from_a_file_beside_them(self, tmp_path: Path) -> None:
        """`sales` was the name of two tables, and no finding said which of them it was about."""
        write(
            tmp_path,
            {
                "sales/_delta_log/0.json": b"{}",
                "sales/x.parquet": PARQUET,
                "sales.csv": CSV,
                "book.xlsx": workbook(),
                "book.Sheet.csv": CSV,
                "book.Sheet.json": b'{"a": 1}',
            },
        )
        found = {
            name: (dataset.format, dataset.sheet is not None)
            for name, dataset in named(look(tmp_path)).items()
        }
        assert found == {
            "sales": (formats.DELTA, False),
            "sales.csv": (formats.CSV, False),
            "book.Sheet": (formats.EXCEL, True),
            "book.Sheet.csv": (formats.CSV, False),
            "book.Sheet.json": (formats.JSON, False),
        }

    def test_of_two_tables_that_would_still_have_one_name_the_second_gets_a_number(
        self, tmp_path: Path
    ) -> None:
        write(tmp_path, {"a.b.xlsx": workbook(), "a.xlsx": workbook("b.Sheet")})
        assert sorted(named(look(tmp_path))) == ["a.b.Sheet", "a.b.Sheet_2"]

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
            ("lake", "empty", formats.DELTA, 0),
            ("lake", "t", formats.DELTA, 2),
            ("lake", "x", formats.CSV, 1),
        ]
        assert named(found)["lake/empty"].path == str(tmp_path / "lake" / "empty")
        assert len(found.files) == 4
        assert found.skipped == ()
        (top,) = look(tmp_path / "lake" / "t").datasets
        assert (top.name, top.folder, top.path) == ("t", "", str(tmp_path / "lake" / "t"))


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
            ("book.Sales 2024", "Sales 2024", formats.EXCEL),
            ("book.A", "A", formats.EXCEL),
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
        (dataset,) = discover(_Emptied(tmp_path, "t/part-0.csv"), SourceType.AUTO, MANY).datasets
        assert dataset.dialect == CsvDialect(";")

    def test_a_file_that_vanishes_before_it_is_looked_at_is_skipped(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv": CSV, "b.csv": CSV})
        found = discover(_Emptied(tmp_path, "a.csv"), SourceType.AUTO, MANY)
        assert [dataset.name for dataset in found.datasets] == ["b"]
        assert "has vanished" in reasons(found)["a.csv"]


class _Slow(FileSystemSource):
    """Storage that answers nobody until so many ask at the same time."""

    def __init__(self, root: str, together: int) -> None:
        super().__init__(root, on_databricks=False)
        self._barrier = threading.Barrier(together)

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        self._barrier.wait(LONGEST)
        return super().read_range(entry, offset, length)


class TestTime:
    """Issue: "Costs at scale"; "the first bottleneck that it shows is mended"."""

    def test_32_files_are_looked_at_at_the_same_time(self, tmp_path: Path) -> None:
        write(tmp_path, {f"{number}/a.parquet": PARQUET for number in range(64)})
        source = _Slow(str(tmp_path), 32)
        found = discover(source, source_type_named("parquet"), MANY)
        assert len(found.datasets) == 64
        assert not found.skipped


class _Emptied(FileSystemSource):
    """A real folder from which one file goes away between listing and reading."""

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(str(root), on_databricks=False)
        self._gone = root / name

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        self._gone.unlink(missing_ok=True)  # several threads read
        return super().read_range(entry, offset, length)


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

    @pytest.mark.parametrize("name", ["x.csv", "x.json", "x.parquet"])
    @pytest.mark.parametrize("folder", ["day=", "day=1/hour=", "day=/hour=1"])
    def test_a_folder_that_names_no_value_has_no_rows(self, tmp_path: Path, folder: str, name: str) -> None:
        """Spark refuses such a folder of Parquet, and leaves out the rows of others; Polars counted them."""
        content = {"x.csv": CSV, "x.json": b'{"id": 1}\n', "x.parquet": PARQUET}[name]
        write(tmp_path, {f"t/{folder.replace('=/', '=1/')}2/{name}": content, f"t/{folder}/{name}": content})
        found = look(tmp_path)
        assert [entry.name for one in found.datasets for entry in one.files] == [
            f"t/{folder.replace('=/', '=1/')}2/{name}"
        ]
        bad = f"t/{folder}/{name}"
        empty = next(level for level in folder.split("/") if level.endswith("="))
        assert reasons(found) == {
            bad: f"{bad} could not be read: its folder names no value of a partition column ({empty})."
        }
        assert all(one.is_failure and "__HIVE_DEFAULT_PARTITION__" in one.remedy for one in found.skipped)

    def test_a_workbook_has_no_partitions(self, tmp_path: Path) -> None:
        write(tmp_path, {"day=/x.xlsx": workbook()})
        assert reasons(look(tmp_path)) == {}

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
            (source_type_named("csv"), ["a"]),
            (source_type_named("parquet"), ["b"]),
            (source_type_named("json"), ["c"]),
            (source_type_named("delta"), ["d"]),
            (source_type_named("excel"), []),
            (SourceType.AUTO, ["a", "b", "c", "d"]),
            (source_type_named("aws_s3"), ["a", "b", "c", "d"]),
            (source_type_named("azure_blob"), ["a", "b", "c", "d"]),
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
        (skipped,) = look(tmp_path, source_type_named("csv")).skipped
        assert (skipped.reason, skipped.remedy) == (
            "is parquet, not csv",
            "Name source type parquet or auto.",
        )

    def test_a_caller_who_says_csv_is_believed_about_plain_text(self, tmp_path: Path) -> None:
        write(tmp_path, {"x.txt": b"Dear reader,\nthis is prose.\n"})
        assert look(tmp_path).datasets == ()
        assert [dataset.name for dataset in look(tmp_path, source_type_named("csv")).datasets] == ["x"]

    def test_an_empty_folder_has_nothing(self, tmp_path: Path) -> None:
        assert look(tmp_path) == Discovery((), ())

    def test_the_limit_is_kept_and_said(self, tmp_path: Path) -> None:
        write(tmp_path, {f"{n}.csv": CSV for n in range(5)})
        found = look(tmp_path, max_files=3)
        assert (len(found.files), len(found.datasets), found.truncated) == (3, 3, True)

    def test_two_looks_see_the_same(self, tmp_path: Path) -> None:
        write(tmp_path, {f"d{n % 7}/f{n}.csv": CSV for n in range(60)})
        assert look(tmp_path) == look(tmp_path)
