"""How much memory the way to the platform takes."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any, Dict, Iterator, List, Mapping, Sequence

import pytest

from nuvyn_executor.bootstrap import now
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES, Table
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport.api_client import Confirmation
from nuvyn_executor.transport.transmitter import Transmitter

MEGABYTE = 1_000_000
IDS = {"source_id": "s", "tenant_id": "t", "table_id": "x"}
DETAILS = json.dumps({"nulls": 3, "expected": "decimal(10,2)"})


class ManyColumns(MemoryMetadataStore):
    """A store whose table has many columns, which it makes when they are read."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self._count = columns
        SchemaValidator(self).validate()
        for table, values in (
            (SOURCES, {"metadata_version": 1}),
            (TABLES, {"row_count": 5, "validity": 50.0}),
        ):
            self.append(table, [{**dict.fromkeys(table.column_types()), **IDS, **values}])

    def iter_rows(
        self, table: Table, where: Mapping[str, Any], columns: Sequence[str], order: Sequence[str]
    ) -> Iterator[Dict[str, Any]]:
        if table is not COLUMNS:
            yield from super().iter_rows(table, where, columns, order)
            return
        empty = dict.fromkeys(columns)
        for number in range(1, self._count + 1):
            yield {
                **empty,
                **IDS,
                "column_id": f"{number:032x}",
                "column_name": f"name of the column {number}",
                "ordinal_position": number,
                "details": DETAILS,
            }


class Platform:
    """Looks at each body and keeps none."""

    def __init__(self) -> None:
        self.pages: List[Any] = []
        self.columns = 0
        self.longest = 0

    def send(self, body: Any, idempotency_key: str) -> Confirmation:  # noqa: ARG002  as Client has it
        self.columns += body.count(b'"column_id":')
        self.longest = max(self.longest, len(body))
        self.pages.append(body[-40:])
        return Confirmation(200, {"status": "received", "record_count": 1})


@pytest.mark.parametrize("columns", [1_000, 100_000])
def test_memory_is_flat_at_a_hundred_thousand_columns(columns: int) -> None:
    """Issue: "streamed in pages with flat memory at 100,000 columns"."""
    store, platform = ManyColumns(columns), Platform()
    environ = {"NUVYN_API_ENDPOINT": "https://p", "NUVYN_API_KEY": "k", "EXECUTOR_MAX_PAYLOAD_MB": "1"}
    transmitter = Transmitter(store, platform, ConfigManager(environ).load(), now)
    tracemalloc.start()
    try:
        transmitter.transmit("job_1", None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MEGABYTE
    assert platform.columns == columns
    assert platform.longest <= MEGABYTE
    if columns == 100_000:
        of = len(platform.pages)
        assert of > 30
        assert platform.pages[-1].endswith(b'"page":{"number":%d,"of":%d}}' % (of, of))
