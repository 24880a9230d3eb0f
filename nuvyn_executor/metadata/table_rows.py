"""What was learned, as rows of ``sources``, ``tables`` and ``columns``. Pure.

Ids are hashes of what makes a thing itself, so a second extraction updates the rows of the first.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.quality.checks.registry import semantic_type
from nuvyn_executor.redaction import MASK

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Dataset, Discovery, Skipped
    from nuvyn_executor.profiling.profiler import Profile
    from nuvyn_executor.profiling.sampling_limits import Sample
    from nuvyn_executor.profiling.scan_state import Kept
    from nuvyn_executor.quality.assessment import DatasetAssessment

Row = Dict[str, Any]


@dataclass(frozen=True)
class Surveyed:
    """One dataset that was read.

    Attributes:
        files: how many files make it up (of a Delta table: those of its current version).
        size_bytes: their bytes.
        read_as: how it was read: delimiter, encoding, sheet.
        engine: what counted it: ``spark``, or ``polars`` inside Spark's tasks.
        rows_read: rows that were read for it this time; the others were counted before.
        sample: what of the dataset was counted, where that is not all.
        kept: what the next run wants to know of it.
    """

    dataset: Dataset
    profile: Profile
    files: int
    size_bytes: int
    read_as: Mapping[str, Any]
    engine: str
    rows_read: int
    sample: Optional[Sample] = None
    kept: Optional[Kept] = None

    @property
    def rows(self) -> int:
        """Rows of the table: counted, or of a sample estimated."""
        return self.profile.scan.tally.rows if self.sample is None else self.sample.table_rows


@dataclass(frozen=True)
class PreviousRows:
    """What the tables say of a source before a run.

    Attributes:
        tables: its rows of ``tables``, as far as they tell what is there.
        columns: its rows of ``columns``, likewise.
    """

    tables: Sequence[Mapping[str, Any]] = ()
    columns: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Survey:
    """A source after every dataset was read once.

    Attributes:
        location: the path as the caller named it, secrets masked.
        source_type: what the caller named; for ``auto`` the one format that was found.
        unreadable: datasets and files that could not be read, and why; they make a run ``Partial``.
        surveyed_at: when, UTC: the clock of timeliness.
        previous: what the tables said before.
    """

    location: str
    source_type: str
    discovery: Discovery
    surveyed: Tuple[Surveyed, ...]
    unreadable: Tuple[Skipped, ...]
    surveyed_at: datetime
    previous: PreviousRows


def source_id(tenant_id: str, location: str) -> str:
    """Name a source: one tenant's path. ``/dbfs/x/`` and ``dbfs:/x`` are one."""
    path = location.rstrip("/") or "/"
    if path.startswith("dbfs:/"):
        path = "/dbfs/" + path[len("dbfs:/") :].lstrip("/")
    return _identifier(tenant_id, path)


def source_row(survey: Survey, tenant_id: str, job_id: str) -> Row:
    """Build the row of ``sources``."""
    now = survey.surveyed_at
    details = {
        "requested_path": survey.location,
        "datasets": len(survey.surveyed),
        "unreadable": len(survey.unreadable),
        "skipped": len(survey.discovery.skipped),
        "truncated": survey.discovery.truncated,
    }
    return {
        "source_id": source_id(tenant_id, survey.location),
        "tenant_id": tenant_id,
        "source_name": survey.location.rstrip("/").rsplit("/", 1)[-1] or survey.location,
        "source_path": survey.location,
        "source_type": survey.source_type,
        "files_found": len(survey.discovery.files),
        "total_size_bytes": sum(entry.size_bytes for entry in survey.discovery.files),
        "connection_details": _json(details),
        "last_run_id": job_id,
        "created_at": now,
        "updated_at": now,
    }


def table_id(parent: str, dataset: Dataset) -> str:
    """Name a table: its source, path, sheet and format; where several share a folder, its own name, too."""
    is_file = any(entry.path == dataset.path for entry in dataset.files)
    # train-... and test-... of one folder, or its part files beside its year=... tree: one path, two tables
    own_name = [] if is_file or dataset.path.endswith(f"/{dataset.name}") else [dataset.name]
    return _identifier(parent, dataset.path, dataset.sheet or "", dataset.format.value, *own_name)


