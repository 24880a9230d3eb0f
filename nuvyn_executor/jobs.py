"""One function for each job type, and the table :data:`JOBS`; ``full_pipeline`` is the five in order."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor import wire
from nuvyn_executor.errors import ExecutorError, SchemaError
from nuvyn_executor.metadata import table_rows
from nuvyn_executor.model import JobOutcome, JobType, RunStatus, Skipped, epoch_micros
from nuvyn_executor.quality.assessment import assess
from nuvyn_executor.quality.dimensions import Policy
from nuvyn_executor.reading import previews
from nuvyn_executor.sources.base import TableSource

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.metadata.extractor import MetadataExtractor
    from nuvyn_executor.metadata.source_profile import SourceProfile
    from nuvyn_executor.model import Discovery, JobRequest
    from nuvyn_executor.quality.assessment import Assessment
    from nuvyn_executor.reading.previews import RowPreviews
    from nuvyn_executor.schema.validator import SchemaReport, SchemaValidator
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
    """

    store: MetadataStore
    validator: SchemaValidator
    extractor: MetadataExtractor
    row_previews: RowPreviews
    open_source: Callable[[JobRequest], DataSource]
    transmitter: Transmitter
    max_preview_files: int
    clock: Callable[[], datetime]

    def source_id(self, request: JobRequest) -> Optional[str]:
        """Return the id of the source of a request, before anything is opened."""
        if request.data_source_path is None:
            return None
        try:
            location = self.open_source(request).location
        except ExecutorError:  # the job itself reports it
            location = request.data_source_path
        return table_rows.source_id(request.tenant_id, location)


class JobContext:
    """What one run works on. The source is listed and scanned once, however many steps need the result."""

    def __init__(self, job_id: str, request: JobRequest, services: Services, schema: SchemaReport) -> None:
        self.job_id = job_id
        self.request = request
        self.services = services
        self.schema = schema

    @cached_property
    def source(self) -> DataSource:
        """The data source."""
        return self.services.open_source(self.request)

    @cached_property
    def discovery(self) -> Discovery:
        """The files and datasets at the path."""
        return self.services.extractor.discover(self.source, self.request)

    @cached_property
    def profile(self) -> Tuple[SourceProfile, Assessment]:
        """The source with each of its datasets scanned once, and its scores; both recorded in the tables."""
        services = self.services
        profile = services.extractor.profile(self.source, self.request, self.discovery)
        assessment = assess(
            [one.scan for one in profile.datasets], Policy(), epoch_micros(profile.profiled_at)
        )
        services.extractor.record(profile, assessment, self.request.tenant_id, self.job_id)
        return profile, assessment


def schema_validation(context: JobContext) -> JobOutcome:
    """Return whether the schema is valid; it was completed when the run began."""
    document = wire.schema_validation(context.schema)
    if context.schema.valid:
        return JobOutcome(document)
    return JobOutcome(document, RunStatus.FAILED, document["recommendations"][0])


def metadata_extraction(context: JobContext) -> JobOutcome:
    """Extract metadata and store it."""
    profile, assessment = context.profile
    return _outcome(wire.metadata_extraction(profile, assessment), profile.unreadable)


def data_reading(context: JobContext) -> JobOutcome:
    """Show the beginning of files."""
    discovery = context.discovery
    shown, unread = previews.preview_files(
        context.source, discovery, context.services.row_previews, context.services.max_preview_files
    )
    what = "tables" if isinstance(context.source, TableSource) else "files"
    logger.info("📖 Previewed %d of %d %s", len(shown), discovery.found, what)
    return _outcome(wire.data_reading(context.source.location, discovery, shown, unread), unread)


def quality_assessment(context: JobContext) -> JobOutcome:
    """Score what was counted."""
    profile, assessment = context.profile
    logger.info("🎯 Quality score: %s/100 (%s)", wire.number(assessment.overall), assessment.level.value)
    return _outcome(wire.quality_assessment(profile, assessment), profile.unreadable)


def api_transmission(context: JobContext) -> JobOutcome:
    """Send what is pending, for every tenant."""
    return _transmitted(context, tenant_id=None)


def full_pipeline(context: JobContext) -> JobOutcome:
    """Run the five in order; a step that fails stops what depends on it."""
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
        except Exception as error:  # noqa: BLE001  the results of the other steps are still wanted
            _log_failure(job_type, error)
            steps[job_type.value] = wire.failed_step(error)
            failed[job_type] = str(wire.error_entry(error)["message"])
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


def _outcome(document: Mapping[str, Any], unreadable: Sequence[Skipped]) -> JobOutcome:
    if not unreadable:
        return JobOutcome(document)
    first = unreadable[0]
    return JobOutcome(document, RunStatus.PARTIAL, f"{first.name}: {first.reason}")
