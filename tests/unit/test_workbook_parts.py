"""What the parts of a workbook say before an engine reads it."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, List

import openpyxl
import pytest

from nuvyn_executor.bounds import SHEETS
from nuvyn_executor.discovery.workbook import sheet_names
from nuvyn_executor.discovery.workbook_parts import facts_of
from nuvyn_executor.errors import DatasetUnreadable
from tests.discovering import look, reasons, write

if TYPE_CHECKING:
    from pathlib import Path

CELL = '<c r="{}"><v>1</v></c>'


def book(*cells: str, rows: str = "") -> bytes:
    """Write a workbook of one sheet, whose cells are XML; all in one row, which engines accept."""
    made = io.BytesIO()
    openpyxl.Workbook().save(made)
    written = io.BytesIO()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                at = content.index(b"<sheetData")
                data = f'<sheetData><row r="1">{"".join(cells)}</row>{rows}</sheetData></worksheet>'
                content = content[:at] + data.encode()
            target.writestr(name, content)
    return written.getvalue()


class TestSpan:
    """Issue: "a workbook bomb": an engine holds the empty cells between two filled ones, too."""

    @pytest.mark.parametrize(
        ("cells", "rows", "cell_count"),
        [
            ([CELL.format("A1"), CELL.format("B3")], "", 0),
            ([], '<row r="1048576" ht="20"/>', 1048576 * 26),
            ([CELL.format("A1")], '<row r="1048576"><c r="XFD1048576" s="1"/></row>', 1),
            ([CELL.format("A1")], '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>', 1048576 * 16384),
            (
                [CELL.format("XEA9")],
                '<row r="1048576"><c r="XFD1048576" t="n"><v>2</v></c></row>',
                30 * 1048568,
            ),
        ],
    )
    def test_counts_from_the_first_to_the_last_filled_cell(
        self, tmp_path: Path, cells: List[str], rows: str, cell_count: int
    ) -> None:
        write(tmp_path, {"a.xlsx": book(*cells, rows=rows)})
        (facts,) = facts_of(str(tmp_path / "a.xlsx")).values()
        assert facts.cells == (cell_count or 26)

    def test_a_sheet_that_would_end_the_process_is_named(self, tmp_path: Path) -> None:
        far = book(CELL.format("A1"), rows='<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>')
        write(tmp_path, {"far.xlsx": far, "near.xlsx": book(CELL.format("A1"))})
        found = look(tmp_path)
        assert [one.name for one in found.datasets] == ["near.Sheet"]
        assert reasons(found) == {
            "far.xlsx": (
                "far.xlsx has a sheet, Sheet, whose filled cells are 1,048,576 rows and 16,384 columns "
                "apart: more than 50 million cells."
            )
        }
        with pytest.raises(DatasetUnreadable):
            sheet_names(str(tmp_path / "far.xlsx"))


class TestFormulas:
    """Issue: "workbook formulas without saved results" """

    @pytest.mark.parametrize(
        ("cell", "unsaved"),
        [
            ('<c r="A1"><f>B1*2</f></c>', 1),
            ('<c r="A1"><f>B1*2</f><v></v></c>', 1),
            ('<c r="A1" s="3"><f>B1*2</f><v/></c>', 1),
            ('<c r="A1"><f t="shared" si="0"/></c>', 1),
            ('<c r="A1"><f>B1*2</f><v>4</v></c>', 0),
            ('<c r="A1" t="str"><f>""</f><v></v></c>', 0),
            ('<c r="A1"/><c r="B1"><v>1</v></c>', 0),
            ('<c r="A1" t="inlineStr"><is><t>a</t></is></c>', 0),
        ],
    )
    def test_are_counted(self, tmp_path: Path, cell: str, unsaved: int) -> None:
        write(tmp_path, {"a.xlsx": book(cell, CELL.format("C1"))})
        (facts,) = facts_of(str(tmp_path / "a.xlsx")).values()
        assert facts.unsaved == unsaved

    def test_are_a_doubt_of_the_table(self, tmp_path: Path) -> None:
        made = openpyxl.Workbook()
        for i in range(1, 40):
            made.active.append([i, f"=A{i}*2"])
        made.create_sheet("plain").append([1])
        only = made.create_sheet("only")
        only.append(["=1+1"])
        made.save(tmp_path / "a.xlsx")
        doubts = {one.name: one.doubts for one in look(tmp_path).datasets}
        assert doubts == {
            "a.Sheet": (
                "39 formulas have no saved result and are read as empty - open it in Excel and save it",
            ),
            "a.plain": (),
        }

    def test_a_workbook_of_nothing_else_is_not_called_empty(self, tmp_path: Path) -> None:
        made = openpyxl.Workbook()
        made.active.append(["=1+1"])
        made.save(tmp_path / "a.xlsx")
        (skipped,) = look(tmp_path).skipped
        assert skipped.reason == "holds formulas without saved results only"
        assert skipped.remedy == "Open it in Excel and save it."


class TestSheets:
    """Issue: "sheets, names: each bound stands in one table of the docs with what happens beyond it" """

    def test_the_first_thousand_are_read(self, tmp_path: Path) -> None:
        pytest.importorskip("python_calamine", reason="openpyxl needs minutes for a thousand sheets")
        made = openpyxl.Workbook()
        for i in range(SHEETS):
            made.create_sheet(f"s{i}").append([i])
        made.save(tmp_path / "a.xlsx")
        found = look(tmp_path)
        assert len(found.datasets) == SHEETS - 1  # the first one is empty
        assert [one.reason for one in found.unreadable] == [
            "has 1,001 sheets, of which the first 1,000 are read"
        ]
