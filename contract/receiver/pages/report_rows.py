"""What has come becomes rows as the executor stores them, for its report. Pure.

The rows of runs stay with the client. What a job has sent stands in the place of a run: its scores, and the
tables of its sources as they were at those versions. It has no findings, so the report shows those that the
rows of tables recommend.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence

if TYPE_CHECKING:
    from contract.receiver.merge import Row, Version

JOB = "api_transmission"
MOST_RUNS = 12
_TIMES = ("created_at", "updated_at", "last_modified", "last_refreshed", "removed_at")
_OBJECTS = ("details", "connection_details")


@dataclass(frozen=True)
class Sent:
    """A job that has sent something.

    Attributes:
        job_id: its id.
        received_at: when its last body came.
        quality: its scores.
        versions: the version of each source.
        last: the number of its last delivery.
        is_late: whether all of its sources had come in a newer version before.
    """

    job_id: str
    received_at: str
    quality: Mapping[str, Any]
    versions: Mapping[str, Version]
    last: int
    is_late: bool


def stored_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the executor stores it: times are values, objects are text."""
    return {
        **row,
        **{name: moment(row.get(name)) for name in _TIMES if name in row},
        **{name: json.dumps(row[name]) for name in _OBJECTS if isinstance(row.get(name), dict)},
    }


def moment(text: Any) -> datetime | None:
    """Return a time of ISO 8601, UTC without a zone; ``None`` for anything else."""
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00")) if isinstance(text, str) else None
    except ValueError:
        return None
    return at.astimezone(timezone.utc).replace(tzinfo=None) if at is not None and at.tzinfo else at


def run_rows(
    jobs: Iterable[Sent],
    sources: Mapping[str, Mapping[str, Any]],
    tables: Sequence[Row],
    versions: Mapping[tuple[int, str], Version],
) -> list[dict[str, Any]]:
    """Return a row of ``executor_runs`` for each of the newest jobs, the newest first.

    Args:
        jobs: what has sent something of these sources.
        sources: their rows.
        tables: rows of their tables in all versions.
        versions: of the rows.
    """
    wanted = [job for job in jobs if job.versions.keys() <= sources.keys()]
    newest = sorted(wanted, key=lambda job: (not job.is_late, job.last), reverse=True)[:MOST_RUNS]
    known = [(versions.get((row.delivery, row.source_id)), row) for row in tables]
    ordered = sorted(
        ((version, row.delivery, row.text) for version, row in known if version is not None),
        key=lambda each: each[:2],
    )
    rows = [(version, json.loads(text)) for version, _, text in ordered]
    return [_run_row(job, sources, rows) for job in newest]


def _run_row(
    job: Sent,
    sources: Mapping[str, Mapping[str, Any]],
    ordered: Sequence[tuple[Version, Mapping[str, Any]]],
) -> dict[str, Any]:
    state: dict[str, Mapping[str, Any]] = {}
    for version, row in ordered:
        if row["source_id"] in job.versions and version <= job.versions[row["source_id"]]:
            state[row["table_id"]] = row
    there = [row for row in state.values() if row.get("removed_at") is None]
    provenance = next((found for row in there if (found := _provenance(row))), {})
    several = len(job.versions) > 1
    result = {
        "quality_metrics": job.quality,
        "details": {
            "sources": [{"source_id": source} for source in job.versions],
            "tables": [
                {
                    "name": f"{sources[row['source_id']].get('source_name')}/{row['table_name']}"
                    if several
                    else row["table_name"],
                    "rows": row.get("row_count"),
                    "overall_score": row.get("overall_score"),
                }
                for row in there
            ],
            "provenance": provenance,
        },
    }
    return {
        "run_id": job.job_id,
        "executor_version": "",
        "source_id": None if several else next(iter(job.versions)),
        "run_mode": JOB,
        "status": "Success",
        "started_at": moment(job.received_at) or datetime(1970, 1, 1),  # noqa: DTZ001  as all of them
        "result": json.dumps(result),
    }


def _provenance(row: Mapping[str, Any]) -> Mapping[str, Any]:
    details = row.get("details")
    found = details.get("provenance") if isinstance(details, dict) else None
    return found if isinstance(found, dict) else {}
