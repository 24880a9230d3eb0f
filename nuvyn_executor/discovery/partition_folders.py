"""Columns whose values are in the names of folders (``year=2024``). Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Optional, Tuple

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset

Values = Tuple[Optional[str], ...]
"""The text of each partition column in a file's folders' names, ``None`` for NULL."""

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_NULL = "__HIVE_DEFAULT_PARTITION__"


def values_of(dataset: Dataset, path: str) -> Values:
    """Read the values of the partition columns of a file from the names of its folders, as Spark does.

    Raises:
        KeyError: no folder names such a column.
    """
    if not dataset.partition_columns:
        return ()
    inside = path[len(dataset.path) :].replace("\\", "/")
    named = [folder.partition("=") for folder in inside.split("/")[:-1] if "=" in folder]
    values = {unescaped(name): unescaped(value) for name, _, value in named}
    texts = (values[name] for name in dataset.partition_columns)
    return tuple(None if text == _NULL else text for text in texts)


def without_value(name: str) -> Optional[str]:
    """Return the first folder above a file that names a column but no value (``day=``), else ``None``.

    Spark refuses to read Parquet below such a folder, and leaves out the rows of texts.
    """
    return next((folder for folder in name.split("/")[:-1] if folder.find("=") == len(folder) - 1 > 0), None)


def unescaped(text: str) -> str:
    """Decode per cent escapes as Spark does: each is a character, and not a byte of one."""
    return _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
