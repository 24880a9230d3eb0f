"""Decides what to count of a dataset, and lets the fastest engine that can count it do so.

What a run before has counted is not counted again: of a dataset that only got new files those alone are read.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.metadata.table_rows import Surveyed
from nuvyn_executor.model import FileFormat, epoch_micros
from nuvyn_executor.profiling import sampling_limits
from nuvyn_executor.profiling.polars import job as native
from nuvyn_executor.profiling.polars.parts import NotNative
from nuvyn_executor.profiling.profiler import plan_scan, profile
from nuvyn_executor.profiling.sampling_limits import Sample
from nuvyn_executor.profiling.scan_state import Contents, Kept
from nuvyn_executor.profiling.spark import engine as spark_engine
from nuvyn_executor.reading.delta_table import current_version
from nuvyn_executor.reading.failures import unreadable
from nuvyn_executor.reading.readers import columns_of, hides_rows, open_frame
from nuvyn_executor.spark.derived_sessions import TIME_ZONE, session_without

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Dataset
    from nuvyn_executor.profiling.counts import Counts
    from nuvyn_executor.profiling.plan import ScanPlan
    from nuvyn_executor.profiling.sampling_limits import Files
    from nuvyn_executor.reading.frame import Frame
    from nuvyn_executor.sources.base import DataSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Visit:
    """One scan: where, of what, when, and for how long."""

    source: DataSource
    contents: Contents
    now_micros: int
    seconds: Optional[float]

    @property
    def files(self) -> Files:
        """The files that can be read one by one, each for the rows of the dataset that it holds."""
        is_divisible = self.contents.is_plain and self.contents.dataset.format is not FileFormat.EXCEL
        return self.contents.dataset.files if is_divisible else None


class SparkScanner:
    """Scans datasets with a Spark session, which it never stops.

    Args:
        spark: the session.
        engine: ``auto`` counts with Polars inside Spark's tasks where that is possible, ``spark`` never.
        wanted_rows: of a dataset with many more rows, about so many are counted.
    """

    def __init__(self, spark: Any, engine: str = "auto", wanted_rows: Optional[int] = None) -> None:
        self._spark = spark
        self._engine = engine
        self._tries_native = engine == "auto"
        self._wanted_rows = wanted_rows

    def scan(
        self,
        source: DataSource,
        dataset: Dataset,
        now: datetime,
        kept: Optional[Kept] = None,
        seconds: Optional[float] = None,
    ) -> Surveyed:
        """Read a dataset and count; or only what came since the last time; or nothing, if nothing did.

        Args:
            source: where it lies.
            dataset: what to read.
            now: the present, UTC.
            kept: what the run before kept of it.
            seconds: after so long no more files are begun; some are always read.

        Raises:
            DatasetUnreadable: it could not be read, with the reason in one sentence.
        """
        modified = max((entry.modified_at for entry in dataset.files), default=None)
        try:
            contents, files, size_bytes = self._look(source, dataset)
            counted, rows_read = self._counted(_Visit(source, contents, epoch_micros(now), seconds), kept)
        except ExecutorError:
            raise
        except Exception as error:
            session = session_without(self._spark, error)
            if session is None:
                raise unreadable(dataset.label, error) from error
            other = SparkScanner(session, self._engine, self._wanted_rows)
            return other.scan(source, dataset, now, kept, seconds)
        found = profile(
            counted.plan, counted.counts, dataset.name, epoch_micros(modified) if modified else None
        )
        return Surveyed(
            dataset,
            found,
            files,
            size_bytes,
            counted.read_as,
            counted.engine,
            rows_read,
            counted.sample,
            counted,
        )

    def _look(self, source: DataSource, dataset: Dataset) -> Tuple[Contents, int, int]:
        """See what there is; also how many files and bytes."""
        time_zone = str(self._spark.conf.get(TIME_ZONE))
        if dataset.format is not FileFormat.DELTA:
            return Contents(dataset, time_zone=time_zone), len(dataset.files), dataset.size_bytes
        table = current_version(self._spark, source.spark_path(dataset.path))
        dataset = replace(dataset, version=table.version)
        as_files = table.as_files(dataset)
        contents = Contents(
            as_files or dataset,
            version=table.stamp,
            schema=table.schema,
            may_hide_rows=table.may_hide_rows,
            is_plain=as_files is not None,
            time_zone=time_zone,
        )
        return contents, table.files, table.size_bytes

    def _counted(self, visit: _Visit, kept: Optional[Kept]) -> Tuple[Kept, int]:
        """Return the counts of a dataset as it is, and how many rows were read for them."""
        contents = visit.contents
        if kept is not None and not (
            kept.wanted_rows == self._wanted_rows and self._engine in ("auto", kept.engine)
        ):
            kept = None
        if kept is not None and kept.is_of(contents, visit.now_micros):
            return kept, 0
        if contents.may_hide_rows and contents.is_plain:
            hides = hides_rows(self._spark, visit.source, contents.dataset)
            contents = replace(contents, is_plain=not hides, may_hide_rows=hides)
            visit = replace(visit, contents=contents)
            if kept is not None and kept.is_of(contents, visit.now_micros):
                return replace(kept, version=contents.version), 0
        more = None if kept is None else self._more(visit, kept)
        if more is not None and kept is not None:
            return more, more.counts.tally.rows - kept.counts.tally.rows
        counted = self._anew(visit)
        return counted, counted.counts.tally.rows

    def _more(self, visit: _Visit, kept: Kept) -> Optional[Kept]:
        """Count the files that came, and add; ``None`` where that cannot be done."""
        contents = visit.contents
        added = kept.added_to(contents, visit.now_micros)
        is_native = kept.engine == native.ENGINE
        if added is None or (is_native and not self._tries_native):
            return None
        newly = replace(contents.dataset, files=added)
        frame = None if is_native else open_frame(self._spark, visit.source, contents.dataset, added)
        if contents.dataset.format is not FileFormat.DELTA:  # whose log says that the columns are the same
            names, types = (
                columns_of(self._spark, visit.source, newly) if frame is None else (frame.names, frame.types)
            )
            if list(zip(names, types)) != [(one.name, one.declared_type) for one in kept.plan.columns]:
                return None

        def count(some: Files) -> Counts:
            if frame is None:
                return self._natively(visit, some, kept.plan, keeps_states=True)
            return spark_engine.count(frame.of(some, 1.0), kept.plan, visit.now_micros)

        try:
            counts, done = sampling_limits.in_time(added, visit.seconds, count)
            counts = kept.counts + counts
        except (NotNative, ValueError) as reason:
            logger.debug("%s is counted anew: %s", contents.dataset.name, reason)
            return None
        before = tuple(entry for stamp, entry in contents.stamps.items() if stamp in kept.stamps)
        return _covering(
            visit, replace(kept, counts=counts, version=contents.version), (*before, *(done or ()))
        )

    def _anew(self, visit: _Visit) -> Kept:
        """Decide what to count, and count it."""
        dataset = visit.contents.dataset
        frame = open_frame(self._spark, visit.source, dataset)
        plan = plan_scan(frame, dataset.name)
        files, share = sampling_limits.chosen(visit.files, frame.rows, self._wanted_rows)
        engines: List[str] = []

        def count(some: Files) -> Counts:
            counts, engine = self._count(visit, frame, plan, some, share)
            engines.append(engine)
            return counts

        counts, done = sampling_limits.in_time(files, visit.seconds, count)
        # Equal rows are chosen all or none, so there may be far too few of them.
        while (
            share < 1
            and _is_all(done, files)
            and sampling_limits.are_too_few(counts.tally.rows, self._wanted_rows)
        ):
            share = min(1.0, share * sampling_limits.WIDER)
            counts, done = sampling_limits.in_time(files, visit.seconds, count)
        counted = Kept.of(visit.contents, plan, counts, engines[-1], frame.details)
        counted = replace(counted, wanted_rows=self._wanted_rows)
        part = _covering(visit, counted, done, share, frame.rows if frame.rows_known else None)
        # All that was chosen stands for all files; where time was up, it is still to be read.
        return replace(part, stamps=counted.stamps) if _is_all(done, files) else part

    def _count(
        self, visit: _Visit, frame: Frame, plan: ScanPlan, files: Files, share: float
    ) -> Tuple[Counts, str]:
        if self._tries_native and share >= 1:
            try:
                return self._natively(visit, files, plan), native.ENGINE
            except NotNative as reason:
                logger.debug("%s is counted by Spark: %s", visit.contents.dataset.name, reason)
                self._tries_native = not reason.everywhere
        some = None if files == visit.files else files
        return spark_engine.count(frame.of(some, share), plan, visit.now_micros), spark_engine.ENGINE

    def _natively(self, visit: _Visit, files: Files, plan: ScanPlan, *, keeps_states: bool = False) -> Counts:
        dataset = visit.contents.dataset
        if files is not None:
            dataset = replace(dataset, files=files)
            if dataset.format is FileFormat.DELTA:  # whose files are what they are without it
                dataset = replace(dataset, format=FileFormat.PARQUET)
        return native.count(
            self._spark,
            dataset,
            plan,
            visit.now_micros,
            keeps_states=keeps_states,
            storage=visit.source.storage,
        )


def _is_all(done: Files, files: Files) -> bool:
    return done is None or files is None or len(done) == len(files)


def _covering(
    visit: _Visit, counted: Kept, done: Files, share: float = 1.0, table_rows: Optional[int] = None
) -> Kept:
    """Say of which files the counts are, and how much of the dataset that is."""
    if share >= 1 and _is_all(done, visit.files):
        return replace(counted, stamps=frozenset(visit.contents.stamps), sample=None)
    rows = counted.counts.tally.rows
    files = visit.contents.dataset.files if done is None else done
    about = rows / share * visit.contents.dataset.size_bytes / max(1, sum(one.size_bytes for one in files))
    sample = Sample(
        table_rows=round(about) if table_rows is None else table_rows,
        is_estimate=table_rows is None,
        files=len(files),
        share=share,
    )
    paths = {entry.path for entry in files}
    stamps = (stamp for stamp, entry in visit.contents.stamps.items() if entry.path in paths)
    return replace(counted, stamps=frozenset(stamps), sample=sample)
