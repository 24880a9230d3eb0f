"""Excel workbooks as rows of text. The only module that imports python_calamine and openpyxl.

calamine is nine times faster and reads .xls too. openpyxl is pure Python and reads error cells (``#N/A``),
which are empty in calamine. So a workbook with error cells is read by openpyxl, where that is installed.
"""

from __future__ import annotations

import datetime as dt
import importlib
import pickle
import tempfile
import weakref
from collections import deque
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Callable, Deque, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from nuvyn_executor.bounds import SHEET_CELLS
from nuvyn_executor.discovery.preamble import (
    MOST_TITLES,
    Header,
    header_of,
    notes_after,
    titles_before,
    total_doubt,
)
from nuvyn_executor.discovery.workbook_parts import SheetFacts, facts_of
from nuvyn_executor.errors import DatasetUnreadable, EngineError, is_panic

_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CHUNK = 1 << 20
_IN_MEMORY = 64 * 1024 * 1024
_BLOCK = 1_000  # rows
_EXACT_FLOAT = 2.0**53
_HEAD_ROWS = 100  # that show where the table begins


def sheet_names(path: str) -> Tuple[str, ...]:
    """List the worksheets of a workbook in its order, hidden ones too. Charts are no worksheets.

    Args:
        path: the workbook, as ``open`` takes it.

    Raises:
        DatasetUnreadable: the file is no workbook, is damaged, or is protected by a password.
        EngineError: neither python_calamine nor openpyxl is installed.
    """
    return _open(path).sheet_names()


class SheetRows:
    """The rows of a worksheet as text, the first of which is its header; not all are in memory at once.

    Empty rows, and columns that are empty all the way down before the first and after the last filled one,
    are left out; every row has the same length. So are titles above the header, and totals and notes below
    the rows (:mod:`.preamble`); of a header of two rows the names are joined. Integers come without ``.0``,
    other numbers in their shortest exact form, dates as ``2024-01-31``, moments as ``2024-01-31T10:00:00`` (a
    date among moments of its column too), ``true`` and ``false``, errors as ``#N/A``; an empty cell is
    ``None``.

    Attributes:
        top: how many rows come before the first one below the header, without it.
        end: how many come after the last one.
        doubt: what speaks against the last row: a clause with a remedy; ``""`` for nothing.
        is_hidden: the sheet is hidden in the workbook.

    Args:
        read: returns the rows from the first on, each time that it is called.
    """

    def __init__(self, read: Callable[[], Iterator[Sequence[Any]]]) -> None:
        self._read = read
        self.is_hidden = False
        self._with_time: Set[int] = set()
        filled: Set[int] = set()
        first: List[Sequence[Any]] = []
        last: Deque[Sequence[Any]] = deque(maxlen=MOST_TITLES)
        count = 0
        for count, row in enumerate(self._filled_rows(), 1):
            if len(first) < _HEAD_ROWS:
                first.append(row)
            elif len(last) == MOST_TITLES:
                filled.update(_filled(last[0], filled))
            if count > _HEAD_ROWS:
                last.append(row)
            self._with_time.update(
                index for index, cell in enumerate(row) if index not in self._with_time and _has_time(cell)
            )
        before, self._header, self.end, self.doubt = _bounds(first, last)
        self.top = before + max(0, self._header.rows - 1)
        kept = [*first[before:], *last]
        for row in kept[: len(kept) - self.end]:
            filled.update(_filled(row, filled))
        self._columns = range(min(filled), max(filled) + 1) if filled else range(0)
        self._titles = before
        self._count = count

    def __len__(self) -> int:
        """Return how many rows there are, with the header."""
        return self._count - self.top - self.end

    def __iter__(self) -> Iterator[List[Optional[str]]]:
        """Read the rows."""
        rows = islice(self._filled_rows(), self._titles, self._count - self.end)
        names = [self._texts(row) for row in islice(rows, max(1, self._header.rows))]
        if self._header.names:
            yield [self._header.names[index] or None for index in self._columns]
        elif names:
            yield names[0]
        yield from map(self._texts, rows)

    def _texts(self, row: Sequence[Any]) -> List[Optional[str]]:
        return [
            _as_text(row[index], with_time=index in self._with_time) if index < len(row) else None
            for index in self._columns
        ]

    def _filled_rows(self) -> Iterator[Sequence[Any]]:
        return (row for row in self._read() if any(not _is_blank(cell) for cell in row))


