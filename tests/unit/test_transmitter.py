"""``Transmitter`` on the memory store: what is sent, what stays pending."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional

from nuvyn_executor.config import ConfigManager
from nuvyn_executor.redaction import Redactor
from nuvyn_executor.schema.tables import SOURCES
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport.api_client import Confirmation
from nuvyn_executor.transport.transmitter import Client, Transmitter

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


class Platform:
    """A client that remembers what was sent."""

    def __init__(self) -> None:
        self.tenants: List[str] = []

    def send(self, body: Any, idempotency_key: str) -> Confirmation:  # noqa: ARG002  as Client has it
        self.tenants.append(json.loads(body)["tenant_id"])
        return Confirmation(200, {"status": "received", "record_count": 1})


def store_of(*tenants: str) -> MemoryMetadataStore:
    """Return a store with one pending source of each tenant."""
    store = MemoryMetadataStore()
    SchemaValidator(store).validate()
    rows: List[Dict[str, Any]] = [
        {
            **dict.fromkeys(SOURCES.column_types()),
            "source_id": f"s-{tenant}",
            "tenant_id": tenant,
            "metadata_version": 1,
        }
        for tenant in tenants
    ]
    store.append(SOURCES, rows)
    return store


def transmitter(
    store: MemoryMetadataStore, client: Client, secrets: Optional[List[str]] = None
) -> Transmitter:
    settings = ConfigManager({"NUVYN_API_ENDPOINT": "https://p.example.com", "NUVYN_API_KEY": "k"}).load()
    return Transmitter(store, client, settings, lambda: NOW, Redactor(secrets or []))


class TestTenants:
    """`executor_runs.tenant_id` masked like the other tables' (ids must still join)."""

    def test_a_tenant_whose_name_holds_a_secret_is_found_under_its_masked_name(self) -> None:
        store, platform = store_of("client-[REDACTED]", "other"), Platform()
        transmitter(store, platform, ["hunter2-very-secret"]).transmit("job_1", "client-hunter2-very-secret")
        assert platform.tenants == ["client-[REDACTED]"]
        assert {row["tenant_id"]: row["transmitted_version"] for row in store.rows(SOURCES)} == {
            "client-[REDACTED]": 1,
            "other": None,
        }
