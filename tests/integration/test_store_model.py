"""The Delta store does what the memory store does, whatever the order of operations."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Dict, List, Tuple
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nuvyn_executor.schema.tables import SOURCES
from nuvyn_executor.store.delta import DeltaMetadataStore
from nuvyn_executor.store.memory import MemoryMetadataStore

if TYPE_CHECKING:
    from nuvyn_executor.store.base import MetadataStore

pytestmark = pytest.mark.spark

_KEYS = st.sampled_from(["a", "b", "c"])
_TEXTS = st.one_of(st.none(), st.text(max_size=8).filter(lambda text: "\0" not in text and _is_utf8(text)))
_VALUES = {
    "tenant_id": _TEXTS,
    "files_found": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "updated_at": st.one_of(
        st.none(),
        st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc)),  # noqa: DTZ001  bounds
    ),
}
_ROW = st.fixed_dictionaries(_VALUES)
_UPSERT = st.dictionaries(_KEYS, _ROW, min_size=1).map(
    lambda rows: ("upsert", [{"source_id": key, **row} for key, row in rows.items()])
)
_UPDATE = st.tuples(st.just("update"), st.tuples(_KEYS, _ROW))
_OPERATIONS = st.lists(st.one_of(_UPSERT, _UPDATE), min_size=2, max_size=4)


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _apply(store: MetadataStore, operations: List[Tuple[str, Any]]) -> List[Dict[str, Any]]:
    store.create_schema()
    store.create_table(SOURCES)
    for name, value in operations:
        if name == "upsert":
            store.upsert(SOURCES, value, insert_only=["tenant_id"])
        else:
            key, row = value
            store.update(SOURCES, {"source_id": key}, row)
    return sorted(store.rows(SOURCES), key=lambda row: str(row["source_id"]))


@settings(
    max_examples=3,  # each is a handful of Delta transactions
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(operations=_OPERATIONS)
def test_both_stores_hold_the_same_rows_after_the_same_operations(
    operations: List[Tuple[str, Any]], spark: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = f"model_{uuid4().hex[:8]}"
    delta = DeltaMetadataStore(spark, name, tmp_path_factory.mktemp("model"))
    try:
        assert _apply(delta, operations) == _apply(MemoryMetadataStore(), operations)
    finally:
        spark.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
