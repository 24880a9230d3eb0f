"""From a source to its metadata: discover, read each dataset once, keep what was learned."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterator,
    List,
    Mapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
)

from nuvyn_executor.concurrency import at_once
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.discovery.formats import format_names
from nuvyn_executor.errors import DatasetUnreadable, EngineError, ExecutorError, SourceError
from nuvyn_executor.metadata import table_rows
from nuvyn_executor.metadata.table_rows import PreviousRows, Row, Survey, Surveyed
from nuvyn_executor.model import Skipped, SourceType
from nuvyn_executor.profiling.bad_files import find_bad, still_bad
from nuvyn_executor.profiling.scan_state import packed, unpacked
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Dataset, Discovery, FileEntry, JobRequest
    from nuvyn_executor.profiling.scan_state import Kept
    from nuvyn_executor.quality.assessment import Assessment
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.sources.base import DataSource
    from nuvyn_executor.store.base import MetadataStore

logger = logging.getLogger(__name__)

_STATES_AT_ONCE = 64  # most are some kilobytes, none is more than eight megabytes


class DatasetScanner(Protocol):
    """Reads a dataset once and counts; raises what its engine raises."""

    def scan(
        self,
        source: DataSource,
        dataset: Dataset,
        now: datetime,
        kept: Optional[Kept] = None,
        seconds: Optional[float] = None,
    ) -> Surveyed:
        """Scan one dataset, or what is new since ``kept``, for about so many seconds."""
        ...


@dataclass(frozen=True)
class Reach:
    """How far one job looks.

    Attributes:
        max_files: files looked at.
        seconds: what all scans together may take; ``None`` is as long as they take.
        full: read again what was counted before, too.
    """

    max_files: int
    seconds: Optional[float] = None
    full: bool = False


class MetadataExtractor:
    """Surveys sources and records what it finds.

    Args:
        scanner: reads datasets.
        store: where metadata is kept.
        clock: the present, UTC.
        reach: how far a job looks.
        redact: masks secrets in a text; the names of files and folders may hold some.
    """

    def __init__(
        self,
        scanner: DatasetScanner,
        store: MetadataStore,
        clock: Callable[[], datetime],
        reach: Reach,
        redact: Callable[[str], str],
    ) -> None:
        self._scanner = scanner
        self._store = store
        self._clock = clock
        self._reach = reach
        self._redact = redact

    def discover(self, source: DataSource, request: JobRequest) -> Discovery:
        """List a source and group its files; log what was found.

        Raises:
            SourceError: nothing is there, it may not be read, or it holds no data of a kind that can be read.
        """
        logger.info("🔗 Connecting to data source: %s", source.location)
        discovery = discover(source, request.source_type, self._reach.max_files)
        logger.info("📁 Found %d files, %d datasets", len(discovery.files), len(discovery.datasets))
        if discovery.truncated:
            logger.warning("More than %d files: the rest was not looked at", self._reach.max_files)
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
        parent = table_rows.source_id(request.tenant_id, source.location)
        previous = self._previous(parent)
        end = None if self._reach.seconds is None else time.monotonic() + self._reach.seconds
        surveyed: List[Surveyed] = []
        unreadable = list(discovery.unreadable)
        for number, (dataset, kept) in enumerate(self._with_kept(parent, discovery.datasets), 1):
            # What one leaves of its share of the time is the others'.
            left = len(discovery.datasets) - number + 1
            seconds = None if end is None else max(0.0, end - time.monotonic()) / left
            try:
                one, bad_files = self._scan(source, dataset, now, kept, seconds)
            except ExecutorError as error:
                unreadable.append(Skipped(dataset.label, error.message, error.remedy, is_failure=True))
                logger.warning("Could not read %s: %s", dataset.label, error.message)
                logger.debug("%s", dataset.label, exc_info=error)
                continue
            unreadable.extend(bad_files)
            surveyed.append(one)
            tally = one.profile.scan.tally
            logger.info(
                "📊 %d/%d %s: %d rows, %d columns%s",
                number, len(discovery.datasets), dataset.name, one.rows, len(tally.columns), _how(one),
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
            previous=previous,
        )

    def _previous(self, parent: str) -> PreviousRows:
        where = {"source_id": parent}
        tables, columns = at_once(
            lambda: self._store.rows(TABLES, where, ("table_id", "file_path", "file_format", "removed_at")),
            lambda: self._store.rows(COLUMNS, where, ("column_id", "table_id", "removed_at")),
        )
        return PreviousRows(tables, columns)

    def _with_kept(
        self, parent: str, datasets: Sequence[Dataset]
    ) -> Iterator[Tuple[Dataset, Optional[Kept]]]:
        """Give with each dataset what the run before kept of it, which may be megabytes: some at a time."""
        for first in range(0, len(datasets), _STATES_AT_ONCE):
            some = datasets[first : first + _STATES_AT_ONCE]
            ids = [table_rows.table_id(parent, dataset) for dataset in some]
            found = (
                []
                if self._reach.full
                else self._store.rows(TABLES, {"table_id": ids}, ("table_id", "scan_state"))
            )
            states = {row["table_id"]: row["scan_state"] for row in found}
            for dataset, key in zip(some, ids):
                yield dataset, unpacked(states.pop(key, None))

    def record(self, survey: Survey, assessment: Assessment, tenant_id: str, job_id: str) -> None:
        """Upsert sources, tables and columns; what is gone gets ``removed_at``. Nothing is duplicated."""
        parent = table_rows.source_id(tenant_id, survey.location)
        now = survey.surveyed_at
        gone = table_rows.gone_tables(survey, parent, survey.previous.tables, self._redact)
        pairs = list(zip(survey.surveyed, assessment.datasets))
        tables = [
            {
                **self._masked(table_rows.table_row(one, scores, survey, tenant_id, job_id)),
                "scan_state": self._state(one),
            }
            for one, scores in pairs
        ]
        columns = [
            self._masked(row)
            for one, scores in pairs
            for row in table_rows.column_rows(one, scores, parent, tenant_id)
        ]
        lost = _lost_columns(survey.previous.columns, gone, tables, columns)
        at_once(
            lambda: self._write(TABLES, tables, [{"table_id": one, "removed_at": now} for one in gone]),
            lambda: self._write(COLUMNS, columns, [{"column_id": one, "removed_at": now} for one in lost]),
        )
        if gone:
            logger.info("%d tables are gone", len(gone))
        # The source comes last: what is pending for the platform is complete.
        source = self._masked(table_rows.source_row(survey, tenant_id, job_id))
        self._store.upsert(SOURCES, [source], keep=["created_at"], increment="metadata_version")
        logger.info("💾 Stored metadata: %d tables, %d columns", len(tables), len(columns))

    def _masked(self, row: Mapping[str, Any]) -> Row:
        masked = {
            name: self._redact(value) if isinstance(value, str) else value for name, value in row.items()
        }
        if "sample_value" in masked:  # after it was masked: half a secret does not look like one
            masked["sample_value"] = table_rows.shortened(masked["sample_value"])
        return masked

    def _state(self, one: Surveyed) -> Optional[str]:
        """Return the state for the next run; ``None`` if it holds a secret or is too large."""
        if one.kept is None or any(self._redact(text) != text for text in one.kept.texts):
            return None
        return packed(one.kept)

    def _scan(
        self,
        source: DataSource,
        dataset: Dataset,
        now: datetime,
        kept: Optional[Kept],
        seconds: Optional[float],
    ) -> Tuple[Surveyed, List[Skipped]]:
        """Scan a dataset; where a file of many spoils it, scan it without that file."""
        end = None if seconds is None else time.monotonic() + seconds

        def scan(files: Tuple[FileEntry, ...], kept: Optional[Kept] = None) -> Surveyed:
            # When time is up only the first wave of files is read, here and at last: the same ones.
            left = None if end is None else max(0.0, end - time.monotonic())
            return self._scanner.scan(source, replace(dataset, files=files), now, kept, left)

        def refused(files: Tuple[FileEntry, ...]) -> Optional[ExecutorError]:
            try:
                scan(files)
            except ExecutorError as error:
                return error
            return None

        bad = {} if kept is None else still_bad(kept.known_bad(dataset.files), refused)
        files = _without(dataset.files, bad)
        try:
            return _remembering(scan(files, kept), dataset, bad), list(bad.values())
        except ExecutorError as error:
            # Where Spark lacks what it needs, no file is to blame.
            if len(dataset.files) == 1 or dataset.format.has_log or isinstance(error, EngineError):
                raise
        new = () if kept is None else kept.unknown(files)
        bad.update(find_bad(new, refused) or find_bad(files, refused))
        good = _without(dataset.files, bad)
        if not good or len(good) == len(files):
            reason = next(iter(bad.values())).reason if bad else "its files do not fit together"
            raise DatasetUnreadable(f"{dataset.name} could not be read: {reason}", "Check its files.")
        return _remembering(scan(good, kept), dataset, bad), list(bad.values())

    def _write(self, table: Table, present: Sequence[Row], removed: Sequence[Row]) -> None:
        self._store.upsert(table, present)
        self._store.upsert(table, removed)


def _without(files: Tuple[FileEntry, ...], bad: Mapping[str, Skipped]) -> Tuple[FileEntry, ...]:
    return tuple(entry for entry in files if entry.path not in bad)


def _remembering(one: Surveyed, dataset: Dataset, bad: Mapping[str, Skipped]) -> Surveyed:
    """Let the next run know which files were bad: it tries them by themselves."""
    if one.kept is None:
        return one
    return replace(one, kept=one.kept.with_bad([entry for entry in dataset.files if entry.path in bad]))


def _how(one: Surveyed) -> str:
    """Return how a table was read, where that is not simply all of it."""
    if one.sample is not None:
        return f" ({one.profile.scan.tally.rows} of them counted)"
    rows = one.profile.scan.tally.rows
    if rows and one.rows_read == 0:
        return " (as before, not read again)"
    return f" ({one.rows_read} of them new)" if one.rows_read < rows else ""


def _lost_columns(
    known: Sequence[Mapping[str, Any]],
    gone: Sequence[str],
    tables: Sequence[Mapping[str, Any]],
    columns: Sequence[Mapping[str, Any]],
) -> List[str]:
    """Return which known columns are not there any more: those of tables that are gone, or that lost them."""
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
    return formats.pop() if requested == SourceType.AUTO and len(formats) == 1 else requested.value


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
        (first.remedy if first else "") or f"Data of the kinds {format_names('and')} is read.",
    )
