"""Workbooks as rows of text, the same from both engines."""

from __future__ import annotations

import datetime as dt
import io
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Callable, List, Optional

import openpyxl
import pytest

from nuvyn_executor.discovery.workbook import read_rows, sheet_names
from nuvyn_executor.errors import DatasetUnreadable, EngineError
from tests.discovering import look, named, old_workbook

if TYPE_CHECKING:
    from pathlib import Path

Forbid = Callable[..., None]

# openpyxl imports its writer late; a test that makes the module absent still has to write its workbook.
openpyxl.Workbook().save(io.BytesIO())


@pytest.fixture(params=["python_calamine", "openpyxl"])
def engine(request: pytest.FixtureRequest, forbid: Forbid) -> str:
    """Leave only one of the two engines importable."""
    pytest.importorskip(request.param)  # python-calamine needs Python 3.9
    others = {"python_calamine", "openpyxl"} - {request.param}
    forbid(*others)
    return str(request.param)


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Forbid:
    """Make modules as absent as on a machine without them."""

    def make_absent(*names: str) -> None:
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return make_absent


def save(path: Path, rows: List[List[Any]], **more: List[List[Any]]) -> str:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "First"
    for row in rows:
        sheet.append(row)
    for title, cells in more.items():
        below = book.create_sheet(title)
        for row in cells:
            below.append(row)
    book.save(path)
    return str(path)


def rows_of(path: str, sheet: str = "First") -> List[List[Optional[str]]]:
    return list(read_rows(path, sheet))


