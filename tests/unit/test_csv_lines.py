"""Lines of CSV files that are no rows, and tables that keep all of theirs."""

from __future__ import annotations

from typing import Optional, Tuple

import pytest

from nuvyn_executor.discovery.csv_lines import CsvTable, table_of
from nuvyn_executor.discovery.dialects import detect_dialect
from nuvyn_executor.discovery.file_head import FileHead
from nuvyn_executor.discovery.preamble import is_row_count, is_ruler, notes_after, steady_width

HEADER = "id;name;amount;day\n"
ROWS = "".join(f"{i};Name {i % 7};{i * 1.5};2024-01-{i % 28 + 1:02}\n" for i in range(1, 51))
TABLE = HEADER + ROWS


def found_in(text: str) -> Optional[CsvTable]:
    return table_of(FileHead(text.encode(), is_all=True))


class TestSkipped:
    """ "`sep=;`, comment lines, title rows before the header, footer totals": they are no rows."""

    @pytest.mark.parametrize(
        ("text", "table", "top", "end"),
        [
            ("Sales\nACME, Oslo\nGenerated 2024-01-01\n" + TABLE, TABLE, 3, 0),
            ("Sales report\n" + TABLE, TABLE, 1, 0),
            ("Sales;;;\n;;;\nRegion:;EMEA;;\n;;;\n" + TABLE + "Total;;123.5;\n", TABLE, 4, 1),
            ("Region;EMEA\nYear;2024\n" + TABLE, TABLE, 2, 0),
            (
                "Station,Berlin\nCode,10384\n\ndate,temp\n2024-01-01,3.4\n2024-01-02,3.5\n",
                "\ndate,temp\n2024-01-01,3.4\n2024-01-02,3.5\n",
                2,
                0,
            ),
            ("Report, by me, for you, and, others, too\n" + TABLE, TABLE, 1, 0),
            ("sep=;\n" + TABLE, TABLE, 1, 0),
            ('"sep=;"\r\n' + TABLE, TABLE, 1, 0),
            ("SEP=;;;;\n" + TABLE, TABLE, 1, 0),
            ("\ufeffsep=;\n" + TABLE, TABLE, 1, 0),
            ("# by x\n#\n# y, z\n" + TABLE, TABLE, 3, 0),
            ("// by x\n" + TABLE, TABLE, 1, 0),
            ("-- by; x\n" + TABLE, TABLE, 1, 0),
            ("; by x\nid,n\n1,2\n3,4\n", "id,n\n1,2\n3,4\n", 1, 0),
            ("# names\nname\nAnn\nBob\n", "name\nAnn\nBob\n", 1, 0),
            ("##fileformat=VCF\n#CHROM\tPOS\n1\t5\n2\t6\n", "#CHROM\tPOS\n1\t5\n2\t6\n", 1, 0),
            ("# id;name\nid;name\n1;Ann\n2;Bob\n", "id;name\n1;Ann\n2;Bob\n", 1, 0),
            ("Report 1\n# by x\nid;name;n\n1;Ann;2\n2;Bob;3\n", "id;name;n\n1;Ann;2\n2;Bob;3\n", 2, 0),
            ("People of 2024\nname;city;zip\nAnn;Oslo;x\n", "name;city;zip\nAnn;Oslo;x\n", 1, 0),
            ("Sales of May\n1,A,5\n2,B,6\n3,C,7\n", "1,A,5\n2,B,6\n3,C,7\n", 1, 0),
            (TABLE + "Total;;;123\n", TABLE, 0, 1),
            (TABLE + ";;Total;123\n", TABLE, 0, 1),
            (TABLE + "Grand Total;50;999;\n", TABLE, 0, 1),
            (TABLE + "Summe:;;1.234,5;\n", TABLE, 0, 1),
            (TABLE + "Source: ACME, 42 rows\n", TABLE, 0, 1),
            (TABLE + "Source: a; b; c; d\n", TABLE, 0, 1),
            (TABLE + "\n(50 rows affected)\n", TABLE + "\n", 0, 1),
            (TABLE + "50 rows selected.\n", TABLE, 0, 1),
            (TABLE + "Rows: 50\n", TABLE, 0, 1),
            (TABLE + "*** End of report ***\n", TABLE, 0, 1),
            (TABLE + "This list is not to be shown to others\n", TABLE, 0, 1),
            (TABLE + ";;;\nTotal;;999.5;\n;;;\nNote: estimated\n;;;\n", TABLE, 0, 5),
            (TABLE + "----;----;----;----\nTotal;;999.5;\n", TABLE, 0, 2),
            ("region,sales\nnorth,5\nsouth,6\nTotal,11\n", "region,sales\nnorth,5\nsouth,6\n", 0, 1),
            (HEADER + ";;EUR;\n" + ROWS, TABLE, 1, 0),
            (HEADER + "int;string;double;date\n" + ROWS, TABLE, 1, 0),
            ("t;v\n[s];[m/s]\n1;2\n2;3\n", "t;v\n1;2\n2;3\n", 1, 0),
            (HEADER + "---;---;---;---\n" + ROWS, TABLE, 1, 0),
            ("id name\n-- ----\n", "id name\n-- ----\n", None, None),
        ],
    )
    def test_only_rows_remain(self, text: str, table: str, top: Optional[int], end: Optional[int]) -> None:
        found = found_in(text)
        if top is None:
            assert found is None
            return
        assert found is not None
        assert (found.head.text, found.skipped.top, found.skipped.end, found.doubts) == (table, top, end, ())
        header = detect_dialect(found.head, "t.csv").header
        assert found.skipped.headers == (
            frozenset([table.strip().split("\n", maxsplit=1)[0]]) if header else frozenset()
        )

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            (
                "Region;2023;;2024;\n;Q1;Q2;Q1;Q2\nA;1;2;3;4\nB;5;6;7;8\n",
                "Region|2023 Q1|2023 Q2|2024 Q1|2024 Q2",
            ),
            (
                ";2023;2023;2024;2024\nRegion;Q1;Q2;Q1;Q2\nA;1;2;3;4\n",
                "Region|2023 Q1|2023 Q2|2024 Q1|2024 Q2",
            ),
            ("T\n;Sales;\nid;net;gross\nA;1;2\nB;3;4\n", "id|Sales net|Sales gross"),
        ],
    )
    def test_names_in_two_rows_are_joined(self, text: str, names: str) -> None:
        found = found_in(text)
        assert found is not None
        assert "|".join(found.names) == names

    def test_comments_in_the_middle_have_another_width(self) -> None:
        found = found_in("# c\nid,name\n1,a\n# mid\n2,b\n#3,c\n# end\n")
        assert found is not None
        assert (found.head.text, found.skipped.comment) == ("id,name\n1,a\n2,b\n#3,c\n", "#")
        assert (found.skipped.top, found.skipped.end) == (1, 1)

    def test_the_end_of_a_long_file(self) -> None:
        head = FileHead(TABLE.encode() * 1)
        found = table_of(head, "49;x;1.5;2024-01-01\nTotal;;9;\nSource: x\n")
        assert found is not None
        assert (found.skipped.end, found.head.text) == (2, TABLE)

    def test_a_delimiter_that_the_file_names(self) -> None:
        found = found_in("sep=|\na|b,c\n1|2,3\n2|3,4\n")
        assert found is not None
        assert detect_dialect(found.head, "t.csv").delimiter == "|"


