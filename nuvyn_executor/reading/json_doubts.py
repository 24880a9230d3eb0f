"""What speaks against the keys of JSON documents, as findings say it. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Iterator, List, Sequence

if TYPE_CHECKING:
    from nuvyn_executor.reading.sampling import JsonSample

MOST_NAMED = 5


def key_doubts(sample: JsonSample, names: Sequence[str]) -> List[str]:
    """Return clauses with a remedy, which go after the name of the table: for each of up to ten keys one.

    Args:
        sample: the documents that were looked at.
        names: the names of the columns.
    """
    return [*islice(_again(sample), MOST_NAMED), *islice(_twins(names), MOST_NAMED)]


def _again(sample: JsonSample) -> Iterator[str]:
    """Name keys that stand in one object more than once, those of most objects first."""
    where = "" if sample.whole else f" of a sample of {len(sample.rows)} documents"
    for key, count in sorted(sample.repeated.items(), key=lambda one: (-one[1], one[0])):
        objects = "1 object" if count == 1 else f"{count} objects"
        yield (
            f"key {key!r} stands more than once in {objects}{where}, and the last value of each is read - "
            "write each key once"
        )


def _twins(names: Sequence[str]) -> Iterator[str]:
    """Name keys that differ in nothing but upper and lower case."""
    first = {name.casefold(): name for name in reversed(names)}
    for name in names:
        other = first[name.casefold()]
        if other != name:
            yield f"keys {other!r} and {name!r} differ in capitals only - give them one name if they are one"
