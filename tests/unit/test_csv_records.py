"""CSV records in which an empty value is not a quoted empty text."""

from __future__ import annotations

from typing import List, Optional

import pytest

from nuvyn_executor.reading.csv_records import parse_values


class TestRecords:
    """ "None for empty unquoted fields" """

    @pytest.mark.parametrize(
        ("text", "records"),
        [
            ('a,,"",b\n', [["a", None, "", "b"]]),
            ("a,\n", [["a", None]]),
            ("a,", [["a", None]]),
            (",\n", [[None, None]]),
            ('"x,y","say ""hi"""\r\nz,w', [["x,y", 'say "hi"'], ["z", "w"]]),
            ('"x\ny",1\n2,3\n', [["x\ny", "1"], ["2", "3"]]),
            ('"open,1\n2,3\n', [['"open', "1"], ["2", "3"]]),
            ('5" pipe,1\n', [['5" pipe', "1"]]),
            ('"a"b,1\n', [["ab", "1"]]),
            ("\n\na\n\nb\n", [["a"], ["b"]]),
            ("a\rb\r", [["a"], ["b"]]),
            ('""\n', [[""]]),
            ("", []),
        ],
    )
    def test_fields_are_what_a_reader_sees(self, text: str, records: List[List[Optional[str]]]) -> None:
        assert list(parse_values(text, ",", '"')) == records

    @pytest.mark.parametrize(
        "rest", ["", "x", "x,", "x,y", 'x,"y', 'x,"y\nz', 'x,"y\nz\nz,z', 'x,"y"', '"', '"x""', "x,y,,"]
    )
    def test_of_a_text_that_is_cut_the_records_that_end_are_given(self, rest: str) -> None:
        records = [["a", 'b"\n'], ["c", None]]
        assert list(parse_values('a,"b""\n"\nc,\n' + rest, ",", '"', is_cut=True)) == records

    def test_any_delimiter_and_quote_will_do(self) -> None:
        assert list(parse_values("'a|b'|c\n", "|", "'")) == [["a|b", "c"]]
