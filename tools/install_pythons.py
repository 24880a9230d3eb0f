"""Prepare the oldest and the newest Python of the executor, for ``tests/unit/test_python_versions.py``.

Each interpreter that is found gets an environment in ``.cache/venv-<version>``. Where there is none, or no
network, a sentence says so and the tests that need it are skipped.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent
# Python, its pins, what is installed in it. Spark 3.5 on Python 3.8 is the oldest pair that clusters have.
PYTHONS = (
    ("3.8", "constraints-py38.txt", ".[local,excel]"),
    ("3.13", "constraints.txt", ".[excel]"),
)
TEST_TOOLS = ("hypothesis", "jsonschema", "pytest", "pytest-timeout", "responses")


def find_python(version: str) -> Optional[Path]:
    """Return an interpreter of a version: pyenv's, or the one on ``PATH``; ``None`` where there is none."""
    candidates = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)
    on_path = shutil.which(f"python{version}")
    candidates += [Path(on_path)] if on_path else []
    return next((python for python in candidates if _has_version(python, version)), None)


def _has_version(python: Path, version: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)  # noqa: S603  an interpreter of this machine
    return done.returncode == 0 and done.stdout.strip() == version


def _recipe(python: Path, pins: str, what: Tuple[str, ...]) -> str:
    """Return a fingerprint of all that the environment is made from."""
    parts = [
        str(python),
        *what,
        *((ROOT / name).read_text(encoding="utf-8") for name in (pins, "pyproject.toml")),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def prepare(version: str, pins: str, project: str) -> str:
    """Build the environment unless it is there, and return a sentence that says how that went."""
    python = find_python(version)
    if python is None:
        return f"Python {version}: not found on this machine; its tests are skipped."
    home = ROOT / ".cache" / f"venv-{version}"
    stamp = home / ".installed"
    recipe = _recipe(python, pins, (project, *TEST_TOOLS))
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == recipe:
        return f"Python {version}: ready."
    shutil.rmtree(home, ignore_errors=True)
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip.append("--use-pep517")  # pyspark has no wheel; an old pip would build it in a way of its own
    for command in ([str(python), "-m", "venv", str(home)], [*pip, "-c", pins, "-e", project, *TEST_TOOLS]):
        done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603  an interpreter of this machine
        if done.returncode:
            return f"Python {version}: could not be prepared (no network?); its tests are skipped."
    stamp.write_text(recipe, encoding="utf-8")
    return f"Python {version}: prepared."


if __name__ == "__main__":
    for row in PYTHONS:
        sys.stdout.write(prepare(*row) + "\n")
        sys.stdout.flush()
