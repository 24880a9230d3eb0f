"""The command that writes a data contract, as a process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.waiting import LONGEST

pytestmark = pytest.mark.process


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-m", "nuvyn_executor.contract", *argv]
    return subprocess.run(call, capture_output=True, text=True, timeout=LONGEST, check=False)


class TestTheCommand:
    """`-h` works, errors are one sentence with non-zero exit code."""

    def test_help_names_what_it_takes(self) -> None:
        done = run("-h")
        assert done.returncode == 0
        assert "python -m nuvyn_executor.contract" in done.stdout
        assert "PATH" in done.stdout
        assert "--output" in done.stdout

    def test_without_a_path_the_parameters_are_wrong(self) -> None:
        done = run()
        assert done.returncode == 2
        assert "PATH" in done.stderr
