"""An extraction as rows of ``sources``, ``tables`` and ``columns``. Pure.

Ids are hashes of what identifies a source, table or column, so a second extraction updates the rows of the
first.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Callable, List, Optional, Sequence

from nuvyn_executor import wire
from nuvyn_executor.quality.expectations import declared_keys
from nuvyn_executor.redaction import MASK
from nuvyn_executor.sources.locations import plain_path

if TYPE_CHECKING:
    from nuvyn_executor.metadata.source_profile import SourceProfile
    from nuvyn_executor.model import Dataset
    from nuvyn_executor.profiling.profiler import DatasetProfile
    from nuvyn_executor.quality.assessment import DatasetAssessment
    from nuvyn_executor.store.base import Row

_SHOWN_CHARACTERS = 256  # of a sample value


def source_id(tenant_id: str, location: str) -> str:
    """Return the id of one tenant's path. ``/dbfs/x/`` and ``dbfs:/x`` are one source."""
    return _identifier(tenant_id, plain_path(location).rstrip("/") or "/")


def source_row(profile: SourceProfile, tenant_id: str, job_id: str) -> Row:
    """Build the row of ``sources``."""
    now = profile.profiled_at
    return {
        "source_id": source_id(tenant_id, profile.location),
        "tenant_id": tenant_id,
        "source_name": profile.location.rstrip("/").rsplit("/", 1)[-1] or profile.location,
        "source_path": profile.location,
        "source_type": profile.source_type,
        "files_found": profile.discovery.found,
        "total_size_bytes": profile.discovery.size_bytes,
        "connection_details": wire.details_text(wire.connection_details(profile)),
        "last_run_id": job_id,
        "created_at": now,
        "updated_at": now,
    }


def table_id(parent: str, dataset: Dataset) -> str:
    """Return the id of a table. Where several tables share a path, the name is part of it."""
    is_file = any(entry.path == dataset.path for entry in dataset.files)
    # train-... and test-... of one folder, or its part files beside its year=... tree: one path, two tables
    own_name = [] if is_file or dataset.path.endswith(f"/{dataset.name}") else [dataset.name]
    return _identifier(parent, dataset.path, dataset.sheet or "", dataset.format.value, *own_name)


def table_row(
    one: DatasetProfile, assessment: DatasetAssessment, profile: SourceProfile, tenant_id: str, job_id: str
) -> Row:
    """Build the row of ``tables`` of one dataset, without ``scan_state``."""
    parent = source_id(tenant_id, profile.location)
    dataset = one.dataset
    details = wire.table_details(one, assessment, listing_was_cut=profile.discovery.truncated)
    return {
        "table_id": table_id(parent, dataset),
        "source_id": parent,
        "tenant_id": tenant_id,
        "table_name": dataset.name,
        "schema_name": dataset.folder,
        "file_path": dataset.path,
        "file_format": dataset.format.value,
        "file_count": one.file_count,
        "size_bytes": one.size_bytes,
        "row_count": one.rows,
        "column_count": len(one.scan.tally.columns),
        "overall_score": assessment.overall,
        "quality_level": assessment.level.value,
        **{dimension.value: score for dimension, score in assessment.scores.items()},
        "details": wire.details_text(details),
        "last_modified": dataset.modified_at,
        "last_refreshed": profile.profiled_at,
        "removed_at": None,
        "last_run_id": job_id,
    }


def column_rows(one: DatasetProfile, assessment: DatasetAssessment, parent: str, tenant_id: str) -> List[Row]:
    """Build the rows of ``columns`` of one dataset. Of two columns of one name, each has a row."""
    table = table_id(parent, one.dataset)
    seen: Counter[str] = Counter()
    rows: List[Row] = []
    columns = zip(one.scan.columns, one.scan.tally.columns, one.plans, one.columns, assessment.columns)
    for position, (facts, tally, plan, extremes, scores) in enumerate(columns, 1):
        seen[facts.name] += 1
        distinct = facts.distinct
        is_unique = distinct is not None and distinct.rsd == 0 and distinct.count == tally.rows
        rows.append(
            {
                "column_id": _identifier(table, facts.name, str(seen[facts.name])),
                "table_id": table,
                "source_id": parent,
                "tenant_id": tenant_id,
                "column_name": facts.name,
                "ordinal_position": position,
                "data_type": facts.data_type,
                "is_nullable": tally.missing > 0 or tally.rows == 0 or one.is_sampled,
                "is_primary_key": facts.name in (*one.dataset.key_columns, *declared_keys(one.scan))
                or (facts.is_key and is_unique and tally.rows > 0 and not one.is_sampled),
                "null_count": tally.missing,
                "distinct_count": distinct.count if distinct is not None else None,
                "distinct_is_approximate": distinct is not None and (distinct.rsd > 0 or one.is_sampled),
                "completeness": scores.completeness,
                "validity": scores.validity,
                "uniqueness": scores.uniqueness,
                "sample_value": plan.sample,
                "details": wire.details_text(wire.column_details(facts, tally, extremes, one.dataset)),
                "removed_at": None,
            }
        )
    return rows


def gone_tables(
    profile: SourceProfile, parent: str, known: Sequence[Row], redact: Callable[[str], str]
) -> List[str]:
    """Return the ids of known tables (rows of ``tables``) that are no longer there.

    A table is gone when its file or folder is, or when all its files belong to other tables now. A table that
    could not be read this time is not gone, nor one of a format that was not looked for. Nothing is gone when
    the listing was cut short. ``redact`` masked the paths of the known tables.
    """
    discovery = profile.discovery
    if discovery.truncated:
        return []
    current = {table_id(parent, dataset) for dataset in discovery.datasets}
    read_paths = {dataset.path for dataset in discovery.datasets}
    taken = {entry.path for dataset in discovery.datasets for entry in dataset.files}
    files = [entry.path for entry in discovery.files if entry.path not in taken]
    unread = {*files, *(folder for path in files for folder in _parents(path))}
    unread.update(one.name for one in discovery.unreadable)  # the path of a table is its name
    if any(MASK in str(row["file_path"]) for row in known):
        read_paths, unread = ({redact(path) for path in paths} for paths in (read_paths, unread))
    # Files, and folders that could not be listed.
    blocked = tuple(f"/{one.name}/" for one in discovery.unreadable)
    return [
        str(row["table_id"])
        for row in known
        if row["removed_at"] is None
        and (discovery.wanted is None or discovery.wanted.value == row["file_format"])
        and row["table_id"] not in current
        and not any(part in f"{row['file_path']}/" for part in blocked)
        and (row["file_path"] in read_paths or row["file_path"] not in unread)
    ]


def gone_columns(
    known: Sequence[Row], gone: Sequence[str], tables: Sequence[Row], columns: Sequence[Row]
) -> List[str]:
    """Return the ids of known columns that are no longer there.

    Args:
        known: rows of ``columns`` before the run.
        gone: ids of the tables that are gone; their columns are, too.
        tables: rows of ``tables`` that this run writes.
        columns: rows of ``columns`` that this run writes.
    """
    removed = set(gone)  # thousands of tables, of hundreds of thousands of columns
    read = {row["table_id"] for row in tables}
    present = {row["column_id"] for row in columns}
    return [
        row["column_id"]
        for row in known
        if row["removed_at"] is None
        and (row["table_id"] in removed or (row["table_id"] in read and row["column_id"] not in present))
    ]


def shorten(text: Optional[str]) -> Optional[str]:
    """Cut a sample value that is too long to be shown."""
    return text if text is None or len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _parents(path: str) -> List[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _identifier(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
