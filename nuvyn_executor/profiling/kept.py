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
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Mapping, Optional, Tuple

from nuvyn_executor import __version__
from nuvyn_executor.model import epoch_micros
from nuvyn_executor.profiling.counts import Counts
from nuvyn_executor.profiling.plan import ScanPlan

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry

MOST_BYTES = 1_000_000
"""Of what is kept for one dataset; without the states of different values a new file means reading all."""
_STAMP_BYTES = 8


@dataclass(frozen=True)
class Contents:
    """What a dataset is made of at present.

    Attributes:
        dataset: its files are those that hold its rows.
        version: where the dataset has one that says more than its files: the same text, the same rows.
        schema: columns as its log declares them, where it has one.
        hides_rows: its files may hold rows that are none of the dataset.
        is_plain: its rows are those of its files.
    """

    dataset: Dataset
    version: str = ""
    schema: str = ""
    hides_rows: bool = False
    is_plain: bool = True

    @property
    def stamps(self) -> Dict[str, FileEntry]:
        """Its files by path, size and time of change, as a short text."""
        return {_stamp(entry): entry for entry in self.dataset.files} if self.is_plain else {}

    @property
    def layout(self) -> str:
        """How the files are read, as a short text."""
        one = self.dataset
        parts = (one.format.value, one.sheet, one.dialect, one.multiline, one.partition_columns, self.schema)
        return _digest(repr((*parts, "" if self.is_plain else self.version)))


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
    """

    stamps: FrozenSet[str]
    layout: str
    version: str
    plan: ScanPlan
    counts: Counts
    engine: str
    read_as: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, contents: Contents, plan: ScanPlan, counts: Counts, engine: str, read_as: Mapping[str, Any]
    ) -> Kept:
        """Keep what was counted in all of a dataset's files."""
        return cls(
            frozenset(contents.stamps), contents.layout, contents.version, plan, counts, engine, read_as
        )

    def is_of(self, contents: Contents) -> bool:
        """Whether these are the counts of the dataset as it is.

        They are not where a moment lay in the future: by now it may have come.
        """
        same = self.layout == contents.layout and self.stamps == frozenset(contents.stamps)
        if contents.hides_rows:
            same = same and self.version == contents.version
        return same and not any(one.future for one in self.counts.tally.columns)

    def added_to(self, contents: Contents) -> Optional[Tuple[FileEntry, ...]]:
        """Give the files that came since, when all that was counted is still there, and more than they.

        What is expected of values was decided from the first files: with a majority of new ones it is time
        to decide anew. Counts that do not add give ``None``, too.
        """
        stamps = contents.stamps
        if self.layout != contents.layout or not self.counts.adds or not self.stamps < frozenset(stamps):
            return None
        if any(one.future for one in self.counts.tally.columns):
            return None
        added = tuple(entry for stamp, entry in stamps.items() if stamp not in self.stamps)
        old = sum(entry.size_bytes for stamp, entry in stamps.items() if stamp in self.stamps)
        return added if sum(entry.size_bytes for entry in added) <= old else None

    @property
    def texts(self) -> Tuple[str, ...]:
        """What of it came from the client's files, word by word."""
        return tuple(text for one in self.plan.columns for text in (one.name, one.sample) if text)

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
            )
        except (KeyError, TypeError, ValueError):
            return None


def packed(kept: Kept) -> Optional[str]:
    """Compress what is to be kept; ``None`` when it is too much.

    Too many states of different values are left out: then the dataset is still known to be as it was.
    """
    for one in (kept, replace(kept, counts=kept.counts.final())):
        text = base64.b64encode(zlib.compress(one.to_json().encode())).decode("ascii")
        if len(text) <= MOST_BYTES:
            return text
    return None


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


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_STAMP_BYTES).hexdigest()
