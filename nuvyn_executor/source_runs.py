"""The sources of one run: each is opened, listed and scanned once, several of them side by side."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor import wire
from nuvyn_executor.concurrency import at_once
from nuvyn_executor.errors import ExecutorError, SourceError
from nuvyn_executor.metadata import table_rows
from nuvyn_executor.model import RunStatus, epoch_micros
from nuvyn_executor.quality.assessment import assess
from nuvyn_executor.quality.dimensions import Policy
from nuvyn_executor.reading import previews
from nuvyn_executor.sources.factory import masked_location
from nuvyn_executor.sources.locations import scheme_of

if TYPE_CHECKING:
    import threading

    from nuvyn_executor.metadata.extractor import MetadataExtractor
    from nuvyn_executor.metadata.source_profile import SourceProfile
    from nuvyn_executor.model import Discovery, JobRequest, Skipped
    from nuvyn_executor.quality.assessment import Assessment
    from nuvyn_executor.reading.previews import Preview, RowPreviews
    from nuvyn_executor.sources.base import DataSource

logger = logging.getLogger(__name__)

OpenSource = Callable[["JobRequest"], "DataSource"]


def assessed(profiles: Sequence[SourceProfile]) -> Assessment:
    """Return the scores of all datasets of some sources together."""
    latest = max(one.profiled_at for one in profiles)
    scans = [one.scan for profile in profiles for one in profile.datasets]
    notes = [note for profile in profiles for note in profile.discovery.notes]
    return assess(scans, Policy(), epoch_micros(latest), notes)


@dataclass(frozen=True)
class SourceTools:
    """What the sources of one run share.

    Attributes:
        job_id: the run.
        open_source: returns the data source of a request.
        extractor: lists and scans a source, and stores its rows.
        recording: held while rows are stored: writers of one table would only wait for each other.
        share_of_time: the part of the time budget of the run that the scans of one source may take, 0 to 1.
    """

    job_id: str
    open_source: OpenSource
    extractor: MetadataExtractor
    recording: threading.Lock
    share_of_time: float


class SourceRun:
    """One source of a run. It is listed and scanned once, however many steps need the result.

    No ``cached_property``: before Python 3.12 it has one lock for all objects of the class, so that sources
    would wait for each other.

    Args:
        request: names this source alone.
        requested_id: the caller's own id of it, where it has one.
        tools: what it shares with the other sources of the run.
    """

    def __init__(self, request: JobRequest, requested_id: Optional[str], tools: SourceTools) -> None:
        self.request = request
        self.requested_id = requested_id
        self._tools = tools
        self._source: Optional[DataSource] = None
        self._discovery: Optional[Discovery] = None
        self._profile: Optional[Tuple[SourceProfile, Assessment]] = None

    @property
    def is_listed(self) -> bool:
        """Whether the files and datasets at the path are known."""
        return self._discovery is not None

    @property
    def location(self) -> str:
        """The path as the caller named it, secrets masked; also of a source that cannot be opened."""
        try:
            return self.source.location
        except Exception:  # noqa: BLE001  the step that needs the source reports it
            path = str(self.request.data_source_path)
            return masked_location(path) if scheme_of(path) else path

    @property
    def source_id(self) -> str:
        """The id of its row in ``sources``."""
        return table_rows.source_id(self.request.tenant_id, self.location)

    @property
    def source(self) -> DataSource:
        """The data source."""
        if self._source is None:
            self._source = self._tools.open_source(self.request)
        return self._source

    @property
    def discovery(self) -> Discovery:
        """The files and datasets at the path."""
        if self._discovery is None:
            self._discovery = self._tools.extractor.discover(self.source, self.request)
        return self._discovery

    @property
    def profile(self) -> Tuple[SourceProfile, Assessment]:
        """The source with each of its datasets scanned once, and its scores; both recorded in the tables."""
        if self._profile is None:
            self._profile = self._scan()
        return self._profile

    def _scan(self) -> Tuple[SourceProfile, Assessment]:
        tools = self._tools
        profile = tools.extractor.profile(self.source, self.request, self.discovery, tools.share_of_time)
        assessment = assessed([profile])
        with tools.recording:
            tools.extractor.record(profile, assessment, self.request.tenant_id, tools.job_id)
        return profile, assessment

    def previews(self, rows: RowPreviews, limit: int) -> Tuple[List[Preview], List[Skipped]]:
        """Return the beginning of its files, and those that could not be read."""
        return previews.preview_files(self.source, self.discovery, rows, limit)


@dataclass(frozen=True)
class Attempt:
    """The result of one step on one source: a value, or the error that ended it."""

    run: SourceRun
    value: Any = None
    error: Optional[Exception] = None


class SeveralSources:
    """The sources of a run that has several. One that fails does not stop the others.

    Args:
        runs: the sources, in the order of the caller.
        limit: how many are read at the same time.
    """

    def __init__(self, runs: Sequence[SourceRun], limit: int) -> None:
        self._runs = runs
        self._limit = limit
        self._failed: Dict[int, Exception] = self._repeated()

    @property
    def location(self) -> str:
        """The list of the sources, secrets masked."""
        return ",".join(one.location for one in self._runs)

    def attempt(self, step: Callable[[SourceRun], Any]) -> Tuple[Attempt, ...]:
        """Run a step on each source; a source that has failed in an earlier listing is not tried again.

        Raises:
            SourceError: all sources failed. Its ``details`` hold each one's error.
        """
        actions = [self._action(number, step) for number in range(len(self._runs))]
        attempts = tuple(at_once(*actions, limit=self._limit))
        first = attempts[0].error
        if first is not None and all(one.error is not None for one in attempts):
            entry = wire.error_entry(first)
            raise SourceError(
                f"None of the {len(attempts)} sources could be read; the first, "
                f"{attempts[0].run.location}: {entry['message']}",
                str(entry["remedy"]),
                details={"sources": [entry_of(one, {}) for one in attempts]},
            )
        return attempts

    def _action(self, number: int, step: Callable[[SourceRun], Any]) -> Callable[[], Attempt]:
        run = self._runs[number]
        earlier = self._failed.get(number)

        def action() -> Attempt:
            if earlier is not None:
                return Attempt(run, error=earlier)
            try:
                attempt = Attempt(run, step(run))
            except ExecutorError as error:
                logger.warning("Source %s: %s %s", run.location, error.message, error.remedy)
                return self._ended(number, error)
            except Exception as error:
                logger.exception("Source %s failed", run.location)
                return self._ended(number, error)
            logger.info("Source %d of %d is done: %s", number + 1, len(self._runs), run.location)
            return attempt

        return action

    def _ended(self, number: int, error: Exception) -> Attempt:
        if not self._runs[number].is_listed:  # what cannot be listed is not asked again
            self._failed[number] = error
        return Attempt(self._runs[number], error=error)

    def _repeated(self) -> Dict[int, Exception]:
        """Return the error of each source that stands in the list before: its rows would be the same."""
        ids = [one.source_id for one in self._runs]
        repeated: Dict[int, Exception] = {}
        for number, run in enumerate(self._runs):
            if ids[number] in ids[:number]:
                logger.warning("Source %s is in the list twice, and is read once", run.location)
                repeated[number] = SourceError(
                    f"{run.location} is in the list twice.", "Name each source once."
                )
        return repeated


def entry_of(attempt: Attempt, counts: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the entry of a source in ``details.sources``.

    Args:
        attempt: its result.
        counts: its counts and its score; one of them, ``unreadable``, is the number of bad files.
    """
    if attempt.error is not None:
        return wire.source_entry(attempt.run, RunStatus.FAILED, {}, attempt.error)
    status = RunStatus.PARTIAL if counts["unreadable"] else RunStatus.SUCCESS
    return wire.source_entry(attempt.run, status, counts, None)
