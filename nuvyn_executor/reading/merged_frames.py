"""One frame of the frames of files that are written differently: columns of one name are one column."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence, Tuple

from nuvyn_executor.reading.columns_by_name import missing_columns, places_of, union_of
from nuvyn_executor.reading.frame import DOUBTS, Frame

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry


def merged(dataset: Dataset, parts: Sequence[Tuple[Dataset, Frame]], *, is_small: bool) -> Frame:
    """Return the frame of all parts of a dataset. A column that a part does not have is null in its rows.

    Args:
        dataset: the dataset; its partition columns are the last columns of each frame.
        parts: its parts whose files are written alike, and the frame of text of each.
        is_small: it is small enough to count different values exactly.
    """
    first = parts[0][1]
    added = len(dataset.partition_columns)
    own = [frame.names[: len(frame.names) - added] for _, frame in parts]
    columns = dataset.columns or union_of(own)
    names = (*columns, *dataset.partition_columns)
    places = [(*places_of(columns, some), *range(len(some), len(some) + added)) for some in own]

    def opened(files: Sequence[FileEntry] = dataset.files) -> Any:
        chosen = {entry.name for entry in files}
        frames = [
            _placed(frame.opened(some), where, frame.corrupt)
            for (part, frame), where in zip(parts, places)
            for some in [tuple(entry for entry in part.files if entry.name in chosen)]
            if some
        ]
        return reduce(lambda one, other: one.union(other), frames)

    return Frame(
        opened=opened,
        names=names,
        types=(None,) * len(names),
        sample=[
            [value for (_, frame), where in zip(parts, places) for value in _sampled(frame, where[position])]
            for position in range(len(names))
        ],
        sample_represents=all(frame.sample_represents for _, frame in parts),
        is_small=is_small,
        rows=sum(frame.rows for _, frame in parts),
        corrupt=first.corrupt,
        details={**_of_all(parts), **({} if dataset.columns else _differences(dataset, parts, own))},
    )


def _of_all(parts: Sequence[Tuple[Dataset, Frame]]) -> Dict[str, Any]:
    """Return how the first part was read, and what speaks against it in any."""
    first = parts[0][1].details
    doubts = list(dict.fromkeys(doubt for _, frame in parts for doubt in frame.details.get(DOUBTS, ())))
    return {**first, **({DOUBTS: doubts} if doubts else {})}


def _differences(
    dataset: Dataset, parts: Sequence[Tuple[Dataset, Frame]], own: Sequence[Sequence[str]]
) -> Dict[str, Any]:
    of_file = {entry.name: names for (part, _), names in zip(parts, own) for entry in part.files}
    missing = missing_columns([(entry.name, of_file[entry.name]) for entry in dataset.files])
    return {"layouts": len(parts), "missing_columns": missing}


def _placed(data: Any, places: Sequence[Optional[int]], corrupt: Optional[str]) -> Any:
    from pyspark.sql import functions as f  # noqa: PLC0415  imported only to scan

    columns = [
        (f.lit(None).cast("string") if place is None else f.col(f"c{place}")).alias(f"c{index}")
        for index, place in enumerate(places)
    ]
    return data.select(*columns, corrupt)


def _sampled(frame: Frame, place: Optional[int]) -> List[Any]:
    if place is not None:
        return frame.sample[place]
    return [None] * max(map(len, frame.sample), default=0)