def _filled(row: Sequence[Any], known: Set[int]) -> List[int]:
    """Return the places of the filled cells of a row that are not known."""
    return [index for index, cell in enumerate(row) if index not in known and not _is_blank(cell)]


def _bounds(first: Sequence[Sequence[Any]], last: Sequence[Sequence[Any]]) -> Tuple[int, Header, int, str]:
    """Return how many of the first rows are titles, what names columns, how many last ones notes; a doubt."""
    places = range(max(map(len, first), default=0))

    def texts(row: Sequence[Any]) -> List[str]:
        return [_as_text(row[i], with_time=False) or "" if i < len(row) else "" for i in places]

    top, end = [texts(row) for row in first], [texts(row) for row in (*first, *last)]
    used = [i for i in places if any(row[i] for row in top)]
    top, end = ([[row[i] for i in used] for row in rows] for rows in (top, end))
    titles = titles_before(top, len(used)) or 0
    rows = top[titles:]
    header = header_of(rows)
    names = [""] * len(places)
    for i, name in zip(used, header.names):
        names[i] = name
    body = rows[header.rows :]
    most = min(len(end) - titles - header.rows, MOST_TITLES)
    end = end[len(end) - most :] if most > 0 else []
    notes = notes_after(body, end, len(used))
    doubt = "" if notes else total_doubt(body, end, len(used))
    return titles, header._replace(names=tuple(names) if header.names else ()), notes, doubt


def read_rows(path: str, sheet: str) -> SheetRows:
    """Return the rows of a worksheet as text.

    Args:
        path: the workbook, as ``open`` takes it; it has to stay there while rows are read.
        sheet: one of :func:`sheet_names`.

    Raises:
        DatasetUnreadable: the file is no workbook, is damaged, is protected by a password, or has no such
            sheet.
        EngineError: neither python_calamine nor openpyxl is installed.
    """
    book = _open(path)
    is_hidden = book.is_hidden(sheet)
    rows = SheetRows(book.rows(sheet))
    rows.is_hidden = is_hidden
    return rows


def filled_sheets(path: str, most: int) -> Tuple[str, ...]:
    """Return which of the first worksheets have a filled cell. Errors as of :func:`sheet_names`."""
    book = _open(path)
    return tuple(sheet for sheet in book.sheet_names()[:most] if _has_rows(book, sheet))


def unsaved_formulas(path: str) -> Dict[str, int]:
    """Return how many formulas of each worksheet have no saved result; they are read as empty cells."""
    return {name: facts.unsaved for name, facts in facts_of(path).items() if facts.unsaved}


def _has_rows(book: _Reader, sheet: str) -> bool:
    return any(not _is_blank(cell) for row in book.rows(sheet)() for cell in row)


