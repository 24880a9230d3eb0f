"""Pictures: how a value draws itself as a PNG, and whether bytes are one. For the server, too."""

from __future__ import annotations

import binascii
import io
import struct
import zlib
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_BYTES = 3_000_000
MAX_PIXELS = 50_000_000
NO_PNG = "What should be a picture is no PNG, so nothing is drawn."


DRAWN = "drawn_by_fake_databricks"
"""The attribute of a figure of matplotlib that was drawn; it is not drawn again at the end of its cell."""


class NoPicture(Exception):  # noqa: N818  the message says why
    """A value cannot be drawn as a picture."""


def png_of(value: Any) -> bytes | None:
    """Return how a value draws itself as a PNG: by ``_repr_png_``, or as a figure of matplotlib.

    Returns:
        None where it does not.

    Raises:
        NoPicture: what it returns is no PNG, or too large.
    """
    method = getattr(type(value), "_repr_png_", None)
    found = method(value) if callable(method) else None
    if isinstance(found, tuple) and found:  # IPython allows metadata beside it
        found = found[0]
    if found is None:
        found = _drawn_by_matplotlib(value)
    if found is None:
        return None
    if not isinstance(found, (bytes, bytearray)):
        raise NoPicture(NO_PNG)
    size_of(found)
    return bytes(found)


def _drawn_by_matplotlib(value: Any) -> bytes | None:
    if not any(kind.__module__.partition(".")[0] == "matplotlib" for kind in type(value).__mro__):
        return None
    for item in (value, getattr(value, "figure", None)):  # what stands in a figure names it
        save = getattr(item, "savefig", None)
        if callable(save):
            written = io.BytesIO()
            save(written, format="png", bbox_inches="tight")
            setattr(item, DRAWN, True)
            return written.getvalue()
    return None


def text_of(png: bytes) -> str:
    """Return a PNG in base64."""
    return binascii.b2a_base64(png, newline=False).decode()


def png_in(text: str) -> bytes:
    """Return the PNG that a text in base64 holds.

    Raises:
        NoPicture: it holds no PNG, or one that is too large.
    """
    try:
        png = binascii.a2b_base64(text)
    except ValueError:
        raise NoPicture(NO_PNG) from None
    size_of(png)
    return png


def size_of(png: bytes | bytearray) -> tuple[int, int]:
    """Return the width and the height of a PNG, in pixels; each of its parts is checked, not its pixels.

    Raises:
        NoPicture: it is no PNG, or too large.
    """
    if len(png) > MAX_BYTES:
        raise NoPicture(f"A picture of {len(png):,} bytes is not drawn; the most are {MAX_BYTES:,}.")
    if not png.startswith(SIGNATURE) or png[8:16] != b"\x00\x00\x00\rIHDR" or not _is_whole(png):
        raise NoPicture(NO_PNG)
    width, height = struct.unpack_from(">II", png, 16)
    if not 0 < width * height <= MAX_PIXELS:
        raise NoPicture(f"A picture of {width} by {height} pixels is not drawn; the most are {MAX_PIXELS:,}.")
    return width, height


def _is_whole(png: bytes | bytearray) -> bool:
    """Whether the parts of a PNG follow each other to its end, each with its checksum."""
    place = len(SIGNATURE)
    while place + 12 <= len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        end: int = place + 12 + length
        if png[end - 4 : end] != struct.pack(">I", zlib.crc32(png[place + 4 : end - 4])):
            return False
        if kind == b"IEND":
            return len(png) == end
        place = end
    return False