class TestRowsThatStay:
    """ "A normal file must never lose a data row." """

    @pytest.mark.parametrize(
        "text",
        [
            TABLE,
            ROWS,
            HEADER,
            "id;name;city;zip\n1;Ann;Oslo\n2;Bob;Rom\n",
            "id,name\n1,Ann,x\n2,Bob,y\n",
            "first,last\nAnn,Lee,Oslo\nBob,Ray,Rom\n",
            "name\nSmith, John\nDoe, Jane\nRoe, Richard\n",
            "name\nSmith,John\nDoe,Jane\n",
            "note\nHello, world\nyes\nfoo\n",
            "#id,name\n1,Ann\n2,Bob\n",
            "# id,name\n1,Ann\n2,Bob\n",
            "#tag\n#foo\n#bar\n",
            ";a;b\n0;1;2\n1;3;4\n",
            ";a;b\nx;n/a;n/a\ny;5;6\n",
            "id;;\n1;2;3\n4;5;6\n",
            "id,name\nn/a,unknown\n1,Ann\n2,Bob\n",
            "id,name\n--,--\n1,Ann\n2,Bob\n",
            "id,v\n1,2\n-,-\n3,4\n",
            TABLE + "51;Na",
            TABLE + "51",
            TABLE + ";;;\n",
            TABLE + "52;Total;;\n",
            'id,text\n1,"one\ntwo"\n2,"Total\nNote: this\nend of it"\n',
            "group,age,n\nA,Total,5\nA,1-5,5\nB,Total,6\nB,1-5,6\n",
            "item,n\nTotal,5\nother,6\nTotal,7\n",
            "text\nSource: the web\nNote: nothing\n",
            "name,city\nAnn,Oslo\nSum,Rom\n",
            "code,label\nA,first\nB,second\nNote,third\n",
            "2019,2020,2021\n1,2,3\n4,5,6\n",
            "a,b\n1,2\n\nc,d\n5,6\n",
            "k,v\na,1\nb,2\n\nc,3\nd,4\n",
            "a,b\n1,2\n3,4\n\nc,d\n5,6\n7,8\n",
            "# x;C2;1\n#foo;A84;2\n#foo;B91;3\n1;B2;4\n",
            "--;48;Sum\n5;2;Total\n6;3;x\n",
            "name\n---\nAnn\n---\n",
            "a,b\n1,---\n,---\n2,x\n",
            TABLE + "Sum of it;x;5;2024-01-01\n",
            TABLE + "51;Total;5;2024-01-01\n",
            "a,b\nx,\ny,\nTotal of all,\n",
            "a;b\nx;2020-01-01\ny;2020-01-01\nTotal;2020-04-08\n",
            "text\nx\n(3 rows)\ny\n(3 rows)\n",
            "note,n\nNote: x,1\nSource: web,2\nNote: y,3\n",
        ],
    )
    def test_nothing_is_skipped(self, text: str) -> None:
        found = found_in(text)
        assert found is None or found.skipped.lines == frozenset()

    def test_a_total_that_is_none_is_a_doubt(self) -> None:
        found = found_in("region,sales\nnorth,5\nsouth,6\nTotal,12\n")
        assert found is not None
        assert found.skipped.lines == frozenset()
        assert found.doubts == (
            "its last row begins with 'Total' and is read as a row - remove it if it is a total",
        )


