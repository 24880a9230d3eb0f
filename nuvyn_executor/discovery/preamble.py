"""Find the table among rows of cells: titles before it, header rows, totals and notes after it. Pure.

A table begins where the shape of rows becomes steady: a row that names columns, above rows of values. The
same judgement serves CSV and sheets of workbooks. It takes a row for no row of the table only where its shape
or its words say so, so that a table without titles and notes comes out as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Collection, List, NamedTuple, Optional, Sequence, Tuple

from nuvyn_executor.discovery.dialects import could_be_names, header_votes, is_value, kind_of_column

Row = Sequence[str]
"""Cells; a blank one is ``""``."""

MOST_TITLES = 30
"""So many rows before a header are looked at, and so many at the end."""
_BELOW = 50
_FEW = 2
_NEXT = 5
_BLOCK = 6  # rows of totals that stand together
_WORDS = 3  # of a total
_STEADY = 0.8
_CLOSE = 0.006  # two decimals, rounded
_NAMED = 0.6  # of the columns that have values
_NO_VALUE = re.compile(r"(?i)n/?a|n\.a\.|nan|nil|none|null|\(null\)|\\n|-+|\?|\.|unknown|missing|tbd")
_UNIT_WORDS = (
    "%|‰|°|°C|°F|°K|K|mm|cm|m|km|in|ft|mi|mg|g|kg|t|lb|oz|ml|l|m2|m²|m3|m³|km2|km²|ha|s|sec|ms|min|h|hrs?|d"
    "|days?|years?|months?|yr|m/s|km/h|mph|rpm|Hz|kHz|MHz|GHz|V|mV|kV|A|mA|W|kW|MW|Wh|kWh|MWh|J|kJ|MJ|N|Pa|hPa"
    "|kPa|MPa|bar|mbar|psi|dB|lux|lx|ppm|ppb|pH|mol|EUR|USD|GBP|CHF|JPY|€|\\$|£|¥|k€|T€|TEUR|kEUR|units?|pcs"
    "|pieces|Stk|Stück|no\\.?|count|#|text|string|str|n?varchar2?|char|int|integer|bigint|smallint|long|float|double"
    "|real|decimal|numeric|number|num|bool|boolean|date|datetime|timestamp|time"
)
_PART = r"[^\W\d_]{1,8}[23²³]?"
_UNIT = re.compile(
    rf"(?:{_UNIT_WORDS})(?:\(\d+(?:, ?\d+)?\))?|[\[(][^\])]{{1,24}}[\])]|{_PART}/{_PART}",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?i)\W*(?:(?:grand|sub|over ?all|report|column)[ -]?)?"
    r"(?:totals?|sum|summe|gesamt(?:summe)?|insgesamt|zwischensumme|totale?|totaux|suma|somme|totaal|итого"
    r"|average|mean|median|minimum|maximum|durchschnitt|mittelwert|moyenne|promedio|media|всего|razem|celkem|合计|总计|合計|総計)(?!\w)"
)
_NOTE = re.compile(
    r"(?i)\W*(?:sources?|quellen?|fuentes?|notes?|footnotes?|hinweise?|anmerkung(?:en)?|remarks?|comments?"
    r"|legend|end|eof|eod|fin|trailer|trl|generated|exported|printed|created|downloaded|extracted|report|ende"
    r"|prepared|copyright|disclaimer|last updated?|updated|stand|page|seite|data as of|as of|rows?|records?"
    r"|count|number of|query|completed|completion|confidential)(?!\w)|©|\(c\)|\*"
)
_ROWS = re.compile(
    r"(?i)\W*\d[\d.,' ]* (?:rows?|records?|lines?|entries|results?|zeilen|datensätze|lignes|filas)(?!\w).*|"
    r"(?:rows?|records?|lines?|entries|results?|zeilen|datensätze)(?: (?:count|affected|selected))?"
    r"\s*[:=]\s*\d[\d.,' ]*"
)
_RULED = re.compile(r"[-=+|:,; \t]{3,}")
_BETWEEN = re.compile(r"[|+,;\t]|(?<=[-=]) +(?=[-=])")
_RULER, _LONG_RULER = 3, 4


class Header(NamedTuple):
    """The rows that name columns.

    Attributes:
        rows: how many they are.
        names: the names, of two rows joined; empty where the first row has them.
        at: which of the rows has the names that are the columns' own.
    """

    rows: int = 1
    names: Tuple[str, ...] = ()
    at: int = 0


def titles_before(rows: Sequence[Row], width: int, gaps: Collection[int] = ()) -> Optional[int]:
    """Return how many rows come before the table; ``None`` where nothing shows that.

    Args:
        rows: the first rows, all of them that are not blank.
        width: how many cells a row of the table has.
        gaps: the places of the rows that have a blank line before them.
    """
    sentences = next((at for at, row in enumerate(rows) if not _is_prose(row)), 0)
    rows = [*([", ".join(row)] for row in rows[:sentences]), *rows[sentences:]]
    pairs = next((at for at in sorted(gaps) if at and _are_pairs(rows, at, width)), None)
    if pairs is not None or not rows or width < _FEW:
        return pairs
    if len(rows[0]) == width and _filled(rows[0]) * 2 > width:
        return None
    for at in range(1, min(MOST_TITLES, len(rows) - 1) + 1):
        start = at - (header_of(rows[at - 1 :]).at == 1)  # names of groups are a part of the header
        if start == 0 or _begins_table(rows, at, width, rows[:start]):
            return start
    return None


def header_of(rows: Sequence[Row]) -> Header:
    """Return how many of the first rows name columns: two, where groups stand above names or units below.

    Args:
        rows: the rows of the table, the first of which is a header.
    """
    if len(rows) <= _FEW:
        return Header()
    first, second, below = rows[0], rows[1], rows[2 : 2 + _BELOW]
    if len(second) != len(first) or any(map(is_no_value, second)):
        return Header()
    if _are_units(second, below) and header_votes([first, *below]) > 0:
        return Header(2)
    if _are_groups(first, second) and _names_all(first, second, below):
        has_units = len(below) > 1 and _are_units(below[0], below[1:])
        return Header(2 + has_units, _joined(first, second), at=1)
    return Header()


def notes_after(rows: Sequence[Row], last: Sequence[Row], width: int) -> int:
    """Return how many of the last rows are totals, notes or blank rows beside these.

    Args:
        rows: rows of the table, from its beginning, without the header.
        last: the last rows of the file, in order.
        width: how many cells a row of the table has.
    """
    found = 0
    body = [row for row in rows[:_BELOW] if len(row) == width and _filled(row)]
    block = [[*row] for row in last[-_BLOCK:]] if len(body) > 2 * _BLOCK else []
    for back, row in enumerate(reversed(last[-MOST_TITLES:]), 1):
        if not _filled(row):
            continue
        table = _Table.of([one for one in body if [*one] not in (*block, [*row])], width, len(rows) < _BELOW)
        is_again = [*row] in [[*one] for one in rows[:-MOST_TITLES]] or sum(
            [*one] == [*row] for one in rows
        ) > 1
        if not is_again and table.has_below(row):
            found = back
        elif is_again or not found or not table.lacks_in(row):
            break  # what stands between two totals, such as a tax, is a part of these
    return found and _with_blanks_above(last, found)


class _Table(NamedTuple):
    """The rows of a table, as far as notes differ from them.

    Attributes:
        rows: rows of it.
        width: how many cells they have.
        is_all: these are all rows.
        kinds: what nearly all cells of each column are.
        filled: which columns have no blank cell.
    """

    rows: Sequence[Row]
    width: int
    is_all: bool
    kinds: Sequence[Optional[str]]
    filled: Sequence[bool]

    @classmethod
    def of(cls, rows: Sequence[Row], width: int, is_all: bool) -> _Table:  # noqa: FBT001  a named tuple
        """Return what is known of rows."""
        columns = [[row[i] for row in rows] for i in range(width)]
        kinds = [kind_of_column(one) if len(rows) >= _FEW else None for one in columns]
        return cls(rows, width, is_all, kinds, [all(one) for one in columns])

    def misfits_of(self, row: Row) -> List[bool]:
        """Return for each column of one kind whether a row has something else there."""
        return [
            bool(cell) and not is_value(cell) and not is_no_value(cell)
            for cell, kind in zip(row, self.kinds)
            if kind is not None
        ]

    def lacks_in(self, row: Row) -> bool:
        """Whether a row has a blank cell where all others have none."""
        return any(is_filled and not cell for is_filled, cell in zip(self.filled, row))

    def has_below(self, row: Row) -> bool:
        """Whether a row, one of the last, is a total or a note."""
        first, filled = _first(row), _filled(row)
        if filled == 1 and is_row_count(first):
            return not any(_first(one) == first for one in self.rows)
        if self.width < _FEW or (len(row) == self.width and len(self.rows) < _FEW) or is_value(first):
            return False
        if any(_first(one).casefold() == first.casefold() for one in self.rows):
            return False
        is_narrow = len(row) < self.width or (filled == 1 and bool(row[0]) and self.lacks_in(row))
        if _TOTAL.match(first) and len(first.split()) <= _WORDS:
            return self._is_total(row, first, is_narrow=is_narrow)
        misfits = self.misfits_of(row)
        is_other = sum(misfits) * 2 > len(misfits)
        if _NOTE.match(first):
            return is_narrow or len(row) > self.width or (is_other and ":" in first)
        is_sentence = len(row) < self.width and filled == 1 and " " in first.strip()
        return is_sentence and (is_other or not any(" " in _first(one).strip() for one in self.rows))

    def _is_total(self, row: Row, first: str, *, is_narrow: bool) -> bool:
        others = [cell for cell in row if cell.strip()][1:]
        if not all(_is_number(cell) or is_no_value(cell) for cell in others):
            return False
        lacks = self.lacks_in(row) and bool(others)
        if not _TOTAL.fullmatch(first.rstrip(" :.*")):
            return is_narrow or (lacks and any(self.misfits_of(row)))
        return is_narrow or lacks or any(self.misfits_of(row)) or (self.is_all and _is_sum(row, self.rows))


def total_doubt(rows: Sequence[Row], last: Sequence[Row], width: int) -> str:
    """Return the clause, with a remedy, about a last row that may be a total; ``""`` for none."""
    word = _doubtful_total(rows, last, width)
    return (
        f"its last row begins with {word!r} and is read as a row - remove it if it is a total" if word else ""
    )


def _doubtful_total(rows: Sequence[Row], last: Sequence[Row], width: int) -> str:
    """Return the word with which the last row begins, where it may be a total and is read as a row."""
    row = last[-1] if last else ()
    first = next((cell for cell in row if cell), "")
    values = [cell for cell in row if cell and cell != first]
    others = (one for one in (*rows, *last[:-1]) if [*one] != [*row])
    is_alone = not any(_first(one).casefold() == first.casefold() for one in others)
    is_total = _TOTAL.fullmatch(first) is not None and len(row) == width > 1
    return first if is_total and is_alone and values and all(map(_is_number, values)) else ""


def begins_note(text: str) -> bool:
    """Whether a text begins as totals and notes do."""
    return _TOTAL.match(text) is not None or _NOTE.match(text) is not None or _ROWS.match(text) is not None


def is_ruler(line: str, above: str = "") -> bool:
    """Whether a line draws a border: ``+----+----+``, or below a header ``---|---``.

    Args:
        line: the line.
        above: the line before it, which has as many fields; ``""`` for none.
    """
    if not _RULED.fullmatch(line) or not any(mark in line for mark in "-="):
        return False
    cells = [
        cell.strip() for cell in _BETWEEN.split(line.strip().strip("|+")) if cell.strip() or "+" not in line
    ]
    if "+" in line:
        return all(len(cell) >= _FEW for cell in cells)
    if not all(cells) or not above or _bars(line) != _bars(above):
        return False
    if len(cells) == 1 and "|" not in line:
        return len(cells[0]) >= max(_LONG_RULER, len(above.strip()))
    marks = "|;,\t" if any(mark in line for mark in "|;,\t") else ""
    lengths = [max(_FEW, len(cell.strip())) for cell in _BETWEEN.split(above.strip().strip("|"))]
    is_drawn = line.lstrip().startswith("|") or all(len(cell) >= _RULER or ":" in cell for cell in cells)
    is_drawn = is_drawn or [len(cell) for cell in cells] == lengths
    return is_drawn and all(line.count(mark) == above.count(mark) for mark in marks)


def _bars(line: str) -> Tuple[bool, bool]:
    """Whether a line begins, and ends, with a bar."""
    return line.lstrip().startswith("|"), line.rstrip().endswith("|")


def is_row_count(line: str) -> bool:
    """Whether a line says how many rows there are: ``(42 rows affected)``."""
    return _ROWS.fullmatch(line.strip(" ()-\"'.;,")) is not None


def is_unit(cell: str) -> bool:
    """Whether a cell may be a unit (``EUR``, ``[m/s]``), a type (``varchar(20)``), or a part of a border."""
    return _UNIT.fullmatch(cell.strip()) is not None or not cell.strip("-=: ")


def is_no_value(cell: str) -> bool:
    """Whether a cell is a word for no value."""
    return _NO_VALUE.fullmatch(cell.strip()) is not None


def steady_width(rows: Sequence[Row]) -> int:
    """Return how many cells most rows have, of widths above one that go on to the end; 0 for none."""
    best = (0, 0)
    for width, count in Counter(map(len, rows)).items():
        if width < _FEW or count < _FEW:
            continue
        start = next(at for at, row in enumerate(rows) if len(row) == width)
        rest = list(rows[start:])
        while rest and len(rest[-1]) != width:  # notes
            rest.pop()
        share = sum(len(row) == width for row in rest) / len(rest)
        if share >= _STEADY and len(rows) - start - len(rest) <= MOST_TITLES:
            best = max(best, (count, width))
    return best[1]


def _begins_table(rows: Sequence[Row], at: int, width: int, before: Sequence[Row]) -> bool:
    """Whether a row is the first of the table, and other rows before it are titles."""
    row = rows[at]
    alike = [one for one in rows[at + 1 : at + 1 + _BELOW] if len(one) == width]
    if len(row) != width or not alike or not _is_fuller(row, before, alike):
        return False
    votes = header_votes([row, *alike])
    if any(len(one) == width and _filled(one) and not one[0] for one in before):
        return votes > 0 and width > _FEW + 1  # a title in the middle, or a row without its first value
    is_short = _filled(before[0]) == 1 and _filled(before[-1]) <= max(1, width // 2)
    if votes > 0:
        return is_short or len(alike) >= _FEW
    is_title = is_short and (len(before) > 1 or " " in _first(before[0]).strip() or width > _FEW)
    if votes < 0 or not could_be_names(row, alike):
        # No header at all: one word may be a header by itself, several lines or a sentence are titles.
        return (
            is_title and width > _FEW and len(alike) >= _FEW and (len(before) > 1 or _is_sentence(before[0]))
        )
    return is_title and not any(cell.startswith(" ") for cell in row[1:])


def _are_pairs(rows: Sequence[Row], at: int, width: int) -> bool:
    """Whether rows are names with a value each (``Station,Berlin``), above a table of two columns."""
    before, table = rows[:at], [row for row in rows[at : at + _BELOW] if len(row) == width]
    if width != _FEW or at > MOST_TITLES or len(table) <= _FEW or table[0] is not rows[at]:
        return False
    names = [row[0] for row in before]
    are_names = all(names) and len(set(names)) == len(names) and not any(map(is_value, names))
    is_table = header_votes(table) == width and not any(map(is_value, table[0]))
    is_another = len(before) > _FEW and header_votes(before) > 0  # a table of its own
    return are_names and is_table and not is_another and all(len(row) <= width for row in before)


def _is_fuller(row: Row, before: Sequence[Row], below: Sequence[Row]) -> bool:
    """Whether a row has a cell for most columns of the rows below, unlike all rows before it."""
    width, filled = len(row), _filled(row)
    with_values = sum(any(one[i] for one in below) for i in range(width))
    if filled < max(_FEW, _NAMED * with_values) or any(map(is_no_value, row)):
        return False
    alike = [one for one in before if len(one) == width]
    if any(_filled(one) >= min(filled, _FEW + width // 3) for one in alike) or is_value(_first(before[0])):
        return False
    # No row further below names more columns.
    return not any(
        _filled(one) > filled and header_votes(below[i:]) > 0 for i, one in enumerate(below[:_NEXT])
    )


def _is_prose(row: Row) -> bool:
    """Whether cells are parts of a sentence: all but the first begin with a blank."""
    return len(row) > 1 and all(cell.startswith(" ") and cell.strip() for cell in row[1:])


def _is_sentence(row: Row) -> bool:
    return _filled(row) == 1 and " " in _first(row).strip()


def _are_units(row: Row, below: Sequence[Row]) -> bool:
    """Whether a row has the units of the numbers below it, and nothing else."""
    cells = [cell.strip() for cell in row]
    if not any(cells) or not all(not cell or _UNIT.fullmatch(cell) for cell in cells):
        return False
    alike = [one for one in below if len(one) == len(cells)]
    measured = [i for i in range(len(cells)) if kind_of_column([one[i] for one in alike]) is not None]
    return any(cells[i] for i in measured)


def _are_groups(first: Row, second: Row) -> bool:
    """Whether the cells of a row are merged ones, above names; a title or ``Region:,EMEA`` is no such row."""
    filled = [i for i, cell in enumerate(first) if cell]
    if filled in ([], [0]) or (filled == [0, 1] and all(second[i] for i in filled)):
        return False
    if any(is_value(first[i]) and not _is_year(first[i]) for i in filled):
        return False
    spans = any(not cell and any(first[:i]) and second[i] for i, cell in enumerate(first))
    repeats = any(cell and cell == first[i - 1] for i, cell in enumerate(first) if i)
    return (spans or repeats) and all(one or two for one, two in zip(first, second))


def _names_all(first: Row, second: Row, below: Sequence[Row]) -> bool:
    """Whether values below say of most columns that the second row names them."""
    if any(is_value(cell) and not _is_year(cell) for cell in second if cell):
        return False
    names = [two or one for one, two in zip(first, second)]
    alike = [list(one) for one in below if len(one) == len(first)]
    if not all(two or any(row[i] for row in alike) for i, two in enumerate(second)):
        return False
    return bool(alike) and header_votes([names, *alike]) * 2 >= sum(map(bool, second))


def _joined(first: Row, second: Row) -> Tuple[str, ...]:
    names: List[str] = []
    group = ""
    for one, two in zip(first, second):
        group = (one or group) if two else ""
        names.append(" ".join(filter(None, (group, two))) if two else one)
    return tuple(names)


def _is_sum(row: Row, body: Sequence[Row]) -> bool:
    """Whether a row has numbers, and each is the sum of those above."""
    for i, cell in enumerate(row):
        number = _number(cell)
        above = [_number(one[i]) for one in body]
        if number is not None and (None in above or abs(sum(filter(None, above)) - number) > _CLOSE):
            return False
    return any(_number(cell) is not None for cell in row)


def _is_number(cell: str) -> bool:
    return kind_of_column([cell]) == "number"


def _number(cell: str) -> Optional[float]:
    try:
        return float(cell.replace(" ", ""))
    except ValueError:
        return None


def _with_blanks_above(last: Sequence[Row], found: int) -> int:
    while found < len(last) and not _filled(last[len(last) - found - 1]):
        found += 1
    return found


def _is_year(cell: str) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", cell.strip()) is not None


def _filled(row: Row) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _first(row: Row) -> str:
    return next((cell for cell in row if cell.strip()), "")
