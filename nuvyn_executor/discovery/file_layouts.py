"""Find the files of a CSV dataset that are written in another way than its first. Pure.

They have other columns, the columns in another order, another delimiter, or no header. Columns are the same
where they have the same name, so that no value gets into a column because of its place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from nuvyn_executor.discovery.csv_layout import ESCAPE, complete_lines, lines_of, parse_records
from nuvyn_executor.discovery.dialects import could_be_names, detect_dialect, header_votes, is_value
from nuvyn_executor.model import column_names

if TYPE_CHECKING:
    from nuvyn_executor.discovery.file_head import FileHead
    from nuvyn_executor.model import CsvDialect

_COMPARED = 50  # records
_FEW_ROWS = 2
_STYLES = (re.compile(r"[a-z][a-z0-9]*(?:[ _-][a-z0-9]+)*"), re.compile(r"[A-Z][A-Z0-9]+(?:[ _-][A-Z0-9]+)*"))
_NO_NAMES = ("n/a", "na", "nan", "nil", "none", "null", "(null)", "\\n", "-", "--", "?", ".")


class Written(NamedTuple):
    """How a CSV file is written.

    Attributes:
        dialect: its dialect.
        columns: the names of its columns.
    """

    dialect: CsvDialect
    columns: Tuple[str, ...]


class FirstFile:
    """The first file of a dataset, with which the others are compared.

    Args:
        dialect: its dialect.
        head: its beginning, of which only the first line is kept.
    """

    def __init__(self, dialect: CsvDialect, head: FileHead) -> None:
        self.dialect = dialect
        self._line = _first_line(head)

    @cached_property
    def written(self) -> Written:
        """How it is written; no columns where its first record is no whole line of the head."""
        dialect = self.dialect
        quotes = self._line.count(dialect.quote)
        record = (
            next(parse_records(self._line, dialect.delimiter, dialect.quote, dialect.escape), [])
            if quotes % 2 == 0
            else []
        )
        record = [cell.strip() for cell in record] if dialect.trims else record
        return Written(dialect, column_names(record, header=dialect.header))

    def other(self, head: FileHead, name: str) -> Optional[Written]:
        """Return how another file is written; ``None`` if it is written as the first, or does not show it.

        A file that has no name of the first file's columns in its first record, and neither values nor a way
        of writing (``vorname`` above ``Ann``) that speak for a header, has none, and its columns are those of
        the first file. So are those of every file where the first one has no header.

        Args:
            head: the beginning of the other file; gzip that inflates.
            name: its name.
        """
        first = self.written
        # ASCII does not show an encoding.
        encoding = first.dialect.encoding if head.data.isascii() else head.encoding.java
        is_alike = encoding == first.dialect.encoding and _first_line(head) == self._line
        has_escapes = ESCAPE.encode() + first.dialect.quote.encode() in head.data
        if not first.columns or (is_alike and not has_escapes and not _has_open_quote(head)):
            return None
        detected = detect_dialect(head, name)
        escape = detected.escape if has_escapes else first.dialect.escape
        as_first = replace(first.dialect, encoding=encoding, multiline=detected.multiline, escape=escape)
        records = _records(head, as_first)
        dialect, is_header = as_first, _names_any(records, first)
        if not is_header:
            dialect = replace(detected, encoding=encoding)
            records = _records(head, dialect)
            is_header = _names_any(records, first)
        if not records:
            return None
        is_header = is_header or _speak_for_header(records) or _are_in_another_style(records)
        columns = first.columns
        if is_header and first.dialect.header:
            columns = _spelled_as(column_names(records[0], header=True), first)
        found = Written(replace(dialect, header=is_header), columns)
        return None if found == first else found

    def is_by_place(self, found: Written, head: FileHead) -> bool:
        """Whether a file, as :meth:`other` found it, is read by place, and its first record may be names."""
        if found.dialect.header or not self.dialect.header:
            return False
        records = _records(head, found.dialect)
        return len(records) > 1 and not header_votes(records) and could_be_names(records[0], records[1:])


class Fit(NamedTuple):
    """How rows fit a header that has not as many fields.

    Attributes:
        columns: the columns of the table.
        fields: the column of each field of a row; ``""`` for one that is no column.
        doubt: what to say about it; ``""`` for nothing.
    """

    columns: Tuple[str, ...]
    fields: Tuple[str, ...]
    doubt: str = ""


def fit_rows(head: FileHead, dialect: CsvDialect, names: Sequence[str] = ()) -> Optional[Fit]:
    """Return how rows fit their header; ``None`` where both have as many fields, or rows differ.

    A field behind the last one that is empty in all rows is a trailing delimiter. Bars may also stand at both
    ends of each line. Other fields are counted from the left.

    Args:
        head: the beginning of the file.
        dialect: how it is written.
        names: the names of the columns, where they are not those of the header.
    """
    records = _all_records(head, dialect) if dialect.header and dialect.delimiter else iter(())
    header, row = next(records, []), next(records, [])
    if not row or (len(row) == len(header) and header[-1].strip() and not names):
        return None  # as of most files, of which no more is parsed
    rows = [row, *records]
    widths = {len(one) for one in rows}
    if (
        dialect.delimiter == "|"
        and widths == {len(header)}
        and not any(_ends(one) for one in (header, *rows))
    ):
        return _framed(header)
    is_steady = len(rows) >= _FEW_ROWS and len(widths) == 1
    found = _fit([*names] or header, rows) if is_steady else None
    return found or (Fit(tuple(names), tuple(names)) if names else None)


def _ends(record: Sequence[str]) -> str:
    """Return what stands before the first bar and behind the last one."""
    return (record[0] + record[-1]).strip()


def _framed(header: Sequence[str]) -> Fit:
    """Fit the fields of rows that begin and end with a bar."""
    names = column_names([cell.strip() for cell in header[1:-1]], header=True)
    return Fit(names, ("", *names, ""))


def _fit(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Optional[Fit]:
    """Fit rows of one width to a header; see :func:`fit_rows`."""
    names, width = column_names(header, header=True), len(rows[0])
    ends_blank = all(not row[-1].strip() for row in rows)
    if width == len(names):
        is_trailing = ends_blank and len(names) > 1 and not header[-1].strip()
        return Fit(names[:-1], (*names[:-1], "")) if is_trailing else None
    if width == len(names) + 1 and ends_blank:
        return Fit(names, (*names, ""))
    doubt = f"its header has {len(names)} fields and its rows have {width} - write as many in both"
    if width < len(names):
        return Fit(names, names[:width], doubt)
    names = (*names, *(f"_c{index}" for index in range(len(names), width)))
    return Fit(names, names, doubt)


def _first_line(head: FileHead) -> str:
    """Return the first line that is not blank; ``""`` where it does not end in the head."""
    text = complete_lines(head.text, whole=head.is_whole).lstrip("\ufeff \t\r\n")
    line = next(lines_of(text), "")
    return "" if not head.is_whole and len(line) == len(text) else line


def _has_open_quote(head: FileHead) -> bool:
    """Whether a line has a quote that is closed in a later line, or never."""
    if b'"' not in head.data:
        return False
    lines = head.data.split(b"\n")
    return any(line.count(b'"') % 2 for line in (lines if head.is_whole else lines[:-1]))


def _records(head: FileHead, dialect: CsvDialect) -> List[List[str]]:
    """Return some of the first records."""
    return list(islice(_all_records(head, dialect), _COMPARED))


def _all_records(head: FileHead, dialect: CsvDialect) -> Iterator[List[str]]:
    """Return the records of the head that are whole."""
    text = complete_lines(head.text, whole=head.is_whole)
    if not head.is_whole and not text.endswith(("\n", "\r")):
        return iter(())
    return parse_records(text, dialect.delimiter, dialect.quote, dialect.escape)


def _names_any(records: Sequence[Sequence[str]], first: Written) -> bool:
    """Whether the first record has half of the names that it and the first file could share."""
    if not first.dialect.header or not records:
        return False
    known = {_plain(name) for name in first.columns}
    shared = sum(_plain(name) in known for name in records[0])
    if any(is_value(name) and _plain(name) not in known for name in records[0]):
        return False
    return shared > 0 and shared * 2 >= min(len(records[0]), len(known))


def _speak_for_header(records: Sequence[List[str]]) -> bool:
    """Whether values say that the first record is a header; a word for no value is no name."""
    first = ["" if cell.strip().lower() in _NO_NAMES else cell for cell in records[0]]
    return header_votes([first, *records[1:]]) > 0


def _are_in_another_style(records: Sequence[Sequence[str]]) -> bool:
    """Whether the first record is in small letters, or in capitals, as values of most columns are not."""
    first, rest = records[0], records[1:]
    for style in _STYLES:
        if rest and all(style.fullmatch(cell.strip()) for cell in first):
            others = [
                not any(style.fullmatch(row[i].strip()) for row in rest if i < len(row))
                for i in range(len(first))
            ]
            return sum(others) * 2 > len(others)
    return False


def _spelled_as(names: Sequence[str], first: Written) -> Tuple[str, ...]:
    """Return names, spelled as in the first file where they differ from that in blanks and capitals only."""
    spelled = {_plain(name): name for name in reversed(first.columns)}
    return tuple(name if name in first.columns else spelled.get(_plain(name), name) for name in names)


def _plain(name: str) -> str:
    return name.strip("\ufeff \t").casefold()
