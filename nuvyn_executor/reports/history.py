"""What changed between the last two runs over a source, as far as their results and the tables say. Pure."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    AbstractSet,
    Any,
    Callable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from nuvyn_executor.reports.contents import Change, RunPoint

if TYPE_CHECKING:
    from nuvyn_executor.reports.results import RunResult, TableResult

_MOST_RUNS_OF_A_TREND = 12
_ORDER = ("new table", "gone table", "new column", "gone column", "type", "score", "rows")


class Place(NamedTuple):
    """Which stored table a result names; ``table_id`` is ``None`` where it is not stored, or gone."""

    source_id: str
    table: str
    table_id: Optional[str]


PlaceOf = Callable[[str], Place]


def points(runs: Sequence[RunResult]) -> Tuple[RunPoint, ...]:
    """Return runs as points of a line, the oldest first; runs without an overall score are left out."""
    return tuple(
        RunPoint(
            run_id=run.run_id,
            job=run.job,
            at=run.at,
            status=run.status,
            scores=run.scores,
            tables=sum(one.number for one in run.tables.values()),
            rows=_sum_of_rows(run.tables),
            formula_version=_version(run),
        )
        for run in reversed(runs)
        if run.scores.overall is not None
    )


def runs_of_a_trend(runs: Sequence[RunResult]) -> Sequence[RunResult]:
    """Return the last runs whose scores compare, the oldest first.

    None is from before another version of the formula. A run that does not say its version is taken to have
    that of its neighbours.

    Args:
        runs: the newest first.
    """
    current = None
    kept: List[RunResult] = []
    for run in runs[:_MOST_RUNS_OF_A_TREND]:
        version = _version(run)
        if None not in (current, version) and version != current:
            break
        current = current or version
        kept.append(run)
    return kept[::-1]


def comparable(runs: Sequence[RunResult]) -> Optional[Tuple[RunResult, RunResult]]:
    """Return the two newest runs to compare, the older first.

    Runs that know their columns are taken where there are two of them: others know tables and rows alone.
    """
    knowing = [run for run in runs if run.is_assessed]
    newest = knowing if len(knowing) > 1 else runs
    return (newest[1], newest[0]) if len(newest) > 1 else None


def changes(before: RunResult, after: RunResult, place_of: PlaceOf, known: AbstractSet[str]) -> List[Change]:
    """List the differences of two runs over the same sources.

    A table that could not be read in one of them is neither gone nor new.

    Args:
        before: the older run.
        after: the newer one.
        place_of: returns the stored table that has a name in the results.
        known: the names in the results of still older runs.
    """
    found = _Found(place_of)
    unread = known if any(one.is_failure for one in before.left_out) else frozenset()
    for name in after.tables:
        if name not in before.tables and name not in unread:
            found.add("new table", name)
    for name in before.tables:
        if name not in after.tables:
            if place_of(name).table_id is None:
                found.add("gone table", name)
            continue
        old, new = before.tables[name], after.tables[name]
        if old.columns and new.columns:  # the result of an extraction has none
            _compare_columns(found, name, old.columns, new.columns)
        _compare_rows(found, name, old.rows, new.rows)
        if _version(before) == _version(after):
            _compare_scores(found, name, old.overall, new.overall)
    return found.changes


def order_of(one: Change) -> Tuple[int, float]:
    """Put first what came and went, then types and figures, the greatest difference first."""
    return _ORDER.index(one.kind), -abs(one.difference or 0.0)


class _Found:
    """The changes of two runs."""

    def __init__(self, place_of: PlaceOf) -> None:
        self._place_of = place_of
        self.changes: List[Change] = []

    def add(self, kind: str, table: str, **more: Any) -> None:
        """Add a change; ``more`` are the other fields of :class:`Change`."""
        self.changes.append(Change(kind, *self._place_of(table), **more))


def _compare_columns(
    found: _Found, table: str, old: Mapping[str, Optional[str]], new: Mapping[str, Optional[str]]
) -> None:
    for column in new:
        if column not in old:
            found.add("new column", table, column=column)
    for column, was in old.items():
        now = new.get(column)
        if column not in new:
            found.add("gone column", table, column=column)
        elif was and now and was != now:
            found.add("type", table, column=column, before=was, after=now)


def _compare_rows(found: _Found, table: str, old: Optional[int], new: Optional[int]) -> None:
    if old is not None and new is not None and old != new:
        share = (new - old) / old if old else None
        found.add("rows", table, before=f"{old:,}", after=f"{new:,}", difference=share)


def _compare_scores(found: _Found, table: str, old: Optional[float], new: Optional[float]) -> None:
    if old is not None and new is not None and old != new:
        found.add("score", table, before=f"{old:.2f}", after=f"{new:.2f}", difference=new - old)


def _version(run: RunResult) -> Optional[str]:
    version = run.provenance.get("formula_version")
    return None if version is None else str(version)


def _sum_of_rows(tables: Mapping[str, TableResult]) -> Optional[int]:
    rows = [one.rows for one in tables.values() if one.rows is not None]
    return sum(rows) if rows else None
