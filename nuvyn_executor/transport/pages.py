"""Encoded rows become the bodies of requests, one at a time: a page is built when it is its turn. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from nuvyn_executor import wire
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.transport.payload import encode, encode_array, encode_object, idempotency_key

SECTIONS = (SOURCES.name, TABLES.name, COLUMNS.name)
Line = Tuple[str, bytes]
"""The section of a row, and the row, encoded."""


@dataclass(frozen=True)
class Page:
    """The body of one request.

    Attributes:
        content: the body, encoded.
        idempotency_key: the same whenever the same content is sent.
    """

    content: bytes
    idempotency_key: str


@dataclass(frozen=True)
class Envelope:
    """What is the same in all pages of a tenant.

    Attributes:
        job_id: the job that sends.
        tenant_id: the tenant.
        versions: ``metadata_version`` of its sources, by their ids.
        quality_metrics: scores over all of its tables, also of those that are not sent again.
        is_on_demand: whether all is sent on demand; then no other job has the same keys.
    """

    job_id: str
    tenant_id: str
    versions: Mapping[str, int]
    quality_metrics: Mapping[str, Any]
    is_on_demand: bool = False

    def page(self, lines: Sequence[Line], number: Optional[Tuple[int, int]] = None) -> Page:
        """Build a page of rows; ``number`` is its number and how many there are."""
        rows: Dict[str, List[bytes]] = {section: [] for section in SECTIONS}
        for section, row in lines:
            rows[section].append(row)
        body = wire.transmission_body(self.job_id, self.tenant_id, rows, self.quality_metrics, number)
        metadata = encode_object({section: encode_array(each) for section, each in rows.items()})
        parts = {key: metadata if value is rows else encode(value) for key, value in body.items()}
        content = encode_object(wire.without_job(parts))
        only_of_job = self.job_id if self.is_on_demand else None
        key = idempotency_key(self.tenant_id, self.versions, content, only_of_job)
        return Page(encode_object(parts), key)


class Pages:
    """The pages of one tenant, in the order to send them in.

    Args:
        envelope: what is the same in all of them.
        lines: begins to read the rows: sources before tables, tables before columns. The same each time.
        max_bytes: size of a page. One is larger only where one row alone does not fit.
    """

    def __init__(self, envelope: Envelope, lines: Callable[[], Iterator[Line]], max_bytes: int) -> None:
        self._envelope = envelope
        self._lines = lines
        size = len(envelope.page([]).content)
        self.rows = dict.fromkeys(SECTIONS, 0)
        """How many rows of each section there are."""
        for section, row in lines():
            size += len(row) + (1 if self.rows[section] else 0)  # its comma
            self.rows[section] += 1
        count = sum(self.rows.values())
        self._free = max_bytes - len(envelope.page([], (count, count)).content)
        self._of = 1 if size <= max_bytes else max(1, sum(1 for _ in _split(lines(), self._free)))

    def __len__(self) -> int:
        return self._of

    def __iter__(self) -> Iterator[Page]:
        if self._of == 1:
            yield self._envelope.page(list(self._lines()))
            return
        for number, group in enumerate(_split(self._lines(), self._free), start=1):
            yield self._envelope.page(group, (number, self._of))


def _split(lines: Iterator[Line], max_bytes: int) -> Iterator[List[Line]]:
    """Cut rows into groups of at most ``max_bytes``, each of at least one row."""
    group: List[Line] = []
    free = max_bytes
    for line in lines:
        size = len(line[1]) + 1  # its comma
        if group and size > free:
            yield group
            group, free = [], max_bytes
        group.append(line)
        free -= size
    if group:
        yield group
