"""What one run stores about a dataset for the next run: its counts, and which files they cover. Pure.

Counts add. So of a dataset that only got new files, only those are read; an unchanged dataset is not read at
all. A stored state is only a hint. One that another version of this package wrote, or that cannot be parsed,
counts as none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Mapping, Optional, Sequence, Tuple

from nuvyn_executor import __version__
from nuvyn_executor.model import DAY_MICROS, epoch_micros
from nuvyn_executor.profiling.counts import Counts
from nuvyn_executor.profiling.plan import ScanPlan
from nuvyn_executor.profiling.sampling_limits import Coverage

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry

MOST_BYTES = 8_000_000
"""Limit of one stored state. Above it the states of distinct values are dropped; then one new file means that
all files are read again."""
READ_BY = "read_by"
"""The key of :attr:`ScanState.read_as` for what read the rows, where that is not what counted them."""
_STAMP_BYTES = 8


@dataclass(frozen=True)
class Snapshot:
    """A dataset at the moment of a scan.

    Attributes:
        dataset: its files are those that hold its rows.
        version: identifies the rows, where the format has such a text: the same version, the same rows.
        schema: the columns that its log declares, where it has one.
        may_hide_rows: its files may hold rows that do not belong to it, so that only ``version`` decides.
        hidden_rows: how many rows deletion vectors hide, where nothing else decides what its files hold.
        is_plain: its rows are exactly those of its files.
        time_zone: the time zone of texts that name none.
    """

    dataset: Dataset
    version: str = ""
    schema: str = ""
    may_hide_rows: bool = False
    hidden_rows: int = 0
    is_plain: bool = True
    time_zone: str = "UTC"

    @property
    def is_divisible(self) -> bool:
        """Whether its files can be read one by one, each for the rows that it holds."""
        one = self.dataset.format
        return self.is_plain and not one.has_sheets and not one.is_table

    @cached_property
    def stamps(self) -> Dict[str, FileEntry]:
        """Its files by their stamp, a short hash of path, size and time of change."""
        return {_stamp(entry): entry for entry in self.dataset.files} if self.is_plain else {}

    def stamps_of(self, files: Sequence[FileEntry]) -> FrozenSet[str]:
        """Return the stamps of some of its files, or of copies of them."""
        names = {entry.name for entry in files}  # a copy has another path
        return frozenset(stamp for stamp, entry in self.stamps.items() if entry.name in names)

    @cached_property
    def layout(self) -> str:
        """A short hash of how the files are read."""
        one = self.dataset
        written = (one.dialect, one.multiline, one.records_at)
        parts = (one.format.value, one.sheet, *written, one.partition_columns, self.schema)
        return _digest(repr((*parts, self.time_zone, "" if self.is_plain else self.version)))


@dataclass(frozen=True)
class ScanState:
    """The counts of a dataset, and what the next run needs to know to use them.

    Attributes:
        stamps: stamps of the files that were counted.
        layout: :attr:`Snapshot.layout` at that time.
        version: :attr:`Snapshot.version` at that time.
        plan: what was counted.
        counts: the counts.
        engine: the engine that counted.
        read_as: how the files were read: delimiter, encoding, sheet.
        coverage: how much of the dataset was counted; ``None`` is all of it.
        wanted_rows: how many rows were enough; ``None`` is all of them.
        bad: stamps of the files that could not be read.
    """

    stamps: FrozenSet[str]
    layout: str
    version: str
    plan: ScanPlan
    counts: Counts
    engine: str
    read_as: Mapping[str, Any] = field(default_factory=dict)
    coverage: Optional[Coverage] = None
    wanted_rows: Optional[int] = None
    bad: FrozenSet[str] = frozenset()

    @classmethod
    def of(
        cls, snapshot: Snapshot, plan: ScanPlan, counts: Counts, engine: str, read_as: Mapping[str, Any]
    ) -> ScanState:
        """Return the state after all files of a dataset were counted."""
        return cls(
            frozenset(snapshot.stamps), snapshot.layout, snapshot.version, plan, counts, engine, read_as
        )

    @property
    def is_unfinished(self) -> bool:
        """Whether the time was over before all files were counted."""
        return self.coverage is not None and self.wanted_rows is None

    def is_current(self, snapshot: Snapshot, now_micros: int) -> bool:
        """Whether the saved state is still current.

        It is not when the dataset has changed, or when a counted moment that lay in the future has come.
        """
        if self._has_expired(now_micros) or (snapshot.dataset.format.is_table and not snapshot.version):
            return False
        if snapshot.may_hide_rows:
            return self.version == snapshot.version and not self.is_unfinished
        return self.layout == snapshot.layout and self.stamps == frozenset(snapshot.stamps)

    def _has_expired(self, now_micros: int) -> bool:
        coming = (one.next_micros for one in self.counts.tally.columns)
        return any(micros is not None and micros <= now_micros + DAY_MICROS for micros in coming)

    def new_files(self, snapshot: Snapshot, now_micros: int) -> Optional[Tuple[FileEntry, ...]]:
        """Return the files that came since, or ``None`` where all files have to be counted again.

        That is so when a counted file is gone or has changed, when no file came, when the counts do not add,
        and when rows were chosen. It is also so when the new files hold more bytes than the counted ones,
        because what is expected of values was decided from the first files. A state that is unfinished is the
        exception: there the other files were known when it was decided.
        """
        stamps = snapshot.stamps
        adds = self.counts.adds and self.wanted_rows is None and self.layout == snapshot.layout
        if not adds or not self.stamps < frozenset(stamps):
            return None
        if self._has_expired(now_micros):
            return None
        added = tuple(entry for stamp, entry in stamps.items() if stamp not in self.stamps)
        old = sum(entry.size_bytes for stamp, entry in stamps.items() if stamp in self.stamps)
        is_minority = sum(entry.size_bytes for entry in added) <= old
        return added if is_minority or self.is_unfinished else None

    def not_counted(self, files: Sequence[FileEntry]) -> Tuple[FileEntry, ...]:
        """Return those of some files that were not counted."""
        return tuple(entry for entry in files if _stamp(entry) not in self.stamps)

    def known_bad(self, files: Sequence[FileEntry]) -> Tuple[FileEntry, ...]:
        """Return those of some files that could not be read and have not changed since."""
        return tuple(entry for entry in files if _stamp(entry) in self.bad)

    def with_bad_files(self, files: Sequence[FileEntry]) -> ScanState:
        """Return this state with the files that could not be read."""
        return replace(self, bad=frozenset(map(_stamp, files)))

    @property
    def client_texts(self) -> Tuple[str, ...]:
        """Texts copied from the client's files: names, samples, values, and types, which hold names."""
        columns = (text for one in self.plan.columns for text in (one.name, one.sample, one.declared_type))
        few = (one.commonest.counts or () for one in self.counts.spans if one.commonest is not None)
        values = (text for counts in few for text in counts)
        return tuple(str(text) for text in (*columns, *values, *self.read_as.values()) if text)

    @property
    def read_by(self) -> str:
        """What read the rows: ``polars``, or ``spark``, which may have handed them to Polars."""
        return str(self.read_as.get(READ_BY, self.engine))

    def to_json(self) -> str:
        """Return the state as a JSON text."""
        return json.dumps(
            {
                "written_by": __version__,
                "stamps": sorted(self.stamps),
                "layout": self.layout,
                "version": self.version,
                "plan": self.plan.to_json(),
                "counts": self.counts.to_json(),
                "engine": self.engine,
                "read_as": dict(self.read_as),
                "sample": None if self.coverage is None else self.coverage.to_json(),
                "wanted_rows": self.wanted_rows,
                "bad": sorted(self.bad),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Optional[ScanState]:
        """Parse what :meth:`to_json` returned; ``None`` for a text of another version, or any other text."""
        try:
            value = json.loads(text)
            if value["written_by"] != __version__:
                return None
            return cls(
                frozenset(value["stamps"]),
                value["layout"],
                value["version"],
                ScanPlan.from_json(value["plan"]),
                Counts.from_json(value["counts"]),
                value["engine"],
                value["read_as"],
                Coverage.from_json(value["sample"]),
                value["wanted_rows"],
                frozenset(value["bad"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


def pack_state(state: ScanState) -> Optional[str]:
    """Compress a state to the text of ``tables.scan_state``; ``None`` when it is too large.

    States of distinct values are dropped where they make it too large: the rest still shows whether the
    dataset has changed.
    """
    text = _compressed(state)
    if len(text) > MOST_BYTES:
        text = _compressed(replace(state, counts=state.counts.final()))
    return text if len(text) <= MOST_BYTES else None


def unpack_state(text: Optional[str]) -> Optional[ScanState]:
    """Read what :func:`pack_state` wrote; ``None`` when it is empty, damaged or of another version."""
    if not text:
        return None
    try:
        return ScanState.from_json(zlib.decompress(base64.b64decode(text, validate=True)).decode())
    except (ValueError, zlib.error):
        return None


def _stamp(entry: FileEntry) -> str:
    # Programs that write archives may write the same moment for each member; its checksum tells them apart.
    version = f"\0{entry.etag}" if entry.is_packed else ""
    return _digest(f"{entry.path}\0{entry.size_bytes}\0{epoch_micros(entry.modified_at)}{version}")


def _compressed(state: ScanState) -> str:
    return base64.b64encode(zlib.compress(state.to_json().encode())).decode("ascii")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_STAMP_BYTES).hexdigest()
