from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
ASLEEP = """
import os
import signal
import threading
import time
from pathlib import Path
from nuvyn_executor.spark.session import build_local_session
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background hands down "ignore"
spark = build_local_session(Path({warehouse!r}), java_options=os.environ["EXECUTOR_JAVA_OPTIONS"])
def tell():
    tracker = spark.sparkContext.statusTracker()
    def counts():
        stages = map(tracker.getStageInfo, tracker.getActiveStageIds())
        return any(stage and stage.numActiveTasks for stage in stages)
    while not counts():
        time.sleep(0.02)
    print("asleep", flush=True)
threading.Thread(target=tell, daemon=True).start()
spark.sql("SELECT count(*) FROM range(1000000000000) WHERE id % 7 = hash(id)").collect()
"""


@pytest.mark.spark
@pytest.mark.process
class TestCtrlC:
    """Ctrl-C stops the work that it is meant for."""

    def test_it_ends_a_process_that_waits_for_spark(self, tmp_path: Path) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", ASLEEP.format(warehouse=str(tmp_path))],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "asleep\n"
        os.killpg(process.pid, signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:  # or it would count to its end beside all other tests
            os.killpg(process.pid, signal.SIGKILL)
            raise
        assert process.returncode == -signal.SIGINT
        assert errors.rstrip().endswith("KeyboardInterrupt")
        assert "Py4JNetworkError" not in errors
