"""Sends what is pending in the metadata tables, and stores the platform's confirmation: at least once."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Protocol,
    Sequence,
    Tuple,
    Union,
)

from nuvyn_executor import wire
from nuvyn_executor.errors import ConfigError, TransmissionError
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.transport.payload import TenantMetadata, build_pages, idempotency_key, summarize_quality

if TYPE_CHECKING:
    from datetime import datetime

    from nuvyn_executor.schema.tables import Table
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
        details: sources and requests of each tenant.
    """

    api_response: Mapping[str, Any]
    status_code: Optional[int]
    details: Mapping[str, Any]


class Transmitter:
    """Sends what is pending.

    Args:
        store: the metadata tables.
        client: sends a request to the platform; ``None`` where endpoint or key are not configured.
        settings: page size, and whether cell values may be sent.
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
        answers: List[Confirmation] = []
        sent: List[Mapping[str, Any]] = []
        failures: List[Tuple[str, TransmissionError]] = []
        for tenant, sources in sorted(pending.items()):
            try:
                confirmations = self._send(self._client, job_id, tenant, sources)
            except TransmissionError as error:
                logger.error("❌ Tenant %s: %s It stays pending.", tenant, error.message)  # noqa: TRY400  expected
                failures.append((tenant, error))
                continue
            answers.extend(confirmations)
            sent.append(wire.sent_tenant(tenant, sources=len(sources), requests=len(confirmations)))
        if failures:
            raise _summed(failures, len(sent))
        return Transmission(_merged(answers), answers[-1].status_code, wire.transmission_details(sent))

    def _pending(self, tenant_id: Optional[str]) -> Dict[str, List[Row]]:
        # The tables hold it masked.
        masked = self._redact(tenant_id) if self._redact and tenant_id else tenant_id
        where = {} if masked is None else {"tenant_id": masked}
        pending: Dict[str, List[Row]] = {}
        for row in self._store.rows(SOURCES, where):
            if int(row["metadata_version"] or 0) > int(row["transmitted_version"] or 0):
                pending.setdefault(str(row["tenant_id"]), []).append(row)
        return pending

    def _send(self, client: Client, job_id: str, tenant: str, sources: Sequence[Row]) -> List[Confirmation]:
        versions = {str(row["source_id"]): int(row["metadata_version"]) for row in sources}
        tables = self._rows_to_send(TABLES, versions)
        columns = self._rows_to_send(COLUMNS, versions)
        metadata = TenantMetadata(tenant, sources, tables, columns, summarize_quality(tables))
        pages = build_pages(
            job_id,
            metadata,
            max_bytes=self._settings.max_payload_bytes,
            send_samples=self._settings.send_samples,
            redact=self._redact,
        )
        logger.info(
            "📤 Sending tenant %s: %d sources, %d tables, %d columns in %d requests",
            tenant, len(sources), len(tables), len(columns), len(pages),
        )  # fmt: skip
        confirmations = [client.send(page, idempotency_key(tenant, versions, page)) for page in pages]
        answer = json.dumps(dict(_merged(confirmations)), ensure_ascii=False)
        for key, version in versions.items():
            self._store.update(
                SOURCES,
                {"source_id": key},
                {"transmitted_version": version, "transmitted_at": self._clock(), "confirmation": answer},
            )
        logger.info("✅ The platform confirmed tenant %s", tenant)
        return confirmations

    def _rows_to_send(self, table: Table, source_ids: Iterable[str]) -> List[Row]:
        """Read what is sent of a table: not ``scan_state``, which is by far the largest part of a row."""
        sent = [one.name for one in table.sent_columns(send_samples=self._settings.send_samples)]
        return [row for key in source_ids for row in self._store.rows(table, {"source_id": key}, sent)]

    def _unconfigured(self) -> ConfigError:
        missing = "NUVYN_API_KEY" if self.configured else "NUVYN_API_ENDPOINT"
        return ConfigError(
            f"{missing} is not set, so nothing can be sent; the metadata stays pending.",
            f"Set {missing} in the cluster's environment, or in the secret scope "
            f"{self._settings.secret_scope}.",
        )


def _merged(answers: Sequence[Confirmation]) -> Mapping[str, Any]:
    return answers[0].body if len(answers) == 1 else wire.merged_answers([answer.body for answer in answers])


def _summed(failures: Sequence[Tuple[str, TransmissionError]], succeeded: int) -> TransmissionError:
    tenant, first = failures[0]
    if len(failures) == 1 and not succeeded:
        return first
    return type(first)(
        f"{len(failures)} of {len(failures) + succeeded} tenants could not be sent; "
        f"the first, {tenant}: {first.message}",
        first.remedy,
    )
