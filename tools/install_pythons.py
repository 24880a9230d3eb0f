"""Prepare the Pythons and the Sparks of the executor's tests: ``python -m tools.install_pythons [NAME ...]``.

Each row of :mod:`.runtimes` gets an environment in ``.cache/runtimes/<name>`` with pinned versions, once; a
changed row or changed pins make it anew. Without names all are prepared. Where there is no such Python, or no
network, a sentence says so and the tests that need it are skipped. Two are made at a time: pip waits for the
network half of its time.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from tools.runtimes import ROOT, RUNTIMES, TEST_TOOLS

if TYPE_CHECKING:
    from tools.runtimes import Runtime

_AT_ONCE = 2


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


def _recipe(python: Path, runtime: Runtime) -> str:
    """Return a fingerprint of all that the environment is made from."""
    read = ((ROOT / name).read_text(encoding="utf-8") for name in (runtime.pins, "pyproject.toml"))
    parts = [str(ROOT), str(python), *runtime.packages, *TEST_TOOLS, *read]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def prepare(runtime: Runtime) -> str:
    """Build the environment unless it is there, and return a sentence that says how that went."""
    python = find_python(runtime.python)
    if python is None:
        return f"{runtime.name}: no Python {runtime.python} on this machine; its tests are skipped."
    recipe = _recipe(python, runtime)
    if runtime.stamp.is_file() and runtime.stamp.read_text(encoding="utf-8") == recipe:
        return f"{runtime.name}: ready."
    shutil.rmtree(runtime.home, ignore_errors=True)
    pip = [str(runtime.interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip.append("--no-compile")  # of most packages a few modules are used, which compiles them
    pip.append("--use-pep517")  # pyspark has no wheel; an old pip would build it in a way of its own
    install = [*pip, "-c", runtime.pins, *runtime.packages, *TEST_TOOLS]
    commands = [[str(python), "-m", "venv", str(runtime.home)], install]
    if runtime.has_java:
        commands.append([str(runtime.interpreter), "-m", "tools.fetch_jars"])
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603  an interpreter of this machine
        if done.returncode:
            return f"{runtime.name}: could not be prepared (no network?); its tests are skipped."
    runtime.stamp.write_text(recipe, encoding="utf-8")
    return f"{runtime.name}: prepared."


if __name__ == "__main__":
    chosen = [one for one in RUNTIMES if one.name in sys.argv[1:] or not sys.argv[1:]]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for sentence in pool.map(prepare, chosen):
            print(sentence, flush=True)
