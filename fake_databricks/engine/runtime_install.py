"""Installs a runtime beside the server's own: a Python environment with pinned packages, and Delta's jars."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fake_databricks.engine.runtime import DESCRIPTION, JvmFailed, Runtime, installed_runtime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ENGINE = Path(__file__).parent
JARS = "delta"
"""The folder of Delta's jars in a runtime's own."""
IS_FIT = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
DESCRIBE = """
import json, os, sys, sysconfig
import importlib.metadata as metadata
sys.path.append(sys.argv[1])
from local_spark import LocalSparkError
from local_spark.delta_jars import delta_jars
try:
    jars = delta_jars(None, __import__("pathlib").Path(sys.argv[2]))
except LocalSparkError as error:
    sys.exit(str(error))
print(json.dumps({
    "spark": metadata.version("pyspark"),
    "delta": metadata.version("delta-spark"),
    "python_version": "%d.%d" % sys.version_info[:2],
    "packages": sysconfig.get_path("purelib"),
    "jars": [str(jar) for jar in jars],
}))
"""
"""What the runtime's own Python is asked: it knows its packages, and its Spark's Ivy fetches Delta's jars."""


class NotInstalled(Exception):  # noqa: N818  it says what happened
    """A runtime could not be installed; the message says why."""


@dataclass(frozen=True)
class Installed:
    """A runtime that is there now.

    Attributes:
        home: its folder.
        content: what is in it: ``spark``, ``delta``, ``python_version``.
        is_new: whether it has just been installed.
    """

    home: Path
    content: Mapping[str, Any]
    is_new: bool


@dataclass(frozen=True)
class Pins:
    """What a runtime is made from.

    Attributes:
        pythons: the versions of Python that its Spark accepts, the best first: that of Databricks.
        spark: the version of pyspark.
        delta: the version of delta-spark.
        packages: what else is installed, as pip wants it.
    """

    pythons: tuple[str, ...]
    spark: str
    delta: str
    packages: tuple[str, ...]

    def requirements(self) -> tuple[str, ...]:
        """Return what pip installs."""
        return (f"pyspark=={self.spark}", f"delta-spark=={self.delta}", *self.packages)


COMMON = ("requests>=2.25", "setuptools>=77", "wheel", "databricks-sdk", "polars>=1.8")
PINS: Mapping[str, Pins] = {
    "3.4": Pins(
        ("3.10", "3.11"),
        "3.4.3",
        "2.4.0",
        ("pandas>=1.5,<2", "numpy>=1.23,<2", "pyarrow>=8,<13", *COMMON),
    ),
    "4.0": Pins(
        ("3.12", "3.11", "3.10", "3.13"),
        "4.0.1",
        "4.0.1",
        ("pandas>=2.2,<3", "numpy>=2.1", "pyarrow>=19", *COMMON),
    ),
    "4.2": Pins(
        ("3.13", "3.12", "3.11", "3.10"),
        "4.2.0",
        "4.4.0",
        ("pandas>=2.2,<3", "numpy>=2.1", "pyarrow>=19", *COMMON),
    ),
}
"""By the first two numbers of Spark's version."""