class TestWords:
    @pytest.mark.parametrize(
        "line", ["|---|:--:|", "+----+------+", "----+----", "---;---", "---- ------", "=====,===", "|-|-|"]
    )
    def test_rulers(self, line: str) -> None:
        assert is_ruler(line, line.replace("-", "a").replace("=", "a").replace(":", "a"))

    @pytest.mark.parametrize(
        "line", ["", "-", "--", "-,-", "--,--", "-5", "a---", ";;;", "2024-01-01", "- - -"]
    )
    def test_no_rulers(self, line: str) -> None:
        assert not is_ruler(line, line.replace("-", "abc"))

    @pytest.mark.parametrize(
        ("line", "above"), [("---;---", ""), ("|--", "a|b"), ("--|---", "a|b"), (";---", "a;b")]
    )
    def test_what_may_be_values(self, line: str, above: str) -> None:
        assert not is_ruler(line, above)

    @pytest.mark.parametrize("line", ["(42 rows affected)", "(1 row)", "1,234 rows selected.", "Rows: 5"])
    def test_row_counts(self, line: str) -> None:
        assert is_row_count(line)

    @pytest.mark.parametrize("line", ["42", "rows", "42 apples", "row 5", "5 arrows"])
    def test_no_row_counts(self, line: str) -> None:
        assert not is_row_count(line)

    @pytest.mark.parametrize(
        ("widths", "width"),
        [((1, 1, 1, 4, 4, 4), 4), ((4, 4, 4, 1, 1), 4), ((1, 1, 1), 0), ((1, 2, 3), 0), ((2, 2, 3, 3, 3), 3)],
    )
    def test_steady_width(self, widths: Tuple[int, ...], width: int) -> None:
        assert steady_width([["x"] * one for one in widths]) == width

    def test_no_notes_without_rows(self) -> None:
        assert notes_after([], [], 3) == 0
