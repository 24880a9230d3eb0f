"""The beginning of a file: its bytes, inflated where it is gzip, and its text."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Optional, Tuple

from nuvyn_executor.discovery.text_encoding import TextEncoding, decode, detect_encoding, is_binary

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry
    from nuvyn_executor.sources.base import DataSource

HEAD_BYTES = 65536
"""How much of a file decides what it is and how it is written; also how much of it is inflated."""


@dataclass(frozen=True)
class FileHead:
    """The first bytes of a file.

    What follows from them is computed when it is first asked for, and once.

    Attributes:
        raw: the bytes as they lie in the file.
        is_all: they are the entire file.
        limit: how many bytes to inflate at most.
        declared: the encoding, where it is known.
        delimiter: what separates fields, where the file says so (``sep=;``); else ``""``.
    """

    raw: bytes
    is_all: bool = False
    limit: int = HEAD_BYTES
    declared: Optional[TextEncoding] = None
    delimiter: str = ""

    @property
    def is_gzip(self) -> bool:
        """Whether the file begins like gzip."""
        return is_gzip(self.raw)

    @cached_property
    def content(self) -> FileHead:
        """The head of what a gzip file holds; of another file, this one.

        Raises:
            ValueError: it is gzip that does not inflate; so do all that follow.
        """
        if not self.is_gzip:
            return self
        inflated, rest = _inflate(self.raw, self.limit)
        return FileHead(inflated, self.is_all and rest == b"", self.limit)

    @property
    def has_other_end(self) -> bool:
        """Whether what follows the end of a gzip file is none."""
        rest = _inflate(self.raw, self.limit)[1] if self.is_gzip else None
        return bool(rest) and not is_gzip(rest or b"")

    @property
    def data(self) -> bytes:
        """The first bytes of the content."""
        return self.content.raw

    @property
    def is_whole(self) -> bool:
        """Whether :attr:`data` is the entire content."""
        return self.content.is_all

    @cached_property
    def encoding(self) -> TextEncoding:
        """How the content seems to be encoded."""
        if self.declared is not None:
            return self.declared
        if self.is_gzip:
            return self.content.encoding
        return detect_encoding(self.raw, whole=self.is_all)

    @cached_property
    def text(self) -> str:
        """The data as text. A character that the cut left incomplete is left out, a damaged one is U+FFFD."""
        return self.content.text if self.is_gzip else self.text_in(self.encoding)

    @cached_property
    def is_binary(self) -> bool:
        """Whether the data are no text. Telling how binary data would be encoded takes ten milliseconds."""
        return is_binary(self.text)

    def with_text(self, text: str, delimiter: str = "") -> FileHead:
        """Return the head of a file that has another text in the same encoding, and as much of it."""
        raw = text.encode(self.encoding.codec, "replace")
        return FileHead(raw, self.is_whole, self.limit, self.encoding, delimiter)

    def text_of(self, data: bytes) -> str:
        """Return another part of the file as text; a character that is not whole is U+FFFD."""
        return data.decode(self.encoding.codec, "replace")

    def text_in(self, encoding: TextEncoding) -> str:
        """Return the data as text of an encoding that is known."""
        return decode(self.data, encoding, whole=self.is_whole)


def read_head(source: DataSource, entry: FileEntry, size: int = HEAD_BYTES) -> FileHead:
    """Read the first bytes of a file; of a packed one, of its content.

    Raises:
        DatasetUnreadable: the file has vanished, may not be read, or the storage failed.
    """
    if entry.is_packed:  # how long its content is shows only at its end
        raw = source.read_range(entry, 0, size + 1)
        return FileHead(raw[:size], len(raw) <= size, size)
    raw = source.read_range(entry, 0, size)
    return FileHead(raw, len(raw) < size or entry.size_bytes == size, size)


def is_gzip(data: bytes) -> bool:
    """Whether bytes begin like gzip."""
    return data[:3] == b"\x1f\x8b\x08"


def _inflate(raw: bytes, limit: int) -> Tuple[bytes, Optional[bytes]]:
    """Inflate the beginning of a gzip file, ``limit`` bytes at most.

    Returns:
        The inflated bytes, and the raw bytes behind the last member, zeros left out: padding, as of tapes.
        ``None``: that member has not ended.

    Raises:
        ValueError: the bytes do not inflate.
    """
    inflated = b""
    rest = raw
    while rest[:2] == b"\x1f\x8b" and len(inflated) < limit:  # a gzip file may have several members
        member = zlib.decompressobj(31)
        try:
            inflated += member.decompress(rest, limit - len(inflated))
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if not member.eof:
            return inflated, None
        rest = member.unused_data if member.unused_data.strip(b"\0") else b""
    return inflated, rest
