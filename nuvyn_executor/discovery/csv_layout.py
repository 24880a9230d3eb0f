"""Find the character that separates the fields of a text. Pure.

``csv.Sniffer`` takes letters for delimiters and raises on plain files. So the four delimiters that occur are
tried one by one and scored: with the right one, records have one width and cells look like values.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import Iterator, List, NamedTuple, Tuple

DELIMITERS = (",", ";", "\t", "|")

_RECORDS = 200
_CELLS = 400
_SURE = 0.8
_LIKELY = 0.5
_NUMBER = re.compile(r"^[+-]?\d+(?:[.,]\d+)*$")
_TIGHT_COMMA = re.compile(r",(?=\S)")


class CsvLayout(NamedTuple):
    """The records of a text, with one delimiter and quote.

    Attributes:
        width: fields of most records; 1 when nothing separates.
        consistency: share of records of that width, 0 to 1.
        records: the first records that are not blank.
    """

    delimiter: str
    quote: str
    width: int
    consistency: float
    records: Tuple[List[str], ...]


NO_DELIMITER = "\ue000"
"""A character that no text has. NUL will not do: the csv module of Python 3.8 to 3.10 refuses it."""


def parse_records(text: str, delimiter: str, quote: str) -> Iterator[List[str]]:
    """Parse records with the ``csv`` module; blank lines are left out."""
    # Old versions of the module stop at a NUL, and a field may be as long as the text.
    source = io.StringIO(text.replace("\0", ""), newline="")
    reader = csv.reader(source, delimiter=delimiter, quotechar=quote)
    return (record for record in reader if record and record != [""])


def detect_layout(text: str, *, whole: bool) -> CsvLayout:
    """Find delimiter and quote.

    Args:
        text: the beginning of a file.
        whole: it is the entire file; else the last line is left out, being cut.
    """
    text = complete_lines(text, whole=whole)
    quote = _quote_of(text)
    candidates = [
        _split(text, delimiter, quote, whole=whole) for delimiter in DELIMITERS if delimiter in text
    ]
    good = [layout for layout in candidates if _is_plausible(layout)]
    if good:
        # Of equals, the wider; max() keeps the first, and that is the order of DELIMITERS.
        return good[0] if len(good) == 1 else max(good, key=lambda layout: (_score(layout), layout.width))
    records = tuple([record[0]] for record in islice(parse_records(text, NO_DELIMITER, quote), _RECORDS))
    return CsvLayout(",", quote, 1, 1.0, records)


def complete_lines(text: str, *, whole: bool) -> str:
    """Leave out the last line of a text that was cut, unless it is the only one."""
    if whole:
        return text
    end = max(text.rfind("\n"), text.rfind("\r"))
    return text[: end + 1] if end >= 0 else text


def _split(text: str, delimiter: str, quote: str, *, whole: bool) -> CsvLayout:
    records = list(islice(parse_records(text, delimiter, quote), _RECORDS + 1))
    if not whole and 1 < len(records) <= _RECORDS and any("\n" in cell for cell in records[-1]):
        records.pop()  # a quote that the cut left open
    records = records[:_RECORDS]
    widths = Counter(len(record) for record in records)
    width, count = widths.most_common(1)[0] if widths else (1, 0)
    return CsvLayout(delimiter, quote, width, count / max(len(records), 1), tuple(records))


def _score(layout: CsvLayout) -> float:
    cells = list(islice((cell for record in layout.records for cell in record), _CELLS))
    clean = sum(_is_clean(cell, layout.delimiter) for cell in cells) / max(len(cells), 1)
    return layout.consistency * (1 + clean)


def _is_plausible(layout: CsvLayout) -> bool:
    if layout.width < 2:  # noqa: PLR2004  one field is no separation
        return False
    if layout.consistency >= _SURE:
        return True
    return layout.consistency >= _LIKELY and len(layout.records[0]) == layout.width


def _is_clean(cell: str, delimiter: str) -> bool:
    """Whether a cell looks like one value, and not like two that another delimiter separates."""
    if any(other in cell for other in DELIMITERS[1:] if other != delimiter):
        return False
    return delimiter == "," or not _TIGHT_COMMA.search(cell) or _NUMBER.match(cell.strip()) is not None


def _quote_of(text: str) -> str:
    """Find the quote character: ``'`` only where it encloses fields and ``"`` never does."""

    def encloses(quote: str) -> bool:
        return re.search(rf"(?m)(?:^|[,;\t|]){quote}[^{quote}\r\n]*{quote}(?:$|\r|[,;\t|])", text) is not None

    if "'" in text and encloses("'") and not encloses('"'):
        return "'"
    return '"'
