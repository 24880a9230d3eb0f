"""The formats that are read, one entry each. Pure.

A new format is an entry here, and a line in ``TABLES`` of :mod:`nuvyn_executor.reading.typed_frames` where
its files declare types, else in ``OPENERS`` of :mod:`nuvyn_executor.reading.readers`. What the command takes
as ``source_type``, its help, and the sentences that list the formats follow from the entries.
"""

from __future__ import annotations

import re
from typing import Dict, Tuple

from nuvyn_executor.discovery import avro_header
from nuvyn_executor.discovery.file_head import HEAD_BYTES
from nuvyn_executor.model import FileFormat, SourceType


def _ends_like_parquet(head: bytes, tail: bytes) -> bool:
    del head
    return tail.endswith(b"PAR1")


def _ends_like_orc(head: bytes, tail: bytes) -> bool:
    """Whether the last field of the postscript is there, and after it the byte that holds its length."""
    del head
    return tail[-4:-1] == b"ORC"


def _ends_like_avro(head: bytes, tail: bytes) -> bool:
    """Whether the last block ends like the header, which both end with the same 16 bytes."""
    try:
        return tail == avro_header.parse_header(head).sync
    except ValueError:  # a header may be longer than the head, but not longer than the file
        return len(head) >= HEAD_BYTES


CSV = FileFormat(
    "csv",
    noun="a CSV file",
    extensions=(".csv", ".tsv", ".tab", ".psv"),
    is_text=True,
    has_dialect=True,
    is_counted_by_polars=True,
)
PARQUET = FileFormat(
    "parquet",
    noun="a Parquet file",
    extensions=(".parquet", ".parq", ".pq"),
    magic=b"PAR1",
    ends_well=_ends_like_parquet,
    declares_types=True,
    is_columnar=True,
    is_counted_by_polars=True,
)
JSON = FileFormat(
    "json",
    noun="a JSON file",
    extensions=(".json", ".jsonl", ".ndjson", ".geojson"),
    is_text=True,
    may_be_document=True,
    is_counted_by_polars=True,
)
EXCEL = FileFormat("excel", noun="a workbook", extensions=(".xlsx", ".xlsm", ".xls"), has_sheets=True)
DELTA = FileFormat("delta", noun="a Delta table", declares_types=True, is_columnar=True, has_log=True)
ORC = FileFormat(
    "orc",
    noun="an ORC file",
    extensions=(".orc",),
    magic=b"ORC",
    ends_well=_ends_like_orc,
    declares_types=True,
    is_columnar=True,
)
AVRO = FileFormat(
    "avro",
    noun="an Avro file",
    extensions=(".avro",),
    magic=avro_header.MAGIC,
    ends_well=_ends_like_avro,
    declares_types=True,
    spark_package="org.apache.spark:spark-avro",
)

TABLE = FileFormat.TABLE

FORMATS: Tuple[FileFormat, ...] = (CSV, PARQUET, JSON, EXCEL, DELTA, ORC, AVRO)

SOURCE_TYPES: Tuple[SourceType, ...] = (
    SourceType.AUTO,
    *(SourceType(one.value, one) for one in FORMATS),
    # Where the path leads to (a mount of that storage, say): the format stays open.
    SourceType("azure_blob"),
    SourceType("aws_s3"),
)
_SOURCE_TYPES: Dict[str, SourceType] = {one.value: one for one in SOURCE_TYPES}

_EXTENSIONS = (*(extension for one in FORMATS for extension in one.extensions), ".txt")
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,7}$")
_CODEC = re.compile(r"\.(?:snappy|gz|zstd|zlib|lz4)$", re.IGNORECASE)


def source_type_named(value: str) -> SourceType:
    """Return the source type of a name.

    Raises:
        KeyError: there is none of that name.
    """
    return _SOURCE_TYPES[value]


def format_names(conjunction: str) -> str:
    """List the names of all formats in words: "csv, parquet and json"."""
    names = [one.value for one in FORMATS]
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}"


def table_name_of(name: str) -> str:
    """Name a dataset after its file: ``a/sales.csv.gz`` is ``sales``, ``v1.2`` stays ``v1.2``.

    Args:
        name: of the file; of a packed one, that of its content.
    """
    stem = name.rsplit("/", 1)[-1]
    if stem.lower().endswith(".gz"):
        stem = stem[: -len(".gz")] or stem
    extension = next((one for one in _EXTENSIONS if stem.lower().endswith(one)), None)
    if extension is None:
        return _ENDING.sub("", stem) or stem
    stem = stem[: -len(extension)] or stem
    # Spark writes part-0.snappy.parquet: how it is compressed is no part of the name either.
    return _CODEC.sub("", stem) or stem
