"""The rows that a report is made of, in order, and which row a run's result names. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import AbstractSet, Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.reports.results import Failure, RunResult, failure_of, moment, run_result

Row = Mapping[str, Any]


@dataclass(frozen=True)
class StoredRows:
    """Rows of four of the five tables.

    Attributes:
        sources: of the sources that the report is about.
        tables, columns: of these, those that are gone included.
        runs: of the jobs that score, in any order; those over other sources count for nothing.
        shows_values: whether cell values are among them.
    """

    sources: Sequence[Row]
    tables: Sequence[Row]
    columns: Sequence[Row]
    runs: Sequence[Row]
    shows_values: bool = False


@dataclass(frozen=True)
class Stored:
    """The rows of a report in order.

    Attributes:
        sources, tables, gone_tables: each is a row.
        columns: rows by the id of their table.
        runs: that scored the sources, the newest first.
        last_failure: the last run that failed, with scores or without.
    """

    sources: Sequence[Row]
    tables: Sequence[Row]
    gone_tables: Sequence[Row]
    columns: Mapping[str, Sequence[Row]]
    runs: Sequence[RunResult]
    last_failure: Optional[Failure]

    @property
    def ids(self) -> FrozenSet[str]:
        """The ids of the sources."""
        return frozenset(str(row["source_id"]) for row in self.sources)

    def runs_over(self, source_id: str) -> List[RunResult]:
        """Return the runs over one source alone; where there is none, those over several with it."""
        alone = [run for run in self.runs if run.sources == {source_id}]
        return alone or [run for run in self.runs if source_id in run.sources]

    def tables_named(self, run: RunResult, name: str) -> List[Row]:
        """Return the tables that a run's result may mean by a name: several, where folders have one each."""
        of_run = [row for row in self.tables if row["source_id"] in run.sources]
        same = [row for row in of_run if name == row["table_name"]]
        return same or [row for row in of_run if name in self.names_of(row)]

    def names_of(self, table: Row) -> Tuple[str, ...]:
        """Return a table's names in results: those of several sources may write the source's before it."""
        source = next(row for row in self.sources if row["source_id"] == table["source_id"])
        prefixes = (str(source.get("source_name")), str(source.get("source_path")).rstrip("/"))
        return (str(table["table_name"]), *(f"{prefix}/{table['table_name']}" for prefix in prefixes))


def in_order(rows: StoredRows) -> Stored:
    """Sort rows, and read the results of those runs that are over some of the sources."""
    ids = {row["source_id"] for row in rows.sources}
    runs = sorted(rows.runs, key=_newest_last, reverse=True)
    results = [one for one in map(run_result, runs) if one is not None and one.sources & ids]
    failures = (one for one in map(failure_of, runs) if one is not None and one.sources & ids)
    by_table: Dict[str, List[Row]] = defaultdict(list)
    for row in rows.columns:
        if row.get("removed_at") is None:
            by_table[str(row["table_id"])].append(row)
    for some in by_table.values():
        some.sort(key=lambda row: row.get("ordinal_position") or 0)
    order = [row["source_id"] for row in rows.sources]
    ordered = sorted(rows.tables, key=lambda row: (order.index(row["source_id"]), str(row["table_name"])))
    return Stored(
        rows.sources,
        [row for row in ordered if row.get("removed_at") is None],
        [row for row in ordered if row.get("removed_at") is not None],
        by_table,
        results,
        next(failures, None),
    )


def _newest_last(run: Row) -> Tuple[float, float, str]:
    """Order runs by their beginning; of two that began at once, that one is newer which ended later."""
    begun, ended = moment(run.get("started_at")), moment(run.get("finished_at"))
    return (
        begun.timestamp() if begun else -math.inf,
        ended.timestamp() if ended else math.inf,
        str(run.get("run_id")),
    )


def only(sources: AbstractSet[str]) -> str:
    """Return the source where there is only one; else nothing."""
    return next(iter(sources)) if len(sources) == 1 else ""
