"""The machine that is measured on, as every table of figures names it."""

from __future__ import annotations

import os
import platform


def describe() -> str:
    """Return in a line what the figures depend on: system, cores, memory, load of the last minute, Python."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.platform()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
