"""The result of profiling one source: its datasets, and what the tables held before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Mapping, Sequence, Tuple

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.model import Discovery, Skipped
    from nuvyn_executor.profiling.profiler import DatasetProfile


@dataclass(frozen=True)
class PreviousRows:
    """The rows of a source before a run, with the columns that show which of them are gone.

    Attributes:
        tables: its rows of ``tables``.
        columns: its rows of ``columns``.
    """

    tables: Sequence[Mapping[str, Any]] = ()
    columns: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class SourceProfile:
    """A source after each of its datasets was scanned.

    Attributes:
        location: the path as the caller named it, secrets masked.
        source_type: the type that the caller named; for ``auto`` the one format that was found.
        discovery: the files and datasets at the path.
        datasets: the datasets that could be read.
        unreadable: datasets and files that could not be read, and why; they make a run ``Partial``.
        profiled_at: when, UTC; timeliness is measured from here.
        previous: the rows that the tables held before.
    """

    location: str
    source_type: str
    discovery: Discovery
    datasets: Tuple[DatasetProfile, ...]
    unreadable: Tuple[Skipped, ...]
    profiled_at: datetime
    previous: PreviousRows
