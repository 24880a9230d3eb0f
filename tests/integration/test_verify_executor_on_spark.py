"""`nuvyn-contract verify-executor` holds our own executor: output, payload, Delta tables."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from contract.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("starlette", reason="fake-databricks is not installed: its receiver takes what is sent")
pytest.importorskip("polars", reason="polars is not installed: it reads the tables")
pytestmark = [pytest.mark.process, pytest.mark.jvm, pytest.mark.timeout(300)]


class TestOurOwnExecutor:
    """Issue: "by its outputs, exit codes, log lines, tables and payload"."""

    def test_the_full_pipeline_leads_to_what_is_expected(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("EXECUTOR_WAREHOUSE_DIR", str(tmp_path))
        tables = f"{sys.executable} -m examples.delta_tables {tmp_path / '_executor_metadata'}"
        chosen = [
            "jobs/full_pipeline",
            "payload/*",
            "tables/five",
            "tables/rows",
            "tables/audit",
            "tables/ended",
        ]
        only = [word for each in chosen for word in ("--only", each)]
        command = ["--", sys.executable, "-m", "nuvyn_executor"]

        code = main(["verify-executor", *only, "--tables", tables, "--strict", "--report", "json", *command])
        cases = json.loads(capsys.readouterr().out)["cases"]

        assert [case for case in cases if case["outcome"] != "passed"] == []
        assert (code, len(cases)) == (0, 10)
