"""Decides what to count in a dataset, and lets the fastest engine that can count it do so.

What an earlier run has counted is not counted again: of a dataset that only got new files, only those are
read.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from nuvyn_executor.bounds import COLUMNS, Bounds
from nuvyn_executor.discovery import formats
from nuvyn_executor.errors import DatasetUnreadable, ExecutorError
from nuvyn_executor.model import epoch_micros
from nuvyn_executor.profiling import sampling_limits
from nuvyn_executor.profiling.polars import arrow_job
from nuvyn_executor.profiling.polars import job as native
from nuvyn_executor.profiling.polars.parts import NotNative
from nuvyn_executor.profiling.profiler import plan_scan, profile_dataset
from nuvyn_executor.profiling.sampling_limits import Coverage
from nuvyn_executor.profiling.scan_state import READ_BY, ScanState, Snapshot
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.reading.delta_log import with_deletion_vectors
from nuvyn_executor.reading.delta_table import current_version, named_version
from nuvyn_executor.reading.file_faults import explained
from nuvyn_executor.reading.readers import columns_of, open_frame
from nuvyn_executor.reading.text_bounds import require_bounded
from nuvyn_executor.reading.typed_frames import hidden_rows
from nuvyn_executor.sources.base import ExplainsErrors, OnlySpark, TableSource, UnpacksFiles
from nuvyn_executor.spark.derived_sessions import TIME_ZONE, session_without

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Dataset
    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.profiling.profiler import DatasetProfile
    from nuvyn_executor.profiling.sampling_limits import Files
    from nuvyn_executor.reading.frame import Frame
    from nuvyn_executor.sources.base import DataSource

logger = logging.getLogger(__name__)

_BOUNDS = Bounds()


class SparkScanner:
    """Scans datasets with a Spark session, which it never stops.

    Args:
        spark: the session.
        engine: ``auto`` counts with Polars inside Spark's tasks where that is possible, ``spark`` never.
            Where the tasks cannot read the files, Spark reads them and hands their rows to Polars.
        wanted_rows: of a dataset with many more rows, about so many are counted.
        clock: seconds, rising.
        bounds: how large texts may be.
    """

    def __init__(  # noqa: PLR0913  what the user may choose
        self,
        spark: Any,
        engine: str = "auto",
        wanted_rows: Optional[int] = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        null_markers: Optional[Tuple[str, ...]] = None,
        bounds: Bounds = _BOUNDS,
    ) -> None:
        self.spark = spark
        self.engine = engine
        self.wanted_rows = wanted_rows
        self.clock = clock
        self.null_markers = null_markers
        self.bounds = bounds
        self.tries_polars = engine == "auto"
        """Whether the next dataset is offered to Polars: not after its tasks could not import it."""
        self.hands_rows = engine == "auto"
        """Whether Spark hands rows to Polars, where it has to read them: not after that was not possible."""
        self.hands_none_because: Optional[str] = None
        """Why it was not possible."""
        self.reasons: Dict[str, str] = {}
        """Why Polars counts no dataset of a source, by the location of the source; ``""`` stands for all."""

    def scan(
        self,
        source: DataSource,
        dataset: Dataset,
        now: datetime,
        state: Optional[ScanState] = None,
        seconds: Optional[float] = None,
    ) -> DatasetProfile:
        """Count a dataset: all of it, or only the files that came since ``state``, or nothing if none came.

        Args:
            source: where the dataset is.
            dataset: what to read.
            now: the present, UTC.
            state: what the last run stored about it.
            seconds: after so long no more files are begun; some are always read.

        Raises:
            DatasetUnreadable: it could not be read, with the reason in one sentence.
        """
        try:
            snapshot, file_count, size_bytes = self._look(source, dataset)
            scan = _DatasetScan(self, source, snapshot, epoch_micros(now), seconds)
            counted, rows_read = scan.run(state)
        except ExecutorError:
            raise
        except Exception as error:
            session = session_without(self.spark, error)
            if session is None and isinstance(source, ExplainsErrors):
                raise source.explained(dataset, error) from error
            if session is None:
                raise explained(self.spark, source, dataset, error) from error
            other = SparkScanner(
                session,
                self.engine,
                self.wanted_rows,
                clock=self.clock,
                null_markers=self.null_markers,
                bounds=self.bounds,
            )
            other.reasons = self.reasons
            return other.scan(source, dataset, now, state, seconds)
        finally:
            if not isinstance(source, TableSource):
                source.release()
        if dataset.as_of:  # it changed last when the last of these files was written
            dataset = snapshot.dataset
        return profile_dataset(
            dataset, counted, file_count=file_count, size_bytes=size_bytes, rows_read=rows_read
        )

    def _look(self, source: DataSource, dataset: Dataset) -> Tuple[Snapshot, int, int]:
        """Return the dataset as it is now, its number of files, and their bytes."""
        time_zone = str(self.spark.conf.get(TIME_ZONE))
        if dataset.format.is_table:
            stamp = "" if dataset.declared is None else dataset.declared.stamp
            snapshot = Snapshot(dataset, stamp, is_plain=False, time_zone=time_zone)
            return snapshot, len(dataset.files), dataset.size_bytes
        if not dataset.format.has_log:
            return Snapshot(dataset, time_zone=time_zone), len(dataset.files), dataset.size_bytes
        if dataset.as_of:
            return self._look_back(source, dataset, time_zone)
        table = current_version(self.spark, source.spark_path(dataset.path))
        dataset = replace(dataset, version=table.version)
        as_files = table.as_files(dataset)
        snapshot = Snapshot(
            as_files or dataset,
            version=table.stamp,
            schema=table.schema,
            may_hide_rows=table.may_hide_rows,
            is_plain=as_files is not None,
            time_zone=time_zone,
        )
        return snapshot, table.files, table.size_bytes

    def _look_back(self, source: DataSource, dataset: Dataset, time_zone: str) -> Tuple[Snapshot, int, int]:
        """Return the version of a Delta table that the caller named; it is always read as a whole."""
        table = named_version(self.spark, source.spark_path(dataset.path), dataset)
        dataset = replace(dataset, version=table.version, files=tuple(table.entries_of(dataset)))
        snapshot = Snapshot(dataset, table.stamp, table.schema, is_plain=False, time_zone=time_zone)
        return snapshot, table.files, dataset.size_bytes


class _Counted(NamedTuple):
    """What was counted of a dataset.

    Attributes:
        counts: the counts.
        engine: what counted.
        is_read_by_spark: Spark read the rows, whatever counted them.
    """

    counts: Counts
    engine: str
    is_read_by_spark: bool = True


class _DatasetScan:
    """One scan of one dataset."""

    def __init__(
        self,
        scanner: SparkScanner,
        source: DataSource,
        snapshot: Snapshot,
        now_micros: int,
        seconds: Optional[float],
    ) -> None:
        self._scanner = scanner
        self._spark = scanner.spark
        self._source = source
        self._snapshot = snapshot
        self._now_micros = now_micros
        self._seconds = seconds
        self._read = snapshot.dataset  # with copies of packed files, once they were made

    @property
    def _reason(self) -> Optional[str]:
        """Why Polars counts no dataset of this source; ``None`` where it may count one."""
        reasons = self._scanner.reasons
        return reasons.get(self._source.location, reasons.get(""))

    def run(self, state: Optional[ScanState]) -> Tuple[ScanState, int]:
        """Return the state of the dataset as it is now, and how many rows were read for it."""
        if state is not None and not self._may_use(state):
            state = None
        if state is not None and state.is_current(self._snapshot, self._now_micros):
            return state, 0
        if self._snapshot.may_hide_rows and self._snapshot.is_plain:
            hidden = hidden_rows(self._spark, self._source, self._snapshot.dataset)
            self._snapshot = replace(
                self._snapshot, is_plain=not hidden, may_hide_rows=bool(hidden), hidden_rows=hidden
            )
            if state is not None and state.is_current(self._snapshot, self._now_micros):
                return replace(state, version=self._snapshot.version), 0
        grown = None if state is None else self._add_new_files(state)
        if grown is not None and state is not None:
            return grown, grown.counts.tally.rows - state.counts.tally.rows
        counted = self._count_all()
        return counted, counted.counts.tally.rows

    def _may_use(self, state: ScanState) -> bool:
        """Whether a state was made as this scan would make it: engine, rows, null markers, data contract."""
        scanner, terms = self._scanner, self._snapshot.dataset.terms
        is_wanted = state.wanted_rows == scanner.wanted_rows and scanner.engine in ("auto", state.engine)
        is_same = state.plan.terms == ("" if terms is None else terms.fingerprint)
        return is_wanted and is_same and state.plan.null_markers == scanner.null_markers

    def _add_new_files(self, state: ScanState) -> Optional[ScanState]:
        """Count the files that came and add their counts; ``None`` where all have to be counted again."""
        snapshot = self._snapshot
        added = state.new_files(snapshot, self._now_micros)
        is_native = state.read_by == native.ENGINE
        if added is None or (is_native and not (self._scanner.tries_polars and self._reason is None)):
            return None
        newly = self._read = self._unpacked(replace(snapshot.dataset, files=added))
        has_log = snapshot.dataset.format.has_log
        opened = snapshot.dataset if has_log else newly
        frame = None if is_native else open_frame(self._spark, self._source, opened, newly.files)
        if not has_log:  # a log shows that the columns are the same
            names, types = (
                columns_of(self._spark, self._source, newly) if frame is None else (frame.names, frame.types)
            )
            if list(zip(names, types)) != [(one.name, one.declared_type) for one in state.plan.columns]:
                return None

        def count(some: Files) -> Counts:
            if frame is None:
                return self._count_with_polars(some, state.plan, keeps_states=True)
            self._require_bounded(some)
            if state.engine == spark_engine.ENGINE:  # states of another engine would not add to its own
                return spark_engine.count(frame.of(some), state.plan, self._now_micros)
            return self._count_rows(frame.of(some), state.plan, keeps_states=True).counts

        try:
            counts, done = self._in_time(newly.files, count)
            counts = state.counts + counts
        except (NotNative, ValueError) as reason:
            logger.debug("All files of %s are counted again: %s", snapshot.dataset.name, reason)
            return None
        before = tuple(entry for stamp, entry in snapshot.stamps.items() if stamp in state.stamps)
        covered = (*before, *self._as_listed(done))
        return replace(
            state,
            stamps=snapshot.stamps_of(covered),
            version=snapshot.version,
            counts=counts,
            coverage=_coverage(snapshot.dataset, counts.tally.rows, covered),
        )

    def _count_all(self) -> ScanState:
        """Decide what to count, and count it in the whole dataset or in a sample of it."""
        snapshot, wanted = self._snapshot, self._scanner.wanted_rows
        dataset = self._read = self._unpacked(snapshot.dataset)
        frame = open_frame(self._spark, self._source, dataset)
        _require_few_columns(dataset, len(frame.names))
        plan = plan_scan(
            frame,
            snapshot.dataset.name,
            snapshot.dataset.key_columns,
            self._scanner.null_markers,
            snapshot.dataset.terms,
        )
        files, share = sampling_limits.choose_files(
            dataset.files, frame.rows, wanted, are_divisible=snapshot.is_divisible
        )
        ways: List[_Counted] = []

        def count(some: Files) -> Counts:
            ways.append(self._count(frame, plan, some, share))
            return ways[-1].counts

        counts, done = self._in_time(files, count)
        # Of equal rows either all are chosen or none, so there may be far too few of them.
        while (
            share < 1 and len(done) == len(files) and sampling_limits.are_too_few(counts.tally.rows, wanted)
        ):
            share = min(1.0, share * sampling_limits.WIDER)
            counts, done = self._in_time(files, count)
        if share >= 1 and len(done) == len(dataset.files):
            _require_rows(dataset, frame.declared_rows, counts.tally.rows)
        table_rows = frame.rows if frame.rows_known else None
        return replace(
            ScanState.of(snapshot, plan, counts, ways[-1].engine, self._read_as(frame, ways[-1])),
            # Chosen files stand for all files. Where the time was over, the others are still to be read.
            stamps=snapshot.stamps_of(dataset.files if len(done) == len(files) else done),
            coverage=_coverage(dataset, counts.tally.rows, done, share, table_rows),
            wanted_rows=wanted,
        )

    def _in_time(self, files: Files, count: Callable[[Files], Counts]) -> Tuple[Counts, Files]:
        seconds = self._seconds if self._snapshot.is_divisible else None
        return sampling_limits.count_in_time(files, seconds, count, self._scanner.clock)

    def _count(self, frame: Frame, plan: ScanPlan, files: Files, share: float) -> _Counted:
        """Count some files, or a share of their rows."""
        try:
            if share >= 1 and frame.texts is not None and self._scanner.engine == "auto":
                here = native.count_here(self._spark, plan, self._now_micros, frame.texts)
                return _Counted(here, native.ENGINE, is_read_by_spark=False)
            if share >= 1 and self._scanner.tries_polars and self._reason is None:
                counts = self._count_with_polars(files, plan)
                return _Counted(counts, native.ENGINE, is_read_by_spark=False)
        except NotNative as reason:
            logger.debug("%s is read by Spark: %s", self._snapshot.dataset.name, reason)
            if reason.everywhere:
                self._scanner.tries_polars = False
            if reason.everywhere or reason.of_source:
                self._scanner.reasons["" if reason.everywhere else self._source.location] = str(reason)
        self._require_bounded(files)
        some = None if files == self._read.files else files
        return self._count_rows(frame.of(some, share), plan)

    def _count_rows(self, frame: Frame, plan: ScanPlan, *, keeps_states: bool = False) -> _Counted:
        """Count the rows that Spark reads: with Polars where Spark can hand them over, else with Spark."""
        if self._scanner.hands_rows:
            try:
                counts = arrow_job.count(
                    self._spark, frame, plan, self._now_micros, keeps_states=keeps_states
                )
                return _Counted(counts, native.ENGINE)
            except NotNative as reason:
                logger.debug("%s is counted by Spark: %s", self._snapshot.dataset.name, reason)
                if reason.everywhere:
                    self._scanner.hands_rows = False
                    self._scanner.hands_none_because = str(reason)
        return _Counted(spark_engine.count(frame, plan, self._now_micros), spark_engine.ENGINE)

    def _count_with_polars(self, files: Files, plan: ScanPlan, *, keeps_states: bool = False) -> Counts:
        dataset = self._read
        if self._snapshot.is_divisible:
            dataset = replace(dataset, files=files)
        elif self._snapshot.hidden_rows:
            dataset = replace(dataset, files=self._files_with_vectors(dataset))
        if dataset.format.has_log and (self._snapshot.is_divisible or self._snapshot.hidden_rows):
            dataset = replace(dataset, format=formats.PARQUET)  # so are its data files, which hold its rows
        return native.count(
            self._spark,
            dataset,
            plan,
            self._now_micros,
            keeps_states=keeps_states,
            storage=getattr(self._source, "storage", None),  # tables have none
            bounds=self._scanner.bounds,
        )

    def _files_with_vectors(self, dataset: Dataset) -> Files:
        """Return the data files of a Delta table with their deletion vectors.

        Raises:
            NotNative: the log was not understood.
        """
        if isinstance(self._source.storage, OnlySpark):
            raise NotNative(self._source.storage.reason)
        try:
            files = with_deletion_vectors(self._spark, self._source, dataset)
        except Exception as error:  # whatever Spark raises: it does not matter to Spark's way
            cause = next(iter(str(error).splitlines()), "")[:200]
            raise NotNative(f"its log was not read ({type(error).__name__}: {cause})") from error
        deleted = sum(entry.deleted.rows for entry in files if entry.deleted is not None)
        if deleted != self._snapshot.hidden_rows:
            hidden = self._snapshot.hidden_rows
            raise NotNative(f"its log was not understood: it hides {hidden} rows, and {deleted} are known")
        return files

    def _require_bounded(self, files: Files) -> None:
        """Make sure that Spark can read files, before it does: without enough memory all of it ends."""
        require_bounded(self._source, replace(self._read, files=files), self._scanner.bounds)

    def _read_as(self, frame: Frame, way: _Counted) -> Dict[str, Any]:
        """Return how the files were read: in which way they were fetched, and why Polars did not."""
        by_spark, is_counted_by_spark = way.is_read_by_spark, way.engine == spark_engine.ENGINE
        reason = self._scanner.hands_none_because if is_counted_by_spark else None
        added = {
            READ_BY: spark_engine.ENGINE if by_spark and not is_counted_by_spark else None,
            "engine_reason": reason or (self._reason if by_spark else None),
        }
        if not self._snapshot.dataset.format.is_table:
            added["fetched"] = self._source.fetched_by(spark=by_spark)
        return {**frame.details, **{name: text for name, text in added.items() if text is not None}}

    def _unpacked(self, dataset: Dataset) -> Dataset:
        """Return a dataset as it is read: with copies of the files that are compressed or in archives."""
        return self._source.unpacked(dataset) if isinstance(self._source, UnpacksFiles) else dataset

    def _as_listed(self, files: Files) -> Files:
        """Return files as they were listed; some may be copies."""
        listed = {entry.name: entry for entry in self._snapshot.dataset.files}
        return tuple(listed[entry.name] for entry in files)


def _require_few_columns(dataset: Dataset, columns: int) -> None:
    """Check that a dataset has no more columns than can be counted.

    Raises:
        DatasetUnreadable: it has.
    """
    if columns > COLUMNS:
        raise DatasetUnreadable(
            f"{dataset.label} has {columns:,} columns, and {COLUMNS:,} can be counted.",
            "Write it as rows of names and values, or as several files.",
        )


def _require_rows(dataset: Dataset, declared: Optional[int], read: int) -> None:
    """Check that all rows were read that the files say that they have.

    Raises:
        DatasetUnreadable: there are fewer or more.
    """
    if declared is not None and declared != read:
        raise DatasetUnreadable(
            f"{dataset.label} says that it has {declared} rows, and {read} can be read: it is damaged.",
            "Write or copy the file again.",
        )


def _coverage(
    dataset: Dataset, rows: int, files: Files, share: float = 1.0, table_rows: Optional[int] = None
) -> Optional[Coverage]:
    """Return how much of a dataset was counted; ``None`` for all of it.

    Args:
        dataset: the dataset.
        rows: rows that were counted.
        files: files of it that were read.
        share: share of their rows that was counted.
        table_rows: rows of the whole dataset, where they are known.
    """
    if share >= 1 and len(files) == len(dataset.files):
        return None
    about = rows / share * dataset.size_bytes / max(1, sum(one.size_bytes for one in files))
    return Coverage(
        table_rows=round(about) if table_rows is None else table_rows,
        is_estimate=table_rows is None,
        files=len(files),
        share=share,
    )
