"""Reads rows and their versions from the state. The caller holds the store's lock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from contract.receiver.merge import Announced, Row, Version, late_deliveries, resolve_versions

if TYPE_CHECKING:
    import sqlite3

    from contract.receiver.merge import Versions

_ROW = "delivery, section, source_id, table_id, row_id, body"


def rows_where(db: sqlite3.Connection, terms: str, values: Tuple[Any, ...]) -> List[Row]:
    """Return rows in all versions.

    Args:
        db: the state.
        terms: more terms than that of the tenant, in SQL, from this package alone.
        values: of the tenant and of the terms.
    """
    query = f"SELECT {_ROW} FROM rows WHERE tenant = ? {terms}"  # noqa: S608  fixed names
    return [Row(*each) for each in db.execute(query, values)]


def versions_of(db: sqlite3.Connection, tenant: str) -> Dict[Tuple[int, str], Version]:
    """Return the version of each source's rows in each delivery of a tenant."""
    carried = db.execute("SELECT job_id, delivery FROM carried WHERE tenant = ?", (tenant,)).fetchall()
    announced = db.execute(
        "SELECT delivery, source_id, created_at, number FROM versions WHERE tenant = ?", (tenant,)
    )
    return resolve_versions(
        carried, {(delivery, source): Announced(at, number) for delivery, source, at, number in announced}
    )


def quality_of(db: sqlite3.Connection, tenant: str, versions: Versions) -> Dict[str, Any]:
    """Return the scores of a tenant: those of the last body that was not late."""
    late = late_deliveries(versions)
    bodies = db.execute(
        "SELECT number, quality FROM deliveries WHERE tenant = ? ORDER BY number DESC", (tenant,)
    )
    return next((json.loads(quality) for number, quality in bodies if number not in late), {})


def pages_of(db: sqlite3.Connection, tenant: str, job: str) -> List[Any]:
    """Return number and count of each page that a job has sent."""
    return db.execute(
        "SELECT page, pages FROM deliveries JOIN carried ON delivery = number "
        "WHERE carried.tenant = ? AND carried.job_id = ? ORDER BY number",
        (tenant, job),
    ).fetchall()
