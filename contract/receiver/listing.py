"""Lists for a person: tenants, sources, tables, columns, versions, deliveries, a part of each at a time.

Whoever calls holds the store's lock. A list is in the order of a field of its rows, then of their keys.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple, Union

from contract.receiver.merge import (
    SECTIONS,
    Announced,
    missing_pages,
    newest,
    ordered_versions,
)
from contract.receiver.paging import no_token
from contract.receiver.reading import pages_of, rows_where, versions_of

if TYPE_CHECKING:
    import sqlite3

    from contract.receiver.merge import Versions

After = Optional[Tuple[Union[str, int, float], str]]
"""The field and the key of the row after which a part begins."""


class Order(NamedTuple):
    """The field of a section by which its rows are listed, and what stands for a missing one."""

    path: str
    missing: Union[str, int]


ORDERS = {
    "sources": Order("$.source_path", ""),
    "tables": Order("$.table_name", ""),
    "columns": Order("$.ordinal_position", 0),
}


# The field beside max() is that of the last delivery. What SQLite finds too deep is as if it had none.
_PART = (
    "SELECT row_id, place FROM (SELECT row_id, max(delivery) AS last, "
    "coalesce(CASE WHEN json_valid(body) THEN json_extract(body, ?) END, ?) AS place "
    "FROM rows WHERE tenant = ? AND section = ? {} GROUP BY row_id) "
    "WHERE last > 0 AND (? OR (place, row_id) > (?, ?)) ORDER BY place, row_id LIMIT ?"
)


@dataclass(frozen=True)
class Tenant:
    """A tenant: how many bodies have come, and when the last one did."""

    name: str
    deliveries: int
    received_at: str


@dataclass(frozen=True)
class SourceVersion:
    """A version of a source.

    Attributes:
        created_at: of the source.
        number: ``metadata_version``.
        job_id: the job that brought it first.
        received_at: when.
        pages: how many the transmission of a job has that brought it.
        missing: those of them that have not come; without any, the version is confirmed as a whole.
    """

    created_at: str
    number: int
    job_id: str
    received_at: str
    pages: int
    missing: Sequence[int]


def tenants(
    db: sqlite3.Connection, names: Optional[FrozenSet[str]], limit: int, after: str
) -> Tuple[List[Tenant], bool]:
    """Return tenants by name, and whether there are more.

    Args:
        db: the state.
        names: those that are wanted, also where nothing has come of them; ``None`` for all of the state.
        limit: the most of them.
        after: the name of the last one of the part before.
    """
    if names is not None:
        wanted = sorted(name for name in names if name > after)[: limit + 1]
    else:
        found = db.execute(
            "SELECT DISTINCT tenant FROM deliveries WHERE tenant > ? ORDER BY tenant LIMIT ?",
            (after, limit + 1),
        )
        wanted = [name for (name,) in found]
    shown = [
        Tenant(
            name,
            *db.execute(
                "SELECT count(*), coalesce(max(received_at), '') FROM deliveries WHERE tenant = ?", (name,)
            ).fetchone(),
        )
        for name in wanted[:limit]
    ]
    return shown, len(wanted) > limit


def counts(db: sqlite3.Connection, tenant: str) -> Dict[str, int]:
    """Return how many sources, tables and columns have come of a tenant, those that are gone included."""
    return {
        section: db.execute(
            "SELECT count(DISTINCT row_id) FROM rows WHERE tenant = ? AND section = ?", (tenant, section)
        ).fetchone()[0]
        for section in SECTIONS
    }


def part(  # noqa: PLR0913, PLR0917  which rows, and which part of them
    db: sqlite3.Connection,
    tenant: str,
    section: str,
    within: Tuple[str, str],
    limit: int,
    after: After,
) -> Tuple[List[Dict[str, Any]], After]:
    """Return rows in their newest version, and where the next part begins.

    Args:
        db: the state.
        tenant: whose.
        section: ``sources``, ``tables`` or ``columns``.
        within: ``source_id`` or ``table_id`` and its value; an empty name for all of the tenant.
        limit: the most of them.
        after: where the part begins.

    Raises:
        Refused: 400, ``after`` is no place of this list.
    """
    order = ORDERS[section]
    if after is not None and isinstance(after[0], str) is not isinstance(order.missing, str):
        raise no_token()
    column, value = within
    term = {"source_id": "AND source_id = ?", "table_id": "AND table_id = ?", "": ""}[column]
    values: List[Any] = [order.path, order.missing, tenant, section, *([value] if column else [])]
    query = _PART.format(term)
    found = db.execute(query, (*values, after is None, *(after or ("", "")), limit + 1)).fetchall()
    keys = [key for key, _ in found[:limit]]
    rows = {str(row[SECTIONS[section]]): row for row in newest_rows(db, tenant, section, keys)}
    last: After = (found[limit - 1][1], found[limit - 1][0]) if len(found) > limit else None
    return [rows[key] for key in keys], last


def newest_rows(
    db: sqlite3.Connection, tenant: str, section: str, keys: Sequence[str]
) -> List[Dict[str, Any]]:
    """Return rows by their keys, in their newest version; those that have not come are left out."""
    marks = ", ".join("?" * len(keys))
    rows = rows_where(db, f"AND section = ? AND row_id IN ({marks})", (tenant, section, *keys))
    return [json.loads(row.text) for row in newest(rows, versions_of(db, tenant))]


def source_versions(db: sqlite3.Connection, tenant: str, source: str) -> List[SourceVersion]:
    """Return the versions of a source, the newest first."""
    found = db.execute(
        "SELECT versions.delivery, created_at, versions.number, carried.job_id, received_at "
        "FROM versions JOIN carried USING (tenant, delivery) JOIN deliveries ON deliveries.number = delivery "
        "WHERE versions.tenant = ? AND source_id = ? ORDER BY delivery",
        (tenant, source),
    ).fetchall()
    order = ordered_versions({(row[0], source): Announced(row[1], row[2]) for row in found})
    pages = {job: missing_pages(pages_of(db, tenant, job)) for job in {row[3] for row in found}}
    by_version: Dict[Any, SourceVersion] = {}
    for delivery, created_at, number, job, received_at in found:
        version = order[delivery, source]
        known = by_version.get(version)
        if known is None:
            by_version[version] = SourceVersion(created_at, number, job, received_at, *pages[job])
        elif known.missing and not pages[job][1]:
            by_version[version] = SourceVersion(
                created_at, number, known.job_id, known.received_at, *pages[job]
            )
    return [by_version[version] for version in sorted(by_version, reverse=True)]


def confirmed_version(versions: Sequence[SourceVersion]) -> Optional[int]:
    """Return the number of the newest version that has come as a whole."""
    return next((each.number for each in versions if not each.missing), None)


def table_versions(
    db: sqlite3.Connection, tenant: str, table: str, versions: Versions, limit: int
) -> List[Dict[str, Any]]:
    """Return the row of a table in each of its newest versions, the newest first."""
    rows = rows_where(db, "AND table_id = ? AND section = 'tables'", (tenant, table))
    rows.sort(key=lambda row: row.delivery)  # of one version the last that came
    by_version = {versions.get((row.delivery, row.source_id)): row for row in rows}
    known = sorted((version for version in by_version if version is not None), reverse=True)
    shown = [*known, *([None] if None in by_version else [])][:limit]
    return [
        {
            "version": version.number if version else None,
            **_arrival(db, by_version[version].delivery),
            "row": json.loads(by_version[version].text),
        }
        for version in shown
    ]


def _arrival(db: sqlite3.Connection, delivery: int) -> Dict[str, Any]:
    job, at = db.execute(
        "SELECT job_id, received_at FROM deliveries WHERE number = ?", (delivery,)
    ).fetchone()
    return {"job_id": job, "received_at": at}


def deliveries(
    db: sqlite3.Connection, tenant: str, limit: int, before: Optional[int]
) -> Tuple[List[Dict[str, Any]], Optional[int]]:
    """Return the bodies that came of a tenant, the newest first, and where the next part begins."""
    found = db.execute(
        "SELECT number, received_at, job_id, idempotency_key, page, pages, record_count FROM deliveries "
        "WHERE tenant = ? AND (? IS NULL OR number < ?) ORDER BY number DESC LIMIT ?",
        (tenant, before, before, limit + 1),
    ).fetchall()
    names = ("number", "received_at", "job_id", "idempotency_key", "page", "pages", "record_count")
    shown = [dict(zip(names, row)) for row in found[:limit]]
    for each in shown:
        each["versions"] = [
            {"source_id": source, "number": number}
            for source, number in db.execute(
                "SELECT source_id, number FROM versions WHERE tenant = ? AND delivery = ? LIMIT 20",
                (tenant, each["number"]),
            )
        ]
    return shown, shown[-1]["number"] if len(found) > limit else None
