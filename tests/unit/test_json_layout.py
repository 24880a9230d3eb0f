"""Whether a text is JSON, and whether it is one document."""

from __future__ import annotations

import pytest

from nuvyn_executor.discovery.json_layout import begins_like_json, is_one_document, looks_like_json


class TestWhetherItIsJson:
    """ "then its content" """

    @pytest.mark.parametrize(
        ("text", "whole", "cut"),
        [
            ('{"a":1}', True, True),
            ('{"a":1}\n{"a":2}', True, True),
            ('[{"a":1}]', True, True),
            ("[1, 2]", True, True),
            ("{}", True, True),
            ('{"a":', False, True),
            ('{"a":"b', False, True),
            ('{"a":1,,}', False, False),
            ("{a:1}", False, False),
            ("[section]\nkey=value\n", False, False),
            ("id,name\n", False, False),
            ("", False, False),
            ('{"a":' + "9" * 6000 + "}", True, True),
        ],
        ids=range(13),
    )
    def test_a_text_that_begins_like_json_and_parses(self, text: str, *, whole: bool, cut: bool) -> None:
        assert (looks_like_json(text, whole=True), looks_like_json(text, whole=False)) == (whole, cut)

    @pytest.mark.parametrize(
        ("text", "begins"),
        [
            ('{"a":1}', True),
            ('broken\n{"a":1}', True),
            ("\n\n [", True),
            ("a,b\n1,2\n", False),
            ("x\n" * 20 + "{}", False),
            ("", False),
        ],
        ids=range(6),
    )
    def test_one_of_the_first_lines_begins_an_object_or_an_array(self, text: str, *, begins: bool) -> None:
        assert begins_like_json(text) is begins


class TestOneDocument:
    """ "`json` (lines and one document)" """

    @pytest.mark.parametrize(
        ("text", "document"),
        [
            ('{"a":1}\n{"a":2}\n', False),
            ('{"a":1}\n', False),
            ('[{"a":1},{"a":2}]', True),
            ('[\n {"a":1},\n {"a":2}\n]\n', True),
            ('[{"a":1},\n{"a":2},\n{"a":3}]\n', True),
            ('{\n "a": 1,\n "b": [1,\n 2]\n}\n', True),
            ('broken\n{"a":1}\n{"a":2}\n{"a":3}\n', False),
            ("[1,2]\n[3,4]\n", False),
            ('[\n{"a":1}\n]', True),
            ('{"a":1}\nbroken\n{"b":1}\n5\nbroken\n', False),
            ("[\n]\n", True),
            ("", False),
            ('\n\n{"a":1}\n\n{"a":2}\n', False),
        ],
    )
    def test_lines_that_are_values_make_json_lines(self, text: str, *, document: bool) -> None:
        assert is_one_document(text, whole=True) is document

    def test_a_cut_last_line_does_not_count(self) -> None:
        assert not is_one_document('{"a":1}\n{"a":', whole=False)
        assert is_one_document('[{"a":1},\n{"a":', whole=False)
