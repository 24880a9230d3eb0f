"""How far Spark is, as it says itself."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Iterator

import pytest

from nuvyn_executor.spark.running_tasks import running_tasks
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


@pytest.fixture(name="two_tasks")
def _two_tasks(spark: SparkSession, tmp_path: Path) -> Iterator[Path]:
    """Two tasks, the first of which ends at once, and the second when the file ``end`` is there."""
    end = str(tmp_path / "end")

    def work(number: int, rows: Iterator[Any]) -> Iterator[Any]:
        import os  # noqa: PLC0415  this runs in a worker of Spark
        import time  # noqa: PLC0415  as above

        while number and not os.path.exists(end):  # noqa: PTH110  as above
            time.sleep(0.05)
        return rows

    rows = spark.sparkContext.parallelize(range(2), 2).mapPartitionsWithIndex(work)
    thread = threading.Thread(target=rows.count)
    thread.start()
    yield tmp_path
    (tmp_path / "end").touch()
    thread.join()


class TestTasks:
    """A person sees how far one large dataset is."""

    def test_tasks_that_are_done_are_counted(self, spark: SparkSession, two_tasks: Path) -> None:
        until(lambda: running_tasks(spark) == (1, 2))
        (two_tasks / "end").touch()
        until(lambda: running_tasks(spark) is None)

    def test_a_session_that_does_not_say_is_no_error(self) -> None:
        assert running_tasks(object()) is None
