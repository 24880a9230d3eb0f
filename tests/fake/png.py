"""Small PNGs, and a program that draws one."""

from __future__ import annotations

import binascii
import struct
import zlib

from fake_databricks.engine.inside.pictures import SIGNATURE

DRAWS_PNG = """
import base64
class Picture:
    def __init__(self, png): self.png = png
    def _repr_png_(self): return self.png
picture = Picture(base64.b64decode({!r}))
"""


def chunk(kind: bytes, content: bytes) -> bytes:
    """One part of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width: int = 2, height: int = 1, padding: int = 0) -> bytes:
    """A black PNG; without its pixels if they would be many."""
    pixels = b"".join(bytes(1 + 3 * width) for _ in range(height)) if width * height < 10_000 else b""
    return (
        SIGNATURE
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"tEXt", b"x" * padding)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


PNG = png_of()
TEXT = binascii.b2a_base64(PNG, newline=False).decode()
URL = f"data:image/png;base64,{TEXT}"