def table_row(
    one: Surveyed, assessment: DatasetAssessment, survey: Survey, tenant_id: str, job_id: str
) -> Row:
    """Build the row of ``tables`` of one dataset."""
    parent = source_id(tenant_id, survey.location)
    dataset, profile = one.dataset, one.profile
    tally = profile.scan.tally
    details = {
        "read_as": dict(one.read_as),
        "engine": one.engine,
        "sheet": dataset.sheet,
        "partition_columns": list(dataset.partition_columns),
        "rows_scanned": tally.rows,
        "rows_read": one.rows_read,
        "corrupt_rows": tally.corrupt_rows,
        "duplicate_rows": _duplicates(profile),
        "approximate": not profile.plan.exact_distinct,
        "rsd": assessment.uniqueness_rsd,
        "sampled": one.sample is not None,
        "truncated": survey.discovery.truncated,
        "coverage": None if one.sample is None else one.sample.to_json(),
        "timeliness_source": assessment.timeliness_source,
        "checked": {dimension.value: count for dimension, count in assessment.checked.items()},
        "recommendations": list(assessment.recommendations),
        "provenance": asdict(assessment.provenance),
    }
    return {
        "table_id": table_id(parent, dataset),
        "source_id": parent,
        "tenant_id": tenant_id,
        "table_name": dataset.name,
        "schema_name": dataset.folder,
        "file_path": dataset.path,
        "file_format": dataset.format.value,
        "file_count": one.files,
        "size_bytes": one.size_bytes,
        "row_count": one.rows,
        "column_count": len(tally.columns),
        "overall_score": assessment.overall,
        "quality_level": assessment.level.value,
        **{dimension.value: score for dimension, score in assessment.scores.items()},
        "details": _json(details),
        "last_modified": max((entry.modified_at for entry in dataset.files), default=None),
        "last_refreshed": survey.surveyed_at,
        "removed_at": None,
        "last_run_id": job_id,
    }


def column_rows(one: Surveyed, assessment: DatasetAssessment, parent: str, tenant_id: str) -> List[Row]:
    """Build the rows of ``columns`` of one dataset. Of two columns of one name, each is a column."""
    table = table_id(parent, one.dataset)
    seen: Counter[str] = Counter()
    rows = []
    scan = one.profile.scan
    profiles = zip(one.profile.plan.columns, one.profile.columns)
    for position, (facts, tally, (plan, profile), scores) in enumerate(
        zip(scan.columns, scan.tally.columns, profiles, assessment.columns), 1
    ):
        seen[facts.name] += 1
        distinct = facts.distinct
        unique = distinct is not None and distinct.rsd == 0 and distinct.count == tally.rows
        details = {
            "expected": facts.expected,
            "semantic_type": semantic_type(facts.expected),
            "nulls": tally.nulls,
            "nans": tally.nans,
            "blanks": tally.blanks,
            "placeholders": tally.placeholders,
            "suspects": tally.suspects,
            "checked": tally.checked,
            "invalid": tally.invalid,
            "shapes": dict(tally.shapes),
            "future": tally.future,
            "minimum": profile.minimum,
            "maximum": profile.maximum,
            "length_min": profile.length_min,
            "length_max": profile.length_max,
            "distinct_rsd": distinct.rsd if distinct is not None else None,
        }
        rows.append(
            {
                "column_id": _identifier(table, facts.name, str(seen[facts.name])),
                "table_id": table,
                "source_id": parent,
                "tenant_id": tenant_id,
                "column_name": facts.name,
                "ordinal_position": position,
                "data_type": facts.data_type,
                "is_nullable": tally.missing > 0 or tally.rows == 0 or one.sample is not None,
                "is_primary_key": facts.is_key and unique and tally.rows > 0 and one.sample is None,
                "null_count": tally.missing,
                "distinct_count": distinct.count if distinct is not None else None,
                "distinct_is_approximate": distinct is not None
                and (distinct.rsd > 0 or one.sample is not None),
                "completeness": scores.completeness,
                "validity": scores.validity,
                "uniqueness": scores.uniqueness,
                "sample_value": plan.sample,
                "details": _json(details),
                "removed_at": None,
            }
        )
    return rows


def gone_tables(
    survey: Survey, parent: str, known: Sequence[Mapping[str, Any]], redact: Callable[[str], str]
) -> List[str]:
    """Return which known tables (rows of ``tables``) are not there any more.

    A table is gone when its file or folder is, or when all its files are part of other tables now; one that
    could not be read this time is not, nor one of a format that was not looked for, nor anything when the
    listing was cut short. ``redact`` is what masked the known tables' paths.
    """
    if survey.discovery.truncated:
        return []
    current = {table_id(parent, dataset) for dataset in survey.discovery.datasets}
    read_paths = {dataset.path for dataset in survey.discovery.datasets}
    taken = {entry.path for dataset in survey.discovery.datasets for entry in dataset.files}
    files = [entry.path for entry in survey.discovery.files if entry.path not in taken]
    unread = {*files, *(folder for path in files for folder in _parents(path))}
    if any(MASK in str(row["file_path"]) for row in known):
        read_paths, unread = ({redact(path) for path in paths} for paths in (read_paths, unread))
    # Files, and folders that could not be listed.
    blocked = tuple(f"/{one.name}/" for one in survey.discovery.unreadable)
    return [
        str(row["table_id"])
        for row in known
        if row["removed_at"] is None
        and survey.discovery.wanted in (None, row["file_format"])
        and row["table_id"] not in current
        and not any(part in f"{row['file_path']}/" for part in blocked)
        and (row["file_path"] in read_paths or row["file_path"] not in unread)
    ]


def _duplicates(profile: Profile) -> Optional[int]:
    distinct = profile.scan.distinct_rows
    return None if distinct is None or distinct.rsd > 0 else profile.scan.tally.rows - distinct.count


def _parents(path: str) -> List[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _identifier(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def shortened(text: Optional[str], limit: int = 256) -> Optional[str]:
    """Cut a text that is too long to be shown."""
    return text if text is None or len(text) <= limit else text[: limit - 1] + "…"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)
