"""JSON files whose documents Spark does not see."""

from __future__ import annotations

import json
from typing import List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.discovery.json_layout import JsonLayout, array_at, layout_of
from nuvyn_executor.reading.json_documents import documents_in

LINES = JsonLayout(multiline=False)
DOCUMENT = JsonLayout(multiline=True)
STREAM = JsonLayout(multiline=True, records_at="")


def at(key: str) -> JsonLayout:
    return JsonLayout(multiline=True, records_at=key)


class TestLayout:
    """ "JSON documents one after another ... Wrapped data ...: the one array of objects is the table" """

    @pytest.mark.parametrize(
        ("text", "layout"),
        [
            ('{"a":1}\n{"a":2}\n', LINES),
            ('{"a":1}\n', LINES),
            ('{"a":[{"b":1}]}\n{"a":[]}\n', LINES),
            ('{"a":[{"b":1}]}\n', LINES),
            ('[{"a":1},{"a":2}]', DOCUMENT),
            ('{"a":3}{"a":4}', STREAM),
            ('{"a":3} {"a":4}\n', STREAM),
            ('{\n"a":3\n}\n{\n"a":4\n}', STREAM),
            ('{\n"a":3\n}{\n"a":4\n}', STREAM),
            ('\ufeff{"a":3}{"a":4}', STREAM),
            ('{\n"a":3\n}\n', DOCUMENT),
            ('{"data":[{"b":1}]}', at("data")),
            ('{"total":1,"list of":[{"b":1},{"b":2}],"next":null}', at("list of")),
            ('{"id":7,"name":"Anna","orders":[{"b":1},{"b":2}]}', LINES),
            ('{"id":7,"data":[{"b":1},{"b":2}]}', LINES),
            ('{"a":1},\n{"a":2},\n', STREAM),
            ('{"data":[{"b":1},{"b"', at("data")),
            ('{"x":[{"b":1},{"b":2}],"y":[{"c":1},{"c":1}]}', LINES),
            ('{"x":[1,2]}', LINES),
            ("{broken", LINES),
        ],
    )
    def test_of_a_whole_text(self, text: str, layout: JsonLayout) -> None:
        assert layout_of(text, "x.json", whole=True) == layout

    @pytest.mark.parametrize(
        ("text", "layout"),
        [
            ('{"meta":{"n":[{"a":1}]},"rows":[{"b":1},{"b":2},{"b', at("rows")),
            ('{"tags":[{},{}],"records":[{"b":1},{"b":2},{"b', at("records")),
            ('{"id":0,"items":[{"b":1},{"b":2},{"b', LINES),
            ('{"type":"FeatureCollection","features":[\n{"a":1},\n{"a":{"b"', at("features")),
            ('{"long":"' + "x" * 90, LINES),
            ('{"n":[{"a":', LINES),
        ],
    )
    def test_of_a_text_that_is_cut(self, text: str, layout: JsonLayout) -> None:
        assert layout_of(text, "x.json", whole=False) == layout

    def test_a_name_that_promises_lines_is_believed(self) -> None:
        assert layout_of('{"data":[{"b":1},{"b":2}]}', "x.jsonl", whole=True) == LINES

    def test_where_an_array_begins(self) -> None:
        text = '{"x": "data", "data" : [ {"a": 1}]}'
        assert array_at(text, "data") == text.index("[") + 1
        assert array_at(text, "x") is None
        assert array_at("[]", "x") is None


class TestDocuments:
    """Each document once, whatever stands between them."""

    @pytest.mark.parametrize(
        ("text", "key", "documents"),
        [
            (None, "", []),
            ("", "", []),
            ('{"a":1}{"a":2}', "", ['{"a":1}', '{"a":2}']),
            (' {"a":1}\n\n {"a":2} ', "", ['{"a":1}', '{"a":2}']),
            ('{"a":1}{oops}{"a":2}', "", ['{"a":1}', "{oops}", '{"a":2}']),
            ('{"a":1}\n{"a":\n{"a":3}', "", ['{"a":1}', '{"a":\n', '{"a":3}']),
            ('{"d":[{"a":1}, {"a":2}],"x":{}}', "d", ['{"a":1}', '{"a":2}']),
            ('{"d":[]}', "d", []),
            ('{"e":[]}', "d", ['{"e":[]}']),
            ('{"d":[{"a":1},{"a":x},{"a":3},{"a":4}]}', "d", ['{"a":1}', '{"a":x}', '{"a":3}', '{"a":4}']),
            ('{"a":1},\n{"a":2},\n', "", ['{"a":1}', '{"a":2}']),
            ('{"d":[{"a":1}, {"a"', "d", ['{"a":1}', '{"a"']),
        ],
    )
    def test_of_a_file(self, text: Optional[str], key: str, documents: List[str]) -> None:
        assert documents_in(text, key) == documents

    @given(
        st.lists(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.lists(st.text())))),
        st.text(" \n\t"),
    )
    def test_documents_come_back(self, documents: List[object], between: str) -> None:
        written = [json.dumps(one) for one in documents]
        assert documents_in(between.join(written), "") == written
        assert documents_in(json.dumps({"x": [1], "d": documents}), "d") == written
