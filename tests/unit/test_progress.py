"""The line that shows how far the scans are, on a real terminal."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, TextIO, Tuple

import pytest

from nuvyn_executor import cli
from nuvyn_executor.errors import EngineError
from nuvyn_executor.log import configure_logging
from nuvyn_executor.progress import ProgressLine, columns_of, progress_line
from tests.installation import DAMAGE, LineScanner, memory_installation
from tests.waiting import LONGEST, until

if TYPE_CHECKING:
    from nuvyn_executor.job_manager import JobManager
    from nuvyn_executor.log import LogStream
    from nuvyn_executor.metadata.extractor import Progress

ROOT = Path(__file__).resolve().parents[2]
ERASE = "\r\x1b[K"
IN_THE_BACKGROUND = f"""
import fcntl, os, sys, termios
sys.path.insert(0, {str(ROOT)!r})
from nuvyn_executor.progress import progress_line
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
child = os.fork()
if child:
    os.waitpid(child, 0)
    os.write(2, b"END")
else:
    os.setpgid(0, 0)
    line = progress_line(sys.stderr)
    line.begin(2, 10)
    line.write("a line of the log\\n")
    line.done(1, 1)
    line.close()
    os._exit(0)
"""


class Clock:
    """A clock that stands until it is set."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(name="terminal")
