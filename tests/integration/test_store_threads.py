from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from nuvyn_executor.schema.tables import LOGS
from nuvyn_executor.store.delta import DeltaMetadataStore

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


@pytest.mark.spark
class TestTheHeartbeatWritesToo:
    """All job executions are logged in the client's Databricks."""

    def test_log_lines_can_be_appended_from_a_thread_that_never_used_spark(
        self, spark: SparkSession, tmp_path: Path
    ) -> None:
        store = DeltaMetadataStore(spark, "_heartbeat_metadata", tmp_path)
        store.create_schema()
        store.create_table(LOGS)
        store.append(LOGS, [{"log_id": "1", "log_message": "from the main thread"}])
        with ThreadPoolExecutor(1) as pool:
            pool.submit(store.append, LOGS, [{"log_id": "2", "log_message": "from another"}]).result()
        assert sorted(row["log_id"] for row in store.rows(LOGS)) == ["1", "2"]
