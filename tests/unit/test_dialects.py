"""What a careful person sees in the first lines of a CSV file."""

from __future__ import annotations

import gzip
from typing import List

import pytest

from nuvyn_executor.discovery.dialects import detect_dialect, detect_header
from nuvyn_executor.discovery.file_head import HEAD_BYTES, FileHead
from nuvyn_executor.model import CsvDialect


def dialect_of(content: bytes, name: str, *, whole: bool = False) -> CsvDialect:
    return detect_dialect(FileHead(content, whole), name)


def dialect(text: str, name: str = "x.csv", *, whole: bool = True) -> CsvDialect:
    return dialect_of(text.encode(), name, whole=whole)


class TestDelimiter:
    """ "`csv` (delimiter, header or not, quotes, encodings with BOM, UTF-16, Latin-1, gzip)" """

    @pytest.mark.parametrize(
        ("text", "delimiter"),
        [
            ("a,b,c\n1,2,3\n", ","),
            ("a;b;c\n1;2;3\n", ";"),
            ("a\tb\tc\n1\t2\t3\n", "\t"),
            ("a|b|c\n1|2|3\n", "|"),
            ("a;b\r\n1,5;2,5\r\n3,5;4,5\r\n", ";"),
            ("1,5;2,5;3,5\n4,5;5,5;6,5\n", ";"),
            ("1,5\t2,5\n3,5\t4,5\n", "\t"),
            ("name,note\nAnna,a; b; c\nBob,d; e; f\n", ","),
            ('name,note\n"Smith; John",x\n"Doe; Jane",y\n', ","),
            ('id;note\n1;"a;b;c"\n2;"d;e;f"\n', ";"),
            ("city\tcount\nRome, Italy\t3\nParis, France\t4\n", "\t"),
            ("city;count\nRome, Italy;3\nParis, France;4\n", ";"),
            ("t|a\n2024-01-01 10:00,5|x\n2024-01-02 11:00,5|y\n", "|"),
            ("a,b,c\n", ","),
            ("a;b;c", ";"),
            ("a,b,c\n1,2\n", ","),
            ("id,n\n1,a\n2,b,c\n3,d\n4,e\n", ","),
            ("\n\na;b\n1;2\n", ";"),
            ("a,b\rc,d\re,f\r", ","),
            (",a,b\n0,1,2\n1,3,4\n", ","),
            ("a,,\n,,\n1,2,3\n", ","),
            ("name\nSmith, John\nDoe, Jane\nRoe, Richard\n", ""),
            ("name\nAnna\nBob\n", ""),
            ("", ""),
        ],
    )
    def test_the_delimiter_is_the_one_that_gives_records_of_one_width(
        self, text: str, delimiter: str
    ) -> None:
        assert dialect(text).delimiter == delimiter

    def test_a_tsv_of_one_column_is_still_a_tsv(self) -> None:
        assert dialect("name\nSmith, John\n", "x.TSV").delimiter == "\t"
        assert dialect("a,b\n1,2\n", "x.tsv").delimiter == ","

    def test_a_line_that_the_head_cuts_is_not_counted(self) -> None:
        assert dialect("a;b;c\n1;2;3\n4,5,6,7,8", whole=False).delimiter == ";"

    def test_a_quoted_value_that_the_head_cuts_does_not_count(self) -> None:
        text = 'a;b\n1;2\n3;"open ' + "x\n" * 40
        found = dialect(text, whole=False)
        assert (found.delimiter, found.multiline) == (";", False)

    def test_a_nul_does_not_end_it(self) -> None:
        assert dialect("a;b\n1;\0\n2;3\n").delimiter == ";"


class TestQuote:
    """ "quotes" """

    @pytest.mark.parametrize(
        ("text", "quote"),
        [
            ('a,b\n"x,y",1\n', '"'),
            ("a,b\n'x,y',1\n'z,w',2\n", "'"),
            ("a,b\nO'Brien,1\nD'Arcy,2\n", '"'),
            ("a,b\nrock 'n' roll,1\n", '"'),
            ("a,b\n\"it's\",'x'\n", '"'),
            ("a,b\n1,2\n", '"'),
        ],
    )
    def test_a_single_quote_counts_only_where_it_encloses_fields(self, text: str, quote: str) -> None:
        assert dialect(text).quote == quote

    @pytest.mark.parametrize(
        ("text", "multiline"),
        [
            ('a,b\n1,"x\ny"\n2,z\n', True),
            ('a,b\n1,"x\r\ny"\n2,z\n', True),
            ('a,b\n1,"x y"\n2,z\n', False),
            ('a\n"x\ny"\nz\n', True),
            ('a,b\n1,"open\n2,z\n3,w\n', False),
            ('a,b\n1,5" pipe\n2,z\n', False),
        ],
    )
    def test_a_line_break_inside_quotes_makes_it_multiline_a_stray_quote_does_not(
        self, text: str, *, multiline: bool
    ) -> None:
        assert dialect(text).multiline is multiline


