"""Faults of delivery, each in one place, that the simulated world has to notice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Tuple

from contract.receiver.store import Store
from nuvyn_executor.errors import TransmissionUnavailable
from nuvyn_executor.schema.tables import SOURCES
from nuvyn_executor.transport.api_client import Confirmation
from tests.delivery_world import Changed

if TYPE_CHECKING:
    from nuvyn_executor.transport.transmitter import Client

YES = Confirmation(200, {"status": "received", "record_count": 1})


def _read(body: bytes) -> Mapping[str, Any]:
    parsed: Mapping[str, Any] = json.loads(body)
    return parsed


class _Sending:
    """A client that changes what another one does."""

    def __init__(self, client: Client, store: Any) -> None:
        self._client, self._store = client, store

    def send(self, body: Any, idempotency_key: str) -> Confirmation:
        """Send."""
        return self._client.send(body, idempotency_key)


class MarksBeforeItSends(_Sending):
    """What is sent counts as confirmed before the platform has said so."""

    def send(self, body: Any, idempotency_key: str) -> Confirmation:
        """Mark and send."""
        for row in self._store.rows(SOURCES, {"tenant_id": _read(body)["tenant_id"]}):
            values = {"transmitted_version": row["metadata_version"]}
            self._store.update(SOURCES, {"source_id": row["source_id"]}, values)
        return super().send(body, idempotency_key)


class HasTheJobInItsKey(_Sending):
    """Each run sends the same page under another key."""

    def send(self, body: Any, idempotency_key: str) -> Confirmation:
        """Send under a key of the job."""
        return super().send(body, f"{idempotency_key}-{_read(body)['job_id']}")


class HasNoContentInItsKey(_Sending):
    """All pages of a tenant's versions have the same key."""

    def send(self, body: Any, idempotency_key: str) -> Confirmation:
        """Send under a key of the versions alone."""
        del idempotency_key
        versions = [(row["source_id"], row["metadata_version"]) for row in _read(body)["metadata"]["sources"]]
        return super().send(body, f"{_read(body)['tenant_id']} {versions}")


class SkipsTheLastPage(_Sending):
    """The last of several pages is not sent."""

    def send(self, body: Any, idempotency_key: str) -> Confirmation:
        """Send all but the last."""
        page = _read(body).get("page")
        return YES if page and page["number"] == page["of"] else super().send(body, idempotency_key)


class TakesSilenceForYes(_Sending):
    """No answer counts as a confirmation."""

    def send(self, body: Any, idempotency_key: str) -> Confirmation:
        """Send, and be content."""
        try:
            return super().send(body, idempotency_key)
        except TransmissionUnavailable:
            return YES


class _Tables:
    """Metadata tables that change what the others do."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def rows(self, table: Any, *arguments: Any) -> List[Dict[str, Any]]:
        """Read."""
        found: List[Dict[str, Any]] = self._store.rows(table, *arguments)
        return found

    def iter_rows(self, table: Any, *arguments: Any) -> Iterator[Dict[str, Any]]:
        """Read one after another."""
        found: Iterator[Dict[str, Any]] = self._store.iter_rows(table, *arguments)
        return found

    def upsert(self, table: Any, rows: Any, **options: Any) -> None:
        """Write."""
        self._store.upsert(table, rows, **options)

    def update(self, table: Any, where: Any, values: Any) -> None:
        """Write."""
        self._store.update(table, where, values)


class MarkTheVersionOfNow(_Tables):
    """The version that is there now counts as confirmed, not the one that was sent."""

    def update(self, table: Any, where: Any, values: Any) -> None:
        """Mark what is there."""
        if "transmitted_version" in values:
            for row in self._store.rows(table, where):  # none, where another run has claimed it
                values = {**values, "transmitted_version": row["metadata_version"]}
        self._store.update(table, where, values)


class CountBeforeTheyWrite(_Tables):
    """The version of a source rises before its rows are written."""

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self._held: List[Tuple[Any, Any, Any]] = []

    def upsert(self, table: Any, rows: Any, **options: Any) -> None:
        """Write the source first."""
        if table is not SOURCES:
            self._held.append((table, rows, options))
            return
        self._store.upsert(table, rows, **options)
        for held, its_rows, its_options in self._held:
            self._store.upsert(held, its_rows, **its_options)


class HideWhatIsGone(_Tables):
    """Rows that are gone are not sent."""

    def iter_rows(self, table: Any, *arguments: Any) -> Iterator[Dict[str, Any]]:
        """Read what is there."""
        rows = super().iter_rows(table, *arguments)
        return (row for row in rows if row.get("removed_at") is None)


class ForgetsKeys(Store):
    """A platform that stores the same key twice."""

    def accept(self, body: Any, text: str, headers: Any, key: Any, received_at: str) -> int:
        """Store it in any case."""
        del key
        return super().accept(body, text, headers, None, received_at)


class BelievesTheLast(Store):
    """A platform for which what comes last is the newest."""

    def _versions(self, tenant: str) -> Dict[Any, Any]:
        del tenant
        return {}


_OF_THE_CLIENT = (
    MarksBeforeItSends,
    HasTheJobInItsKey,
    HasNoContentInItsKey,
    SkipsTheLastPage,
    TakesSilenceForYes,
)
_OF_THE_TABLES = (MarkTheVersionOfNow, CountBeforeTheyWrite, HideWhatIsGone)
_OF_THE_PLATFORM = (ForgetsKeys, BelievesTheLast)
MUTANTS: Mapping[str, Changed] = {
    **{one.__name__: Changed(client=one) for one in _OF_THE_CLIENT},
    **{one.__name__: Changed(store=one) for one in _OF_THE_TABLES},
    **{one.__name__: Changed(receiver=one) for one in _OF_THE_PLATFORM},
}
"""By their names."""
