"""Texts that are data but no tables: XML, logs, columns of a fixed width. Pure."""

from __future__ import annotations

import re
from itertools import islice
from typing import List, Optional

from nuvyn_executor.discovery.csv_layout import complete_lines

_LINES = 200
_XML = re.compile(r"<(?:\?xml|[A-Za-z_][\w:.-]*(?:\s+[\w:.-]+\s*=\s*[\"']|\s*/?>))")
_LOG_NAME = re.compile(r"\.log(?:[.-]\d+)*$")
_DAY = r"(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/.]\d\d[-/.]\d{4}|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d)"
_TIME = r"\d\d:\d\d:\d\d(?:,\d{3}|\.\d{1,9})?"
_ZONE = r"(?:Z| ?[+-]\d\d:?\d\d| UTC)?"
_LEVEL = r"(?:\[?[A-Z]{4,8}\]?[ :]+)?"
# The line of an event: a moment, then words. A delimiter behind the moment makes it a line of a table.
_EVENT = re.compile(
    rf"{_LEVEL}[\[(<]?{_DAY}[T ]{_TIME}{_ZONE}(?: \d{{4}})?[\])>:]?(?!\s*[,;|\t])[ \t]+\S.*[A-Za-z]"
)
_REQUEST = re.compile(r"\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] ")
_EVENTS = 0.6  # of the lines; others go on what a line before began
_FEW_LINES, _MANY_LINES = 3, 10
_FILLED = 0.8  # of the lines have a value in a column


def is_xml(text: str) -> bool:
    """Whether a text begins with an XML declaration, or with an element and has an end of one."""
    begins = _XML.match(text.lstrip("\ufeff \t\r\n")) is not None
    return begins and any(end in text for end in ("?>", "</", "/>"))


def is_named_log(name: str) -> bool:
    """Whether a file is called a log: ``app.log``, ``app.log.1``; the name in lower case."""
    return _LOG_NAME.search(name) is not None


def is_log(text: str, *, whole: bool) -> bool:
    """Whether lines are events of a log: each a moment and free text, some of several lines.

    Args:
        text: the beginning of a file.
        whole: it is the entire file; else the last line is left out, being cut.
    """
    lines = _lines(text, whole=whole)
    events = [line for line in lines if _EVENT.match(line) or _REQUEST.match(line)]
    return bool(lines) and lines[0] in events[:1] and len(events) >= _EVENTS * len(lines)


def is_fixed_width(text: str, *, whole: bool) -> bool:
    """Whether lines have columns that begin and end at the same places, with blanks between them.

    Of few lines one blank at the same place is chance, so there the columns must be two blanks apart.

    Args:
        text: the beginning of a file.
        whole: it is the entire file; else the last line is left out, being cut.
    """
    lines = [line.rstrip() for line in _lines(text, whole=whole)]
    if len(lines) < _FEW_LINES or any("\t" in line for line in lines):
        return False
    least = 1 if len(lines) >= _MANY_LINES else 2
    width = max(map(len, lines))
    is_blank = [all(line[place : place + 1] in (" ", "") for line in lines) for place in range(width)]
    begin: Optional[int] = None  # of the column that the place belongs to
    columns: List[slice] = []
    blanks = least
    for place in [*range(width), width]:
        if place == width or is_blank[place]:
            blanks += 1
            if begin is not None and (blanks >= least or place == width):
                columns.append(slice(begin, place - blanks + 1))
                begin = None
            continue
        begin, blanks = place if begin is None else begin, 0
    filled = [sum(bool(line[one].strip()) for line in lines) for one in columns]
    return len(columns) > 1 and all(count >= _FILLED * len(lines) for count in filled)


def _lines(text: str, *, whole: bool) -> List[str]:
    lines = complete_lines(text, whole=whole).lstrip("\ufeff").splitlines()
    return list(islice((line for line in lines if line.strip()), _LINES))
