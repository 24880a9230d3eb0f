"""Ctrl-C at a real terminal: the command ends at once, says so, and its result is one document still."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from contract.corpus import failure_differences
from nuvyn_executor.interrupts import EXIT_CODE
from tests.at_terminal import ROOT, at_terminal

if TYPE_CHECKING:
    from pathlib import Path

# The command with tables in memory and without Spark. A scan of "slow" lasts until somebody ends it.
COMMAND = """
import threading
from contextlib import contextmanager
from nuvyn_executor import bootstrap, cli
from tests.installation import LineScanner, memory_installation

class Slow(LineScanner):
    def scan(self, source, dataset, *more):
        if dataset.name.startswith("slow"):
            threading.Event().wait()
        return super().scan(source, dataset, *more)

@contextmanager
def manager(stream=None, progress=None):
    site = memory_installation(Slow(), progress=progress)
    with site.manager({}, stream or sys.stderr) as manager:
        yield manager
    if sys.argv[2].endswith("/wait"):
        print("waiting", file=sys.stderr)
        threading.Event().wait()

bootstrap.manager = manager
sys.argv = ["nuvyn-executor", "quality_assessment", sys.argv[1]]
cli.run_as_task()
"""
BARE = """
import threading
from nuvyn_executor.interrupts import ended_by_interrupt, stopped
with ended_by_interrupt({words}):
    print("ready", file=sys.stderr)
    threading.Event().wait()
"""
# A lock of C's that is taken twice: the main thread does not come back to Python, whatever signal comes.
IN_C = """
import ctypes
from nuvyn_executor.interrupts import ended_by_interrupt, stopped
lock = ctypes.create_string_buffer(256)
with ended_by_interrupt(stopped):
    ctypes.CDLL(None).pthread_mutex_lock(lock)
    print("ready", file=sys.stderr)
    ctypes.CDLL(None).pthread_mutex_lock(lock)
"""

pytestmark = pytest.mark.process


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a", "slow_one", "slow_two"):
        (folder / f"{name}.csv").write_text("id\n1\n")
    return folder


class TestCommand:
    def test_it_ends_while_scans_run(self, folder: Path, tmp_path: Path) -> None:
        with at_terminal(COMMAND, tmp_path / "out.json", str(folder)) as command:
            command.until("1/3 a: 1 rows")
            command.until("1 of 3 datasets")
            command.press(b"\x03")
            assert command.end() == EXIT_CODE

        document = json.loads((tmp_path / "out.json").read_text())
        assert failure_differences(document) == []
        assert document["error"] == {
            "type": "Interrupted",
            "message": "Ctrl-C has ended the job.",
            "remedy": "Run it again; what it has stored stays.",
        }
        assert f"Starting job execution: {document['job_id']}" in command.seen
        last = command.seen.split("\n")[-2]
        assert (
            last.rpartition("\x1b[K")[2]
            == "Ctrl-C has ended the job. Run it again; what it has stored stays."
        )
        assert "Traceback" not in command.seen

    def test_after_the_result_there_is_no_second_one(self, tmp_path: Path) -> None:
        folder = tmp_path / "wait"
        folder.mkdir()
        (folder / "a.csv").write_text("id\n1\n")
        with at_terminal(COMMAND, tmp_path / "out.json", str(folder)) as command:
            command.until("waiting")
            command.press(b"\x03")
            assert command.end() == 0

        assert json.loads((tmp_path / "out.json").read_text())["overall_score"] == 100
        assert "Ctrl-C" not in command.seen


class TestAnyCommand:
    def test_one_that_stores_nothing_says_a_sentence(self, tmp_path: Path) -> None:
        with at_terminal(BARE.format(words="stopped"), tmp_path / "out") as command:
            command.until("ready\n")
            command.press(b"\x03")
            assert command.end() == EXIT_CODE

        assert command.seen.endswith("Ctrl-C has ended it.\n")
        assert (tmp_path / "out").read_text() == ""

    def test_what_breaks_because_of_it_is_not_told(self, tmp_path: Path) -> None:
        """Spark is stopped while a call of it is under way: that raised, with a traceback."""
        words = "lambda: (gone.set(), threading.Event().wait(0.5), stopped())[2]"
        code = "import threading\ngone = threading.Event()\n" + BARE.format(words=words)
        code = code.replace(
            "    threading.Event().wait()", "    gone.wait()\n    raise ConnectionError('broken')"
        )
        with at_terminal(code, tmp_path / "out") as command:
            command.until("ready\n")
            command.press(b"\x03")
            assert command.end() == EXIT_CODE

        assert "Traceback" not in command.seen

    @pytest.mark.parametrize(
        "meanwhile", ["threading.Event().wait()", "gone.wait(); raise ConnectionError('broken')"]
    )
    def test_pressed_again_it_ends_what_does_not_end(self, tmp_path: Path, meanwhile: str) -> None:
        words = (
            "lambda: (gone.set(), time.sleep(0.2), print('words', file=sys.stderr), threading.Event().wait())"
        )
        code = "import threading, time\ngone = threading.Event()\n" + BARE.format(words=words)
        code = code.replace("    threading.Event().wait()\n", f"    {meanwhile}\n")
        with at_terminal(code, tmp_path / "out") as command:
            command.until("ready\n")
            command.press(b"\x03")
            command.until("words")
            command.press(b"\x03")
            assert command.end() == EXIT_CODE

        assert "Traceback" not in command.seen

    @pytest.mark.skipif(sys.platform != "linux", reason="a lock of zeros is one of glibc")
    def test_a_call_into_c_does_not_hold_it_up(self, tmp_path: Path) -> None:
        """A handler of Python's waits until the main thread is back from a call into C."""
        with at_terminal(IN_C, tmp_path / "out") as command:
            command.until("ready\n")
            command.press(b"\x03")
            assert command.end() == EXIT_CODE

        assert command.seen.endswith("Ctrl-C has ended it.\n")

    def test_a_program_that_ignores_it_goes_on(self, tmp_path: Path) -> None:
        code = "signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + BARE.format(words="stopped").replace(
            "threading.Event().wait()", "input()"
        )
        with at_terminal(code, tmp_path / "out") as command:
            command.until("ready\n")
            command.press(b"\x03")
            command.press(b"\n")
            assert command.end() == 0

    def test_the_document_goes_to_stdout_while_java_starts(self) -> None:
        code = (
            "from nuvyn_executor.output import programs_write_to_stderr, write_stdout\n"
            "with programs_write_to_stderr():\n"
            "    write_stdout('the document', '')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("the document", "")


class TestStreams:
    """One JSON document on stdout, always, and a sentence where that is not possible."""

    @pytest.mark.parametrize(
        ("redirections", "code", "said"),
        [
            (">/dev/full", 1, "stdout cannot be written: No space left on device."),
            ("2>&-", 0, ""),
            (">&-", 0, ""),
        ],
    )
    def test_a_stream_that_is_closed_or_full(
        self, tmp_path: Path, redirections: str, code: int, said: str
    ) -> None:
        (tmp_path / "a.csv").write_text("id\n1\n")
        done = subprocess.run(
            [
                "/bin/sh",
                "-c",
                f'exec "$0" -c "$1" "$2" {redirections}',
                sys.executable,
                "import sys\n" + COMMAND,
                str(tmp_path),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        if ">" not in redirections.replace("2>", ""):
            assert json.loads(done.stdout)["overall_score"] == 100
