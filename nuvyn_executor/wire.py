"""The only module that spells JSON keys: of results, of failures, and of the tables' ``details``. Pure.

The result of a job has the guide's keys in the guide's order, and at most ``details`` besides.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.model import JobType, RunStatus
from nuvyn_executor.quality.checks.registry import semantic_type
from nuvyn_executor.quality.contract_findings import not_checked
from nuvyn_executor.quality.dimensions import round_score
from nuvyn_executor.quality.expectations import (
    column_outcomes,
    missing_columns,
    outcomes,
    undeclared_columns,
)

if TYPE_CHECKING:
    from nuvyn_executor.metadata.source_profile import SourceProfile
    from nuvyn_executor.model import Dataset, Discovery, Skipped
    from nuvyn_executor.profiling.profiler import ColumnProfile, DatasetProfile
    from nuvyn_executor.quality.assessment import Assessment, DatasetAssessment
    from nuvyn_executor.quality.dimensions import Dimension
    from nuvyn_executor.quality.expectations import Outcome
    from nuvyn_executor.quality.tallies import ColumnFacts, ColumnTally
    from nuvyn_executor.reading.previews import Preview
    from nuvyn_executor.schema.validator import SchemaReport
    from nuvyn_executor.source_runs import SourceRun

Document = Dict[str, Any]

PAYLOAD_VERSION = "1.2"
"""The version of the contract, of which bodies for the platform are: major and minor."""

# JSON allows these characters in a text. Readers that split a log into lines (Python's too) end a line there.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def dump(document: object) -> str:
    """Return a result as one line of JSON: the last line of a job's log."""
    line = json.dumps(document, ensure_ascii=False, allow_nan=False, default=_plain)
    return line.translate(_LINE_ENDS)


def number(score: Optional[float]) -> Optional[float]:
    """Return a score as the guide prints it: ``85``, ``87.86``; ``None`` where nothing was assessed."""
    if score is None or math.isnan(score):
        return None
    return int(score) if float(score).is_integer() else round(score, 2)


def schema_validation(report: SchemaReport) -> Document:
    """Return the result of ``schema_validation``."""
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


def metadata_extraction(profile: SourceProfile, assessment: Assessment) -> Document:
    """Return the result of ``metadata_extraction``."""
    return {
        "source_path": profile.location,
        "source_type": profile.source_type,
        "files_found": profile.discovery.found,
        "total_size_bytes": profile.discovery.size_bytes,
        "schema_info": {
            "tables": len(profile.datasets),
            "columns": sum(len(one.scan.tally.columns) for one in profile.datasets),
        },
        "quality_metrics": {
            "overall_score": number(assessment.overall),
            "completeness": number(_by_name(assessment.scores)["completeness"]),
        },
        "details": {
            "tables": [
                {
                    "name": one.dataset.name,
                    "file_format": one.dataset.format.value,
                    "files": one.file_count,
                    "size_bytes": one.size_bytes,
                    **_coverage(one),
                    **_applied(one),
                    "columns": len(one.scan.tally.columns),
                    "overall_score": number(scores.overall),
                }
                for one, scores in zip(profile.datasets, assessment.datasets)
            ],
            **_findings(profile.discovery, profile.unreadable),
        },
    }


def source_scanned(profile: SourceProfile, assessment: Assessment) -> Document:
    """Return the counts and the score of one of several sources that was scanned."""
    return {
        "source_type": profile.source_type,
        **_files(profile.discovery),
        "tables": len(profile.datasets),
        "columns": sum(len(one.scan.tally.columns) for one in profile.datasets),
        "unreadable": len(profile.unreadable),
        "overall_score": number(assessment.overall),
    }


def source_previewed(discovery: Discovery, shown: Sequence[Preview], unread: Sequence[Skipped]) -> Document:
    """Return the counts of one of several sources whose files were shown."""
    return {**_files(discovery), "files_previewed": len(shown), "unreadable": len(unread)}


def source_entry(
    run: SourceRun, status: RunStatus, counts: Mapping[str, Any], error: Optional[Exception]
) -> Document:
    """Return the entry of one of several sources in ``details.sources``."""
    return {
        "source_id": run.source_id,
        "requested_source_id": run.requested_id,
        "location": run.location,
        "status": status.value,
        **counts,
        **({} if error is None else {"error": error_entry(error)}),
    }


def with_sources(document: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]) -> Document:
    """Return the result of a job with the entry of each of its sources in ``details.sources``."""
    return {**document, "details": {**document["details"], "sources": list(sources)}}


def data_reading(
    location: str, discovery: Discovery, previews: Sequence[Preview], unread: Sequence[Skipped]
) -> Document:
    """Return the result of ``data_reading``."""
    return {
        "source_path": location,
        "files_found": discovery.found,
        "sample_data": {one.name: {"size": one.size_bytes, "preview": one.text} for one in previews},
        "connection_status": "success",
        "details": {
            "files_previewed": len(previews),
            "files_not_previewed": discovery.found - len(previews),
            **_findings(discovery, unread),
        },
    }


