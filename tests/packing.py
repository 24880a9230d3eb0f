"""Files that are compressed, and archives, for tests."""

from __future__ import annotations

import bz2
import importlib.util
import io
import lzma
import shutil
import subprocess
import zipfile
from functools import partial
from typing import Callable, Dict, Mapping, Tuple

import pytest

Moment = Tuple[int, int, int, int, int, int]
LATER: Moment = (2026, 1, 2, 3, 4, 6)


def zstd(content: bytes) -> bytes:
    """Compress with zstd; skip the test where nothing can, or nothing could read it again."""
    if not reads_zstd():
        pytest.skip("nothing that reads zstd is installed (pyarrow, or backports.zstd)")
    program = shutil.which("zstd")
    if program:
        return subprocess.run([program, "-cq"], input=content, capture_output=True, check=True).stdout
    module = pytest.importorskip("backports.zstd", reason="nothing here writes zstd")
    packed: bytes = module.compress(content)
    return packed


def reads_zstd() -> bool:
    """Whether this Python has something that reads zstd."""
    for name in ("compression", "backports", "pyarrow"):
        if importlib.util.find_spec(name) is None:
            continue
        if name == "pyarrow" or importlib.util.find_spec(f"{name}.zstd") is not None:
            return True
    return False


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    ".bz2": bz2.compress,
    ".xz": partial(lzma.compress, preset=0),
    ".zst": zstd,
    ".zstd": zstd,
}
"""How content is compressed, by the end of the file's name."""


def zipped(
    files: Mapping[str, bytes],
    method: int = zipfile.ZIP_DEFLATED,
    moment: Moment = LATER,
) -> bytes:
    """Write a zip archive of some files, in their order."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, moment), content, method)
    return stream.getvalue()


def packed_ways(name: str, content: bytes) -> Dict[str, bytes]:
    """Return a file in every way that it may be packed: names and bytes."""
    ways = {f"{name}{suffix}": pack(content) for suffix, pack in PACKERS.items() if suffix != ".zstd"}
    return {**ways, f"{name}.zip": zipped({name: content})}
