"""The reference receiver as a process of its own, as backend developers start it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[2]
KEY = "nv-key-0123456789"


@pytest.mark.process
class TestReceiverAsAProgram:
    """`contract/receiver`: a real HTTP server. It does not need the executor."""

    def test_it_prints_its_url_serves_and_ends_when_told(self, tmp_path: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "contract.receiver",
            "--api-key",
            KEY,
            "--state",
            str(tmp_path / "s"),
        ]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with urllib.request.urlopen(f"{url}/health", timeout=LONGEST) as answer:
                assert json.load(answer) == {"status": "ok"}
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=LONGEST)
        assert process.returncode == 0
        assert "GET /health" in errors
        assert KEY not in errors

    def test_it_imports_nothing_of_the_executor_and_no_web_framework_before_it_serves(self) -> None:
        code = (
            "import contract.receiver, sys; "
            "print([m for m in sys.modules if m.startswith(('nuvyn', 'starlette', 'uvicorn'))])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=LONGEST,
        )
        assert done.stdout.strip() == "[]"
