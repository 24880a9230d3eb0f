"""Install the browser of the tests, once (``make test`` calls it): Debian's Chromium, and a font.

Where apt cannot do it, a sentence says so, and the tests that need a browser are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Optional

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-liberation")
_QUIET = ("-qq", "-o", "Dpkg::Use-Pty=0")


def find_browser() -> Optional[str]:
    """Return the path of a Chromium; ``None`` where there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def can_install() -> bool:
    """Whether this user may install Debian's packages."""
    return shutil.which("apt-get") is not None and hasattr(os, "geteuid") and os.geteuid() == 0


def install() -> str:
    """Install what is not there yet, and return a sentence that says how that went."""
    found = find_browser()
    if found is not None:
        return "Chromium: ready."
    if not can_install():
        return "Chromium: not found; its tests are skipped. Install it (on Debian: apt-get install chromium)."
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ("apt-get", "update", *_QUIET),
        ("apt-get", "install", "--yes", "--no-install-recommends", *_QUIET, *PACKAGES),
    )
    for command in commands:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  apt
        if done.returncode:
            reason = (done.stderr or done.stdout).strip()[-500:]
            return f"Chromium: could not be installed; its tests are skipped. {reason}"
    return "Chromium: installed."


if __name__ == "__main__":
    print(install(), flush=True)
