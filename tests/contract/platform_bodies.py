"""Bodies for a platform, made up, as the executor sends them; those of a hostile client among them."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, List, Mapping, Optional, Sequence
from urllib.request import Request, urlopen

from tests.waiting import LONGEST

HOSTILE = "<script>document.title='taken'</script>\"'&\u202e\x00"
DIMENSIONS = ("completeness", "accuracy", "consistency", "timeliness", "validity", "uniqueness")
Row = Dict[str, Any]


def identity(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def scores(overall: Optional[float]) -> Row:
    return {"overall_score": overall, **dict.fromkeys(DIMENSIONS, overall)}


def source(tenant: str, path: str, version: int, **more: Any) -> Row:
    return {
        "source_id": identity(tenant, path),
        "tenant_id": tenant,
        "source_name": path.rsplit("/", 1)[-1],
        "source_path": path,
        "source_type": "csv",
        "files_found": 3,
        "total_size_bytes": 2048,
        "connection_details": {"requested_path": path, "datasets": 2},
        "metadata_version": version,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": f"2026-01-{version:02}T12:00:00Z",
        "base_version": None,
        **more,
    }


def table(of: Row, name: str, overall: Optional[float] = 88.5, rows: int = 1000, **more: Any) -> Row:
    return {
        "table_id": identity(of["source_id"], name),
        "source_id": of["source_id"],
        "tenant_id": of["tenant_id"],
        "table_name": name,
        "schema_name": "",
        "file_path": f"{of['source_path']}/{name}.csv",
        "file_format": "csv",
        "file_count": 1,
        "size_bytes": 1024,
        "row_count": rows,
        "column_count": 2,
        **scores(overall),
        "quality_level": "Good",
        "details": {
            "engine": "polars",
            "rows_scanned": rows,
            "corrupt_rows": 0,
            "duplicate_rows": 2,
            "recommendations": [f"{name}.email: 7 values are no e-mail addresses - Correct them"],
            "provenance": {"formula_version": "3", "weights": {"validity": 1.0}},
        },
        "last_modified": "2026-01-01T08:00:00Z",
        "last_refreshed": "2026-01-02T12:00:00Z",
        "removed_at": None,
        **more,
    }


def column(of: Row, name: str, place: int, **more: Any) -> Row:
    return {
        "column_id": identity(of["table_id"], name),
        "table_id": of["table_id"],
        "source_id": of["source_id"],
        "tenant_id": of["tenant_id"],
        "column_name": name,
        "ordinal_position": place,
        "data_type": "string",
        "is_nullable": True,
        "null_count": 3,
        "distinct_count": 5,
        "completeness": 99.7,
        "validity": 98.0,
        "uniqueness": None,
        "details": {"nulls": 3, "shapes": {"text": 997}},
        "removed_at": None,
        **more,
    }


def body(  # noqa: PLR0913, PLR0917  the parts of a body
    tenant: str,
    job: str,
    sources: Sequence[Row] = (),
    tables: Sequence[Row] = (),
    columns: Sequence[Row] = (),
    overall: Optional[float] = 88.5,
    page: Optional[Mapping[str, int]] = None,
) -> Row:
    return {
        "job_id": job,
        "tenant_id": tenant,
        "schema_version": "1.2",
        "metadata": {"sources": list(sources), "tables": list(tables), "columns": list(columns)},
        "quality_metrics": scores(overall),
        **({"page": page} if page else {}),
    }


def shop(tenant: str) -> List[Row]:
    """Return what three jobs send of a shop; the last one has sent one page of two."""
    first, second = source(tenant, "/data/shop", 1), source(tenant, "/data/shop", 2, base_version=1)
    orders, customers = table(first, "orders", 90.0), table(first, "customers", 82.0, rows=40)
    more = table(second, "orders", 94.5, rows=1200)
    columns = [
        column(each, name, at) for each in (orders, customers) for at, name in enumerate(("id", "email"), 1)
    ]
    flights = source(tenant, "/data/flights", 1)
    return [
        body(tenant, "job_000000000001", [first], [orders, customers], columns, 86.0),
        body(tenant, "job_000000000002", [second], [more], [], 91.25),
        body(
            tenant,
            "job_000000000003",
            [flights],
            [table(flights, "flights")],
            [],
            88.5,
            {"number": 1, "of": 2},
        ),
    ]


def hostile(tenant: str) -> Row:
    """Return a body whose names are markup."""
    of = source(tenant, HOSTILE, 1, source_type=HOSTILE, source_name=HOSTILE, updated_at=HOSTILE)
    named = table(of, HOSTILE, file_format=HOSTILE, quality_level=HOSTILE, removed_at=HOSTILE)
    named["details"]["comment"] = HOSTILE
    columns = [column(named, HOSTILE, 1, data_type=HOSTILE, validity=1.5, sample_value=HOSTILE)]
    return {**body(tenant, HOSTILE, [of], [named], columns), "quality_metrics": {"overall_score": HOSTILE}}


def post(url: str, key: str, document: Row, idempotency_key: str = "") -> None:
    """Send a body; an answer that is no confirmation is an error."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    headers.update({"Idempotency-Key": idempotency_key} if idempotency_key else {})
    request = Request(f"{url}/api/metadata", json.dumps(document).encode(), headers)
    with urlopen(request, timeout=LONGEST) as answer:
        assert json.load(answer)["status"] == "received"
