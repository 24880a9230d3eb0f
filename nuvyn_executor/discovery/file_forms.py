"""What the beginning of a file says on which others may be one table with it. Pure."""

from __future__ import annotations

import codecs
import hashlib
import re
from functools import lru_cache
from typing import NamedTuple

from nuvyn_executor.discovery.csv_layout import detect_layout, parse_records
from nuvyn_executor.discovery.dialects import HEAD_BYTES, detect_dialect, detect_header
from nuvyn_executor.discovery.json_layout import is_one_document
from nuvyn_executor.discovery.text_encoding import (
    decode_head,
    detect_encoding,
    encoding_named,
    inflate_head,
    is_gzip,
)
from nuvyn_executor.model import FileFormat

_FIRST_LINE = re.compile(rb"(?:[ \t]*[\r\n])*([^\r\n]*)")  # that is not blank


class Form(NamedTuple):
    """What the beginning of a file says on which others are of its kind.

    Attributes:
        text: the same for files that may be one table.
        is_ascii: it has no letter that would tell how it is encoded.
    """

    text: str
    is_ascii: bool = True


def form_of(name: str, file_format: FileFormat, head: bytes, *, whole: bool) -> Form:
    """Return which files one may be a table with, as far as its beginning tells.

    Columns of CSV are told by their places, so files of one table have one header, character by character, or
    none and as many fields. Records that may be several lines are read in another way, and so is JSON whose
    files are documents. Columns of Parquet and JSON are told by their names, so they need not be the same.

    Args:
        name: the file's name.
        file_format: what it is.
        head: its first bytes, gzip or not; they inflate.
        whole: ``head`` is the entire file.
    """
    if file_format not in (FileFormat.CSV, FileFormat.JSON):
        return Form("")
    if is_gzip(head):
        head, ended = inflate_head(head, HEAD_BYTES)
        whole = whole and ended
    if file_format is FileFormat.CSV:
        return Form(_csv_form(name, head, whole=whole), head.isascii())
    text = decode_head(head, detect_encoding(head, whole=whole), whole=whole)
    return Form("document" if is_one_document(text, whole=whole) else "lines", head.isascii())


def _csv_form(name: str, head: bytes, *, whole: bool) -> str:
    start = head[len(codecs.BOM_UTF8) :] if head.startswith(codecs.BOM_UTF8) else head
    found = _FIRST_LINE.match(start)
    line = found.group(1) if found else b""
    is_header = _is_surely_a_header(line)
    if is_header and not _has_open_quote(head, whole=whole):
        return _digest(line)
    dialect = detect_dialect(head, name, whole=whole)
    text = decode_head(head, encoding_named(dialect.encoding), whole=whole)
    first = next(parse_records(text, dialect.delimiter, dialect.quote), [])
    if not is_header and not dialect.header:
        return f"{dialect.delimiter}{len(first)}{dialect.multiline}"
    return _digest(repr(first).encode() if dialect.multiline else line)


@lru_cache(maxsize=64)  # a line may be as long as the head
def _is_surely_a_header(line: bytes) -> bool:
    """Whether a line names columns, whatever comes below it."""
    text = decode_head(line, detect_encoding(line, whole=True), whole=True)
    return detect_header(detect_layout(text, whole=True).records)


def _has_open_quote(head: bytes, *, whole: bool) -> bool:
    """Whether a line has a quote that is closed in a later one, if at all."""
    if b'"' not in head:
        return False
    lines = head.split(b"\n") if whole else head.split(b"\n")[:-1]
    return any(line.count(b'"') % 2 for line in lines)


def _digest(line: bytes) -> str:
    return hashlib.blake2b(line, digest_size=8).hexdigest()
