from __future__ import annotations

from typing import Any, cast

import pytest

from fake_databricks.errors import InvalidParameter, MalformedRequest
from fake_databricks.request.call import Call, Controls, Parameters, read_query

FORM = {"content-type": "multipart/form-data; boundary=x"}


def call(query: str = "", body: bytes = b"", headers: dict[str, str] | None = None) -> Call:
    """A call that belongs to no workspace."""
    nothing = cast("Any", None)
    return Call(nothing, cast("Controls", nothing), "2.1", headers or {}, query, body)


class TestQuery:
    """GET with a JSON body, raw JSON in the query, repeated names"""

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", {}),
            ("a=1&b=x%20y", {"a": "1", "b": "x y"}),
            ("a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
            ("a=", {"a": ""}),
            ("%7B%22job_id%22%3A%207%7D", {"job_id": 7}),
            ('{"job_id": 7}', {"job_id": 7}),
        ],
    )
    def test_is_read_in_every_form(self, query: str, expected: dict[str, Any]) -> None:
        assert read_query(query) == expected

    def test_that_begins_as_json_must_be_json(self) -> None:
        with pytest.raises(MalformedRequest):
            read_query("{job_id}")


class TestBody:
    """a body is a JSON object or a form with files, whatever its Content-Type"""

    @pytest.mark.parametrize(
        ("query", "body", "expected"),
        [
            ("", b"", {}),
            ("", b"  ", {}),
            ("", b'{"a": 1}', {"a": 1}),
            ("a=2&b=3", b'{"a": 1}', {"a": 1, "b": "3"}),
            ("a=", b'{"b": null}', {}),
        ],
    )
    def test_counts_more_than_the_query(self, query: str, body: bytes, expected: dict[str, Any]) -> None:
        assert call(query, body).parameters.values == expected

    @pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"x=1", b"\xff"])
    def test_that_is_no_json_object_is_malformed(self, body: bytes) -> None:
        with pytest.raises(MalformedRequest, match="Invalid JSON given in the body"):
            _ = call("", body).parameters

    def test_of_a_form_has_fields_and_files(self) -> None:
        parts = (
            b'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n/p\r\n'
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="p.bin"\r\n\r\n'
            b"\x00\r\n\xff\r\n--x--\r\n"
        )
        made = call("", parts, FORM)
        assert made.parameters.values == {"path": "/p"}
        assert made.files == {"f": b"\x00\r\n\xff"}


class TestParameters:
    """an absent parameter is its default, or is named"""

    PRESENT = Parameters(
        {"n": "7", "t": "x", "b": "true", "l": ["a"], "o": {"k": 1}, "none": None, "empty": ""}
    )

    def test_what_is_present_has_its_type(self) -> None:
        read = self.PRESENT
        assert (read.integer("n"), read.text("t"), read.boolean("b")) == (7, "x", True)
        assert (read.list("l"), read.texts("l"), read.texts("t")) == (["a"], ("a",), ("x",))
        assert (read.object("o"), read.optional_integer("n")) == ({"k": 1}, 7)

    @pytest.mark.parametrize("name", ["none", "empty", "absent"])
    def test_what_is_absent_is_its_default(self, name: str) -> None:
        read = self.PRESENT
        assert not read.has(name)
        assert (read.integer(name, 3), read.text(name, "d"), read.boolean(name)) == (3, "d", False)
        assert (read.list(name), read.texts(name), read.object(name)) == ([], (), {})
        assert read.optional_integer(name) is None

    def test_what_is_required_and_absent_is_named(self) -> None:
        for read in (self.PRESENT.integer, self.PRESENT.text):
            with pytest.raises(InvalidParameter, match="Missing required field: absent"):
                read("absent")
        with pytest.raises(InvalidParameter, match="Missing required field: absent"):
            self.PRESENT.object("absent", required=True)
