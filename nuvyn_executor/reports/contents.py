"""What a quality report says, as values. Pure.

Everything here was stored by a run. What was not stored is ``None`` or empty, and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Mapping, Optional, Tuple

if TYPE_CHECKING:
    from datetime import datetime

UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Scores:
    """Scores of a source or a table.

    Attributes:
        overall: 0 to 100; ``None`` is not assessed, or not stored.
        level: its name.
        dimensions: the scores by name; a name that is missing was not stored.
        checked: how many cells, values or rows each of them rests on.
    """

    overall: Optional[float] = None
    level: str = UNKNOWN
    dimensions: Mapping[str, Optional[float]] = field(default_factory=dict)
    checked: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """A reason for lost points.

    Attributes:
        source_id: the source of the table.
        table, column: where; ``None`` of a finding that is about the whole.
        table_id: the table's id, where the stored tables have one of this name.
        dimension: where it costs points.
        count, of: how many values, of how many.
        points_lost: of the overall score of the whole.
        what: what was found.
        remedy: what to do; empty where the stored text does not say it.
        is_note: whether it is no fault.
    """

    source_id: Optional[str]
    table: Optional[str]
    column: Optional[str]
    table_id: Optional[str]
    dimension: Optional[str]
    count: Optional[int]
    of: Optional[int]
    points_lost: Optional[float]
    what: str
    remedy: str
    is_note: bool = False


@dataclass(frozen=True)
class Distribution:
    """How the values of a column are distributed.

    Attributes:
        of: ``numbers``, ``moments``, or ``lengths`` of texts in bytes.
        count: how many were counted.
        bins: how many are in each of some intervals, the lowest first.
        error: by how much a quantile may be off, as a share of it.
        quantiles: below or at which 5, 25, 50, 75 and 95 % are; empty where they are cell values that may not
            be shown.
    """

    of: str
    count: int
    bins: Tuple[int, ...]
    error: float
    quantiles: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        type_class: ``number``, ``text``, ``moment``, ``boolean`` or ``other``.
        kind: the kind of its values, where the type does not say it.
        present: values that are there; ``None`` where the rows are not known.
        missing: how many cells are missing, in each of the four ways.
        invalid, suspects, checked: as ``columns.details`` has them.
        reasons: why suspects are some.
        forms: how its values are written, the most frequent first, with how many.
        lengths: bytes of the shortest and of the longest text.
        values: cell values: sample, minimum, maximum; empty unless they may be shown.
        expectations: what a data contract declares: rule, whether it is met (``None``: not checked).
        distribution: ``None`` where it was not measured.
        commonest: of a column of few values each with its count; empty unless they may be shown.
    """

    name: str
    data_type: str
    type_class: str
    kind: Optional[str]
    comment: Optional[str]
    is_key: bool
    completeness: Optional[float]
    validity: Optional[float]
    uniqueness: Optional[float]
    present: Optional[int]
    missing: Mapping[str, int]
    distinct: Optional[int]
    is_approximate: bool
    checked: int
    invalid: int
    suspects: int
    reasons: Mapping[str, int]
    forms: Tuple[Tuple[str, int], ...]
    lengths: Optional[Tuple[int, int]]
    values: Mapping[str, str]
    expectations: Tuple[Tuple[str, Optional[bool]], ...]
    distribution: Optional[Distribution] = None
    commonest: Tuple[Tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Measured:
    """How the figures of a table came about.

    Attributes:
        engine: what counted.
        read_by: what read the rows; ``None`` in tables of before.
    """

    engine: Optional[str]
    read_by: Optional[str]
    rows_scanned: Optional[int]
    rows_read: Optional[int]
    is_sampled: bool
    is_truncated: bool
    is_approximate: bool
    rsd: Optional[float]
    formula_version: Optional[str]
    contract: Optional[str]

    @property
    def counted_by(self) -> Optional[str]:
        """What counted, and what read if that is another."""
        if self.engine is None or self.read_by in (None, self.engine):
            return self.engine
        return f"{self.engine}, read by {self.read_by}"


@dataclass(frozen=True)
class Table:
    """A table of a source.

    Attributes:
        anchor: its id in the page.
        trend: its overall score in each of the last runs, the oldest first; ``None`` where a run has none.
        findings: those of the whole that concern it, or what ``tables.details`` recommends.
        read_as: how its files were read, as pairs.
    """

    table_id: str
    anchor: str
    source_id: str
    name: str
    folder: str
    path: str
    file_format: str
    files: Optional[int]
    size_bytes: Optional[int]
    rows: Optional[int]
    corrupt_rows: int
    duplicate_rows: Optional[int]
    scores: Scores
    trend: Tuple[Optional[float], ...]
    last_modified: Optional[datetime]
    timeliness_source: Optional[str]
    comment: Optional[str]
    columns: Tuple[Column, ...]
    findings: Tuple[Finding, ...]
    read_as: Tuple[Tuple[str, str], ...]
    measured: Measured


@dataclass(frozen=True)
class Source:
    """A source: a path of a tenant.

    Attributes:
        updated_at: when its row was written.
        measured_at: when its scores were; where it has none, ``updated_at``.
    """

    source_id: str
    tenant: str
    path: str
    source_type: str
    files: Optional[int]
    size_bytes: Optional[int]
    updated_at: Optional[datetime]
    measured_at: Optional[datetime]
    scores: Scores
    trend: Tuple[Optional[float], ...]


@dataclass(frozen=True)
class RunPoint:
    """A run of the past, as a point of a line. Scores of two formula versions do not compare."""

    run_id: str
    job: str
    at: datetime
    status: str
    scores: Scores
    tables: int
    rows: Optional[int]
    formula_version: Optional[str]


@dataclass(frozen=True)
class Change:
    """A difference between the last two runs.

    Attributes:
        kind: ``new table``, ``gone table``, ``new column``, ``gone column``, ``type``, ``rows`` or ``score``.
        before, after: the figures; empty where there is none.
        difference: of rows (a share) or points.
    """

    kind: str
    source_id: str
    table: str
    table_id: Optional[str]
    column: Optional[str] = None
    before: str = ""
    after: str = ""
    difference: Optional[float] = None


@dataclass(frozen=True)
class LeftOut:
    """A file that was not read: its name, why, what to do."""

    name: str
    reason: str
    remedy: str
    is_failure: bool


@dataclass(frozen=True)
class Method:
    """The settings that the scores rest on.

    Attributes:
        run_id: the run that the scores of the whole are from; ``None`` where no run has them.
        weights, levels, thresholds: as its ``provenance`` says.
    """

    run_id: Optional[str] = None
    job: Optional[str] = None
    at: Optional[datetime] = None
    executor_version: Optional[str] = None
    formula_version: Optional[str] = None
    weights: Mapping[str, float] = field(default_factory=dict)
    levels: Mapping[str, float] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    grace_hours: Optional[float] = None
    half_life_days: Optional[float] = None


@dataclass(frozen=True)
class Report:
    """A quality report of one or several sources.

    Attributes:
        title: what it is about: the path of the source, or the tenant.
        made_at: when, UTC.
        scores: of the whole.
        findings: the most expensive first.
        are_points_of_each_source: whether points are those of each source: no run is over all.
        notices: what limits the figures, in sentences.
        trends: the scores of each dimension in the last runs over the whole, the oldest first.
        history: the runs over the whole that have a score, the oldest first.
        compared: the two runs that ``changes`` compares; ``None`` where there is only one.
    """

    title: str
    made_at: datetime
    sources: Tuple[Source, ...]
    scores: Scores
    findings: Tuple[Finding, ...]
    are_points_of_each_source: bool
    tables: Tuple[Table, ...]
    trends: Mapping[str, Tuple[Optional[float], ...]]
    history: Tuple[RunPoint, ...]
    changes: Tuple[Change, ...]
    compared: Optional[Tuple[datetime, datetime]]
    left_out: Tuple[LeftOut, ...]
    notices: Tuple[str, ...]
    method: Method
    shows_values: bool
