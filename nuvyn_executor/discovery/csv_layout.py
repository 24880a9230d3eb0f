"""Find what separates the fields of a text. Pure.

``csv.Sniffer`` takes letters for delimiters and raises on plain files. So delimiters are tried one by one and
scored: with the right one, records have one width and cells look like values. The four usual ones come first.
Others may occur in any text, so every record has to have as many fields as the header.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import Iterator, List, NamedTuple, Tuple

DELIMITERS = (",", ";", "\t", "|")
CONTROLS = ("\x01", "\x1f")
"""Hive's delimiter, and ASCII's."""
WEAK = (" ", ":", "#", "*", "!")
"""They occur in prose, logs and settings too: only of a file that is called .csv they make a table."""
_RARE = ("\xa6", "\xa7", "^", "~", *WEAK)
# What separates fields by several characters: one of them twice, or different ones of these.
_SEVERAL = re.compile(r"\|\||::|~~|\^\^|@@|##|(?=[|~^#@$]{2,4})([|~^#@$])(?!\1)[|~^#@$]{1,3}")
_LINE = re.compile(r"[^\r\n]+")
_NAME = re.compile(r"[^\W\d][\w .()/%-]*")

ESCAPE = "\\"
"""The one character that stands before quotes instead of another quote, as MySQL writes them."""

_RECORDS = 200
_CELLS = 400
_FEW_LINES = 3
_MOST_BROKEN = 100
_AROUND = r"\r\n,;\t|\x01\x1f\^~\xa6\xa7"  # what stands before and behind quoted fields
_IN_VALUES = " '\"-._/\\@+()!?"
_SURE = 0.8
_LIKELY = 0.5
_NUMBER = re.compile(r"^[+-]?\d+(?:[.,]\d+)*$")
_TIGHT_COMMA = re.compile(r",(?=\S)")


class CsvLayout(NamedTuple):
    """The records of a text, with one delimiter and quote.

    Attributes:
        delimiter: one character, or several; ``""`` when nothing separates.
        width: fields of most records; 1 when nothing separates.
        consistency: share of records of that width, 0 to 1.
        records: the first records that are not blank.
        escape: what stands before a quote inside a quoted value; ``""`` where such a quote is doubled.
    """

    delimiter: str
    quote: str
    width: int
    consistency: float
    records: Tuple[List[str], ...]
    escape: str = ""


NO_DELIMITER = "\ue000"
"""A character that no text has. NUL will not do: the csv module of Python 3.8 to 3.10 refuses it."""


def parse_records(text: str, delimiter: str, quote: str, escape: str = "") -> Iterator[List[str]]:
    """Parse records with the ``csv`` module; blank lines are left out.

    Args:
        text: the records.
        delimiter: what separates fields; ``""`` for nothing.
        quote: what encloses them, one character.
        escape: what stands before a quote inside a quoted value; ``""`` where such a quote is doubled.
    """
    # The module takes one character.
    if len(delimiter) != 1:
        text, delimiter = text.replace(delimiter, NO_DELIMITER) if delimiter else text, NO_DELIMITER
    # Old versions of the module stop at a NUL, and a field may be as long as the text.
    source = io.StringIO(text.replace("\0", ""), newline="")
    reader = csv.reader(source, delimiter=delimiter, quotechar=quote, escapechar=escape or None)
    return (record for record in reader if record and record != [""])


def detect_layout(text: str, *, whole: bool, delimiter: str = "") -> CsvLayout:
    """Find delimiter, quote, and how a quote inside a quoted value is written.

    Args:
        text: the beginning of a file.
        whole: it is the entire file; else the last line is left out, being cut.
        delimiter: the delimiter, where it is known.
    """
    text = complete_lines(text, whole=whole)
    quote = _quote_of(text)
    escape = escape_of(text, quote)

    def split(delimiter: str) -> CsvLayout:
        return _split(text, delimiter, quote, escape, whole=whole)

    certain = [
        layout for layout in map(split, (one for one in CONTROLS if one in text)) if _is_certain(layout)
    ]
    if delimiter:
        certain = [split(delimiter)]
    if certain:
        return certain[0]
    candidates = [split(delimiter) for delimiter in DELIMITERS if delimiter in text]
    good = [layout for layout in candidates if _is_plausible(layout)]
    several = [layout for layout in map(split, _several(text)) if _is_sure(layout) and not _is_half(layout)]
    if several and all(layout.delimiter in several[0].delimiter or layout.consistency < 1 for layout in good):
        return several[0]
    # What occurs in values alone, lists or addresses, does not split the names above them.
    good = [layout for layout in good if len(layout.records[0]) == layout.width] or good
    if good:
        # Of equals, the wider; max() keeps the first, and that is the order of DELIMITERS.
        return good[0] if len(good) == 1 else max(good, key=lambda layout: (_score(layout), layout.width))
    rare = [layout for layout in map(split, (one for one in _RARE if one in text)) if _is_sure(layout)]
    if rare:
        return max(rare, key=lambda layout: layout.width)
    split_header = [_as_header(layout) for layout in candidates if _splits_header(layout)]
    if split_header:
        return max(split_header, key=lambda layout: (_share_split(layout), layout.width))
    records = tuple([record[0]] for record in islice(parse_records(text, "", quote, escape), _RECORDS))
    return CsvLayout("", quote, 1, 1.0, records, escape)


def splits_alike(text: str, *, whole: bool) -> str:
    """Return a character that occurs equally often in each of several records; ``""`` where none does.

    Args:
        text: the beginning of a file that was read as one column.
        whole: it is the entire file.
    """
    whole_lines = lines_of(complete_lines(text, whole=whole))
    lines = [line.strip() for line in whole_lines if line.strip()][1 : _RECORDS + 1]
    if len(lines) < _FEW_LINES:
        return ""
    marks = dict.fromkeys(char for char in lines[0][1:-1] if not char.isalnum() and char not in _IN_VALUES)
    return next((char for char in marks if len({line.count(char) for line in lines}) == 1), "")


def lines_of(text: str) -> Iterator[str]:
    """Return the lines of a text that are not empty; ``str.splitlines`` also splits at form feeds."""
    return (found.group() for found in _LINE.finditer(text))


def complete_lines(text: str, *, whole: bool) -> str:
    """Leave out the last line of a text that was cut, unless it is the only one."""
    if whole:
        return text
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end >= 0 else text


def escape_of(text: str, quote: str) -> str:
    r"""Return the backslash if it stands before quotes inside quoted values; ``""`` where they are doubled.

    In ``"C:\"`` it is a part of the value: the quote behind it ends the field. So both ways are tried, and
    the backslash escapes where that leaves fewer quoted fields that do not end before a delimiter.

    Args:
        text: the beginning of a file.
        quote: what encloses fields.
    """
    if f"{ESCAPE}{quote}" not in text:
        return ""
    doubled, escaped = (_broken_fields(text, quote, content) for content in (r"[^{q}]", r"(?:[^{q}\\]|\\.)"))
    return ESCAPE if escaped < doubled else ""


def _broken_fields(text: str, quote: str, content: str) -> int:
    """Count quoted fields that do not end before a delimiter or the end of a line."""
    q = re.escape(quote)
    one = content.format(q=q)
    field = re.compile(rf"(?s){q}{one}*(?:{q}{q}{one}*)*{q}(?!{q})(?=[{_AROUND}]|\Z)")
    opening = re.compile(rf"(?:\A|(?<=[{_AROUND}])){q}")
    broken = at = 0
    while broken < _MOST_BROKEN:
        start = opening.search(text, at)
        if start is None:
            break
        found = field.match(text, start.start())
        broken += found is None
        at = start.end() if found is None else found.end()
    return broken


def _split(text: str, delimiter: str, quote: str, escape: str, *, whole: bool) -> CsvLayout:
    records = list(islice(parse_records(text, delimiter, quote, escape), _RECORDS + 1))
    if not whole and 1 < len(records) <= _RECORDS and any("\n" in cell for cell in records[-1]):
        records.pop()  # a quote that the cut left open
    records = records[:_RECORDS]
    widths = Counter(len(record) for record in records)
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    return CsvLayout(delimiter, quote, width, count / max(len(records), 1), tuple(records), escape)


def _score(layout: CsvLayout) -> float:
    cells = list(islice((cell for record in layout.records for cell in record), _CELLS))
    clean = sum(_is_clean(cell, layout.delimiter, layout.quote) for cell in cells) / max(len(cells), 1)
    return layout.consistency * (1 + clean)


def _is_plausible(layout: CsvLayout) -> bool:
    if layout.width < 2:  # noqa: PLR2004  one field is no separation
        return False
    if layout.consistency >= _SURE:
        return True
    return layout.consistency >= _LIKELY and len(layout.records[0]) == layout.width


def _several(text: str) -> List[str]:
    """Return what separates fields of the first line, if that is several characters and always the same."""
    line = next((one for one in lines_of(text.lstrip("\ufeff")) if one.strip()), "")
    found = {match.group() for match in _SEVERAL.finditer(line)}
    return list(found) if len(found) == 1 else []


def _is_half(layout: CsvLayout) -> bool:
    """Whether one character separates the fields, and what seemed to be two of it is an empty field."""
    return len(set(layout.delimiter)) == 1 and any(layout.delimiter[0] in cell for cell in layout.records[0])


def _is_certain(layout: CsvLayout) -> bool:
    """Whether nearly all records have as many fields as the header, of a delimiter that no value has."""
    return layout.width > 1 and layout.consistency >= _SURE and len(layout.records[0]) == layout.width


def _is_sure(layout: CsvLayout) -> bool:
    """Whether all records, of which there are several, have as many fields as the header names.

    Of what occurs in values, too (``10:30``, ``fe80::1``, ``Ann Lee``), values have to show that the first
    record is a header: numbers below names. Of blanks, in half of the columns.
    """
    if layout.width < 2 or layout.consistency < 1 or len(layout.records) < 2:  # noqa: PLR2004  a table
        return False
    header, *rows = layout.records
    if not all(cell.strip() for cell in header):
        return False
    if layout.delimiter not in (*WEAK, "::"):
        return True
    if layout.delimiter in WEAK and layout.width < 3:  # noqa: PLR2004  10:30 is one value
        return False
    if not all(_NAME.fullmatch(cell.strip()) for cell in header):
        return False
    numbers = sum(all(_NUMBER.match(row[i].strip()) for row in rows) for i in range(layout.width))
    return numbers * 2 >= layout.width if layout.delimiter == " " else numbers > 0


def _splits_header(layout: CsvLayout) -> bool:
    """Whether the header has several fields, and so has most of what follows."""
    return bool(layout.records) and len(layout.records[0]) > 1 and _share_split(layout) >= _LIKELY


def _share_split(layout: CsvLayout) -> float:
    """Return which share of the records below the header has several fields."""
    rest = layout.records[1:]
    return sum(len(record) > 1 for record in rest) / len(rest) if rest else 1.0


def _as_header(layout: CsvLayout) -> CsvLayout:
    """Return a layout as wide as its header."""
    width = len(layout.records[0])
    alike = sum(len(record) == width for record in layout.records)
    return layout._replace(width=width, consistency=alike / len(layout.records))


def _is_clean(cell: str, delimiter: str, quote: str) -> bool:
    """Whether a cell looks like one value, not like two that another delimiter separates, nor a torn one."""
    if cell.count(quote) % 2 or any(other in cell for other in DELIMITERS[1:] if other != delimiter):
        return False
    return delimiter == "," or not _TIGHT_COMMA.search(cell) or _NUMBER.match(cell.strip()) is not None


def _quote_of(text: str) -> str:
    """Find the quote character: ``'`` only where it encloses fields and ``"`` never does."""

    def encloses(quote: str) -> bool:
        return re.search(rf"(?m)(?:^|[,;\t|]){quote}[^{quote}\r\n]*{quote}(?:$|\r|[,;\t|])", text) is not None

    if "'" in text and encloses("'") and not encloses('"'):
        return "'"
    return '"'
