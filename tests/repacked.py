"""Installed packages as wheels, so that pip installs them elsewhere without a network."""

from __future__ import annotations

import importlib.metadata
import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WRITTEN_BY_PIP = ("INSTALLER", "REQUESTED", "direct_url.json")


def repack(name: str, into: Path) -> Path:
    """Write the wheel that a package was installed from into a folder; return its path."""
    distribution = importlib.metadata.distribution(name)
    tag = re.search(r"^Tag: (\S+)$", distribution.read_text("WHEEL") or "", re.MULTILINE)
    assert tag is not None
    wheel = into / f"{name.replace('-', '_')}-{distribution.version}-{tag[1]}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in distribution.files or ():
            is_outside = ".." in file.parts or "__pycache__" in file.parts
            if not is_outside and file.name not in _WRITTEN_BY_PIP:
                archive.write(str(file.locate()), file.as_posix())
    return wheel