class _Calamine:
    def __init__(self, engine: Any, path: str) -> None:
        self._path = path
        self._engine = engine
        with Path(path).open("rb") as stream:
            self._book = engine.CalamineWorkbook.from_filelike(stream)

    def sheet_names(self) -> Tuple[str, ...]:
        """List worksheets."""
        worksheet = self._engine.SheetTypeEnum.WorkSheet
        return tuple(sheet.name for sheet in self._book.sheets_metadata if sheet.typ == worksheet)

    def is_hidden(self, sheet: str) -> bool:
        """Whether a sheet is hidden."""
        visible = self._engine.SheetVisibleEnum.Visible
        return any(one.name == sheet and one.visible != visible for one in self._book.sheets_metadata)

    def rows(self, sheet: str) -> Callable[[], Iterator[Sequence[Any]]]:
        """Return what reads a sheet; calamine has its cells in memory, and Python one row."""
        if sheet not in self.sheet_names():
            raise _no_sheet(self._path, sheet)
        found = self._book.get_sheet_by_name(sheet)
        if found.start is None:  # it has no cells, and calamine 0.4 panics at its rows
            return lambda: iter(())
        read: Callable[[], Iterator[Sequence[Any]]] = found.iter_rows
        return read


class _Openpyxl:
    def __init__(self, engine: Any, path: str) -> None:
        self._path = path
        self._engine = engine

    def sheet_names(self) -> Tuple[str, ...]:
        """List worksheets."""
        with self._opened() as book:
            return tuple(sheet.title for sheet in book.worksheets)

    def is_hidden(self, sheet: str) -> bool:
        """Whether a sheet is hidden."""
        with self._opened() as book:
            return any(one.title == sheet and one.sheet_state != "visible" for one in book.worksheets)

    def rows(self, sheet: str) -> Callable[[], Iterator[Sequence[Any]]]:
        """Return what reads a sheet.

        It is parsed once, which takes long. What does not fit into a piece of memory waits on the disk, in a
        file without a name, which is gone when nobody reads it any more.
        """
        with self._opened() as book:
            if sheet not in (one.title for one in book.worksheets):
                raise _no_sheet(self._path, sheet)
            worksheet = book[sheet]
            worksheet.reset_dimensions()  # some programs write a wrong one, and rows would be missing
            return _Waiting(worksheet.iter_rows(values_only=True)).rows

    def _opened(self) -> Any:
        return closing(self._engine.load_workbook(self._path, read_only=True, data_only=True))


class _Waiting:
    """Rows that can be read again; the file of those that do not fit into memory ends with this object."""

    def __init__(self, rows: Iterator[Sequence[Any]]) -> None:
        self._stream = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed by the next line
        weakref.finalize(self, self._stream.close)
        for block in iter(lambda: list(islice(rows, _BLOCK)), []):
            pickle.dump(block, self._stream)
        self._end = self._stream.tell()

    def rows(self) -> Iterator[Sequence[Any]]:
        """Read them from the first on."""
        at = 0
        while at < self._end:
            self._stream.seek(at)  # another reader may have moved it
            block = pickle.load(self._stream)  # noqa: S301  what this process has written
            at = self._stream.tell()
            yield from block


class _Reader:
    """One workbook in one engine. An error of the engine becomes one sentence."""

    def __init__(self, book: Any, path: str) -> None:
        self._book = book
        self._path = path

    def sheet_names(self) -> Tuple[str, ...]:
        names: Tuple[str, ...] = self._guarded(self._book.sheet_names)
        return names

    def is_hidden(self, sheet: str) -> bool:
        return bool(self._guarded(self._book.is_hidden, sheet))

    def rows(self, sheet: str) -> Callable[[], Iterator[Sequence[Any]]]:
        read = self._guarded(self._book.rows, sheet)
        return lambda: self._guarded_rows(read)

    def _guarded(self, action: Callable[..., Any], *arguments: str) -> Any:
        try:
            return action(*arguments)
        except DatasetUnreadable:
            raise
        except BaseException as error:
            if not (isinstance(error, Exception) or is_panic(error)):
                raise
            raise _damaged(self._path, error) from error

    def _guarded_rows(self, read: Callable[[], Iterator[Sequence[Any]]]) -> Iterator[Sequence[Any]]:
        rows = iter(self._guarded(read))
        while True:
            row = self._guarded(lambda: next(rows, None))
            if row is None:
                return
            yield row


