"""The command on a warehouse whose disk is full, and on one that is read only: a real, small disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_A_NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def _may_mount() -> bool:
    """Whether this machine lets a program mount a disk for itself."""
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(
        [*IN_A_NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    return tried.returncode == 0


@pytest.fixture(name="runs", scope="module")
def _runs(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Tuple[int, Mapping[str, Any]]]:
    """Return exit code and document of each run, by the state of the disk."""
    if not _may_mount():
        pytest.skip("mounting a disk needs user namespaces")
    done = subprocess.run(
        [
            *IN_A_NAMESPACE,
            sys.executable,
            "-m",
            "tests.troubled_warehouse",
            str(tmp_path_factory.mktemp("place")),
        ],
        cwd=ROOT,
        env={**os.environ, "EXECUTOR_SCHEMA_NAME": "troubled"},
        capture_output=True,
        encoding="utf-8",
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    found = {}
    for line in done.stdout.splitlines():
        run = json.loads(line)
        (only,) = run["stdout"].splitlines()
        found[run["name"]] = run["code"], json.loads(only)
    return found


def errors_of(document: Mapping[str, Any]) -> List[Mapping[str, str]]:
    """Return the errors of a run that failed, or of its steps."""
    if "error" in document:
        return [document["error"]]
    return [step["error"] for step in document.values() if isinstance(step, dict) and "error" in step]


@pytest.mark.jvm
@pytest.mark.process
class TestADiskThatTakesNothing:
    """The disk full, the warehouse read only: one sentence with the remedy, and the next run repairs all."""

    @pytest.mark.parametrize(
        ("state", "meaning"),
        [
            ("full at the first run", "the disk is full"),
            ("full", "the disk is full"),
            ("read only", "the place is read only"),
        ],
    )
    def test_it_is_named_with_the_remedy(self, runs: Mapping[str, Any], state: str, meaning: str) -> None:
        code, document = runs[state]
        assert code == 1
        (error,) = errors_of(document)
        assert error["type"] == "StoreError", error
        assert error["message"].endswith(f"could not be written: {meaning}."), error
        assert "EXECUTOR_WAREHOUSE_DIR" in error["remedy"]

    @pytest.mark.parametrize("state", ["after that", "free again", "writable again"])
    def test_the_next_run_repairs_all(self, runs: Mapping[str, Any], state: str) -> None:
        code, document = runs[state]
        assert code == 0, document
        tables = document["details"]["metadata_extraction"]["details"]["tables"]
        assert [table["name"] for table in tables] == ["a"]
