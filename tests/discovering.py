"""Folders of files, and what is found in them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Dict, Optional, Tuple

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


def workbook(sheet: str = "Sheet") -> bytes:
    stream = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.title = sheet
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


def avro(schema: str, *blocks: Tuple[int, bytes]) -> bytes:
    """Write an Avro file; each block is a number of rows, and these rows as Avro encodes them."""

    def number(value: int) -> bytes:
        value = value << 1 if value >= 0 else (-value << 1) - 1
        written = b""
        while value > 127:
            written += bytes([value & 127 | 128])
            value >>= 7
        return written + bytes([value])

    def text(value: bytes) -> bytes:
        return number(len(value)) + value

    sync = bytes(range(200, 216))
    entries = text(b"avro.schema") + text(schema.encode()) + text(b"avro.codec") + text(b"null")
    header = b"Obj\x01" + number(2) + entries + number(0) + sync
    return header + b"".join(number(rows) + number(len(data)) + data + sync for rows, data in blocks)


AVRO_SCHEMA = '{"type":"record","name":"r","fields":[{"name":"id","type":"long"}]}'
AVRO = avro(AVRO_SCHEMA, (3, b"\x02\x04\x06"))
ORC = b"ORC" + b"\x08\x03\x10\x00\x00" * 9 + b"\x82\xf4\x03\x03ORC\x17"
