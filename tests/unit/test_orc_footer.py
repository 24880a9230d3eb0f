"""How many rows an ORC file says that it has."""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.reading.orc_footer import rows_of

FOOTER = b"\x08\x03\x10\xe8\x07\x30\xb9\x60"  # header 3, content 1000, rows 12345
MAGIC = b"\x82\xf4\x03\x03ORC"


def chunk(content: bytes, *, plain: bool = False) -> bytes:
    return (len(content) << 1 | plain).to_bytes(3, "little") + content


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


def orc(footer: bytes, kind: int, *, script: Optional[bytes] = None) -> bytes:
    tail = bytes([8, len(footer), 16, kind]) + MAGIC if script is None else script
    return b"ORC" + b"\0" * 1000 + footer + tail + bytes([len(tail)])


def rows(content: bytes) -> Optional[int]:
    return rows_of(lambda at, length: content[at : at + length], len(content))


class TestRows:
    """Issue: "Rows read against rows declared, for every columnar file" """

    @pytest.mark.parametrize(
        ("footer", "kind", "count"),
        [
            (FOOTER, 0, 12345),
            (chunk(deflated(FOOTER)), 1, 12345),
            (chunk(FOOTER, plain=True), 1, 12345),
            (chunk(FOOTER[:4], plain=True) + chunk(deflated(FOOTER[4:])), 1, 12345),
            (chunk(b"\x08\x1c" + FOOTER), 2, 12345),
            # a copy of what stands there, which is an empty stripe: six of them
            (chunk(b"\x0f\x04\x1a\x00\x19\x02\x08\x30\xb9\x60"), 2, 12345),
            (FOOTER, 5, None),
            (b"\x08\x03\x30\x00", 0, 0),
        ],
    )
    def test_are_in_the_footer(self, footer: bytes, kind: int, count: Optional[int]) -> None:
        assert rows(orc(footer, kind)) == count

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"ORC",
            b"ORC" + b"\0" * 300,
            orc(chunk(b"no deflate"), 1),
            orc(chunk(b"\x08\x02\x05"), 2),
            orc(b"\x07", 0),
            orc(FOOTER, 0, script=b"\x08\x00\x10\x00" + MAGIC),
        ],
    )
    def test_what_is_damaged_has_none(self, content: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            rows(content)

    @given(st.binary(max_size=80), st.integers(0, 6))
    def test_nothing_else_is_raised(self, footer: bytes, kind: int) -> None:
        found = None
        with suppress(ValueError):
            found = rows(orc(footer, kind))
        assert found is None or found >= 0
