"""CSV files and workbooks with more in them than a table: what is counted, by both engines."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, List, Optional

import openpyxl
import pytest

from nuvyn_executor import wire
from nuvyn_executor.quality.assessment import assess
from nuvyn_executor.quality.dimensions import Policy
from tests.discovering import write
from tests.scans import scan

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.profiling.profiler import DatasetProfile

pytestmark = pytest.mark.spark

HEADER = "id;name;amount;day\n"
ROWS = "".join(f"{i};Name {i % 7};{i * 1.5};2024-01-{i % 28 + 1:02}\n" for i in range(1, 51))
COLUMNS = ("id", "name", "amount", "day")
TYPES = ["bigint", "string", "double", "date"]
LARGE = "".join(f"{i};Name {i % 7};{i * 1.5};2024-01-{i % 28 + 1:02}\n" for i in range(1, 9001))


def skipped_rows(profile: DatasetProfile) -> Any:
    (assessment,) = assess([profile.scan], Policy(), 0).datasets
    return wire.table_details(profile, assessment, listing_was_cut=False)["skipped_rows"]


@pytest.mark.parametrize("engine", ["auto", "spark"])
@pytest.mark.parametrize(
    ("text", "top", "end", "reads"),
    [
        (HEADER + ROWS, None, None, "polars"),
        ("sep=;\n" + HEADER + ROWS, 1, 0, "polars"),
        ("Sales\nACME, Oslo\nGenerated 2024-01-31\n\n" + HEADER + ROWS + "Total;;1912.5;\n", 3, 1, "polars"),
        ("Sales;;;\n;;;\nRegion:;EMEA;;\n" + HEADER + ROWS + ";;;\nSource: ACME, 42 rows\n", 3, 2, "polars"),
        (
            "# by x\n# a; b; c; d\n" + HEADER + ROWS[:400] + "# more\n" + ROWS[400:] + "# end\n",
            2,
            1,
            "polars",
        ),
        ("// by x\n" + HEADER + ROWS, 1, 0, "polars"),
        (HEADER + ";;EUR;\n" + ROWS + "\n(50 rows affected)\n", 1, 1, "polars"),
        ('"Sales of ""ACME"""\n' + HEADER + '0;"a\nb";1.5;2024-01-01\n' + ROWS[24:], 1, 0, "spark"),
        ("Sales\nACME\n" + HEADER + LARGE + "Total;;;\nSource: ACME\n", 2, 2, "polars"),
        ("Sales\nACME\n" + LARGE + "Total;;;\n", 2, 1, "polars"),
    ],
)
def test_titles_and_totals_are_no_rows(  # noqa: PLR0913, PLR0917  a table of cases
    spark: Any, tmp_path: Path, engine: str, text: str, top: Optional[int], end: Optional[int], reads: str
) -> None:
    """ "Find the header by where the shape of rows becomes steady; skip what lies before and say so in
    `details` (`skipped_rows`), never call data lines broken for it." """
    write(tmp_path, {"t.csv": text.encode()})

    found = scan(spark, tmp_path, engine=engine)

    assert found.state.engine == ("polars" if engine == "auto" else "spark")
    assert found.state.read_by == (reads if engine == "auto" else "spark")
    has_header = HEADER in text
    assert tuple(one.name for one in found.scan.columns) == (
        COLUMNS if has_header else ("_c0", "_c1", "_c2", "_c3")
    )
    assert found.rows == (9000 if LARGE in text else 50)
    assert found.scan.tally.corrupt_rows == 0
    assert [one.missing for one in found.scan.tally.columns] == [0, 0, 0, 0]
    assert [one.data_type for one in found.scan.columns] == TYPES
    assert skipped_rows(found) == (None if top is None else {"top": top, "end": end})


@pytest.mark.parametrize("engine", ["auto", "spark"])
@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        (
            "Region;2023;;2024;\n;Q1;Q2;Q1;Q2\nA;1;2;3;4\nB;5;6;7;8\n",
            "Region|2023 Q1|2023 Q2|2024 Q1|2024 Q2",
            2,
        ),
        ("| id | name |\n|---|---|\n| 1 | Ann |\n| 2 | Bob |\n", "id|name", 2),
        (
            "+----+------+\n| id | name |\n+----+------+\n| 1 | Ann |\n| 2 | Bob |\n+----+------+\n",
            "id|name",
            2,
        ),
        (" id | name \n----+------\n  1 | Ann\n  2 | Bob\n(2 rows)\n", "id|name", 2),
    ],
)
def test_tables_that_are_drawn(  # noqa: PLR0913, PLR0917  a table of cases
    spark: Any, tmp_path: Path, engine: str, text: str, names: str, rows: int
) -> None:
    write(tmp_path, {"t.csv": text.encode()})

    found = scan(spark, tmp_path, engine=engine)

    assert "|".join(one.name for one in found.scan.columns) == names
    assert (found.rows, found.scan.tally.corrupt_rows) == (rows, 0)
    assert found.scan.columns[-1].data_type == ("string" if "name" in names else "bigint")
    assert [one.missing for one in found.scan.tally.columns] == [0] * len(found.scan.columns)
    assert "padded" not in found.scan.tally.columns[-1].shapes


