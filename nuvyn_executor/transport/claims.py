"""Claims: what a run sends of each source, written into the source before it is sent.

A table is left out only if the platform surely has it as it is now. A run that is killed while it sends, or
whose answer is lost, has perhaps changed it there. So before a run sends, it takes out of
``sources.transmitted_tables`` what it is about to send; it puts all in when the platform has confirmed. Where
another run has claimed the source meanwhile, the confirmation does not count: the two may have sent different
versions of one table, and what is pending stays pending.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Collection, Dict, Iterator, Mapping, Optional, Tuple

from nuvyn_executor.errors import TransmissionUnavailable
from nuvyn_executor.schema.tables import SOURCES
from nuvyn_executor.transport.confirmed_tables import Base, Content, pack, unpack

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.store.base import MetadataStore, Row

_ATTEMPTS = 10  # each is lost to another run that has claimed one of the sources just then

Contents = Mapping[str, Mapping[str, Content]]
"""Hashes of tables, by source and table."""


@dataclass(frozen=True)
class Claim:
    """What a run sends of a source, and the text by which the source says so.

    Attributes:
        row: the row of ``sources``.
        base: what is not sent, because the platform has it.
        text: ``transmitted_tables`` while the run sends.
    """

    row: Row
    base: Base
    text: str

    @property
    def version(self) -> int:
        """The version that is sent."""
        return int(self.row["metadata_version"])

    @property
    def base_version(self) -> Optional[int]:
        """The version that the rows that are sent build on: ``None`` where all are sent."""
        return self.base.version if self.base.tables else None


def claimed(
    store: MetadataStore, job_id: str, sources: Mapping[str, Row], contents: Contents, full: Collection[str]
) -> Dict[str, Claim]:
    """Claim sources, and return the claims by ``source_id``.

    Args:
        store: the metadata tables.
        job_id: the job that sends.
        sources: their rows by ``source_id``.
        contents: what they hold now.
        full: the sources of which all is sent.

    Raises:
        TransmissionUnavailable: other runs claim them again and again.
    """
    names = ["source_id", "transmitted_version", "transmitted_tables"]
    for _ in range(_ATTEMPTS):
        claims = {
            key: _claim(job_id, row, {} if key in full else contents.get(key, {}))
            for key, row in sources.items()
        }
        for key, one in claims.items():
            if one.row["transmitted_tables"] != one.text:
                _replace(store, key, one.row["transmitted_tables"], {"transmitted_tables": one.text})
        found = {row["source_id"]: row for row in store.rows(SOURCES, {"source_id": list(sources)}, names)}
        if all(found[key]["transmitted_tables"] == one.text for key, one in claims.items()):
            return claims
        sources = {key: {**row, **found[key]} for key, row in sources.items()}
    raise TransmissionUnavailable(
        "Other runs send the same sources at the same time.",
        "What is pending stays pending: run api_transmission again when they have ended.",
    )


def confirm(  # noqa: PLR0913, PLR0917  each is a part of what is stored
    store: MetadataStore,
    job_id: str,
    claims: Mapping[str, Claim],
    contents: Contents,
    answer: str,
    now: datetime,
) -> None:
    """Store that the platform has the sources, except those that another run has claimed meanwhile.

    Args:
        store: the metadata tables.
        job_id: the job that sent.
        claims: what it sent.
        contents: what the sources hold.
        answer: the platform's, JSON.
        now: the present.
    """
    for key, one in claims.items():
        values = {
            "transmitted_version": one.version,
            "transmitted_at": now,
            "confirmation": answer,
            "transmitted_tables": pack(Base(one.version, contents.get(key, {})), job_id),
        }
        _replace(store, key, one.text, values)


def _claim(job_id: str, row: Row, contents: Mapping[str, Content]) -> Claim:
    before = unpack(row["transmitted_tables"], row["transmitted_version"])
    base = Base(before.version, dict(_unchanged(before.tables, contents)))
    return Claim(row, base, pack(base, job_id))


def _replace(store: MetadataStore, key: str, before: Optional[str], values: Mapping[str, object]) -> None:
    """Set values in a source whose ``transmitted_tables`` is still as it was read."""
    store.update(SOURCES, {"source_id": key, "transmitted_tables": before}, values)


def _unchanged(before: Mapping[str, Content], now: Mapping[str, Content]) -> Iterator[Tuple[str, Content]]:
    """Yield what the platform has and goes on having: all of a table, or its columns alone."""
    for table, content in before.items():
        current = now.get(table)
        if content == current:
            yield table, content
        elif current is not None and content.columns == current.columns != "":
            yield table, Content("", content.columns)