def _open(path: str) -> _Reader:
    calamine, openpyxl = _engine("python_calamine"), _engine("openpyxl")
    if calamine is None and openpyxl is None:
        raise EngineError(
            f"{Path(path).name} is a workbook, and neither python_calamine nor openpyxl is installed.",
            "Install it: pip install 'nuvyn-executor-script[excel]'.",
        )
    try:
        _refuse_encrypted(path)
        facts = facts_of(path)
        _refuse_wide(path, facts)
        if openpyxl is not None and (calamine is None or any(one.has_errors for one in facts.values())):
            return _Reader(_Openpyxl(openpyxl, path), path)
        return _Reader(_Calamine(calamine, path), path)
    except DatasetUnreadable:
        raise
    except PermissionError as error:
        raise DatasetUnreadable(
            f"{Path(path).name} may not be read.", "Grant read access to the user that runs this job."
        ) from error
    except BaseException as error:  # engines raise whatever a damaged file makes them raise
        if not (isinstance(error, Exception) or is_panic(error)):
            raise
        raise _damaged(path, error) from error


def _engine(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _refuse_encrypted(path: str) -> None:
    with Path(path).open("rb") as stream:
        if stream.read(len(_OLE)) != _OLE:
            return
        stream.seek(0)
        before = b""
        for chunk in iter(lambda: stream.read(_CHUNK), b""):
            if _ENCRYPTED in before + chunk:
                raise DatasetUnreadable(
                    f"{Path(path).name} is protected by a password.", "Save it without one."
                )
            before = chunk[-len(_ENCRYPTED) :]


def _refuse_wide(path: str, facts: Mapping[str, SheetFacts]) -> None:
    for name, one in facts.items():
        if one.cells > SHEET_CELLS:
            raise DatasetUnreadable(
                f"{Path(path).name} has a sheet, {name}, whose filled cells are {one.rows:,} rows and "
                f"{one.columns:,} columns apart: more than {SHEET_CELLS // 1_000_000} million cells.",
                "Delete the cells that are far from the table, or save the sheet as CSV.",
            )


def _no_sheet(path: str, sheet: str) -> DatasetUnreadable:
    return DatasetUnreadable(f"{Path(path).name} has no worksheet {sheet!r}.", "Run the job again.")


def _damaged(path: str, error: BaseException) -> DatasetUnreadable:
    if type(error).__name__ == "PasswordError":
        return DatasetUnreadable(f"{Path(path).name} is protected by a password.", "Save it without one.")
    why = "it is damaged" if is_panic(error) else error
    return DatasetUnreadable(
        f"{Path(path).name} cannot be read as a workbook: {why}.", "Open it in Excel and save it as .xlsx."
    )


def _is_blank(cell: Any) -> bool:
    return cell is None or cell == ""


def _has_time(cell: Any) -> bool:
    """Whether a cell is a moment. Midnight does not count: in openpyxl a date is a moment at midnight."""
    return isinstance(cell, dt.datetime) and cell.time() != dt.time()


def _as_text(cell: Any, *, with_time: bool) -> Optional[str]:
    if _is_blank(cell):
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) <= _EXACT_FLOAT else repr(cell)
    if isinstance(cell, dt.date):  # a datetime is one too
        return _moment_as_text(cell, with_time=with_time)
    return _duration_as_text(cell) if isinstance(cell, dt.timedelta) else str(cell)


def _duration_as_text(cell: dt.timedelta) -> str:
    seconds = round(cell.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _moment_as_text(cell: dt.date, *, with_time: bool) -> str:
    if not isinstance(cell, dt.datetime):
        cell = dt.datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  a cell has no time zone
    # Excel counts in fractions of a day: 10:00:00 may come as 09:59:59.999999
    rounded = cell.replace(microsecond=0) + dt.timedelta(seconds=round(cell.microsecond / 1_000_000))
    return rounded.isoformat(timespec="seconds") if with_time else rounded.date().isoformat()
