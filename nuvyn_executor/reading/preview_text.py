"""The first lines of a text file, for people to read. Pure."""

from __future__ import annotations

from typing import Optional

from nuvyn_executor.discovery.text_encoding import (
    decode_head,
    detect_encoding,
    encoding_named,
    inflate_head,
    is_gzip,
)

PREVIEW_BYTES = 2048


def preview_text(head: bytes, encoding: Optional[str] = None) -> str:
    """Decode the first 2 KB of a text, cut at a character and not inside one.

    gzip is inflated before it is measured, and a byte order mark is left out. U+FFFD stands only for bytes
    that are damaged in the file, never for the cut.

    Args:
        head: the first bytes of the file, 2 KB or more of them where there are more.
        encoding: a Java charset name, as in :class:`~nuvyn_executor.model.CsvDialect`; ``None``: detected.

    Raises:
        ValueError: gzip that does not inflate.
    """
    if is_gzip(head):
        head, _ = inflate_head(head, 2 * PREVIEW_BYTES)
    known = encoding_named(encoding) if encoding else detect_encoding(head)
    return decode_head(head[:PREVIEW_BYTES], known)
