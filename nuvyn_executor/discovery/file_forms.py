"""Find which files may be one table, by their beginnings. Pure."""

from __future__ import annotations

import codecs
import hashlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from nuvyn_executor.discovery.csv_layout import detect_layout, parse_records
from nuvyn_executor.discovery.dialects import detect_dialect, detect_header
from nuvyn_executor.discovery.file_head import FileHead
from nuvyn_executor.discovery.json_layout import JsonLayout, layout_of

if TYPE_CHECKING:
    from nuvyn_executor.model import FileFormat

_FIRST_LINE = re.compile(rb"(?:[ \t]*[\r\n])*([^\r\n]*)")  # that is not blank


class Form(NamedTuple):
    """A mark that files have in common which may be one table.

    Attributes:
        text: the same for files that may be one table.
        is_ascii: the beginning has ASCII characters only, so it does not show how the file is encoded.
    """

    text: str
    is_ascii: bool = True


def form_of(name: str, file_format: FileFormat, head: FileHead) -> Form:
    """Return the form of a file; files of different forms are never one table.

    Columns of CSV are identified by their places, so files of one table have the same header, character by
    character, or none and as many fields. CSV whose records may be several lines is read in another way, and
    so is JSON whose files are documents. Columns of other formats are identified by their names, so they need
    not be the same.

    Args:
        name: the file's name.
        file_format: its format.
        head: its beginning; gzip that inflates.
    """
    if file_format.has_dialect:
        return Form(_csv_form(name, head), head.data.isascii())
    if file_format.may_be_document:
        layout = layout_of(head.text, name, whole=head.is_whole)
        return Form(
            "lines" if layout == JsonLayout() else f"document {layout.records_at}", head.data.isascii()
        )
    return Form("")


def _csv_form(name: str, head: FileHead) -> str:
    data = head.data
    start = data[len(codecs.BOM_UTF8) :] if data.startswith(codecs.BOM_UTF8) else data
    found = _FIRST_LINE.match(start)
    line = found.group(1) if found else b""
    is_header = _is_surely_a_header(line)
    if is_header and not _has_open_quote(data, whole=head.is_whole):
        return _digest(line)
    dialect = detect_dialect(head, name)
    first = next(parse_records(head.text, dialect.delimiter, dialect.quote, dialect.escape), [])
    if not is_header and not dialect.header:
        return f"{dialect.delimiter}{len(first)}{dialect.multiline}"
    return _digest(repr(first).encode() if dialect.multiline else line)


@lru_cache(maxsize=64)  # a line may be as long as the head
def _is_surely_a_header(line: bytes) -> bool:
    """Whether a line names columns, whatever comes below it."""
    return detect_header(detect_layout(FileHead(line, is_all=True).text, whole=True).records)


def _has_open_quote(data: bytes, *, whole: bool) -> bool:
    """Whether a line has a quote that is closed in a later line, or never."""
    if b'"' not in data:
        return False
    lines = data.split(b"\n") if whole else data.split(b"\n")[:-1]
    return any(line.count(b'"') % 2 for line in lines)


def _digest(line: bytes) -> str:
    return hashlib.blake2b(line, digest_size=8).hexdigest()