def quality_assessment(profile: SourceProfile, assessment: Assessment) -> Document:
    """Return the result of ``quality_assessment``."""
    details = assessment_details(assessment)
    return {
        "source_path": profile.location,
        "overall_score": number(assessment.overall),
        "quality_level": assessment.level.value,
        "quality_metrics": {name: number(score) for name, score in _by_name(assessment.scores).items()},
        "recommendations": list(assessment.recommendations),
        "details": {
            **details,
            "datasets": [
                {**_typed(scores, one), **_coverage(one), **_applied(one)}
                for one, scores in zip(profile.datasets, details["datasets"])
            ],
            **_findings(profile.discovery, profile.unreadable),
        },
    }


def _typed(scores: Document, one: DatasetProfile) -> Document:
    """Return the scores of a dataset with the types of its columns: a later run may find others."""
    columns = zip(scores["columns"], one.scan.columns)
    return {**scores, "columns": [{**column, "data_type": facts.data_type} for column, facts in columns]}


def assessment_details(assessment: Assessment) -> Document:
    """Return what an assessment holds beside the guide's keys; ``docs/quality.md`` explains it."""
    return {
        "checked": _by_name(assessment.checked),
        "datasets": [
            {
                "name": one.name,
                "rows": one.rows,
                "overall_score": one.overall,
                "quality_level": one.level.value,
                "quality_metrics": _by_name(one.scores),
                "checked": _by_name(one.checked),
                "timeliness_source": one.timeliness_source,
                "uniqueness_rsd": one.uniqueness_rsd,
                "columns": [asdict(column) for column in one.columns],
            }
            for one in assessment.datasets
        ],
        "findings": [
            {
                **{key: value for key, value in asdict(one).items() if key != "level"},
                "dimension": one.dimension.value if one.dimension else None,
                "points_lost": round_score(one.points_lost),
                **({} if one.level is None else {"level": one.level}),
            }
            for one in assessment.findings
        ],
        "provenance": asdict(assessment.provenance),
    }


def api_transmission(
    api_response: Mapping[str, Any], status_code: Optional[int], details: Mapping[str, Any]
) -> Document:
    """Return the result of ``api_transmission``."""
    return {
        "transmission_status": "success",
        "api_response": api_response,
        "status_code": status_code,
        "details": dict(details),
    }


def transmission_body(
    job_id: str,
    tenant_id: str,
    metadata: Mapping[str, Any],
    quality_metrics: Mapping[str, Any],
    page: Optional[Tuple[int, int]] = None,
) -> Document:
    """Return the body of one request to the platform; ``page`` is its number and how many there are."""
    body: Document = {
        "job_id": job_id,
        "tenant_id": tenant_id,
        "metadata": metadata,
        "quality_metrics": quality_metrics,
        "schema_version": PAYLOAD_VERSION,
    }
    return body if page is None else {**body, "page": {"number": page[0], "of": page[1]}}


def sent_source(row: Mapping[str, Any], base_version: Optional[int]) -> Document:
    """Return a row of ``sources`` as it is sent, with the version that the rows of its tables build on."""
    return {**row, "base_version": base_version}


def missing_base(answer: object) -> Optional[Tuple[str, ...]]:
    """Return the sources whose base a platform misses, by its refusal; those of the body where it names none.

    ``None`` where it refuses for another reason.
    """
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(error, dict) or error.get("code") != "missing_base":
        return None
    named = answer.get("missing_base")
    return tuple(str(one) for one in named) if isinstance(named, list) else ()


def nothing_pending() -> Document:
    """Return the ``api_response`` of a job that had nothing to send."""
    return {"status": "nothing_pending", "record_count": 0}


def merged_answers(bodies: Sequence[Mapping[str, Any]]) -> Document:
    """Return one ``api_response`` for the platform's answers to several requests."""
    counts = [body.get("record_count") for body in bodies]
    words = {str(body.get("status")) for body in bodies}
    return {
        "status": words.pop() if len(words) == 1 else "received",
        "record_count": sum(count for count in counts if isinstance(count, int)),
    }


def transmission_details(tenants: Sequence[Mapping[str, Any]]) -> Document:
    """Return the details of ``api_transmission``: what was sent of each tenant."""
    return {"tenants": list(tenants)}


def sent_tenant(
    tenant_id: str, *, sources: int, requests: int, tables_sent: int, tables_unchanged: int
) -> Document:
    """Return the entry of a tenant whose metadata was sent."""
    return {
        "tenant_id": tenant_id,
        "sources": sources,
        "requests": requests,
        "tables_sent": tables_sent,
        "tables_unchanged": tables_unchanged,
    }


