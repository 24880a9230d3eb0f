"""What the benchmarks make of their measurements; the measurements themselves are no tests."""

from __future__ import annotations

import pytest

pytest.importorskip("polars", reason="the extra fast is not installed")

from benchmarks.profiler import BASE, Figure, figures, measured


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
