"""Files that hold something else than before, of the same size and time: not to read them can be seen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def spoil(path: Path) -> None:
    """Change what a file holds: days become those of the year 9999, the pages of Parquet nothing at all."""
    before = path.stat()
    content = path.read_bytes()
    if path.suffix == ".parquet":
        footer = 8 + int.from_bytes(content[-8:-4], "little")
        content = content[:4] + b"\0" * (len(content) - 4 - footer) + content[-footer:]
    path.write_bytes(content.replace(b",2024-", b",9999-"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