class TestHeader:
    """ "header or not" """

    @pytest.mark.parametrize(
        ("text", "header"),
        [
            ("id,name\n1,Anna\n2,Bob\n", True),
            ("1,Anna\n2,Bob\n", False),
            ("name,city\nAnna,Rome\nBob,Paris\n", True),
            ("Rome,Anna\nRome,Bob\nParis,Cleo\n", False),
            ("a,a\nx,y\nz,w\n", False),
            ("id,id\n1,2\n3,4\n", True),
            (",a,b\n0,1,2\n1,3,4\n", True),
            ("country,2019,2020,2021\nIT,1.5,2.5,3.5\nFR,4.5,5.5,6.5\n", True),
            ("2024-01-01,5\n2024-01-02,6\n", False),
            ("day,n\n2024-01-01,5\n2024-01-02,6\n", True),
            ("anna@x.org,Rome\nbob@x.org,Paris\n", False),
            ("mail,city\nanna@x.org,Rome\nbob@x.org,Paris\n", True),
            ("true,x\nfalse,y\n", False),
            ("active,x\nfalse,y\ntrue,z\n", True),
            ("id,name\n", True),
            ("1,2,3\n", False),
            ("Anna,Rome,5\n", False),
            ("name\nAnna\nBob\n", True),
            ("5\n6\n", False),
            ("", True),
            ("\n\nid,name\n1,x\n", True),
            ("id;preis\n1;1,5\n2;2,5\n", True),
            ("1;1,5\n2;2,5\n", False),
            ("a,b\nx,y\na,b\nz,w\n", True),
            ("id,v\n1,\n2,\n", True),
            ("id,v\n1,n/a\n2,3\n", True),
            ("000123,x\n000124,y\n", False),
            ("+440000000152,x\n+440000000153,y\n", False),
            ("amount\n$5\n", True),
            ("share,x\n5 %,a\n6 %,b\n", True),
            ("https://a.org/x,1\nhttps://a.org/y,2\n", False),
        ],
    )
    def test_the_first_record_is_a_header_when_it_differs_from_what_lies_below(
        self, text: str, *, header: bool
    ) -> None:
        assert dialect(text).header is header

    def test_one_bad_value_in_a_column_of_numbers_changes_nothing(self) -> None:
        rows: List[List[str]] = [["id"], *([str(i)] for i in range(50)), ["oops"]]
        assert detect_header(rows)
        assert not detect_header(rows[1:])

    @pytest.mark.parametrize(
        "name", ["n" * 300, "measured_value_" * 20, "How much do you agree that " + "very " * 50 + "well?"]
    )
    @pytest.mark.parametrize("values", [["red", "blue", "two words"], ["1", "2.5", "3"], ["", "", "x"], []])
    @pytest.mark.parametrize("width", [1, 3, 500])
    def test_names_of_300_characters_are_names(self, name: str, values: List[str], width: int) -> None:
        header = [f"{n} {name}" if " " in name else f"c{n}_{name}" for n in range(width)]
        rows = [[f"{value}{n}" if value == "red" else value for n in range(width)] for value in values]
        assert detect_header([header, *rows])
        text = "".join(";".join(row) + "\n" for row in [header, *rows])
        assert dialect_of(text.encode()[:HEAD_BYTES], "x.csv", whole=len(text) <= HEAD_BYTES).header

    def test_a_few_long_names_stand_over_long_texts_too(self) -> None:
        question = "Which of the following would you say describes best " + "what you saw " * 10
        prose = "I saw many things and " + "would like to see them again " * 9
        header = ["id_of_answer", *(f"{question}{n}?" for n in range(3))]
        assert detect_header([header, *([f"a{n}", "yes", "no", f"{prose}{n}"] for n in range(5))])

    @pytest.mark.parametrize(
        "below",
        [["short", "brief", "curt"], ["a much longer text " * 12, "and another " * 20, "as long " * 30]],
    )
    def test_a_long_text_of_sentences_is_no_name(self, below: List[str]) -> None:
        first = "The room was fine. We slept well, and breakfast was served until ten. " * 3
        assert not detect_header([[first], *([text] for text in below)])
        assert not detect_header([["Anna", first], *([f"B{n}", text] for n, text in enumerate(below))])

    def test_long_texts_over_texts_of_their_length_are_no_names(self) -> None:
        rows = [[f"key{n}", f"{n} " + "words without an end " * 10] for n in range(5)]
        assert not detect_header(rows)
        assert not detect_header([[f"{n}" + "QUJD" * 60, "x" * 200 + str(n)] for n in range(5)])

    def test_a_name_that_the_head_cuts_says_nothing(self) -> None:
        names = ",".join(f"{number} {'n' * 300}" for number in range(1000, 1300))
        cut = names[: names.rindex(",") + 5]
        assert not detect_header([cut.split(",")])
        assert dialect_of(cut.encode(), "x.csv").header

    def test_a_value_that_fills_the_head_is_no_name(self) -> None:
        assert not dialect("key," + "x" * HEAD_BYTES, whole=False).header
        assert not dialect("x" * HEAD_BYTES + "\n", whole=False).header

    def test_no_records_are_as_good_as_a_header(self) -> None:
        assert detect_header([])


