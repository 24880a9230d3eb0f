"""What one scan of a dataset counted. Tallies add; scores do not.

``docs/quality.md`` explains the counters. What a value is checked *against* (:attr:`ColumnFacts.expected`,
the fences of "suspect") is decided before the scan, from the schema and a deterministic sample. That is why
one scan is enough, why counters add, and why scores are monotone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Mapping, Optional, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.quality.declared import ColumnTerms, Rule, TableTerms


class Shape:
    """Names of shapes, as far as code depends on them.

    A shape is the lexical class of a value. Each form of a check has a shape of its own; all of them are in
    :data:`nuvyn_executor.quality.checks.registry.SHAPES`. A typed column has exactly one, ``typed``.
    """

    TYPED: Final = "typed"
    INTEGER: Final = "integer"
    DECIMAL: Final = "decimal"
    DECIMAL_COMMA: Final = "decimal_comma"  # 3,14
    GROUPED: Final = "grouped"  # 1,234.50
    MONEY: Final = "money"  # $1.50
    PERCENT: Final = "percent"  # 5 %
    NEGATIVE: Final = "negative"  # (1.50), 1.50-
    THREE_DECIMALS: Final = "three_decimals"  # 3,142 in a column of decimal commas
    DECIMAL_POINT: Final = "decimal_point"  # 3.14 in such a column
    CODE: Final = "code"  # digits that are no number: 000123, +440000000152
    BOOLEAN: Final = "boolean"
    DATE_ISO: Final = "date_iso"  # 2024-01-31
    DATE_SLASH: Final = "date_slash"  # 31/01/2024 or 01/31/2024
    DATE_DOT: Final = "date_dot"  # 31.01.2024
    DATE_DASH: Final = "date_dash"  # 31-01-2024
    DATE_SHORT: Final = "date_short"  # 31/01/24
    DATE_YEAR_FIRST: Final = "date_year_first"  # 2024/01/31
    DATE_NAMED: Final = "date_named"  # 31 Jan 2024
    DATE_COMPACT: Final = "date_compact"  # 20240131
    TIMESTAMP: Final = "timestamp"  # 2024-01-31T10:00:00Z
    TIMESTAMP_YEAR_FIRST: Final = "timestamp_year_first"  # 2024/01/31 10:00
    TIMESTAMP_YEAR_LAST: Final = "timestamp_year_last"  # 31/01/2024 10:00
    TIMESTAMP_NAMED: Final = "timestamp_named"  # 31 Jan 2024 10:00
    TIMESTAMP_BASIC: Final = "timestamp_basic"  # 20240131T100000Z
    TIMESTAMP_COMPACT: Final = "timestamp_compact"  # 20240131100000
    TEXT: Final = "text"
    PADDED: Final = "padded"  # blanks before or after, whatever is between


class Suspect:
    """Reasons why a present value can hardly be true. A value has one at most: the first that applies."""

    STAND_IN: Final = "stand_in"  # -999, 9999-12-31
    INFINITE: Final = "infinite"
    FAR_OUT: Final = "far_out"  # far outside of what most values are
    BROKEN_TEXT: Final = "broken_text"  # characters that were destroyed or read in a wrong encoding


@dataclass(frozen=True)
class Distinct:
    """How many different values (or rows) there are. It does not add, so that it is no part of the tally.

    Attributes:
        count: different non-missing values; an estimate when ``rsd`` is above 0.
        rsd: relative standard deviation of the estimate; 0 when the count is exact.
    """

    count: int
    rsd: float = 0.0


def _require_parts(part_name: str, part: int, whole_name: str, whole: int) -> None:
    if not 0 <= part <= whole:
        raise ValueError(f"{part} {part_name} of {whole} {whole_name}: a part lies between 0 and its whole")


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> Mapping[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


@dataclass(frozen=True)
class ColumnTally:
    """Counters of one column. ``missing = nulls + nans + blanks + placeholders``.

    Attributes:
        rows: rows seen, corrupt ones included.
        nulls: SQL NULL.
        nans: NaN in a floating point column.
        blanks: text of nothing but white space, the empty text included.
        placeholders: text that says "no value": ``n/a``, ``null``, ``-``, ...
        suspects: how many present values can hardly be true, by the reason (:class:`Suspect`). A value that
            is invalid is none: it is counted there. Reasons without values are left out.
        checked: present values that were checked against a frozen expectation (type or pattern).
        invalid: of those, how many failed.
        shapes: how many present values have which shape. Shapes without values are left out, so that equal
            counts are equal tallies.
        timestamps: present date or time values, of a column that says when a row was written, without those
            that can hardly be true; else 0.
        future: of those, how many lie in the future.
        latest_micros: the latest of the others, in microseconds since 1970 UTC.
        next_micros: the earliest of those in the future. When that moment has come, the counts have changed.
        violations: present values that break each rule of a data contract, in the order of the plan.
        unmet: present values that are not what the column expects, or break a rule that allows none; counted
            only where there are rules.

    Raises:
        ValueError: a counter is negative, or a part is larger than its whole.
    """

    rows: int = 0
    nulls: int = 0
    nans: int = 0
    blanks: int = 0
    placeholders: int = 0
    suspects: Mapping[str, int] = field(default_factory=dict)
    checked: int = 0
    invalid: int = 0
    shapes: Mapping[str, int] = field(default_factory=dict)
    timestamps: int = 0
    future: int = 0
    latest_micros: Optional[int] = None
    next_micros: Optional[int] = None
    violations: Tuple[int, ...] = ()
    unmet: int = 0

    def __post_init__(self) -> None:
        """Drop zero counts of shapes and reasons, and refuse parts larger than their whole."""
        seen = {shape: count for shape, count in self.shapes.items() if count != 0}
        object.__setattr__(self, "shapes", seen)
        suspects = {reason: count for reason, count in self.suspects.items() if count != 0}
        object.__setattr__(self, "suspects", suspects)
        _require_parts("missing values", self.missing, "rows", self.rows)
        for part in (
            self.nulls,
            self.nans,
            self.blanks,
            self.placeholders,
            *seen.values(),
            *suspects.values(),
        ):
            _require_parts("a counter", part, "rows", self.rows)
        _require_parts("suspects", self.suspected, "present values", self.present)
        _require_parts("checked values", self.checked, "present values", self.present)
        _require_parts("invalid values", self.invalid, "checked values", self.checked)
        _require_parts("values with a shape", sum(seen.values()), "present values", self.present)
        _require_parts("timestamps", self.timestamps, "present values", self.present)
        _require_parts("future timestamps", self.future, "timestamps", self.timestamps)
        for part in (*self.violations, self.unmet):
            _require_parts("values against a rule", part, "present values", self.present)

    @property
    def missing(self) -> int:
        """Cells without a value."""
        return self.nulls + self.nans + self.blanks + self.placeholders

    @property
    def present(self) -> int:
        """Cells with a value."""
        return self.rows - self.missing

    @property
    def suspected(self) -> int:
        """Present values that can hardly be true."""
        return sum(self.suspects.values())

    def __add__(self, other: ColumnTally) -> ColumnTally:
        """Add counter by counter. The later of the latest moments remains, and the earlier of the next."""
        latest = [x.latest_micros for x in (self, other) if x.latest_micros is not None]
        coming = [x.next_micros for x in (self, other) if x.next_micros is not None]
        return ColumnTally(
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            nans=self.nans + other.nans,
            blanks=self.blanks + other.blanks,
            placeholders=self.placeholders + other.placeholders,
            suspects=_added(self.suspects, other.suspects),
            checked=self.checked + other.checked,
            invalid=self.invalid + other.invalid,
            shapes=_added(self.shapes, other.shapes),
            timestamps=self.timestamps + other.timestamps,
            future=self.future + other.future,
            latest_micros=max(latest) if latest else None,
            next_micros=min(coming) if coming else None,
            violations=_sums(self.violations, other.violations),
            unmet=self.unmet + other.unmet,
        )


def _sums(one: Tuple[int, ...], other: Tuple[int, ...]) -> Tuple[int, ...]:
    """Add number by number; nothing counted is all zeros."""
    return tuple(a + b for a, b in zip(one, other)) if one and other else one or other


@dataclass(frozen=True)
class DatasetTally:
    """Counters of one dataset.

    Attributes:
        rows: rows seen, corrupt ones included.
        columns: one tally a column (leaf fields of structs), in the dataset's order.
        corrupt_rows: rows that did not parse as a record of this dataset.
        pairs: pairs of moments that have an order (created <= updated) and could be compared.
        pair_violations: of those, how many were in the wrong order.
        key_rows: rows that have all columns of each key of several columns that a data contract declares.

    Raises:
        ValueError: a counter is negative, or a part is larger than its whole.
    """

    rows: int = 0
    columns: Tuple[ColumnTally, ...] = ()
    corrupt_rows: int = 0
    pairs: int = 0
    pair_violations: int = 0
    key_rows: Tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts larger than their whole."""
        _require_parts("corrupt rows", self.corrupt_rows, "rows", self.rows)
        _require_parts("pair violations", self.pair_violations, "pairs", self.pairs)
        for part in self.key_rows:
            _require_parts("rows with a key", part, "rows", self.rows)

    def __add__(self, other: DatasetTally) -> DatasetTally:
        """Add counter by counter and column by column; ``ValueError`` when the columns differ in number."""
        if self.columns and other.columns and len(self.columns) != len(other.columns):
            raise ValueError(
                f"tallies of {len(self.columns)} and of {len(other.columns)} columns do not add: "
                "they are not of one dataset"
            )
        columns = (
            tuple(a + b for a, b in zip(self.columns, other.columns))
            if self.columns and other.columns
            else self.columns or other.columns
        )
        return DatasetTally(
            rows=self.rows + other.rows,
            columns=columns,
            corrupt_rows=self.corrupt_rows + other.corrupt_rows,
            pairs=self.pairs + other.pairs,
            pair_violations=self.pair_violations + other.pair_violations,
            key_rows=_sums(self.key_rows, other.key_rows),
        )


