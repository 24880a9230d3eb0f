"""Find how a CSV file is written, from its first bytes. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, List, Optional, Sequence

from nuvyn_executor.discovery.csv_layout import (
    CsvLayout,
    complete_lines,
    detect_layout,
    parse_records,
)
from nuvyn_executor.model import CsvDialect

if TYPE_CHECKING:
    from nuvyn_executor.discovery.file_head import FileHead

_MOSTLY = 0.9
# Up to here a cell may be a name whatever lies below it; a longer one has to differ from that.
_SHORT_NAME = 128
_LONGEST_NAME = 1024
_LONGER = 4
_SENTENCES = re.compile(r"[.!?]\s+\S|\.\s*$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")
# One pattern with a name for each kind: seven separate ones took half of the time of a discovery.
_KIND = re.compile(
    r"(?P<number>[+-]?(?:\d[\d.,' ]*|[.,]\d+)(?:[eE][+-]?\d+)?\s?%?)"
    r"|(?P<moment>\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?)"
    r"|(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
    r"|(?P<boolean>(?i:true|false|yes|no))"
    r"|(?P<email>[^@\s]+@[^@\s]+\.[^@\s]+)"
    r"|(?P<uuid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<url>[a-zA-Z][a-zA-Z0-9+.-]*://\S+)"
)
_COMPARED = 50


def detect_dialect(head: FileHead, name: str) -> CsvDialect:
    """Decide encoding, delimiter, quote, header and whether lines are records.

    UTF-16 files count as ``multiline``: Spark splits lines at single bytes, which is wrong for them, and
    with ``multiLine`` it decodes before it splits.

    Args:
        head: the beginning of the file.
        name: its name: ``.tsv`` and ``.tab`` mean tabs where the content leaves it open.

    Raises:
        ValueError: the file is gzip that does not inflate.
    """
    text, whole = head.text, head.is_whole
    layout = detect_layout(text, whole=whole, delimiter=head.delimiter)
    delimiter = layout.delimiter
    if layout.width == 1 and name.lower().endswith((".tsv", ".tab", ".tsv.gz")):
        delimiter = "\t"
    return CsvDialect(
        delimiter=delimiter,
        quote=layout.quote,
        header=detect_header(_without_cut_cell(text, layout.records, whole=whole)),
        encoding=head.encoding.java,
        multiline=head.encoding.is_wide or _has_multiline_values(text, layout, whole=whole),
        escape=layout.escape,
        trims=_is_framed(layout),
    )


def detect_header(records: Sequence[List[str]]) -> bool:
    """Whether the first record names the columns.

    A column of numbers (dates, e-mail addresses, ...) below a text is evidence for a header, a first cell
    that is itself such a value is evidence against it. Where all cells are text, a first record of
    different, non-empty cells that do not occur again below is a header, unless it holds long texts such as
    those below it. Without any record the answer is yes.
    """
    if not records:
        return True
    first, rest = records[0], records[1:]
    if rest and len(first) > 1 and first in rest:  # files with headers, pasted together
        return True
    votes = header_votes(records)
    return votes > 0 if votes else could_be_names(first, rest)


def header_votes(records: Sequence[Sequence[str]]) -> int:
    """Return in how many columns the values say that the first record is a header, less those that deny it.

    Args:
        records: one at least.
    """
    first, rest = records[0], records[1:]
    return sum(
        _vote(cell, [row[i] for row in rest[:_COMPARED] if i < len(row)]) for i, cell in enumerate(first)
    )


def is_value(cell: str) -> bool:
    """Whether a text is a number, a moment, an address or the like, and so hardly a name."""
    return _kind(cell) is not None


def _vote(first: str, below: Sequence[str]) -> int:
    kind = _kind(first)
    column = kind_of_column(below)
    if not first.strip() or (column == "number" and _YEAR.match(first.strip())):
        return 0  # a blank name, or a year as a name: 2019, 2020, 2021
    if kind is not None:
        return -1
    return 1 if column is not None else 0


def could_be_names(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether the cells of a first record may be names of columns, as far as they and the rest show."""
    cells = [cell.strip() for cell in first]
    named = [cell for cell in cells if cell]
    if not named or len(set(named)) < len(named) or len(named) < len(cells) - 1:
        return False
    if any(_kind(cell) and not _YEAR.match(cell) for cell in named):
        return False
    if any("\n" in cell for cell in named) or not _are_long_names(cells, rest[:_COMPARED]):
        return False
    return not any(
        cell and i < len(row) and row[i].strip() == cell for row in rest for i, cell in enumerate(cells)
    )


