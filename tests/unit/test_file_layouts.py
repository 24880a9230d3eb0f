"""Files of one CSV dataset that are written in different ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Tuple

import pytest

from nuvyn_executor.discovery.file_head import FileHead
from nuvyn_executor.discovery.file_layouts import fit_rows
from nuvyn_executor.model import CsvDialect
from nuvyn_executor.reading.columns_by_name import missing_columns, places_of, union_of
from tests.discovering import look, write

if TYPE_CHECKING:
    from pathlib import Path

    from nuvyn_executor.model import Dataset

FIRST = b"price,qty\n1.5,7\n2.5,8\n"


def dataset_of(root: Path, *others: bytes, first: bytes = FIRST) -> Dataset:
    write(root / "t", {f"part-{index:05}.csv": text for index, text in enumerate((first, *others))})
    (dataset,) = look(root / "t").datasets
    return dataset


def layouts_of(dataset: Dataset) -> List[Tuple[Tuple[str, ...], bool, str, List[str]]]:
    return [
        (one.columns, dialect.header, dialect.delimiter, sorted(name[5:10] for name in one.files))
        for one, dialect in zip(dataset.layouts, dialects_of(dataset))
    ]


def dialects_of(dataset: Dataset) -> List[CsvDialect]:
    return [one.dialect for one in dataset.layouts if one.dialect is not None]


class TestAlike:
    @pytest.mark.parametrize(
        "other",
        [
            FIRST,
            b"\xef\xbb\xbf" + FIRST,
            b"\n" + FIRST,
            b"price,qty\n",
            b"price,qty\r\n1.5,7\r\n",
            b'price,qty\n"1.5","7"\n',
            b'"price","qty"\n1.5,7\n',
            b"price,qty\nx\n",
        ],
    )
    def test_one_layout_needs_no_name(self, tmp_path: Path, other: bytes) -> None:
        assert dataset_of(tmp_path, other).layouts == ()

    def test_of_numbered_files_those_of_one_header_are_a_table(self, tmp_path: Path) -> None:
        write(tmp_path / "t", {f"a{index}.csv": FIRST for index in range(70)})
        (dataset,) = look(tmp_path / "t").datasets
        assert dataset.layouts == ()
        assert dataset.by_layout() == (dataset,)


class TestUnlike:
    @pytest.mark.parametrize(
        ("other", "columns", "header", "delimiter"),
        [
            (b"qty,price\n7,1.5\n", ("qty", "price"), True, ","),
            (b"price,qty,note\n1.5,7,x\n", ("price", "qty", "note"), True, ","),
            (b"price\n1.5\n", ("price",), True, ","),
            (b"price;qty\n1.5;7\n2.5;8\n", ("price", "qty"), True, ";"),
            (b"qty\tprice\n7\t1.5\n8\t2.5\n", ("qty", "price"), True, "\t"),
            (b"Qty, Price\n7,1.5\n", ("qty", "price"), True, ","),
            (b"1.5,7\n2.5,8\n", ("price", "qty"), False, ","),
            (b"code,label\n7,x\n8,y\n", ("code", "label"), True, ","),
            (b"B,N/A\nC,5\nD,6\n", ("price", "qty"), False, ","),
            (b"price,9\nx,8\n", ("price", "qty"), False, ","),
            (b"1.5;7\n2.5;8\n", ("price", "qty"), False, ";"),
            (b"id,place,at\n1,Oslo,2024-01-01\n2,Rom,2024-01-02\n", ("id", "place", "at"), True, ","),
        ],
    )
    def test_each_has_its_own_columns(
        self,
        tmp_path: Path,
        other: bytes,
        columns: Tuple[str, ...],
        header: bool,  # noqa: FBT001  a case
        delimiter: str,
    ) -> None:
        dataset = dataset_of(tmp_path, other, FIRST)
        assert layouts_of(dataset) == [
            (("price", "qty"), True, ",", ["00000", "00002"]),
            (columns, header, delimiter, ["00001"]),
        ]
        assert [len(part.files) for part in dataset.by_layout()] == [2, 1]
        assert [part.layouts[0].columns for part in dataset.by_layout()] == [("price", "qty"), columns]

    def test_a_headerless_part_of_texts_is_no_header(self, tmp_path: Path) -> None:
        dataset = dataset_of(tmp_path, b"Ann,Oslo\nBob,Rom\n", first=b"name,city\nEve,Bonn\n")
        assert layouts_of(dataset)[1][:2] == (("name", "city"), False)

    @pytest.mark.parametrize(
        ("other", "columns", "header", "is_doubtful"),
        [
            (b"vorname,ort\nAnn,Oslo\nBob,Rom\n", ("vorname", "ort"), True, False),
            (b"VORNAME,ORT\nAnn,Oslo\n", ("VORNAME", "ORT"), True, False),
            (b"Vorname,Ort\nAnn,Oslo\nBob,Rom\n", ("name", "city"), False, True),
            (b"ann,oslo\nbob,rom\n", ("name", "city"), False, True),
            (b"ann,oslo\nBob,rom\n", ("name", "city"), False, True),
            (b"Ann,Oslo\n", ("name", "city"), False, False),
            (b"Ann,Oslo\nAnn,Rom\n", ("name", "city"), False, False),
        ],
    )
    def test_names_of_another_style_are_a_header(
        self,
        tmp_path: Path,
        other: bytes,
        columns: Tuple[str, ...],
        header: bool,  # noqa: FBT001  a case
        is_doubtful: bool,  # noqa: FBT001  as above
    ) -> None:
        dataset = dataset_of(tmp_path, other, first=b"name,city\nEve,Bonn\n")
        assert layouts_of(dataset)[1][:2] == (columns, header)
        assert [one.partition(" is read by place")[0] for one in dataset.doubts] == [
            "part-00001.csv"
        ] * is_doubtful

    def test_a_header_beside_a_first_file_without_one_is_no_row(self, tmp_path: Path) -> None:
        dataset = dataset_of(tmp_path, b"id,name\n3,Eve\n4,Kim\n", first=b"1,Ann\n2,Bob\n")
        assert layouts_of(dataset) == [
            (("_c0", "_c1"), False, ",", ["00000"]),
            (("_c0", "_c1"), True, ",", ["00001"]),
        ]

    def test_rows_that_fit_their_headers_differently_are_not_fitted(self, tmp_path: Path) -> None:
        dataset = dataset_of(tmp_path, b"id,name\n3,C\n4,D\n", first=b"id,name\n1,A,\n2,B,\n")
        assert (dataset.layouts, dataset.columns) == ((), ())

    def test_only_an_end_of_line_ends_a_header(self, tmp_path: Path) -> None:
        first = "id,na\x0cme\u2028,v\n1,Ann,2\n".encode()
        dataset = dataset_of(tmp_path, "v,id,na\x0cme\u2028\n2,1,Ann\n".encode(), first=first)
        assert [len(one.columns) for one in dataset.layouts] == [3, 3]
        assert sorted(dataset.layouts[0].columns) == sorted(dataset.layouts[1].columns)

    def test_an_encoding_of_its_own(self, tmp_path: Path) -> None:
        dataset = dataset_of(
            tmp_path, "price,qty\n1,Köln\n".encode("latin-1"), "price,qty\n1,Köln\n".encode()
        )
        assert [one.encoding for one in dialects_of(dataset)] == ["UTF-8", "ISO-8859-1"]
        assert [len(one.files) for one in dataset.layouts] == [2, 1]

    def test_values_of_several_lines_in_one_file(self, tmp_path: Path) -> None:
        dataset = dataset_of(tmp_path, b'price,qty\n1.5,"a\nb"\n2.5,"c\nd"\n')
        assert [one.multiline for one in dialects_of(dataset)] == [False, True]

    def test_in_folders_of_partitions_too(self, tmp_path: Path) -> None:
        write(tmp_path / "t", {"year=2024/a.csv": FIRST, "year=2025/a.csv": b"qty,price\n7,1.5\n"})
        (dataset,) = look(tmp_path / "t").datasets
        assert [one.columns for one in dataset.layouts] == [("price", "qty"), ("qty", "price")]
        assert dataset.partition_columns == ("year",)


class TestColumnsByName:
    @pytest.mark.parametrize(
        ("parts", "union"),
        [
            ([], ""),
            (["ab", "ba"], "ab"),
            (["ab", "cb"], "abc"),
            (["a", "aba"], "aba"),
            (["aa", "ab", "aaa"], "aaba"),
        ],
    )
    def test_union(self, parts: List[str], union: str) -> None:
        assert "".join(union_of(parts)) == union

    def test_places(self) -> None:
        assert places_of("abca", "cab") == (1, 2, 0, None)

    def test_missing(self) -> None:
        files: Dict[str, str] = {"1": "ab", "2": "b", "3": "bc"}
        assert missing_columns([*files.items()]) == [
            {"column": "a", "missing_in": 2, "of": 3, "first": "2"},
            {"column": "c", "missing_in": 2, "of": 3, "first": "1"},
        ]
        assert missing_columns([("1", "ab"), ("2", "ba")]) == []


class TestFit:
    """ "One empty trailing field on every row is a trailing delimiter ... Fields more or fewer by the same
    number in every row are a header of another width: named so, read so." """

    @pytest.mark.parametrize(
        ("text", "columns", "fields", "doubt"),
        [
            ("a,b\n1,2,\n3,4,\n", "a b", ["a", "b", ""], ""),
            ("a,b,\n1,2,\n3,4,\n", "a b", ["a", "b", ""], ""),
            ("a,b,c\n1,2\n3,4\n", "a b c", ["a", "b"], "3 fields and its rows have 2"),
            ("a,b\n1,2,x\n3,4,\n", "a b _c2", ["a", "b", "_c2"], "2 fields and its rows have 3"),
            ("a,b\n1,2,,\n3,4,,\n", "a b _c2 _c3", ["a", "b", "_c2", "_c3"], "2 fields and its rows have 4"),
        ],
    )
    def test_rows_of_another_width(self, text: str, columns: str, fields: List[str], doubt: str) -> None:
        fit = fit_rows(FileHead(text.encode(), is_all=True), CsvDialect())
        assert fit is not None
        assert (" ".join(fit.columns), [*fit.fields], doubt in fit.doubt) == (columns, fields, True)

    @pytest.mark.parametrize(
        "text",
        [
            "a,b,\n1,2,\n" + "3,4,\n" * 99 + "5,6,note\n",
            "a,b\n1,2\n3,4\n",
            "a,b,\n1,2,x\n3,4,\n",
            "a,b\n1,2,3\n4,5\n",
            "a,b\n1,2,3\n",
            "a,b\n",
            "",
        ],
    )
    def test_rows_that_fit_or_differ(self, text: str) -> None:
        assert fit_rows(FileHead(text.encode(), is_all=True), CsvDialect()) is None
