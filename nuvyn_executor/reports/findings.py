"""The findings of runs and, where there are none, what the rows of tables recommend. Pure."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.reports.contents import Finding
from nuvyn_executor.reports.results import RunResult, parsed, score, text_of, whole
from nuvyn_executor.reports.stored_rows import Row, Stored, only


def findings_of(stored: Stored, runs: Iterable[Optional[RunResult]]) -> Tuple[Finding, ...]:
    """Return the findings of runs, or, where a table has none of them, what its details recommend."""
    assessed = {run.run_id: run for run in runs if run is not None and run.has_findings}.values()
    found = [
        each
        for run in assessed
        for each in (_finding(one, run, stored) for one in run.findings)
        if each.table_id is not None or run.sources <= stored.ids  # else it may be of another source
    ]
    covered = {source for run in assessed for source in run.sources}
    for row in stored.tables:
        if row["source_id"] not in covered:
            found.extend(_recommended(row, _names_of_columns(row, stored)))
    return tuple(sorted(found, key=_rank))


def _rank(one: Finding) -> Tuple[bool, bool, bool, float]:
    """Put notes last, before them what has no points, and first a doubt: whether scores can be trusted."""
    return one.is_note, one.points_lost is None, one.dimension is not None, -(one.points_lost or 0.0)


def _finding(one: Mapping[str, Any], run: RunResult, stored: Stored) -> Finding:
    table, column = text_of(one.get("table")), text_of(one.get("column"))
    what, remedy = _what_and_remedy(str(one.get("text") or ""), table, column)
    row = None if table is None else _row_of(one, stored.tables_named(run, table), stored)
    return Finding(
        source_id=only(run.sources) if row is None else str(row["source_id"]),
        table=table if row is None else str(row["table_name"]),
        column=column,
        table_id=None if row is None else str(row["table_id"]),
        dimension=text_of(one.get("dimension")),
        count=whole(one.get("count")),
        of=whole(one.get("of")),
        points_lost=score(one.get("points_lost")),
        what=what,
        remedy=remedy,
        is_note=one.get("level") is not None,
    )


def _row_of(one: Mapping[str, Any], rows: Sequence[Row], stored: Stored) -> Optional[Row]:
    """Return the table of a finding.

    Of several of one name it is the one that recommends the same, or that alone has the column.
    """
    if len(rows) > 1:
        same = [row for row in rows if one.get("text") in _recommendations(row)]
        rows = same or [row for row in rows if one.get("column") in _names_of_columns(row, stored)]
    return rows[0] if len(rows) == 1 else None


def _recommendations(row: Row) -> List[str]:
    texts = parsed(row.get("details")).get("recommendations")
    return [str(text) for text in texts] if isinstance(texts, list) else []


def _names_of_columns(row: Row, stored: Stored) -> List[str]:
    return [str(one["column_name"]) for one in stored.columns.get(str(row["table_id"]), ())]


def _recommended(row: Row, columns: Iterable[str]) -> List[Finding]:
    table = str(row["table_name"])
    # A name may begin with another name and have the colon that comes after a place.
    places = {f"{table}.{name}: ": name for name in sorted(columns, key=len, reverse=True)}
    found = []
    for text in _recommendations(row):
        column = next((name for place, name in places.items() if text.startswith(place)), None)
        if column is None and not text.startswith(f"{table}: "):
            continue  # "maintain current standards", "4 more findings are listed in details"
        what, remedy = _what_and_remedy(text, table, column)
        found.append(
            Finding(
                str(row["source_id"]),
                table,
                column,
                str(row["table_id"]),
                None,
                None,
                None,
                None,
                what,
                remedy,
            )
        )
    return found


def _what_and_remedy(text: str, table: Optional[str], column: Optional[str]) -> Tuple[str, str]:
    """Take a recommendation apart: ``place: what - remedy``."""
    places = ([f"{table}.{column}: "] if column else []) + [f"{table}: "]
    place = next((one for one in places if text.startswith(one)), "")
    what, separator, remedy = text[len(place) :].rpartition(" - ")
    return (what, remedy) if separator else (remedy, "")
