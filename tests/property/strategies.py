"""Small tables of Python values, and a counter that counts them one by one: what Spark has to agree with."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from hypothesis import strategies as st

from nuvyn_executor.quality.checks.registry import SHAPES
from nuvyn_executor.quality.dimensions import MICROS_PER_DAY
from nuvyn_executor.quality.tallies import (
    ColumnFacts,
    ColumnTally,
    DatasetTally,
    Distinct,
    Scan,
    Shape,
    Suspect,
)

NOW = 1_700_000_000_000_000
INVALID_EMAIL = "no-address"
FUTURE = NOW + 30 * MICROS_PER_DAY

_MISSING_TEXT = [None, "", "  ", "n/a"]
_VALUES: Dict[str, Any] = {
    "key": st.one_of(st.none(), st.integers(1, 8)),
    "number": st.one_of(
        st.sampled_from([None, math.nan, -999.0, math.inf]), st.integers(-9, 9).map(lambda n: n / 4)
    ),
    "text": st.sampled_from([*_MISSING_TEXT, "plain", " padded", "12", "3.5", "000123", "bro\ufffdken"]),
    "email": st.sampled_from([*_MISSING_TEXT, "a@example.org", "b@example.org", INVALID_EMAIL]),
    "created": st.one_of(st.none(), st.integers(-400, 20).map(lambda day: NOW + day * MICROS_PER_DAY)),
    "updated": st.one_of(st.none(), st.integers(-400, 20).map(lambda day: NOW + day * MICROS_PER_DAY)),
}
KINDS = tuple(_VALUES)
_SUSPECTS = {Suspect.STAND_IN: -999.0, Suspect.INFINITE: math.inf, Suspect.BROKEN_TEXT: "bro\ufffdken"}
_TYPES = {"key": "bigint", "number": "double", "text": "string", "email": "string"}
_EXPECTED = {"text": "text", "email": "email"}
_SHAPES = (
    (Shape.PADDED, r"\s.*|.*\s"),
    ("email", r"[^@]+@[^@]+"),
    (Shape.CODE, r"0\d+"),
    (Shape.INTEGER, r"\d+"),
    (Shape.DECIMAL, r"\d+\.\d+"),
    (Shape.TEXT, r".*"),
)


@dataclass(frozen=True)
class Table:
    """Rows of Python values; columns are called by their kinds; ``corrupt`` rows have nothing but None."""

    kinds: Tuple[str, ...]
    rows: Tuple[Tuple[Any, ...], ...]
    corrupt: int = 0
    modified: Optional[int] = None

    def with_rows(self, *rows: Tuple[Any, ...]) -> Table:
        return Table(self.kinds, tuple(rows), self.corrupt, self.modified)

    def with_cell(self, row: int, kind: str, value: Any) -> Table:
        cells = list(self.rows[row])
        cells[self.kinds.index(kind)] = value
        return self.with_rows(*self.rows[:row], tuple(cells), *self.rows[row + 1 :])

    def times(self, k: int) -> Table:
        return Table(self.kinds, self.rows * k, self.corrupt * k, self.modified)

    def plus(self, other: Table) -> Table:
        return Table(self.kinds, self.rows + other.rows, self.corrupt + other.corrupt, self.modified)

    def in_order_of(self, kinds: Tuple[str, ...]) -> Table:
        places = [self.kinds.index(kind) for kind in kinds]
        rows = tuple(tuple(row[place] for place in places) for row in self.rows)
        return Table(kinds, rows, self.corrupt, self.modified)


@st.composite
def tables(
    draw: st.DrawFn, *, having: str = "", min_rows: int = 0, kinds: Optional[Tuple[str, ...]] = None
) -> Table:
    """Tables of a few kinds of columns, with every kind of defect; ``having`` names a kind that is in."""
    if kinds is None:
        kinds = tuple(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4, unique=True)))
        kinds = kinds if not having or having in kinds else (*kinds, having)
    rows = draw(st.lists(st.tuples(*(_VALUES[kind] for kind in kinds)), min_size=min_rows, max_size=12))
    modified = draw(st.one_of(st.none(), st.integers(0, 400).map(lambda day: NOW - day * MICROS_PER_DAY)))
    return Table(kinds, tuple(rows), draw(st.sampled_from([0, 0, 1, 2])), modified)


@st.composite
def alike(draw: st.DrawFn, *, count: int = 2) -> Tuple[Table, ...]:
    """Several tables of the same columns: parts of one dataset."""
    first = draw(tables())
    return (first, *(draw(tables(kinds=first.kinds)) for _ in range(count - 1)))


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip() in ("", "n/a")
    return value is None or value != value  # noqa: PLR0124  NaN is what differs from itself


def _shape(value: Any) -> str:
    if not isinstance(value, str):
        return Shape.TYPED
    return next(shape for shape, pattern in _SHAPES if re.fullmatch(pattern, value))


def count_column(kind: str, values: Tuple[Any, ...], now: int) -> ColumnTally:
    """Count one column, value by value."""
    present = [value for value in values if not _is_missing(value)]
    moments = present if kind in ("created", "updated") else []
    past = [moment for moment in moments if moment <= now]
    shapes = [_shape(value) for value in present]
    return ColumnTally(
        rows=len(values),
        nulls=sum(value is None for value in values),
        nans=sum(isinstance(value, float) and math.isnan(value) for value in values),
        blanks=sum(isinstance(value, str) and not value.strip() for value in values),
        placeholders=sum(value == "n/a" for value in values),
        suspects={reason: present.count(value) for reason, value in _SUSPECTS.items()},
        checked=0 if kind == "text" else len(present),
        invalid=sum(value == INVALID_EMAIL for value in present),
        shapes={shape: shapes.count(shape) for shape in SHAPES},
        timestamps=len(moments),
        future=len(moments) - len(past),
        latest_micros=max(past, default=None),
        next_micros=min((moment for moment in moments if moment > now), default=None),
    )


def tally_of(table: Table, now: int = NOW) -> DatasetTally:
    """Count a table."""
    rows = table.rows + ((None,) * len(table.kinds),) * table.corrupt
    columns = zip(*rows) if rows else ((),) * len(table.kinds)
    pairs = []
    if "created" in table.kinds and "updated" in table.kinds:
        start, end = table.kinds.index("created"), table.kinds.index("updated")
        pairs = [(row[start], row[end]) for row in rows if row[start] is not None and row[end] is not None]
    return DatasetTally(
        rows=len(rows),
        columns=tuple(count_column(kind, tuple(v), now) for kind, v in zip(table.kinds, columns)),
        corrupt_rows=table.corrupt,
        pairs=len(pairs),
        pair_violations=sum(start > end for start, end in pairs),
    )


def scan_of(table: Table, now: int = NOW, rsd: float = 0.0, name: str = "t") -> Scan:
    """Scan a table; with ``rsd`` the distinct counts say that they are estimates."""
    rows = table.rows + ((None,) * len(table.kinds),) * table.corrupt
    facts = []
    for place, kind in enumerate(table.kinds):
        present = {row[place] for row in rows if not _is_missing(row[place])}
        data_type, expected = _TYPES.get(kind, "timestamp"), _EXPECTED.get(kind, "typed")
        facts.append(ColumnFacts(kind, data_type, expected, kind == "key", Distinct(len(present), rsd)))
    different = Distinct(len({repr(row) for row in rows}), rsd)
    return Scan(name, tally_of(table, now), tuple(facts), different, table.modified)
