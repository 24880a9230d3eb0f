"""The values of each page. Nothing is computed here that did not come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from contract.receiver import listing
from contract.receiver.answers import refusal
from contract.receiver.merge import missing_pages
from contract.receiver.pages.visit import address
from contract.receiver.paging import page_token
from contract.receiver.reading import pages_of, quality_of, versions_of
from contract.receiver.refusals import MOST_OF_A_KEY

if TYPE_CHECKING:
    import sqlite3

    from contract.receiver.pages.visit import Visit

PAGE = 100
MOST_VERSIONS = 50
MOST_NAMED = 500
"""How many sources of a part of the list of what arrived are named by their paths; others by their ids."""
SCORES = (
    "overall_score",
    "completeness",
    "accuracy",
    "consistency",
    "timeliness",
    "validity",
    "uniqueness",
)
TONES = {"Excellent": "good", "Good": "good", "Fair": "warn", "Poor": "bad"}
LEFT_OUT = ("details", "connection_details")
"""Fields of a row that stand below it, as JSON."""


def overview(visit: Visit) -> dict[str, Any]:
    """Return the values of the first page."""
    names = None if visit.grant.is_for_all else visit.grant.tenants
    after = visit.query.get("after", "")
    with visit.store.reading() as db:
        found, has_more = listing.tenants(db, names, PAGE, after)
        tenants = [
            {
                "name": each.name,
                "target": address("/tenant", tenant_id=each.name),
                "deliveries": each.deliveries,
                "received_at": each.received_at,
                "score": quality_of(db, each.name, versions_of(db, each.name)).get("overall_score"),
            }
            for each in found
        ]
    return {
        "tenants": tenants,
        "next": address("/", after=found[-1].name) if has_more else "",
        "faults": sum(rule.left for rule in visit.faults.rules(visit.grant)),
        "refused": len(visit.refusals.seen_by(visit.grant)),
    }


def tenant(visit: Visit) -> dict[str, Any]:
    """Return the values of a tenant."""
    name = visit.tenant
    with visit.store.reading() as db:
        rows, after = listing.part(db, name, "sources", ("", ""), PAGE, visit.after)
        versions = {row["source_id"]: listing.source_versions(db, name, row["source_id"]) for row in rows}
        counts = listing.counts(db, name)
        quality = quality_of(db, name, versions_of(db, name))
        ((known,), _) = listing.tenants(db, frozenset({name}), 1, "")
        last, _ = listing.deliveries(db, name, 1, None)
        pages = missing_pages(pages_of(db, name, last[0]["job_id"])) if last else (0, [])
    return {
        "title": name,
        "tenant": name,
        "counts": counts,
        "bodies": known.deliveries,
        "refused": len(visit.refusals.seen_by(visit.grant, name)),
        "scores": _scores(quality),
        "last": {**last[0], "pages": pages[0], "missing": pages[1]} if last else None,
        "sources": [
            {
                "row": row,
                "target": address("/source", tenant_id=name, source_id=row["source_id"]),
                "confirmed": listing.confirmed_version(versions[row["source_id"]]),
                "received_at": versions[row["source_id"]][0].received_at,
            }
            for row in rows
        ],
        "next": _next("/tenant", after, tenant_id=name),
        **_links(name),
    }


def source(visit: Visit) -> dict[str, Any]:
    """Return the values of a source."""
    name, source_id = visit.tenant, visit.named("source_id")
    with visit.store.reading() as db:
        row = _one(db, name, "sources", source_id)
        rows, after = listing.part(db, name, "tables", ("source_id", source_id), PAGE, visit.after)
        versions = listing.source_versions(db, name, source_id)
    return {
        "title": str(row.get("source_path") or row.get("source_name") or source_id),
        "row": _shown(row),
        "objects": _objects(row),
        "confirmed": listing.confirmed_version(versions),
        "versions": versions[:MOST_VERSIONS],
        "versions_left_out": len(versions[MOST_VERSIONS:]),
        "tables": [
            {
                "row": each,
                "tone": TONES.get(str(each.get("quality_level")), "plain"),
                "target": address("/table", tenant_id=name, table_id=each["table_id"]),
            }
            for each in rows
        ],
        "next": _next("/source", after, tenant_id=name, source_id=source_id),
        **_links(name, source_id),
    }


def table(visit: Visit) -> dict[str, Any]:
    """Return the values of a table."""
    name, table_id = visit.tenant, visit.named("table_id")
    with visit.store.reading() as db:
        row = _one(db, name, "tables", table_id)
        rows, after = listing.part(db, name, "columns", ("table_id", table_id), PAGE, visit.after)
        history = listing.table_versions(db, name, table_id, versions_of(db, name), MOST_VERSIONS)
    return {
        "title": str(row.get("table_name") or table_id),
        "row": _shown(row, SCORES),
        "objects": _objects(row),
        "level": row.get("quality_level"),
        "tone": TONES.get(str(row.get("quality_level")), "plain"),
        "scores": _scores(row),
        "history": history,
        "columns": [
            {"row": each, "target": address("/column", tenant_id=name, column_id=each["column_id"])}
            for each in rows
        ],
        "next": _next("/table", after, tenant_id=name, table_id=table_id),
        **_links(name, str(row.get("source_id"))),
    }


def column(visit: Visit) -> dict[str, Any]:
    """Return the values of a column."""
    name, column_id = visit.tenant, visit.named("column_id")
    with visit.store.reading() as db:
        row = _one(db, name, "columns", column_id)
    return {
        "title": str(row.get("column_name") or column_id),
        "row": _shown(row),
        "objects": _objects(row),
        "table": address("/table", tenant_id=name, table_id=row.get("table_id")),
        **_links(name, str(row.get("source_id"))),
    }


def deliveries(visit: Visit) -> dict[str, Any]:
    """Return the values of the list of what arrived."""
    name = visit.tenant
    with visit.store.reading() as db:
        found, before = listing.deliveries(db, name, PAGE, visit.before)
        named = dict.fromkeys(each["source_id"] for item in found for each in item["versions"])
        rows = listing.newest_rows(db, name, "sources", list(named)[:MOST_NAMED])
    paths = {row["source_id"]: str(row.get("source_path") or row["source_id"]) for row in rows}
    return {
        "deliveries": found,
        "sources": {
            key: {"path": path, "target": address("/source", tenant_id=name, source_id=key)}
            for key, path in paths.items()
        },
        "next": address("/deliveries", tenant_id=name, before=before) if before else "",
        **_links(name),
    }


def refused(visit: Visit) -> dict[str, Any]:
    """Return the values of the list of what was refused: of a tenant, or of all that the key may see."""
    tenant = visit.tenant if visit.query.get("tenant_id") else ""
    before = visit.before
    found = [
        each for each in visit.refusals.seen_by(visit.grant, tenant) if before is None or each.number < before
    ]
    shown, of = found[:PAGE], {"tenant_id": tenant} if tenant else {}
    return {
        "refused": shown,
        "sees_all": visit.grant.is_for_all,
        "most": MOST_OF_A_KEY,
        "next": address("/refused", **of, before=shown[-1].number) if len(found) > PAGE else "",
        **_links(tenant),
    }


def _one(db: sqlite3.Connection, name: str, section: str, key: str) -> dict[str, Any]:
    found = listing.newest_rows(db, name, section, [key])
    if not found:
        raise refusal(404, "not_found", f"Nothing has come of {key[:100]!r} in {section} of {name[:100]!r}.")
    return found[0]


def _next(path: str, after: listing.After, **names: str) -> str:
    return address(path, **names, page_token=page_token(after)) if after else ""


def _links(name: str, source_id: str = "") -> dict[str, str]:
    of_source = {"source_id": source_id} if source_id else {}
    return {
        "tenant_name": name,
        "tenant_target": address("/tenant", tenant_id=name),
        "source_target": address("/source", tenant_id=name, **of_source) if source_id else "",
        "report_target": address("/report", tenant_id=name, **of_source),
        "deliveries_target": address("/deliveries", tenant_id=name),
        "refused_target": address("/refused", tenant_id=name),
    }


def _scores(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the scores that are there, in the order of the guide."""
    return [{"name": name.removesuffix("_score"), "value": values[name]} for name in SCORES if name in values]


def _shown(row: Mapping[str, Any], but: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [
        {"name": name, "value": value}
        for name, value in row.items()
        if name not in LEFT_OUT and name not in but
    ]


def _objects(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": name, "value": row[name]} for name in LEFT_OUT if row.get(name) is not None]
