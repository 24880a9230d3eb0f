"""Chunks of a text file: its beginning, middle and end, always the same ones, in whole lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Sequence, Tuple

from nuvyn_executor.discovery.file_head import FileHead, read_head
from nuvyn_executor.errors import DatasetUnreadable

if TYPE_CHECKING:
    from nuvyn_executor.discovery.text_encoding import TextEncoding
    from nuvyn_executor.model import FileEntry
    from nuvyn_executor.sources.base import DataSource

CHUNK_BYTES = 128 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""So much of the beginning of a file is read at most, where less does not hold a record."""
FILES = 5
_WIDER = 4  # times as much is read each time, so no more than a third of what is parsed is parsed in vain


class Chunk(NamedTuple):
    """A part of a file.

    Attributes:
        text: lines; the first is a whole one.
        is_first: it begins where the file begins.
        is_cut: more follows in the file, and the last line may be cut.
    """

    text: str
    is_first: bool
    is_cut: bool

    def whole_lines(self) -> str:
        """Return the text without the line that was cut."""
        if not self.is_cut:
            return self.text
        return self.text[: max(self.text.rfind("\n"), self.text.rfind("\r")) + 1]


class Excerpt(NamedTuple):
    """One or several chunks of a file.

    Attributes:
        size: how many bytes were read at most for the first chunk.
        chunks: the beginning of the file first. A single chunk that is not cut is the whole file.
    """

    size: int
    chunks: Tuple[Chunk, ...]

    @property
    def is_whole(self) -> bool:
        """Whether this is all of the file."""
        return not self.chunks[0].is_cut


def sampled_files(files: Sequence[FileEntry]) -> List[FileEntry]:
    """Choose at most five files, evenly spaced, the first and the last among them."""
    if len(files) <= FILES:
        return list(files)
    return [files[index * (len(files) - 1) // (FILES - 1)] for index in range(FILES)]


def excerpts(
    source: DataSource, entry: FileEntry, encoding: TextEncoding, *, head_only: bool
) -> Iterator[Excerpt]:
    """Read beginning, middle and end of a file; then, if asked to go on, more of the beginning each time.

    Ends where the file does, or at 64 MiB. The chunks from middle and end stay the same, until the beginning
    has grown into them.

    Args:
        source: where the file lies.
        entry: the file; gzip is inflated, and of gzip and UTF-16 only the beginning is read.
        encoding: how it is encoded.
        head_only: read the beginning only, because a record may be several lines.

    Raises:
        DatasetUnreadable: the source cannot read it, or it is gzip that does not inflate.
    """
    size = 3 * CHUNK_BYTES
    head = _head(source, entry, size)
    later: Tuple[Tuple[int, Chunk], ...] = ()
    if not (head.is_whole or head_only or head.is_gzip or encoding.is_wide):
        head = FileHead(head.raw[:CHUNK_BYTES])
        last = entry.size_bytes - CHUNK_BYTES
        later = tuple((offset, _later(source, entry, offset, encoding)) for offset in (last // 2, last))
    while True:
        is_whole, length = head.is_whole, len(head.data)
        first = Chunk(head.text_in(encoding), is_first=True, is_cut=not is_whole)
        del head  # the text is as large
        beyond = () if is_whole else tuple(chunk for offset, chunk in later if offset >= length)
        yield Excerpt(size, (first, *beyond))
        if is_whole or size >= MOST_BYTES:
            return
        del first
        size = min(_WIDER * size, MOST_BYTES)
        head = _head(source, entry, size)


def _head(source: DataSource, entry: FileEntry, size: int) -> FileHead:
    """Read the beginning, and inflate it."""
    head = read_head(source, entry, size)
    try:
        head.content  # noqa: B018  inflates
    except ValueError as error:
        raise DatasetUnreadable(
            f"{entry.name} is a damaged gzip file ({error}).", "Write or copy the file again."
        ) from error
    return head


def _later(source: DataSource, entry: FileEntry, offset: int, encoding: TextEncoding) -> Chunk:
    # One byte earlier: when that is a line's end, the first line is whole.
    data = source.read_range(entry, offset - 1, CHUNK_BYTES + 1)
    is_cut = offset + CHUNK_BYTES < entry.size_bytes
    text = data.decode(encoding.codec, "replace")
    line_end = re.search(r"\r?\n", text) or re.search(r"\r", text)
    return Chunk(text[line_end.end() :] if line_end else "", is_first=False, is_cut=is_cut)