def _are_long_names(cells: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Whether all cells of more than 128 characters are names, and not texts.

    No name is longer than 1,024 characters or has several sentences. Most of the cells also differ from the
    values below them: a name is four times as long, or only one of the two has blanks.
    """
    long = [i for i, cell in enumerate(cells) if len(cell) > _SHORT_NAME]
    if any(len(cells[i]) > _LONGEST_NAME or _SENTENCES.search(cells[i]) for i in long):
        return False
    differ: List[bool] = []
    for i in long:
        below = [row[i].strip() for row in rest if i < len(row) and row[i].strip()]
        if below:
            is_longer = len(cells[i]) >= _LONGER * max(map(len, below))
            other_blanks = sum((" " in cell) != (" " in cells[i]) for cell in below)
            differ.append(is_longer or other_blanks >= _MOSTLY * len(below))
    return not differ or sum(differ) * 2 > len(differ)


def _without_cut_cell(text: str, records: Sequence[List[str]], *, whole: bool) -> Sequence[List[str]]:
    """Leave out the last cell of a record that is longer than the head: it may be a part of a name."""
    is_cut = not whole and len(records) == 1 and "\n" not in text and "\r" not in text
    is_name = is_cut and len(records[0]) > 1 and len(records[0][-1]) <= _LONGEST_NAME
    return [records[0][:-1]] if is_name else records


def _kind(cell: str) -> Optional[str]:
    found = _KIND.fullmatch(cell.strip())
    return found.lastgroup if found else None


def kind_of_column(cells: Sequence[str]) -> Optional[str]:
    """Return what nearly all cells are that are not blank: ``number``, ``moment``, ...; ``None``: nothing."""
    present = [cell for cell in cells if cell.strip()]
    kinds = [_kind(cell) for cell in present]
    likeliest = max(set(kinds), key=lambda kind: (kinds.count(kind), str(kind)), default=None)
    return likeliest if likeliest is not None and kinds.count(likeliest) >= _MOSTLY * len(kinds) else None


def _is_framed(layout: CsvLayout) -> bool:
    """Whether fields stand between bars with blanks around them, as in Markdown or on a console."""
    last = layout.width - 1
    records = [record for record in layout.records if len(record) == layout.width]
    if layout.delimiter != "|" or last < 1 or len(records) < 2:  # noqa: PLR2004  a table
        return False
    if not any(record[i].strip() for record in records for i in (0, last)):
        return any(cell != cell.strip() for record in records for cell in record[1:last])
    return all(
        (cell.endswith(" ") or i == last) and (cell.startswith(" ") or not i)
        for record in records
        for i, cell in enumerate(record)
    )


def _has_multiline_values(text: str, layout: CsvLayout, *, whole: bool) -> bool:
    """Whether a record of the right width has a line break in a cell. A stray quote makes no such record."""
    if layout.quote not in text:
        return False
    text = complete_lines(text, whole=whole)
    records = list(parse_records(text, layout.delimiter, layout.quote, layout.escape))
    if not whole or text.count(layout.quote) % 2:
        records = records[:-1]  # what an open quote swallowed
    return any(
        len(record) == layout.width and any("\n" in cell or "\r" in cell for cell in record)
        for record in records
    )
