"""Folders of files, and what is found in them."""

from __future__ import annotations

import io
import struct
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


def old_workbook(record: bytes) -> bytes:
    """Return a file of Excel 97 (an OLE container with one stream) whose workbook begins with a record."""

    def entry(name: str, kind: int, start: int, size: int, child: int) -> bytes:
        spelled = name.encode("utf-16-le") + b"\0\0"
        head = spelled.ljust(64, b"\0") + struct.pack("<HBBiii", len(spelled), kind, 1, -1, -1, child)
        return head + bytes(36) + struct.pack("<iII", start, size, 0)

    stream = (struct.pack("<HHHHHHII", 0x809, 16, 0x600, 5, 0, 0, 0, 0) + record).ljust(4096, b"\0")
    sectors = len(stream) // 512
    chain = (-3, -2, *(sector + 3 for sector in range(sectors - 1)), -2)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 62, 3, 0xFFFE, 9, 6)
    header += bytes(6) + struct.pack("<10i", 0, 1, 1, 0, 4096, -2, 0, -2, 0, 0)
    folder = entry("Root Entry", 5, -2, 0, 1) + entry("Workbook", 2, 2, len(stream), -1)
    parts = (header, struct.pack(f"<{len(chain)}i", *chain))
    return b"".join(part.ljust(512, b"\xff") for part in parts) + folder.ljust(512, b"\0") + stream


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
