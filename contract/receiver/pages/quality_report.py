"""The quality report of what has come, by the executor's own code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from contract.receiver.answers import refusal
from contract.receiver.merge import newest
from contract.receiver.pages.report_rows import Sent, moment, run_rows, stored_row
from contract.receiver.reading import rows_where, versions_of

if TYPE_CHECKING:
    import sqlite3

    from contract.receiver.merge import Version
    from contract.receiver.pages.visit import Visit

MOST_COLUMNS = 20_000
"""How many columns a report has at most: with them it has 7 MB, and takes 2 s to make."""


def view(visit: Visit) -> dict[str, Any]:
    """Return the report as ``html``, and the ``policy`` that it needs.

    Raises:
        Refused: 404 where nothing has come, 413 where too much has, 501 without the executor.
    """
    name, source = visit.tenant, visit.query.get("source_id", "")
    try:
        from nuvyn_executor.reports import build, page, stored_rows  # noqa: PLC0415  it need not be there
    except ImportError:
        said = (
            "The report is written by the package nuvyn-executor, which is not installed beside this server."
        )
        raise refusal(501, "no_report", said) from None
    terms, values = ("AND source_id = ?", (name, source)) if source else ("", (name,))
    with visit.store.reading() as db:
        _check_size(db, terms, values)
        rows, versions = rows_where(db, terms, values), versions_of(db, name)
        jobs = _jobs(db, name, versions)
    found: dict[str, list[dict[str, Any]]] = {"sources": [], "tables": [], "columns": []}
    for row in newest(rows, versions):
        found[row.section].append(json.loads(row.text))
    sources = {row["source_id"]: row for row in found["sources"]}
    if not sources:
        raise refusal(
            404, "not_found", f"No source has come of {name[:100]!r} yet: there is nothing to report."
        )
    known = [row for row in found["columns"] if row["source_id"] in sources]
    stored = stored_rows.StoredRows(
        sources=sorted(map(stored_row, sources.values()), key=lambda row: str(row.get("source_path"))),
        tables=[stored_row(row) for row in found["tables"] if row["source_id"] in sources],
        columns=[stored_row(row) for row in known],
        runs=run_rows(jobs, sources, [row for row in rows if row.section == "tables"], versions),
        shows_values=any("sample_value" in row for row in known),  # sent where the client allows it
    )
    made_at = moment(visit.now())
    assert made_at is not None
    return {
        "html": page.html(build.build_report(stored, made_at)).encode(),
        "policy": f"{page.policy()}; frame-ancestors 'none'",
    }


def _check_size(db: sqlite3.Connection, terms: str, values: tuple[str, ...]) -> None:
    query = f"SELECT count(DISTINCT row_id) FROM rows WHERE tenant = ? AND section = 'columns' {terms}"  # noqa: S608  fixed
    (columns,) = db.execute(query, values).fetchone()
    if columns > MOST_COLUMNS:
        said = f"A report has up to {MOST_COLUMNS:,} columns, and these are {columns:,}"
        raise refusal(413, "too_large", f"{said}: open the report of a source or the page of a table.")


def _jobs(db: sqlite3.Connection, name: str, versions: dict[tuple[int, str], Version]) -> list[Sent]:
    """Return what each job has sent that named a source."""
    of_delivery: dict[int, dict[str, Version]] = {}
    for (delivery, source), version in versions.items():
        of_delivery.setdefault(delivery, {})[source] = version
    bodies = db.execute(
        "SELECT number, job_id, received_at, quality FROM deliveries WHERE tenant = ? ORDER BY number",
        (name,),
    )
    highest: dict[str, Version] = {}
    jobs: dict[str, Sent] = {}
    for number, job, received_at, quality in bodies:
        found = of_delivery.get(number, {})
        is_late = bool(found) and all(
            source in highest and version < highest[source] for source, version in found.items()
        )
        for source, version in found.items():
            highest[source] = max(version, highest.get(source, version))
        before = jobs[job].versions if job in jobs else {}
        jobs[job] = Sent(job, received_at, json.loads(quality), {**before, **found}, number, is_late)
    return [job for job in jobs.values() if job.versions]
