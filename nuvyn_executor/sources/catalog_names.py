"""Which paths are names of catalog tables and which are files. Pure, but for looking whether a file exists.

The rule: a path names tables when it has neither a slash nor a scheme, when it is two or three identifiers
with dots between them (the last may be ``*``), when it does not end like a data file (``sales.csv``), and
when no file or folder of that name exists. An identifier begins with a letter or an underscore, and holds
letters, digits and underscores. In backticks it holds anything but a slash, and may end as it likes.
"""

from __future__ import annotations

import glob
import os
import re
from typing import NamedTuple, Optional, Tuple

EVERYTHING = "*"
FILE_ENDINGS = frozenset(
    (
        *("avro", "bz2", "csv", "geojson", "gz", "json", "jsonl", "ndjson", "orc", "parq", "parquet", "pq"),
        *("psv", "tab", "tsv", "txt", "xls", "xlsm", "xlsx", "xml", "xz", "zip", "zst", "zstd"),
    )
)
"""Last parts that make ``a.b`` the name of a file, unless they stand in backticks."""

_PLAIN = re.compile(r"[^\W\d]\w*")
_IDENTIFIER = rf"{_PLAIN.pattern}|`(?:[^`]|``)+`"
_PATH = re.compile(rf"(?:{_IDENTIFIER})(?:\.(?:{_IDENTIFIER})){{0,2}}(?:\.\*)?")
_PARTS = re.compile(rf"{_IDENTIFIER}|\*")
_FEWEST, _MOST = 2, 3


class CatalogName(NamedTuple):
    """What a path names in a catalog.

    Attributes:
        parts: the identifiers, without backticks.
        is_schema: all tables of a schema are meant (``schema.*``), and ``parts`` is the schema's name.
    """

    parts: Tuple[str, ...]
    is_schema: bool = False


def parse_catalog_name(path: str) -> Optional[CatalogName]:
    """Return what a path names in a catalog; ``None`` where it is the path of a file or folder."""
    if "/" in path or not _PATH.fullmatch(path):
        return None
    written = tuple(_PARTS.findall(path))
    if not _FEWEST <= len(written) <= _MOST or written[-1].lower() in FILE_ENDINGS:
        return None
    is_schema = written[-1] == EVERYTHING
    if os.path.lexists(path) or (is_schema and glob.glob(path)):  # noqa: PTH207  as it is written
        return None
    parts = tuple(part[1:-1].replace("``", "`") if part[0] == "`" else part for part in written)
    return CatalogName(parts[:-1] if is_schema else parts, is_schema)


def quoted_name(parts: Tuple[str, ...]) -> str:
    """Return a name as SQL takes it, every part in backticks."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def shown_name(parts: Tuple[str, ...]) -> str:
    """Return a name as people write it, with backticks only where they are needed."""
    return ".".join(part if _PLAIN.fullmatch(part) else quoted_name((part,)) for part in parts)
