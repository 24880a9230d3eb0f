"""What the parts of a workbook say of its sheets, before an engine reads it: the XML of .xlsx and .xlsm.

An engine holds all cells between the first and the last one of a sheet, empty ones too: a workbook of 5 KB
with one cell in its last row and column would end the process.
"""

from __future__ import annotations

import html
import re
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, NamedTuple, Tuple

from nuvyn_executor.bounds import SHEET_CELLS

_SHEETS = "xl/worksheets/"
_CHUNK = 1 << 20
_LONGEST_TAG = 1 << 16
_ERROR_CELL = b't="e"'
# These begin with letters, which makes them fast; the name of a tag may have a prefix.
_ROW = re.compile(rb'row (?:[^>]*? )?r="(\d+)"')
_WIDE = re.compile(rb' r="([A-Z]{2,3})\d')
_FILLED = re.compile(rb'c (?:[^>]*? )?r="([A-Z]+)(\d+)"(?:[^>]*[^/>])?>')
# A formula whose result is an empty text has the type "str".
_UNSAVED = re.compile(
    rb"<(?:\w+:)?c\b(?![^>]*\bt=\"str\")[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_ATTRIBUTE = re.compile(rb'([\w:]+)="([^"]*)"')
_LETTERS = 26


class SheetFacts(NamedTuple):
    """What the part of a sheet says.

    Attributes:
        has_errors: a cell is an error (``#N/A``).
        unsaved: formulas without a saved result.
        rows: the number of the last row, filled or not.
        columns: the number of the last column, filled or not; 26 where it is less.
    """

    has_errors: bool = False
    unsaved: int = 0
    rows: int = 0
    columns: int = _LETTERS

    @property
    def cells(self) -> int:
        """How many cells an engine may hold."""
        return self.rows * self.columns


def facts_of(path: str) -> Dict[str, SheetFacts]:
    """Return the facts of each worksheet by its name; nothing of a workbook that is no zip archive.

    Raises:
        Exception: what ``zipfile`` raises for a damaged archive.
        OSError: the file cannot be read.
    """
    stat = Path(path).stat()
    return _facts(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)  # each of its sheets is read by itself
def _facts(path: str, size: int, changed: int) -> Dict[str, SheetFacts]:
    del size, changed
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        parts = [one for one in archive.namelist() if one.startswith(_SHEETS) and one.endswith(".xml")]
        names = _names(archive)
        return {names.get(part, part): _facts_of(archive, part) for part in parts}


def _names(archive: zipfile.ZipFile) -> Dict[str, str]:
    """Return the name of the sheet of each part."""
    try:
        book, relations = archive.read("xl/workbook.xml"), archive.read("xl/_rels/workbook.xml.rels")
    except KeyError:
        return {}
    targets = {one.get("Id", ""): one.get("Target", "") for one in _attributes(_RELATION, relations)}
    found = {}
    for one in _attributes(_SHEET, book):
        target = targets.get(next((value for key, value in one.items() if key.endswith(":id")), ""), "")
        found[target.lstrip("/") if target.startswith("/") else f"xl/{target}"] = one.get("name", "")
    return found


def _attributes(tag: re.Pattern[bytes], part: bytes) -> Iterator[Dict[str, str]]:
    for found in tag.finditer(part):
        pairs = _ATTRIBUTE.findall(found.group())
        yield {key.decode(): html.unescape(value.decode("utf-8", "replace")) for key, value in pairs}


def _facts_of(archive: zipfile.ZipFile, part: str) -> SheetFacts:
    has_errors, unsaved, rows, columns = False, 0, 0, _LETTERS
    for chunk in _chunks(archive, part):
        has_errors = has_errors or _ERROR_CELL in chunk
        if b"f>" in chunk or b"f " in chunk:
            unsaved += sum(1 for _ in _UNSAVED.finditer(chunk))
        rows = max([rows, *map(int, _ROW.findall(chunk))])
        columns = max([columns, *map(_number, set(_WIDE.findall(chunk)))])
    found = SheetFacts(has_errors, unsaved, rows, columns)
    if found.cells <= SHEET_CELLS:
        return found
    # Rows and columns may have a style and no cell.
    rows, columns = _filled(archive, part)
    return found._replace(rows=rows, columns=columns)


def _filled(archive: zipfile.ZipFile, part: str) -> Tuple[int, int]:
    """Return how many rows and columns are between the first and the last filled cell."""
    rows, columns = [1 << 30, 0], [1 << 30, 0]
    for chunk in _chunks(archive, part):
        for letters, digits in _FILLED.findall(chunk):
            row, column = int(digits), _number(letters)
            rows = [min(rows[0], row), max(rows[1], row)]
            columns = [min(columns[0], column), max(columns[1], column)]
    return max(0, rows[1] - rows[0] + 1), max(0, columns[1] - columns[0] + 1)


def _chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Return a part in chunks that end where a cell begins."""
    rest = b""
    with archive.open(part) as stream:
        while True:
            read = stream.read(_CHUNK)
            chunk = rest + read
            if not read:
                yield chunk
                return
            end = max(chunk.rfind(b"<c "), chunk.rfind(b":c "))
            end = chunk.rfind(b"<", 0, end + 1) if end >= 0 else -1
            if end <= 0:
                end = max(len(chunk) - _LONGEST_TAG, 0)
            yield chunk[:end]
            rest = chunk[end:]


def _number(letters: bytes) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number
