"""A few pieces of a dataset's text: beginning, middle and end, always the same ones, in whole lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, List, NamedTuple, Sequence

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.metadata.text_encoding import TextEncoding, decode_head, inflate_head, is_gzip

if TYPE_CHECKING:
    from nuvyn_executor.model import FileEntry
    from nuvyn_executor.sources.base import DataSource

CHUNK_BYTES = 128 * 1024
FILES = 5


class Chunk(NamedTuple):
    """A piece of a file.

    Attributes:
        text: lines; the first one is never a part of a line.
        is_first: it begins where the file begins.
        is_cut: more follows, and its last line may be a part of one.
    """

    text: str
    is_first: bool
    is_cut: bool

    def whole_lines(self) -> str:
        """Give the text without the line that was cut."""
        if not self.is_cut:
            return self.text
        return self.text[: max(self.text.rfind("\n"), self.text.rfind("\r")) + 1]


def sampled_files(files: Sequence[FileEntry]) -> List[FileEntry]:
    """Choose at most five files, evenly spaced, the first and the last among them."""
    if len(files) <= FILES:
        return list(files)
    return [files[index * (len(files) - 1) // (FILES - 1)] for index in range(FILES)]


def read_chunks(
    source: DataSource, entry: FileEntry, encoding: TextEncoding, *, head_only: bool
) -> List[Chunk]:
    """Read beginning, middle and end of a file; a single chunk that is not cut is all of it.

    Args:
        source: where the file lies.
        entry: the file; gzip is inflated, and of gzip and UTF-16 only the beginning is read.
        encoding: how it is encoded.
        head_only: read the beginning only, because a record may be several lines.

    Raises:
        DatasetUnreadable: the source cannot read it, or it is gzip that does not inflate.
    """
    whole_bytes = 3 * CHUNK_BYTES
    head = source.read_range(entry, 0, whole_bytes)
    is_whole = len(head) < whole_bytes or entry.size_bytes == whole_bytes
    if is_gzip(head):
        try:
            head, ended = inflate_head(head, whole_bytes)
        except ValueError as error:
            raise DatasetUnreadable(
                f"{entry.name} is a damaged gzip file ({error}).", "Write or copy the file again."
            ) from error
        is_whole, head_only = is_whole and ended, True
    if is_whole or head_only or encoding.is_wide:
        return [Chunk(decode_head(head, encoding, whole=is_whole), is_first=True, is_cut=not is_whole)]
    first = Chunk(decode_head(head[:CHUNK_BYTES], encoding), is_first=True, is_cut=True)
    middle, last = (entry.size_bytes - CHUNK_BYTES) // 2, entry.size_bytes - CHUNK_BYTES
    return [first, _later(source, entry, middle, encoding), _later(source, entry, last, encoding)]


def _later(source: DataSource, entry: FileEntry, offset: int, encoding: TextEncoding) -> Chunk:
    # One byte earlier: when that is a line's end, the first line is whole.
    data = source.read_range(entry, offset - 1, CHUNK_BYTES + 1)
    is_cut = offset + CHUNK_BYTES < entry.size_bytes
    text = data.decode(encoding.codec, "replace")
    line_end = re.search(r"\r?\n", text) or re.search(r"\r", text)
    return Chunk(text[line_end.end() :] if line_end else "", is_first=False, is_cut=is_cut)
