"""The build backend of fake-databricks: setuptools, which builds the wheel in a copy.

setuptools writes ``build`` and ``*.egg-info`` into the folder that it builds, and what an earlier build left
in ``build`` gets into the next wheel. In a copy it finds nothing and leaves nothing. An editable install is
made in place. There is no sdist, because its files would lie in two folders of the checkout.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from setuptools import build_meta
from setuptools.build_meta import build_editable, prepare_metadata_for_build_editable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "build_editable",
    "build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("fake_databricks", "contract")
NOT_COPIED = ("__pycache__", "build", "*.egg-info")


@contextmanager
def _in_copy() -> Iterator[None]:
    """Work in a copy of the packages; symbolic links become the files that they lead to."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="fake-databricks-") as scratch:
        for name in PACKAGES:
            ignore = shutil.ignore_patterns(*NOT_COPIED)
            shutil.copytree(CHECKOUT / name, Path(scratch) / name, ignore=ignore)
        shutil.copy(CHECKOUT / "LICENSE", Path(scratch) / "fake_databricks")
        os.chdir(Path(scratch) / "fake_databricks")
        try:
            yield
        finally:
            os.chdir(before)


def prepare_metadata_for_build_wheel(folder: str, config_settings: Any = None) -> str:
    """Write the ``.dist-info`` of the wheel into a folder, and return its name."""
    with _in_copy():
        return str(build_meta.prepare_metadata_for_build_wheel(folder, config_settings))


def build_wheel(folder: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Write the wheel into a folder, and return its name."""
    with _in_copy():
        return str(build_meta.build_wheel(folder, config_settings, metadata_directory))
