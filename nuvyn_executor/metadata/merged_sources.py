"""Several sources as one: the profile that the result of a run of several sources is made of. Pure.

Names of files and datasets stay as they are. Where two sources have the same name, each gets its source's
name before it: ``orders/2024.csv`` and ``returns/2024.csv``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Dict, List, Sequence, Set, Tuple

from nuvyn_executor.model import Discovery, SourceType

if TYPE_CHECKING:
    from nuvyn_executor.metadata.source_profile import SourceProfile
    from nuvyn_executor.model import Skipped
    from nuvyn_executor.profiling.profiler import DatasetProfile

Names = Dict[str, str]
"""A name inside a source -> its name among all sources."""


def distinct_names(locations: Sequence[str], discoveries: Sequence[Discovery]) -> List[Names]:
    """Return for each source the new names of what has the same name in another source.

    Args:
        locations: the sources.
        discoveries: their files and datasets, in the same order.
    """
    names = [_names_in(discovery) for discovery in discoveries]
    occurrences = Counter(name for some in names for name in some)
    taken = set(occurrences)
    labels = [_last_part(location) for location in locations]
    renamed: List[Names] = []
    for location, label, some in zip(locations, labels, names):
        prefix = label if labels.count(label) == 1 else location.rstrip("/")
        renamed.append({})
        for name in sorted(name for name in some if occurrences[name] > 1):
            renamed[-1][name] = _free(f"{prefix}/{name}", taken)
            taken.add(renamed[-1][name])
    return renamed


def merged_discovery(discoveries: Sequence[Discovery], renamed: Sequence[Names]) -> Discovery:
    """Return the files of several sources as one discovery, for the counts of a result."""
    return Discovery(
        files=tuple(entry for one in discoveries for entry in one.files),
        datasets=tuple(dataset for one in discoveries for dataset in one.datasets),
        skipped=tuple(
            _renamed(skipped, names) for one, names in zip(discoveries, renamed) for skipped in one.skipped
        ),
        truncated=any(one.truncated for one in discoveries),
        notes=tuple(note for one in discoveries for note in one.notes),
    )


def merged_profile(location: str, profiles: Sequence[SourceProfile]) -> SourceProfile:
    """Return the profiles of several sources as one, with the datasets of all of them.

    Args:
        location: the list of the sources.
        profiles: one or more, in the order of the list. Their latest moment is that of the whole.
    """
    discoveries = [one.discovery for one in profiles]
    renamed = distinct_names([one.location for one in profiles], discoveries)
    latest = max(profiles, key=lambda one: one.profiled_at)
    return replace(
        latest,
        location=location,
        source_type=common_type([one.source_type for one in profiles]),
        discovery=merged_discovery(discoveries, renamed),
        datasets=tuple(
            _renamed_dataset(dataset, names)
            for one, names in zip(profiles, renamed)
            for dataset in one.datasets
        ),
        unreadable=renamed_all([one.unreadable for one in profiles], renamed),
    )


def renamed_all(skipped: Sequence[Sequence[Skipped]], renamed: Sequence[Names]) -> Tuple[Skipped, ...]:
    """Return the entries of all sources, renamed."""
    return tuple(_renamed(one, names) for some, names in zip(skipped, renamed) for one in some)


def common_type(types: Sequence[str]) -> str:
    """Return the type that all sources have, or ``auto``."""
    return types[0] if len(set(types)) == 1 else SourceType.AUTO.value


def _names_in(discovery: Discovery) -> Set[str]:
    datasets = discovery.datasets
    return {
        *(entry.name for entry in discovery.files),
        *(one.name for one in discovery.skipped),
        *(one.name for one in datasets),
        # the name of the preview of a Delta table
        *(f"{one.folder}/{one.name}".lstrip("/") for one in datasets if one.format.has_log),
    }


def _last_part(location: str) -> str:
    path = location.partition("?")[0].rstrip("/")
    return path.rsplit("/", 1)[-1] or location


def _free(name: str, taken: Set[str]) -> str:
    if name not in taken:
        return name
    return next(other for other in (f"{name} ({number})" for number in count(2)) if other not in taken)


def _renamed(one: Skipped, names: Names) -> Skipped:
    return replace(one, name=names.get(one.name, one.name))


def _renamed_dataset(one: DatasetProfile, names: Names) -> DatasetProfile:
    name = names.get(one.dataset.name)
    if name is None:
        return one
    return replace(one, dataset=replace(one.dataset, name=name), scan=replace(one.scan, name=name))
