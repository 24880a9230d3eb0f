"""Packages that a git URL stands for on this machine, and the files that their installation brings to DBFS.

The guide installs ``git+https://github.com/nuvyn-bldr/executor-script.git@main`` and then names
``dbfs:/executor/main.py``: the URL means this checkout, and its ``executor`` folder comes along. The guide's
examples of jobs/create name the file by a placeholder, ``dbfs:/path/to/executor/main.py``: it is put there too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Sequence

if TYPE_CHECKING:
    from fake_databricks.workspace_files import Tree

EXECUTOR_URL = "https://github.com/nuvyn-bldr/executor-script"
_GIT = re.compile(r"^(?P<name>[\w.\-\[\]]+\s*@\s*)?git\+(?P<url>[^@#]+?)(?:\.git)?(?:@[^#]*)?(?:#.*)?$")


@dataclass(frozen=True)
class Source:
    """Where a package lies on this machine.

    Attributes:
        folder: what pip installs.
        files: a folder beside it whose Python files go to DBFS, or None.
        targets: the DBFS folders that they go to.
    """

    folder: Path
    files: Path | None = None
    targets: tuple[str, ...] = ()


def executor_source(checkout: Path | None = None) -> Source:
    """The executor of this checkout."""
    root = checkout or Path(__file__).resolve().parent.parent
    return Source(root, root / "executor", ("/executor", "/path/to/executor"))


class Installations:
    """The table of URLs; what is not in it goes to pip as it is."""

    def __init__(self, sources: dict[str, Source] | None = None) -> None:
        self.sources = {EXECUTOR_URL: executor_source()} if sources is None else sources

    def translate(self, arguments: Sequence[str]) -> tuple[list[str], list[Source]]:
        """pip's arguments with local folders for URLs, and the sources that were named."""
        translated, named = [], []
        for argument in arguments:
            match = _GIT.match(argument)
            source = self.sources.get(match.group("url")) if match else None
            translated.append(argument if source is None else str(source.folder))
            if source is not None:
                named.append(source)
        return translated, named


def bring_files(source: Source, dbfs: Tree) -> None:
    """Copy the files of a source to DBFS."""
    if source.files is None or not source.files.is_dir():
        return
    for file in sorted(source.files.rglob("*.py")):
        for target in source.targets:
            dbfs.write(f"{target}/{file.relative_to(source.files).as_posix()}", file.read_bytes())