def _terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tuple[int, TextIO]]:
    """A terminal: the end that a person looks at, and the stream that a program writes to."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLUMNS", raising=False)  # which says how wide any terminal is
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        yield leader, stream
    os.close(leader)


def seen(terminal: Tuple[int, TextIO]) -> str:
    """Return what the terminal has got."""
    leader, stream = terminal
    stream.write("END")
    stream.flush()
    text = b""
    while not text.endswith(b"END"):
        text += os.read(leader, 65_536)
    return text.decode()[: -len("END")].replace("\r\n", "\n")


def left(shown: str) -> List[str]:
    """Return the lines that are left when each erased one is gone."""
    return [line.rpartition(ERASE)[2] for line in shown.split("\n")]


def shows(stream: io.StringIO, shown: str) -> None:
    """Wait until a line is what is left."""
    until(lambda: left(stream.getvalue()) == [shown])


class TestWhoGetsIt:
    """When stderr is a terminal: a progress line; in pipes and jobs as now."""

    def test_a_terminal(self, terminal: Tuple[int, TextIO]) -> None:
        assert progress_line(terminal[1]) is not None

    def test_no_pipe(self) -> None:
        assert progress_line(io.StringIO()) is None

    @pytest.mark.parametrize("name", ["dumb", ""])
    def test_no_terminal_that_cannot_erase(
        self, terminal: Tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv("TERM", name)

        assert progress_line(terminal[1]) is None


class TestLine:
    """Datasets, rows, bytes, rate, remaining."""

    def test_it_says_what_is_done_and_what_is_left(self) -> None:
        stream, clock = io.StringIO(), Clock()
        line = ProgressLine(stream, clock)
        line.begin(4, 8_000_000)
        clock.seconds = 10.0
        line.done(50_000, 2_000_000)

        assert left(stream.getvalue()) == [
            "1 of 4 datasets · 0:30 left · 2.0 MB of 8.0 MB · 50,000 rows, 5,000/s"
        ]

    def test_without_bytes_the_datasets_say_how_long(self) -> None:
        stream, clock = io.StringIO(), Clock()
        line = ProgressLine(stream, clock)
        line.begin(3, 0)
        clock.seconds = 3600.0
        line.done(7200, 0)

        assert left(stream.getvalue()) == ["1 of 3 datasets · 2:00:00 left · 7,200 rows, 2/s"]

    def test_sources_add(self) -> None:
        stream = io.StringIO()
        line = ProgressLine(stream, lambda: 0.0)
        line.begin(1, 10)
        line.begin(2, 990)

        assert left(stream.getvalue()) == ["0 of 3 datasets · 0 B of 1.0 kB"]

    def test_it_is_gone_when_all_is_done(self) -> None:
        stream = io.StringIO()
        line = ProgressLine(stream)
        line.begin(1, 10)
        line.done(1, 10)

        assert left(stream.getvalue()) == [""]

    def test_it_is_gone_when_the_job_ends_before(self) -> None:
        stream = io.StringIO()
        line = ProgressLine(stream)
        line.begin(2, 10)
        line.close()
        line.write("an error\n")

        assert left(stream.getvalue()) == ["an error", ""]

    def test_it_is_no_wider_than_the_terminal(self, terminal: Tuple[int, TextIO]) -> None:
        line = ProgressLine(terminal[1], lambda: 0.0)
        line.begin(10**60, 10**60)

        assert len(left(seen(terminal))[0]) == 79

    @pytest.mark.parametrize(
        ("columns", "shown"),
        [
            ("20", "1 of 4 datasets"),
            ("40", "1 of 4 datasets · 0:30 left"),
            ("80", "1 of 4 datasets · 0:30 left · 2.0 MB of 8.0 MB · 50,000 rows, 5,000/s"),
            ("200", "1 of 4 datasets · 0:30 left · 2.0 MB of 8.0 MB · 50,000 rows, 5,000/s · 5 of 8 tasks"),
        ],
    )
    def test_a_narrow_terminal_gets_whole_parts(
        self, monkeypatch: pytest.MonkeyPatch, columns: str, shown: str
    ) -> None:
        monkeypatch.setenv("COLUMNS", columns)
        stream, clock = io.StringIO(), Clock()
        line = ProgressLine(stream, clock, every=0.01)
        line.watch(lambda: (5, 8))
        line.begin(4, 8_000_000)
        clock.seconds = 10.0
        line.done(50_000, 2_000_000)

        shows(stream, shown)
        line.close()

    @pytest.mark.parametrize("columns", ["0", "-1", "wide", ""])
    def test_columns_that_are_no_number_do_not_count(
        self, terminal: Tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch, columns: str
    ) -> None:
        monkeypatch.setenv("COLUMNS", columns)
        fcntl.ioctl(terminal[0], termios.TIOCSWINSZ, struct.pack("HHHH", 24, 33, 0, 0))

        assert columns_of(terminal[1]) == 33

    def test_a_window_is_measured_each_time(self, terminal: Tuple[int, TextIO]) -> None:
        line = ProgressLine(terminal[1], Clock())
        for columns in (100, 50):
            fcntl.ioctl(terminal[0], termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            line.begin(10**90, 1)
            assert len(left(seen(terminal))[0]) == columns - 1

    def test_the_log_goes_by_above_it(self, terminal: Tuple[int, TextIO]) -> None:
        line = progress_line(terminal[1])
        assert line is not None
        configure_logging("INFO", str, line)
        line.begin(2, 10)
        logging.getLogger("nuvyn_executor.x").info("one")
        logging.getLogger("nuvyn_executor.x").info("two")

        one, two, last = left(seen(terminal))
        assert (one.split()[-1], two.split()[-1]) == ("one", "two")
        assert last == "0 of 2 datasets · 0 B of 10 B"

    def test_threads_do_not_break_it(self) -> None:
        stream = io.StringIO()
        line = ProgressLine(stream, lambda: 0.0)
        line.begin(400, 400)

        def work() -> None:
            for _ in range(100):
                line.write("a line of the log\n")
                line.done(1, 1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert left(stream.getvalue()) == ["a line of the log"] * 400 + [""]


class TestOneLargeDataset:
    """A person sees that the command is alive while one dataset is scanned for minutes."""

    def test_the_time_goes_on(self) -> None:
        stream, clock = io.StringIO(), Clock()
        line = ProgressLine(stream, clock, every=0.01)
        line.begin(1, 10)
        assert left(stream.getvalue()) == ["0 of 1 datasets · 0 B of 10 B"]
        for seconds, shown in ((5.0, "0:05"), (3661.0, "1:01:01")):
            clock.seconds = seconds
            shows(stream, f"0 of 1 datasets · {shown} so far · 0 B of 10 B")
        line.close()

        assert left(stream.getvalue()) == [""]

    def test_it_says_how_far_spark_is(self) -> None:
        stream = io.StringIO()
        line = ProgressLine(stream, Clock(), every=0.01)
        line.watch(lambda: (1000, 2000))
        line.begin(1, 10)

        shows(stream, "0 of 1 datasets · 0 B of 10 B · 1,000 of 2,000 tasks")
        line.close()

    def test_the_time_that_is_left_goes_down_and_is_never_a_guess_that_has_failed(self) -> None:
        stream, clock = io.StringIO(), Clock()
        line = ProgressLine(stream, clock, every=0.01)
        line.begin(2, 20)
        clock.seconds = 10.0
        line.done(100, 10)
        for seconds, shown in ((10.0, "0:10 left"), (14.0, "0:06 left"), (25.0, "0:25 so far")):
            clock.seconds = seconds
            shows(stream, f"1 of 2 datasets · {shown} · 10 B of 20 B · 100 rows, 10/s")
        line.close()

    def test_no_time_is_foretold_from_the_smallest_of_all(self) -> None:
        """143 bytes of 1.3 GB were done, and it said ``5675:11:54 left``."""
        stream, clock = io.StringIO(), Clock()
        line = ProgressLine(stream, clock)
        line.begin(7, 1_300_000_000)
        clock.seconds = 2.0
        line.done(4, 143)

        assert left(stream.getvalue()) == ["1 of 7 datasets · 0:02 so far · 143 B of 1.3 GB · 4 rows, 2/s"]

    def test_it_ends_with_the_line(self) -> None:
        before = set(threading.enumerate())
        line = ProgressLine(io.StringIO(), every=0.01)
        line.begin(1, 10)
        line.close()

        until(lambda: set(threading.enumerate()) <= before)


class TestBeforeTheScans:
    """Spark takes seconds to start, and minutes where Delta is fetched."""

    def test_it_says_what_the_command_waits_for(self) -> None:
        stream, clock = io.StringIO(), Clock()
        line = ProgressLine(stream, clock, every=0.01)
        with line.waiting("Spark starts"):
            shows(stream, "Spark starts")
            clock.seconds = 7.0
            shows(stream, "Spark starts · 0:07 so far")
        assert left(stream.getvalue()) == [""]
        line.begin(1, 10)
        shows(stream, "0 of 1 datasets · 0 B of 10 B")
        line.close()

    def test_it_is_gone_before_an_error_is_told(
        self, terminal: Tuple[int, TextIO], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**_: object) -> None:
            raise EngineError("There is no Java.", "Install one.")

        monkeypatch.setattr("nuvyn_executor.bootstrap.manager", fail)
        monkeypatch.setattr("sys.stderr", terminal[1])
        monkeypatch.setattr("sys.stdout", io.StringIO())

        assert cli.main(["schema_validation"]) == 1

        shown = seen(terminal)
        assert shown.startswith("Spark starts")
        assert left(shown) == ["There is no Java. Install one.", ""]


class TestOtherPrograms:
    """The terminal is not the command's alone."""

    def test_in_the_background_the_line_of_the_shell_is_left_alone(self, tmp_path: Path) -> None:
        leader, follower = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-c", IN_THE_BACKGROUND],
            stdin=follower, stdout=follower, stderr=follower,
            start_new_session=True, env={**os.environ, "TERM": "xterm"}, cwd=tmp_path,
        ) as shell:  # fmt: skip
            os.close(follower)
            text = b""
            while not text.endswith(b"END"):
                text += os.read(leader, 65_536)
            assert shell.wait(LONGEST) == 0
        os.close(leader)

        assert text == b"a line of the log\r\nEND"

    def test_a_terminal_that_was_closed_is_no_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", "xterm")
        leader, follower = pty.openpty()
        stream = os.fdopen(follower, "w", encoding="utf-8")
        line = progress_line(stream)
        assert line is not None
        line.begin(2, 10)
        os.close(leader)
        line.done(1, 5)
        line.close()
        with suppress(OSError):
            stream.close()


