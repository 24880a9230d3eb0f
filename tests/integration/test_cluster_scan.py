"""On a cluster of two workers, in JVMs of their own, both engines count what they count in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("polars", reason="Polars is not installed for this Python")

from benchmarks import children, cluster, data

ROWS = 150_000
COLUMNS = ["id", "stock", "email", "token", "comment", "updated_at"]

pytestmark = [pytest.mark.spark, pytest.mark.process]


class TestTwoWorkers:
    def test_count_what_one_process_counts(self, spark: Any, folder: Path) -> None:
        table = data.table(0, ROWS).select(COLUMNS)
        table.write_parquet(folder / "part-0.parquet", row_group_size=ROWS // 5)
        program = ["-m", "benchmarks.cluster", "local-cluster[2,1,1024]", str(folder), "0"]
        distributed = children.run(program, timeout=240)
        assert sorted(distributed["tasks"]) == ["0", "1"]
        assert all(tasks > 0 for tasks in distributed["tasks"].values()), distributed["tasks"]
        alone = cluster.measure(spark, folder, 0)
        assert set(alone["tasks"]) == {"driver"}
        assert distributed["counts"] == alone["counts"]
        assert set(alone["counts"]) == {"spark", "polars"}
