"""Pages and versions become what is known of a tenant. Pure.

The tables' rows bear no version, their sources do. So the version of a row is the ``metadata_version`` of its
source in the same page, else in another page of the same job. A page that was confirmed to an earlier job and
comes again counts for both jobs. So the order in which pages arrive does not matter.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

SECTIONS: Mapping[str, str] = {"sources": "source_id", "tables": "table_id", "columns": "column_id"}
"""The sections of ``metadata``, and the key of their rows."""


class Announced(NamedTuple):
    """The version that a body says of a source: when its row was created, and ``metadata_version``."""

    created_at: str
    number: int


class Version(NamedTuple):
    """A state of a source, in the order of states.

    A source that the client has lost begins at 1 again, with another ``created_at``. That tells the two apart
    and does not order them, because a clock may be behind: the one whose first body came later is newer.

    Attributes:
        begun: the number of the first delivery with this ``created_at``.
        number: the ``metadata_version``.
    """

    begun: int
    number: int


@dataclass(frozen=True)
class Row:
    """One row of one page.

    Attributes:
        delivery: the number of the page that brought it; rises with time.
        section: ``sources``, ``tables`` or ``columns``.
        source_id: its source.
        table_id: its table; of a source, empty.
        row_id: its key.
        text: the row, as JSON.
    """

    delivery: int
    section: str
    source_id: str
    table_id: str
    row_id: str
    text: str


Versions = Mapping[Tuple[int, str], Version]
"""By delivery and source: the version of that source's rows."""


def rows_of(delivery: int, body: Mapping[str, Any]) -> List[Row]:
    """Return the rows of a body."""
    return [
        Row(
            delivery,
            section,
            row["source_id"],
            row["table_id"] if section != "sources" else "",
            row[key],
            json.dumps(row, ensure_ascii=False, separators=(",", ":")),
        )
        for section, key in SECTIONS.items()
        for row in body["metadata"][section]
    ]


def announced_versions(body: Mapping[str, Any]) -> Dict[str, Announced]:
    """Return the version that a body says of each source, by ``source_id``."""
    found: Dict[str, Announced] = {}
    for row in body["metadata"]["sources"]:
        version = Announced(_created_at(row), row["metadata_version"])
        found[row["source_id"]] = max(version, found.get(row["source_id"], version))
    return found


def bases(body: Mapping[str, Any]) -> Dict[str, Announced]:
    """Return the version that the rows of each source build on, by ``source_id``; none where all came."""
    return {
        row["source_id"]: Announced(_created_at(row), row["base_version"])
        for row in body["metadata"]["sources"]
        if row.get("base_version") is not None
    }


def _created_at(row: Mapping[str, Any]) -> str:
    created = row.get("created_at")
    return created if isinstance(created, str) else ""


def ordered_versions(announced: Mapping[Tuple[int, str], Announced]) -> Dict[Tuple[int, str], Version]:
    """Return what deliveries say of sources, by delivery and source, as versions that can be compared."""
    begun: Dict[Tuple[str, str], int] = {}
    for (delivery, source), version in announced.items():
        place = source, version.created_at
        begun[place] = min(delivery, begun.get(place, delivery))
    return {
        (delivery, source): Version(begun[source, version.created_at], version.number)
        for (delivery, source), version in announced.items()
    }


def resolve_versions(
    carried: Iterable[Tuple[str, int]], announced: Mapping[Tuple[int, str], Announced]
) -> Dict[Tuple[int, str], Version]:
    """Return the version of each source's rows in each delivery.

    Args:
        carried: pairs of a job and a delivery that it sent.
        announced: what deliveries themselves say, by delivery and source.
    """
    ordered = ordered_versions(announced)
    said: Dict[int, List[Tuple[str, Version]]] = {}
    for (delivery, source), version in ordered.items():
        said.setdefault(delivery, []).append((source, version))
    jobs: Dict[str, List[int]] = {}
    for job, delivery in carried:
        jobs.setdefault(job, []).append(delivery)
    found: Dict[Tuple[int, str], Version] = {}
    for deliveries in jobs.values():
        of_job: Dict[str, Version] = {}
        for delivery in deliveries:
            for source, version in said.get(delivery, ()):
                of_job[source] = max(version, of_job.get(source, version))
        for delivery in deliveries:
            for source, version in of_job.items():
                place = delivery, source
                found[place] = max(version, found.get(place, version))
    return {**found, **ordered}


def late_deliveries(versions: Versions) -> Set[int]:
    """Return the deliveries of which every source has come in a newer version, too."""
    highest: Dict[str, Version] = {}
    for (_, source), version in versions.items():
        highest[source] = max(version, highest.get(source, version))
    newest_of = {delivery for (delivery, source), version in versions.items() if version == highest[source]}
    return {delivery for delivery, _ in versions} - newest_of


def newest(rows: Iterable[Row], versions: Versions) -> List[Row]:
    """Return the row of each key with the highest version, then the last to arrive; in the order of the keys.

    A row whose source has not come yet counts as older than all others.
    """
    best: Dict[Tuple[str, str], Tuple[Tuple[bool, Version, int], Row]] = {}
    for row in rows:
        version = versions.get((row.delivery, row.source_id))
        rank = version is not None, version or Version(0, 0), row.delivery
        place = row.section, row.row_id
        if place not in best or best[place][0] <= rank:
            best[place] = rank, row
    return [best[place][1] for place in sorted(best)]


@dataclass(frozen=True)
class TableVersion:
    """A table as it was at a version of its source.

    Attributes:
        version: ``None`` while the page with the source has not come.
        table: its row of ``tables``.
        columns: its rows of ``columns`` of that version, or of the newest version before it.
    """

    version: Optional[Version]
    table: Row
    columns: Sequence[Row]


def table_history(rows: Sequence[Row], versions: Versions) -> List[TableVersion]:
    """Return each version of a table, the oldest first.

    Args:
        rows: all rows of ``tables`` and ``columns`` of one table.
        versions: of their deliveries.
    """

    def version_of(row: Row) -> Optional[Version]:
        return versions.get((row.delivery, row.source_id))

    lowest = Version(0, 0)
    tables: Dict[Tuple[bool, Version], Row] = {}
    for row in sorted((row for row in rows if row.section == "tables"), key=lambda row: row.delivery):
        version = version_of(row)
        tables[version is not None, version or lowest] = row
    history = []
    for rank, table in sorted(tables.items(), key=lambda item: item[0]):
        known, version = rank
        until = [
            row
            for row in rows
            if row.section == "columns" and (version_of(row) is not None, version_of(row) or lowest) <= rank
        ]
        history.append(TableVersion(version if known else None, table, newest(until, versions)))
    return history


def missing_pages(pages: Iterable[Tuple[Optional[int], Optional[int]]]) -> Tuple[int, List[int]]:
    """Return how many pages a job's transmission has, and which numbers have not come.

    Args:
        pages: number and count of each page that came; both ``None`` for a body that is the only one.
    """
    came = [(number, of) for number, of in pages if number is not None and of is not None]
    if not came:
        return 1, []
    total = came[-1][1]
    seen = {number for number, of in came if of == total}
    missing = (number for number in range(1, total + 1) if number not in seen)
    return total, [number for number, _ in zip(missing, range(100))]
