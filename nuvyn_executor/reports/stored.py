"""Reads the rows that a report is made of. Cell values are left out unless they may be shown."""

from __future__ import annotations

import json
from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.model import RunStatus
from nuvyn_executor.reports.results import SCORING_JOBS, parsed
from nuvyn_executor.reports.stored_rows import StoredRows
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, SOURCES, TABLES

if TYPE_CHECKING:
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.store.base import MetadataStore, Row

MOST_RUNS = 30
"""The last runs whose results are read; a result of 5,000 columns has a megabyte. Sources share them."""
FEWEST_RUNS = 4
"""The last runs of each source that are read at least: of those that failed, and of the others."""
_WITHOUT_RESULT = ("run_id", "source_id", "tenant_id", "source_path", "run_mode", "status", "started_at")


def source_rows(store: MetadataStore) -> List[Dict[str, Any]]:
    """Return the row of each source; none where the tables are not there yet."""
    return _rows(store, SOURCES, {})


def stored_rows(
    store: MetadataStore,
    sources: Sequence[Row],
    *,
    shows_values: bool,
    this_run: Optional[Row] = None,
) -> StoredRows:
    """Read what is stored of some sources.

    Args:
        store: the five tables.
        sources: rows of ``sources``.
        shows_values: whether cell values may be shown.
        this_run: the row of a run that has not been written yet.
    """
    where = {"source_id": [row["source_id"] for row in sources]}
    names = [name for name in TABLES.column_types() if name != "scan_state"]
    tables, columns = _rows(store, TABLES, where, names), _rows(store, COLUMNS, where)
    runs: List[Row] = _runs(
        store, {row["source_id"] for row in sources}, {row["tenant_id"] for row in sources}
    )
    if this_run is not None:
        runs = [this_run, *(row for row in runs if row["run_id"] != this_run["run_id"])]
    return StoredRows(
        sources=sources,
        tables=tables if shows_values else [without_values(row, TABLES) for row in tables],
        columns=columns if shows_values else [without_values(row, COLUMNS) for row in columns],
        runs=runs,
        shows_values=shows_values,
    )


def without_values(row: Row, table: Table) -> Dict[str, Any]:
    """Return a row without its cell values, which the schema marks."""
    kept: Dict[str, Any] = {}
    for column in table.columns:
        if column.name not in row or column.sent.is_of_cells:
            continue
        kept[column.name] = row[column.name]
        hidden = {key.name for key in column.keys if key.sent.is_of_cells}
        if hidden:
            details = parsed(row[column.name])
            kept[column.name] = json.dumps({key: one for key, one in details.items() if key not in hidden})
    return kept


def _rows(
    store: MetadataStore, table: Table, where: Mapping[str, Any], wanted: Optional[Sequence[str]] = None
) -> List[Dict[str, Any]]:
    """Return the rows that match; what an older table lacks is ``None``, and a table may not be there.

    Args:
        store: the five tables.
        table: one of them.
        where: values of columns; where one of these columns is not there, no row matches.
        wanted: names of columns; ``None`` for all.
    """
    there = store.describe(table.name) or {}
    names = list(table.column_types()) if wanted is None else wanted
    found = [name for name in names if name in there]
    if not found or not there.keys() >= where.keys():
        return []
    return [{**dict.fromkeys(names), **row} for row in store.rows(table, where, found)]


def _runs(store: MetadataStore, sources: set[str], tenants: set[str]) -> List[Row]:
    """Return the last runs that may have scores of the sources. A run of several has no source in its row."""
    jobs = [job.value for job in SCORING_JOBS]
    known = _rows(store, EXECUTOR_RUNS, {"run_mode": jobs, "tenant_id": sorted(tenants)}, _WITHOUT_RESULT)
    possible = [row for row in known if row["started_at"] and row["source_id"] in (None, *sources)]
    # Many runs that failed, mostly without scores, leave the others their place.
    alike: Dict[Tuple[Optional[str], bool], List[Row]] = defaultdict(list)
    for row in sorted(possible, key=itemgetter("started_at"), reverse=True):
        alike[row["source_id"], row["status"] == RunStatus.FAILED.value].append(row)
    share = max(FEWEST_RUNS, MOST_RUNS // max(1, len(alike)))
    newest = [row for some in alike.values() for row in some[:share]]
    if not newest:
        return []
    return [*_rows(store, EXECUTOR_RUNS, {"run_id": [row["run_id"] for row in newest]})]