def without_job(body: Mapping[str, Any]) -> Document:
    """Return what a request carries, whichever job sends it."""
    return {key: value for key, value in body.items() if key != "job_id"}


def full_pipeline(steps: Mapping[str, Mapping[str, Any]], details: Mapping[str, Any]) -> Document:
    """Return the result of ``full_pipeline``: one short entry a step, whole results in ``details``."""
    return {**steps, "details": dict(details)}


def finished_step(job_type: JobType, result: Mapping[str, Any]) -> Document:
    """Return the short entry of a step that ran to its end."""
    if job_type is JobType.SCHEMA_VALIDATION:
        return {"status": result["validation_status"]}
    if job_type is JobType.METADATA_EXTRACTION:
        return {"files_found": result["files_found"]}
    if job_type is JobType.DATA_READING:
        return {"files_read": len(result["sample_data"])}
    if job_type is JobType.QUALITY_ASSESSMENT:
        return {"overall_score": result["overall_score"]}
    return {"status": result["transmission_status"]}


def skipped_step(reason: str) -> Document:
    """Return the short entry of a step that was not run."""
    return {"status": "skipped", "reason": reason}


def failed_step(error: Exception) -> Document:
    """Return the short entry of a step that failed."""
    return {"status": "failed", "error": error_entry(error)}


def failure(job_id: Optional[str], job_type: Optional[JobType], error: Exception) -> Document:
    """Return what stdout carries after a failure."""
    details = getattr(error, "details", None)
    return {
        "job_id": job_id,
        "job_type": job_type.value if job_type is not None else None,
        "status": "failed",
        "error": error_entry(error),
        **({} if details is None else {"details": dict(details)}),
    }


def error_entry(error: Exception) -> Document:
    """Return an error as an object; the remedy of an unexpected one is to report it."""
    if isinstance(error, ExecutorError):
        return {"type": type(error).__name__, "message": error.message, "remedy": error.remedy}
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return {
        "type": type(error).__name__,
        "message": first or type(error).__name__,
        "remedy": "This error is unexpected: see the log lines of this run, and report them.",
    }


def details_text(details: Mapping[str, Any]) -> str:
    """Return details as the text of a column of the metadata tables."""
    return json.dumps(details, ensure_ascii=False, allow_nan=False, default=str)


def masked_details(text: str, redact: Callable[[str], str]) -> str:
    """Return the text of details with each of its texts masked by itself: no mask reaches into another."""
    return text if redact(text) == text else details_text(_masked(json.loads(text), redact))


