"""Extracts the metadata of a source: discover its datasets, scan each one once, store the rows."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
    Union,
)

from nuvyn_executor import wire
from nuvyn_executor.concurrency import at_once, in_order
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.discovery.formats import format_names
from nuvyn_executor.errors import (
    DatasetUnreadable,
    EngineError,
    ExecutorError,
    FilesDisagree,
    SourceError,
)
from nuvyn_executor.metadata import table_rows
from nuvyn_executor.metadata.contract_files import DataContracts
from nuvyn_executor.metadata.source_profile import PreviousRows, SourceProfile
from nuvyn_executor.model import Skipped, SourceType
from nuvyn_executor.profiling.bad_files import find_bad, still_bad
from nuvyn_executor.profiling.scan_state import pack_state, unpack_state
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.sources.base import TableSource

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Dataset, Discovery, FileEntry, JobRequest
    from nuvyn_executor.profiling.profiler import DatasetProfile
    from nuvyn_executor.profiling.scan_state import ScanState
    from nuvyn_executor.quality.assessment import Assessment
    from nuvyn_executor.quality.tallies import Scan
    from nuvyn_executor.schema.tables import Table
    from nuvyn_executor.sources.base import DataSource
    from nuvyn_executor.store.base import MetadataStore, Row

logger = logging.getLogger(__name__)

_Scanned = Union[Tuple["DatasetProfile", List[Skipped]], ExecutorError]
_DETAILS = {column.name for table in (SOURCES, TABLES, COLUMNS) for column in table.columns if column.keys}
_STATES_AT_ONCE = 64  # most have some kilobytes, none more than eight megabytes


class DatasetScanner(Protocol):
    """Reads a dataset once and counts."""

    def scan(
        self,
        source: DataSource,
        dataset: Dataset,
        now: datetime,
        state: Optional[ScanState] = None,
        seconds: Optional[float] = None,
    ) -> DatasetProfile:
        """Scan a dataset, or only what is new since ``state``, for about so many seconds.

        Raises:
            ExecutorError: it could not be read.
        """
        ...


class Progress(Protocol):
    """Is told how far the scans are; several threads may call it."""

    def watch(self, tasks: Callable[[], Optional[Tuple[int, int]]]) -> None:
        """Ask from now on how many tasks Spark has done of those that it is at; ``None`` is not known."""

    def begin(self, datasets: int, size_bytes: int) -> None:
        """Add a source's datasets, and the bytes of their files, to what is to be scanned."""

    def done(self, rows: int, size_bytes: int) -> None:
        """Add a dataset to what has been scanned; one that could not be read has no rows."""


@dataclass(frozen=True)
class ExtractionLimits:
    """How much one job reads.

    Attributes:
        max_files: the most files that are looked at.
        seconds: time for all scans together; ``None`` is no limit.
        full_scan: read again what an earlier run has counted.
        at_once: how many datasets of a source are scanned at the same time.
    """

    max_files: int
    seconds: Optional[float] = None
    full_scan: bool = False
    at_once: int = 1


