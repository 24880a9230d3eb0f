"""Which encoding a text is in, and its characters."""

from __future__ import annotations

import codecs

import pytest

from nuvyn_executor.discovery.text_encoding import (
    ENCODINGS,
    decode,
    detect_encoding,
    encoding_named,
    is_binary,
)


class TestDetection:
    """A byte order mark, then zero bytes, then UTF-8, then what the bytes 80-9F say."""

    @pytest.mark.parametrize(
        ("content", "encoding"),
        [
            (b"", "UTF-8"),
            (b"id,name\n", "UTF-8"),
            (codecs.BOM_UTF8 + b"\xff", "UTF-8"),
            ("näme".encode(), "UTF-8"),
            ("日本".encode()[:-1], "UTF-8"),
            ("é".encode() * 10 + b"\xff", "UTF-8"),
            ("näme".encode("iso-8859-1"), "ISO-8859-1"),
            ("€ “x”".encode("cp1252"), "windows-1252"),
            (b"\xe9,\xff", "ISO-8859-1"),
            ("id,n".encode("utf-16"), "UTF-16"),
            (codecs.BOM_UTF16_BE + "id".encode("utf-16-be"), "UTF-16"),
            ("id,name".encode("utf-16-le"), "UTF-16LE"),
            ("id,name".encode("utf-16-be"), "UTF-16BE"),
        ],
        ids=range(13),
    )
    def test_an_encoding_is_detected(self, content: bytes, encoding: str) -> None:
        assert detect_encoding(content).java == encoding

    def test_the_last_character_of_a_whole_text_is_not_cut(self) -> None:
        assert detect_encoding(b"caf\xc3", whole=False).java == "UTF-8"
        assert detect_encoding(b"caf\xc3", whole=True).java == "ISO-8859-1"

    @pytest.mark.parametrize("known", ENCODINGS, ids=lambda one: one.java)
    def test_each_is_found_by_the_name_that_spark_knows(self, known: object) -> None:
        assert encoding_named(str(getattr(known, "java", ""))) == known

    def test_another_name_is_taken_for_that_of_python_too(self) -> None:
        assert encoding_named("Shift_JIS").codec == "Shift_JIS"

    def test_line_ends_of_utf_16_are_two_bytes(self) -> None:
        assert [one.java for one in ENCODINGS if one.is_wide] == ["UTF-16", "UTF-16LE", "UTF-16BE"]


class TestDecoding:
    """The end may be cut inside a character."""

    @pytest.mark.parametrize(
        ("content", "java", "cut", "whole"),
        [
            (b"a\xc3", "UTF-8", "a", "a\ufffd"),
            (b"a\xffb", "UTF-8", "a\ufffdb", "a\ufffdb"),
            (codecs.BOM_UTF8 + b"a", "UTF-8", "a", "a"),
            (b"a\x00b", "UTF-16LE", "a", "a\ufffd"),
            (b"caf\xe9", "ISO-8859-1", "café", "café"),
        ],
        ids=range(5),
    )
    def test_an_incomplete_character_is_left_out_unless_the_text_ends_there(
        self, content: bytes, java: str, cut: str, whole: str
    ) -> None:
        encoding = encoding_named(java)
        assert (decode(content, encoding), decode(content, encoding, whole=True)) == (cut, whole)

    @pytest.mark.parametrize(
        ("text", "binary"),
        [
            ("", False),
            ("a,b\t\r\n\x0c\x1b", False),
            ("x" * 200 + "\0", False),
            ("x" * 50 + "\0", False),
            ("x" * 50 + "\0\0", True),
            ("x" * 5 + "\0", True),
            ("\x01\x02", True),
            ("a\x01b\n1\x012\n", False),
        ],
        ids=range(8),
    )
    def test_more_than_one_control_character_in_a_hundred_is_no_text(
        self, text: str, *, binary: bool
    ) -> None:
        assert is_binary(text) is binary