class TestCommand:
    """The command gives its line to the log and to the scans; what it prints after them is not broken."""

    def test_on_a_terminal_the_line_is_gone_before_the_result(
        self, terminal: Tuple[int, TextIO], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a.csv").write_text("id\n1\n")
        monkeypatch.setattr("nuvyn_executor.bootstrap.manager", in_memory)
        monkeypatch.setattr("sys.stderr", terminal[1])
        monkeypatch.setattr("sys.stdout", terminal[1])

        assert cli.main(["metadata_extraction", str(tmp_path)]) == 0

        shown = seen(terminal)
        assert "0 of 1 datasets" in shown
        assert not any("datasets ·" in line for line in left(shown))
        (result,) = (line for line in left(shown) if line.startswith("{"))
        assert json.loads(result)["details"]["tables"][0]["name"] == "a"

    def test_a_pipe_gets_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "a.csv").write_text("id\n1\n")
        monkeypatch.setattr("nuvyn_executor.bootstrap.manager", in_memory)

        assert cli.main(["metadata_extraction", str(tmp_path)]) == 0

        assert "of 1 datasets" not in capsys.readouterr().err


@contextmanager
def in_memory(
    stream: Optional[LogStream] = None, progress: Optional[Progress] = None
) -> Iterator[JobManager]:
    """Put the executor together as the command does, with tables in memory and no Spark."""
    site = memory_installation(LineScanner(), progress=progress)
    with site.manager(site.environ, stream or sys.stderr) as manager:
        yield manager


class TestJobs:
    """A job tells its line of each dataset, whether it can be read or not."""

    def test_each_dataset_counts(self, tmp_path: Path) -> None:
        for name, text in {"a": "id\n1\n2\n", "b": "id\n3\n", "c": f"id\n{DAMAGE}\n"}.items():
            (tmp_path / f"{name}.csv").write_text(text)
        stream = io.StringIO()
        line = ProgressLine(stream)
        site = memory_installation(LineScanner(), progress=line)

        run = site.run("metadata_extraction", tmp_path, EXECUTOR_DATASETS_AT_ONCE="1")

        assert run.names("unreadable") == ["c.csv"]
        drawn = re.findall(
            r"(\d) of 3 datasets(?: · \d+:\d\d left)? · \d+ B of (\d+) B(?: · (\d) rows, .*?/s)?",
            stream.getvalue(),
        )
        size = str(sum(path.stat().st_size for path in tmp_path.iterdir()))
        assert drawn == [("0", size, ""), ("1", size, "2"), ("2", size, "3")]
        assert left(stream.getvalue()) == [""]

    def test_one_that_is_done_counts_before_the_first_is_done(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            (tmp_path / f"{name}.csv").write_text("id\n1\n")
        stream = io.StringIO()
        line = ProgressLine(stream)

        class FirstIsLast(LineScanner):
            def scan(self, source: Any, dataset: Any, *more: Any) -> Any:
                if dataset.name == "a":
                    until(lambda: "1 of 2 datasets" in stream.getvalue())
                return super().scan(source, dataset, *more)

        run = memory_installation(FirstIsLast(), progress=line).run("metadata_extraction", tmp_path)

        assert run.exit_code == 0