def pythons_of(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the interpreters of a version that this machine may have: on PATH, pyenv's, uv's."""
    names = (f"python{version}", "python3", "python")
    found = [shutil.which(name, path=environ.get("PATH", os.defpath)) for name in names]
    yield from (Path(path) for path in found if path)
    home = Path(environ.get("HOME") or Path.home())
    for pattern in (
        f".pyenv/versions/{version}.*/bin/python",
        f".local/share/uv/python/cpython-{version}.*/bin/python3",
    ):
        yield from sorted(home.glob(pattern), reverse=True)


def find_python(versions: Sequence[str], environ: Mapping[str, str]) -> Path | None:
    """Return an interpreter of the first version that is there, with the modules venv and ensurepip.

    Args:
        versions: the versions that are good, the best first.
        environ: environment variables (``PATH``, ``HOME``).
    """
    candidates = ((version, path) for version in versions for path in pythons_of(version, environ))
    return next((path for version, path in candidates if version_of(path) == version), None)


def version_of(python: Path) -> str:
    """Return the version of an interpreter, ``3.12``; empty where it makes no environments."""
    try:
        done = subprocess.run([str(python), "-c", IS_FIT], capture_output=True, text=True, check=False)  # noqa: S603  an interpreter of this machine
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def describe(folder: Path, python: Path, java_home: Path, recipe: object = None) -> None:
    """Complete the folder of a runtime: Delta's jars, and the file that says what is in it.

    Args:
        folder: that of the runtime.
        python: the Python with its packages; of an environment in the folder, or of another one.
        java_home: a Java that its Spark runs on.
        recipe: what it was made from.

    Raises:
        NotInstalled: Delta's jars could not be fetched.
    """
    said = run([str(python), "-c", DESCRIBE, str(ENGINE), str(java_home)])
    found = json.loads(said)
    folder.joinpath(JARS).mkdir(parents=True, exist_ok=True)
    for jar in found.pop("jars"):
        shutil.copyfile(jar, folder / JARS / Path(jar).name)
    content = {**found, "python": str(python), "recipe": recipe}
    part = folder / f"{DESCRIPTION}.part"
    part.write_text(json.dumps(content, indent=1), encoding="utf-8")
    part.replace(folder / DESCRIPTION)


def run(command: Sequence[str]) -> str:
    """Return what a program prints; raise NotInstalled with the end of its errors where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  pip, or the runtime's Python
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        raise NotInstalled(" ".join(lines[-3:]) or f"{command[0]} failed")
    return done.stdout


def install(spark: str, folder: Path, *, python: Path | None = None, environ: Mapping[str, str]) -> Installed:
    """Install the runtime of a Spark, unless it is there; one that is not whole is made anew.

    Args:
        spark: the first two numbers of its version.
        folder: that of the installed runtimes.
        python: the interpreter to make it with; None for one that is found.
        environ: environment variables (``PATH``, ``HOME``).

    Raises:
        NotInstalled: nothing is pinned for this Spark, there is no Python or Java that it accepts, or pip or
            Maven Central failed.
    """
    if spark not in PINS:
        raise NotInstalled(f"Spark {spark} cannot be installed here; these can: Spark {', '.join(PINS)}.")
    pins = PINS[spark]
    home = folder / f"spark-{spark}"
    recipe = list(pins.requirements())
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / f"spark-{spark}.lock"):
        if installed_runtime(folder, spark) is not None and _described(home).get("recipe") == recipe:
            return Installed(home, _described(home), is_new=False)
        java_home = _java_home(home.name, pins)
        chosen = _fit_python(spark, pins, python, environ)
        shutil.rmtree(home, ignore_errors=True)
        run([str(chosen), "-m", "venv", str(home)])
        own = home / "bin" / "python"
        pip = [str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--use-pep517"]
        run([*pip, *recipe])
        describe(home, own, java_home, recipe)
        return Installed(home, _described(home), is_new=True)


def _java_home(name: str, pins: Pins) -> Path:
    wanted = Runtime(name, pins.spark, Path(sys.executable), (), None)
    try:
        return wanted.java().parents[1]
    except JvmFailed as error:
        raise NotInstalled(str(error)) from error


def _fit_python(spark: str, pins: Pins, named: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the interpreter to install with; raise NotInstalled where there is none that Spark accepts."""
    wanted = " or ".join((", ".join(pins.pythons[:-1]), pins.pythons[-1]))
    if named is not None:
        version = version_of(named)
        if version not in pins.pythons:
            has = f"is Python {version}" if version else "is no Python with the modules venv and ensurepip"
            raise NotInstalled(f"{named} {has}; Spark {spark} needs Python {wanted}.")
        return named
    found = find_python(pins.pythons, environ)
    if found is None:
        raise NotInstalled(
            f"Spark {spark} needs Python {wanted} with the modules venv and ensurepip. There is none on PATH"
            " and none of pyenv or uv. Install one, or name one with --python."
        )
    return found


def _described(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / DESCRIPTION).read_text(encoding="utf-8"))
    return found


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process installs the same runtime; a killed one is none."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
