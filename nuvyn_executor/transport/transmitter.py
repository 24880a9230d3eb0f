"""Sends what is pending in the metadata tables, and stores the platform's confirmation: at least once."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
    Union,
)

from nuvyn_executor import wire
from nuvyn_executor.errors import (
    ConfigError,
    MissingBase,
    TransmissionError,
    TransmissionRejected,
)
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.transport.claims import Claim, claimed, confirm
from nuvyn_executor.transport.pages import Envelope, Pages
from nuvyn_executor.transport.payload import RowCleaner, encode
from nuvyn_executor.transport.row_spool import RowSpool

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.settings import Settings
    from nuvyn_executor.store.base import MetadataStore, Row
    from nuvyn_executor.transport.api_client import Confirmation

logger = logging.getLogger(__name__)


class Client(Protocol):
    """Sends a body: :class:`~nuvyn_executor.transport.api_client.APIClient`."""

    def send(self, body: Union[bytes, Mapping[str, Any]], idempotency_key: str) -> Confirmation:
        """Send one body; raises :class:`TransmissionError`."""
        ...


@dataclass(frozen=True)
class Transmission:
    """The platform's answers to the requests of one job.

    Attributes:
        api_response: the answer to the only request; of several, ``status`` and the sum of ``record_count``.
        status_code: that of the last answer; ``None`` when nothing was pending and no request was made.
        details: what was sent of each tenant.
    """

    api_response: Mapping[str, Any]
    status_code: Optional[int]
    details: Mapping[str, Any]


@dataclass(frozen=True)
class _Tenant:
    """What is sent of one tenant: its name, the job that sends, how rows are cleaned, and the rows."""

    name: str
    job_id: str
    clean: RowCleaner
    spool: RowSpool


@dataclass(frozen=True)
class _Sent:
    """The platform's answers for one tenant, and the tenant's entry in the details."""

    answers: Sequence[Confirmation]
    entry: Mapping[str, Any]


class Transmitter:
    """Sends what is pending.

    Of a source that the platform has confirmed before, what has changed since is sent: a delta.

    Args:
        store: the metadata tables.
        client: sends a request to the platform; ``None`` where endpoint or key are not configured.
        settings: page size, whether cell values may be sent, and whether all is sent again.
        clock: the present, UTC.
        redact: masks secrets in every text that is sent.
    """

    def __init__(
        self,
        store: MetadataStore,
        client: Optional[Client],
        settings: Settings,
        clock: Callable[[], datetime],
        redact: Optional[Callable[[str], str]] = None,
    ) -> None:
        self._store = store
        self._client = client
        self._settings = settings
        self._clock = clock
        self._redact = redact

    @property
    def configured(self) -> bool:
        """Whether an endpoint is configured."""
        return self._settings.api_endpoint is not None

    def transmit(self, job_id: str, tenant_id: Optional[str]) -> Transmission:
        """Send what is pending, of one tenant or of all; a tenant that fails does not stop the others.

        Raises:
            ConfigError: endpoint or key are not configured.
            TransmissionError: the platform did not accept the metadata of at least one tenant; that of the
                others was sent.
        """
        if self._client is None:
            raise self._unconfigured()
        pending = self._pending(tenant_id)
        if not pending:
            logger.info("Nothing is pending for the platform")
            return Transmission(wire.nothing_pending(), None, wire.transmission_details([]))
        sent: List[_Sent] = []
        failures: List[Tuple[str, Exception]] = []
        for tenant, sources in sorted(pending.items()):
            try:
                sent.append(self._send(self._client, job_id, tenant, sources))
            except TransmissionError as error:
                logger.error("❌ Tenant %s: %s It stays pending.", tenant, error.message)  # noqa: TRY400  expected
                failures.append((tenant, error))
            except Exception as error:
                logger.exception("❌ Tenant %s could not be sent. It stays pending.", tenant)
                failures.append((tenant, error))
        if len(failures) == 1 and not sent:
            raise failures[0][1]
        if failures:
            raise _summed(failures, len(sent)) from failures[0][1]
        answers = [answer for one in sent for answer in one.answers]
        details = wire.transmission_details([one.entry for one in sent])
        return Transmission(_merged(answers), answers[-1].status_code, details)

    def _pending(self, tenant_id: Optional[str]) -> Dict[str, List[Row]]:
        # The tables hold it masked.
        masked = self._redact(tenant_id) if self._redact and tenant_id else tenant_id
        where = {} if masked is None else {"tenant_id": masked}
        pending: Dict[str, List[Row]] = {}
        for row in self._store.rows(SOURCES, where):
            is_newer = int(row["metadata_version"] or 0) > int(row["transmitted_version"] or 0)
            if is_newer or self._settings.full_transmission:
                pending.setdefault(str(row["tenant_id"]), []).append(row)
        return pending

    def _send(self, client: Client, job_id: str, tenant: str, sources: Sequence[Row]) -> _Sent:
        clean = RowCleaner(self._settings.send_samples, self._redact)
        by_id = {str(row["source_id"]): row for row in sources}
        full = set(by_id) if self._settings.full_transmission else set()
        with closing(RowSpool(self._store, clean, by_id)) as spool:
            one = _Tenant(tenant, job_id, clean, spool)
            claims = claimed(self._store, job_id, by_id, spool.contents(), full)
            try:
                return self._sent(client, one, claims)
            except MissingBase as error:
                full.update(_lacking(error, claims))
                logger.warning("Tenant %s: %s All of it is sent.", tenant, error.message)
            rows = {key: claim.row for key, claim in claims.items()}
            claims = claimed(self._store, job_id, rows, spool.contents(), full)
            try:
                return self._sent(client, one, claims)
            except MissingBase as error:
                raise TransmissionRejected(error.message, error.remedy) from None

    def _sent(self, client: Client, tenant: _Tenant, claims: Mapping[str, Claim]) -> _Sent:
        heads = [
            (SOURCES.name, encode(wire.sent_source(tenant.clean.row(SOURCES, one.row), one.base_version)))
            for _, one in sorted(claims.items())
        ]
        known = {key: one.base.tables for key, one in claims.items()}

        def lines() -> Iterator[Tuple[str, bytes]]:
            yield from heads
            yield from tenant.spool.lines(known)

        versions = {key: one.version for key, one in claims.items()}
        envelope = Envelope(
            tenant.job_id,
            tenant.name,
            versions,
            tenant.spool.quality_metrics(),
            is_on_demand=self._settings.full_transmission,
        )
        pages = Pages(envelope, lines, self._settings.max_payload_bytes)
        unchanged = sum(1 for tables in known.values() for content in tables.values() if content.row)
        logger.info(
            "📤 Sending tenant %s: %d sources, %d tables, %d columns in %d requests; %d tables are unchanged",
            tenant.name, len(claims), pages.rows[TABLES.name], pages.rows[COLUMNS.name], len(pages),
            unchanged,
        )  # fmt: skip
        answers = [client.send(page.content, page.idempotency_key) for page in pages]
        answer = json.dumps(dict(_merged(answers)), ensure_ascii=False)
        confirm(self._store, tenant.job_id, claims, tenant.spool.contents(), answer, self._clock())
        logger.info("✅ The platform confirmed tenant %s", tenant.name)
        entry = wire.sent_tenant(
            tenant.name,
            sources=len(claims),
            requests=len(answers),
            tables_sent=pages.rows[TABLES.name],
            tables_unchanged=unchanged,
        )
        return _Sent(answers, entry)

    def _unconfigured(self) -> ConfigError:
        missing = "NUVYN_API_KEY" if self.configured else "NUVYN_API_ENDPOINT"
        return ConfigError(
            f"{missing} is not set, so nothing can be sent; the metadata stays pending.",
            f"Set {missing} in the cluster's environment, or in the secret scope "
            f"{self._settings.secret_scope}.",
        )


def _merged(answers: Sequence[Confirmation]) -> Mapping[str, Any]:
    return answers[0].body if len(answers) == 1 else wire.merged_answers([answer.body for answer in answers])


def _lacking(error: MissingBase, claims: Mapping[str, Claim]) -> List[str]:
    """Return the sources that the platform misses the base of; raise when none was sent with a base."""
    lacking = [
        key
        for key, one in claims.items()
        if one.base_version is not None and (not error.source_ids or key in error.source_ids)
    ]
    if not lacking:
        raise TransmissionRejected(error.message, error.remedy) from None
    return lacking


def _summed(failures: Sequence[Tuple[str, Exception]], succeeded: int) -> TransmissionError:
    """Return one error for those of several tenants; one that nobody expected stays the cause."""
    tenant, first = failures[0]
    words = wire.error_entry(first)
    return (type(first) if isinstance(first, TransmissionError) else TransmissionError)(
        f"{len(failures)} of {len(failures) + succeeded} tenants could not be sent; "
        f"the first, {tenant}: {words['message']}",
        words["remedy"],
    )
