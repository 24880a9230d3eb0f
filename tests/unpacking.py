"""Packed files as the executor unpacks them, for tests."""

from __future__ import annotations

import hashlib
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Optional

from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import Dataset, Discovery, FileEntry, FileFormat, SourceType
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.sources.unpacked import UnpackedSource
from tests.discovering import MANY

if TYPE_CHECKING:
    from nuvyn_executor.sources.spool_folder import SpoolPlace

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
LONG = b"id,name\n" + b"".join(b"%d,name %d\n" % (i, i * 7919 % 1000) for i in range(20_000))
NOISE = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(10_000))


def source(root: object, place: Optional[SpoolPlace] = None) -> UnpackedSource:
    return UnpackedSource(FileSystemSource(str(root), on_databricks=False), on_databricks=False, place=place)


def look(root: object, limit: int = MANY) -> Discovery:
    return discover(source(root), SourceType.AUTO, limit)


def dataset(files: List[FileEntry], kind: FileFormat = formats.CSV, **values: Any) -> Dataset:
    return Dataset("t", "", files[0].path, kind, tuple(files), **values)


def contents(copies: Dataset) -> Dict[str, bytes]:
    return {entry.name: Path(entry.path).read_bytes() for entry in copies.files}


def unpack(root: Path, place: Optional[SpoolPlace] = None) -> Dict[str, bytes]:
    """Return the content of all packed files of a folder, as copies have it."""
    one = source(root, place)
    files = [entry for entry in one.survey(MANY).files if entry.is_packed]
    try:
        return contents(one.unpacked(dataset(files)))
    finally:
        one.release()


def left(folder: Path) -> List[str]:
    return [path.name for path in folder.glob("nuvyn-*")]


def patch(content: bytearray, **values: int) -> None:
    """Change fields of the headers of an archive with one member: flags, method, crc, size."""
    local, central = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    places = {"flags": (6, "<H"), "method": (8, "<H"), "crc": (14, "<I"), "size": (22, "<I")}
    for name, value in values.items():
        offset, form = places[name]
        struct.pack_into(form, content, local + offset, value)
        struct.pack_into(form, content, central + offset + 2, value)
