"""From a source to its metadata: discover, read each dataset once, keep what was learned."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Protocol, Sequence, Tuple

from nuvyn_executor.concurrency import at_once
from nuvyn_executor.errors import DatasetUnreadable, ExecutorError, SourceError
from nuvyn_executor.metadata import records
from nuvyn_executor.metadata.discovery import discover
from nuvyn_executor.metadata.records import Row, Survey, Surveyed
from nuvyn_executor.model import FileFormat, Skipped, SourceType
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Dataset, Discovery, FileEntry, JobRequest
    from nuvyn_executor.quality.assessment import Assessment
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.sources.base import DataSource
    from nuvyn_executor.store.base import MetadataStore

logger = logging.getLogger(__name__)


class DatasetScanner(Protocol):
    """Reads a dataset once and counts; raises what its engine raises."""

    def scan(self, source: DataSource, dataset: Dataset, now: datetime) -> Surveyed:
        """Scan one dataset."""
        ...


class MetadataExtractor:
    """Surveys sources and records what it finds.

    Args:
        scanner: reads datasets.
        store: where metadata is kept.
        clock: the present, UTC.
        max_files: files looked at in one job.
        redact: masks secrets in a text; the names of files and folders may hold some.
    """

    def __init__(
        self,
        scanner: DatasetScanner,
        store: MetadataStore,
        clock: Callable[[], datetime],
        max_files: int,
        redact: Callable[[str], str],
    ) -> None:
        self._scanner = scanner
        self._store = store
        self._clock = clock
        self._max_files = max_files
        self._redact = redact

    def discover(self, source: DataSource, request: JobRequest) -> Discovery:
        """List a source and group its files; log what was found.

        Raises:
            SourceError: nothing is there, it may not be read, or it holds no data of a kind that can be read.
        """
        logger.info("🔗 Connecting to data source: %s", source.location)
        discovery = discover(source, request.source_type, self._max_files)
        logger.info("📁 Found %d files, %d datasets", len(discovery.files), len(discovery.datasets))
        if discovery.truncated:
            logger.warning("More than %d files: the rest was not looked at", self._max_files)
        for one in discovery.skipped:
            what = "Could not read" if one.is_failure else "Skipped"
            logger.warning("%s %s: %s", what, one.name, one.reason)
        if not discovery.datasets:
            raise _nothing(source, discovery, request.source_type)
        return discovery

    def survey(self, source: DataSource, request: JobRequest, discovery: Discovery) -> Survey:
        """Read every dataset of a source once. One that cannot be read does not stop the others.

        Raises:
            SourceError: none could be read.
        """
        now = self._clock()
        surveyed: List[Surveyed] = []
        unreadable = list(discovery.unreadable)
        for number, dataset in enumerate(discovery.datasets, 1):
            try:
                one, bad_files = self._scan(source, dataset, now)
            except ExecutorError as error:
                unreadable.append(Skipped(dataset.label, error.message, error.remedy, is_failure=True))
                logger.warning("Could not read %s: %s", dataset.label, error.message)
                logger.debug("%s", dataset.label, exc_info=error)
                continue
            unreadable.extend(bad_files)
            surveyed.append(one)
            tally = one.profile.scan.tally
            logger.info(
                "📊 %d/%d %s: %d rows, %d columns",
                number, len(discovery.datasets), dataset.name, tally.rows, len(tally.columns),
            )  # fmt: skip
        if not surveyed:
            first = unreadable[len(discovery.unreadable)]
            raise SourceError(
                f"None of the {len(discovery.datasets)} datasets at {source.location} could be read; "
                f"the first, {first.name}: {first.reason}",
                first.remedy or "Check the files, and that the cluster may read them.",
            )
        return Survey(
            location=source.location,
            source_type=_source_type(request.source_type, discovery),
            discovery=discovery,
            surveyed=tuple(surveyed),
            unreadable=tuple(unreadable),
            surveyed_at=now,
        )

    def record(self, survey: Survey, assessment: Assessment, tenant_id: str, job_id: str) -> None:
        """Upsert sources, tables and columns; what is gone gets ``removed_at``. Nothing is duplicated."""
        parent = records.source_id(tenant_id, survey.location)
        now = survey.surveyed_at
        known, known_columns = at_once(
            lambda: self._store.rows(TABLES, {"source_id": parent}),
            lambda: self._store.rows(COLUMNS, {"source_id": parent}),
        )
        gone = records.gone_tables(survey, parent, known, self._redact)
        pairs = list(zip(survey.surveyed, assessment.datasets))
        tables = [
            self._masked(records.table_row(one, scores, survey, tenant_id, job_id)) for one, scores in pairs
        ]
        columns = [
            self._masked(row)
            for one, scores in pairs
            for row in records.column_rows(one, scores, parent, tenant_id)
        ]
        lost = _lost_columns(known_columns, gone, tables, columns)
        at_once(
            lambda: self._write(TABLES, tables, [{"table_id": one, "removed_at": now} for one in gone]),
            lambda: self._write(COLUMNS, columns, [{"column_id": one, "removed_at": now} for one in lost]),
        )
        if gone:
            logger.info("%d tables are gone", len(gone))
        # The source comes last: what is pending for the platform is complete.
        source = self._masked(records.source_row(survey, tenant_id, job_id))
        self._store.upsert(SOURCES, [source], keep=["created_at"], increment="metadata_version")
        logger.info("💾 Stored metadata: %d tables, %d columns", len(tables), len(columns))

    def _masked(self, row: Mapping[str, Any]) -> Row:
        return {name: self._redact(value) if isinstance(value, str) else value for name, value in row.items()}

    def _scan(self, source: DataSource, dataset: Dataset, now: datetime) -> Tuple[Surveyed, List[Skipped]]:
        """Scan a dataset; where a file of many spoils it, scan it without that file."""
        try:
            return self._scanner.scan(source, dataset, now), []
        except ExecutorError:
            if len(dataset.files) == 1 or dataset.format is FileFormat.DELTA:
                raise
        bad = self._bad_of_halves(source, dataset, now, dataset.files)
        good = tuple(entry for entry in dataset.files if entry.path not in bad)
        if not good or not bad:
            reason = next(iter(bad.values())).reason if bad else "its files do not fit together"
            raise DatasetUnreadable(f"{dataset.name} could not be read: {reason}", "Check its files.")
        return self._scanner.scan(source, replace(dataset, files=good), now), list(bad.values())

    def _bad_of_halves(
        self, source: DataSource, dataset: Dataset, now: datetime, files: Tuple[FileEntry, ...]
    ) -> Dict[str, Skipped]:
        """Find the files that cannot be read where one cannot: few among thousands cost few reads."""
        half = len(files) // 2
        return {
            path: why
            for part in (files[:half], files[half:])
            for path, why in self._bad(source, dataset, now, part).items()
        }

    def _bad(
        self, source: DataSource, dataset: Dataset, now: datetime, files: Tuple[FileEntry, ...]
    ) -> Dict[str, Skipped]:
        try:
            self._scanner.scan(source, replace(dataset, files=files), now)
        except ExecutorError as error:
            if len(files) > 1:
                return self._bad_of_halves(source, dataset, now, files)
            (entry,) = files
            logger.warning("Could not read %s: %s", entry.name, error.message)
            logger.debug("%s", entry.name, exc_info=error)
            return {entry.path: Skipped(entry.name, error.message, error.remedy, is_failure=True)}
        return {}

    def _write(self, table: Table, present: Sequence[Row], removed: Sequence[Row]) -> None:
        self._store.upsert(table, present)
        self._store.upsert(table, removed)


def _lost_columns(
    known: Sequence[Mapping[str, Any]],
    gone: Sequence[str],
    tables: Sequence[Mapping[str, Any]],
    columns: Sequence[Mapping[str, Any]],
) -> List[str]:
    """Say which known columns are not there any more: those of tables that are gone, or that lost them."""
    read = {row["table_id"] for row in tables}
    present = {row["column_id"] for row in columns}
    return [
        row["column_id"]
        for row in known
        if row["removed_at"] is None
        and (row["table_id"] in gone or (row["table_id"] in read and row["column_id"] not in present))
    ]


def _source_type(requested: SourceType, discovery: Discovery) -> str:
    formats = {dataset.format.value for dataset in discovery.datasets}
    return formats.pop() if requested is SourceType.AUTO and len(formats) == 1 else requested.value


def _nothing(source: DataSource, discovery: Discovery, requested: SourceType) -> SourceError:
    if not discovery.files:
        return SourceError(
            f"There are no files at {source.location}.",
            "Check the path; hidden files and those whose name begins with _ are not data.",
        )
    first = discovery.skipped[0] if discovery.skipped else None
    why = f"; the first, {first.name}: {first.reason}" if first else ""
    return SourceError(
        f"None of the {len(discovery.files)} files at {source.location} can be read as "
        f"{requested.value}{why}.",
        (first.remedy if first else "") or "Data of the kinds csv, parquet, json, excel and delta is read.",
    )
