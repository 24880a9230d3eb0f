from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nuvyn_executor.interrupts import EXIT_CODE
from tests.at_terminal import at_terminal
from tests.waiting import LONGEST, until

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

TOO_LATE = """
import os
from pathlib import Path
from nuvyn_executor import interrupts
from nuvyn_executor.spark.session import build_local_session
spark = build_local_session(Path({warehouse!r}), java_options=os.environ["EXECUTOR_JAVA_OPTIONS"])
java = spark.sparkContext._jvm.java
java.lang.System.err.println("in time")
interrupts._stop_spark()
java.lang.System.err.println("too late")
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

    def test_the_command_ends_at_once_and_in_a_sentence(self, tmp_path: Path) -> None:
        folder = tmp_path / "data"
        folder.mkdir()
        for number in range(4):
            (folder / f"{'abcd'[number]}.csv").write_text("id,word\n" + "1,one\n" * 3_000_000)
        code = "from nuvyn_executor.cli import main\nmain()"
        environ = {"EXECUTOR_WAREHOUSE_DIR": str(tmp_path / "warehouse"), "SPARK_LOCAL_DIRS": str(tmp_path)}
        with at_terminal(code, tmp_path / "out", "quality_assessment", str(folder), **environ) as command:
            command.until(" tasks")
            command.press(b"\x03")
            assert command.end() == EXIT_CODE

        assert json.loads((tmp_path / "out").read_text())["error"]["type"] == "Interrupted"
        assert command.seen.endswith("Ctrl-C has ended the job. Run it again; what it has stored stays.\n")
        for noise in ("Traceback", "Exception", "ERROR"):
            assert noise not in command.seen
        until(lambda: not list(tmp_path.glob("spark-*")) and not list(tmp_path.glob("blockmgr-*")))

    def test_what_java_prints_after_the_last_words_is_not_seen(self, tmp_path: Path) -> None:
        """A task that Scala refused while Spark stopped was a screen of trace below the sentence."""
        code = TOO_LATE.format(warehouse=str(tmp_path))
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert "in time" in done.stderr
        assert "too late" not in done.stderr