class TestEncoding:
    """ "encodings with BOM, UTF-16, Latin-1, gzip" """

    text = "id;näme\n1;é\n2;ü\n"

    @pytest.mark.parametrize(
        ("codec", "java"),
        [
            ("utf-8", "UTF-8"),
            ("utf-8-sig", "UTF-8"),
            ("utf-16", "UTF-16"),
            ("utf-16-le", "UTF-16LE"),
            ("utf-16-be", "UTF-16BE"),
            ("iso-8859-1", "ISO-8859-1"),
        ],
    )
    def test_every_encoding_is_named_as_java_names_it(self, codec: str, java: str) -> None:
        found = dialect_of(self.text.encode(codec), "x.csv", whole=True)
        assert (found.encoding, found.delimiter, found.header) == (java, ";", True)

    def test_bytes_that_only_windows_has_decide_for_windows(self) -> None:
        assert dialect_of("id;€\n1;“x”\n".encode("cp1252"), "x.csv", whole=True).encoding == "windows-1252"

    def test_bytes_that_windows_leaves_undefined_decide_against_it(self) -> None:
        assert dialect_of(b"id;m\x81ller\n1;k\x94ln\n", "x.csv", whole=True).encoding == "IBM850"

    def test_utf_16_is_read_as_a_whole_because_spark_splits_lines_at_single_bytes(self) -> None:
        assert dialect_of(self.text.encode("utf-16"), "x.csv", whole=True).multiline
        assert not dialect_of(self.text.encode(), "x.csv", whole=True).multiline

    @pytest.mark.parametrize("cut", range(1, 12))
    def test_a_character_that_the_head_cuts_does_not_make_it_latin_1(self, cut: int) -> None:
        head = ("name;x\n" + "日本語;é\n" * 3).encode()[:-cut]
        assert dialect_of(head, "x.csv").encoding == "UTF-8"

    def test_the_last_byte_of_a_whole_file_is_not_taken_for_a_cut_character(self) -> None:
        assert dialect_of(b"a;b\n1;caf\xe9", "x.csv", whole=True).encoding == "ISO-8859-1"

    def test_a_few_damaged_characters_leave_utf_8_what_it_is(self) -> None:
        head = ("a;b\n" + "é;ü\n" * 20).encode() + b"x;\xff\n"
        assert dialect_of(head, "x.csv", whole=True).encoding == "UTF-8"

    def test_ascii_is_utf_8(self) -> None:
        assert dialect("a,b\n1,2\n").encoding == "UTF-8"

    def test_gzip_is_looked_into(self) -> None:
        found = dialect_of(gzip.compress(self.text.encode("iso-8859-1")), "x.csv.gz", whole=True)
        assert (found.encoding, found.delimiter) == ("ISO-8859-1", ";")

    def test_a_cut_gzip_is_looked_into_as_far_as_it_goes(self) -> None:
        rows = "".join(f"{i};{i * i % 9973}\n" for i in range(90_000))
        packed = gzip.compress(rows.encode())
        assert len(packed) > HEAD_BYTES
        found = dialect_of(packed[:HEAD_BYTES], "x.csv.gz")
        assert (found.delimiter, found.header) == (";", False)

    def test_a_gzip_of_several_members_is_read_through(self) -> None:
        packed = gzip.compress(b"a;b\n") + gzip.compress(b"1;2\n")
        assert dialect_of(packed, "x.csv.gz", whole=True) == CsvDialect(delimiter=";")

    def test_a_damaged_gzip_is_an_error(self) -> None:
        packed = bytearray(gzip.compress(b"a;b\n" * 100))
        packed[12:20] = b"\xff" * 8
        with pytest.raises(ValueError, match="decompressing"):
            dialect_of(bytes(packed), "x.csv.gz", whole=True)
