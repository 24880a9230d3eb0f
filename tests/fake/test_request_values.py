from __future__ import annotations

from typing import Any

import pytest

from fake_databricks.errors import InvalidParameter, MalformedRequest
from fake_databricks.request.values import (
    READERS,
    Field,
    all_unknown_fields,
    read_bytes,
    read_fields,
    read_texts,
)

FIELDS = {
    "count": Field("integer"),
    "note": Field("text", "recorded"),
    "schedule": Field("object", "refused", "no run is started by a clock here"),
}


class TestReaders:
    """integers and booleans may be text; numbers are taken where text is expected"""

    @pytest.mark.parametrize(
        ("kind", "value", "expected"),
        [
            ("integer", 7, 7),
            ("integer", "7", 7),
            ("integer", " +7 ", 7),
            ("integer", "-1", -1),
            ("boolean", True, True),
            ("boolean", "True", True),
            ("boolean", "false", False),
            ("text", "x", "x"),
            ("text", "", ""),
            ("text", 7, "7"),
            ("text", 1.5, "1.5"),
            ("scalar", True, "true"),
            ("scalar", 2, "2"),
            ("number", "1.5", 1.5),
            ("number", -1, -1.0),
            ("list", [1], [1]),
            ("object", {"a": 1}, {"a": 1}),
        ],
    )
    def test_what_clients_send_is_read(self, kind: str, value: Any, expected: Any) -> None:
        assert READERS[kind]("f", value) == expected

    @pytest.mark.parametrize(
        ("kind", "value", "words"),
        [
            ("integer", True, "'f' must be an integer, got True"),
            ("integer", 1.0, "must be an integer, got 1.0"),
            ("integer", "1e3", "must be an integer, got '1e3'"),
            ("integer", "1" * 20, "must be an integer"),
            ("integer", None, "must be an integer, got None"),
            ("boolean", 1, "'f' must be true or false, got 1"),
            ("boolean", "yes", "must be true or false, got 'yes'"),
            ("text", True, "'f' must be a string, got True"),
            ("text", ["x"], "must be a string"),
            ("scalar", [], "'f' must be a string"),
            ("number", True, "'f' must be a number, got True"),
            ("number", "much", "'f' must be a number, got 'much'"),
            ("number", 10**400, "'f' must be a number"),
            ("number", "inf", "'f' must be a number"),
            ("list", "x", "'f' must be a list, got 'x'"),
            ("object", [1], "'f' must be an object, got \\[1\\]"),
        ],
    )
    def test_another_type_is_refused_with_field_and_value(self, kind: str, value: Any, words: str) -> None:
        with pytest.raises(InvalidParameter, match=words):
            READERS[kind]("f", value)

    def test_a_long_value_is_cut_in_the_message(self) -> None:
        with pytest.raises(InvalidParameter) as caught:
            READERS["integer"]("f", "x" * 1000)
        assert caught.value.message.endswith("x....")
        assert len(caught.value.message) < 110

    def test_an_element_of_a_list_is_named_by_its_place(self) -> None:
        assert read_texts("f", ["a", 1]) == ("a", "1")
        with pytest.raises(InvalidParameter, match=r"'f\[1\]' must be a string"):
            read_texts("f", ["a", None])


class TestFields:
    """a field is honoured, recorded or refused; null counts as absent; unknown fields are ignored as there"""

    @pytest.mark.parametrize(
        ("document", "expected"),
        [
            ({}, {}),
            ({"count": "3"}, {"count": 3}),
            ({"count": None}, {}),
            ({"note": "x"}, {"note": "x"}),
            ({"unknown": [1]}, {"unknown": [1]}),
            ({"schedule": None}, {}),
            ({"schedule": {"pause_status": "PAUSED"}}, {"schedule": {"pause_status": "PAUSED"}}),
        ],
    )
    def test_known_values_get_their_type(self, document: dict[str, Any], expected: dict[str, Any]) -> None:
        assert read_fields(document, FIELDS) == expected

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            ({"count": "x"}, "Field 'tasks.count' must be an integer, got 'x'."),
            ({"schedule": {}}, "Field 'tasks.schedule' is not supported: no run is started by a clock here."),
            (
                {"schedule": {"pause_status": "UNPAUSED"}},
                "Field 'tasks.schedule' is not supported: no run is started by a clock here.",
            ),
        ],
    )
    def test_a_refusal_names_the_field_and_where_it_stands(
        self, document: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(InvalidParameter) as caught:
            read_fields(document, FIELDS, "tasks.")
        assert caught.value.message == message

    def test_a_text_may_have_a_few_values_only(self) -> None:
        field = Field("text", choices=("ASC", "DESC"))
        assert field.read("f", "ASC") == "ASC"
        with pytest.raises(InvalidParameter, match="'f' must be one of ASC, DESC, got 'UP'"):
            field.read("f", "UP")

    def test_unknown_fields_are_found_in_objects_and_lists(self) -> None:
        inner = Field("object", parts={"name": Field("text")})
        fields = {"one": inner, "many": Field("list", each=inner), "other": Field("object")}
        document = {"one": {"nam": 1}, "many": [{"x": 1}, 1], "other": {"y": 1}, "on": 1}
        assert all_unknown_fields(document, fields) == [
            "Field 'on' is not known; was 'one' meant?",
            "Field 'one.nam' is not known; was 'one.name' meant?",
            "Field 'many.x' is not known.",
        ]
        assert all_unknown_fields([], fields) == []


class TestBase64:
    """What `Base64.getDecoder()` of the JVM takes (tried with Java 17): padding may be left out"""

    @pytest.mark.parametrize(
        ("text", "length"),
        [("", 0), ("AA", 1), ("AA==", 1), ("AB", 1), ("AB==", 1), ("AAA", 2), ("AAA=", 2), ("AAAA", 3)],
    )
    def test_what_is_read(self, text: str, length: int) -> None:
        assert len(read_bytes("contents", text)) == length

    @pytest.mark.parametrize(
        "text",
        [
            *("=", "==", "A", "A=", "A===", "AA=", "AAA==", "AAAA=", "AAAA==", "AAAAB", "AA==AA"),
            *("A-_A", "AA\nAA", "AAAA\n", " AAAA", "AA\u00e9"),
        ],
    )
    def test_what_is_refused(self, text: str) -> None:
        with pytest.raises(MalformedRequest, match=r"^contents is not base64\.$"):
            read_bytes("contents", text)
