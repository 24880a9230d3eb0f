"""One function for each job type, and the table :data:`JOBS`; ``full_pipeline`` is the five in order."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor import wire
from nuvyn_executor.errors import ExecutorError, SchemaError
from nuvyn_executor.metadata import table_rows
from nuvyn_executor.metadata.merged_sources import (
    distinct_names,
    merged_discovery,
    merged_profile,
    renamed_all,
)
from nuvyn_executor.model import JobOutcome, JobType, RunStatus, Skipped
from nuvyn_executor.source_runs import SeveralSources, SourceRun, SourceTools, assessed, entry_of
from nuvyn_executor.spark import java_process

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.metadata.extractor import MetadataExtractor
    from nuvyn_executor.metadata.source_profile import SourceProfile
    from nuvyn_executor.model import Discovery, JobRequest
    from nuvyn_executor.quality.assessment import Assessment
    from nuvyn_executor.reading.previews import Preview, RowPreviews
    from nuvyn_executor.schema.validator import SchemaReport, SchemaValidator
    from nuvyn_executor.source_runs import Attempt
    from nuvyn_executor.sources.base import DataSource
    from nuvyn_executor.store.base import MetadataStore
    from nuvyn_executor.transport.transmitter import Transmitter

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Services:
    """What jobs work with; :mod:`nuvyn_executor.bootstrap` creates it.

    Attributes:
        open_source: returns the data source of a request.
        transmitter: sends metadata to the platform; it has the attribute ``configured``.
        max_preview_files: the most files that ``data_reading`` shows.
        clock: the present, UTC.
        sources_at_once: of a run with several sources, how many are read at the same time.
        write_report: writes the quality report of a run, by its row; it returns where, or ``None`` for a run
            without scores.
    """

    store: MetadataStore
    validator: SchemaValidator
    extractor: MetadataExtractor
    row_previews: RowPreviews
    open_source: Callable[[JobRequest], DataSource]
    transmitter: Transmitter
    max_preview_files: int
    clock: Callable[[], datetime]
    sources_at_once: int = 2
    write_report: Optional[Callable[[Mapping[str, Any]], Optional[str]]] = None

    def source_id(self, request: JobRequest) -> Optional[str]:
        """Return the id of the one source of a request, before anything is opened."""
        if request.data_source_path is None or request.sources:
            return None
        try:
            location = self.open_source(request).location
        except ExecutorError:  # the job itself reports it
            location = request.data_source_path
        return table_rows.source_id(request.tenant_id, location)


@dataclass(frozen=True)
class Scanned:
    """The sources of a run after their scans, as one profile, and the scores of all datasets together."""

    profile: SourceProfile
    assessment: Assessment
    attempts: Tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Shown:
    """The beginnings of the files of all sources of a run."""

    location: str
    discovery: Discovery
    previews: Sequence[Preview]
    unread: Sequence[Skipped]
    attempts: Tuple[Attempt, ...] = ()


class JobContext:
    """What one run works on. Each source is listed and scanned once, however many steps need the result.

    Of a run with one source, ``attempts`` is empty: what goes wrong is raised.
    """

    def __init__(self, job_id: str, request: JobRequest, services: Services, schema: SchemaReport) -> None:
        self.job_id = job_id
        self.request = request
        self.services = services
        self.schema = schema

    @cached_property
    def runs(self) -> Tuple[SourceRun, ...]:
        """The sources."""
        requests = self.request.of_each_source()
        ids = [one.requested_id for one in self.request.sources] or [None]
        services = self.services
        share = min(1.0, services.sources_at_once / len(requests))
        tools = SourceTools(self.job_id, services.open_source, services.extractor, threading.Lock(), share)
        return tuple(SourceRun(request, one, tools) for request, one in zip(requests, ids))

    @cached_property
    def several(self) -> Optional[SeveralSources]:
        """The sources, where there are several."""
        return SeveralSources(self.runs, self.services.sources_at_once) if self.request.sources else None

    @cached_property
    def scanned(self) -> Scanned:
        """The sources with each of their datasets scanned once, recorded in the tables."""
        if self.several is None:
            return Scanned(*self.runs[0].profile)
        attempts = self.several.attempt(lambda run: run.profile)
        profiles = [one.value[0] for one in attempts if one.error is None]
        merged = merged_profile(self.several.location, profiles)
        return Scanned(merged, assessed([merged]), attempts)

    def shown(self) -> Shown:
        """Return the beginnings of files."""
        rows, limit = self.services.row_previews, self.services.max_preview_files
        if self.several is None:
            (run,) = self.runs
            return Shown(run.source.location, run.discovery, *run.previews(rows, limit))
        share = max(1, limit // len(self.runs))
        attempts = self.several.attempt(lambda run: run.previews(rows, share))
        good = [one for one in attempts if one.error is None]
        discoveries = [one.run.discovery for one in good]
        renamed = distinct_names([one.run.location for one in good], discoveries)
        previews = [
            replace(preview, name=names.get(preview.name, preview.name))
            for one, names in zip(good, renamed)
            for preview in one.value[0]
        ]
        return Shown(
            self.several.location,
            merged_discovery(discoveries, renamed),
            previews,
            renamed_all([one.value[1] for one in good], renamed),
            attempts,
        )


def schema_validation(context: JobContext) -> JobOutcome:
    """Return whether the schema is valid; it was completed when the run began."""
    document = wire.schema_validation(context.schema)
    if context.schema.valid:
        return JobOutcome(document)
    return JobOutcome(document, RunStatus.FAILED, document["recommendations"][0])


def metadata_extraction(context: JobContext) -> JobOutcome:
    """Extract metadata and store it."""
    scanned = context.scanned
    document = wire.metadata_extraction(scanned.profile, scanned.assessment)
    return _outcome(document, scanned.profile.unreadable, _scan_entries(scanned))


def data_reading(context: JobContext) -> JobOutcome:
    """Show the beginning of files."""
    shown = context.shown()
    what = "tables" if any(one.format.is_table for one in shown.discovery.datasets) else "files"
    logger.info("📖 Previewed %d of %d %s", len(shown.previews), shown.discovery.found, what)
    document = wire.data_reading(shown.location, shown.discovery, shown.previews, shown.unread)
    entries = [
        entry_of(one, {} if one.error else wire.source_previewed(one.run.discovery, *one.value))
        for one in shown.attempts
    ]
    return _outcome(document, shown.unread, entries)


def quality_assessment(context: JobContext) -> JobOutcome:
    """Score what was counted."""
    scanned = context.scanned
    assessment = scanned.assessment
    logger.info("🎯 Quality score: %s/100 (%s)", wire.number(assessment.overall), assessment.level.value)
    document = wire.quality_assessment(scanned.profile, assessment)
    return _outcome(document, scanned.profile.unreadable, _scan_entries(scanned))


def api_transmission(context: JobContext) -> JobOutcome:
    """Send what is pending, for every tenant."""
    return _transmitted(context, tenant_id=None)


def full_pipeline(context: JobContext) -> JobOutcome:
    """Run the other five jobs in order. When one fails, those that depend on it are skipped."""
    steps: Dict[str, Mapping[str, Any]] = {}
    details: Dict[str, Any] = {}
    outcomes: List[JobOutcome] = []
    failed: Dict[JobType, str] = {}
    for job_type, depends_on in _STEPS:
        cause = next((one for one in depends_on if one in failed), None)
        if cause is not None:
            steps[job_type.value] = wire.skipped_step(f"{cause.value} failed")
            failed[job_type] = failed[cause]
            logger.warning("Skipped %s: %s failed", job_type.value, cause.value)
            continue
        if job_type is JobType.API_TRANSMISSION and not context.services.transmitter.configured:
            logger.warning(
                "Skipped api_transmission: NUVYN_API_ENDPOINT is not set; the metadata stays pending"
            )
            steps[job_type.value] = wire.skipped_step("NUVYN_API_ENDPOINT is not set")
            continue
        try:
            outcome = _step(job_type, context)
        except Exception as raised:  # noqa: BLE001  the results of the other steps are still wanted
            error = java_process.named(raised)
            _log_failure(job_type, error)
            steps[job_type.value] = wire.failed_step(error)
            failed[job_type] = str(wire.error_entry(error)["message"])
            if isinstance(error, ExecutorError) and error.details is not None:
                details[job_type.value] = {"details": error.details}
            continue
        outcomes.append(outcome)
        details[job_type.value] = outcome.result
        steps[job_type.value] = wire.finished_step(job_type, outcome.result)
    document = wire.full_pipeline(steps, details)
    if failed:
        return JobOutcome(document, RunStatus.FAILED, next(iter(failed.values())))
    partial = next((one for one in outcomes if one.status is RunStatus.PARTIAL), None)
    return JobOutcome(document, *((partial.status, partial.error_message) if partial is not None else ()))


JOBS: Mapping[JobType, Callable[[JobContext], JobOutcome]] = {
    JobType.SCHEMA_VALIDATION: schema_validation,
    JobType.METADATA_EXTRACTION: metadata_extraction,
    JobType.DATA_READING: data_reading,
    JobType.QUALITY_ASSESSMENT: quality_assessment,
    JobType.API_TRANSMISSION: api_transmission,
    JobType.FULL_PIPELINE: full_pipeline,
}

_STEPS: Sequence[Tuple[JobType, Sequence[JobType]]] = (
    (JobType.SCHEMA_VALIDATION, ()),
    (JobType.METADATA_EXTRACTION, (JobType.SCHEMA_VALIDATION,)),
    (JobType.DATA_READING, ()),
    (JobType.QUALITY_ASSESSMENT, (JobType.METADATA_EXTRACTION,)),
    (JobType.API_TRANSMISSION, (JobType.METADATA_EXTRACTION,)),
)


def _step(job_type: JobType, context: JobContext) -> JobOutcome:
    logger.info("▶️ %s", job_type.value)
    if job_type is JobType.API_TRANSMISSION:
        return _transmitted(context, tenant_id=context.request.tenant_id)
    if not context.schema.valid:
        raise unusable(context.schema)
    return JOBS[job_type](context)


def unusable(schema: SchemaReport) -> SchemaError:
    """Return the error for a schema that cannot be used."""
    conflict = schema.conflicts[0]
    return SchemaError(
        f"The schema {schema.schema_name} cannot be used: column {conflict.table}.{conflict.column} is "
        f"{conflict.found} and should be {conflict.expected}.",
        "Run schema_validation for all conflicts; rename or convert the column, or set EXECUTOR_SCHEMA_NAME.",
    )


def _log_failure(job_type: JobType, error: Exception) -> None:
    if isinstance(error, ExecutorError):
        logger.error("%s failed: %s %s", job_type.value, error.message, error.remedy)
    else:
        logger.error("%s failed", job_type.value, exc_info=error)


def _transmitted(context: JobContext, tenant_id: Optional[str]) -> JobOutcome:
    """Send what is pending; what the platform does not accept raises, after everything else was sent."""
    sent = context.services.transmitter.transmit(context.job_id, tenant_id)
    return JobOutcome(wire.api_transmission(sent.api_response, sent.status_code, sent.details))


def _scan_entries(scanned: Scanned) -> List[Mapping[str, Any]]:
    return [entry_of(one, {} if one.error else wire.source_scanned(*one.value)) for one in scanned.attempts]


def _outcome(
    document: Mapping[str, Any], unreadable: Sequence[Skipped], sources: Sequence[Mapping[str, Any]]
) -> JobOutcome:
    """Return the outcome of a job; it is partial where a file or one of several sources could not be read."""
    if sources:
        document = wire.with_sources(document, sources)
    bad = next((one for one in sources if "error" in one), None)
    if bad is not None:
        return JobOutcome(document, RunStatus.PARTIAL, f"{bad['location']}: {bad['error']['message']}")
    if not unreadable:
        return JobOutcome(document)
    first = unreadable[0]
    return JobOutcome(document, RunStatus.PARTIAL, f"{first.name}: {first.reason}")
