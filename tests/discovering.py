"""Folders of files, and what is found in them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Dict, Optional

import openpyxl

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.model import Dataset, Discovery, SourceType
from nuvyn_executor.sources.filesystem import FileSystemSource

if TYPE_CHECKING:
    from pathlib import Path

CSV = b"id,name\n1,Anna\n2,Bob\n"
PARQUET = b"PAR1" + b"\x15\x04\x15\x00" * 10 + b"PAR1"
MANY = 1_000_000


def case_id(value: object) -> Optional[str]:
    """Name a case without its bytes: packed ones hold the time, so each worker would name it otherwise."""
    return "bytes" if isinstance(value, bytes) else None


def workbook() -> bytes:
    stream = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["id"])
    book.save(stream)
    return stream.getvalue()


def write(root: Path, files: Dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def look(root: object, source_type: SourceType = SourceType.AUTO, max_files: int = MANY) -> Discovery:
    return discover(FileSystemSource(str(root), on_databricks=False), source_type, max_files)


def named(found: Discovery) -> Dict[str, Dataset]:
    return {f"{dataset.folder}/{dataset.name}".lstrip("/"): dataset for dataset in found.datasets}


def reasons(found: Discovery) -> Dict[str, str]:
    return {skipped.name: skipped.reason for skipped in found.skipped}
