"""Run the programs of ``examples/go``: compiled once, without a network, and skipped where there is no Go."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "examples" / "go"
GO = shutil.which("go")
needs_go = pytest.mark.skipif(GO is None, reason="no Go was found: the programs of examples/go are not tried")


def environment() -> Dict[str, str]:
    """Return the environment in which Go downloads nothing, and compiles a program once."""
    cache = ROOT / ".cache" / "go"
    without = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOCACHE": str(cache)}
    return {**os.environ, **without}


def built(name: str, folder: Path) -> Path:
    """Compile ``examples/go/NAME``; return the program."""
    program = folder / name
    command = [GO or "go", "build", "-o", str(program), str(PROGRAMS / name / "main.go")]
    subprocess.run(command, env=environment(), check=True, capture_output=True, text=True)
    return program
