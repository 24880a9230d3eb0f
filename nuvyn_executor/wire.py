"""The only place that spells the guide's JSON keys. Pure.

The result of a job has the guide's keys in the guide's order, and at most ``details`` besides.
"""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence

from nuvyn_executor.errors import ExecutorError

if TYPE_CHECKING:
    from nuvyn_executor.metadata.table_rows import Survey, Surveyed
    from nuvyn_executor.model import Discovery, JobType, Skipped
    from nuvyn_executor.quality.assessment import Assessment
    from nuvyn_executor.reading.previews import Preview
    from nuvyn_executor.schema.validator import SchemaReport

Document = Dict[str, Any]

# JSON lets these stand in a text, and readers that split a log into lines (Python's too) end a line there.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def dump(document: object) -> str:
    """Write a result on one line: the last line of a job's log."""
    line = json.dumps(document, ensure_ascii=False, allow_nan=False, default=_plain)
    return line.translate(_LINE_ENDS)


def number(score: Optional[float]) -> Optional[float]:
    """Print a score as the guide does: ``85``, ``87.86``; ``None`` where nothing was assessed."""
    if score is None or math.isnan(score):
        return None
    return int(score) if float(score).is_integer() else round(score, 2)


def schema_validation(report: SchemaReport) -> Document:
    """Spell the result of ``schema_validation``."""
    return {
        "schema_name": report.schema_name,
        "validation_status": "valid" if report.valid else "invalid",
        "tables_found": list(report.tables_found),
        "tables_missing": list(report.tables_missing),
        "recommendations": [
            f"Column {conflict.table}.{conflict.column} is {conflict.found} and should be {conflict.expected}"
            ": rename or convert it, or set EXECUTOR_SCHEMA_NAME to another schema"
            for conflict in report.conflicts
        ],
        "details": {
            "schema_created": report.schema_created,
            "tables_created": list(report.tables_created),
            "columns_added": report.columns_added,
        },
    }


def metadata_extraction(survey: Survey, assessment: Assessment) -> Document:
    """Spell the result of ``metadata_extraction``."""
    tallies = [one.profile.scan.tally for one in survey.surveyed]
    return {
        "source_path": survey.location,
        "source_type": survey.source_type,
        "files_found": len(survey.discovery.files),
        "total_size_bytes": sum(entry.size_bytes for entry in survey.discovery.files),
        "schema_info": {
            "tables": len(survey.surveyed),
            "columns": sum(len(tally.columns) for tally in tallies),
        },
        "quality_metrics": {
            "overall_score": number(assessment.overall),
            "completeness": number(_scores(assessment)["completeness"]),
        },
        "details": {
            "tables": [
                {
                    "name": one.dataset.name,
                    "file_format": one.dataset.format.value,
                    "files": one.files,
                    "size_bytes": one.size_bytes,
                    **_coverage(one),
                    "columns": len(one.profile.scan.tally.columns),
                    "overall_score": number(scores.overall),
                }
                for one, scores in zip(survey.surveyed, assessment.datasets)
            ],
            **_findings(survey.discovery, survey.unreadable),
        },
    }


def _coverage(one: Surveyed) -> Document:
    """Say of how much of a table its figures are, and who counted."""
    return {
        "rows": one.rows,
        "rows_scanned": one.profile.scan.tally.rows,
        "sampled": one.sample is not None,
        "engine": one.engine,
    }


def data_reading(
    location: str, discovery: Discovery, previews: Sequence[Preview], unread: Sequence[Skipped]
) -> Document:
    """Spell the result of ``data_reading``."""
    return {
        "source_path": location,
        "files_found": len(discovery.files),
        "sample_data": {one.name: {"size": one.size_bytes, "preview": one.text} for one in previews},
        "connection_status": "success",
        "details": {
            "files_previewed": len(previews),
            "files_not_previewed": len(discovery.files) - len(previews),
            **_findings(discovery, unread),
        },
    }


def quality_assessment(survey: Survey, assessment: Assessment) -> Document:
    """Spell the result of ``quality_assessment``."""
    details = assessment.details()
    return {
        "source_path": survey.location,
        "overall_score": number(assessment.overall),
        "quality_level": assessment.level.value,
        "quality_metrics": {name: number(score) for name, score in _scores(assessment).items()},
        "recommendations": list(assessment.recommendations),
        "details": {
            **details,
            "datasets": [
                {**scores, **_coverage(one)} for one, scores in zip(survey.surveyed, details["datasets"])
            ],
            **_findings(survey.discovery, survey.unreadable),
        },
    }


def api_transmission(
    *, sent: bool, api_response: Any, status_code: Optional[int], details: Mapping[str, Any]
) -> Document:
    """Spell the result of ``api_transmission``."""
    return {
        "transmission_status": "success" if sent else "failed",
        "api_response": api_response,
        "status_code": status_code,
        "details": dict(details),
    }


def full_pipeline(steps: Mapping[str, Mapping[str, Any]], details: Mapping[str, Any]) -> Document:
    """Spell the result of ``full_pipeline``: one short entry a step, whole results in ``details``."""
    return {**steps, "details": dict(details)}


def failure(job_id: Optional[str], job_type: Optional[JobType], error: Exception) -> Document:
    """Spell what stdout carries after a failure."""
    return {
        "job_id": job_id,
        "job_type": job_type.value if job_type is not None else None,
        "status": "failed",
        "error": error_entry(error),
    }


def error_entry(error: Exception) -> Document:
    """Spell an error; one that nobody foresaw is asked to be reported."""
    if isinstance(error, ExecutorError):
        return {"type": type(error).__name__, "message": error.message, "remedy": error.remedy}
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return {
        "type": type(error).__name__,
        "message": first or type(error).__name__,
        "remedy": "This was not foreseen: see the log lines of this run, and report them.",
    }


def _scores(assessment: Assessment) -> Dict[str, Optional[float]]:
    return {dimension.value: score for dimension, score in assessment.scores.items()}


def _findings(discovery: Discovery, unreadable: Sequence[Skipped]) -> Document:
    return {
        "unreadable": [_skipped(one) for one in unreadable],
        "skipped": [_skipped(one) for one in discovery.skipped if not one.is_failure],
        "truncated": discovery.truncated,
    }


def _skipped(one: Skipped) -> Document:
    return {"name": one.name, "reason": one.reason, "remedy": one.remedy}


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S.%f}Z"
    raise TypeError(f"{type(value).__name__} does not belong in a result")