@pytest.mark.usefixtures("engine")
class TestRows:
    """ "`excel` (each sheet)": "cells as canonical text" """

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            (1, "1"),
            (-3.0, "-3"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (9007199254740991, "9007199254740991"),
            (1e20, "1e+20"),
            (True, "true"),
            (False, "false"),
            ("x", "x"),
            (" x ", " x "),
            ("000123", "000123"),
            (dt.datetime(2024, 1, 31, 10, 20, 30), "2024-01-31T10:20:30"),  # noqa: DTZ001  a cell has no zone
            (dt.date(2024, 1, 31), "2024-01-31"),
            (dt.time(10, 20, 30), "10:20:30"),
            (None, None),
        ],
    )
    def test_a_cell_is_written_in_one_way(self, tmp_path: Path, cell: Any, text: Optional[str]) -> None:
        path = save(tmp_path / "b.xlsx", [["id", "v"], [1, cell]])
        assert rows_of(path) == [["id", "v"], ["1", text]]

    def test_midnight_among_moments_is_a_moment(self, tmp_path: Path) -> None:
        moments = [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, 5)]  # noqa: DTZ001  a cell has no zone
        path = save(tmp_path / "b.xlsx", [["at"], *([moment] for moment in moments)])
        assert rows_of(path) == [["at"], ["2024-01-01T00:00:00"], ["2024-01-01T05:00:00"]]

    def test_empty_rows_and_outer_columns_are_left_out_and_rows_have_one_length(self, tmp_path: Path) -> None:
        path = save(
            tmp_path / "b.xlsx",
            [[], [None, None], [None, "a", None, "c"], [], [None, 1], [None, None, None, 3, None]],
        )
        assert rows_of(path) == [["a", None, "c"], ["1", None, None], [None, None, "3"]]

    def test_an_index_column_without_a_name_is_kept(self, tmp_path: Path) -> None:
        path = save(tmp_path / "b.xlsx", [[None, "v"], [0, "x"]])
        assert rows_of(path) == [[None, "v"], ["0", "x"]]

    def test_hidden_sheets_are_listed_and_empty_ones_have_no_rows(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.title = "First"
        book.create_sheet("Hidden").sheet_state = "hidden"
        book["Hidden"].append(["x"])
        book.save(tmp_path / "b.xlsx")
        path = str(tmp_path / "b.xlsx")
        assert sheet_names(path) == ("First", "Hidden")
        assert (rows_of(path), rows_of(path, "Hidden")) == ([], [["x"]])

    def test_a_sheet_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        path = save(tmp_path / "b.xlsx", [["x"]])
        with pytest.raises(DatasetUnreadable, match=r"b\.xlsx has no worksheet 'Other'"):
            rows_of(path, "Other")

    @pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 cut short"])
    def test_a_damaged_workbook_is_named(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "b.xlsx").write_bytes(content)
        with pytest.raises(DatasetUnreadable, match=r"b\.xlsx cannot be read as a workbook"):
            sheet_names(str(tmp_path / "b.xlsx"))

    def test_a_workbook_with_a_password_is_said_to_have_one(self, tmp_path: Path) -> None:
        content = b"\xd0\xcf\x11\xe0" + b"\0" * 508 + "EncryptedPackage".encode("utf-16-le")
        (tmp_path / "b.xlsx").write_bytes(content)
        with pytest.raises(DatasetUnreadable, match="protected by a password"):
            sheet_names(str(tmp_path / "b.xlsx"))

    def test_a_workbook_that_vanished_is_unreadable(self, tmp_path: Path) -> None:
        with pytest.raises(DatasetUnreadable, match="No such file"):
            sheet_names(str(tmp_path / "b.xlsx"))


class TestEngines:
    """ "calamine preferred, openpyxl fallback; neither: EngineError" """

    def test_error_cells_keep_their_text_although_calamine_drops_it(self, tmp_path: Path) -> None:
        path = save(tmp_path / "b.xlsx", [["v"], ["#N/A"], [5]])
        assert rows_of(path) == [["v"], ["#N/A"], ["5"]]

    def test_a_panic_of_calamine_is_one_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Spark 3.4 on Python 3.9: calamine 0.4 panicked, which is no `Exception`, and the run ended"""
        polars = pytest.importorskip("polars")  # its panics are of the same kind

        class Panics:
            sheets_metadata = property(lambda _: self.panic(polars.exceptions.PanicException))

        book = SimpleNamespace(from_filelike=lambda _: Panics())
        engine = SimpleNamespace(CalamineWorkbook=book, SheetTypeEnum=SimpleNamespace(WorkSheet=1))
        monkeypatch.setitem(sys.modules, "python_calamine", engine)

        with pytest.raises(DatasetUnreadable, match=r"b\.xlsx cannot be read as a workbook: it is damaged"):
            sheet_names(save(tmp_path / "b.xlsx", [[1]]))

    @staticmethod
    def panic(kind: Callable[[str], BaseException]) -> None:
        raise kind("a panic")

    def test_charts_are_no_worksheets(self, tmp_path: Path) -> None:
        pytest.importorskip(
            "python_calamine"
        )  # openpyxl cannot read a chart sheet without a chart, its own too
        book = openpyxl.Workbook()
        book.create_chartsheet("Chart")
        book.save(tmp_path / "b.xlsx")
        assert sheet_names(str(tmp_path / "b.xlsx")) == ("Sheet",)

    def test_without_an_engine_the_error_says_what_to_install(self, tmp_path: Path, forbid: Forbid) -> None:
        path = save(tmp_path / "b.xlsx", [["x"]])
        forbid("python_calamine", "openpyxl")
        with pytest.raises(EngineError, match=r"pip install 'nuvyn-executor-script\[excel\]'"):
            sheet_names(path)


@pytest.mark.usefixtures("engine")
class TestTables:
    """ "in CSV and in Excel (merged cells, two header rows, hidden sheets)" """

    @pytest.mark.parametrize(
        ("before", "names", "after", "top", "end"),
        [
            ([], ["id", "name", "amount"], [], 0, 0),
            ([["Sales of May"], ["ACME"], []], ["id", "name", "amount"], [["Total", None, 50]], 2, 1),
            ([["Sales"], ["Region:", "EMEA"]], ["id", "name", "amount"], [[], ["Source: ACME"]], 2, 1),
            ([["T"], [None, "All", None], ["id", "n", "v"]], ["id", "All n", "All v"], [], 2, 0),
            ([["id", "name", "amount"], [None, None, "EUR"]], ["id", "name", "amount"], [], 1, 0),
            ([["Sales"], [dt.date(2024, 1, 1)]], ["id", "name", "amount"], [], 2, 0),
            ([["Far", None, None, None, None, None, "right"]], ["id", "name", "amount"], [], 1, 0),
        ],
    )
    def test_what_lies_around_it_is_left_out(  # noqa: PLR0913, PLR0917  a table of cases
        self,
        tmp_path: Path,
        before: List[List[Any]],
        names: List[str],
        after: List[List[Any]],
        top: int,
        end: int,
    ) -> None:
        header = [] if before and len(before[-1]) == len(names) else [names]
        body = [[i, f"n{i}", i * 2.5] for i in range(20)]
        shifted = [[None, *row] for row in ([], *before, *header, *body, *after)]
        rows = read_rows(save(tmp_path / "b.xlsx", shifted), "First")
        assert (len(rows), rows.top, rows.end, rows.is_hidden) == (21, top, end, False)
        assert next(iter(rows)) == names
        assert [len(row) for row in rows] == [3] * 21
        assert list(rows)[-1] == ["19", "n19", "47.5"]

    def test_notes_below_many_rows(self, tmp_path: Path) -> None:
        body: List[Any] = [[i, f"n{i}", i * 2.5, None] for i in range(3000)]
        notes: List[Any] = [["Total", None, 5], [None, None, None, "note: aside"]]
        header: List[Any] = ["id", "name", "v"]
        rows = read_rows(save(tmp_path / "b.xlsx", [header, *body, *notes]), "First")
        assert (len(rows), rows.end, len(next(iter(rows)))) == (3001, 2, 3)

    def test_a_hidden_sheet_says_so(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.create_sheet("H").sheet_state = "hidden"
        book["H"].append(["x"])
        book.save(tmp_path / "b.xlsx")
        assert read_rows(str(tmp_path / "b.xlsx"), "H").is_hidden

    def test_merged_cells(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        merged: List[List[Any]] = [
            ["Sales"],
            ["Region", 2023, None, 2024],
            [None, "Q1", "Q2", "Q1", "Q2"],
            ["A", 1, 2, 3, 4],
            ["B", 5, 6, 7, 8],
        ]
        for row in merged:
            sheet.append(row)
        for cells in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
            sheet.merge_cells(cells)
        book.save(tmp_path / "b.xlsx")
        rows = read_rows(str(tmp_path / "b.xlsx"), "Sheet")
        assert list(rows) == [
            ["Region", "2023 Q1", "2023 Q2", "2024 Q1", "2024 Q2"],
            ["A", "1", "2", "3", "4"],
            ["B", "5", "6", "7", "8"],
        ]

    def test_a_total_that_may_be_a_row_is_a_doubt(self, tmp_path: Path) -> None:
        path = save(tmp_path / "b.xlsx", [["region", "n"], ["north", 5], ["south", 6], ["Total", 12]])
        rows = read_rows(path, "First")
        assert (len(rows), rows.end) == (4, 0)
        assert rows.doubt.startswith("its last row begins with 'Total' and is read as a row")

    def test_a_title_above_an_index_is_no_name(self, tmp_path: Path) -> None:
        rows: List[List[Any]] = [["T"], [None, "a", "b"], *([i, i * 2, i * 3] for i in range(9))]
        assert next(iter(read_rows(save(tmp_path / "b.xlsx", rows), "First"))) == [None, "a", "b"]

    def test_a_date_beside_a_title_is_no_group_of_names(self, tmp_path: Path) -> None:
        header: List[Any] = ["id", "name", "amount", "day"]
        title: List[Any] = ["Sales", None, None, dt.date(2024, 1, 1)]
        rows: List[Any] = [[i, f"n{i}", i * 1.5, dt.date(2024, 1, 1 + i)] for i in range(9)]
        found = read_rows(save(tmp_path / "b.xlsx", [title, header, *rows]), "First")
        assert (next(iter(found)), found.top) == (header, 1)


class TestPanics:
    @pytest.mark.parametrize(
        "record", [b"\x42\x00\x01\x00\x00", b"\x85\x00\x01\x00\x00", b"\x42\x00\x00\x00"]
    )
    def test_an_old_workbook_at_which_the_library_panics_is_named(
        self, tmp_path: Path, record: bytes
    ) -> None:
        """A panic of Rust is no `Exception`: a damaged .xls ended the run of all files."""
        pytest.importorskip("python_calamine")
        (tmp_path / "x.xls").write_bytes(old_workbook(record))
        (tmp_path / "good.csv").write_bytes(b"id,name\n1,a\n")
        with pytest.raises(DatasetUnreadable, match=r"x\.xls cannot be read as a workbook: it is damaged\."):
            sheet_names(str(tmp_path / "x.xls"))
        found = look(tmp_path)
        assert list(named(found)) == ["good"]
        assert [one.is_failure for one in found.skipped] == [True]
