"""The first 2 KB of a text, cut at a character."""

from __future__ import annotations

import gzip
from typing import Optional

import pytest

from nuvyn_executor.discovery.file_head import FileHead
from nuvyn_executor.reading.previews import PREVIEW_BYTES, text_preview


def preview(content: bytes, encoding: Optional[str] = None) -> str:
    return text_preview(FileHead(content[: 4 * PREVIEW_BYTES]), encoding)


class TestPreview:
    """ "first 2 KB of each file (as text), cut at a character, not inside one" """

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    @pytest.mark.parametrize("shift", range(8))
    def test_no_cut_falls_inside_a_character(self, codec: str, shift: int) -> None:
        text = "a" * shift + "name,é日😀\n" * 1000
        shown = preview(text.encode(codec))
        assert text.startswith(shown)
        assert "\ufffd" not in shown
        assert 0 <= PREVIEW_BYTES - len(shown.encode(codec)) < 4

    def test_a_short_text_is_shown_whole(self) -> None:
        assert preview("id,näme\n1,é\n".encode()) == "id,näme\n1,é\n"
        assert preview(b"") == ""

    def test_latin_1_is_decoded_as_such(self) -> None:
        assert preview("id;näme\n".encode("iso-8859-1")) == "id;näme\n"
        assert preview("id;€\n".encode("cp1252")) == "id;€\n"

    def test_an_encoding_that_is_known_is_not_guessed_again(self) -> None:
        assert preview("é".encode(), "ISO-8859-1") == "Ã©"

    def test_gzip_is_inflated_before_it_is_measured(self) -> None:
        text = "0123456789" * 1000
        assert preview(gzip.compress(text.encode())) == text[:PREVIEW_BYTES]

    def test_only_bytes_that_are_damaged_in_the_file_are_shown_as_such(self) -> None:
        assert preview("é".encode() * 10 + b"\xff\n") == "é" * 10 + "\ufffd\n"

    def test_a_damaged_gzip_is_an_error(self) -> None:
        packed = bytearray(gzip.compress(b"a;b\n" * 100))
        packed[12:20] = b"\xff" * 8
        with pytest.raises(ValueError, match="decompressing"):
            preview(bytes(packed))