ZERO = DatasetTally()
"""The tally of nothing: ``ZERO + t == t``, so ``sum(tallies, ZERO)`` adds any number of them."""


@dataclass(frozen=True)
class ColumnFacts:
    """Facts of a column beside its counters.

    Attributes:
        name: its name (dotted path for a leaf of a struct).
        data_type: Spark SQL type name (``bigint``, ``string``, ...), declared or inferred.
        expected: what present values should be, frozen before the scan: the name of a check (``email``,
            ``moment``), or ``typed``, ``text``, ``opaque``.
        is_key: named as the dataset's primary key (``id``, ``customer_id`` of ``customers``).
        distinct: different present values; ``None`` when not counted.
        not_key: why a column of such a name is not taken for the key: how many sampled values repeat another
            one, of how many; ``None`` for all other columns.
        may_lie_ahead: its moments may lie in the future: they tell when something happens, not when a row
            was written.
        suspect_examples: by reason (:class:`Suspect`), a sampled value; letters and digits are masked.
        terms: what a data contract declares of it; ``None`` without one.
        rules: the rules that were counted, in the order of ``violations``.
    """

    name: str
    data_type: str
    expected: str
    is_key: bool = False
    distinct: Optional[Distinct] = None
    not_key: Optional[Tuple[int, int]] = None
    may_lie_ahead: bool = False
    suspect_examples: Mapping[str, str] = field(default_factory=dict)
    terms: Optional[ColumnTerms] = None
    rules: Tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Scan:
    """All that scoring needs of one dataset.

    Attributes:
        name: the dataset's name in recommendations.
        tally: what was counted.
        columns: one for each of ``tally.columns``.
        distinct_rows: different rows; ``None`` when not counted.
        modified_micros: last modification in storage, microseconds since 1970 UTC. It decides how fresh a
            dataset is that has no column with such moments.
        doubts: what speaks against the way in which it was read: clauses with a remedy.
        terms: what a data contract declares of it; ``None`` without one.
        keys: columns that together should not repeat, with their different values, in the order of
            ``key_rows``.
        row_count: rows of the whole table; ``None`` where they are not known. Only a data contract needs it.

    Raises:
        ValueError: the facts are not those of the tallied columns. (A tally without columns, :data:`ZERO`,
            goes with any facts: nothing was counted.)
    """

    name: str
    tally: DatasetTally
    columns: Tuple[ColumnFacts, ...]
    distinct_rows: Optional[Distinct] = None
    modified_micros: Optional[int] = None
    doubts: Tuple[str, ...] = ()
    terms: Optional[TableTerms] = None
    keys: Tuple[Tuple[Tuple[str, ...], Optional[Distinct]], ...] = ()
    row_count: Optional[int] = None

    def __post_init__(self) -> None:
        """Refuse facts that are not those of the tallied columns."""
        if self.tally.columns and len(self.tally.columns) != len(self.columns):
            raise ValueError(
                f"{self.name}: {len(self.tally.columns)} tallied columns, facts of {len(self.columns)}"
            )
