"""What the benchmarks make of their measurements; the measurements themselves are no tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import children
from benchmarks.rounds import BASE, Figure, figures, measured


class TestFigures:
    def test_a_ratio_is_taken_within_its_round(self) -> None:
        seconds = {BASE: [1.0, 2.0, 10.0], "scan": [2.0, 4.0, 20.0]}  # a machine that gets slower

        assert figures(seconds) == {BASE: Figure(2.0, 1.0), "scan": Figure(4.0, 2.0)}

    def test_one_round_that_was_disturbed_does_not_count(self) -> None:
        assert figures({BASE: [1.0, 1.0, 1.0], "scan": [2.0, 50.0, 2.0]})["scan"] == Figure(2.0, 2.0)


class TestMeasured:
    def test_every_way_is_gone_in_every_round_and_the_first_warms_up(self) -> None:
        gone = []
        ways = {BASE: lambda: gone.append(BASE), "scan": lambda: gone.append("scan")}

        assert set(measured(ways, 2)) == {BASE, "scan"}
        assert gone == [BASE, "scan"] * 3


class TestChildren:
    def test_the_last_line_is_the_answer(self) -> None:
        program = "print('Java says something'); print('{\"found\": 1}')"

        assert children.run(["-c", program]) == {"found": 1}

    def test_what_failed_says_why(self) -> None:
        with pytest.raises(children.ChildFailed, match="ValueError: no data"):
            children.run(["-c", "raise ValueError('no data')"])

    def test_what_takes_too_long_is_ended(self) -> None:
        with pytest.raises(children.ChildFailed, match="ended after 0 s"):
            children.run(["-c", "import signal; signal.pause()"], timeout=0.1)


class TestMemory:
    def test_the_most_that_the_collector_left(self) -> None:
        growth = pytest.importorskip("benchmarks.growth", reason="Polars is not installed for this Python")
        log = (
            "[0.5s][info][gc] GC(0) Pause Young (Allocation Failure) 69M->8M(247M) 11.8ms\n"
            "[0.9s][info][gc] GC(1) Pause Full (Metadata GC Threshold) 60M->19M(247M) 40.0ms\n"
            "[GC (Allocation Failure)  65536K->10720K(251392K), 0.0107 secs]\n"  # as Java 8 writes it
        )

        assert growth.most_kept(log) == 19 * 2**20
        assert growth.most_kept("") == 0

    @pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="there is no /proc here")
    def test_processes_below_another(self) -> None:
        growth = pytest.importorskip("benchmarks.growth", reason="Polars is not installed for this Python")
        grandchild = "import os, sys; print(os.getpid(), flush=True); sys.stdin.read()"
        child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
        with subprocess.Popen(
            [sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            pid = int(process.stdout.readline())
            try:
                assert list(growth.descendants(process.pid)) == [pid]
                assert growth.bytes_of(growth.status_of(pid), "VmHWM") > 2**20
            finally:
                process.stdin.close()
        assert growth.status_of(pid) == {}
