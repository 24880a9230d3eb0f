"""The simulated world on Delta; ``tests/property`` plays many more histories in memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, List
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from nuvyn_executor.store.delta import DeltaMetadataStore
from tests.delivery_world import World
from tests.property.delivery_histories import GENERATED, SHORT_HISTORY

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HISTORIES = int(os.environ.get("DELTA_HISTORIES", "1"))
"""How many are played; each is some dozens of Delta transactions."""
SEED = int(os.environ.get("DELTA_SEED", "0"))
"""Which are played."""


@pytest.mark.spark
@pytest.mark.timeout(300 + 120 * HISTORIES)
class TestDelivery:
    """In the end both sides are equal, no record lost, none counted twice; [...] some hundreds on Delta."""

    @seed(SEED)
    @settings(
        GENERATED,
        derandomize=False,
        max_examples=HISTORIES,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(history=SHORT_HISTORY)
    def test_whatever_happened_both_sides_are_equal_in_the_end(
        self, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, history: List[Any]
    ) -> None:
        name = f"delivery_{uuid4().hex[:8]}"
        store = DeltaMetadataStore(spark, name, tmp_path_factory.mktemp("delivery"))
        try:
            World(store=store).play(history)
        finally:
            spark.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")
