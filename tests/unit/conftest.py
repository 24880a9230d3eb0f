"""A folder of three small tables, and an executor whose own tables are in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.installation import Installation, LineScanner, memory_installation

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="site")
def _site() -> Installation:
    return memory_installation(LineScanner())


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.csv").write_text("id,word\n1,one\n2,two\n")
    return folder
