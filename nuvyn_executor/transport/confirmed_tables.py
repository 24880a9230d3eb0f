"""Which tables of a source the platform has, by hashes: the text ``sources.transmitted_tables``. Pure.

:mod:`.claims` says when it is written.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass, field
from typing import Dict, Mapping, NamedTuple, Optional


class Content(NamedTuple):
    """Hashes of what is sent of a table: its row in ``tables`` and its rows in ``columns``."""

    row: str
    columns: str


@dataclass(frozen=True)
class Base:
    """What the platform surely has of a source.

    Attributes:
        version: its ``metadata_version`` that was confirmed last; ``None`` when none was.
        tables: its tables by their ids.
    """

    version: Optional[int]
    tables: Mapping[str, Content] = field(default_factory=dict)


def pack(base: Base, job_id: str) -> str:
    """Return a base as text, which no other job would write."""
    document = {"job_id": job_id, "version": base.version, "tables": base.tables}
    return base64.b64encode(zlib.compress(json.dumps(document).encode())).decode("ascii")


def unpack(text: Optional[str], version: Optional[int]) -> Base:
    """Return the base that a text holds; one without tables where it is damaged or of another version.

    Args:
        text: what :func:`pack` returned.
        version: ``sources.transmitted_version``. An executor that knows no hashes may have raised it.
    """
    if not text or version is None:
        return Base(version)
    try:
        document = json.loads(zlib.decompress(base64.b64decode(text, validate=True)).decode())
        tables: Dict[str, Content] = {key: Content(*value) for key, value in document["tables"].items()}
        return Base(version, tables if document["version"] == version else {})
    except (ValueError, zlib.error, KeyError, TypeError, AttributeError):
        return Base(version)