class MetadataExtractor:
    """Profiles sources and stores what it finds.

    Args:
        scanner: reads datasets.
        store: the metadata tables.
        clock: the present, UTC.
        limits: how much a job reads.
        redact: masks secrets in a text; the names of files and folders may hold some.
        monotonic: seconds, rising: the clock of ``limits.seconds``.
        contracts: finds data contracts.
        progress: is told how far the scans are.
    """

    def __init__(  # noqa: PLR0913  the clocks are parameters
        self,
        scanner: DatasetScanner,
        store: MetadataStore,
        clock: Callable[[], datetime],
        limits: ExtractionLimits,
        redact: Callable[[str], str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        contracts: Optional[DataContracts] = None,
        progress: Optional[Progress] = None,
    ) -> None:
        self._scanner = scanner
        self._store = store
        self._clock = clock
        self._limits = limits
        self._redact = redact
        self._monotonic = monotonic
        self._contracts = contracts or DataContracts()
        self._progress = progress

    def discover(self, source: DataSource, request: JobRequest) -> Discovery:
        """List a source and group its files; log what was found.

        Raises:
            ConfigError: the data contract that ``EXECUTOR_DATA_CONTRACT`` names cannot be used.
            SourceError: nothing is there, it may not be read, or it holds no data of a kind that can be read.
        """
        logger.info("🔗 Connecting to data source: %s", source.location)
        discovery = discover(source, request.source_type, self._limits.max_files)
        discovery = self._contracts.applied(source, discovery)
        what = "tables" if isinstance(source, TableSource) else "files"
        logger.info("📁 Found %d %s, %d datasets", discovery.found, what, len(discovery.datasets))
        if discovery.truncated:
            logger.warning("More than %d %s: the rest was not looked at", self._limits.max_files, what)
        for one in discovery.skipped:
            what = "Could not read" if one.is_failure else "Skipped"
            logger.warning("%s %s: %s", what, one.name, one.reason)
        if not discovery.datasets:
            raise _nothing_readable(source, discovery, request.source_type)
        return discovery

    def profile(
        self, source: DataSource, request: JobRequest, discovery: Discovery, share_of_time: float = 1.0
    ) -> SourceProfile:
        """Scan every dataset of a source once. One that cannot be read does not stop the others.

        Args:
            source: what is scanned.
            request: names the tenant and the source type.
            discovery: the source's datasets.
            share_of_time: the part of the job's time that this source may take, 0 to 1.

        Raises:
            SourceError: none could be read.
        """
        now = self._clock()
        parent = table_rows.source_id(request.tenant_id, source.location)
        previous = self._previous(parent)
        seconds_of_all = self._limits.seconds
        end = self._end(None if seconds_of_all is None else seconds_of_all * share_of_time)
        profiles: List[DatasetProfile] = []
        unreadable = list(discovery.unreadable)
        if self._progress is not None:
            self._progress.begin(len(discovery.datasets), sum(one.size_bytes for one in discovery.datasets))
        for number, (dataset, scanned) in enumerate(self._scan_all(source, parent, discovery, now, end), 1):
            if isinstance(scanned, ExecutorError):
                unreadable.append(Skipped(dataset.label, scanned.message, scanned.remedy, is_failure=True))
                logger.warning("Could not read %s: %s", dataset.label, scanned.message)
                logger.debug("%s", dataset.label, exc_info=scanned)
                continue
            one, bad_files = scanned
            unreadable.extend(bad_files)
            profiles.append(one)
            logger.info(
                "📊 %d/%d %s: %d rows, %d columns%s",
                number, len(discovery.datasets), dataset.name, one.rows, len(one.scan.tally.columns),
                _how_it_was_read(one),
            )  # fmt: skip
        if not profiles:
            first = unreadable[len(discovery.unreadable)]
            count = len(discovery.datasets)
            which = "The one dataset" if count == 1 else f"None of the {count} datasets"
            could = "could not be read:" if count == 1 else "could be read; the first,"
            raise SourceError(
                f"{which} at {source.location} {could} {first.name}: {first.reason}",
                first.remedy or "Check the files, and that the cluster may read them.",
            )
        return SourceProfile(
            location=source.location,
            source_type=_source_type(request.source_type, discovery),
            discovery=discovery,
            datasets=tuple(profiles),
            unreadable=tuple(unreadable),
            profiled_at=now,
            previous=previous,
        )

    def record(self, profile: SourceProfile, assessment: Assessment, tenant_id: str, job_id: str) -> None:
        """Upsert sources, tables and columns; what is gone gets ``removed_at``. Nothing is duplicated."""
        parent = table_rows.source_id(tenant_id, profile.location)
        now = profile.profiled_at
        gone = table_rows.gone_tables(profile, parent, profile.previous.tables, self._redact)
        pairs = list(zip(profile.datasets, assessment.datasets))
        tables = [
            {
                **self._masked(table_rows.table_row(one, scores, profile, tenant_id, job_id)),
                "scan_state": self._packed(one.state),
            }
            for one, scores in pairs
        ]
        columns = [
            self._masked(row)
            for one, scores in pairs
            for row in table_rows.column_rows(one, scores, parent, tenant_id)
        ]
        lost = table_rows.gone_columns(profile.previous.columns, gone, tables, columns)
        at_once(
            lambda: self._write(TABLES, tables, [{"table_id": one, "removed_at": now} for one in gone]),
            lambda: self._write(COLUMNS, columns, [{"column_id": one, "removed_at": now} for one in lost]),
        )
        if gone:
            logger.info("%d tables are gone", len(gone))
        # The source comes last, so that what is pending for the platform is complete.
        source = self._masked(table_rows.source_row(profile, tenant_id, job_id))
        self._store.upsert(SOURCES, [source], insert_only=["created_at"], increment="metadata_version")
        logger.info("💾 Stored metadata: %d tables, %d columns", len(tables), len(columns))

    def _previous(self, parent: str) -> PreviousRows:
        where = {"source_id": parent}
        tables, columns = at_once(
            lambda: self._store.rows(TABLES, where, ("table_id", "file_path", "file_format", "removed_at")),
            lambda: self._store.rows(COLUMNS, where, ("column_id", "table_id", "removed_at")),
        )
        return PreviousRows(tables, columns)

    def _scan_all(
        self, source: DataSource, parent: str, discovery: Discovery, now: datetime, end: Optional[float]
    ) -> Iterator[Tuple[Dataset, _Scanned]]:
        """Yield each dataset, in order, with its scan or its error; some are scanned at the same time."""
        limit = self._limits.at_once if source.allows_scans_at_once else 1
        begun = count()  # of an iterator in C: two threads never get the same number

        def scan(dataset: Dataset, state: Optional[ScanState]) -> Tuple[Dataset, _Scanned]:
            # Time that one dataset does not need is shared by those that wait.
            waiting = len(discovery.datasets) - next(begun)
            left = self._left(end)
            seconds = None if left is None else left * min(limit, waiting) / waiting
            scanned: _Scanned
            try:
                scanned = self._scan(source, dataset, now, state, seconds)
            except ExecutorError as error:
                scanned = error
            if self._progress is not None:  # now, and not in its turn: the first may take longest
                rows = 0 if isinstance(scanned, ExecutorError) else scanned[0].rows
                self._progress.done(rows, dataset.size_bytes)
            return dataset, scanned

        for some in self._with_states(parent, discovery.datasets):
            yield from in_order([partial(scan, *one) for one in some], limit)

    def _with_states(
        self, parent: str, datasets: Sequence[Dataset]
    ) -> Iterator[List[Tuple[Dataset, Optional[ScanState]]]]:
        """Yield the datasets with the states of their last runs, some at a time: states may be large."""
        for first in range(0, len(datasets), _STATES_AT_ONCE):
            some = datasets[first : first + _STATES_AT_ONCE]
            ids = [table_rows.table_id(parent, dataset) for dataset in some]
            found = (
                []
                if self._limits.full_scan
                else self._store.rows(TABLES, {"table_id": ids}, ("table_id", "scan_state"))
            )
            states = {row["table_id"]: row["scan_state"] for row in found}
            yield [(dataset, unpack_state(states.pop(key, None))) for dataset, key in zip(some, ids)]

    def _scan(
        self,
        source: DataSource,
        dataset: Dataset,
        now: datetime,
        state: Optional[ScanState],
        seconds: Optional[float],
    ) -> Tuple[DatasetProfile, List[Skipped]]:
        """Scan a dataset; where single files of it cannot be read, scan it without them."""
        end = self._end(seconds)

        def scan(files: Tuple[FileEntry, ...], state: Optional[ScanState] = None) -> DatasetProfile:
            # When the time is over only the first wave of files is read: the same one here and at the end.
            return self._scanner.scan(source, replace(dataset, files=files), now, state, self._left(end))

        def error_of(files: Tuple[FileEntry, ...]) -> Optional[ExecutorError]:
            try:
                scan(files)
            except ExecutorError as error:
                return error
            return None

        bad: Dict[str, Skipped] = {}
        if state is not None:
            known = state.known_bad(dataset.files)
            # Some were bad beside the others only, as they have other types.
            other = next((entry for entry in dataset.files if entry not in known), None)
            bad.update(still_bad(known, lambda one: error_of(one if other is None else (other, *one))))
        files = _without(dataset.files, bad)
        try:
            try:
                profile = scan(files, state)
            except FilesDisagree as error:
                bad.update(error.unlike)
                files = _without(files, bad)
                profile = scan(files)
            return _with_bad_files(profile, dataset, bad), list(bad.values())
        except ExecutorError as error:
            # Where Spark lacks what it needs, no file is to blame.
            is_one = len(dataset.files) == 1 or dataset.format.has_log or dataset.format.is_table
            if is_one or isinstance(error, EngineError):
                raise
        new = () if state is None else state.not_counted(files)
        bad.update(find_bad(new, error_of) or find_bad(files, error_of))
        good = _without(dataset.files, bad)
        if not good or len(good) == len(files):
            reason = next(iter(bad.values())).reason if bad else "its files do not fit together"
            raise DatasetUnreadable(f"{dataset.name} could not be read: {reason}", "Check its files.")
        return _with_bad_files(scan(good, state), dataset, bad), list(bad.values())

    def _end(self, seconds: Optional[float]) -> Optional[float]:
        return None if seconds is None else self._monotonic() + seconds

    def _left(self, end: Optional[float]) -> Optional[float]:
        return None if end is None else max(0.0, end - self._monotonic())

    def _masked(self, row: Row) -> Dict[str, Any]:
        masked = {name: self._masked_value(name, value) for name, value in row.items()}
        if "sample_value" in masked:  # cut after it was masked: half a secret is not recognized
            masked["sample_value"] = table_rows.shorten(masked["sample_value"])
        return masked

    def _masked_value(self, name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return wire.masked_details(value, self._redact) if name in _DETAILS else self._redact(value)

    def _packed(self, state: ScanState) -> Optional[str]:
        """Return the text of ``tables.scan_state``; ``None`` if it holds a secret or is too large."""
        if any(self._redact(text) != text for text in state.client_texts):
            return None
        return pack_state(state)

    def _write(self, table: Table, present: Sequence[Row], removed: Sequence[Row]) -> None:
        self._store.upsert(table, present)
        self._store.upsert(table, removed)


def scan_all(
    scanner: DatasetScanner, source: Any, source_type: SourceType, now: datetime, limit: int = 10_000
) -> List[Scan]:
    """Scan all datasets of a source as a whole; those that cannot be read are logged and left out.

    Raises:
        SourceError: none could be read.
    """
    discovery = discover(source, source_type, limit)
    scans: List[Scan] = []
    failed: Optional[ExecutorError] = None
    for dataset in discovery.datasets:
        try:
            scans.append(scanner.scan(source, dataset, now).scan)
        except ExecutorError as error:
            logger.warning("Could not read %s: %s", dataset.label, error.message)
            failed = failed or error
    if not scans:
        raise failed or _nothing_readable(source, discovery, source_type)
    return scans


def _without(files: Tuple[FileEntry, ...], bad: Mapping[str, Skipped]) -> Tuple[FileEntry, ...]:
    return tuple(entry for entry in files if entry.path not in bad)


def _with_bad_files(one: DatasetProfile, dataset: Dataset, bad: Mapping[str, Skipped]) -> DatasetProfile:
    """Store which files were bad in the state: the next run tries them by themselves."""
    bad_files = [entry for entry in dataset.files if entry.path in bad]
    return replace(one, state=one.state.with_bad_files(bad_files))


def _how_it_was_read(one: DatasetProfile) -> str:
    """Return how much of a table was read, where that is not all of it."""
    rows = one.scan.tally.rows
    if one.is_sampled:
        return f" ({rows} of them counted)"
    if rows and one.rows_read == 0:
        return " (as before, not read again)"
    return f" ({one.rows_read} of them new)" if one.rows_read < rows else ""


def _source_type(requested: SourceType, discovery: Discovery) -> str:
    formats = {dataset.format.value for dataset in discovery.datasets}
    return formats.pop() if requested == SourceType.AUTO and len(formats) == 1 else requested.value


def _nothing_readable(source: DataSource, discovery: Discovery, requested: SourceType) -> SourceError:
    if isinstance(source, TableSource):
        first = discovery.skipped[0] if discovery.skipped else None
        return SourceError(
            f"There are no tables at {source.location} that can be read"
            + (f"; the first, {_said(first)}." if first else "."),
            (first.remedy if first else "") or "Check the database, the schema and the user's rights.",
        )
    if not discovery.files and not discovery.skipped:
        return SourceError(
            f"There are no files at {source.location}.",
            "Check the path; hidden files and those whose name begins with _ are not data.",
        )
    first = discovery.skipped[0] if discovery.skipped else None
    count = len(discovery.files) or len(discovery.skipped)  # an archive that is not opened is no file
    which, can = ("The one file", "cannot") if count == 1 else (f"None of the {count} files", "can")
    before = ":" if count == 1 else "; the first,"
    why = f"{before} {_said(first)}" if first else ""
    return SourceError(
        f"{which} at {source.location} {can} be read as {requested.value}{why}.",
        (first.remedy if first else "") or f"Data of the kinds {format_names('and')} is read.",
    )


def _said(skipped: Skipped) -> str:
    """Return the name and the reason, without a point at the end; a sentence has the name already."""
    reason = skipped.reason[:-1] if skipped.reason.endswith(".") else skipped.reason
    return reason if reason.startswith(skipped.name) else f"{skipped.name}: {reason}"
