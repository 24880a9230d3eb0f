"""The runner on the oldest Python, with nothing but the standard library."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import List

import pytest

from tests.contract.recorded import CASES, GIVEN, Replay, learned, replying
from tests.runtimes.test_python_versions import python_of
from tools.runtimes import ROOT

pytestmark = [pytest.mark.process]


class TestTheRunnerAlone:
    """`contract/README.md`: "The runner needs Python 3.8 and nothing else"."""

    @pytest.mark.parametrize("version", ["3.8", "this"])
    def test_it_plays_all_cases_without_a_package(self, version: str) -> None:
        python = sys.executable if version == "this" else str(python_of(version))
        words: List[str] = [
            part for name, value in GIVEN.items() for part in (f"--{name.replace('_', '-')}", value)
        ]
        with replying(Replay(learned()).answer) as url:
            done = subprocess.run(
                [python, "-S", "-m", "contract.verify", "--url", url, *words],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=False,
            )

        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.endswith(f"{len(CASES)} passed, 0 failed\n")