@pytest.mark.parametrize("engine", ["auto", "spark"])
def test_parts_with_titles_of_their_own(spark: Any, tmp_path: Path, engine: str) -> None:
    parts = {
        "part-0.csv": "Sales of May\n\n" + HEADER + ROWS + "Total;;5;\n",
        "part-1.csv": "Sales of June\nby ACME\n" + HEADER + ROWS,
        "part-2.csv": HEADER + ROWS,
    }
    write(tmp_path, {name: text.encode() for name, text in parts.items()})
    write(tmp_path, {"part-3.csv.gz": gzip.compress(parts["part-0.csv"].encode())})

    found = scan(spark, tmp_path, engine=engine)

    assert (found.rows, found.scan.tally.corrupt_rows) == (200, 0)
    assert skipped_rows(found) == {"top": 4, "end": 2}


@pytest.mark.parametrize("codec", ["utf-16", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("engine", ["auto", "spark"])
def test_in_other_encodings(spark: Any, tmp_path: Path, codec: str, engine: str) -> None:
    text = "Verkäufe für März\n“Köln”\n" + HEADER.replace("name", "größe") + ROWS + "Summe für alle;;5;\n"
    write(tmp_path, {"t.csv": text.encode(codec)})

    found = scan(spark, tmp_path, engine=engine)

    assert (found.rows, found.scan.tally.corrupt_rows) == (50, 0)
    assert found.scan.columns[1].name == "größe"
    assert skipped_rows(found) == {"top": 2, "end": 1}


@pytest.mark.parametrize("engine", ["auto", "spark"])
@pytest.mark.parametrize(
    ("text", "escape", "shown", "longest"),
    [
        ('id,said\n1,"a \\"quoted\\" b"\n2,"x, \\"y\\""\n3,"C:\\\\"\n', "\\", 'a "quoted" b', 12),
        ('id,said\n1,"a ""quoted"" b"\n2,"C:\\"\n3,"D:\\"\n', None, 'a "quoted" b', 12),
        ('said,path\n"C:\\","x"\n"D:\\","y, z"\n', None, "C:\\", 3),
        ("id,said\n1,'it\\'s, well'\n2,'b'\n", "\\", "it's, well", 10),
        ('id,said\n1,"two\nlines \\"here\\""\n2,b\n', "\\", 'two\nlines "here"', 16),
    ],
)
def test_a_backslash_may_stand_before_a_quote(  # noqa: PLR0913, PLR0917  a table of cases
    spark: Any, tmp_path: Path, engine: str, text: str, escape: Optional[str], shown: str, longest: int
) -> None:
    """ "Backslash-escaped quotes (MySQL) are a dialect, not corruption." """
    write(tmp_path, {"t.csv": text.encode()})

    found = scan(spark, tmp_path, engine=engine)

    assert found.state.read_as.get("escape") == escape
    assert found.scan.tally.corrupt_rows == 0
    at = [one.name for one in found.scan.columns].index("said")
    assert (found.state.plan.columns[at].sample, found.columns[at].length_max) == (shown, longest)


@pytest.mark.parametrize(
    "text",
    [
        "Sales\n\n" + HEADER + ROWS + "Total;;5;\n(50 rows)\n",
        "# a\n# b;c\n" + "".join(f"# c\n{line}\n" for line in (HEADER + ROWS).splitlines()) + "# end",
        "sep=;\r\n" + (HEADER + ROWS).replace("\n", "\r\n") + "Source: x\r\n",
        "Sales\r" + (HEADER + ROWS).replace("\n", "\r") + "Total;;5;",
        "Région;;2023\n" + HEADER + ";;€;\n" + ROWS + ";;;\nSumme;;\n",
        "# a\nid;note\n1;# x\n2;'# y'\n#3;z\n# w\n4;\n5\n",
    ],
)
def test_both_engines_count_the_same_in_pieces(spark: Any, tmp_path: Path, text: str) -> None:
    pytest.importorskip("polars")
    from tests.polars_ways import assert_both_ways_agree, datasets_of  # noqa: PLC0415  Polars may be missing

    (tmp_path / "t.csv").write_bytes(text.encode())
    (dataset,) = datasets_of(tmp_path)
    assert dataset.skipped is not None
    assert_both_ways_agree(spark, tmp_path, dataset, slices=(1, 2, 5))


def test_sheets(spark: Any, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    top: List[Any] = [["Sales of May"], ["ACME"], [], [None, "Money", None], ["id", "net", "gross"]]
    rows: List[Any] = [[i, i * 1.5, i * 2] for i in range(50)]
    for row in ([], *([None, *one] for one in (*top, *rows, ["Total", 5, 6], ["Source: ACME"]))):
        sheet.append(row)
    sheet.merge_cells("B2:D2")
    sheet.sheet_state = "hidden"
    book.create_sheet("Empty")
    book.save(tmp_path / "b.xlsx")

    found = scan(spark, tmp_path)

    assert [one.name for one in found.scan.columns] == ["id", "Money net", "Money gross"]
    assert (found.rows, skipped_rows(found)) == (50, {"top": 3, "end": 2})
    assert [one.data_type for one in found.scan.columns] == ["bigint", "double", "bigint"]
    assert found.state.read_as["hidden"] is True
