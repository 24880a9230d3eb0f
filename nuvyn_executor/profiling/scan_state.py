"""What a run keeps of a dataset for the next one: its counts, and of which files they are. Pure.

Counts add, so a dataset that only got new files is read no further than those; one that is as it was is not
read at all. What is kept is a hint and never trusted further than it proves itself: of another version of
this package, or not understood, it is as good as none.
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
from nuvyn_executor.profiling.sampling_limits import Sample

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry

MOST_BYTES = 8_000_000
"""Of what is kept for one dataset; without the states of different values a new file means reading all."""
_STAMP_BYTES = 8


@dataclass(frozen=True)
class Contents:
    """What a dataset is made of at present.

    Attributes:
        dataset: its files are those that hold its rows.
        version: where the dataset has one that says more than its files: the same text, the same rows.
        schema: columns as its log declares them, where it has one.
        may_hide_rows: its files may hold rows that are none of the dataset, so that only the version tells.
        is_plain: its rows are those of its files.
        time_zone: in which texts without one are understood.
    """

    dataset: Dataset
    version: str = ""
    schema: str = ""
    may_hide_rows: bool = False
    is_plain: bool = True
    time_zone: str = "UTC"

    @cached_property
    def stamps(self) -> Dict[str, FileEntry]:
        """Its files by path, size and time of change, as a short text."""
        return {_stamp(entry): entry for entry in self.dataset.files} if self.is_plain else {}

    @cached_property
    def layout(self) -> str:
        """How the files are read, as a short text."""
        one = self.dataset
        parts = (one.format.value, one.sheet, one.dialect, one.multiline, one.partition_columns, self.schema)
        return _digest(repr((*parts, self.time_zone, "" if self.is_plain else self.version)))


@dataclass(frozen=True)
class Kept:
    """What is known of a dataset from the run before.

    Attributes:
        stamps: of the files that were counted.
        layout: :attr:`Contents.layout` at that time.
        version: :attr:`Contents.version` at that time.
        plan: what was counted.
        counts: what came of it.
        engine: what counted.
        read_as: how it was read.
        sample: what of the dataset that is, where it is not all.
        wanted_rows: how many rows were enough, ``None`` for all.
        bad: stamps of files that could not be read.
    """

    stamps: FrozenSet[str]
    layout: str
    version: str
    plan: ScanPlan
    counts: Counts
    engine: str
    read_as: Mapping[str, Any] = field(default_factory=dict)
    sample: Optional[Sample] = None
    wanted_rows: Optional[int] = None
    bad: FrozenSet[str] = frozenset()

    @classmethod
    def of(
        cls, contents: Contents, plan: ScanPlan, counts: Counts, engine: str, read_as: Mapping[str, Any]
    ) -> Kept:
        """Keep what was counted in all of a dataset's files."""
        return cls(
            frozenset(contents.stamps), contents.layout, contents.version, plan, counts, engine, read_as
        )

    @property
    def is_unfinished(self) -> bool:
        """Whether time was up before all files were counted."""
        return self.sample is not None and self.wanted_rows is None

    def is_of(self, contents: Contents, now_micros: int) -> bool:
        """Whether these are the counts of the dataset as it is.

        They are not when a moment has come that lay in the future.
        """
        if self._is_past(now_micros):
            return False
        if contents.may_hide_rows:
            return self.version == contents.version and not self.is_unfinished
        return self.layout == contents.layout and self.stamps == frozenset(contents.stamps)

    def _is_past(self, now_micros: int) -> bool:
        coming = (one.next_micros for one in self.counts.tally.columns)
        return any(micros is not None and micros <= now_micros + DAY_MICROS for micros in coming)

    def added_to(self, contents: Contents, now_micros: int) -> Optional[Tuple[FileEntry, ...]]:
        """Return the files that came since, when all that was counted is still there, and more than they.

        What is expected of values was decided from the first files: with a majority of new ones it is time
        to decide anew, unless time was up and they were there already. Counts that do not add, and those of
        chosen rows, give ``None``, too.
        """
        stamps = contents.stamps
        adds = self.counts.adds and self.wanted_rows is None and self.layout == contents.layout
        if not adds or not self.stamps < frozenset(stamps):
            return None
        if self._is_past(now_micros):
            return None
        added = tuple(entry for stamp, entry in stamps.items() if stamp not in self.stamps)
        old = sum(entry.size_bytes for stamp, entry in stamps.items() if stamp in self.stamps)
        is_minority = sum(entry.size_bytes for entry in added) <= old
        return added if is_minority or self.is_unfinished else None

    def unknown(self, files: Sequence[FileEntry]) -> Tuple[FileEntry, ...]:
        """Return those files that were not counted."""
        return tuple(entry for entry in files if _stamp(entry) not in self.stamps)

    def known_bad(self, files: Sequence[FileEntry]) -> Tuple[FileEntry, ...]:
        """Return those files that could not be read, and have not changed since."""
        return tuple(entry for entry in files if _stamp(entry) in self.bad)

    def with_bad(self, files: Sequence[FileEntry]) -> Kept:
        """Remember which files could not be read."""
        return replace(self, bad=frozenset(map(_stamp, files)))

    @property
    def texts(self) -> Tuple[str, ...]:
        """Texts copied from the client's files: names, samples, and types, which hold names of fields."""
        columns = (text for one in self.plan.columns for text in (one.name, one.sample, one.declared_type))
        return tuple(str(text) for text in (*columns, *self.read_as.values()) if text)

    def to_json(self) -> str:
        """Write it as JSON."""
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
                "sample": None if self.sample is None else self.sample.to_json(),
                "wanted_rows": self.wanted_rows,
                "bad": sorted(self.bad),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Optional[Kept]:
        """Read what :meth:`to_json` wrote; ``None`` when another version did, or it is no such thing."""
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
                Sample.from_json(value["sample"]),
                value["wanted_rows"],
                frozenset(value["bad"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


def packed(kept: Kept) -> Optional[str]:
    """Compress what is to be kept; ``None`` when it is too much.

    Too many states of different values are left out: then the dataset is still known to be as it was.
    """
    text = _compressed(kept)
    if len(text) > MOST_BYTES:
        text = _compressed(replace(kept, counts=kept.counts.final()))
    return text if len(text) <= MOST_BYTES else None


def unpacked(text: Optional[str]) -> Optional[Kept]:
    """Read what :func:`packed` wrote; ``None`` when it is nothing, damaged, or of another version."""
    if not text:
        return None
    try:
        return Kept.from_json(zlib.decompress(base64.b64decode(text, validate=True)).decode())
    except (ValueError, zlib.error):
        return None


def _stamp(entry: FileEntry) -> str:
    return _digest(f"{entry.path}\0{entry.size_bytes}\0{epoch_micros(entry.modified_at)}")


def _compressed(kept: Kept) -> str:
    return base64.b64encode(zlib.compress(kept.to_json().encode())).decode("ascii")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_STAMP_BYTES).hexdigest()
