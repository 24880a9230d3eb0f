"""Which character separates the fields of a text."""

from __future__ import annotations

from typing import List

import pytest

from nuvyn_executor.discovery.csv_layout import complete_lines, detect_layout, parse_records, splits_alike


class TestLayout:
    """The delimiter that gives records of one width whose cells look like values."""

    @pytest.mark.parametrize(
        ("text", "delimiter", "quote", "width"),
        [
            ("a,b\n1,2\n", ",", '"', 2),
            ("a;b\n1;2\n", ";", '"', 2),
            ("a\tb\n1\t2\n", "\t", '"', 2),
            ("a|b|c\n1|2|3\n", "|", '"', 3),
            ("a;b\n1,5;2\n2,5;3\n", ";", '"', 2),
            ("a,b\nx;y,z\nu;v,w\n", ",", '"', 2),
            ("a,b\n'x,y',1\n'z',2\n", ",", "'", 2),
            ("a,b\n\"it's\",1\n'x',2\n", ",", '"', 2),
            ("word\none\ntwo\n", "", '"', 1),
            ("", "", '"', 1),
            ('a,b\n"x\ny",1\n"z",2\n', ",", '"', 2),
        ],
        ids=range(11),
    )
    def test_delimiter_quote_and_width(self, text: str, delimiter: str, quote: str, width: int) -> None:
        layout = detect_layout(text, whole=True)
        assert (layout.delimiter, layout.quote, layout.width) == (delimiter, quote, width)

    @pytest.mark.parametrize(
        ("text", "delimiter", "width"),
        [
            ("id;name;city;zip\n1;Ann;Oslo\n2;Bob;Rom\n", ";", 4),
            ("id,name,city,zip\n1,Ann,Oslo\n2,Bob,Rom\n3,Eve,Bonn\n", ",", 4),
            ("id\tname\n1\n2\tx\ty\n3\tz\tu\tv\n", "\t", 2),
            ("a|b|c\n1\n2\n3|4\n5|6\n", "|", 3),
            ("Hello, world\nthis is\nno table\n", "", 1),
            ("note\nHello, world\nfoo\nbar\n", "", 1),
        ],
    )
    def test_what_splits_the_header_is_preferred_to_nothing(
        self, text: str, delimiter: str, width: int
    ) -> None:
        """ "A delimiter that occurs nowhere is never chosen; one that gives the header more than one field is
        preferred to none" """
        layout = detect_layout(text, whole=True)
        assert (layout.delimiter, layout.width) == (delimiter, width)

    @pytest.mark.parametrize(
        ("text", "delimiter", "width"),
        [
            ("id:name:city\n1:Ann:Oslo\n2:Bob:Rom\n", ":", 3),
            ("root:x\n10:30\n11:45\n", "", 1),
            ("id||name||n\n1||Ann, B||\n2||||3\n", "||", 3),
            ("id~^~name\n1~^~Ann\n2~^~\n", "~^~", 2),
            ("id::name\n1::Ann: x\n", "::", 2),
            ("id\x01name\x01note\n1\x01Ann\x01Hello, world\n2\x01Bob\x01a,b\n", "\x01", 3),
            ("1\x01Ann\x01\\N\n2\x01Bob\x01x\n", "\x01", 3),
            ("a\x1fb\n1\x1f2\n", "\x1f", 2),
            ("id^name\n1^Ann\n2^Bob\n", "^", 2),
            ("id~name\n1~Ann\n2~Bob\n", "~", 2),
            ("id\xa6name\n1\xa6Ann\n2\xa6Bob\n", "\xa6", 2),
            ("id name n\n1 Ann 3\n2 Bob 4\n", " ", 3),
            ("full name\nAnn Lee\nBob Ray\n", "", 1),
            ("full legal name\nAnn Mary Lee\nBob Joe Ray\n", "", 1),
            ("street house number\nMain Street 5\nHigh Street 7\n", "", 1),
            ("10:30:00\n11:45:00\n12:00:00\n", "", 1),
            ("at\n2024-01-01T10:30:00Z\n2024-01-02T10:30:00Z\n", "", 1),
            ("https://a.b:80/c\nhttps://a.b:81/d\n", "", 1),
            ("fe80::1,host1\nfe80::2,host2\n", ",", 2),
            ("fe80::1\nfe80::2\nfe80::3\n", "", 1),
            ("arn:aws:s3:::b,1\narn:aws:s3:::c,2\n", ",", 2),
            ("id--x,name\n1--a,Anna\n2--b,Bob\n", ",", 2),
            ("1,--,3\n2,--,4\n", ",", 3),
            ("**** 1234,Anna\n**** 5678,Bob\n", ",", 2),
            ("##fileformat=VCF\n##source=x\n", "", 1),
            ("a|b\n1|\n||\n|2\n3|4\n5|6\n", "|", 2),
            ("a,,b\n1,,2\n3,4,5\n", ",", 3),
        ],
    )
    def test_other_delimiters(self, text: str, delimiter: str, width: int) -> None:
        """ "Also `:`, `||`, `~^~`, `\\x01` (Hive's default ...), runs of blanks" """
        layout = detect_layout(text, whole=True)
        assert (layout.delimiter, layout.width) == (delimiter, width)
        assert len(layout.records[1]) == width

    @pytest.mark.parametrize(
        ("text", "mark"),
        [
            ("name\nSmith, John\nDoe, Jane\nRoe, Richard\n", ","),
            ("row\n1=a\n2=b\n3=c\n", "="),
            ("word\none\ntwo\nthree\n", ""),
            ("name\na\x0cb, c\nd, e\nf, g\n", ","),
            ("greeting\nhi;\nho;\nhey;\n", ""),
            ("at\n10.5\n11.5\n12.5\n", ""),
            ("name\nSmith, John\nDoe, Jane\n", ""),
        ],
    )
    def test_a_character_that_splits_every_record_alike(self, text: str, mark: str) -> None:
        assert splits_alike(text, whole=True) == mark

    @pytest.mark.parametrize(
        ("text", "delimiter", "width"),
        [
            ('"id","tags"\n"1","a|b|end"\n"2","a|b|sum"\n', ",", 2),
            ('"id"\t"tags"\n"1"\t"a|b|end"\n"2"\t"a|b|sum"\n', "\t", 2),
            ('"street"|"city"\n"Elm 5; 37996 X"|"Oak 13; 48542 Y"\n"Elm 6; 1 X"|"Oak 7; 2 Y"\n', "|", 2),
            ('"street"|"data"\n"Elm 5; 3 X"|"{""a"": 1, ""b"": [1, 2]}"\n', "|", 2),
            ("street\tcity\nElm 5; 37996 X\tOak 13; 48542 Y\nElm 6; 1 X\tOak 7; 2 Y\n", "\t", 2),
        ],
    )
    def test_what_splits_the_header_too_is_preferred_to_what_is_in_values_alone(
        self, text: str, delimiter: str, width: int
    ) -> None:
        """A table of two columns, one of which holds lists or addresses, was split inside their values."""
        header, *rows = text.splitlines(keepends=True)
        layout = detect_layout("".join([header, *rows * 20]), whole=True)
        assert (layout.delimiter, layout.width) == (delimiter, width)

    @pytest.mark.parametrize(
        ("text", "delimiter", "width"),
        [
            ('"1","a|b|total"\n"2","a|b|report"\n', ",", 2),
            ('"322.65"\t"a|b|report"\n"668.69"\t"a|b|red"\n', "\t", 2),
        ],
    )
    def test_what_tears_quoted_values_apart_is_no_delimiter(
        self, text: str, delimiter: str, width: int
    ) -> None:
        layout = detect_layout(text, whole=True)
        assert (layout.delimiter, layout.width) == (delimiter, width)

    @pytest.mark.parametrize(
        ("text", "width"),
        [
            ("1|2024-11-20||329.16|5\n2|2024-02-16||156.32|3649\n", 5),
            ("id|day||price\n1|2024-11-20||329.16\n2|2024-02-16||156.32\n", 4),
        ],
    )
    def test_a_column_that_is_always_empty_makes_no_delimiter_of_two_characters(
        self, text: str, width: int
    ) -> None:
        """Two bars with nothing between them, in an extract whose other columns have one bar between them."""
        layout = detect_layout(text, whole=True)
        assert (layout.delimiter, layout.width) == ("|", width)

    def test_consistency_is_the_share_of_records_of_that_width(self) -> None:
        layout = detect_layout("a,b\n1,2\n1,2\n1,2,3\n1,2\n", whole=True)
        assert (layout.width, layout.consistency) == (2, 0.8)

    def test_the_first_records_are_kept_and_blank_ones_are_not(self) -> None:
        layout = detect_layout("a,b\n\n1,2\n" + "3,4\n" * 500, whole=True)
        assert layout.records[:2] == (["a", "b"], ["1", "2"])
        assert len(layout.records) == 200

    def test_a_line_that_was_cut_does_not_count(self) -> None:
        assert detect_layout("a,b\n1,2\n3", whole=False).consistency == 1
        assert detect_layout("a,b\n1,2\n3", whole=True).consistency < 1

    @pytest.mark.parametrize(
        ("text", "cut"), [("a\nb", "a\n"), ("a\rb", "a\r"), ("a\n", "a\n"), ("ab", "ab"), ("", "")]
    )
    def test_complete_lines_are_those_that_end_and_a_single_one(self, text: str, cut: str) -> None:
        assert (complete_lines(text, whole=False), complete_lines(text, whole=True)) == (cut, text)

    @pytest.mark.parametrize(
        ("text", "records"),
        [
            ("a,b\n\n1,2\n", [["a", "b"], ["1", "2"]]),
            ('"x,y",z\n', [["x,y", "z"]]),
            ("a\0b,c\n", [["ab", "c"]]),
            ("", []),
        ],
        ids=range(4),
    )
    def test_records_are_parsed_without_blank_lines(self, text: str, records: List[List[str]]) -> None:
        assert list(parse_records(text, ",", '"')) == records
