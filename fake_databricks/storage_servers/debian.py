"""Unpack Debian's packages into a folder, as an ordinary user and without installing them."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Sequence

# The C library, which must fit the machine's loader, and what only a compiler or PostgreSQL's JIT needs.
LEFT_OUT = re.compile(r"libc6|libc-.*|libcrypt1|libllvm.*|.*-dev|.*-perl")


class NoPackages(Exception):  # noqa: N818  it says what happened
    """apt is missing, or a package could not be had."""


class Packages:
    """The packages that apt finds; its lists lie in a folder of our own, so that no root is needed."""

    def __init__(self, state: Path) -> None:
        lists, cache = state / "lists", state / "cache"
        for folder in (lists / "partial", cache / "archives" / "partial"):
            folder.mkdir(parents=True)
        self.options = [
            "-o",
            f"Dir::State::Lists={lists}",
            "-o",
            f"Dir::Cache={cache}",
            "-o",
            "Debug::NoLocking=1",
        ]
        self.options += ["-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=3"]
        self._run("apt-get", *self.options, "update")

    def dependency(self, package: str, pattern: str) -> str:
        """Return the first dependency of a package whose name fits a pattern.

        Raises:
            NoPackages: there is none.
        """
        listed = self._run("apt-cache", *self.options, "depends", package)
        found = re.search(rf"Depends: ({pattern})\s", listed)
        if found is None:
            raise NoPackages(f"{package} depends on nothing like {pattern}")
        return found[1]

    def unpack(self, wanted: Sequence[str], folder: Path) -> None:
        """Unpack packages and the libraries that the machine lacks for them.

        Raises:
            NoPackages: apt does not know one of them, or cannot download it.
        """
        simulated = self._run(
            "apt-get",
            *self.options,
            "--simulate",
            "--no-install-recommends",
            "--reinstall",
            "install",
            *wanted,
        )
        names = re.findall(r"^Inst (\S+)", simulated, re.MULTILINE)
        chosen = [
            name
            for name in names
            if name in wanted or (name.startswith("lib") and not LEFT_OUT.fullmatch(name.partition(":")[0]))
        ]
        with tempfile.TemporaryDirectory() as downloads:
            self._run("apt-get", *self.options, "download", *chosen, folder=Path(downloads))
            for package in sorted(Path(downloads).glob("*.deb")):
                self._run("dpkg", "-x", str(package), str(folder))

    def _run(self, *command: str, folder: Path | None = None) -> str:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  apt or dpkg
        if done.returncode:
            raise NoPackages(f"{' '.join(command[:1])}: {done.stderr.strip()[-500:]}")
        return done.stdout


@contextmanager
def packages() -> Iterator[Packages]:
    """Read the lists of apt's sources.

    Raises:
        NoPackages: there is no apt on this machine, or it reaches none of its sources.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise NoPackages("this machine has no apt-get and dpkg")
    with tempfile.TemporaryDirectory() as state:
        yield Packages(Path(state))
