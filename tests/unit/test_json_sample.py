"""Documents of a text, and the fields that they have together."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import pytest

from nuvyn_executor.reading.json_sample import JsonField, Seen, parse_documents, parse_lines, shortened


def schema_of(documents: List[Dict[str, Any]]) -> Tuple[JsonField, ...]:
    seen = Seen()
    for document in documents:
        seen.see(document)
    return seen.children()


class TestJsonShape:
    """ "fields in order of first appearance over the sample; conflicts -> scalar text" """

    def test_objects_nest_and_arrays_of_objects_have_their_fields(self) -> None:
        documents: List[Dict[str, Any]] = [
            {"id": 1, "at": {"city": "Rome"}, "tags": ["a"], "lines": [{"n": 1}, {"price": 2.5}]},
            {"late": None, "at": {"zip": "00100"}, "id": None, "lines": []},
        ]
        assert schema_of(documents) == (
            JsonField("id", "scalar"),
            JsonField("at", "object", (JsonField("city", "scalar"), JsonField("zip", "scalar"))),
            JsonField("tags", "array"),
            JsonField("lines", "array", (JsonField("n", "scalar"), JsonField("price", "scalar"))),
            JsonField("late", "scalar"),
        )

    @pytest.mark.parametrize("other", [1, "x", True, [1], [{"b": 1}]])
    def test_what_is_of_several_kinds_is_a_scalar(self, other: object) -> None:
        assert schema_of([{"a": {"b": 1}}, {"a": other}]) == (JsonField("a", "scalar"),)

    def test_null_is_of_no_kind(self) -> None:
        assert schema_of([{"a": None}, {"a": {"b": 1}}]) == (
            JsonField("a", "object", (JsonField("b", "scalar"),)),
        )

    def test_an_object_without_fields_has_no_columns(self) -> None:
        assert schema_of([{"a": {}}]) == (JsonField("a", "scalar"),)

    def test_an_array_of_objects_and_others_has_no_fields(self) -> None:
        assert schema_of([{"a": [{"b": 1}, 2]}]) == (JsonField("a", "array"),)


class TestDocuments:
    """ "`json` (lines and one document)" """

    @pytest.mark.parametrize(
        ("text", "values", "has_ended"),
        [
            ('[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}], True),
            ('[\n{"a":1},\n{"a":2}\n]\n', [{"a": 1}, {"a": 2}], True),
            ('\ufeff [1, "x", null]', [1, "x", None], True),
            ("[]", [], True),
            ("", [], True),
            ('{"a":\n1}\n{"a":\n2}', [{"a": 1}, {"a": 2}], True),
            ('[{"a":1},{"a":', [{"a": 1}], False),
            ('[{"a":1},', [{"a": 1}], False),
            ('[{"a":1}] and more', [{"a": 1}], False),
            ('{"a":1} broken', [{"a": 1}], False),
            ("[" * 100_000, [], False),
        ],
        ids=range(11),
    )
    def test_the_elements_of_an_array_or_one_document_after_another(
        self, text: str, values: List[object], *, has_ended: bool
    ) -> None:
        assert parse_documents(text) == (values, has_ended)

    def test_lines_are_values_or_none(self) -> None:
        assert list(parse_lines('{"a":1}\n\nbroken\n[1]\n 5')) == [{"a": 1}, None, [1], 5]


class TestShortened:
    """Of a text the first characters, and of an array those of its JSON."""

    @pytest.mark.parametrize(
        ("value", "cut"),
        [
            ("12345678", "12345"),
            ("123", "123"),
            (123_456_789, 123_456_789),
            (None, None),
            ({"b": "12345678"}, {"b": "12345"}),
            ([1, 2, 3], "[1, 2"),
            ({"b": [1]}, {"b": "[1]"}),
        ],
    )
    def test_a_value_is_cut(self, value: object, cut: object) -> None:
        assert shortened({"a": value}, 5) == {"a": cut}


class TestRepeatedKeys:
    """ "Duplicate keys are counted as a finding." """

    @pytest.mark.parametrize(
        ("text", "repeated"),
        [
            ('{"a":1,"a":2,"a":3}\n{"a":1}\n{"a":1,"a":1}', {"a": 2}),
            ('{"x":{"a":1,"a":2}}', {"x.a": 1}),
            ('{"x":[{"a":1,"a":2},{"a":1,"a":2}]}', {"x.a": 2}),
            ('{"x":{"a":1},"x":{"a":2}}', {"x": 1}),
            ('{"a":1,"A":2}', {}),
            ('{"a":1}', {}),
        ],
    )
    def test_objects_are_counted_at_their_place(self, text: str, repeated: Dict[str, int]) -> None:
        for documents in (list(parse_lines(text)), parse_documents(text)[0]):
            seen = Seen()
            for one in documents:
                seen.see(one)
            assert seen.repeated() == repeated
