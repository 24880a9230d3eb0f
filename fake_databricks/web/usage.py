"""What a server uses of this machine: its memory, and the bytes of a folder."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from pathlib import Path


def memory_bytes() -> int:
    """Return the memory that this process uses now; where there is no ``/proc``, the most it has used."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def folder_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder; links are not followed."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # it was removed meanwhile
                total += os.lstat(os.path.join(path, name)).st_size  # noqa: PTH118  names that are no text
    return total