def _masked(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {redact(key): _masked(entry, redact) for key, entry in value.items()}
    return [_masked(entry, redact) for entry in value] if isinstance(value, list) else value


def connection_details(profile: SourceProfile) -> Document:
    """Return ``sources.connection_details``."""
    return {
        "requested_path": profile.location,
        "datasets": len(profile.datasets),
        "unreadable": len(profile.unreadable),
        "skipped": len(profile.discovery.skipped),
        "truncated": profile.discovery.truncated,
    }


def table_details(one: DatasetProfile, assessment: DatasetAssessment, *, listing_was_cut: bool) -> Document:
    """Return ``tables.details``."""
    state, tally = one.state, one.scan.tally
    read_as = dict(state.read_as)
    missing, fetched = read_as.pop("missing_columns", []), read_as.pop("fetched", None)
    skipped, reason = read_as.pop("skipped_rows", None), read_as.pop("engine_reason", None)
    for name in ("read_by", "doubts"):  # the first is below, the others are among the recommendations
        read_as.pop(name, None)
    return {
        "read_as": read_as,
        "skipped_rows": skipped,
        "missing_columns": missing,
        "fetched": fetched,
        "engine": state.engine,
        "read_by": state.read_by,
        "engine_reason": reason,
        "sheet": one.dataset.sheet,
        "partition_columns": list(one.dataset.partition_columns),
        **_declared_table(one.dataset),
        "rows_scanned": tally.rows,
        "rows_read": one.rows_read,
        "corrupt_rows": tally.corrupt_rows,
        "duplicate_rows": _duplicates(one),
        "approximate": not state.plan.exact_distinct,
        "rsd": assessment.uniqueness_rsd,
        "sampled": one.is_sampled,
        "truncated": listing_was_cut,
        "coverage": None if state.coverage is None else state.coverage.to_json(),
        "timeliness_source": assessment.timeliness_source,
        "checked": _by_name(assessment.checked),
        "recommendations": list(assessment.recommendations),
        "data_contract": _data_contract(one),
        "provenance": asdict(assessment.provenance),
    }


def column_details(
    facts: ColumnFacts, tally: ColumnTally, extremes: ColumnProfile, dataset: Optional[Dataset] = None
) -> Document:
    """Return ``columns.details``; ``dataset`` is the one of the column, where a catalogue declares it."""
    return {
        "expected": facts.expected,
        "semantic_type": semantic_type(facts.expected),
        **_declared_column(dataset, facts.name),
        "nulls": tally.nulls,
        "nans": tally.nans,
        "blanks": tally.blanks,
        "placeholders": tally.placeholders,
        "suspects": tally.suspected,
        "suspect_reasons": dict(sorted(tally.suspects.items())),
        "suspect_examples": dict(facts.suspect_examples),
        "checked": tally.checked,
        "invalid": tally.invalid,
        "shapes": dict(sorted(tally.shapes.items())),
        "future": tally.future,
        "minimum": extremes.minimum,
        "maximum": extremes.maximum,
        "length_min": extremes.length_min,
        "length_max": extremes.length_max,
        "distinct_rsd": facts.distinct.rsd if facts.distinct is not None else None,
        **_distribution(extremes),
        "data_contract": None
        if facts.terms is None
        else [_outcome(one) for one in column_outcomes(tally, facts)],
    }


def _distribution(column: ColumnProfile) -> Document:
    """Return how values are distributed. Quantiles of lengths are no cell values, those of numbers are."""
    one = column.distribution
    commonest = None if column.commonest is None else [list(pair) for pair in column.commonest]
    if one is None:
        return {"distribution": None, "quantiles": None, "commonest": commonest}
    is_length = one.of == "lengths"
    quantiles = list(one.quantiles)
    shape = {"of": one.of, "count": one.count, "bins": list(one.bins), "error": one.error}
    return {
        "distribution": {**shape, "quantiles": quantiles} if is_length else shape,
        "quantiles": None if is_length else quantiles,
        "commonest": commonest,
    }


def _applied(one: DatasetProfile) -> Document:
    """Return which data contract was applied to a table; nothing without one."""
    terms = one.scan.terms
    if terms is None:
        return {}
    return {
        "data_contract": {
            "id": terms.contract_id,
            "version": terms.version,
            "file": terms.file,
            "schema": terms.name,
        }
    }


def _data_contract(one: DatasetProfile) -> Optional[Document]:
    """Return the value of ``data_contract`` in ``tables.details``; ``null`` without one."""
    scan = one.scan
    if scan.terms is None:
        return None
    return {
        **_applied(one)["data_contract"],
        "expectations": [_outcome(found) for found in outcomes(scan) if found.column is None],
        "missing_columns": [found.name for found in missing_columns(scan)],
        "undeclared_columns": list(undeclared_columns(scan)),
        "not_checked": list(not_checked(scan)),
    }


def _outcome(one: Outcome) -> Document:
    return {
        "clause": one.expectation.clause,
        "limit": str(one.expectation.limit),
        "count": None if one.reason else one.count,
        "of": None if one.reason else one.of,
        "is_met": None if one.reason else one.is_met,
    }


def _declared_table(dataset: Dataset) -> Document:
    """Return what the catalogue of a database says about a table; ``null`` for files."""
    declared = dataset.declared
    return {
        "kind": None if declared is None else declared.kind,
        "comment": None if declared is None else declared.comment or None,
        "estimated_rows": None if declared is None else declared.rows,
        "primary_key": list(dataset.key_columns),
        "foreign_keys": [] if declared is None else [asdict(one) for one in declared.foreign_keys],
    }


def _declared_column(dataset: Optional[Dataset], name: str) -> Document:
    declared = None if dataset is None else dataset.declared
    if declared is None:
        return {"declared_type": None, "comment": None, "references": None}
    column = declared.column(name)
    referenced = (
        f"{key.table}.{there}"
        for key in declared.foreign_keys
        for here, there in zip(key.columns, key.references)
        if here == name
    )
    return {
        "declared_type": column.data_type or None,
        "comment": column.comment or None,
        "references": next(referenced, None),
    }


def _coverage(one: DatasetProfile) -> Document:
    """Return how much of a table its figures cover, and which engine counted."""
    return {
        "rows": one.rows,
        "rows_scanned": one.scan.tally.rows,
        "sampled": one.is_sampled,
        "engine": one.state.engine,
    }


def _duplicates(one: DatasetProfile) -> Optional[int]:
    distinct = one.scan.distinct_rows
    return None if distinct is None or distinct.rsd > 0 else one.scan.tally.rows - distinct.count


def _by_name(by_dimension: Mapping[Dimension, Any]) -> Dict[str, Any]:
    return {dimension.value: value for dimension, value in by_dimension.items()}


def _files(discovery: Discovery) -> Document:
    return {
        "files_found": len(discovery.files),
        "total_size_bytes": sum(entry.size_bytes for entry in discovery.files),
    }


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
