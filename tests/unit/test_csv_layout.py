"""Which character separates the fields of a text."""

from __future__ import annotations

from typing import List

import pytest

from nuvyn_executor.discovery.csv_layout import complete_lines, detect_layout, parse_records


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
            ("word\none\ntwo\n", ",", '"', 1),
            ("", ",", '"', 1),
            ('a,b\n"x\ny",1\n"z",2\n', ",", '"', 2),
        ],
        ids=range(11),
    )
    def test_delimiter_quote_and_width(self, text: str, delimiter: str, quote: str, width: int) -> None:
        layout = detect_layout(text, whole=True)
        assert (layout.delimiter, layout.quote, layout.width) == (delimiter, quote, width)

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
