"""Find the lines of a CSV file that are no rows: before its header, below it, and after its last row. Pure.

``sep=;``, comments and borders show themselves by how they begin; titles, units, totals and notes by their
shape (:mod:`.preamble`).
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, Collection, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from nuvyn_executor.discovery.csv_layout import (
    DELIMITERS,
    WEAK,
    CsvLayout,
    complete_lines,
    detect_layout,
    lines_of,
    parse_records,
)
from nuvyn_executor.discovery.dialects import detect_header, header_votes, is_value
from nuvyn_executor.discovery.preamble import (
    MOST_TITLES,
    Header,
    begins_note,
    header_of,
    is_ruler,
    is_unit,
    notes_after,
    steady_width,
    titles_before,
    total_doubt,
)
from nuvyn_executor.model import SkippedLines

if TYPE_CHECKING:
    from nuvyn_executor.discovery.file_head import FileHead

TAIL_BYTES = 8192
"""So much of the end of a file shows its totals and notes."""
_SEP = re.compile(r'"?sep=(\\t|[^\w"])"?[;,\t|" ]*', re.IGNORECASE)
_COMMENTS = ("#", "//", "--", ";")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_FIRST_LINES = re.compile(r"\ufeff?([^\W\d][^\r\n]*|\"[^\W\d][^\r\n]*)\r?\n([^\r\n]+)")
_UNFILLED = re.compile(r"([,;\t|])(?:\1|$)")
_LOOKED_AT = 300  # lines
_BELOW = 60
_TOP = 2048  # characters
_FEW = 3  # characters
_NUMBER = re.compile(r'(?:^|[,;\t|])"?[-+]?\d[^,;\t|()"]*"?(?=[,;\t|]|$)')


class CsvTable(NamedTuple):
    """The table in a CSV file.

    Attributes:
        head: the beginning of the file without the lines that are no rows.
        skipped: these lines.
        names: names of columns that stand in two rows; empty where one row has them.
        doubts: what speaks against that: clauses with a remedy.
    """

    head: FileHead
    skipped: SkippedLines
    names: Tuple[str, ...] = ()
    doubts: Tuple[str, ...] = ()


def table_of(head: FileHead, tail: str = "") -> Optional[CsvTable]:
    """Return the table in a CSV file; ``None`` where each line of it may be a row.

    Args:
        head: the beginning of the file; gzip that inflates.
        tail: the last lines of a file that is longer than its head; ``""``: they are unknown.
    """
    text = complete_lines(head.text, whole=head.is_whole)
    last = text if head.is_whole else tail
    if _is_plain(text, last):
        return None
    lines = [found.group() for found in _LINE.finditer(text) if found.group()]
    texts = [line.rstrip("\r\n") for line in lines]
    texts[:1] = [one.lstrip("\ufeff") for one in texts[:1]]
    filled = [at for at, one in enumerate(texts) if one.strip()]
    rest, declared, mark = _without_marked(texts, filled)
    gaps = {
        at for at, before in enumerate(zip(rest, rest[1:]), 1) if not all(texts[before[0] + 1 : before[1]])
    }
    layout, width, titles = _titles([texts[at] for at in rest[:_LOOKED_AT]], declared, gaps)
    rest = [
        at
        for at in rest[titles:]
        if not (mark and texts[at].startswith(mark) and len(_split(texts[at], layout)) != width)
    ]
    rows = list(_records((texts[at] for at in rest[:_LOOKED_AT]), layout))
    if not rows:
        return None
    header = header_of(rows) if layout.width > 1 else Header()
    has_header = header.rows > 1 or detect_header(rows)
    header = header if has_header else Header(0)
    named = _header_text((texts[at] for at in rest[header.at :]), layout) if has_header else ""
    rest = rest if header.rows < 2 else [rest[header.at], *rest[header.rows :]]  # noqa: PLR2004  two rows
    rows, first_row = rows[header.rows :], rest[min(int(has_header), len(rest) - 1)]
    ended = _notes(rows, list(lines_of(last)), layout, mark)
    doubts = () if ended or not last else _doubts(rows, list(lines_of(last)), layout)
    if head.is_whole and ended:
        rest = [at for at in rest if at < filled[-len(ended)]]
    kept = {*rest, *(at for at in range(len(lines)) if not texts[at])}
    gone = [at for at in range(len(lines)) if at not in kept and texts[at].strip()]
    if not gone and not ended:
        return CsvTable(head, SkippedLines(), doubts=doubts) if doubts else None
    return CsvTable(
        head.with_text("".join(lines[at] for at in sorted(kept)) + head.text[len(text) :], declared),
        SkippedLines(
            frozenset(texts[at] for at in gone).union(ended),
            frozenset([named] if named else []),
            mark,
            sum(at < first_row for at in gone),
            len(ended),
        ),
        header.names,
        doubts,
    )


def _is_plain(text: str, last: str) -> bool:
    """Whether the first two lines and the last one are those of a table without any other line.

    That saves time: of most files nothing else is looked at.
    """
    found = _FIRST_LINES.match(text)
    if found is None or any(text.find(gap, 0, _TOP) >= 0 for gap in ("\n\n", "\n\r\n")):
        return False
    first, second = found.groups()
    end = last[max(last.rfind("\n", 0, -1), last.rfind("\r", 0, -1)) + 1 :].rstrip()
    end = end or second  # the last lines are unknown
    marks = [mark for mark in DELIMITERS if mark in first]
    if len(marks) != 1 or f"{marks[0]} " in first or _SEP.fullmatch(first) or _UNFILLED.search(first):
        return False
    if not end[0].isdigit() and (begins_note(end.lstrip('"')) or not end.strip(" ,;\t|")):
        return False
    one, two, three = (_cells(line, marks[0]) for line in (first, second, end))
    return len(one) == len(two) == len(three) and (
        _NUMBER.search(second) is not None or not (any(map(is_unit, two)) or len(set(one)) < len(one))
    )


def _cells(line: str, delimiter: str) -> List[str]:
    """Split a line; a quote that is not closed makes one cell of it."""
    if '"' not in line:
        return line.split(delimiter)
    return [] if line.count('"') % 2 else next(parse_records(line, delimiter, '"'), [])


def _without_marked(texts: Sequence[str], filled: Sequence[int]) -> Tuple[List[int], str, str]:
    """Leave out lines that show by themselves that they are no rows.

    Returns:
        The other lines; the delimiter that the first line names; and what comments begin with.
    """
    rest = list(filled)
    separator = _SEP.fullmatch(texts[rest[0]]) if rest else None
    declared = ""
    if separator is not None:
        declared = "\t" if separator.group(1) == "\\t" else separator.group(1)
        rest = rest[1:]
        if not any(declared in texts[at] for at in rest[: MOST_TITLES + 1]):
            declared = ""
    mark, comments = _comments([texts[at] for at in rest[:_LOOKED_AT]], declared)
    rest = rest[comments:]
    rulers = _rulers(texts, rest)
    return [at for at in rest if at not in rulers], declared, mark


def _rulers(texts: Sequence[str], rest: Sequence[int]) -> Tuple[int, ...]:
    """Return the places of borders: around the first line, or below one of the first if they are unique."""
    top = rest[:MOST_TITLES]
    seen = Counter(texts[at] for at in rest)
    return tuple(
        at
        for before, at in zip([None, *top], top)
        if is_ruler(texts[at], "" if before is None else texts[before])
        and ("+" in texts[at] or seen[texts[at]] == 1)
    )


def _comments(texts: Sequence[str], declared: str) -> Tuple[str, int]:
    """Return what comments begin with, and how many lines of them come first.

    The last of them is no comment where it names the columns of the rows below.
    """
    mark = next((one for one in _COMMENTS if texts and texts[0].startswith(one)), "")
    count = next((at for at, one in enumerate(texts) if not one.startswith(mark)), len(texts)) if mark else 0
    if not count or count == len(texts) or any(one.count('"') % 2 for one in texts[:count]):
        return "", 0
    below = texts[count:]
    layout = detect_layout("\n".join(below), whole=True, delimiter=declared)
    if layout.delimiter and mark.startswith(layout.delimiter):
        return "", 0
    texts = texts[:count]
    if layout.width == 1:
        is_comment = all(one[len(mark) :][:1] in (" ", "!", "") for one in texts)
        has_text = any(one[len(mark) :].strip() for one in texts)
        is_unique = len(below) > 1 and not any(one.startswith(mark) for one in below)
        return (mark, count) if is_comment and has_text and is_unique else ("", 0)
    rows = [row for row in _records(below, layout) if len(row) == layout.width]
    has_header = header_votes(rows) > 0
    records = [_split(one, layout) for one in texts]
    alike = [one for one in records if len(one) == layout.width]
    if len(alike) == len(records) and not (has_header and not any(map(is_value, chain(*records)))):
        return "", 0  # rows of a table whose first column has such values
    if len(records[-1]) == layout.width and not has_header and header_votes([records[-1], *rows]) > 0:
        count -= 1
    return (mark, count) if count else ("", 0)


def _titles(texts: Sequence[str], declared: str, gaps: Collection[int]) -> Tuple[CsvLayout, int, int]:
    """Return how records are written, how many fields a row has, and how many lines are titles."""
    layout = detect_layout("\n".join(texts), whole=True, delimiter=declared)
    if layout.width > 1:
        rows = _rows(texts, layout)
        width = steady_width(rows) or layout.width
        titles = titles_before(rows, width, gaps)
        if titles or len(rows[0]) == layout.width:
            return layout, width, titles or 0
    for start in range(1, min(MOST_TITLES, len(texts) - 1)):
        if not any(mark in texts[start] for mark in DELIMITERS):
            continue
        below = texts[start : start + _BELOW]
        other = detect_layout("\n".join(below), whole=True, delimiter=declared)
        if other.width == 1 or other.delimiter in WEAK:
            continue
        rows = _rows(texts, other)
        width = steady_width(rows)
        titles = titles_before(rows, width)
        if titles is not None and titles in (start, start - 1):
            return other, width, titles
    return layout, layout.width, 0


def _rows(texts: Sequence[str], layout: CsvLayout) -> List[List[str]]:
    """Return lines as rows; from the first line of the right width on, a quote may go on in later lines."""
    rows = [_split(one, layout) for one in texts[: MOST_TITLES + 1]]
    start = next((at for at, row in enumerate(rows) if len(row) == layout.width), 0)
    return [*rows[:start], *_records(texts[start:], layout)]


def _notes(
    rows: Sequence[Sequence[str]], last: Sequence[str], layout: CsvLayout, mark: str
) -> Tuple[str, ...]:
    """Return the lines at the end that are no rows."""
    texts = [one for one in last if one.strip()][-MOST_TITLES:]
    cut = next((back for back, one in enumerate(reversed(texts)) if one.count(layout.quote) % 2), len(texts))
    texts = texts[len(texts) - cut :]  # a quote that is open belongs to a value of several lines

    def is_comment(text: str) -> bool:
        return bool(mark) and text.startswith(mark) and len(_split(text, layout)) != layout.width

    def is_border(text: str) -> bool:
        return is_ruler(text, text)

    last_rows = [[""] if is_comment(one) or is_border(one) else _split(one, layout) for one in texts]
    ended = notes_after(rows, last_rows, layout.width)
    while ended < len(texts):
        text = texts[-ended - 1]
        is_long = len(_split(text, layout)) < layout.width and len(text.strip()) > _FEW
        if not (is_comment(text) or (is_border(text) and (ended or "+" in text or is_long))):
            break
        ended += 1
    return tuple(texts[len(texts) - ended :])


def _doubts(rows: Sequence[Sequence[str]], last: Sequence[str], layout: CsvLayout) -> Tuple[str, ...]:
    texts = [one for one in last if one.strip()][-MOST_TITLES:]
    doubt = total_doubt(rows, [_split(one, layout) for one in texts], layout.width)
    return (doubt,) if doubt else ()


def _header_text(texts: Iterator[str], layout: CsvLayout) -> str:
    """Return the first record as it is written, of several lines if a quote is open at their ends."""
    text = next(texts, "")
    for line in islice(texts, MOST_TITLES):
        if text.count(layout.quote) % 2 == 0:
            break
        text += f"\n{line}"
    return text


def _records(texts: Iterable[str], layout: CsvLayout) -> Iterator[List[str]]:
    return parse_records("\n".join(texts), layout.delimiter, layout.quote, layout.escape)


def _split(text: str, layout: CsvLayout) -> List[str]:
    return next(parse_records(text, layout.delimiter, layout.quote, layout.escape), [""])
